//! Recordings of somebody else, from which an adapter is learnt.

use std::fs;

use passrig::target_rp::adapter::Adapter;
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};

use crate::support::{Ran, run};

const URL: &str = "https://shop.test";

fn credential() -> Value {
    let client_data = json!({ "challenge": "Y2hhbGxlbmdlLTE", "origin": URL }).to_string();
    json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key",
        "response": {
            "clientDataJSON": base64url::encode(client_data.as_bytes()), "signature": "oA",
        },
    })
}

/// A sign-in. Other requests come before it.
fn recording(before: &[Value], begin: &Value, finish: &Value) -> Value {
    let options = json!({ "challenge": "Y2hhbGxlbmdlLTE" }).to_string();
    let mut body = finish.clone();
    body["credential"] = credential();
    let ceremony = [
        entry("POST /options", &begin.to_string(), &options),
        entry("POST /result", &body.to_string(), r#"{"ok":true}"#),
    ];
    let entries = [before, &ceremony].concat();
    json!({ "log": { "version": "1.2", "entries": entries } })
}

fn entry(line: &str, body: &str, answer: &str) -> Value {
    let (method, path) = line.split_once(' ').unwrap();
    let mut entry = json!({
        "request": { "method": method, "url": format!("{URL}{path}"), "headers": [] },
        "response": { "status": 200, "headers": [], "content": { "text": answer } },
    });
    if !body.is_empty() {
        let kind = if body.starts_with(['{', '[']) {
            "application/json"
        } else {
            "application/x-www-form-urlencoded"
        };
        entry["request"]["postData"] = json!({ "mimeType": kind, "text": body });
    }
    entry
}

fn headers(mut entry: Value, side: &str, headers: &[(&str, &str)]) -> Value {
    let headers: Vec<Value> =
        headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    entry[side]["headers"] = json!(headers);
    entry
}

/// `passrig adapter from-har`, and the adapter that it wrote.
async fn learn(recording: &Value) -> (Ran, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.har"), recording.to_string()).unwrap();
    let ran = run(folder.path(), "adapter from-har shop.har").await;
    let adapter = ran.file("shop.toml");
    (ran, adapter)
}

/// The adapter can be read, and a step sends these texts.
async fn sends(recording: &Value, texts: &[(&str, &str)]) {
    let (ran, adapter) = learn(recording).await;
    ran.exits(0);
    Adapter::parse("shop.toml", &adapter).unwrap_or_else(|error| panic!("{error}\n{adapter}"));
    let table: toml::Table = toml::from_str(&adapter).unwrap();
    let steps = table["authenticate"].as_array().unwrap();
    for (name, text) in texts {
        let found = steps.iter().any(|step| {
            let json = step.get("json").and_then(|json| json.get(*name));
            json.and_then(toml::Value::as_str) == Some(text)
        });
        assert!(found, "{name:?} = {text:?}\n{adapter}");
    }
}

/// Nothing that was written, on the terminal or to the adapter, has these texts.
async fn holds_none(recording: &Value, secrets: &[&str]) -> String {
    let (ran, adapter) = learn(recording).await;
    ran.exits(0);
    for secret in secrets {
        assert!(!adapter.contains(secret), "{secret}\n{adapter}");
        assert!(!ran.said().contains(secret), "{secret}\n{}", ran.said());
    }
    adapter
}

fn honest() -> (Value, Value) {
    (json!({ "username": "ann" }), json!({}))
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_newline_is_a_name() {
    let begin =
        json!({ "a\nb": "one", "c\"d\u{1}\u{7f}": "two", "": "three", "e.f = 1\n[x]": "four" });
    let texts =
        [("a\nb", "one"), ("c\"d\u{1}\u{7f}", "two"), ("", "three"), ("e.f = 1\n[x]", "four")];
    sends(&recording(&[], &begin, &json!({})), &texts).await;
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_text_is_not_a_template() {
    let begin = json!({ "a": "{{password}}", "b": "{{", "c": "x{{{username}}}", "d": "}}" });
    let texts = [
        ("a", r#"{{"{{"}}password}}"#),
        ("b", r#"{{"{{"}}"#),
        ("c", r#"x{{"{{"}}{username}}}"#),
        ("d", "}}"),
    ];
    sends(&recording(&[], &begin, &json!({})), &texts).await;
}

/// As an attacker of the reader of the adapter, not of the program.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn control_characters_and_overrides_of_direction_are_escaped() {
    let evil = "\u{1b}]0;title\u{7}\u{202e}\u{9b}2J\u{200b}";
    let begin = json!({ evil: evil, "a": format!("x\n{evil}") });
    let page = entry("GET /\u{202e}", "", "<p>");
    let page = headers(page, "request", &[(&format!("x-{evil}"), evil)]);
    let (ran, adapter) = learn(&recording(&[page], &begin, &json!({ evil: 1 }))).await;
    ran.exits(0);
    for text in [ran.said(), adapter] {
        for c in ['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}', '\u{200b}'] {
            assert!(!text.contains(c), "{c:?} in {text:?}");
        }
    }
}

/// A challenge that no answer has is told.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_not_printed_raw() {
    let evil = "\u{1b}[2J\n::error::owned\u{202e}";
    let client_data = json!({ "challenge": evil, "origin": URL }).to_string();
    let mut credential = credential();
    credential["response"]["clientDataJSON"] = base64url::encode(client_data.as_bytes()).into();
    let entries = [entry("POST /result", &credential.to_string(), "{}")];
    let folder = tempfile::tempdir().unwrap();
    let har = json!({ "log": { "entries": entries } }).to_string();
    fs::write(folder.path().join("shop.har"), har).unwrap();
    let said = run(folder.path(), "adapter from-har shop.har").await.said();
    assert!(said.contains("no answer has the challenge"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    assert!(!said.lines().any(|line| line.starts_with("::")), "{said:?}");
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn values_with_secret_names_become_variables() {
    let begin = json!({
        "username": "ann", "otp": "492817", "pin": 1_234_567, "api_key": "ak-8fJ2kq",
        "session": { "inner": ["nested-secret-1"] }, "recovery_codes": ["aaaa-bbbb", "cccc-dddd"],
        "clientSecret": "client-secret-1", "sms_code": "77120",
    });
    let secrets = [
        "492817",
        "1234567",
        "ak-8fJ2kq",
        "nested-secret-1",
        "aaaa-bbbb",
        "cccc-dddd",
        "client-secret-1",
        "77120",
    ];
    let har = recording(&[], &begin, &json!({}));
    let adapter = holds_none(&har, &secrets).await;
    Adapter::parse("shop.toml", &adapter).unwrap();
    for line in ["otp = \"{{otp}}\"", "api_key = \"{{api_key}}\"", "set --var otp", "# check: otp"]
    {
        assert!(adapter.contains(line), "{line}\n{adapter}");
    }
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_under_another_name_is_left_out() {
    let account =
        entry("POST /sign-up", "email=a%40b.test&password=hunter2-Zq81&check=hunter2-Zq81", "{}");
    let har = recording(&[account], &json!({ "proof": "x hunter2-Zq81 y" }), &honest().1);
    holds_none(&har, &["hunter2-Zq81"]).await;
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_and_tokens_are_left_out_of_urls_and_bodies() {
    let page = entry("GET /", "", "<p>");
    let page = headers(page, "response", &[("Set-Cookie", "sid=c00kie-Value-1; Path=/")]);
    let mut har = recording(&[page], &json!({ "s": "c00kie-Value-1" }), &json!({}));
    let url = format!(
        "{URL}/u/c00kie-Value-1/options;jsessionid=JS-123456?reset_token=reset-99887&x=c00kie-Value-1"
    );
    har["log"]["entries"][1]["request"]["url"] = url.into();
    holds_none(&har, &["c00kie-Value-1", "JS-123456", "reset-99887"]).await;
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn headers_with_secrets_become_variables() {
    let (begin, finish) = honest();
    let mut har = recording(&[], &begin, &finish);
    let begin = har["log"]["entries"][0].take();
    har["log"]["entries"][0] = headers(
        begin,
        "request",
        &[
            ("Authorization", "Basic YW5uOmJhc2ljLXNlY3JldA=="),
            ("X-Api-Key", "key-55aa55aa"),
            ("X-Requested-With", "key-55aa55aa"),
        ],
    );
    let secrets = ["YW5uOmJhc2ljLXNlY3JldA", "basic-secret", "key-55aa55aa"];
    let adapter = holds_none(&har, &secrets).await;
    assert!(adapter.contains("x-api-key = \"{{x_api_key}}\""), "{adapter}");
}

/// A word of the answer, and the place of a redirect.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_no_secret() {
    let (begin, finish) = honest();
    let mut har = recording(&[], &begin, &finish);
    let answer = json!({ "status": "tok-1234567890", "token": "tok-1234567890" });
    har["log"]["entries"][1]["response"]["content"]["text"] = answer.to_string().into();
    holds_none(&har, &["tok-1234567890"]).await;

    let end = har["log"]["entries"][1].take();
    let mut end = headers(
        end,
        "response",
        &[("Location", "/in/tok-abcdefgh;jsessionid=JS-1?x=1"), ("Set-Cookie", "t=tok-abcdefgh")],
    );
    end["response"]["status"] = 302.into();
    end["response"]["content"]["text"] = "".into();
    har["log"]["entries"][1] = end;
    let adapter = holds_none(&har, &["tok-abcdefgh", "JS-1"]).await;
    assert!(adapter.contains("contains = \"/in\""), "{adapter}");
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn values_that_toml_lacks_can_be_read_back() {
    let begin = json!({ "big": u64::MAX, "list": [null, 1], "null": null, "status": "\u{7f}" });
    sends(&recording(&[], &begin, &json!({})), &[("big", "18446744073709551615")]).await;
    let mut har = recording(&[], &honest().0, &json!({}));
    let mut twice = entry("POST /options?a=1&a=2", "x=1&x=2&x=3", "");
    twice["response"] = har["log"]["entries"][0]["response"].take();
    har["log"]["entries"][0] = twice;
    let answer = json!({ "status": "\u{7f}" }).to_string();
    har["log"]["entries"][1]["response"]["content"]["text"] = answer.into();
    sends(&har, &[]).await;
}

/// A page decides the names of its fields, and so the selectors.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_with_a_hostile_name_is_not_a_selector() {
    let token = "3kq-9Zx_T0aB7cD1";
    let page = entry("GET /", "", &format!("<input name='a]{{{{b}}}} > *' value='{token}'>"));
    let har = recording(&[page], &json!({ "csrf": token }), &json!({}));
    let adapter = holds_none(&har, &[token]).await;
    Adapter::parse("shop.toml", &adapter).unwrap_or_else(|error| panic!("{error}\n{adapter}"));
}

/// The honest recording: what an answer gave is captured, and no variable is asked for.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_an_answer_gave_is_captured() {
    let (begin, _) = honest();
    let mut har = recording(&[], &begin, &json!({ "token": "tok-1234567890" }));
    let options = json!({ "challenge": "Y2hhbGxlbmdlLTE", "token": "tok-1234567890" }).to_string();
    har["log"]["entries"][0]["response"]["content"]["text"] = options.into();
    let adapter = holds_none(&har, &["tok-1234567890"]).await;
    assert!(adapter.contains("capture = { token = \"$.token\" }"), "{adapter}");
    assert!(adapter.contains("token = \"{{token}}\"") && !adapter.contains("--var"), "{adapter}");
}
