//! `credProtect` (CTAP 2.1 §12.1).

use passrig_authenticator::client::Name;

use super::*;

const OPTIONAL: &str = "userVerificationOptional";
const WITH_LIST: &str = "userVerificationOptionalWithCredentialIDList";
const REQUIRED: &str = "userVerificationRequired";

fn policy(word: &str) -> Value {
    json!({"credentialProtectionPolicy": word})
}

#[test]
fn the_level_is_signed() {
    for (word, level) in [
        (OPTIONAL, Some(1)),
        (WITH_LIST, Some(2)),
        (REQUIRED, Some(3)),
        // Unknown words mean nothing (§2.1.1).
        ("userVerificationWhenever", None),
    ] {
        let (_, made) = registered(Profile::roaming(), policy(word));
        assert_eq!(output(&made, "credProtect"), level.map(Cbor::int), "{word}");
        assert_eq!(results(&made), &json!({}));
    }
}

#[test]
fn protected_credentials_hide() {
    // Whether it shows: by its id and without, each with verification and without.
    for (word, listed, discovered) in [
        (OPTIONAL, [true, true], [true, true]),
        (WITH_LIST, [true, true], [true, false]),
        (REQUIRED, [true, false], [true, false]),
    ] {
        let (mut client, made) = registered(Profile::roaming(), policy(word));
        let verifications = ["required", "discouraged"];
        for (index, verification) in verifications.into_iter().enumerate() {
            let verify = ("userVerification", json!(verification));
            let by_id = with(allowing(&made, json!({})), std::slice::from_ref(&verify));
            assert_eq!(client.get(&by_id).is_ok(), listed[index], "{word} {verification}");
            let any = with(request(), &[verify]);
            assert_eq!(client.get(&any).is_ok(), discovered[index], "{word} {verification}");
        }
    }
}

#[test]
fn server_side_credentials_hide_as_well() {
    let mut client = client([Profile::roaming()]);
    let made = client.create(&with(creation(), &[("extensions", policy(REQUIRED))])).unwrap();
    let with_verification =
        |word: &str| with(allowing(&made, json!({})), &[("userVerification", json!(word))]);
    assert!(client.get(&with_verification("required")).is_ok());
    assert_eq!(name(client.get(&with_verification("discouraged"))), Name::NotAllowed);
    // The level is bound into the id.
    let id = octets(&made["id"]);
    for octet in [0, 1, 3, 4, 255] {
        let mut forged = id.clone();
        *forged.last_mut().unwrap() = octet;
        let forged = json!({ "id": passrig_authenticator::wire::base64url::encode(&forged) });
        assert_eq!(name(client.get(&allowing(&forged, json!({})))), Name::NotAllowed, "{octet}");
    }
}

#[test]
fn of_several_the_newest_that_shows_answers() {
    let (mut client, old) = registered(Profile::roaming(), json!({}));
    let options = with(creating(policy(REQUIRED)), &[("user/id", json!("Ag"))]);
    let new = client.create(&options).unwrap();
    for (verification, expected) in [("required", &new), ("discouraged", &old)] {
        let options = with(request(), &[("userVerification", json!(verification))]);
        assert_eq!(client.get(&options).unwrap()["id"], expected["id"]);
    }
}

#[test]
fn exclusion_does_not_give_away_what_hides() {
    for (word, verification, excluded) in [
        (REQUIRED, "discouraged", false),
        (REQUIRED, "required", true),
        (WITH_LIST, "discouraged", true),
    ] {
        let (mut client, made) = registered(Profile::roaming(), policy(word));
        let options = with(
            creation(),
            &[
                ("excludeCredentials", json!([descriptor(&made)])),
                ("authenticatorSelection/userVerification", json!(verification)),
            ],
        );
        let result = client.create(&options).map_err(|error| error.name);
        assert_eq!(result.err(), excluded.then_some(Name::InvalidState), "{word} {verification}");
    }
}

#[test]
fn an_enforced_policy_needs_an_authenticator_that_knows_it() {
    for (word, enforced, made) in [
        (REQUIRED, true, false),
        (WITH_LIST, true, false),
        (OPTIONAL, true, true),
        (REQUIRED, false, true),
    ] {
        let mut extensions = policy(word);
        extensions["enforceCredentialProtectionPolicy"] = json!(enforced);
        let result = client([knowing([])]).create(&creating(extensions.clone()));
        let result = result.map_err(|error| error.name);
        assert_eq!(result.err(), (!made).then_some(Name::NotAllowed), "{word} {enforced}");
        // The client goes on to one that does.
        let both = [knowing([]), knowing([Extension::CredProtect])];
        assert!(client(both).create(&creating(extensions)).is_ok());
    }
}
