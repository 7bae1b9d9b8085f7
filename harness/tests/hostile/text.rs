//! A target's text that steers a terminal, hides, forges lines, or gives commands to a CI runner.

use std::fs;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::response::Response;
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};

use crate::support::{self, Asked, FEW, Ran, answer, check, run};

/// The option that lets colours through, so that foreign ones would be seen.
const COLOUR: &str = "--color always --verbose";

/// True if a request carries a credential of one of the few checks, not an honest one.
pub(crate) fn is_attempt(asked: &Asked<'_>) -> bool {
    let client_data = || {
        let body: Value = serde_json::from_slice(asked.body).ok()?;
        base64url::decode(body["response"]["clientDataJSON"].as_str()?).ok()
    };
    // The preflight forges in another way.
    let is_other = |data: Vec<u8>| {
        let text = String::from_utf8_lossy(&data);
        text.contains("\"webauthn.") || text.contains("\"forged\"")
    };
    asked.is_result() && !client_data().is_some_and(is_other)
}

/// A target that answers this to each attempt.
pub(crate) async fn answering<F: Fn() -> Response + Send + Sync + 'static>(what: F) -> String {
    support::serve(move |asked, _| is_attempt(asked).then(&what)).await
}

/// A run against a target whose error messages say this.
pub(crate) async fn run_with_message(text: &'static str) -> Ran {
    let body = json!({ "status": "failed", "errorMessage": text }).to_string();
    let url = answering(move || answer(500, "application/json", body.clone())).await;
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(1);
    ran
}

/// True for a character that steers a terminal, hides, or is a noncharacter. The list is not the
/// program's own.
pub(crate) fn deceives(c: char) -> bool {
    let code = u32::from(c);
    (c.is_control() && c != '\n' && c != '\t')
        || [0xad, 0x61c, 0xfeff].contains(&code)
        || (0x200b..=0x200f).contains(&code)
        || (0x2028..=0x202e).contains(&code)
        || (0x2060..=0x206f).contains(&code)
        || (0xe0000..=0xe007f).contains(&code)
        || (0xfdd0..=0xfdef).contains(&code)
        || code & 0xfffe == 0xfffe
}

/// The text without the sequences that set colours.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((numbers, rest)) if numbers.chars().all(|c| c.is_ascii_digit() || c == ';') => {
                out += rest;
            }
            _ => out += &format!("\u{1b}[{part}"),
        }
    }
    out
}

/// The strings in a value, and its names.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                found.push(name.clone());
                strings(value, found);
            }
        }
        _ => {}
    }
}

/// True for a sink that people read, or print into the log of a CI run.
fn is_written(name: &str) -> bool {
    const ENDS: [&str; 6] = [".json", ".jsonl", ".sarif", ".junit", ".markdown", ".html"];
    name.starts_with("standard") || ENDS.iter().any(|end| name.ends_with(end))
}

/// Fails if any sink has a character that deceives, or a line that a CI runner obeys.
#[track_caller]
pub(crate) fn harmless(ran: &Ran) {
    let sinks = ran.sinks();
    assert!(sinks.len() >= 2);
    for (name, text) in sinks {
        let shown = match name.as_str() {
            "standard output" | "standard error" => uncoloured(&text),
            // The page makes text nodes of these: what counts is what was escaped in the JSON.
            "exchanges of the HTML report" => {
                let mut all = Vec::new();
                strings(&serde_json::from_str(&text).unwrap(), &mut all);
                all.join("\n")
            }
            _ => text.clone(),
        };
        let found = shown.find(deceives).map(|at| &shown[at..]);
        let found = found.map(|rest| rest.chars().take(60).collect::<String>());
        assert_eq!(found, None, "{name}: {text:?}");
        for line in shown.lines().filter(|_| is_written(&name)) {
            assert!(!line.trim_start().starts_with("::"), "{name}: {line:?}");
        }
        for command in ["##[", "##vso[", "##teamcity["] {
            // The exchanges are compressed in the page, and an adapter is read by passrig alone.
            let may_have = name.starts_with("exchanges") || !is_written(&name);
            let lower = shown.to_ascii_lowercase();
            assert!(may_have || !lower.contains(command), "{name}: {text}");
        }
    }
}

/// Fails unless the JSON report still has the text as the target said it.
#[track_caller]
fn kept(ran: &Ran, text: &str) {
    let report: Value = serde_json::from_str(&ran.file("report.json")).unwrap();
    let mut all = Vec::new();
    strings(&report["checks"], &mut all);
    assert!(all.iter().any(|one| one.contains(text)), "{all:?}");
}

/// A test for each text in an error message of the target.
macro_rules! messages {
    ($($name:ident: $text:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let ran = run_with_message($text).await;
            harmless(&ran);
            kept(&ran, $text);
        }
    )*};
}

messages! {
    // Before: red.
    a_message_clears_the_screen: "\u{1b}[2J\u{1b}[HAs expected: everything is well.";
    // Before: red.
    a_message_sets_the_title: "\u{1b}]0;owned\u{7}";
    // Before: red.
    a_message_makes_a_link: "\u{1b}]8;;https://evil.example\u{1b}\\docs\u{1b}]8;;\u{1b}\\";
    // Before: red.
    a_message_has_a_control_sequence_of_c1: "\u{9b}2J\u{9d}0;owned\u{9c}";
    // Before: red.
    a_message_has_a_device_control_string: "\u{1b}P+q544e\u{1b}\\ \u{90}$q\u{9c}";
    // Before: red.
    a_message_goes_back: "fail\u{8}\u{8}\u{8}\u{8}pass\u{7f}";
    // Before: red.
    a_message_overwrites_the_line: "x\rAs expected: everything is well.";
    // Before: red.
    a_message_turns_the_direction: "\u{202e}drowssap\u{2066}\u{61c}\u{200f}";
    // Before: red.
    a_message_hides_text: "a\u{200b}b\u{2060}c\u{feff}d\u{e0061}\u{e0062}\u{ad}";
    // Before: red.
    a_message_has_other_ends_of_lines: "a\u{2028}b\u{2029}c\u{85}d";
    // Before: red.
    a_message_has_noncharacters: "a\u{fffe}b\u{ffff}c\u{fdd0}d\u{10ffff}";
    // Before: red.
    a_message_has_a_null: "a\u{0}b\u{1}c\u{c}d\u{1f}";
    // Before: red.
    a_message_commands_github: "x\n::error file=a,line=1::owned\n  ::stop-commands::x";
    // Before: red.
    a_message_commands_azure: "x ##[error]owned ##vso[task.setvariable variable=a]b";
    // Before: red.
    a_message_commands_teamcity: "##teamcity[testFailed name='a']";
}

/// A second line of a message looks as if passrig had written it.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_forges_a_verdict() {
    let ran =
        run_with_message("x\n\nAs expected: nothing was wrong.\n::notice::y\nrefused = [\"z\"]")
            .await;
    harmless(&ran);
    for (name, text) in ran.sinks() {
        if name.ends_with(".jsonl") || name.ends_with(".json") || name.starts_with("exchanges") {
            continue;
        }
        let line = |line: &str| line.trim_start().starts_with("As expected");
        assert!(!text.lines().any(line), "{name}: {text}");
    }
}

/// Colours of the target are shown as text, though colours are wanted.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn foreign_colours_are_text() {
    let ran = run_with_message("\u{1b}[8mhidden\u{1b}[0m").await;
    let said = ran.said();
    assert!(said.contains("␛[8mhidden␛[0m"), "{said}");
    assert!(said.contains("\u{1b}[31;1m"), "colours of passrig are missing: {said}");
}

/// A long word at the end of a line is wrapped to the beginning of the next one.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn wrapping_makes_no_command() {
    let url = answering(|| {
        let words = "fill ".repeat(8) + &"::warning::owned ".repeat(30);
        answer(500, "application/json", json!({ "errorMessage": words }).to_string())
    })
    .await;
    let ran = check(&url, FEW).await;
    ran.exits(1);
    assert!(ran.said().contains(": :warning"), "{}", ran.said());
    harmless(&ran);
}

/// A page instead of JSON.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_json() {
    let body = "<p>\u{1b}[2J\u{9b}1m\u{202e}\r\n::error::x\n##[group]y\u{fffe}</p>";
    let url = answering(move || answer(502, "text/html", body)).await;
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(1);
    harmless(&ran);
}

/// An answer that the adapter does not know is quoted in a proposal to paste.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_proposed() {
    let body = "\u{9b}2J\u{202e}::error::\"]\n##[error]";
    let url = answering(move || answer(203, "text/plain", body)).await;
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(1);
    assert!(ran.said().contains("unrecognised"), "{}", ran.said());
    harmless(&ran);
}

/// Header values may have any byte above ASCII.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn headers() {
    let url = answering(|| {
        let mut response = answer(302, "text/plain", Body::empty());
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
        let evil = "/\u{9b}2J\u{202e}\u{2028}\u{fffe}?::error::##[error]";
        response.headers_mut().insert("location", value(evil));
        response.headers_mut().insert("x-custom", value(evil));
        response
    })
    .await;
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(1);
    harmless(&ran);
}

/// The names of the credentials that a target lists.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn names_of_records() {
    let folder = tempfile::tempdir().unwrap();
    let url = support::serve(|asked, honest| {
        let is_list = asked.path == "/credentials" && honest.status() == 200;
        is_list.then(|| {
            let name = "\u{1b}[32mA\u{9b}2J\u{202e}\n::error::x\n##[error]\u{ffff}";
            let body = json!({ "credentials": [{ "id": name, "name": name }] });
            answer(200, "application/json", body.to_string())
        })
    })
    .await;
    let ran =
        run(folder.path(), &format!("adapter test reference --rp {url} --color always")).await;
    ran.exits(1);
    assert!(ran.said().contains("␛[32mA"), "{}", ran.said());
    harmless(&ran);
}

/// The last words before a run that nothing came of: the honest registration is refused.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn last_exchanges_are_escaped() {
    let url = support::serve(|asked, _| {
        let text = "{\n::error::x\n\u{9b}2J\u{1b}[2J\u{202e}\r##[error]y\u{fffe}";
        asked.is_result().then(|| answer(400, "text/plain", text))
    })
    .await;
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(3);
    assert!(ran.said().contains("␛[2J"), "{}", ran.said());
    harmless(&ran);
}

/// The message of a failed preflight.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn the_reason_why_nothing_can_be_tested() {
    let url = support::serve(|asked, _| {
        let text = "\u{1b}]0;t\u{7}\n::error::x\n\u{1b}[31m\u{202e}";
        let body = json!({ "status": "failed", "errorMessage": text }).to_string();
        asked.path.ends_with("/options").then(|| answer(400, "application/json", body))
    })
    .await;
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(3);
    harmless(&ran);
    assert!(ran.said().contains("␛[31m"), "{}", ran.said());
}

/// The reason phrase of a status line.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_text() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let line = "HTTP/1.1 500 \u{9b}2J::error::\u{202e}\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(line.as_bytes()).await;
        }
    });
    let ran = check(&url, &format!("{FEW} {COLOUR}")).await;
    ran.exits(3);
    harmless(&ran);
}

/// `adapter test` shows each request and answer.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn adapter_test() {
    let folder = tempfile::tempdir().unwrap();
    let url = support::serve(|asked, _| {
        let text =
            "{\"errorMessage\": \"\\u001b[32mok\\u009b2J\\n::error::x\",\n::error::\u{202e}}";
        asked.is_result().then(|| answer(500, "application/json", text))
    })
    .await;
    let ran =
        run(folder.path(), &format!("adapter test reference --rp {url} --color always")).await;
    ran.exits(1);
    harmless(&ran);
}

/// A story in the terminal, as a page and as JSON.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_simulation() {
    let folder = tempfile::tempdir().unwrap();
    let url = support::serve(|asked, honest| {
        let text = "\u{1b}[32m\u{9b}2J\u{202e}x\n::error::y\n##[error]\u{fffe}<b>";
        let body = json!({ "status": "failed", "errorMessage": text }).to_string();
        let is_refusal = asked.is_result() && honest.status() == 400 && asked.n > 12;
        is_refusal.then(|| answer(500, "application/json", body))
    })
    .await;
    let arguments = format!(
        "simulate lost-device --rp {url} --adapter reference --color always --seed s --run-id one \
         --html story.html --json story.json"
    );
    let ran = run(folder.path(), &arguments).await;
    assert_eq!(ran.code, 1, "{}", ran.said());
    assert!(ran.said().contains("␛[32m"), "{}", ran.said());
    harmless(&ran);
    assert!(!ran.file("story.html").contains("<b>\u{fffe}"));
}

/// A passkey keeps the names that an RP gave it.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn names_in_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let options = json!({
        "rp": { "id": "rp.test", "name": "rp" },
        "user": { "id": "AAAA", "name": "\u{1b}[2Jann\n::error::x\u{9b}1m\u{202e}", "displayName": "a" },
        "challenge": "AAAAAAAAAAAAAAAAAAAAAA",
        "authenticatorSelection": { "residentKey": "required" },
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
    });
    fs::write(folder.path().join("options.json"), options.to_string()).unwrap();
    let create =
        "authenticator create --origin https://rp.test --store keys --options options.json";
    run(folder.path(), create).await.exits(0);
    for more in ["", "--json"] {
        let list = format!("authenticator credentials list --store keys {more} --color always");
        let mut ran = run(folder.path(), &list).await;
        ran.exits(0);
        // The store itself is for the program alone.
        ran.files.clear();
        harmless(&ran);
        assert!(ran.said().contains("ann"), "{}", ran.said());
    }
}
