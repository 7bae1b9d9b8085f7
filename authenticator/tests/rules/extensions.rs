//! The rules of extensions: §9, §10 and CTAP's.

mod app_id;
mod cred_blob;
mod cred_protect;
mod hmac_secret;
mod large_blob;
mod others;
mod prf;

use passrig_authenticator::Client;
use passrig_authenticator::device::Profile;
use passrig_authenticator::device::extensions::{Extension, Supported};
use passrig_authenticator::wire::{Cbor, Flags};
use serde_json::{Value, json};

use crate::support::*;

/// An authenticator with these extensions and no others.
fn knowing(extensions: impl IntoIterator<Item = Extension>) -> Profile {
    Profile { extensions: extensions.into_iter().collect(), ..Profile::roaming() }
}

/// Options for a discoverable credential, with these extensions.
fn creating(extensions: Value) -> Value {
    with(discoverable(), &[("extensions", extensions)])
}

/// Request options with these extensions.
fn requesting(extensions: Value) -> Value {
    with(request(), &[("extensions", extensions)])
}

/// The same, for that credential.
fn allowing(made: &Value, extensions: Value) -> Value {
    with(requesting(extensions), &[("allowCredentials", json!([descriptor(made)]))])
}

/// What the authenticator signed of extensions.
fn signed(response: &Value) -> Option<Cbor> {
    let data = authenticator_data(response);
    assert_eq!(data.flags.has(Flags::ED), data.extensions.is_some());
    let octets = data.extensions.as_ref().map(Cbor::render)?;
    assert_eq!(Cbor::decode_canonical(&octets).ok(), data.extensions);
    data.extensions
}

/// The signed output of an extension.
fn output(response: &Value, extension: &str) -> Option<Cbor> {
    signed(response)?.get(extension).cloned()
}

fn results(response: &Value) -> &Value {
    &response["clientExtensionResults"]
}

/// A client with a credential for which these extensions were asked.
fn registered(profile: Profile, extensions: Value) -> (Client, Value) {
    let mut client = client([profile]);
    let made = client.create(&creating(extensions)).unwrap();
    (client, made)
}

#[test]
fn who_asks_for_nothing_sees_nothing_of_them() {
    for profile in [Profile::platform(), Profile::roaming()] {
        let plain = Profile { extensions: Supported::default(), ..profile.clone() };
        for options in [creation(), discoverable()] {
            let run = |profile: &Profile| {
                let mut client = client([profile.clone()]);
                let made = client.create(&options).unwrap();
                let used = client
                    .get(&with(request(), &[("allowCredentials", json!([descriptor(&made)]))]));
                [made, used.unwrap()].map(|response| {
                    assert_eq!(signed(&response), None);
                    assert_eq!(results(&response), &json!({}));
                    response
                })
            };
            assert_eq!(run(&profile), run(&plain));
        }
    }
}

#[test]
fn unknown_extensions_are_ignored() {
    let unknown = json!({"txAuthSimple": "pay", "HMAC-secret": true, "hmac-secret": true});
    let (mut client, made) = registered(Profile::roaming(), unknown.clone());
    let used = client.get(&requesting(unknown)).unwrap();
    for response in [made, used] {
        assert_eq!(signed(&response), None);
        assert_eq!(results(&response), &json!({}));
    }
}

#[test]
fn an_authenticator_ignores_what_its_profile_does_not_list() {
    let everything = json!({
        "credBlob": "AQ",
        "credentialProtectionPolicy": "userVerificationRequired",
        "hmacCreateSecret": true,
        "largeBlob": {},
        "minPinLength": true,
        "prf": {"eval": {"first": "AQ"}},
        "thirdPartyPayment": true,
        "uvm": true,
    });
    let made = client([knowing([])]).create(&creating(everything)).unwrap();
    assert_eq!(signed(&made), None);
    let expected = json!({
        "hmacCreateSecret": false,
        "largeBlob": {"supported": false},
        "prf": {"enabled": false},
    });
    assert_eq!(results(&made), &expected);

    let (mut client, _) = registered(knowing([]), json!({}));
    let everything = json!({
        "getCredBlob": true,
        "hmacGetSecret": {"salt1": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        "largeBlob": {"read": true},
        "thirdPartyPayment": true,
        "uvm": true,
    });
    let used = client.get(&requesting(everything)).unwrap();
    assert_eq!(signed(&used), None);
    assert_eq!(results(&used), &json!({"largeBlob": {}}));
}

#[test]
fn what_is_signed_is_one_canonical_map() {
    let made = registered(
        Profile::roaming(),
        json!({
            "credBlob": "AQ",
            "credentialProtectionPolicy": "userVerificationOptional",
            "prf": {"eval": {"first": "AQ"}},
            "thirdPartyPayment": true,
            "uvm": true,
        }),
    )
    .1;
    let map = signed(&made).unwrap();
    let names: Vec<_> = map.entries().unwrap().iter().map(|(k, _)| k.as_text().unwrap()).collect();
    assert_eq!(
        names,
        ["uvm", "credBlob", "credProtect", "hmac-secret", "hmac-secret-mc", "thirdPartyPayment"]
    );
}

#[test]
fn undecodable_inputs() {
    use passrig_authenticator::client::Name;
    for (extensions, expected) in [
        (json!({"prf": {"eval": {"first": "A==="}}}), Name::Encoding),
        (json!({"prf": {"eval": {"first": "A==="}}, "largeBlob": 1}), Name::Type),
        (json!({"prf": {"eval": {}}}), Name::Type),
        (json!({"prf": {"eval": null}}), Name::Type),
        (json!({"prf": 1}), Name::Type),
        (json!({"credBlob": "+"}), Name::Encoding),
        (json!({"appidExclude": 1}), Name::Security),
    ] {
        let result = client([Profile::roaming()]).create(&creating(extensions.clone()));
        assert_eq!(name(result), expected, "{extensions}");
    }
}
