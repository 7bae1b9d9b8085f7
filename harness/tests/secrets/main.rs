//! No output shows a secret, in no encoding.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod kinds;
mod planted;
mod readable;
mod spelled;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use passrig::catalogue::{Action, Catalogue, Check};
use passrig::outcome::{Expectation, Outcome, Report};
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url::{self, Variant};

const COOKIE: &str = "c00kie/se+cret=valu3";
const TOKEN: &str = "bearer.tok~en/123+abc";
const PASSWORD: &str = "pa\"ss w/\u{f6}rd\\<&>";
const CSRF: &str = "csrf+tok/en==99";
const HIDDEN: &str = "h1dden+in/the+f0rm==";
const SECRETS: [&str; 5] = [COOKIE, TOKEN, PASSWORD, CSRF, HIDDEN];

const ADAPTER: &str = r#"
id = "guarded"
name = "A guarded RP"
status = "tested"

[account]
mode = "fresh"

[csrf]
variable = "csrf"
header = "x-csrf-token"

[[provision]]
request = "GET /door"

[[provision]]
submit = "form"

[[provision]]
request = "POST /sign-up"
json = { username = "{{username}}", password = "{{password}}" }
capture = { token = { json = "$.token" }, csrf = { json = "$.csrf" } }

[[register]]
request = "POST /attestation/options"
headers = { authorization = "Bearer {{token}}" }
json = { username = "{{username}}", displayName = "{{display_name}}", authenticatorSelection = { residentKey = "required" } }
options = "$"

[[register]]
request = "POST /attestation/result"
headers = { authorization = "Bearer {{token}}" }
json = "{{credential}}"
accepted = [{ status = [200], json = "$.status", equals = "ok" }]
refused = [{ status = [400], json = "$.status", equals = "failed" }]

[[authenticate]]
request = "POST /assertion/options"
json = { username = "{{username?}}" }
options = "$"

[[authenticate]]
request = "POST /assertion/result"
json = "{{credential}}"
accepted = [{ status = [200], json = "$.status", equals = "ok" }]
refused = [{ status = [400], json = "$.status", equals = "failed" }]
"#;

/// The checks that the server answers in its own way: it refuses what is
/// sound, crashes, answers with a page, and with something unknown.
struct Tricks {
    refused: String,
    crash: String,
    page: String,
    unknown: String,
}

impl Tricks {
    fn new() -> Self {
        let catalogue = Catalogue::builtin().unwrap();
        let plain = |check: &&Check| {
            matches!(check.action, Action::Deviation(_))
                && check.needs.is_empty()
                && check.id.starts_with("registration.")
        };
        let ids = |expects| {
            let fitting =
                catalogue.checks.iter().filter(plain).filter(move |c| c.expects == expects);
            fitting.map(|check| check.id.clone())
        };
        let mut refused = ids(Expectation::Refused);
        let mut next = || refused.next().unwrap();
        let (crash, page, unknown) = (next(), next(), next());
        Self { refused: ids(Expectation::Accepted).next().unwrap(), crash, page, unknown }
    }

    fn only(&self) -> String {
        let ids = [&self.refused, &self.crash, &self.page, &self.unknown];
        ids.map(|id| format!("--only {id}")).join(" ")
    }
}

fn percent(secret: &str) -> String {
    let one = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(octet).to_string()
        }
        _ => format!("%{octet:02X}"),
    };
    secret.bytes().map(one).collect()
}

fn hex(secret: &str) -> String {
    secret.bytes().map(|octet| format!("{octet:02x}")).collect()
}

/// A secret in every way in which it may travel.
fn encodings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut all = vec![
        secret.to_owned(),
        percent(secret),
        percent(secret).to_lowercase(),
        percent(secret).replace("%20", "+"),
        json[1..json.len() - 1].to_owned(),
        json[1..json.len() - 1].replace('\u{f6}', "\\u00f6"),
        json[1..json.len() - 1]
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
        hex(secret),
        hex(secret).to_uppercase(),
        html.replace('"', "&quot;"),
        secret
            .replace('&', "&#38;")
            .replace('<', "&#60;")
            .replace('>', "&#62;")
            .replace('"', "&#34;"),
    ];
    // The last letters depend on what follows.
    for variant in [Variant::Base64Unpadded, Variant::Base64url] {
        let text = variant.encode(secret.as_bytes());
        all.push(text[..secret.len() * 8 / 6].to_owned());
    }
    all
}

/// What a careless server tells its clients.
fn blabber() -> String {
    // At every distance from its beginning, so that each cut goes through one.
    let secrets = SECRETS.iter().flat_map(|secret| encodings(secret));
    secrets.collect::<Vec<_>>().join(" ")
}

async fn door() -> Html<String> {
    let hidden = format!("<input type=hidden name=authenticity_token value={HIDDEN:?}>");
    Html(format!("<form method=post action=/door>{hidden}<button>Enter</button></form>"))
}

async fn enter(body: String) -> StatusCode {
    assert_eq!(body, format!("authenticity_token={}", percent(HIDDEN)));
    StatusCode::NO_CONTENT
}

async fn sign_up() -> Response {
    let body = serde_json::json!({ "token": TOKEN, "csrf": CSRF }).to_string();
    let cookie = format!("sid={COOKIE}; Path=/; HttpOnly");
    ([(header::SET_COOKIE, cookie)], body).into_response()
}

fn refusal(status: u16) -> Response {
    let body = serde_json::json!({ "status": "failed", "errorMessage": blabber() }).to_string();
    let echo = [("x-echo", format!("{COOKIE} {TOKEN} {CSRF}"))];
    (StatusCode::from_u16(status).unwrap(), echo, body).into_response()
}

async fn guarded(tricks: &Tricks, request: Request, next: Next) -> Response {
    let has = |headers: &HeaderMap, name: &str, text: &str| {
        headers.get(name).is_some_and(|value| value.to_str().unwrap().contains(text))
    };
    let headers = request.headers();
    let path = request.uri().path().to_owned();
    if path.starts_with("/attestation") {
        assert!(has(headers, "authorization", TOKEN) && has(headers, "x-csrf-token", CSRF));
        assert!(has(headers, "cookie", COOKIE));
    }
    let check = headers.get("x-passrig-check").map(|v| v.to_str().unwrap().to_owned());
    let is = |id: &str| path == "/attestation/result" && check.as_deref() == Some(id);
    if is(&tricks.refused) {
        return refusal(400);
    } else if is(&tricks.crash) {
        return refusal(500);
    } else if is(&tricks.page) {
        return (StatusCode::OK, format!("{} {}", &CSRF[..0], blabber())).into_response();
    } else if is(&tricks.unknown) {
        return refusal(418);
    }
    let response = next.run(request).await;
    match response.status() {
        StatusCode::OK => response,
        status => refusal(status.as_u16()),
    }
}

/// Serves, and says where.
async fn serve(refuses: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let rp = RelyingParty::new(Config::new(url.clone(), "localhost"), Seeded::new(b"secrets"));
    let app: Router = rp.router().layer(from_fn(move |request: Request, next: Next| async move {
        if refuses && request.uri().path() == "/attestation/result" {
            return refusal(400);
        }
        guarded(&Tricks::new(), request, next).await
    }));
    let app = app.route("/door", get(door).post(enter)).route("/sign-up", post(sign_up));
    let app = app.layer(from_fn(limited));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// The password arrives as it is.
async fn limited(request: Request, next: Next) -> Response {
    if request.uri().path() != "/sign-up" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["password"], PASSWORD);
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn run(url: &str, folder: &Path, more: &str) -> Output {
    let adapters = tempfile::tempdir().unwrap();
    let adapter = adapters.path().join("guarded.toml");
    fs::write(&adapter, ADAPTER).unwrap();
    let reports =
        ["json", "junit", "sarif", "markdown", "html"].map(|f| format!("--report {f}=report.{f}"));
    let args = format!(
        "check --rp {url} --name-checks --seed s --run-id one {} {more}",
        reports.join(" ")
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
    command.args(args.split_whitespace()).current_dir(folder);
    command.arg("--adapter").arg(adapter).arg("--var").arg(format!("password={PASSWORD}"));
    command.output().unwrap()
}

/// Everything that the program left and said, by name.
fn outputs(output: &Output, folder: &Path) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut all = vec![
        ("standard output".to_owned(), text(&output.stdout)),
        ("standard error".to_owned(), text(&output.stderr)),
    ];
    for folder in [folder.to_owned(), folder.join(".passrig")] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                all.push((name, text(&fs::read(path).unwrap())));
            }
        }
    }
    all
}

/// A text, and what an HTML report has packed into it.
fn unpacked((name, text): &(String, String)) -> Vec<(String, String)> {
    let packed = text.split_once("<script type=\"text/plain\" id=\"stories\">");
    let packed = packed.and_then(|(_, rest)| rest.split_once("</script>"));
    let stories = packed.map(|(packed, _)| {
        let bytes = base64url::decode_lenient(packed).unwrap();
        let json = miniz_oxide::inflate::decompress_to_vec(&bytes).unwrap();
        ("stories".to_owned(), String::from_utf8(json).unwrap())
    });
    std::iter::once((name.clone(), text.clone())).chain(stories).collect()
}

fn assert_silent(outputs: &[(String, String)]) {
    let outputs: Vec<_> = outputs.iter().flat_map(unpacked).collect();
    // Twelve letters of a secret are too many: no cut went through one.
    for secret in SECRETS {
        for encoded in encodings(secret) {
            let (start, _) = encoded.char_indices().nth(12).unwrap();
            for (name, text) in &outputs {
                // A text inside JSON is escaped once more.
                let escaped = serde_json::to_string(&encoded[..start]).unwrap();
                for form in [&encoded[..start], &escaped[1..escaped.len() - 1]] {
                    let at = text.find(form);
                    let around = at.map(|at| {
                        text[at.saturating_sub(80)..].chars().take(200).collect::<String>()
                    });
                    assert!(at.is_none(), "{name} shows {form}: {around:?}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_shows_a_secret() {
    let url = serve(false).await;
    let folder = tempfile::tempdir().unwrap();
    let tricks = Tricks::new();
    let output = run(&url, folder.path(), &tricks.only());
    let outputs = outputs(&output, folder.path());
    assert_eq!(outputs.len(), 9, "{:?}", outputs.iter().map(|o| &o.0).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(1), "{}{}", outputs[0].1, outputs[1].1);

    // The secrets were in what it had to say.
    let report = outputs.iter().find(|(name, _)| name == "report.json").unwrap();
    let report: Report = serde_json::from_str(&report.1).unwrap();
    let result = |id: &str| report.checks.iter().find(|result| result.id == id).unwrap();
    assert_eq!(result(&tricks.crash).outcome, Outcome::Error);
    assert_eq!(result(&tricks.page).outcome, Outcome::Inconclusive);
    assert_eq!(result(&tricks.unknown).outcome, Outcome::Inconclusive);
    let said = result(&tricks.refused).reason_text().unwrap();
    assert!(said.contains("[masked]"), "{said}");
    let page = outputs.iter().find(|(name, _)| name == "report.html").unwrap();
    assert!(page.1.contains("[masked]"), "{}", page.1);
    assert_silent(&outputs);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_run_that_comes_to_nothing() {
    let url = serve(true).await;
    let folder = tempfile::tempdir().unwrap();
    let output = run(&url, folder.path(), "");
    let outputs = outputs(&output, folder.path());
    assert_eq!(output.status.code(), Some(3), "{}{}", outputs[0].1, outputs[1].1);
    assert!(outputs[1].1.contains("[masked]"), "{}", outputs[1].1);
    assert_silent(&outputs);
}
