use passrig_authenticator::wire::base64url;

use super::*;

fn decoded(text: &str) -> String {
    body(&Body { text: text.to_owned(), length: text.len(), sha256: "00".to_owned() })
}

/// The first registration of §16.1 of WebAuthn.
const CLIENT_DATA: &str = r#"{"type":"webauthn.create","challenge":"AMMPt4ex","origin":"https://example.org","crossOrigin":false}"#;

#[test]
fn a_registration_with_all_that_it_wraps() {
    let cose = hex(
        "a5010203262001215820aabb000000000000000000000000000000000000000000000000000000000000225820ccdd000000000000000000000000000000000000000000000000000000000000",
    );
    let id = [0x5a; 16];
    let auth_data = [
        &[0x11; 32][..],
        &[0x5d],
        &[0, 0, 0, 9],
        &hex("70617373726967000000000000000001"),
        &[0, 16],
        &id,
        &cose,
    ]
    .concat();
    let signature = hex("300802030aaaaa02010b");
    let object = [
        &hex("a363666d74667061636b65646761747453746d74a263616c67266373696758")[..],
        &[signature.len() as u8],
        &signature,
        &hex("68617574684461746158"),
        &[auth_data.len() as u8],
        &auth_data,
    ]
    .concat();
    let text = serde_json::json!({
        "id": base64url::encode(&id),
        "response": {
            "clientDataJSON": base64url::encode(CLIENT_DATA.as_bytes()),
            "attestation_object": base64url::encode(&object),
        },
        "list": "{\"transports\":[\"usb\"]}",
        "type": "public-key",
    });
    insta::assert_snapshot!(decoded(&text.to_string()), @"");
}

#[test]
fn odd_encodings_stay_to_be_seen() {
    let wrapped = |bytes: &str| {
        decoded(&format!("{{\"attestationObject\":\"{}\"}}", base64url::encode(&hex(bytes))))
    };
    // A wide integer, an indefinite map, a duplicate key, and something behind.
    insta::assert_snapshot!(wrapped("bf1800016178f6ff00ff"), @"");
    insta::assert_snapshot!(wrapped("a201020304a2ffffffffffffffff"), @"");
    let name = |name: &str, text: &str| decoded(&format!("{{\"{name}\":\"{text}\"}}"));
    insta::assert_snapshot!(name("signature", &base64url::encode(&hex("308108020300aaaa02010b"))), @"");
    insta::assert_snapshot!(name("clientDataJSON", &base64url::encode(b"\xef\xbb\xbf{\"a\":1}    ")), @"");
    insta::assert_snapshot!(name("authData", &base64url::encode(&[7; 40])), @"");
}

#[test]
fn what_is_no_json() {
    insta::assert_snapshot!(decoded("<p>It went\u{1b}[2J wrong.</p>"), @"");
    insta::assert_snapshot!(decoded("user=a%40b&csrf=%5Bmasked%5D&response={\"a\":1}"), @"");
    insta::assert_snapshot!(decoded("{\"a\":\"[masked]\",\"a\":2}"), @"");
    let cut = Body { text: "{".repeat(8190), length: 20_000, sha256: "00".repeat(32) };
    assert!(body(&cut).ends_with(&format!("\n… of 20000 octets, SHA-256 {}", "00".repeat(32))));
}

proptest::proptest! {
    #[test]
    fn never_panics(text: String, bytes: Vec<u8>) {
        decoded(&text);
        for name in ["clientDataJSON", "attestationObject", "authData", "x5c"] {
            let _ = octets(&bytes, Some(name)).map(|shown| shown.lines());
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    base16ct::mixed::decode_vec(text).unwrap()
}
