//! `appid` and `appidExclude` (§10.1.1, §10.1.2).

use passrig_authenticator::client::Name;
use passrig_authenticator::wire::base64url;
use sha2::{Digest, Sha256};

use super::*;

const APP_ID: &str = "https://login.example.org/u2f";

/// A client whose key was registered with U2F's own interface, and its key
/// handle.
fn of_u2f() -> (Client, Value) {
    let mut client = client([Profile::named("u2f").unwrap()]);
    let made = client.create(&creation()).unwrap();
    // The same handle would be scoped to the AppID.
    let mut plan = {
        use passrig_authenticator::wire::RequestOptions;
        let options = allowing(&made, json!({}));
        client.plan_get(&RequestOptions::parse(&options).unwrap()).unwrap()
    };
    let mut credential = plan.device.credential.clone();
    credential.rp_id = APP_ID.to_owned();
    credential.id = b"key handle".to_vec();
    plan.device.credential = credential.clone();
    client.authenticators[0].store_mut().insert(credential);
    (client, json!({ "id": base64url::encode(b"key handle") }))
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[test]
fn the_app_id_is_tried_after_the_rp_id() {
    let (mut client, handle) = of_u2f();
    assert_eq!(name(client.get(&allowing(&handle, json!({})))), Name::NotAllowed);
    let used = client.get(&allowing(&handle, json!({ "appid": APP_ID }))).unwrap();
    assert_eq!(authenticator_data(&used).rp_id_hash, hash(APP_ID));
    assert_eq!(results(&used), &json!({"appid": true}));
    assert_eq!(used["response"].get("userHandle"), None);

    let made = client.create(&creation()).unwrap();
    let used = client.get(&allowing(&made, json!({ "appid": APP_ID }))).unwrap();
    assert_eq!(authenticator_data(&used).rp_id_hash, hash("example.org"));
    assert_eq!(results(&used), &json!({"appid": false}));
}

#[test]
fn only_an_applications_facets_may_name_it() {
    for (app_id, expected) in [
        (APP_ID, None),
        ("https://example.org/app-id.json", None),
        ("https://example.com/u2f", Some(Name::Security)),
        ("http://login.example.org/u2f", Some(Name::Security)),
        ("login.example.org", Some(Name::Security)),
    ] {
        let (mut client, made) = registered(Profile::roaming(), json!({}));
        let result = client.get(&allowing(&made, json!({ "appid": app_id })));
        assert_eq!(result.map_err(|error| error.name).err(), expected, "{app_id}");
        let result = client.create(&creating(json!({ "appidExclude": app_id })));
        assert_eq!(result.map_err(|error| error.name).err(), expected, "{app_id}");
    }
}

#[test]
fn the_app_id_is_judged_with_the_rp_id() {
    let unknown = ("pubKeyCredParams", json!([{"type": "new", "alg": -7}]));
    let options = with(creating(json!({ "appidExclude": "https://else" })), &[unknown]);
    assert_eq!(name(client([Profile::roaming()]).create(&options)), Name::Security);
}

#[test]
fn excluded_credentials_are_looked_for_under_the_app_id() {
    let (mut client, handle) = of_u2f();
    let excluding = |handle: &Value, extensions: Value| {
        let excluded = ("excludeCredentials", json!([descriptor(handle)]));
        with(creation(), &[excluded, ("extensions", extensions)])
    };
    assert!(client.create(&excluding(&handle, json!({}))).is_ok());
    let app_id = json!({ "appidExclude": APP_ID });
    let result = client.create(&excluding(&handle, app_id.clone()));
    assert_eq!(name(result), Name::InvalidState);
    let another = json!({ "id": base64url::encode(b"another") });
    let made = client.create(&excluding(&another, app_id)).unwrap();
    assert_eq!(results(&made), &json!({"appidExclude": true}));
    assert_eq!(authenticator_data(&made).rp_id_hash, hash("example.org"));
}

#[test]
fn each_is_for_its_own_ceremony() {
    let (mut client, made) = registered(Profile::roaming(), json!({ "appid": "https://else" }));
    assert_eq!(results(&made), &json!({}));
    let used = client.get(&allowing(&made, json!({ "appidExclude": "https://else" }))).unwrap();
    assert_eq!(results(&used), &json!({}));
}
