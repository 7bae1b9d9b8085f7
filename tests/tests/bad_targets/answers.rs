//! Answers that are no answers, and options that are none.

use crate::run::{Run, check};
use crate::server::{answering, saying};

const JSON: &str = "application/json";

async fn answered(status: &str, kind: &str, body: &str) -> Run {
    check(&answering(status, kind, body).await, "").await
}

#[tokio::test]
async fn html_where_json_was_due() {
    let run = answered("200 OK", "text/html", "<!doctype html><title>Shop</title>").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): JSON was due, but the answer (200) is HTML:
│ <!doctype html><title>Shop</title>
help: is the path right? A page instead of JSON is often a log-in page or a
      404
");
}

#[tokio::test]
async fn a_truncated_body() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"challenge\"";
    let run = check(&saying(answer).await, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): the body ends after 12 octets, 100 were announced
help: did the target stop, or a proxy before it? Look at its log
");
}

#[tokio::test]
async fn fifty_megabytes() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 50 << 20);
    let answer = [head.into_bytes(), vec![b' '; 50 << 20]].concat();
    let run = check(&saying(answer).await, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): the body is larger than 8388608 octets
help: no answer of a ceremony is that large; is the path right?
");
}

#[tokio::test]
async fn the_same_to_everything() {
    let empty = answered("200 OK", JSON, "{}").await;
    let fine = answered("200 OK", JSON, r#"{"status":"ok"}"#).await;
    assert_eq!(empty.is_not_testable().complaint(), fine.is_not_testable().complaint());
    insta::assert_snapshot!(fine.complaint(), @r"
× an honest registration cannot be carried out: the target's answer has
│ invalid options at `rp`: expected an object, found nothing
help: options are PublicKeyCredentialCreationOptionsJSON or
      PublicKeyCredentialRequestOptionsJSON (§5.1.8). If the adapter's
      `options` points at them, no browser could use them
");
}

#[tokio::test]
async fn an_error_to_everything() {
    let run = answered("500 Internal Server Error", JSON, r#"{"error":"no database"}"#).await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): the target answers 500: no database
help: the target's log tells more
");
    let run = answered("503 Service Unavailable", "text/plain", "come back later").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): the target answers 503: come back later
help: the target's log tells more
");
    let run = answered("404 Not Found", JSON, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): unexpected answer 404
help: is the path right, and does the target want a `login` before?
");
}

#[tokio::test]
async fn another_host() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/login\r\n\
                  content-length: 0\r\nconnection: close\r\n\r\n";
    let run = check(&saying(answer).await, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): unexpected answer 302: go to http://192.0.2.1/login
help: is the path right, and --rp the URL that the target calls its own?
");
}

const OPTIONS: &str = r#"{"rp": {"id": "passrig.test", "name": "x"},
    "user": {"id": "AAAA", "name": "a", "displayName": "a"},
    "challenge": "AAAAAAAAAAAAAAAAAAAAAA",
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}"#;

async fn optioned(from: &str, to: &str) -> String {
    assert!(OPTIONS.contains(from), "{from}");
    let run = answered("200 OK", JSON, &OPTIONS.replace(from, to)).await;
    run.is_not_testable().complaint().to_owned()
}

#[tokio::test]
async fn options_that_are_none() {
    insta::assert_snapshot!(optioned(r#""challenge""#, r#""chalenge""#).await, @r"
× an honest registration cannot be carried out: the target's answer has
│ invalid options at `challenge`: expected base64url, found nothing
help: options are PublicKeyCredentialCreationOptionsJSON or
      PublicKeyCredentialRequestOptionsJSON (§5.1.8). If the adapter's
      `options` points at them, no browser could use them
");
    insta::assert_snapshot!(optioned(r#""AAAAAAAAAAAAAAAAAAAAAA""#, "7").await, @r"
× an honest registration cannot be carried out: the target's answer has
│ invalid options at `challenge`: invalid base64url: the last character
│ carries bits that belong to no byte
help: options are PublicKeyCredentialCreationOptionsJSON or
      PublicKeyCredentialRequestOptionsJSON (§5.1.8). If the adapter's
      `options` points at them, no browser could use them
");
    insta::assert_snapshot!(optioned(r#""id": "AAAA", "#, "").await, @r"
× an honest registration cannot be carried out: the target's answer has
│ invalid options at `user.id`: expected base64url, found nothing
help: options are PublicKeyCredentialCreationOptionsJSON or
      PublicKeyCredentialRequestOptionsJSON (§5.1.8). If the adapter's
      `options` points at them, no browser could use them
");
    insta::assert_snapshot!(optioned(r#"[{"type": "public-key", "alg": -7}]"#, "{}").await, @r"
× an honest registration cannot be carried out: the target's answer has
│ invalid options at `pubKeyCredParams`: expected a list, found an object
help: options are PublicKeyCredentialCreationOptionsJSON or
      PublicKeyCredentialRequestOptionsJSON (§5.1.8). If the adapter's
      `options` points at them, no browser could use them
");
}

/// The answer to the credential is wrong; the options are not.
#[tokio::test]
async fn unusual_options_that_browsers_take() {
    for (from, to) in [
        (r#""name": "a""#, r#""name": "\ud800""#),
        (r#""name": "x""#, r#""name": null"#),
        ("-7", r#""-7""#),
        ("-7", "-7.0"),
        ("{\"rp\"", "{\"extensions\": [], \"timeout\": -1, \"attestation\": \"later\", \"rp\""),
    ] {
        let complaint = optioned(from, to).await;
        assert!(!complaint.contains("options"), "{to}: {complaint}");
    }
}

#[tokio::test]
async fn options_that_no_browser_takes() {
    insta::assert_snapshot!(optioned("passrig.test", "example.com").await, @r"
× an honest registration cannot be carried out: a browser stops here with
│ SecurityError: The RP id `example.com` is neither login.passrig.test nor a
│ registrable suffix of it.
help: the RP id of the options has to be the host of --origin (by default
      that of --rp) or a parent of it
");
    // The client converts null to the text `null`.
    insta::assert_snapshot!(optioned(r#""passrig.test""#, "null").await, @r"
× an honest registration cannot be carried out: a browser stops here with
│ SecurityError: The RP id `null` is neither login.passrig.test nor a
│ registrable suffix of it.
help: the RP id of the options has to be the host of --origin (by default
      that of --rp) or a parent of it
");
    insta::assert_snapshot!(optioned("-7", "-999").await, @r"
× an honest registration cannot be carried out: a browser stops here with
│ NotAllowedError: No authenticator could make the credential, or the user
│ refused.
help: the options have to be such that an ES256 authenticator with user
      verification can meet them
");
}
