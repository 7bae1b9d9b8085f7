//! What the server says beside the verdicts.

use http::StatusCode;
use passrig_authenticator::wire::base64url::{decode, encode};
use serde_json::json;

use super::world::{ClientDataEdit, ORIGIN, RP_ID, TestClient, TestCredential, TestWorld, server};

#[test]
fn creation_options() {
    let mut browser = TestClient::new(&server(None)).requesting(json!({
        "attestation": "direct",
        "authenticatorSelection": {"userVerification": "required", "residentKey": "required"},
        "extensions": {"example.extension": 1},
    }));
    let options = browser.registration_options("alice");
    assert!((16..=32).contains(&decode(options["user"]["id"].as_str().unwrap()).unwrap().len()));
    insta::assert_json_snapshot!(options, @r#"
    {
      "status": "ok",
      "errorMessage": "",
      "rp": {
        "id": "passrig.test",
        "name": "passrig reference"
      },
      "user": {
        "id": "b-Y7-zMdaHC_eYlZ_uxMLG3K912QfBo",
        "name": "alice",
        "displayName": "alice"
      },
      "challenge": "GlnTn6H78DvGYtM8UQ-KjU_T1Lw0ZpzfXHrTZjuERkI",
      "pubKeyCredParams": [
        {
          "type": "public-key",
          "alg": -7
        }
      ],
      "timeout": 300000,
      "excludeCredentials": [],
      "authenticatorSelection": {
        "residentKey": "required",
        "requireResidentKey": true,
        "userVerification": "required"
      },
      "attestation": "direct",
      "extensions": {
        "example.extension": 1,
        "credProps": true,
        "appidExclude": "https://login.passrig.test/app-id.json"
      }
    }
    "#);
}

#[test]
fn request_options() {
    let world = TestWorld::new(None);
    let options = world.browser().authentication_options(Some("alice"));
    insta::assert_json_snapshot!(options, @r#"
    {
      "status": "ok",
      "errorMessage": "",
      "challenge": "xpmNXZBqXUijCo4eszEE861uO3enmLzm3XTH0FG301k",
      "timeout": 300000,
      "rpId": "passrig.test",
      "allowCredentials": [
        {
          "type": "public-key",
          "id": "AQEBAQEBAQEBAQEBAQEBAQ",
          "transports": [
            "usb"
          ]
        }
      ],
      "userVerification": "preferred",
      "extensions": {
        "appid": "https://login.passrig.test/app-id.json"
      }
    }
    "#);
    let open = world.browser().authentication_options(None);
    assert_eq!(open["allowCredentials"], json!([]));
}

#[test]
fn drawing_depends_on_the_check_and_nothing_else() {
    let draw = |between: usize| {
        let rp = server(None);
        let mut browser = TestClient::new(&rp);
        browser.check = "registration.origin.suffix";
        let first = browser.registration_options("a");
        for _ in 0..between {
            TestClient::new(&rp).registration_options("b");
        }
        [first, browser.registration_options("a")]
    };
    assert_eq!(draw(0), draw(3));
    let [first, second] = draw(0);
    assert_ne!(first["challenge"], second["challenge"]);
    assert_ne!(first["user"]["id"], second["user"]["id"]);
}

#[test]
fn unknown_names_look_like_known_ones() {
    let world = TestWorld::new(None);
    let allowed = || {
        let options = world.browser().authentication_options(Some("nobody"));
        options["allowCredentials"].clone()
    };
    assert_eq!(allowed().as_array().unwrap().len(), 1);
    assert_eq!(allowed(), allowed());
}

#[test]
fn a_refused_registration_names_the_first_step() {
    let world = TestWorld::new(None);
    let outcome = world.register(|create| {
        create.rp_id = "evil.example".into();
        create.set_text("origin", "https://evil.example");
    });
    assert_eq!(outcome.reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(outcome.audit(), "7.1/9 7.1/14");
    insta::assert_snapshot!(
        outcome.reply.body,
        @r#"{"status":"failed","errorMessage":"§7.1 step 9: the origin `https://evil.example` is not one that this RP serves"}"#
    );
}

#[test]
fn a_refused_sign_in_names_none() {
    let world = TestWorld::new(None);
    let outcome = world.sign_in(|get| {
        get.rp_id = "evil.example".into();
        get.user_handle = Some(vec![1]);
    });
    assert_eq!(outcome.reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(outcome.audit(), "7.2/6a 7.2/15");
    insta::assert_snapshot!(
        outcome.reply.body,
        @r#"{"status":"failed","errorMessage":"the sign-in failed"}"#
    );
}

#[test]
fn malformed_bodies_are_refused() {
    let mut browser = TestClient::new(&server(None));
    let paths = ["/attestation/options", "/assertion/options"];
    for path in paths {
        for body in ["", "{", "[]", r#"{"username": 1}"#] {
            let reply = browser.send("POST", path, body, None);
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {body}");
            assert_eq!(reply.body["status"], "failed");
        }
    }
    for (path, step) in [("/attestation/result", "7.1/3"), ("/assertion/result", "7.2/3")] {
        for body in ["", "{", "[]", "null", r#"{"response": 1}"#] {
            let reply = browser.send("POST", path, body, None);
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {body}");
            assert_eq!(reply.audit.as_deref(), Some(step), "{path} {body}");
        }
        let huge = browser.send("POST", path, vec![b' '; (1 << 20) + 1], None);
        assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[test]
fn the_answer_to_one_ceremony_is_none_to_the_other() {
    let world = TestWorld::new(None);
    let body = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key",
        "response": {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA"},
    });
    let reply = world.browser().post("/attestation/result", &body);
    assert_eq!(reply.audit.as_deref(), Some("7.1/3"));
}

#[test]
fn sessions() {
    let world = TestWorld::new(None);
    let mut browser = world.browser();
    assert_eq!(browser.get("/session").body, json!({"signedIn": false}));
    let options = browser.authentication_options(Some("alice"));
    let planted = browser.token.clone();
    assert!(browser.finish_sign_in(&options, &world.alice, |_| ()).accepted());
    assert_ne!(browser.token, planted, "the token rotates");
    let stale = TestClient { token: planted, ..world.browser() }.get("/session").body;
    assert_eq!(stale, json!({"signedIn": false}));
    let mut copy = browser.clone();
    assert_eq!(browser.get("/session").body, json!({"signedIn": true, "username": "alice"}));
    let reply = browser.post("/logout", &json!({}));
    insta::assert_snapshot!(
        reply.cookie.unwrap(),
        @"session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"
    );
    assert_eq!(copy.get("/session").body, json!({"signedIn": false}));
}

#[test]
fn cookies_are_out_of_reach() {
    let reply = TestClient::new(&server(None)).post("/assertion/options", &json!({}));
    let (_, attributes) = reply.cookie.as_deref().unwrap().split_once(';').unwrap();
    assert_eq!(attributes, " HttpOnly; SameSite=Lax; Secure; Path=/");
}

#[test]
fn credentials_can_be_listed_and_deleted_by_their_owner() {
    let world = TestWorld::new(None);
    let mut browser = world.browser();
    assert_eq!(browser.get("/credentials").status, StatusCode::UNAUTHORIZED);
    let gone = format!("/credentials/{}", encode(&world.alice.id));
    assert_eq!(browser.send("DELETE", &gone, "", None).status, StatusCode::UNAUTHORIZED);
    browser.sign_in(Some("mallory"), &world.mallory, |_| ());
    assert_eq!(browser.send("DELETE", &gone, "", None).status, StatusCode::NOT_FOUND);
    assert!(world.sign_in(|_| ()).accepted());

    browser.sign_in(Some("alice"), &TestCredential { count: 6, ..world.alice.clone() }, |_| ());
    insta::assert_json_snapshot!(browser.get("/credentials").body, @r#"
    {
      "credentials": [
        {
          "id": "AQEBAQEBAQEBAQEBAQEBAQ",
          "signCount": 7,
          "backupState": false,
          "transports": [
            "usb"
          ]
        }
      ]
    }
    "#);
    // The last one is removed if that is meant.
    assert_eq!(browser.send("DELETE", &gone, "", None).status, StatusCode::CONFLICT);
    let meant = format!("{gone}?confirm=true");
    assert_eq!(browser.send("DELETE", &meant, "", None).status, StatusCode::OK);
    assert_eq!(browser.get("/credentials").body, json!({"credentials": []}));
    assert!(!world.discover(&world.alice, |_| ()).accepted());
}

#[test]
fn more_credentials_need_the_accounts_session() {
    let world = TestWorld::new(None);
    let mut browser = world.browser();
    let denied = browser.post("/attestation/options", &json!({"username": "alice"}));
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    insta::assert_snapshot!(
        denied.body,
        @r#"{"status":"failed","errorMessage":"the account `alice` exists, and this session is not signed in to it"}"#
    );
    browser.sign_in(Some("alice"), &world.alice, |_| ());
    let options = browser.registration_options("alice");
    let excluded =
        json!([{"type": "public-key", "id": encode(&world.alice.id), "transports": ["usb"]}]);
    assert_eq!(options["excludeCredentials"], excluded);
    let added = browser.finish_registration(&options, &mut TestCredential::new(4), |_| ());
    assert_eq!((added.accepted(), added.credentials), (true, 2));
}

#[test]
fn a_username_goes_to_the_first_one_who_registers() {
    let rp = server(None);
    let (mut one, mut other) = (TestClient::new(&rp), TestClient::new(&rp));
    let [options, others] = [&mut one, &mut other].map(|b| b.registration_options("carol"));
    assert!(one.finish_registration(&options, &mut TestCredential::new(1), |_| ()).accepted());
    let late = other.finish_registration(&others, &mut TestCredential::new(2), |_| ());
    assert_eq!((late.decision(), late.audit()), ((false, None, 0), ""));
}

#[test]
fn the_audit_is_sent_only_if_switched_on() {
    use crate::relying_party::{Config, RelyingParty};
    use passrig_authenticator::env::Seeded;
    let rp = RelyingParty::new(Config::new(ORIGIN, RP_ID), Seeded::new("seed")).router();
    let outcome = TestClient::new(&rp).register("alice", &mut TestCredential::new(1), |_| ());
    assert!(outcome.accepted());
    assert_eq!(outcome.reply.audit, None);
}

#[test]
fn requests_of_other_sites_change_nothing() {
    let world = TestWorld::new(None);
    let mut browser = world.browser();
    browser.sign_in(Some("alice"), &world.alice, |_| ());
    let gone = format!("/credentials/{}", encode(&world.alice.id));
    for (site, status) in [
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
        ("same-origin", StatusCode::CONFLICT),
    ] {
        browser.site = Some(site);
        assert_eq!(browser.get("/session").status, StatusCode::OK, "{site}");
        assert_eq!(browser.send("DELETE", &gone, "", None).status, status, "{site}");
    }
}

#[test]
fn there_were_no_days_of_u2f_without_encryption() {
    use crate::relying_party::{Config, RelyingParty};
    use passrig_authenticator::env::Seeded;
    let config = Config::new("http://localhost:3000", "localhost");
    let rp = RelyingParty::new(config, Seeded::new("seed")).router();
    let options = TestClient::new(&rp).registration_options("alice");
    assert_eq!(options["extensions"], json!({"credProps": true}));
    let options = TestClient::new(&rp).authentication_options(Some("alice"));
    assert_eq!(options.get("extensions"), None);
}

#[test]
fn cookies_travel_encrypted_where_pages_do() {
    use crate::relying_party::{Config, RelyingParty};
    use passrig_authenticator::env::Seeded;
    let config = Config::new("http://localhost:3000", "localhost");
    let rp = RelyingParty::new(config, Seeded::new("seed")).router();
    let cookie = TestClient::new(&rp).post("/assertion/options", &json!({})).cookie.unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
}
