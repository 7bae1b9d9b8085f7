use super::*;
use passrig_authenticator::wire::base64url::Variant;
use proptest::prelude::*;

#[test]
fn in_every_form() {
    let mut secrets = Secrets::default();
    secrets.add("s/ e\"cr\u{e9}t");
    for text in [
        "s/ e\"cr\u{e9}t",
        "s%2F%20e%22cr%C3%A9t",
        "s%2f%20e%22cr%c3%a9t",
        "s%2F+e%22cr%C3%A9t",
        r#"s/ e\"crét"#,
        r#"s\/ e\"crét"#,
        r#"s/ e\\\"crét"#,
        r#"s/ e\"cr\u00e9t"#,
        r#"s\/ e\\\"cr\\u00e9t"#,
        "732f2065226372c3a974",
        "732F2065226372C3A974",
    ] {
        assert_eq!(secrets.mask(&format!("<{text}>")), "<[masked]>");
    }
}

#[test]
fn in_json_that_minds_html() {
    let mut secrets = Secrets::default();
    secrets.add("a<b>&\u{1f511}");
    for text in [
        r"a\u003cb\u003e\u0026\u{1f511}".replace(r"\u{1f511}", "\u{1f511}"),
        r"a\u003cb\u003e\u0026\ud83d\udd11".to_owned(),
        r"a<b>&\ud83d\udd11".to_owned(),
    ] {
        assert_eq!(secrets.mask(&text), MASK, "{text}");
    }
}

#[test]
fn in_pages() {
    let mut secrets = Secrets::default();
    secrets.add("<a> & \"b'");
    for text in [
        "&lt;a&gt; &amp; \"b'",
        "&lt;a&gt; &amp; &quot;b&#39;",
        "&lt;a&gt; &amp; &quot;b&#x27;",
        "&#60;a&#62; &#38; &#34;b&#39;",
    ] {
        assert_eq!(secrets.mask(text), MASK, "{text}");
    }
}

#[test]
fn the_longer_secret_wins() {
    let mut secrets = Secrets::default();
    secrets.add("token");
    secrets.add("token.signature");
    assert_eq!(secrets.mask("token.signature token"), "[masked] [masked]");
    for none in ["", "x"] {
        secrets.add(none);
    }
    assert_eq!(secrets.mask("x"), "x");
}

#[test]
fn none_hides_a_part_of_another() {
    let mut secrets = Secrets::default();
    for secret in ["secret-one", "one-and-more", "more"] {
        secrets.add(secret);
    }
    assert_eq!(secrets.mask("<secret-one-and-more>"), "<[masked]>");
    assert_eq!(secrets.mask("<secret-onesecret-one>"), "<[masked][masked]>");
}

fn learnt(values: &[&str]) -> Secrets {
    let mut secrets = Secrets::default();
    for value in values {
        secrets.learn(value);
    }
    secrets
}

#[test]
fn spelled_in_other_ways() {
    let secrets = learnt(&["s3cret value/\"=\u{f6}"]);
    for text in [
        r#"\u0073\u0033\u0063\u0072\u0065\u0074\u0020\u0076\u0061\u006c\u0075\u0065\u002f\u0022\u003d\u00f6"#,
        "s3cret+value%2F%22%3D%C3%B6",
        "s3cret+value/%22%3d%c3%b6",
        "%73%33cret%20value%2f%22=\u{f6}",
        "s3cret&#32;value&sol;&#x00022;&equals;&ouml;",
        r#"s3cret value/\"=ö"#,
        r#"\s\3\c\r\e\t\ \v\a\l\u\e\/\"\=ö"#,
        r#"s3cret value\\\/\\\"=\\u00f6"#,
        "s3cret%2520value%252F%2522%253D%25C3%25B6",
        "s3cret%20value&#37;2F&amp;quot;=&amp;ouml;",
    ] {
        let text = format!("<{text}>");
        assert_eq!(secrets.mask(&text), "<[masked]>", "{text}");
    }
}

#[test]
fn short_values_are_masked_as_words() {
    let secrets = learnt(&["abc", "wxyz", "12345", "required", "none"]);
    let text = "abc wxyz wxyzz 12345 123456 required none";
    assert_eq!(secrets.mask(text), "abc [masked] wxyzz [masked] 123456 required none");
    let mut secrets = Secrets::default();
    secrets.add("pw");
    assert_eq!(secrets.mask("a pw, apwa"), "a [masked], a[masked]a");
}

#[test]
fn values_are_learnt_decoded() {
    let secrets = learnt(&["c00kie%2Fse%2Bcret", "\"quoted-value\""]);
    assert_eq!(secrets.mask("c00kie/se+cret quoted-value"), "[masked] [masked]");
}

#[test]
fn evidence_stays_unless_the_user_supplied_it() {
    let mut secrets = learnt(&["a-challenge", "a-user-name"]);
    secrets.give("admin-token");
    for public in ["a-challenge", "a-user-name", "admin-token"] {
        secrets.publish(public);
    }
    secrets.learn("a-challenge");
    assert_eq!(
        secrets.mask("a-challenge a-user-name admin-token"),
        "a-challenge a-user-name [masked]"
    );
}

#[test]
fn a_cut_shows_no_beginning() {
    let secrets = learnt(&["s3cret value", "another%secret"]);
    for (text, masked) in [
        ("<s3cret", "<[masked]"),
        ("<s3cret%20v", "<[masked]"),
        ("<s3cret%2", "<[masked]"),
        (r"<s3cret\u00", "<[masked]"),
        ("<s3cret&#3", "<[masked]"),
        ("<czNjcmV0", "<[masked]"),
        ("<s3c", "<s3c"),
        ("<s3cret.", "<s3cret."),
    ] {
        assert_eq!(secrets.mask_cut(text), masked, "{text}");
        assert_eq!(secrets.mask(text), text, "{text}");
    }
    let long = "t0ken".repeat(10_000);
    let secrets = learnt(&[&long]);
    assert_eq!(secrets.mask_cut(&long[..16 << 10]), MASK);
}

#[test]
fn bytes_keep_their_number() {
    let secrets = learnt(&["s3cret-value"]);
    let mut bytes = b"\xa1\x61a\x6cs3cret-value\xff".to_vec();
    secrets.mask_bytes(&mut bytes, false);
    assert_eq!(bytes, b"\xa1\x61a\x6c************\xff");
}

#[test]
fn no_more_is_remembered_than_fits() {
    let mut secrets = Secrets::default();
    for n in 0..3 * REMEMBERED {
        secrets.learn(&format!("value-{n:06}"));
    }
    assert!(secrets.learnt.len() <= REMEMBERED && secrets.known.len() == secrets.learnt.len());
    let newest = format!("value-{:06}", 3 * REMEMBERED - 1);
    assert_eq!(secrets.mask(&newest), MASK);
}

#[test]
fn a_body_that_only_begins_as_cbor_is_text() {
    use crate::target_rp::transport::HttpResponse;
    let body = b"\xa9 {\"access_token\": \"S3cr3t-value-1\"}".to_vec();
    let response = HttpResponse::new(http::StatusCode::OK, http::HeaderMap::new(), body.into());
    let mut secrets = Secrets::default();
    crate::target_rp::redact::learn_response(&response, &mut secrets);
    assert_eq!(secrets.mask("S3cr3t-value-1"), MASK);
}

proptest! {
    #[test]
    fn inside_base64(before: Vec<u8>, secret in "[a-zA-Z0-9]{12,40}", after: Vec<u8>) {
        let mut secrets = Secrets::default();
        secrets.add(&secret);
        let whole = [before, secret.clone().into_bytes(), after].concat();
        for variant in [Variant::Base64url, Variant::Base64, Variant::Base64urlPadded] {
            let masked = secrets.mask(&variant.encode(&whole));
            prop_assert!(masked.contains(MASK), "{masked}");
        }
    }
}
