use passrig_authenticator::wire::base64url;

use super::*;

fn decoded(text: &str) -> String {
    let sha256 = "00".to_owned();
    body(&Body { text: text.to_owned(), length: text.len(), sha256, ..Body::default() })
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
    insta::assert_snapshot!(decoded(&text.to_string()), @r#"
    {
      "id": "WlpaWlpaWlpaWlpaWlpaWg",
      "response": {
        "clientDataJSON": base64url of 100 octets, JSON:
          {
            "type": "webauthn.create",
            "challenge": "AMMPt4ex",
            "origin": "https://example.org",
            "crossOrigin": false
          },
        "attestation_object": base64url of 201 octets, CBOR:
          {
            "fmt": "packed",
            "attStmt": {
              "alg": -7,
              "sig": 10 octets, DER:
                SEQUENCE {INTEGER 699050, INTEGER 11}
            },
            "authData": 148 octets, authenticator data:
              RP id hash    h'1111111111111111111111111111111111111111111111111111111111111111'
              flags         0x5d UP UV BE BS AT
              counter       9
              AAGUID        70617373-7269-6700-0000-000000000001
              credential id h'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'
              public key    {
                1 /kty/: 2 /EC2/,
                3 /alg/: -7 /ES256/,
                -1 /crv/: 1 /P-256/,
                -2 /x/: h'aabb000000000000000000000000000000000000000000000000000000000000',
                -3 /y/: h'ccdd000000000000000000000000000000000000000000000000000000000000'
              }
          }
      },
      "list": a text of JSON:
        {"transports": ["usb"]},
      "type": "public-key"
    }
    "#);
}

#[test]
fn odd_encodings_stay_to_be_seen() {
    let wrapped = |bytes: &str| {
        decoded(&format!("{{\"attestationObject\":\"{}\"}}", base64url::encode(&hex(bytes))))
    };
    // An indefinite map, a wide integer, a duplicate key, and something behind.
    insta::assert_snapshot!(wrapped("bf18000100026178f6ff00ff"), @r#"
    {
      "attestationObject": base64url of 12 octets, CBOR:
        {_ 0_0: 1, 0: 2, "x": null}
        followed by h'00ff'
    }
    "#);
    insta::assert_snapshot!(wrapped("a201020304a2ffffffffffffffff"), @r#"
    {
      "attestationObject": base64url of 14 octets, CBOR:
        {1: 2, 3: 4}
        followed by h'a2ffffffffffffffff'
    }
    "#);
    let name = |name: &str, text: &str| decoded(&format!("{{\"{name}\":\"{text}\"}}"));
    insta::assert_snapshot!(name("signature", &base64url::encode(&hex("308108020300aaaa02010b"))), @r#"
    {
      "signature": base64url of 11 octets, DER:
        SEQUENCE (length in long form) {INTEGER 43690, INTEGER 11}
    }
    "#);
    insta::assert_snapshot!(name("clientDataJSON", &base64url::encode(b"\xef\xbb\xbf{\"a\":1}    ")), @r#"
    {
      "clientDataJSON": base64url of 14 octets, JSON:
        not readable: expected value at line 1 column 1
        "\ufeff{\"a\":1}    "
    }
    "#);
    insta::assert_snapshot!(name("authData", &base64url::encode(&[7; 40])), @r#"
    {
      "authData": base64url of 40 octets, authenticator data:
        RP id hash    h'0707070707070707070707070707070707070707070707070707070707070707'
        flags         0x07 UP RFU1 UV
        counter       117901063
        rest          h'070707'
        not readable  3 octets follow the authenticator data
    }
    "#);
}

#[test]
fn what_is_no_json() {
    assert_eq!(decoded("<p>It went wrong.</p>"), "<p>It went wrong.</p>");
    insta::assert_snapshot!(decoded("user=a%40b&csrf=%5Bmasked%5D&response={\"a\":1}"), @r#"
    user = "a@b"
    csrf = "[masked]"
    response = a text of JSON:
      {"a": 1}
    "#);
    insta::assert_snapshot!(decoded("{\"a\":\"[masked]\",\"a\":2}"), @r#"{"a": "[masked]", "a": 2}"#);
    let sha256 = "00".repeat(32);
    let cut = Body { text: "{".repeat(8190), length: 20_000, sha256, ..Body::default() };
    assert!(body(&cut).ends_with(&format!("\n… of 20000 octets, SHA-256 {}", "00".repeat(32))));
}

#[test]
fn bodies_that_are_not_text() {
    let binary = |bytes: &[u8], length: usize| {
        let base64 = Some(base64url::Variant::Base64.encode(bytes));
        body(&Body { base64, length, sha256: "00".to_owned(), ..Body::default() })
    };
    let cbor = hex("a2616101616242ff00");
    insta::assert_snapshot!(binary(&cbor, cbor.len()), @r#"
    9 bytes, CBOR:
      {"a": 1, "b": h'ff00'}
    "#);
    insta::assert_snapshot!(binary(&[0xff, 0xfe, 0x00], 3), @r"
    3 bytes, binary:
      h'fffe00'
    ");
    assert!(binary(&[0xff; 8192], 9000).ends_with("\n… of 9000 bytes, SHA-256 00"));
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
