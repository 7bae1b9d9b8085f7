use serde_json::{Value, json};

use passrig_authenticator::wire::base64url;

use super::*;
use crate::target::profile::Profile;

const URL: &str = "https://shop.test";

fn client_data(challenge: &str) -> String {
    base64url::encode(json!({ "challenge": challenge, "origin": URL }).to_string().as_bytes())
}

fn request(line: &str, headers: &[(&str, &str)], body: Value) -> Value {
    let (method, path) = line.split_once(' ').unwrap();
    let headers: Vec<Value> =
        headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut request =
        json!({ "method": method, "url": format!("{URL}{path}"), "headers": headers });
    if !body.is_null() {
        let kind =
            if body.is_string() { "application/x-www-form-urlencoded" } else { "application/json" };
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        request["postData"] = json!({ "mimeType": kind, "text": text });
    }
    request
}

fn answer(status: u16, headers: &[(&str, &str)], body: Value) -> Value {
    let headers: Vec<Value> =
        headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    json!({ "status": status, "headers": headers, "content": { "text": text } })
}

fn recording(entries: Vec<(Value, Value)>) -> Vec<u8> {
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|(request, response)| json!({ "request": request, "response": response }))
        .collect();
    json!({ "log": { "version": "1.2", "entries": entries } }).to_string().into_bytes()
}

/// A shop whose page sends a token of a cookie, repeats a ticket, and nests.
fn shop() -> Vec<u8> {
    let token = [("X-CSRF-Token", "c5rf-t0ken%3D")];
    let credential = |member: &str, challenge: &str| {
        json!({
            "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJson": client_data(challenge), member: "oA" },
        })
    };
    recording(vec![
        (
            request("GET /", &[], Value::Null),
            answer(
                200,
                &[("Set-Cookie", "csrf=c5rf-t0ken%3D; Path=/\nother=1")],
                json!("<p>Hello"),
            ),
        ),
        (
            request("POST /sign-up", &[], json!("email=a%40shop.test&password=secret&plan=free")),
            answer(302, &[("location", "/home")], json!("")),
        ),
        (
            request(
                "POST /keys/new?from=settings",
                &token,
                json!({ "displayName": "Ann", "n": [1, true] }),
            ),
            answer(
                200,
                &[],
                json!({
                    "ticketId": "ticket-0001",
                    "data": { "publicKey": { "challenge": "Y2hhbGxlbmdlLTE", "rp": {} } },
                }),
            ),
        ),
        (request("GET /logo.svg", &[], Value::Null), answer(200, &[], json!("<svg/>"))),
        (
            request(
                "POST /keys/ticket-0001",
                &token,
                json!({
                    "ticket": "ticket-0001",
                    "key": credential("attestationObject", "Y2hhbGxlbmdlLTE"),
                    "label": "My key",
                }),
            ),
            answer(200, &[], json!({ "ok": true })),
        ),
        (
            request("POST /login/options", &[], json!({ "email": "a@shop.test" })),
            answer(
                200,
                &[],
                json!({
                    "node": json!({ "options": { "challenge": "Y2hhbGxlbmdlLTI" } }).to_string(),
                }),
            ),
        ),
        (
            request(
                "POST /login",
                &[],
                json!({
                    "assertion": credential("signature", "Y2hhbGxlbmdlLTI").to_string(),
                }),
            ),
            answer(302, &[("location", "https://shop.test/home?welcome=1")], json!("")),
        ),
    ])
}

#[test]
fn a_recording_becomes_an_adapter() {
    let learnt = learn("shop", &shop()).unwrap();
    Profile::parse("shop.toml", &learnt.text)
        .map_err(|mistake| miette::Report::new(*mistake))
        .unwrap();
    insta::assert_snapshot!("shop", learnt.text);
    insta::assert_snapshot!("shop_found", learnt.found.join("\n"));
    assert!(!learnt.text.contains("secret") && !learnt.text.contains("a@shop.test"));
}

#[test]
fn credentials_in_forms() {
    let fields = format!(
        "clientDataJSON={}&signature=oA&credentialId=AAAA&userHandle=&lang=en",
        client_data("Y2hhbGxlbmdlLTM"),
    );
    let page = "<script>start('Y2hhbGxlbmdlLTM')</script>";
    let learnt = learn(
        "pages",
        &recording(vec![
            (request("GET /login?user=ann", &[], Value::Null), answer(200, &[], json!(page))),
            (
                request("POST /login", &[], json!(fields)),
                answer(302, &[("location", "/in")], json!("")),
            ),
        ]),
    );
    let learnt = learnt.unwrap();
    insta::assert_snapshot!("pages", learnt.text);
    insta::assert_snapshot!("pages_doubts", learnt.doubts.join("\n"));
}

#[test]
fn what_is_no_recording() {
    for (text, reason) in [
        ("", "this is no HTTP Archive: EOF while parsing a value at line 1 column 0"),
        ("{}", "this is no HTTP Archive: missing field `log` at line 1 column 2"),
        (r#"{"log":{"entries":[]}}"#, "the recording has no requests"),
    ] {
        assert_eq!(learn("x", text.as_bytes()).unwrap_err().to_string(), reason);
    }
    let idle = recording(vec![(request("GET /", &[], Value::Null), answer(200, &[], json!("")))]);
    let error = learn("x", &idle).unwrap_err().to_string();
    assert_eq!(error, "none of the 1 requests carries a credential");
}
