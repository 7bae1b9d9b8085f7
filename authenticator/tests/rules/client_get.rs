//! The client's rules for `get()`: §5.1.4.

use std::time::Duration;

use passrig_authenticator::Client;
use passrig_authenticator::client::{Name, Origin};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Answer;
use passrig_authenticator::wire::{Flags, Json};
use serde_json::{Value, json};

use crate::support::*;

/// Clients with one credential each: kept by the authenticator, or not.
fn registered(options: &Value) -> (Client, Value) {
    let mut client = client([Profile::platform()]);
    let made = client.create(options).unwrap();
    (client, made)
}

fn allowing(descriptors: &[Value]) -> Value {
    with(request(), &[("allowCredentials", json!(descriptors))])
}

#[test]
fn rp_ids_as_in_create() {
    let (mut client, _) = registered(&with(discoverable(), &[("rp/id", json!("example.org"))]));
    for (page, rp_id, expected) in [
        ("https://example.org", json!(null), Ok(())),
        ("https://shop.example.org", json!("example.org"), Ok(())),
        // A page may claim its own domain, but for that there is no credential.
        ("https://shop.example.org", json!(null), Err(Name::NotAllowed)),
        ("https://example.org.attacker.test", json!("example.org"), Err(Name::Security)),
        ("https://example.com", json!("example.org"), Err(Name::Security)),
        ("https://127.0.0.1", json!(null), Err(Name::Security)),
    ] {
        client.origin = Origin::parse(page).unwrap();
        let result = client.get(&with(request(), &[("rpId", rp_id.clone())]));
        assert_eq!(result.map(|_| ()).map_err(|e| e.name), expected, "{rp_id} on {page}");
    }
}

#[test]
fn allow_lists() {
    for options in [creation(), discoverable()] {
        let (mut client, made) = registered(&options);
        let own = descriptor(&made);
        let stranger = json!({"type": "public-key", "id": "c3RyYW5nZXI"});
        let unknown_type = json!({"type": "new", "id": made["id"]});
        for (allowed, expected) in [
            (vec![own.clone()], Ok(())),
            (vec![stranger.clone(), own.clone()], Ok(())),
            (vec![unknown_type.clone(), own.clone()], Ok(())),
            (vec![stranger.clone()], Err(Name::NotAllowed)),
            (vec![unknown_type.clone(), stranger], Err(Name::NotAllowed)),
            // Nothing is left, which is not the same as an empty list (§5.8.3).
            (vec![unknown_type], Err(Name::NotSupported)),
        ] {
            let result = client.get(&allowing(&allowed));
            if let Ok(response) = &result {
                assert_eq!(response["id"], made["id"]);
            }
            assert_eq!(result.map(|_| ()).map_err(|e| e.name), expected, "{allowed:?}");
        }
    }
}

#[test]
fn user_handles_come_from_discoverable_credentials() {
    let (mut client, made) = registered(&discoverable());
    for options in [request(), allowing(&[]), allowing(&[descriptor(&made)])] {
        assert_eq!(client.get(&options).unwrap()["response"]["userHandle"], json!("AQ"));
    }
    let (mut client, made) = registered(&creation());
    let response = client.get(&allowing(&[descriptor(&made)])).unwrap();
    assert_eq!(response["response"].get("userHandle"), None);
    assert_eq!(name(client.get(&request())), Name::NotAllowed, "nothing to discover");
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
        for (profile, expected) in [(Profile::roaming(), able), (simple(), unable)] {
            let mut client = client([profile]);
            client.create(&discoverable()).unwrap();
            let options = with(request(), &[("userVerification", requirement.clone())]);
            let verified =
                client.get(&options).map(|r| authenticator_data(&r).flags.has(Flags::UV));
            assert_eq!(verified.map_err(|error| error.name), expected, "{options}");
        }
    }
}

#[test]
fn the_authenticator_that_holds_a_credential_answers() {
    let mut client = client([Profile::platform(), Profile::roaming()]);
    let on_the_key = with(
        creation(),
        &[("authenticatorSelection/authenticatorAttachment", json!("cross-platform"))],
    );
    let made = client.create(&on_the_key).unwrap();
    let response = client.get(&allowing(&[descriptor(&made)])).unwrap();
    assert_eq!(response["authenticatorAttachment"], json!("cross-platform"));
    assert_eq!(response["id"], made["id"]);
    assert_eq!(response["clientExtensionResults"], json!({}));
}

#[test]
fn refusals_and_late_answers() {
    let after = |secs| Answer { after: Duration::from_secs(secs), ..Answer::WILLING };
    for (timeout, answer, agreed) in [
        (json!(null), after(300), true),
        (json!(1), after(301), false),
        (json!(450_000), after(450), true),
        (json!(3_600_000), after(601), false),
        (json!(null), UNWILLING, false),
        (json!(null), UNVERIFIED, false),
    ] {
        let person = Person::answering([Answer::WILLING, answer]);
        let mut client = client_in(person, [Profile::platform()]);
        client.create(&discoverable()).unwrap();
        let result = client.get(&with(request(), &[("timeout", timeout.clone())]));
        let expected = if agreed { Ok(()) } else { Err(Name::NotAllowed) };
        assert_eq!(result.map(|_| ()).map_err(|e| e.name), expected, "{timeout} {answer:?}");
    }
}

#[test]
fn nobody_is_asked_where_there_is_nothing_to_use() {
    let person = Person::answering([]);
    let asked = person.asked.clone();
    let mut client = client_in(person, [Profile::platform()]);
    assert_eq!(name(client.get(&request())), Name::NotAllowed);
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn frames_of_other_origins() {
    let (mut client, _) = registered(&discoverable());
    client.top_origin = Some(Origin::parse("https://shop.example.com").unwrap());
    client.activation = false; // get() needs none
    let response = client.get(&request()).unwrap();
    insta::assert_snapshot!(client_data(&response), @r#"{"type":"webauthn.get","challenge":"Y2hhbGxlbmdl","origin":"https://login.example.org","crossOrigin":true,"topOrigin":"https://shop.example.com"}"#);
}

#[test]
fn members_that_newer_clients_add() {
    let (mut client, _) = registered(&discoverable());
    let later = Json::text("a\nb");
    client.additional_members = vec![("later".to_owned(), later)];
    insta::assert_snapshot!(client_data(&client.get(&request()).unwrap()), @r#"{"type":"webauthn.get","challenge":"Y2hhbGxlbmdl","origin":"https://login.example.org","crossOrigin":false,"later":"a\u000ab"}"#);
}

#[test]
fn exceptions_read_well() {
    let error = |options: &Value| client([Profile::platform()]).get(options).unwrap_err();
    insta::assert_snapshot!(error(&request()), @"NotAllowedError: No authenticator holds a fitting credential, or the user refused.");
    insta::assert_snapshot!(error(&with(request(), &[("challenge", json!("a b"))])), @"EncodingError: invalid options at `challenge`: invalid base64url: ` ` at offset 1 is not in the base64url alphabet.");
    insta::assert_snapshot!(error(&with(request(), &[("rpId", json!("example.com"))])), @"SecurityError: The RP id `example.com` is neither login.example.org nor a registrable suffix of it.");
    insta::assert_snapshot!(error(&allowing(&[json!({"type": "new", "id": "AQ"})])), @"NotSupportedError: None of allowCredentials is of type public-key.");
}
