//! Flows over pages, forms and providers, against a relying party in the same
//! process that tells what it saw.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use axum::response::Response;
use passrig::mail::Mailbox;
use passrig::target_rp::error::ErrorKind;
use passrig::target_rp::{Flow, Recognised, SentCredential};
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::Json;
use passrig_authenticator::workbench::Honest;
use serde_json::json;

use crate::story::{ORIGIN, Story, answer, with};

fn page(body: &str) -> Response {
    Response::builder().header("content-type", "text/html").body(body.to_owned().into()).unwrap()
}

fn redirect(to: &'static str) -> Response {
    with(answer(302, json!(null)), "location", to)
}

/// As Keycloak has it: options in a script, a form for the answer.
const PAGES: &str = r##"
[[register]]
request = "GET /register"
follow = true

[register.capture]
challenge = { regex = 'challenge: "([^"]+)"' }
algorithms = { regex = 'algorithms: \[([^\]]*)\]', split = ",", times = 1, each = { type = "public-key", alg = "{{item}}" } }
verification = { regex = 'uv: "([^"]+)"', absent = ["not specified"], optional = true }
timeout = { regex = 'timeout: (\d+)', times = 1000 }
exclude = { html = "input[name=known]", attribute = "value", all = true, each = { type = "public-key", id = "{{item}}" } }

[register.assemble]
challenge = "{{challenge}}"
rp = { name = "Pages" }
user = { id = "dQ", name = "{{username}}", displayName = "" }
pubKeyCredParams = "{{algorithms}}"
authenticatorSelection = { userVerification = "{{verification?}}" }
timeout = "{{timeout}}"
excludeCredentials = "{{exclude}}"

[[register]]
submit = "form#register"
form = { clientDataJSON = "{{credential.response.clientDataJSON}}", userHandle = "{{credential.response.userHandle}}" }
accepted = [{ status = [302], header = "location", contains = "done" }]
refused = [{ status = [200], html = "p.error", contains = "failed" }]
"##;

const REGISTER_PAGE: &str = r#"<form id="register" action="finish?code=1" method="post">
    <input type="hidden" name="clientDataJSON"><input type="hidden" name="userHandle" value="none">
    <input name="label" value="My &quot;key&quot;"></form>
    <input type="hidden" name="known" value="AA"><input type="hidden" name="known" value="BB">
    <script>start({ challenge: "Y2g", algorithms: [-7, -257,], uv: "not specified", timeout: 60 })</script>"#;

fn credential() -> Json {
    Json::parse(br#"{"id":"x","response":{"clientDataJSON":"e30"}}"#).unwrap()
}

#[tokio::test]
async fn options_of_a_script_and_a_form_for_the_answer() {
    let failed = page("<p class='error big'>It failed.");
    let mut story = Story::new(PAGES, [redirect("/step/one"), page(REGISTER_PAGE), failed]);
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    let expected = json!({
        "challenge": "Y2g",
        "rp": {"name": "Pages"},
        "user": {"id": "dQ", "name": "ann", "displayName": ""},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "authenticatorSelection": {},
        "timeout": 60000,
        "excludeCredentials": [
            {"type": "public-key", "id": "AA"},
            {"type": "public-key", "id": "BB"},
        ],
    });
    assert_eq!(begun.options, expected);
    let answer =
        target.finish(&begun, session, inputs, &credential(), &mut Honest, log).await.unwrap();
    assert_eq!(answer.verdict.recognised, Recognised::Refused);
    let seen = story.seen();
    assert_eq!(seen[2].line, "POST /step/finish?code=1");
    assert_eq!(seen[2].body, "userHandle=none&label=My+%22key%22&clientDataJSON=e30");
    assert_eq!(seen[2].header("content-type"), Some("application/x-www-form-urlencoded"));
}

/// The answer to a credential whose request must differ from the one of another credential.
async fn is_sent(finish: &str, credential: &str, honest: &str) -> bool {
    let adapter = format!(
        "[[register]]\nrequest = \"POST /begin\"\noptions = \"$\"\n[[register]]\n\
         request = \"POST /finish\"\naccepted = [{{ status = [200] }}]\nrefused = [{{ status = [400] }}]\n{finish}"
    );
    let mut story = Story::new(&adapter, [answer(200, json!({})), answer(400, json!({}))]);
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    let [credential, honest] =
        [credential, honest].map(|text| Json::parse(text.as_bytes()).unwrap());
    let sent = SentCredential { credential: &credential, honest: Some(&honest) };
    let answer = target.finish(&begun, session, inputs, sent, &mut Honest, log).await;
    let is_sent = story.seen().len() == 2;
    match answer {
        Ok(answer) => assert_eq!(answer.verdict.recognised, Recognised::Refused),
        Err(error) => assert_eq!(error.kind, ErrorKind::EqualsHonest),
    }
    is_sent
}

#[tokio::test]
async fn a_request_that_equals_the_honest_one_is_not_sent() {
    let honest = r#"{"id":"x","response":{"clientDataJSON":"e30","userHandle":"dQ"}}"#;
    let form = r#"form = { data = "{{credential.response.clientDataJSON}}" }"#;
    let header = r#"headers = { x-id = "{{credential.id}}" }"#;
    let whole = r#"json = { whole = "{{credential}}" }"#;
    let dropped = "json = \"{{credential}}\"\ncredential = { drop = [\"response.userHandle\"] }";
    let cbor = r#"cbor = "{{credential}}""#;
    let other_id = r#"{"id":"y","response":{"clientDataJSON":"e30","userHandle":"dQ"}}"#;
    let other_data = r#"{"id":"x","response":{"clientDataJSON":"e31","userHandle":"dQ"}}"#;
    let no_data = r#"{"id":"x","response":{"userHandle":"dQ"}}"#;
    let other_handle = r#"{"id":"x","response":{"clientDataJSON":"e30","userHandle":"dX"}}"#;
    let twice = r#"{"id":"x","id":"x","response":{"clientDataJSON":"e30","userHandle":"dQ"}}"#;
    for (finish, credential, expected) in [
        (form, other_id, false),
        (form, other_data, true),
        (form, no_data, true),
        (header, other_id, true),
        (header, other_data, false),
        (header, twice, false),
        (whole, honest, false),
        (whole, other_handle, true),
        (whole, twice, true),
        (dropped, other_handle, false),
        (dropped, other_data, true),
        (cbor, other_handle, true),
        (cbor, honest, false),
    ] {
        assert_eq!(is_sent(finish, credential, honest).await, expected, "{finish}: {credential}");
    }
}

/// Members with bytes are byte strings in CBOR, whatever the adapter calls them.
#[tokio::test]
async fn members_of_bytes_under_other_names() {
    let adapter = r#"
        [[register]]
        request = "POST /begin"
        options = "$"
        [[register]]
        request = "POST /finish"
        cbor = { credentialId = "{{credential.rawId}}", name = "{{credential.id}}", whole = "{{credential}}" }
        credential = { rename = { "response.clientDataJSON" = "clientData" } }
        accepted = [{ status = [200] }]
        refused = [{ status = [400] }]
    "#;
    let mut story = Story::new(adapter, [answer(200, json!({})), answer(400, json!({}))]);
    let credential =
        br#"{"id":"_w","rawId":"_w","response":{"clientDataJSON":"e30","publicKey":"AQ"},
        "clientExtensionResults":{"prf":{"results":{"first":"AAAA"}}}}"#;
    let credential = Json::parse(credential).unwrap();
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    target.finish(&begun, session, inputs, &credential, &mut Honest, log).await.unwrap();
    let sent: ciborium::Value = ciborium::from_reader(story.seen()[1].bytes.as_slice()).unwrap();
    let bytes = |hex: &str| format!("Bytes([{hex}])");
    let shown = format!("{sent:?}");
    for (name, value) in [
        ("credentialId", bytes("255")),
        ("rawId", bytes("255")),
        ("clientData", bytes("123, 125")),
        ("publicKey", bytes("1")),
        ("first", bytes("0, 0, 0")),
        ("name", "Text(\"_w\")".to_owned()),
        ("id", "Text(\"_w\")".to_owned()),
    ] {
        assert!(shown.contains(&format!("(Text({name:?}), {value})")), "{name}: {shown}");
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_read_a_form() {
    let failed = page("<p class=error>It failed.");
    let mut story = Story::new(PAGES, [page(REGISTER_PAGE), failed]);
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    session.visit(Some("https://elsewhere.example/".parse().unwrap()));
    target.finish(&begun, session, inputs, &credential(), &mut Honest, log).await.unwrap();
    let seen = story.seen();
    assert_eq!(seen[1].line, "POST /finish");
    assert_eq!(seen[1].body, "label=My+%22key%22&clientDataJSON=e30");
}

#[tokio::test]
async fn a_form_that_is_not_there() {
    let mut story = Story::new(
        "[[login]]\nrequest = \"GET /login\"\n[[login]]\nsubmit = \"form#login\"\n",
        [page("<form id=search></form><form action=/x></form>")],
    );
    let error = story.run(Flow::Login).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"login step 2 (submit form#login): no form form#login: the page has: form#search, form[action="/x"]"#);
    let mut story = Story::new("[[login]]\nsubmit = \"form\"\n", []);
    let error = story.run(Flow::Login).await.unwrap_err();
    insta::assert_snapshot!(error, @"login step 1 (submit form): no form form: no page was loaded");
}

const PROVIDER: &str = r##"
[oidc]
authorize = "/auth"
token = "/token"
client_id = "shop"
redirect_uri = "https://app.test/in"

[[login]]
oidc = "authorize"
query = { prompt = "login" }

[[login]]
submit = "form"
form = { password = "{{password}}" }
follow = true

[[login]]
oidc = "token"
capture = { token = "$.access_token" }
forget = ["oidc.access_token"]

[[whoami]]
request = "GET /userinfo"
headers = { authorization = "Bearer {{token?}}" }
signed_in = { status = [200] }
user = "$.name"
"##;

#[tokio::test]
async fn a_provider_is_asked_with_pkce() {
    let login = page("<form method=post action=https://login.passrig.test/pw></form>");
    let mut story = Story::new(
        PROVIDER,
        [
            answer(401, json!({})),
            redirect("/sign-in"),
            login,
            redirect("/consent"),
            redirect("https://app.test/in?state=s&code=c0de"),
            answer(200, json!({"access_token": "t0ken"})),
            answer(200, json!({"name": "ann"})),
        ],
    );
    for name in ["state", "nonce", "challenge", "verifier"] {
        story.inputs = story.inputs.clone().with(format!("oidc.{name}"), format!("<{name}>"));
    }
    story.inputs = story.inputs.clone().with("password", "secret");
    assert_eq!(story.run(Flow::Whoami).await.unwrap().signed_in, Some(false));
    story.run(Flow::Login).await.unwrap();
    assert_eq!(story.run(Flow::Whoami).await.unwrap().user.as_deref(), Some("ann"));
    let seen = story.seen();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.as_str()).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    GET /userinfo
    GET /auth?client_id=shop&code_challenge=%3Cchallenge%3E&code_challenge_method=S256&nonce=%3Cnonce%3E&redirect_uri=https%3A%2F%2Fapp.test%2Fin&response_type=code&scope=openid&state=%3Cstate%3E&prompt=login
    GET /sign-in
    POST /pw
    GET /consent
    POST /token
    GET /userinfo
    ");
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(seen[3].body, "password=secret");
    insta::assert_snapshot!(seen[5].body, @"client_id=shop&code=c0de&code_verifier=%3Cverifier%3E&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.test%2Fin");
    assert_eq!(seen[6].header("authorization"), Some("Bearer t0ken"));
}

const FORMS: &str = r##"
[[provision]]
request = "GET /start"
capture = { token = { html = "meta[name=csrf]", attribute = "content" }, next = { json = "$.x", html = "#data", optional = true }, flow = { parameter = "flow", optional = true } }

[[provision]]
request = "POST {{next}}"
unless = "flow"
multipart = { token = "{{token}}" }

[[register]]
request = "POST /begin"
cbor = { name = "{{username}}", n = [1, true] }
options = { json = ["$.nodes[1].value", "$.publicKey"], binary = "base64" }

[[register]]
request = "POST /finish"
text = "{{credential}}"
credential = { stringify = ["response"] }
accepted = [{ status = [200] }]
refused = [{ status = [400] }]

[[list]]
request = "GET /keys"
credential_ids = { html = "li", attribute = "data-id" }

[csrf]
variable = "token"
header = "x-csrf"
"##;

#[tokio::test]
async fn bodies_and_places_of_every_kind() {
    let start =
        page(r#"<meta name="csrf" content="t1"><script id=data>{"x": "/deep/next"}</script>"#);
    let options = r#"{"publicKey":{"challenge":"+/8=","rp":{"id":"passrig.test"},"user":{"id":"+w=="},"excludeCredentials":[{"id":"/w==","type":"public-key"}]}}"#;
    let nodes = json!({"nodes": [{}, {"value": options}]});
    let mut story = Story::new(
        FORMS,
        [
            start,
            answer(200, json!({})),
            answer(200, nodes),
            answer(200, json!({})),
            page("<ul><li data-id=AA>One<li data-id=BB>Two</ul>"),
        ],
    );
    story.run(Flow::Provision).await.unwrap();
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    let expected = json!({
        "challenge": "-_8",
        "rp": {"id": "passrig.test"},
        "user": {"id": "-w"},
        "excludeCredentials": [{"id": "_w", "type": "public-key"}],
    });
    assert_eq!(begun.options, expected);
    let answer =
        target.finish(&begun, session, inputs, &credential(), &mut Honest, log).await.unwrap();
    assert_eq!(answer.verdict.recognised, Recognised::Accepted);
    let listed = story.run(Flow::List).await.unwrap().credentials.unwrap();
    let ids: Vec<_> = listed.iter().map(|one| one.credential_id.as_str()).collect();
    assert_eq!(ids, ["AA", "BB"]);

    let seen = story.seen();
    assert_eq!(seen[1].line, "POST /deep/next");
    assert!(seen[1].header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert!(seen[1].body.contains("name=\"token\"\r\n\r\nt1\r\n"));
    assert_eq!(seen[1].header("x-csrf"), Some("t1"));
    assert_eq!(seen[1].header("origin"), Some(ORIGIN));
    assert_eq!(seen[2].header("content-type"), Some("application/cbor"));
    assert_eq!(seen[3].body, r#"{"id":"x","response":"{\"clientDataJSON\":\"e30\"}"}"#);
    assert_eq!(seen[3].header("content-type"), Some("text/plain;charset=UTF-8"));
}

/// Hands a mail over, as somebody who waits for every answer.
fn deliver(mailbox: &Mailbox, said: &str) {
    let mut stream = TcpStream::connect(mailbox.address()).unwrap();
    stream.write_all(said.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
}

const ASIDE: &str = r##"
[[login]]
request = "POST /code"

[[login]]
mail = "{{email}}"
capture = { code = { regex = 'code is (\d+)' } }

[[login]]
run = ["printf", "%s!", "{{code}}"]
capture = { signed = { regex = '.+' } }

[[login]]
request = "POST /login"
json = { code = "{{code}}", signed = "{{signed}}" }
"##;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_comes_by_mail_and_goes_through_a_program() {
    let mailbox = Mailbox::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let answers = || [answer(200, json!({})), answer(200, json!({}))];
    let mut story = Story::new(ASIDE, answers());
    story.inputs = story.inputs.with("email", "ann@passrig.test");
    let error = story.run(Flow::Login).await.unwrap_err();
    insta::assert_snapshot!(error, @"login step 2 (mail to {{email}}): mail is not caught");

    let mail = "MAIL FROM:<a@b>\r\nRCPT TO:<ann@passrig.test>\r\nDATA\r\n\
        Subject: Hello\r\n\r\nYour code is 123456.\r\n.\r\n";
    deliver(&mailbox, mail);
    let mut story = Story::new(ASIDE, answers());
    story.inputs = story.inputs.with("email", "ann@passrig.test");
    story.target = story.target.with_mailbox(mailbox.clone());
    let error = story.run(Flow::Login).await.unwrap_err();
    insta::assert_snapshot!(error, @"login step 3 (run printf %s! {{code}}): the adapter wants to run printf %s! {{code}}");

    deliver(&mailbox, mail);
    let mut story = Story::new(ASIDE, answers());
    story.inputs = story.inputs.with("email", "ann@passrig.test");
    story.target = story.target.with_mailbox(mailbox).that_runs_programs();
    story.run(Flow::Login).await.unwrap();
    assert_eq!(story.seen()[1].body, r#"{"code":"123456","signed":"123456!"}"#);
}
