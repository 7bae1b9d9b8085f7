//! `largeBlob` (§10.1.5).

use passrig_authenticator::client::Name;
use passrig_authenticator::wire::base64url::encode;

use super::*;

fn large_blob(asked: Value) -> Value {
    json!({ "largeBlob": asked })
}

#[test]
fn support() {
    let able = || Profile::platform();
    let unable = || knowing([]);
    for (asked, resident, profile, expected) in [
        (json!({}), "required", able(), Some(true)),
        (json!({"support": "preferred"}), "required", able(), Some(true)),
        (json!({"support": "required"}), "required", able(), Some(true)),
        (json!({"support": "sometimes"}), "required", able(), Some(true)),
        (json!({"support": "preferred"}), "required", unable(), Some(false)),
        (json!({"support": "required"}), "required", unable(), None),
        // There is no room for one without a discoverable credential.
        (json!({"support": "preferred"}), "discouraged", able(), Some(false)),
        (json!({"support": "required"}), "discouraged", able(), None),
    ] {
        let options = with(
            creation(),
            &[
                ("authenticatorSelection/residentKey", json!(resident)),
                ("extensions", large_blob(asked.clone())),
            ],
        );
        match client([profile]).create(&options) {
            Ok(made) => {
                let supported = json!({"largeBlob": {"supported": expected.unwrap()}});
                assert_eq!(results(&made), &supported, "{asked}");
                assert_eq!(signed(&made), None);
            }
            Err(error) => assert_eq!((error.name, expected), (Name::NotAllowed, None), "{asked}"),
        }
    }
}

#[test]
fn written_toml_is_read_back() {
    let (mut client, made) = registered(Profile::platform(), large_blob(json!({})));
    let mut ask = |asked| {
        let used = client.get(&allowing(&made, large_blob(asked))).unwrap();
        results(&used)["largeBlob"].clone()
    };
    assert_eq!(ask(json!({"read": true})), json!({}));
    assert_eq!(ask(json!({"write": "YmxvYg"})), json!({"written": true}));
    assert_eq!(ask(json!({"read": true})), json!({"blob": "YmxvYg"}));
    assert_eq!(ask(json!({"read": false})), json!(null));
    let largest = encode(&[7; 2048]);
    assert_eq!(ask(json!({"write": largest})), json!({"written": true}));
    assert_eq!(ask(json!({"write": encode(&[8; 2049])})), json!({"written": false}));
    assert_eq!(ask(json!({"read": true})), json!({"blob": largest}));
}

#[test]
fn a_plan_alone_writes_nothing() {
    use passrig_authenticator::wire::RequestOptions;
    let (mut client, made) = registered(Profile::platform(), large_blob(json!({})));
    let options = allowing(&made, large_blob(json!({"write": "YmxvYg"})));
    client.plan_get(&RequestOptions::parse(&options).unwrap()).unwrap();
    let used = client.get(&allowing(&made, large_blob(json!({"read": true})))).unwrap();
    assert_eq!(results(&used), &large_blob(json!({})));
}

#[test]
fn no_blob_without_support_at_creation() {
    let (mut client, made) = registered(Profile::platform(), json!({}));
    for (asked, expected) in [
        (json!({"write": "YmxvYg"}), json!({"written": false})),
        (json!({"read": true}), json!({})),
    ] {
        let used = client.get(&allowing(&made, large_blob(asked))).unwrap();
        assert_eq!(results(&used), &large_blob(expected));
    }
}

#[test]
fn neither_read_nor_written_with_a_registration() {
    for asked in [json!({"read": true}), json!({"read": false}), json!({"write": "YQ"})] {
        let result = client([Profile::platform()]).create(&creating(large_blob(asked.clone())));
        assert_eq!(name(result), Name::NotSupported, "{asked}");
    }
}

#[test]
fn what_cannot_be_asked_of_an_assertion() {
    let (mut client, made) = registered(Profile::platform(), large_blob(json!({})));
    for asked in [
        json!({"support": "preferred"}),
        json!({"read": true, "write": "YQ"}),
        json!({"read": false, "write": "YQ"}),
    ] {
        let result = client.get(&allowing(&made, large_blob(asked.clone())));
        assert_eq!(name(result), Name::NotSupported, "{asked}");
    }
    let own = descriptor(&made);
    for (allowed, expected) in [
        (json!([]), Some(Name::NotSupported)),
        (json!([own]), None),
        (json!([own, own]), Some(Name::NotSupported)),
    ] {
        let options =
            with(requesting(large_blob(json!({"write": "YQ"}))), &[("allowCredentials", allowed)]);
        assert_eq!(client.get(&options).map_err(|error| error.name).err(), expected);
    }
}
