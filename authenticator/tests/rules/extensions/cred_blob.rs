//! `credBlob` (CTAP 2.1 §12.2).

use passrig_authenticator::wire::base64url::encode;

use super::*;

#[test]
fn a_blob_comes_back() {
    for (len, stored) in [(0, true), (1, true), (32, true), (33, false)] {
        let blob = vec![7; len];
        let (mut client, made) = registered(Profile::roaming(), json!({"credBlob": encode(&blob)}));
        assert_eq!(results(&made), &json!({"credBlob": stored}), "{len}");
        assert_eq!(output(&made, "credBlob"), Some(Cbor::bool(stored)));

        let used = client.get(&requesting(json!({"getCredBlob": true}))).unwrap();
        let blob = if stored { blob } else { Vec::new() };
        assert_eq!(results(&used), &json!({"getCredBlob": encode(&blob)}));
        assert_eq!(output(&used, "credBlob"), Some(Cbor::bytes(blob)));
    }
}

#[test]
fn server_side_credentials_have_no_room_for_one() {
    let mut client = client([Profile::roaming()]);
    let made = client.create(&with(creation(), &[("extensions/credBlob", json!("AQ"))])).unwrap();
    assert_eq!(results(&made), &json!({"credBlob": false}));
    let used = client.get(&allowing(&made, json!({"getCredBlob": true}))).unwrap();
    assert_eq!(results(&used), &json!({"getCredBlob": ""}));
}
