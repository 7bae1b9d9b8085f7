use proptest::prelude::*;
use serde_json::{Value, json};

use passrig_authenticator::wire::base64url;

use super::*;
use crate::target_rp::adapter::Adapter;

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
    Adapter::parse("shop.toml", &learnt.text)
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
fn invalid_recordings() {
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

/// A text of an attacker.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        any::<String>(),
        "[a-z_.;=/?{}\"'\\\\\n\r\t \u{1b}\u{7f}\u{85}\u{202e}\\[\\]]{0,12}",
        Just("{{password}}".to_owned()),
        Just("username".to_owned()),
        Just("__proto__".to_owned()),
    ]
}

/// A number, a text, a list, an object.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        hostile().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((hostile(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((hostile(), hostile()), 0..4)
}

fn form(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

proptest! {
    /// The file can be read whatever was recorded, holds no secret, and nothing is printed raw.
    #[test]
    fn every_recording_becomes_toml_without_secrets(
        names in prop::array::uniform3(hostile()),
        first in value(),
        members in value(),
        fields in pairs(),
        query in pairs(),
        headers in pairs(),
        number in 0_u32..10_000,
    ) {
        let secret = |place: &str| format!("{place}-Zq{number}x7Kp9");
        let places = [
            "password", "otp", "api_key", "cookie", "bearer", "jsession", "reset", "nested", "answer",
        ];
        let [one, two, three] = &names;
        let mut query = query;
        query.push(("reset_token".to_owned(), secret("reset")));
        let mut fields = fields;
        fields.extend([
            ("new_password".to_owned(), secret("password")),
            ("again".to_owned(), secret("password")),
            (one.clone(), two.clone()),
        ]);
        let mut headers: Vec<Value> = headers
            .iter()
            .map(|(name, value)| json!({ "name": format!("x-{name}"), "value": value }))
            .collect();
        headers.extend([
            json!({ "name": "Cookie", "value": format!("sid={}", secret("cookie")) }),
            json!({ "name": "Authorization", "value": format!("Bearer {}", secret("bearer")) }),
            json!({ "name": "X-Api-Key", "value": secret("api_key") }),
        ]);
        let credential = json!({
            "id": "AAAA", "rawId": "AAAA", "type": "public-key",
            "response": {
                "clientDataJSON": client_data("Y2hhbGxlbmdlLTE"), "attestationObject": "oA",
            },
        });
        let jsession = secret("jsession");
        let path = format!("POST /a;jsessionid={jsession}/b?{}", form(&query));
        let mut begin = request(&path, &[], json!(form(&fields)));
        begin["headers"] = json!(headers);
        let body = json!({
            one.as_str(): first, two.as_str(): members, "key": credential,
            "otp": secret("otp"), "twice": secret("cookie"), three.as_str(): secret("reset"),
            "session": { "inner": [secret("nested")] },
        });
        let mut end = request("POST /b", &[], body);
        end["headers"] = json!(headers);
        let options = json!({ one.as_str(): { "challenge": "Y2hhbGxlbmdlLTE" }, "a": two });
        let location = format!("/in/{}?x", secret("cookie"));
        let done = json!({ "status": secret("answer"), "token": secret("answer") });
        let learnt = learn(
            "any",
            &recording(vec![
                (begin, answer(200, &[("Set-Cookie", "a=b")], options)),
                (end, answer(302, &[("location", &location)], done)),
            ]),
        );
        let learnt = learnt.unwrap();
        let read = ::toml::from_str::<::toml::Table>(&learnt.text);
        prop_assert!(read.is_ok(), "{}\n{}", read.unwrap_err(), learnt.text);
        let parsed = Adapter::parse("any.toml", &learnt.text);
        prop_assert!(parsed.is_ok(), "{}\n{}", parsed.unwrap_err(), learnt.text);
        let all = [&[learnt.text][..], &learnt.found, &learnt.doubts].concat();
        for place in places {
            let planted = secret(place);
            prop_assert!(all.iter().all(|text| !text.contains(&planted)), "{planted}\n{all:?}");
        }
        for line in all.iter().skip(1) {
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        prop_assert!(!all[0].replace('\n', "").chars().any(char::is_control), "{:?}", all[0]);
    }
}
