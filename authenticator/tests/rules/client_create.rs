//! The client's rules for `create()`: §5.1.3.

use std::time::Duration;

use passrig_authenticator::Client;
use passrig_authenticator::client::{Name, Origin};
use passrig_authenticator::device::{Authenticator, Profile};
use passrig_authenticator::env::{Answer, Purpose};
use passrig_authenticator::wire::Flags;
use passrig_authenticator::wire::base64url::encode;
use serde_json::{Value, json};

use crate::support::{self, *};

/// What became of `create()`: the name of the exception, or whatever `of`
/// makes of the response.
fn outcome<T>(client: &mut Client, options: &Value, of: impl Fn(&Value) -> T) -> Result<T, Name> {
    client.create(options).map(|response| of(&response)).map_err(|error| error.name)
}

#[test]
fn pages_and_the_rp_ids_they_may_claim() {
    for (page, rp_id, expected) in [
        ("https://example.org", None, Ok("example.org")),
        ("https://login.example.org", None, Ok("login.example.org")),
        ("https://login.example.org", Some("login.example.org"), Ok("login.example.org")),
        ("https://login.example.org:8443", Some("example.org"), Ok("example.org")),
        ("https://login.example.org", Some("org"), Err(Name::Security)),
        ("https://login.example.co.uk", Some("co.uk"), Err(Name::Security)),
        ("https://login.example.org", Some("shop.example.org"), Err(Name::Security)),
        ("https://example.org", Some("login.example.org"), Err(Name::Security)),
        ("https://notexample.org", Some("example.org"), Err(Name::Security)),
        ("https://login.example.org", Some(""), Err(Name::Security)),
        ("http://localhost:3000", None, Ok("localhost")),
        ("http://localhost:3000", Some("localhost"), Ok("localhost")),
        ("http://app.localhost:3000", Some("localhost"), Err(Name::Security)),
        ("http://127.0.0.1:3000", None, Err(Name::Security)),
        ("http://127.0.0.1:3000", Some("127.0.0.1"), Err(Name::Security)),
        ("https://[::1]", None, Err(Name::Security)),
    ] {
        let mut client = client([Profile::platform()]);
        client.origin = Origin::parse(page).unwrap();
        let options = with(creation(), &[("rp/id", json!(rp_id))]);
        let hash = outcome(&mut client, &options, |r| authenticator_data(r).rp_id_hash);
        assert_eq!(hash, expected.map(sha256), "{rp_id:?} on {page}");
    }
}

fn sha256(text: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).into()
}

#[test]
fn user_handles_have_1_to_64_octets() {
    for (len, expected) in [(0, Err(Name::Type)), (1, Ok(())), (64, Ok(())), (65, Err(Name::Type))]
    {
        let options = with(creation(), &[("user/id", json!(encode(&vec![7; len])))]);
        let result = outcome(&mut client([Profile::platform()]), &options, |_| ());
        assert_eq!(result, expected, "{len}");
    }
}

#[test]
fn algorithms() {
    let key = |alg: i64| json!({"type": "public-key", "alg": alg});
    for (params, expected) in [
        // Step 10: an empty list means ES256 and RS256.
        (json!([]), Ok(-7)),
        (json!([key(-257), key(-7)]), Ok(-7)),
        (json!([{"type": "new", "alg": -257}, key(-7)]), Ok(-7)),
        (json!([{"type": "new", "alg": -7}]), Err(Name::NotSupported)),
        // No authenticator can make any of these: their NotSupportedError is
        // swallowed, and the client has nothing to show in the end.
        (json!([key(-257)]), Err(Name::NotAllowed)),
        (json!([{"type": "new", "alg": -7}, key(-257)]), Err(Name::NotAllowed)),
    ] {
        let options = with(creation(), &[("pubKeyCredParams", params.clone())]);
        let made = outcome(&mut client([Profile::platform()]), &options, |response| {
            response["response"]["publicKeyAlgorithm"].as_i64().unwrap()
        });
        assert_eq!(made, expected, "{params}");
    }
}

/// Which authenticator answered.
fn answered(response: &Value) -> String {
    response["authenticatorAttachment"].as_str().unwrap().to_owned()
}

#[test]
fn attachment_filters() {
    for (attachment, expected) in [
        (json!(null), Ok("platform")),
        (json!("platform"), Ok("platform")),
        (json!("cross-platform"), Ok("cross-platform")),
        (json!("implanted"), Ok("platform")), // unknown values are absent ones (§2.1.1)
    ] {
        let options =
            with(creation(), &[("authenticatorSelection/authenticatorAttachment", attachment)]);
        let both = [Profile::platform(), Profile::roaming()];
        let result = outcome(&mut client(both), &options, answered);
        assert_eq!(result, expected.map(String::from), "{options}");
    }
    let options = with(
        creation(),
        &[("authenticatorSelection/authenticatorAttachment", json!("cross-platform"))],
    );
    assert_eq!(name(client([Profile::platform()]).create(&options)), Name::NotAllowed);
}

#[test]
fn discoverable_credentials_are_negotiated() {
    let simple = || Profile { discoverable: false, ..Profile::roaming() };
    let refused = Err(Name::NotAllowed);
    // residentKey, requireResidentKey; for an able and for a simple authenticator
    for (resident, require, able, unable) in [
        (json!("required"), json!(null), Ok(true), refused),
        (json!("required"), json!(false), Ok(true), refused),
        (json!("preferred"), json!(null), Ok(true), Ok(false)),
        (json!("discouraged"), json!(null), Ok(false), Ok(false)),
        (json!("discouraged"), json!(true), Ok(false), Ok(false)),
        (json!(null), json!(null), Ok(false), Ok(false)),
        (json!(null), json!(false), Ok(false), Ok(false)),
        (json!(null), json!(true), Ok(true), refused),
        (json!("whenever"), json!(true), Ok(true), refused),
    ] {
        let options = with(
            creation(),
            &[
                ("authenticatorSelection", json!({})),
                ("authenticatorSelection/residentKey", resident),
                ("authenticatorSelection/requireResidentKey", require),
                ("extensions/credProps", json!(true)),
            ],
        );
        for (profile, expected) in [(Profile::roaming(), able), (simple(), unable)] {
            let mut client = client([profile]);
            let made = outcome(&mut client, &options, |response| {
                response["clientExtensionResults"]["credProps"]["rk"].as_bool().unwrap()
            });
            assert_eq!(made, expected, "{options}");
            assert_eq!(client.authenticators[0].store().len(), usize::from(made == Ok(true)));
        }
    }
}

#[test]
fn cred_props_only_when_asked_for() {
    for asked in [json!(null), json!(false), json!("")] {
        let options = with(creation(), &[("extensions", json!({"credProps": asked, "new": 1}))]);
        let response = client([Profile::platform()]).create(&options).unwrap();
        assert_eq!(response["clientExtensionResults"], json!({}), "{asked}");
    }
}

#[test]
fn user_verification_is_negotiated() {
    let simple = || Profile { user_verification: false, ..Profile::roaming() };
    for (requirement, able, unable) in [
        (json!("required"), Ok(true), Err(Name::NotAllowed)),
        (json!("preferred"), Ok(true), Ok(false)),
        (json!("discouraged"), Ok(false), Ok(false)),
        (json!(null), Ok(true), Ok(false)),
        (json!("maybe"), Ok(true), Ok(false)),
    ] {
        let options = with(
            creation(),
            &[
                ("authenticatorSelection", json!({})),
                ("authenticatorSelection/userVerification", requirement),
            ],
        );
        for (profile, expected) in [(Profile::roaming(), able), (simple(), unable)] {
            let verified = outcome(&mut client([profile]), &options, |response| {
                let flags = authenticator_data(response).flags;
                assert!(flags.has(Flags::UP));
                flags.has(Flags::UV)
            });
            assert_eq!(verified, expected, "{options}");
        }
    }
}

#[test]
fn the_next_authenticator_is_tried() {
    let weak = Profile { user_verification: false, ..Profile::platform() };
    let options =
        with(creation(), &[("authenticatorSelection/userVerification", json!("required"))]);
    let mut client = client([weak, Profile::roaming()]);
    assert_eq!(outcome(&mut client, &options, answered), Ok("cross-platform".into()));
}

#[test]
fn excluded_credentials_are_told_only_with_consent() {
    for (options, kind) in [(creation(), "server-side"), (discoverable(), "discoverable")] {
        for (answer, expected) in [
            (Answer::WILLING, Name::InvalidState),
            (UNWILLING, Name::NotAllowed),
            (Answer { after: Duration::from_secs(601), ..Answer::WILLING }, Name::NotAllowed),
        ] {
            let person = Person::answering([Answer::WILLING, answer]);
            let asked = person.asked.clone();
            let mut client = client_in(person, [Profile::platform()]);
            let made = client.create(&options).unwrap();
            let again =
                with(options.clone(), &[("excludeCredentials", json!([descriptor(&made)]))]);
            assert_eq!(name(client.create(&again)), expected, "{kind} {answer:?}");
            assert_eq!(asked.lock().unwrap().last().unwrap().purpose, Purpose::RevealExcluded);
        }
    }
}

#[test]
fn exclusion_is_about_this_authenticator_rp_id_and_type() {
    let mut client = client([Profile::platform()]);
    let made = client.create(&discoverable()).unwrap();
    let unknown_type = json!({"type": "new", "id": made["id"]});
    let options = with(creation(), &[("excludeCredentials", json!([unknown_type]))]);
    assert!(client.create(&options).is_ok());
    let excluding = with(creation(), &[("excludeCredentials", json!([descriptor(&made)]))]);
    let elsewhere = with(excluding.clone(), &[("rp/id", json!(null))]);
    assert!(client.create(&elsewhere).is_ok(), "for login.example.org it is another credential");
    let mut other = support::client([]);
    other.authenticators.push(Authenticator::new("another", Profile::platform()));
    assert!(other.create(&excluding).is_ok());
}

#[test]
fn refusals_and_late_answers() {
    let after = |secs| Answer { after: Duration::from_secs(secs), ..Answer::WILLING };
    // Timeouts are clamped to 300 to 600 seconds (step 4, §15.1).
    for (timeout, answer, agreed) in [
        (json!(null), after(300), true),
        (json!(null), after(301), false),
        (json!(1), after(300), true),
        (json!(1), after(301), false),
        (json!(450_000), after(450), true),
        (json!(450_000), after(451), false),
        (json!(-1), after(600), true),
        (json!(-1), after(601), false),
        (json!(null), UNWILLING, false),
        (json!(null), UNVERIFIED, false),
    ] {
        let options = with(creation(), &[("timeout", timeout.clone())]);
        let mut client = client_in(Person::answering([answer]), [Profile::platform()]);
        let expected = if agreed { Ok(()) } else { Err(Name::NotAllowed) };
        assert_eq!(outcome(&mut client, &options, |_| ()), expected, "{timeout} {answer:?}");
    }
}

#[test]
fn a_failed_verification_matters_only_where_it_was_asked_for() {
    let options =
        with(creation(), &[("authenticatorSelection/userVerification", json!("discouraged"))]);
    let mut client = client_in(Person::answering([UNVERIFIED]), [Profile::platform()]);
    assert!(client.create(&options).is_ok());
}

#[test]
fn attestation_conveyance() {
    for (conveyance, formats, expected) in [
        (json!(null), json!(null), "none"),
        (json!("none"), json!(["packed"]), "none"),
        (json!("sometimes"), json!(null), "none"),
        (json!("indirect"), json!(null), "packed"),
        (json!("direct"), json!(null), "packed"),
        (json!("enterprise"), json!([]), "packed"),
        (json!("direct"), json!(["tpm", "none", "packed"]), "none"),
        (json!("direct"), json!(["tpm"]), "packed"),
    ] {
        let options =
            with(creation(), &[("attestation", conveyance), ("attestationFormats", formats)]);
        let made = client([Profile::platform()]).create(&options).unwrap();
        let object = attestation(&made);
        assert_eq!(object.fmt, expected, "{options}");
        // The model stays, as Level 3 has it.
        let attested = authenticator_data(&made).attested.unwrap();
        assert_eq!(attested.aaguid, *b"passrig-platform");
        assert_eq!(object.authenticator_data, octets(&made["response"]["authenticatorData"]));
    }
}

#[test]
fn transports_are_sorted_and_unique() {
    let transports = ["usb", "ble", "usb", "nfc"].map(String::from).to_vec();
    let profile = Profile { transports, ..Profile::roaming() };
    let made = client([profile]).create(&creation()).unwrap();
    assert_eq!(made["response"]["transports"], json!(["ble", "nfc", "usb"]));
}

#[test]
fn frames_of_other_origins() {
    let mut client = client([Profile::platform()]);
    let made = client.create(&creation()).unwrap();
    insta::assert_snapshot!(client_data(&made), @r#"{"type":"webauthn.create","challenge":"Y2hhbGxlbmdl","origin":"https://login.example.org","crossOrigin":false}"#);
    client.top_origin = Some(Origin::parse("https://shop.example.com:8443").unwrap());
    let made = client.create(&creation()).unwrap();
    insta::assert_snapshot!(client_data(&made), @r#"{"type":"webauthn.create","challenge":"Y2hhbGxlbmdl","origin":"https://login.example.org","crossOrigin":true,"topOrigin":"https://shop.example.com:8443"}"#);
    client.activation = false;
    assert_eq!(name(client.create(&creation())), Name::NotAllowed);
    client.top_origin = None;
    assert!(client.create(&creation()).is_ok(), "no gesture is needed at the top");
}

#[test]
fn options_that_cannot_be_decoded() {
    let error = |members: &[(&str, Value)]| {
        let options = with(creation(), members);
        client([Profile::platform()]).create(&options).unwrap_err().to_string()
    };
    insta::assert_snapshot!(error(&[("challenge", json!("a+b"))]), @"EncodingError: invalid options at `challenge`: invalid base64url: `+` at offset 1 is not in the base64url alphabet.");
    insta::assert_snapshot!(error(&[("challenge", json!(["a", "b"]))]), @"EncodingError: invalid options at `challenge`: invalid base64url: `,` at offset 1 is not in the base64url alphabet.");
    insta::assert_snapshot!(error(&[("user", json!({"id": "AQ", "name": "a"}))]), @"TypeError: invalid options at `user.displayName`: expected text, found nothing.");
    insta::assert_snapshot!(error(&[("excludeCredentials", json!([{"type": "public-key", "id": "AQ=="}]))]), @"EncodingError: invalid options at `excludeCredentials[0].id`: invalid base64url: base64url in WebAuthn JSON carries no padding.");
    insta::assert_snapshot!(client([]).create(&json!("options")).unwrap_err(), @"TypeError: invalid options at `.`: expected an object, found text.");
}

#[test]
fn without_an_authenticator_nothing_can_be_made() {
    assert_eq!(name(client([]).create(&creation())), Name::NotAllowed);
}

#[test]
fn exceptions_read_well() {
    let error = |options: &Value| client([Profile::platform()]).create(options).unwrap_err();
    insta::assert_snapshot!(error(&with(creation(), &[("rp/id", json!("org"))])), @"SecurityError: The RP id `org` is neither login.example.org nor a registrable suffix of it.");
    insta::assert_snapshot!(error(&with(creation(), &[("user/id", json!(""))])), @"TypeError: The user id must have between 1 and 64 octets.");
    insta::assert_snapshot!(error(&with(creation(), &[("pubKeyCredParams", json!([{"type": "new", "alg": 1}]))])), @"NotSupportedError: None of pubKeyCredParams is of type public-key.");
    insta::assert_snapshot!(client([]).create(&creation()).unwrap_err(), @"NotAllowedError: No authenticator could make the credential, or the user refused.");
}
