//! The W3C's examples of `prf`: their inputs give outputs of their shapes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use passrig_authenticator::Client;
use passrig_authenticator::client::Origin;
use passrig_authenticator::device::Profile;
use passrig_authenticator::device::extensions::Extension;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};

/// The credential id in the examples.
const ID: &str = "e02eZ9lPp0UdkF4vGRO4-NxlhWBkL1FCmsmb1tTfRyE";
const OTHER: &str = "b3RoZXI";

#[test]
fn inputs_give_outputs_of_those_shapes() {
    for example in passrig_vectors::w3c_prf().unwrap() {
        let objects = example.objects().unwrap();
        let under = |part: &str| -> Vec<Value> {
            let those = objects.iter().filter(|(comment, _)| comment.contains(part));
            those.map(|(_, value)| shape(value)).collect()
        };
        let (_, inputs) = &objects[0];
        let inputs = &base64(inputs);
        if inputs["prf"].get("evalByCredential").is_none() {
            compare(&under("create()"), profiles().map(|profile| created(profile, inputs)));
        }
        // Without a word on the credential, it is the one in the inputs.
        let own = [under("was used:"), under("get():")].concat();
        let others = under("if a different credential was used:");
        let own = own.into_iter().filter(|value| !others.contains(value)).collect::<Vec<_>>();
        compare(&own, profiles().map(|profile| used(profile, inputs, ID)));
        if !others.is_empty() {
            compare(&others, profiles().map(|profile| used(profile, inputs, OTHER)));
        }
    }
}

/// Each shape of the example is had from some authenticator, and from none
/// comes another, unless it cannot evaluate.
fn compare(published: &[Value], ours: [Value; 4]) {
    for shape in published {
        assert!(ours.contains(shape), "{shape} is none of {ours:?}");
    }
    for shape in ours {
        let empty = shape == json!({"prf": {}});
        assert!(empty || published.contains(&shape), "{shape} is none of {published:?}");
    }
}

/// Authenticators that evaluate by each of the means, late, or not at all.
fn profiles() -> [Profile; 4] {
    let knowing = |extensions: &[Extension]| Profile {
        extensions: extensions.iter().copied().collect(),
        ..Profile::roaming()
    };
    [Profile::platform(), Profile::roaming(), knowing(&[Extension::HmacSecret]), knowing(&[])]
}

fn client(profile: Profile) -> Client {
    let origin = Origin::parse("https://example.org").unwrap();
    Client::with_env(origin, Seeded::new("examples")).with_authenticator(profile)
}

fn creation(extensions: &Value) -> Value {
    json!({
        "rp": {"name": "examples"},
        "user": {"id": "AA", "name": "a", "displayName": "A"},
        "challenge": "AAAA",
        "pubKeyCredParams": [],
        "authenticatorSelection": {"residentKey": "required"},
        "extensions": extensions,
    })
}

fn created(profile: Profile, extensions: &Value) -> Value {
    let made = client(profile).create(&creation(extensions)).unwrap();
    shape(&made["clientExtensionResults"])
}

/// An assertion with a credential of that id, where both ids are allowed.
fn used(profile: Profile, extensions: &Value, id: &str) -> Value {
    let mut client = client(profile);
    let made = client.create(&creation(&json!({"prf": {}}))).unwrap();
    let store = client.authenticators[0].store_mut();
    let made = base64url::decode(made["id"].as_str().unwrap()).unwrap();
    let mut credential = store.remove(&made).unwrap();
    credential.id = base64url::decode(id).unwrap();
    store.insert(credential);
    let allowed = [ID, OTHER].map(|id| json!({"type": "public-key", "id": id}));
    let options = json!({
        "challenge": "AAAA",
        "allowCredentials": allowed,
        "extensions": extensions,
    });
    let response = client.get(&options).unwrap();
    assert_eq!(response["id"], json!(id));
    let outputs = &response["clientExtensionResults"];
    let values = &outputs["prf"]["results"];
    if extensions["prf"]["evalByCredential"][id]["second"].is_string() {
        // Equal inputs are the point of that example.
        assert_eq!(values["first"], values["second"]);
    }
    shape(outputs)
}

/// The same with `null` for octets.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
        Value::Array(octets) => {
            assert_eq!(octets.len() % 4, 0);
            Value::Null
        }
        Value::String(text) => {
            assert_eq!(base64url::decode(text).unwrap().len(), 32);
            Value::Null
        }
        other => other.clone(),
    }
}

/// The same as WebAuthn JSON.
fn base64(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), base64(value))).collect()
        }
        Value::Array(octets) => {
            let octets = octets.iter().map(|octet| u8::try_from(octet.as_u64().unwrap()).unwrap());
            json!(base64url::encode(&octets.collect::<Vec<_>>()))
        }
        other => other.clone(),
    }
}
