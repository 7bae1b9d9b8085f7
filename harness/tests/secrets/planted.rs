//! A target that plants a secret of each kind, and then repeats all in every spelling.

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use passrig::catalogue::{Action, Catalogue};
use passrig::outcome::Expectation;
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url::Variant;
use serde_json::json;

use crate::spelled::spelled;

/// A kind of secret: by what it is known, and the value.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// The kinds. A value with odd characters where its place can carry them.
pub(crate) static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    const PLAIN: [&str; 34] = [
        "header-literal",
        "bearer-literal",
        "query-literal",
        "member-literal",
        "x-auth-token",
        "x-csrf-token-answer",
        "x-session-id",
        "cookie",
        "cookie-nameless",
        "cookie-host-prefix",
        "cookie-expired",
        "location-token",
        "location-code",
        "location-fragment",
        "location-password",
        "location-user",
        "link-header",
        "refresh-header",
        "page-link",
        "script-member",
        "jsessionid",
        "hidden-mixed",
        "hidden-named",
        "meta-csrf",
        "form-first",
        "form-next",
        "script-literal",
        "data-attribute",
        "header-parameter",
        "header-url",
        "escaped-field",
        "textarea",
        "pass-phrase",
        "cut-member",
    ];
    const ODD: [&str; 16] = [
        "variable",
        "environment",
        "password",
        "basic-password",
        "access-token",
        "refresh-token",
        "id-token",
        "session-member",
        "csrf-member",
        "client-secret",
        "recovery-code-1",
        "recovery-code-2",
        "backup-code",
        "nested-token",
        "escaped-name",
        "captured",
    ];
    let kind = |(at, name): (usize, &'static str), odd: &str| {
        let drawn = (at + 7) * 7_919_273 % 9_999_991;
        // A cookie without a name has no equals sign, which would make a name of its beginning.
        let end = if name == "cookie-nameless" { "~v" } else { "~v=l" };
        Kind { name, value: format!("S{at:02}k+/eT.{drawn:07}{odd}{end}") }
    };
    let plain = PLAIN.into_iter().enumerate().map(|one| kind(one, ""));
    let odd = ODD.into_iter().enumerate().map(|(at, name)| kind((at + 40, name), "\"\u{f6} <b>&"));
    let other = [
        ("hidden-letters", "qwmzxkvjhgfdplkj"),
        ("hidden-digits", "8305716294826153"),
        ("cookie-short", "q7Zw9"),
        ("cookie-encoded", "c00kie/se+cret=1"),
        ("cookie-quoted", "c00kie.in.qu0tes"),
        ("otp-number", "730581"),
        ("pin", "5083"),
        ("captured-number", "918273645"),
        ("captured-list", "l1st-of-capt/ured"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.q8dGx-9aVbN0_3k2jdks"),
    ];
    let other = other.into_iter().map(|(name, value)| Kind { name, value: value.to_owned() });
    plain.chain(odd).chain(other).collect()
});

pub(crate) fn value(name: &str) -> &'static str {
    let kind = KINDS.iter().find(|kind| kind.name == name);
    &kind.unwrap_or_else(|| panic!("{name}")).value
}

/// A token that no log holds whole.
pub(crate) static LONG: LazyLock<String> =
    LazyLock::new(|| (0..4000).map(|n| format!("L0ng{n:04}")).collect());

fn percent(text: &str) -> String {
    spelled(text).into_iter().find(|one| one.name == "percent").unwrap().text
}

/// One line for each spelling of each kind, in pieces that a log holds whole.
pub(crate) static PIECES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut pieces = vec![String::new()];
    for kind in KINDS.iter() {
        for one in spelled(&kind.value) {
            // The newline of the line before is a character of its own in each spelling.
            let line = format!("<{}:{}>{}|\n", kind.name, one.name, one.text);
            if pieces.last().unwrap().len() + line.len() > 7000 {
                pieces.push(String::new());
            }
            pieces.last_mut().unwrap().push_str(&line);
        }
    }
    pieces
});

/// The adapter, which walks past every place.
pub(crate) fn adapter() -> String {
    let basic = Variant::Base64.encode(format!("ann:{}", value("basic-password")).as_bytes());
    let echoes = (0..PIECES.len()).map(|n| format!("[[provision]]\nrequest = \"GET /echo/{n}\"\n"));
    let literal = |name: &str| value(name).to_owned();
    format!(
        r#"
id = "planted"
name = "An RP with secrets"
status = "tested"

variables = ["shop", "from_environment"]

[account]
mode = "fresh"

{echoes}
[[provision]]
request = "GET /page?api_key={query}"
headers = {{ x-api-key = "{header}", x-shop = "{{{{shop}}}}", x-environment = "{{{{from_environment}}}}" }}

[[provision]]
request = "GET /basic"
headers = {{ authorization = "Basic {basic}" }}

[[provision]]
request = "GET /bearer"
headers = {{ authorization = "Bearer {bearer}" }}

[[provision]]
request = "GET /form"

[[provision]]
request = "GET /broken"

[[provision]]
request = "GET /moved"

[[provision]]
request = "GET /moved-elsewhere"

[[provision]]
request = "GET /moved-user"

[[provision]]
request = "GET /moved-path"

[[provision]]
request = "GET /long"

[[provision]]
request = "POST /sign-up"
json = {{ username = "{{{{username}}}}", password = "{{{{password}}}}", client_secret = "{member}" }}
capture = {{ name = "$.captured", number = "$.number", list = "$.list" }}

[[register]]
request = "POST /attestation/options"
json = {{ username = "{{{{username}}}}", displayName = "{{{{display_name}}}}", authenticatorSelection = {{ residentKey = "required" }} }}
options = "$"

[[register]]
request = "POST /attestation/result"
json = "{{{{credential}}}}"
accepted = [{{ status = [200], json = "$.status", equals = "ok" }}]
refused = [{{ status = [400], json = "$.status", equals = "failed" }}]

[[authenticate]]
request = "POST /assertion/options"
json = {{ username = "{{{{username?}}}}" }}
options = "$"

[[authenticate]]
request = "POST /assertion/result"
json = "{{{{credential}}}}"
accepted = [{{ status = [200], json = "$.status", equals = "ok" }}]
refused = [{{ status = [400], json = "$.status", equals = "failed" }}]
"#,
        echoes = echoes.collect::<String>(),
        query = percent(value("query-literal")),
        header = literal("header-literal"),
        bearer = literal("bearer-literal"),
        member = literal("member-literal"),
    )
}

async fn page() -> Response {
    let attribute = |name: &str| value(name).replace('&', "&amp;").replace('"', "&quot;");
    let page = format!(
        "<!doctype html><meta name=csrf-token content=\"{meta}\">\
         <form><input type=hidden name=a value=\"{letters}\"><input type=hidden name=b value={digits}>\
         <input type=hidden name=c value=\"{mixed}\"><input name=authenticity_token value=\"{named}\"></form>\
         <p data-session-token=\"{data}\"></p><textarea name=recovery_key>\n{textarea}</textarea>\
         <script>window.apiKey = '{literal}'</script>\
         <a href=\"/x?a=1&amp;token={link}\">x</a><script>let s = {{\"csrfToken\": \"{script}\"}}</script>",
        meta = attribute("meta-csrf"),
        letters = attribute("hidden-letters"),
        digits = attribute("hidden-digits"),
        mixed = attribute("hidden-mixed"),
        named = attribute("hidden-named"),
        link = percent(value("page-link")),
        script = value("script-member"),
        data = attribute("data-attribute"),
        textarea = attribute("textarea"),
        literal = value("script-literal"),
    );
    Html(page).into_response()
}

fn with(headers: &[(&str, String)], body: String) -> Response {
    let mut response = body.into_response();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

/// An answer as of a token endpoint that sends forms.
async fn form() -> Response {
    let kind = "application/x-www-form-urlencoded".to_owned();
    let [first, next] = ["form-first", "form-next"].map(|name| percent(value(name)));
    let parameter = format!("Newauth realm=\"x\", token=\"{}\"", value("header-parameter"));
    let report = format!("group; report=/csp?token={}", percent(value("header-url")));
    let headers = [("content-type", kind), ("x-challenge", parameter), ("x-report", report)];
    with(&headers, format!("access_token={first}&scope=x&refresh_token={next}"))
}

/// JSON that holds a page, and ends before its end.
async fn broken() -> Response {
    let page = format!("<input name=\"csrf\" value=\"{}\">", value("escaped-field"));
    let (page, phrase) = (json!(page), json!(value("pass-phrase")));
    let cut = value("cut-member");
    let text = format!("{{\"page\":{page},\"pass_phrase\":{phrase},\"tokens\":[\"{cut}\",\"x");
    with(&[("content-type", "application/json".to_owned())], text)
}

fn moved(location: String) -> Response {
    let mut response = with(&[("location", location)], String::new());
    *response.status_mut() = StatusCode::FOUND;
    response
}

async fn sign_up() -> Response {
    let odd = |name: &str| value(name);
    let inner = json!({ "token": odd("nested-token") }).to_string();
    let body = json!({
        "access_token": odd("access-token"),
        "refresh_token": odd("refresh-token"),
        "id_token": odd("id-token"),
        "jwt": odd("jwt"),
        "session": odd("session-member"),
        "csrf": odd("csrf-member"),
        "clientSecret": odd("client-secret"),
        "recovery_codes": [odd("recovery-code-1"), odd("recovery-code-2")],
        "backupCodes": [{ "code": odd("backup-code") }],
        "otp": 730_581,
        "pin": "5083",
        "data": inner,
        "captured": odd("captured"),
        "number": 918_273_645,
        "list": [odd("captured-list")],
    });
    let body = body.to_string();
    let escaped =
        format!("{},\"tok\\u0065n\":{}}}", &body[..body.len() - 1], json!(odd("escaped-name")));
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-auth-token", odd("x-auth-token").to_owned()),
        ("x-csrf-token", odd("x-csrf-token-answer").to_owned()),
        ("x-session-id", odd("x-session-id").to_owned()),
        ("set-cookie", format!("sid={}; Path=/; HttpOnly", odd("cookie"))),
        ("set-cookie", odd("cookie-nameless").to_owned()),
        ("set-cookie", format!("__Host-a={}; Path=/; Secure", odd("cookie-host-prefix"))),
        ("set-cookie", format!("old={}; Max-Age=0", odd("cookie-expired"))),
        ("set-cookie", format!("s={}; Path=/", odd("cookie-short"))),
        ("set-cookie", format!("e={}; Path=/", percent(odd("cookie-encoded")))),
        ("set-cookie", format!("q=\"{}\"; Path=/", odd("cookie-quoted"))),
        ("link", format!("</next?session={}>; rel=next", percent(odd("link-header")))),
        ("refresh", format!("5; url=/later?token={}", percent(odd("refresh-header")))),
    ];
    with(&headers, escaped)
}

/// Checks whose credential the target answers with a server error and some secrets.
pub(crate) static CHECKS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let catalogue = Catalogue::builtin().unwrap();
    let plain = catalogue.checks.iter().filter(|check| {
        matches!(check.action, Action::Deviation(_))
            && check.needs.is_empty()
            && check.expects == Expectation::Refused
            && check.id.starts_with("registration.")
    });
    plain.take(KINDS.len().div_ceil(TOLD)).map(|check| check.id.clone()).collect()
});

/// How many secrets an error names.
const TOLD: usize = 4;

async fn crashing(request: Request, next: Next) -> Response {
    let check = request.headers().get("x-passrig-check");
    let check = check.map(|value| value.to_str().unwrap().to_owned());
    let at = CHECKS.iter().position(|id| Some(id) == check.as_ref());
    let Some(at) = at.filter(|_| request.uri().path() == "/attestation/result") else {
        return next.run(request).await;
    };
    let told = KINDS.iter().skip(at * TOLD).take(TOLD).map(|kind| kind.value.as_str());
    let told = told.collect::<Vec<_>>().join(" ");
    let body = json!({ "status": "failed", "errorMessage": format!("told {told}") }).to_string();
    let mut response = with(&[("content-type", "application/json".to_owned())], body);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// The password arrives as it is.
async fn honest(request: Request, next: Next) -> Response {
    if request.uri().path() != "/sign-up" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (json["password"].as_str(), json["client_secret"].as_str()),
        (Some(value("password")), Some(value("member-literal")))
    );
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Serves, and says where.
pub(crate) async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let rp = RelyingParty::new(Config::new(url.clone(), "localhost"), Seeded::new(b"planted"));
    let echo = |Path(n): Path<usize>| async move { PIECES[n].clone() };
    let token = percent(value("location-token"));
    let code = percent(value("location-code"));
    let fragment = percent(value("location-fragment"));
    let password = percent(value("location-password"));
    let user = percent(value("location-user"));
    let session = percent(value("jsessionid"));
    let redirect = move |location: String| get(move || async move { moved(location) });
    let app: Router = rp
        .router()
        .route("/echo/{n}", get(echo))
        .route("/page", get(page))
        .route("/form", get(form))
        .route("/broken", get(broken))
        .route("/basic", get(|| async { "ok" }))
        .route("/bearer", get(|| async { "ok" }))
        .route(
            "/moved",
            redirect(format!("/next?a=b&token={token}&code={code}#access_token={fragment}")),
        )
        .route("/moved-elsewhere", redirect(format!("https://ann:{password}@a.test/")))
        .route("/moved-user", redirect(format!("https://{user}@a.test/")))
        .route("/moved-path", redirect(format!("/next;jsessionid={session}?a=b")))
        .route("/long", get(|| async { with(&[], format!("{{\"token\":\"{}\"}}", *LONG)) }))
        .route("/sign-up", post(sign_up))
        .layer(from_fn(crashing))
        .layer(from_fn(honest));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}
