//! Evidence stays: names of users, challenges, and bodies that are not text.

use std::fs;
use std::process::Command;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use passrig::outcome::{Body, Exchange};
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::{Cbor, Json};

use crate::kinds::exchanges;
use crate::{outputs, unpacked};

/// The options are captured in parts, and as a whole.
const ADAPTER: &str = r#"
id = "assembled"
name = "An RP whose page assembles its options"
status = "tested"

[account]
mode = "fresh"

[[provision]]
request = "GET /blob"

[[register]]
request = "POST /attestation/options"
json = { username = "{{username}}", displayName = "{{display_name}}", authenticatorSelection = { residentKey = "required" } }
capture = { challenge = "$.challenge", user = "$.user", rp = "$.rp", algorithms = "$.pubKeyCredParams", selection = "$.authenticatorSelection", name = "$.user.name" }

[[register]]
request = "GET /blob"
[register.assemble]
challenge = "{{challenge}}"
user = "{{user}}"
rp = "{{rp}}"
pubKeyCredParams = "{{algorithms}}"
authenticatorSelection = "{{selection}}"

[[register]]
request = "POST /attestation/result"
json = "{{credential}}"
accepted = [{ status = [200], json = "$.status", equals = "ok" }]
refused = [{ status = [400], json = "$.status", equals = "failed" }]

[[authenticate]]
request = "POST /assertion/options"
json = { username = "{{username?}}" }
capture = { request = "$" }

[[authenticate]]
request = "GET /blob"
assemble = "{{request}}"

[[authenticate]]
request = "POST /assertion/result"
json = "{{credential}}"
accepted = [{ status = [200], json = "$.status", equals = "ok" }]
refused = [{ status = [400], json = "$.status", equals = "failed" }]
"#;

const TOKEN: &str = "a-token-in-binary";

/// A map with a secret, bytes that are not UTF-8, and a text.
fn blob(token: &str) -> Vec<u8> {
    let mut blob = vec![0xa3, 0x65];
    blob.extend(b"token");
    blob.push(0x60 + u8::try_from(token.len()).unwrap());
    blob.extend(token.as_bytes());
    blob.extend([0x61, b'b', 0x44, 0xff, 0x00, 0xfe, 0x80, 0x61, b'c', 0x63]);
    blob.extend(b"abc");
    blob
}

async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let rp = RelyingParty::new(Config::new(url.clone(), "localhost"), Seeded::new(b"readable"));
    let answer = || async { ([("content-type", "application/cbor")], blob(TOKEN)).into_response() };
    let app: Router = rp.router().route("/blob", get(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn member(text: &str, path: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    json.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn sent(exchange: &Exchange) -> &str {
    &exchange.request.body.as_ref().unwrap().text
}

fn got(exchange: &Exchange) -> &Body {
    exchange.response.as_ref().unwrap().body.as_ref().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_and_names_and_binary_bodies_can_be_read() {
    let url = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let adapter = folder.path().join("assembled.toml");
    fs::write(&adapter, ADAPTER).unwrap();
    let arguments = format!(
        "check --rp {url} --adapter assembled.toml --seed s --run-id one \
         --only registration.type.nonsense --report html=report.html"
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
    let output = command.args(arguments.split_whitespace()).current_dir(folder.path()).output();
    let output = output.unwrap();
    let outputs = outputs(&output, folder.path());
    assert_eq!(output.status.code(), Some(0), "{}{}", outputs[0].1, outputs[1].1);
    let log = &outputs.iter().find(|(name, _)| name == "one.jsonl").unwrap().1;
    let exchanges = exchanges(log);
    assert!(!log.contains(TOKEN));

    let mut ceremonies = 0;
    let mut challenge = String::new();
    for exchange in &exchanges {
        if exchange.request.url.ends_with("/options") {
            challenge = member(&got(exchange).text, "/challenge");
            assert!(challenge.len() > 20, "{challenge}");
            if exchange.request.url.ends_with("/attestation/options") {
                let name = member(sent(exchange), "/username");
                assert!(name.starts_with("passrig-"), "{name}");
                assert_eq!(member(&got(exchange).text, "/user/name"), name);
                assert!(!member(&got(exchange).text, "/user/id").contains("masked"));
            }
        } else if exchange.request.url.ends_with("/result") {
            let client_data = member(sent(exchange), "/response/clientDataJSON");
            let client_data = base64url::decode(&client_data).unwrap();
            let client_data = Json::parse(&client_data).unwrap();
            let said = client_data.member("challenge").and_then(Json::as_text).unwrap();
            assert_eq!(said, challenge);
            ceremonies += 1;
        } else {
            let body = got(exchange);
            assert_eq!((body.text.as_str(), body.length), ("", blob(TOKEN).len()));
            let bytes = base64url::decode_lenient(body.base64.as_ref().unwrap()).unwrap();
            assert_eq!(bytes, blob(&"*".repeat(TOKEN.len())));
            let cbor = Cbor::decode(&bytes).unwrap();
            assert_eq!(cbor.entries().unwrap().len(), 3);
        }
    }
    assert!(ceremonies >= 4, "{ceremonies}");

    let stories = outputs.iter().flat_map(unpacked).find(|(name, _)| name == "stories").unwrap().1;
    let shown = r#"\"b\": h'ff00fe80', \"c\": \"abc\""#;
    assert!(stories.contains(shown), "{stories}");
}

#[test]
fn logs_from_before_binary_bodies_can_be_read() {
    let body: Body = serde_json::from_str(r#"{"text":"a","length":1,"sha256":"00"}"#).unwrap();
    assert_eq!((body.text.as_str(), body.base64.as_ref()), ("a", None));
    assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"text":"a","length":1,"sha256":"00"}"#);
}
