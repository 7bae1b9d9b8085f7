use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use serde_json::json;

use super::*;

const TEXT: &[u8] =
    br#"{"challenge":"Y2hhbGxlbmdl","challenges":"Y2hhbGxlbmdlY2hhbGxlbmdlY2hhbGxlbmdl"}"#;

/// The text in each coding, made by Node.js and the program `zstd`.
const CODED: [(&str, &str); 5] = [
    (
        "gzip",
        "1f8b0800000000000003ab564ace48ccc949cd4b4f55b2528a34cac84872afc849ca4dc951d2414815a3c9e1622bd502005e22b12450000000",
    ),
    (
        "deflate",
        "789cab564ace48ccc949cd4b4f55b2528a34cac84872afc849ca4dc951d2414815a3c9e1622bd502006bd41c7e",
    ),
    ("Deflate", "ab564ace48ccc949cd4b4f55b2528a34cac84872afc849ca4dc951d2414815a3c9e1622bd50200"),
    (
        "br",
        "1b4f00c01ca7c59a13244f41908b237f9380d35d305814962c3a7d2583071b70c09c0632ca3430dd05cca6234ff98866ab463b415847611c0e",
    ),
    (
        "zstd",
        "28b52ffd04586d0100f87b226368616c6c656e6765223a22593268686247786c626d646c222c73227d04002f1c2cc5c1cf7ef16d3a014669e999",
    ),
];

/// A megabyte of zeros.
const BOMBS: [(&str, &str); 2] = [
    ("br", "5bffff8f7f02201e0b0472ef1f00"),
    (
        "zstd",
        "28b52ffd04585400001000000100fbff39c00202001000020010000200100002001000020010000200100003001000f13e16e1",
    ),
];

const LIMIT: usize = 1 << 16;

fn bytes(hex: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(hex).unwrap()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn undone(codings: &[&str], body: Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut headers = HeaderMap::new();
    for coding in codings {
        headers.append(header::CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
    }
    decoded(&headers, body, LIMIT)
}

#[test]
fn each_coding_of_browsers_is_undone() {
    for (coding, coded) in CODED {
        assert_eq!(undone(&[coding], bytes(coded)).unwrap(), TEXT, "{coding}");
    }
    let [gzipped, brotli] = [CODED[0].1, CODED[3].1].map(bytes);
    for (codings, body) in [
        (vec!["x-gzip"], gzipped.clone()),
        (vec!["identity, GZIP"], gzipped.clone()),
        (vec!["br, gzip"], gzip(&brotli)),
        (vec!["br", "gzip"], gzip(&brotli)),
    ] {
        assert_eq!(undone(&codings, body).unwrap(), TEXT, "{codings:?}");
    }
    // No coding, and one that no browser knows.
    for codings in [vec![], vec![""], vec!["identity"], vec!["compress"], vec!["gzip", "aes128gcm"]]
    {
        assert_eq!(undone(&codings, gzipped.clone()).unwrap(), gzipped, "{codings:?}");
    }
    assert_eq!(undone(&["gzip"], Vec::new()).unwrap(), b"");
}

#[test]
fn a_body_of_another_coding_is_an_error() {
    for (coding, coded) in CODED {
        let mut cut = bytes(coded);
        cut.truncate(20);
        for body in [cut, TEXT.to_vec()] {
            let error = undone(&[coding], body).unwrap_err().to_string();
            let expected = format!("invalid {} body: ", coding.to_lowercase());
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}

#[test]
fn the_limit_is_that_of_the_decoded_body() {
    let bombs = BOMBS.map(|(coding, coded)| (coding, bytes(coded)));
    let zeros = gzip(&[0; 1 << 20]);
    let nested = gzip(&zeros);
    for (codings, bomb) in
        bombs.into_iter().chain([("gzip", zeros.clone()), ("gzip, gzip", nested)])
    {
        let error = undone(&[codings], bomb).unwrap_err();
        assert_eq!(error, Error::TooLarge { limit: LIMIT }, "{codings}");
    }
    assert_eq!(undone(&["gzip"], gzip(&[0; LIMIT])).unwrap().len(), LIMIT);
    // More codings than any server has a use for.
    assert_eq!(undone(&["gzip, gzip, gzip, gzip, gzip"], zeros.clone()).unwrap(), zeros);
}

#[test]
fn json_is_read_as_scripts_read_it() {
    let read = |body: &[u8]| json(body).unwrap_or(json!("invalid"));
    for (body, expected) in [
        (&b"\xef\xbb\xbf{\"a\":1}"[..], json!({"a": 1})),
        (b"\xef\xbb\xbf\xef\xbb\xbf{\"a\":1}", json!("invalid")),
        // Latin-1, whatever the charset says.
        (b"{\"a\":\"Zo\xeb\"}", json!({"a": "Zo\u{fffd}"})),
        (br#"{"a":"\ud800","\udc00":1}"#, json!({"a": "\u{fffd}", "\u{fffd}": 1})),
        (br#"["\ud83d\ude00\ud83d","\ude00\ud83d","\ud83d\ud83d\ude00"]"#, {
            json!(["\u{1f600}\u{fffd}", "\u{fffd}\u{fffd}", "\u{fffd}\u{1f600}"])
        }),
        (br#"["\\ud800","\uD800\\","\ud800"]"#, json!(["\\ud800", "\u{fffd}\\", "\u{fffd}"])),
        ("[\"\u{e4}\\ud800\u{e4}\"]".as_bytes(), json!(["\u{e4}\u{fffd}\u{e4}"])),
        (br#"["\ud80"]"#, json!("invalid")),
        (br#"["\"#, json!("invalid")),
        (b"", json!("invalid")),
    ] {
        assert_eq!(read(body), expected, "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(text(b"\xef\xbb\xbfa\xff"), "a\u{fffd}");
}

#[test]
fn the_first_bytes_of_cbor_begin_no_text() {
    for body in ["a1616101", "80", "bf616101ff", "d9d9f7a1616101"] {
        assert!(begins_as_cbor(&bytes(body)) && from_cbor(&bytes(body)).is_some(), "{body}");
    }
    for body in ["{}", "[]", "\"a\"", "null", "1", "<p>", "", "\u{e4}", "\u{1f600}"] {
        assert!(!begins_as_cbor(body.as_bytes()), "{body}");
    }
    let float = from_cbor(&bytes("a16174fb40ed4c0000000000"));
    assert_eq!(float.unwrap(), json!({"t": 60000.0}));
}
