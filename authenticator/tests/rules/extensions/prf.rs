//! `prf` (§10.1.4).

use passrig_authenticator::client::Name;
use passrig_authenticator::wire::base64url::encode;
use sha2::{Digest, Sha256};

use super::*;

fn prf(asked: Value) -> Value {
    json!({ "prf": asked })
}

/// Authenticators that evaluate by each of the two means.
fn able() -> [Profile; 2] {
    [Profile::platform(), Profile::roaming()]
}

#[test]
fn enabled_in_registrations_and_never_in_assertions() {
    for (profile, enabled) in able().map(|p| (p, true)).into_iter().chain([(knowing([]), false)]) {
        let (mut client, made) = registered(profile, prf(json!({})));
        assert_eq!(results(&made), &prf(json!({ "enabled": enabled })));
        let used = client.get(&requesting(prf(json!({})))).unwrap();
        assert_eq!(results(&used), &prf(json!({})));
        assert_eq!(signed(&used), None);
    }
}

#[test]
fn the_second_value_if_and_only_if_it_was_asked_for() {
    for profile in able() {
        let one = json!({"eval": {"first": "AQ"}});
        let two = json!({"eval": {"first": "AQ", "second": "Ag"}});
        let (mut client, made) = registered(profile, prf(two.clone()));
        let at_creation = &results(&made)["prf"]["results"];
        for (asked, names) in [(one, &["first"][..]), (two, &["first", "second"])] {
            let used = client.get(&requesting(prf(asked))).unwrap();
            let values = results(&used)["prf"]["results"].as_object().unwrap();
            assert_eq!(values.keys().collect::<Vec<_>>(), names);
            for (name, value) in values {
                assert_eq!(octets(value).len(), 32);
                // The same function as at the making.
                assert_eq!(value, &at_creation[name]);
            }
        }
    }
}

#[test]
fn equal_inputs_give_equal_values() {
    let (mut client, _) = registered(Profile::roaming(), prf(json!({})));
    let asked = json!({"eval": {"first": "AQ", "second": "AQ"}});
    let used = client.get(&requesting(prf(asked))).unwrap();
    let values = &results(&used)["prf"]["results"];
    assert_eq!(values["first"], values["second"]);
}

#[test]
fn salts_are_hashes_with_a_context() {
    let (mut client, _) = registered(Profile::roaming(), prf(json!({})));
    let salt = encode(&Sha256::digest(b"WebAuthn PRF\0input"));
    let used = client.get(&requesting(prf(json!({"eval": {"first": encode(b"input")}})))).unwrap();
    let below = client.get(&requesting(json!({"hmacGetSecret": {"salt1": salt}}))).unwrap();
    assert_eq!(
        results(&used)["prf"]["results"]["first"],
        results(&below)["hmacGetSecret"]["output1"]
    );
}

#[test]
fn values_are_signed_only_in_secret() {
    for (profile, name) in able().into_iter().zip([None, Some("hmac-secret")]) {
        let (mut client, _) = registered(profile, prf(json!({})));
        let used = client.get(&requesting(prf(json!({"eval": {"first": "AQ"}})))).unwrap();
        let Some(name) = name else {
            assert_eq!(signed(&used), None);
            continue;
        };
        let secret = output(&used, name).unwrap().as_bytes().unwrap().to_vec();
        let value = octets(&results(&used)["prf"]["results"]["first"]);
        assert_eq!(secret.len(), 48);
        assert!(!secret.windows(32).any(|window| window == value));
    }
}

#[test]
fn evaluation_at_creation_where_the_authenticator_can() {
    let eval = prf(json!({"eval": {"first": "AQ"}}));
    for (extensions, evaluated) in [
        (&[Extension::HmacSecret][..], false),
        (&[Extension::HmacSecret, Extension::HmacSecretMc], true),
        (&[Extension::Prf], true),
    ] {
        let profile = knowing(extensions.iter().copied());
        let (_, made) = registered(profile, eval.clone());
        assert_eq!(results(&made)["prf"]["enabled"], json!(true));
        assert_eq!(results(&made)["prf"].get("results").is_some(), evaluated, "{extensions:?}");
    }
}

#[test]
fn the_user_is_verified_for_hmac_secret() {
    let eval = prf(json!({"eval": {"first": "AQ"}}));
    let discouraged = ("userVerification", json!("discouraged"));
    for (profile, verified) in able().into_iter().zip([false, true]) {
        let (mut client, _) = registered(profile, prf(json!({})));
        let mut get = |extensions| {
            let used = client
                .get(&with(requesting(extensions), std::slice::from_ref(&discouraged)))
                .unwrap();
            (authenticator_data(&used).flags.has(Flags::UV), results(&used).clone())
        };
        let (uv, values) = get(eval.clone());
        assert_eq!(uv, verified);
        assert!(values["prf"].get("results").is_some());
        // Nothing to evaluate, nothing to override.
        assert!(!get(prf(json!({}))).0);
    }
    // The function of unverified users is not the page's to have.
    let simple = Profile { user_verification: false, ..Profile::roaming() };
    let (mut client, made) = registered(simple, eval.clone());
    assert_eq!(results(&made), &prf(json!({"enabled": true})));
    assert_eq!(results(&client.get(&requesting(eval)).unwrap()), &prf(json!({})));
}

#[test]
fn other_means_do_not_depend_on_verification() {
    let (mut client, _) = registered(Profile::platform(), prf(json!({})));
    let mut get = |word: &str| {
        let options = requesting(prf(json!({"eval": {"first": "AQ"}})));
        let used = client.get(&with(options, &[("userVerification", json!(word))])).unwrap();
        results(&used).clone()
    };
    assert_eq!(get("required"), get("discouraged"));
}

#[test]
fn other_means_begin_when_they_are_asked_for() {
    for options in [creation(), discoverable()] {
        let mut client = client([Profile::platform()]);
        let made = client.create(&options).unwrap();
        let eval = prf(json!({"eval": {"first": "AQ"}}));
        let mut get = || {
            let used = client.get(&allowing(&made, eval.clone())).unwrap();
            results(&used)["prf"]["results"]["first"].clone()
        };
        let value = get();
        assert_eq!(octets(&value).len(), 32);
        assert_eq!(get(), value);
    }
}

#[test]
fn inputs_by_credential() {
    for profile in able() {
        let (mut client, one) = registered(profile, prf(json!({})));
        let options = with(creating(prf(json!({}))), &[("user/id", json!("Ag"))]);
        let other = client.create(&options).unwrap();
        let mut get = |made: &Value, asked: Value| {
            let allowed = json!([descriptor(made), descriptor(&one), descriptor(&other)]);
            let options = with(requesting(prf(asked)), &[("allowCredentials", allowed)]);
            let used = client.get(&options).unwrap();
            assert_eq!(used["id"], made["id"]);
            results(&used)["prf"].clone()
        };
        let first = get(&one, json!({"eval": {"first": "AQ"}}));
        let id = one["id"].as_str().unwrap();
        let own = json!({ id: {"first": "AQ"} });
        assert_eq!(get(&one, json!({ "evalByCredential": own })), first);
        let both = json!({"evalByCredential": own, "eval": {"first": "Ag", "second": "Aw"}});
        assert_eq!(get(&one, both.clone()), first);
        assert_eq!(get(&other, both)["results"].as_object().unwrap().len(), 2);
        assert_eq!(get(&other, json!({ "evalByCredential": own })), json!({}));
        assert_ne!(get(&other, json!({"eval": {"first": "AQ"}})), first);
    }
}

#[test]
fn inputs_by_credential_are_for_assertions() {
    for asked in [json!({}), json!({"AQ": {"first": "AQ"}})] {
        let asked = prf(json!({ "evalByCredential": asked }));
        let result = client([Profile::roaming()]).create(&creating(asked));
        assert_eq!(name(result), Name::NotSupported);
    }
}

#[test]
fn inputs_by_credential_need_that_credential() {
    let (mut client, made) = registered(Profile::roaming(), prf(json!({})));
    let by = |key: &str| prf(json!({"evalByCredential": { key: {"first": "AQ"} }}));
    let id = made["id"].as_str().unwrap();
    assert_eq!(name(client.get(&requesting(by(id)))), Name::NotSupported);
    // Nothing is by credential here.
    assert!(client.get(&requesting(prf(json!({"evalByCredential": {}})))).is_ok());
    for (key, expected) in [
        (id, None),
        ("", Some(Name::Syntax)),
        ("+", Some(Name::Syntax)),
        ("AQ", Some(Name::Syntax)),
        (&format!("{id}="), Some(Name::Syntax)),
    ] {
        let result = client.get(&allowing(&made, by(key)));
        assert_eq!(result.map_err(|error| error.name).err(), expected, "{key}");
    }
}
