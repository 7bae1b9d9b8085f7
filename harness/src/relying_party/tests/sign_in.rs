//! Signing in without a passkey, or before one; and what only stories find.

use http::StatusCode;
use passrig_authenticator::wire::base64url::encode;
use serde_json::{Value, json};

use super::world::{ORIGIN, RP_ID, Reply, TestClient, TestCredential, TestWorld};
use crate::relying_party::{Config, Mutant, RelyingParty, mutant};
use crate::target_rp::Clock;
use passrig_authenticator::env::Seeded;

const PASSWORD: &str = "correct horse battery";

/// An RP that wants a password and a passkey; `carol` has both.
struct TwoSteps {
    rp: axum::Router,
    clock: Clock,
    carol: TestCredential,
}

impl TwoSteps {
    fn new(flaw: Option<&str>) -> Self {
        let clock = Clock::default();
        let config = Config { second_factor: true, audit: true, ..Config::new(ORIGIN, RP_ID) };
        let mut rp = RelyingParty::new(config, Seeded::new("seed")).with_clock(clock.clone());
        if let Some(mutant) = flaw.map(flawed) {
            rp = rp.with_mutant(mutant);
        }
        let rp = rp.router();
        let carol = enrolled(&rp, "carol", 1);
        Self { rp, clock, carol }
    }

    fn browser(&self) -> TestClient {
        TestClient::new(&self.rp)
    }

    /// Carol's password was right.
    fn half(&self) -> TestClient {
        let mut browser = self.browser();
        let reply = sign_in(&mut browser, "carol", PASSWORD);
        assert_eq!(reply.body, json!({"status": "ok", "errorMessage": "", "awaits": "passkey"}));
        browser
    }
}

fn flawed(id: &str) -> Mutant {
    mutant::by_id(id).unwrap()
}

fn sign_up(browser: &mut TestClient, name: &str) -> Reply {
    browser.post("/password/sign-up", &json!({"username": name, "password": PASSWORD}))
}

fn sign_in(browser: &mut TestClient, name: &str, password: &str) -> Reply {
    browser.post("/password/sign-in", &json!({"username": name, "password": password}))
}

fn recover(browser: &mut TestClient, name: &str, code: &Value) -> Reply {
    browser.post("/recover", &json!({"username": name, "code": code}))
}

fn enrolled(rp: &axum::Router, name: &str, octet: u8) -> TestCredential {
    let mut browser = TestClient::new(rp);
    assert_eq!(sign_up(&mut browser, name).status, StatusCode::OK);
    let mut device = TestCredential::new(octet);
    assert!(browser.register(name, &mut device, |_| ()).accepted());
    device
}

fn codes(browser: &mut TestClient) -> Vec<Value> {
    browser.post("/recovery-codes", &json!({})).body["codes"].as_array().unwrap().clone()
}

#[test]
fn a_password_alone_signs_in_where_that_is_enough() {
    let world = TestWorld::new(None);
    let mut browser = world.browser();
    assert_eq!(sign_up(&mut browser, "dave").status, StatusCode::OK);
    assert!(browser.register("dave", &mut TestCredential::new(9), |_| ()).accepted());
    let planted = browser.token.clone();
    assert_eq!(sign_in(&mut browser, "dave", PASSWORD).body["awaits"], Value::Null);
    assert_ne!(browser.token, planted, "the token rotates");
    assert_eq!(browser.get("/session").body["username"], "dave");
    let stale = TestClient { token: planted, ..world.browser() }.get("/session").body;
    assert_eq!(stale, json!({"signedIn": false}));
    let mut account = browser.get("/account").body;
    assert!(account.as_object_mut().unwrap().remove("userId").is_some_and(|id| id.is_string()));
    assert_eq!(
        account,
        json!({"username": "dave", "password": true, "recoveryCodes": 0, "secondFactor": false})
    );
}

#[test]
fn wrong_passwords_and_unknown_names_look_alike() {
    let world = TestWorld::new(None);
    sign_up(&mut world.browser(), "dave");
    for (name, password) in [("dave", "wrong"), ("nobody", PASSWORD), ("alice", ""), ("", "")] {
        let reply = sign_in(&mut world.browser(), name, password);
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.body, json!({"status": "failed", "errorMessage": "the sign-in failed"}));
    }
}

#[test]
fn many_failures_cause_a_wait() {
    let two = TwoSteps::new(None);
    for name in ["carol", "nobody"] {
        for _ in 0..10 {
            let reply = sign_in(&mut two.browser(), name, "wrong");
            assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        }
        let reply = sign_in(&mut two.browser(), name, PASSWORD);
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
    }
    two.clock.advance(std::time::Duration::from_secs(61));
    two.half();
}

#[test]
fn names_and_passwords_that_are_none() {
    let world = TestWorld::new(None);
    let ask = |name: &str, password: &str| {
        let body = json!({"username": name, "password": password});
        let reply = world.browser().post("/password/sign-up", &body);
        (reply.status.as_u16(), reply.body["errorMessage"].as_str().unwrap().to_owned())
    };
    let told = [ask(" ", PASSWORD), ask("erin", "short"), ask("alice", PASSWORD)];
    insta::assert_debug_snapshot!(told, @r#"
    [
        (
            400,
            "the username has to have 1 to 256 octets, and a letter or digit in it",
        ),
        (
            400,
            "the password has to have at least 8 characters, and at most 256 octets",
        ),
        (
            409,
            "the username `alice` is taken",
        ),
    ]
    "#);
}

#[test]
fn half_a_sign_in_is_none() {
    let two = TwoSteps::new(None);
    let mut browser = two.half();
    assert_eq!(browser.get("/session").body, json!({"signedIn": false, "awaits": "passkey"}));
    assert_eq!(browser.get("/credentials").status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/account").status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post("/recovery-codes", &json!({})).status, StatusCode::UNAUTHORIZED);
    let more = browser.post("/attestation/options", &json!({"username": "carol"}));
    assert_eq!(more.status, StatusCode::FORBIDDEN);

    let half = browser.token.clone();
    let whole = browser.sign_in(None, &two.carol, |_| ());
    assert_eq!(whole.decision(), (true, Some("carol"), 1));
    assert_ne!(browser.token, half, "the token rotates");
}

#[test]
fn the_second_step_is_the_accounts_own() {
    let two = TwoSteps::new(None);
    let mallory = enrolled(&two.rp, "mallory", 2);
    let mut browser = two.half();
    // Whoever else is named: the password said who it is.
    let options = browser.authentication_options(Some("mallory"));
    assert_eq!(
        options["allowCredentials"],
        json!([{"type": "public-key", "id": encode(&two.carol.id), "transports": ["usb"]}])
    );
    let outcome = browser.finish_sign_in(&options, &mallory, |_| ());
    assert_eq!((outcome.decision(), outcome.audit()), ((false, None, 0), "7.2/5 7.2/6a"));
    let flawed = TwoSteps::new(Some("second-factor.account.anyones"));
    let mallory = enrolled(&flawed.rp, "mallory", 2);
    assert_eq!(flawed.half().sign_in(None, &mallory, |_| ()).signed_in.as_deref(), Some("carol"));
}

#[test]
fn the_second_step_is_of_the_same_log_in() {
    let play = |two: &TwoSteps| {
        let (mut one, mut other) = (two.half(), two.half());
        let options = one.authentication_options(None);
        other.authentication_options(None);
        other.finish_sign_in(&options, &two.carol, |_| ()).signed_in
    };
    assert_eq!(play(&TwoSteps::new(None)), None);
    let flawed = TwoSteps::new(Some("second-factor.challenge.any-log-in"));
    assert_eq!(play(&flawed).as_deref(), Some("carol"));

    // Nor is one that was begun before the password.
    let two = TwoSteps::new(None);
    let mut browser = two.browser();
    let options = browser.authentication_options(Some("carol"));
    sign_in(&mut browser, "carol", PASSWORD);
    let outcome = browser.finish_sign_in(&options, &two.carol, |_| ());
    assert_eq!((outcome.signed_in.as_deref(), outcome.audit()), (None, "7.2/11"));
}

#[test]
fn a_signed_in_user_stays_signed_in() {
    let two = TwoSteps::new(None);
    let mut browser = two.half();
    browser.sign_in(None, &two.carol, |_| ());
    let before = browser.token.clone();
    assert_eq!(sign_in(&mut browser, "carol", PASSWORD).body["awaits"], "passkey");
    assert_ne!(browser.token, before, "the token rotates");
    assert_eq!(browser.get("/session").body["username"], "carol");
    // Nobody else's password does that.
    enrolled(&two.rp, "mallory", 2);
    sign_in(&mut browser, "mallory", PASSWORD);
    assert_eq!(browser.get("/session").body, json!({"signedIn": false, "awaits": "passkey"}));
}

#[test]
fn the_second_step_cannot_be_skipped() {
    let flawed = TwoSteps::new(Some("second-factor.passkey.skipped"));
    assert_eq!(flawed.half().get("/session").body["username"], "carol");
}

#[test]
fn a_passkey_alone_has_to_be_both_factors() {
    let two = TwoSteps::new(None);
    let mut browser = two.browser().requesting(json!({"userVerification": "discouraged"}));
    assert_eq!(browser.authentication_options(None)["userVerification"], "required");
    sign_in(&mut browser, "carol", PASSWORD);
    assert_eq!(browser.authentication_options(None)["userVerification"], "discouraged");
}

#[test]
fn passkeys_have_names() {
    let world = TestWorld::new(None);
    let path = format!("/credentials/{}", encode(&world.alice.id));
    let rename = |browser: &mut TestClient, name: &str| {
        browser.send("PATCH", &path, json!({"name": name}).to_string(), None).status
    };
    let mut browser = world.browser();
    assert_eq!(rename(&mut browser, "my phone"), StatusCode::UNAUTHORIZED);
    browser.sign_in(Some("mallory"), &world.mallory, |_| ());
    assert_eq!(rename(&mut browser, "my phone"), StatusCode::NOT_FOUND);
    browser.sign_in(Some("alice"), &world.alice, |_| ());
    assert_eq!(rename(&mut browser, "  "), StatusCode::BAD_REQUEST);
    assert_eq!(rename(&mut browser, &"a".repeat(65)), StatusCode::BAD_REQUEST);
    assert_eq!(rename(&mut browser, " my phone "), StatusCode::OK);
    assert_eq!(browser.get("/credentials").body["credentials"][0]["name"], "my phone");
}

#[test]
fn a_recovery_code_signs_in_once() {
    let play = |flaw: Option<&str>| {
        let world = TestWorld::new(flaw.map(flawed));
        let mut browser = world.browser();
        browser.sign_in(Some("alice"), &world.alice, |_| ());
        let codes = codes(&mut browser);
        assert_eq!(codes.len(), 10);
        let mut first = world.browser();
        assert_eq!(recover(&mut first, "mallory", &codes[0]).status, StatusCode::BAD_REQUEST);
        assert_eq!(recover(&mut first, "alice", &codes[0]).status, StatusCode::OK);
        assert!(first.register("alice", &mut TestCredential::new(4), |_| ()).accepted());
        let lost = format!("/credentials/{}", encode(&world.alice.id));
        assert_eq!(first.send("DELETE", &lost, "", None).status, StatusCode::OK);
        assert!(!world.discover(&world.alice, |_| ()).accepted());
        recover(&mut world.browser(), "alice", &codes[0]).status
    };
    assert_eq!(play(None), StatusCode::BAD_REQUEST);
    assert_eq!(play(Some("recovery.code.twice")), StatusCode::OK);
}

#[test]
fn new_recovery_codes_take_the_place_of_old_ones() {
    let world = TestWorld::new(None);
    let mut browser = world.browser();
    browser.sign_in(Some("alice"), &world.alice, |_| ());
    let (old, new) = (codes(&mut browser), codes(&mut browser));
    assert_eq!(recover(&mut world.browser(), "alice", &old[0]).status, StatusCode::BAD_REQUEST);
    assert_eq!(recover(&mut world.browser(), "alice", &new[0]).status, StatusCode::OK);
    assert_eq!(browser.get("/account").body["recoveryCodes"], 9);
}

#[test]
fn a_recovery_code_stands_for_the_passkey_and_not_for_the_password() {
    let play = |flaw: Option<&str>| {
        let two = TwoSteps::new(flaw);
        let mut browser = two.half();
        browser.sign_in(None, &two.carol, |_| ());
        let codes = codes(&mut browser);
        assert_eq!(recover(&mut two.half(), "carol", &codes[1]).status, StatusCode::OK);
        recover(&mut two.browser(), "carol", &codes[0]).status
    };
    assert_eq!(play(None), StatusCode::BAD_REQUEST);
    assert_eq!(play(Some("recovery.password.unasked")), StatusCode::OK);
}

#[test]
fn sessions_end_with_the_passkey_that_began_them() {
    let play = |flaw: Option<&str>| {
        let world = TestWorld::new(flaw.map(flawed));
        let (mut here, mut there) = (world.browser(), world.browser());
        there.sign_in(Some("alice"), &world.alice, |_| ());
        here.sign_in(Some("alice"), &TestCredential { count: 6, ..world.alice.clone() }, |_| ());
        here.register("alice", &mut TestCredential::new(4), |_| ());
        let lost = format!("/credentials/{}", encode(&world.alice.id));
        assert_eq!(here.send("DELETE", &lost, "", None).status, StatusCode::OK);
        assert_eq!(here.get("/session").body["signedIn"], true);
        there.get("/session").body["signedIn"].clone()
    };
    assert_eq!(play(None), false);
    assert_eq!(play(Some("removal.sessions.survive")), true);
}

#[test]
fn the_last_way_into_an_account_is_not_removed_without_a_question() {
    let play = |flaw: Option<&str>, has_codes: bool| {
        let world = TestWorld::new(flaw.map(flawed));
        let mut browser = world.browser();
        browser.sign_in(Some("alice"), &world.alice, |_| ());
        if has_codes {
            codes(&mut browser);
        }
        let last = format!("/credentials/{}", encode(&world.alice.id));
        browser.send("DELETE", &last, "", None)
    };
    let asked = play(None, false);
    assert_eq!(asked.status, StatusCode::CONFLICT);
    insta::assert_json_snapshot!(asked.body, @r#"
    {
      "status": "failed",
      "errorMessage": "this is the account's last passkey, and there is neither a password nor a recovery code: nobody could sign in any more; `confirm=true` removes it all the same",
      "confirm": true
    }
    "#);
    assert_eq!(play(None, true).status, StatusCode::OK);
    assert_eq!(play(Some("removal.last.silent"), false).status, StatusCode::OK);
}

#[test]
fn other_sites_do_nothing_about_passwords_and_codes() {
    let world = TestWorld::new(None);
    let mut browser = TestClient { site: Some("cross-site"), ..world.browser() };
    for path in ["/password/sign-up", "/password/sign-in", "/recover", "/recovery-codes"] {
        assert_eq!(browser.post(path, &json!({})).status, StatusCode::FORBIDDEN, "{path}");
    }
}
