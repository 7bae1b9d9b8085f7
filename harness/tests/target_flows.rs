//! Flows against a relying party in the same process that tells what it saw.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod story;

use axum::body::Body;
use axum::response::Response;
use passrig::target::error::Kind;
use passrig::target::{Answer, Done, Error, Flow, Inputs, Manner, Recognised, Session};
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{Json, Layout, Tree};
use passrig_authenticator::workbench::{Honest, Stage, Workbench};
use serde_json::json;
use url::Url;

use story::{Seen, Story, answer, with};

const REGISTER: &str = r#"
[settings]
user_verification = { choose = ["required", "preferred"] }

[[register]]
request = "POST /begin/{{username}}"
query = { to = "{{email?}}", uv = "{{setting.user_verification}}" }
json = { name = "{{username}}", mail = "{{email?}}", nested = { list = [1, "{{username}}!", true] } }
capture = { ticket = { json = "$.ticket" }, trace = { header = "X-Trace" }, code = "status" }
options = "$.publicKey"

[[register]]
request = "POST /finish"
json = { ticket = "{{ticket}}", code = "{{code}}", data = "{{credential}}" }
headers = { x-trace = "{{trace}}" }
accepted = [{ status = [200], json = "$.ok", equals = true }]
refused = [
    { status = [400, 403] },
    { status = [200], json = "$.ok", equals = false },
    { status = [302], header = "location", contains = "/failed" },
    { status = [500], json = "$.code", equals = "bad" },
    { status = [502] },
]
"#;

fn begun() -> Response {
    let body = json!({"ticket": 7, "publicKey": {"challenge": "AAAA"}});
    with(answer(200, body), "x-trace", "trace-1")
}

fn credential() -> Json {
    Json::parse(br#"{"id":"x","response":{"signature":"s"},"id":"twice"}"#).unwrap()
}

#[tokio::test]
async fn templates_and_captures() {
    let mut story = Story::new(REGISTER, [begun(), answer(200, json!({"ok": true}))]);
    story.inputs =
        Inputs::new("c").with("username", "a/b c").with_setting("user_verification", "required");
    let answer = story.register(&credential(), &mut Honest).await.unwrap();
    assert_eq!(answer.verdict.recognised, Recognised::Accepted);
    assert_eq!((answer.response.status.as_u16(), answer.exchange), (200, 1));
    let seen = story.seen();
    assert_eq!(seen[0].line, "POST /begin/a%2Fb%20c?uv=required");
    assert_eq!(seen[0].body, r#"{"name":"a/b c","nested":{"list":[1,"a/b c!",true]}}"#);
    // Numbers stay numbers, and the credential keeps its duplicates.
    let body =
        r#"{"code":200,"data":{"id":"x","response":{"signature":"s"},"id":"twice"},"ticket":7}"#;
    assert_eq!(seen[1].body, body);
    assert_eq!(seen[1].header("x-trace"), Some("trace-1"));
    assert_eq!(seen[1].header("content-length"), Some(body.len().to_string().as_str()));
}

#[tokio::test]
async fn what_becomes_of_a_list() {
    let of = |sent: &str| {
        format!(
            "[[list]]\nrequest = \"GET /all\"\ncapture = {{ all = \"$.all\" }}\n\
        [[list]]\nrequest = \"POST /list\"\n{sent}\ncredential_ids = \"$[*]\"\n"
        )
    };
    for (sent, body) in [
        ("json = { all = \"{{all}}\" }", r#"{"all":["usb",7]}"#),
        ("json = { all = \"{{all|text}}\" }", r#"{"all":"[\"usb\",7]"}"#),
        ("json = { all = \"{{all|joined}}\" }", r#"{"all":"usb,7"}"#),
        ("form = { all = \"{{all|joined}}\" }", "all=usb%2C7"),
    ] {
        let all = answer(200, json!({"all": ["usb", 7]}));
        let mut story = Story::new(&of(sent), [all, answer(200, json!([]))]);
        story.run(Flow::List).await.unwrap();
        assert_eq!(story.seen()[1].body, body, "{sent}");
    }
}

#[tokio::test]
async fn looks_like_a_browser() {
    let mut story = Story::new(
        "[[whoami]]\nrequest = \"GET /me\"\nsigned_in = { status = [200] }\n[[logout]]\nrequest = \"POST /out\"",
        [answer(200, json!({})), answer(200, json!({}))],
    );
    story.run(Flow::Whoami).await.unwrap();
    story.run(Flow::Logout).await.unwrap();
    let shown = |seen: &Seen| {
        let headers = seen.headers.iter().filter(|(name, _)| *name != "user-agent");
        headers.map(|(n, v)| format!("{n}: {}\n", v.to_str().unwrap())).collect::<String>()
    };
    let seen = story.seen();
    insta::assert_snapshot!(shown(&seen[0]), @r"
host: login.passrig.test
accept: application/json, text/plain, */*
accept-language: en-US,en;q=0.9
referer: https://login.passrig.test/
sec-fetch-site: same-origin
sec-fetch-mode: cors
sec-fetch-dest: empty
");
    insta::assert_snapshot!(shown(&seen[1]), @r"
host: login.passrig.test
accept: application/json, text/plain, */*
accept-language: en-US,en;q=0.9
origin: https://login.passrig.test
referer: https://login.passrig.test/
sec-fetch-site: same-origin
sec-fetch-mode: cors
sec-fetch-dest: empty
");
}

#[tokio::test]
async fn a_check_is_named_on_request() {
    for is_asked_for in [false, true] {
        let mut story =
            Story::new("[[logout]]\nrequest = \"POST /out\"\njson = {}", [answer(200, json!({}))]);
        if is_asked_for {
            story.target = story.target.clone().that_names_checks();
        }
        story.run(Flow::Logout).await.unwrap();
        let named = story.seen()[0].header("x-passrig-check").map(str::to_owned);
        assert_eq!(named.as_deref(), is_asked_for.then_some("registration.test"));
    }
}

#[tokio::test]
async fn a_missing_variable_is_named() {
    let mut story = Story::new(REGISTER, []);
    let error = story.register(&credential(), &mut Honest).await.unwrap_err();
    insta::assert_snapshot!(format!("{error}\n{}", error.help()), @r"
register step 1 (POST /begin/{{username}}): `{{setting.user_verification}}` is not set
capture it in a step before, or write `{{setting.user_verification?}}`
");
}

/// One answer to the credential, and what becomes of it.
async fn judged(response: Response) -> String {
    let mut story = Story::new(REGISTER, [begun(), response]);
    story.inputs = story.inputs.with_setting("user_verification", "required");
    let verdict = story.register(&credential(), &mut Honest).await.unwrap().verdict;
    let message = verdict.message.unwrap_or_default();
    let unknown = verdict.unknown.unwrap_or_default();
    format!("{:?} | {} | {message} | {unknown}", verdict.recognised, verdict.manner.name())
}

#[tokio::test]
async fn verdicts() {
    let page = || Response::builder().status(200).body(Body::from("<h1>Sorry</h1>")).unwrap();
    let empty = |status| answer(status, json!({}));
    let answers = [
        answer(200, json!({"ok": true})),
        answer(200, json!({"ok": false, "message": "no"})),
        answer(400, json!({"error": {"message": "wrong origin"}})),
        with(empty(302), "location", "/failed?why=1"),
        with(empty(302), "location", "/welcome"),
        answer(500, json!({"code": "bad"})),
        answer(500, json!({"code": "oops"})),
        empty(502),
        empty(418),
        answer(200, json!({"status": "maybe"})),
        page(),
        with(empty(429), "retry-after", "7"),
        empty(429),
        with(empty(503), "retry-after", "later"),
        empty(503),
    ];
    let mut lines = String::new();
    for response in answers {
        let status = response.status().as_u16();
        lines.push_str(&format!("{status}: {}\n", judged(response).await));
    }
    insta::assert_snapshot!(lines, @r#"
200: Accepted | ok |  | 
200: Refused | failure-body | no | 
400: Refused | client-error | wrong origin | 
302: Refused | redirect |  | 
302: Unrecognised | redirect |  | { status = [302], header = "location", contains = "/welcome" }
500: Refused | named-server-error | bad | 
500: Crash | server-error | oops | { status = [500], json = "$.code", equals = "oops" }
502: RefusedLikeCrash | server-error |  | 
418: Unrecognised | client-error |  | { status = [418] }
200: Unrecognised | ok |  | { status = [200], json = "$.status", equals = "maybe" }
200: Unrecognised | ok | <h1>Sorry</h1> | { status = [200], body = "<h1>Sorry</h1>" }
429: Throttled { after: Some(7s) } | client-error |  | 
429: Throttled { after: None } | client-error |  | 
503: Throttled { after: None } | server-error |  | 
503: Crash | server-error |  | { status = [503] }
"#);
}

#[tokio::test]
async fn steps_after_a_refusal_are_not_taken() {
    let profile = format!("{REGISTER}\n[[register]]\nrequest = \"POST /confirm\"");
    let ok = || answer(200, json!({"ok": true}));
    for (last, requests) in [(answer(400, json!({})), 2), (ok(), 3)] {
        let mut story = Story::new(&profile, [begun(), last, ok()]);
        story.inputs = story.inputs.with_setting("user_verification", "required");
        story.register(&credential(), &mut Honest).await.unwrap();
        assert_eq!(story.seen().len(), requests);
        assert_eq!(story.log.len(), requests);
    }
}

#[tokio::test]
async fn what_can_be_wrong_with_options() {
    let html = Response::builder().body(Body::from("<html>\n <p>Log in</p>")).unwrap();
    let answers = [
        html,
        Response::builder().body(Body::empty()).unwrap(),
        Response::builder().body(Body::from("OK")).unwrap(),
        answer(200, json!({"challenge": 1, "rp": 2, "user": 3, "ticket": 4})),
        answer(200, json!({"publicKey": "eyJ9", "ticket": 1})),
        answer(200, json!([])),
        answer(401, json!({"message": "log in first"})),
        answer(500, json!({"message": "boom"})),
        with(answer(429, json!({})), "retry-after", "3"),
    ];
    let mut lines = String::new();
    for response in answers {
        let response = with(response, "x-trace", "t");
        let profile = REGISTER
            .replace("ticket = { json = \"$.ticket\" }, ", "ticket = { header = \"x-trace\" }, ");
        let mut story = Story::new(&profile, [response]);
        story.inputs = story.inputs.with_setting("user_verification", "required");
        let error = story.register(&credential(), &mut Honest).await.unwrap_err();
        lines.push_str(&format!("{error}\n  {}\n", error.help()));
    }
    insta::assert_snapshot!(lines, @r#"
register step 1 (POST /begin/{{username}}): JSON was due, but the answer (200) is HTML: <html> <p>Log in</p>
  is the path right? A page instead of JSON is often a log-in page or a 404
register step 1 (POST /begin/{{username}}): JSON was due, but the answer (200) is empty
  is the path right? A page instead of JSON is often a log-in page or a 404
register step 1 (POST /begin/{{username}}): JSON was due, but the answer (200) is something else: OK
  is the path right? A page instead of JSON is often a log-in page or a 404
register step 1 (POST /begin/{{username}}): no match for $.publicKey; the body has: challenge, rp, user, ticket
  set the place of the options in the adapter, for example: options = "$.publicKey"
register step 1 (POST /begin/{{username}}): the options at $.publicKey are a string, not an object
  set the place of the options in the adapter, for example: options = "$.publicKey"
register step 1 (POST /begin/{{username}}): no match for $.publicKey; the body is an array
  set the place of the options in the adapter, for example: options = "$.publicKey"
register step 1 (POST /begin/{{username}}): unexpected answer 401: log in first
  is the path right, and does the target want a `login` before?
register step 1 (POST /begin/{{username}}): the target answers 500: boom
  the target's log tells more
register step 1 (POST /begin/{{username}}): the target wants fewer requests, for 3s
  wait, or switch off the target's rate limit for the test
"#);
}

/// A server error is a refusal only if its body tells it from a crash.
#[tokio::test]
async fn who_gets_no_options_is_refused_as_the_adapter_says() {
    let refused = "options = \"$.publicKey\"\n\
         refused = [{ status = [404] }, { status = [500], body = \"unknown\" }, { status = [503] }]";
    let profile = REGISTER.replace("options = \"$.publicKey\"", refused);
    let mut told = Vec::new();
    for (status, message) in [(404, "who?"), (500, "unknown"), (500, "boom"), (503, "unknown")] {
        let mut story = Story::new(&profile, [answer(status, json!({ "message": message }))]);
        story.inputs = story.inputs.with_setting("user_verification", "required");
        let error = story.register(&credential(), &mut Honest).await.unwrap_err();
        told.push((error.is_answer(), error.kind.to_string()));
    }
    let expected = [
        (true, "the target refuses with 404: who?"),
        (true, "the target refuses with 500: unknown"),
        (false, "the target answers 500: boom"),
        (false, "the target answers 503: unknown"),
    ];
    assert_eq!(told, expected.map(|(answer, text)| (answer, text.to_owned())));
}

#[tokio::test]
async fn options_are_handed_over_as_they_are() {
    let odd = json!({"publicKey": {"challenge": 5, "user": null}, "ticket": 1});
    let mut story = Story::new(REGISTER, [with(answer(200, odd), "x-trace", "t")]);
    story.inputs = story.inputs.with_setting("user_verification", "required");
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    assert_eq!(begun.options, json!({"challenge": 5, "user": null}));
    let error = target.begin(Ceremony::Authentication, session, inputs, log).await.unwrap_err();
    assert_eq!(error.kind, Kind::NoFlow);
}

/// Edits the request as deviations do.
struct Edit(fn(&mut Layout));

impl Workbench for Edit {
    fn finish(&mut self, stage: Stage, mut artefact: Tree) -> Tree {
        assert_eq!(stage, Stage::Request);
        if let Tree::Layout(layout) = &mut artefact {
            self.0(layout);
        }
        artefact
    }
}

fn field<'a>(layout: &'a mut Layout, name: &str) -> &'a mut Tree {
    &mut layout.fields.iter_mut().find(|(known, _)| known == name).unwrap().1
}

async fn edited(edit: fn(&mut Layout)) -> (Result<Answer, Error>, Story) {
    let mut story = Story::new(REGISTER, [begun(), answer(200, json!({"ok": true}))]);
    story.inputs = story.inputs.with_setting("user_verification", "required");
    let result = story.register(&credential(), &mut Edit(edit)).await;
    (result, story)
}

#[tokio::test]
async fn the_request_passes_the_workbench() {
    let (result, story) = edited(|layout| {
        *field(layout, "method") = Tree::Bytes(b"PUT".to_vec());
        *field(layout, "path") = Tree::Bytes(b"/finish?x".to_vec());
        if let Tree::Layout(headers) = field(layout, "header") {
            *field(headers, "origin") = Tree::Bytes(b"https://evil.test".to_vec());
            headers.fields.retain(|(name, _)| name != "referer");
        }
        let Tree::Json(Json::Object(members)) = field(layout, "body") else { panic!() };
        members.push(("more".into(), Json::Raw(b"\xff".to_vec())));
    })
    .await;
    result.unwrap();
    let seen = story.seen();
    assert_eq!(seen[1].line, "PUT /finish?x");
    assert_eq!(seen[1].header("origin"), Some("https://evil.test"));
    assert_eq!(seen[1].header("referer"), None);
    assert!(seen[1].body.ends_with("\"more\":\u{fffd}}"));
}

#[tokio::test]
async fn what_http_cannot_carry() {
    let (result, story) =
        edited(|layout| *field(layout, "method") = Tree::Bytes(b"A B".to_vec())).await;
    assert!(matches!(result.unwrap_err().kind, Kind::Unsendable(_)));
    assert_eq!(story.seen().len(), 1);
    let (result, _) = edited(|layout| {
        if let Tree::Layout(headers) = field(layout, "header") {
            headers.fields.push(("x".into(), Tree::Bytes(b"a\r\nb".to_vec())));
        }
    })
    .await;
    insta::assert_snapshot!(result.unwrap_err(), @"register step 2 (POST /finish): the request cannot be sent: the value of `x` cannot stand in a header");
}

#[tokio::test]
async fn a_form_with_members_of_the_credential() {
    let profile = r#"
[[register]]
request = "GET /begin"
options = "$"
[[register]]
request = "POST /finish"
form = { all = "{{credential}}", sig = "{{credential.response.signature}}", none = "{{credential.response.userHandle}}" }
credential = { drop = ["id"], set = { "response.extra" = "{}" } }
accepted = [{ status = [200] }]
refused = [{ status = [400], body = "nope" }]
"#;
    let mut story =
        Story::new(profile, [answer(200, json!({"challenge": ""})), answer(200, json!({}))]);
    story.register(&credential(), &mut Honest).await.unwrap();
    let seen = story.seen();
    assert_eq!(seen[1].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen[1].header("sec-fetch-mode"), Some("navigate"));
    let fields: Vec<_> =
        url::form_urlencoded::parse(seen[1].body.as_bytes()).into_owned().collect();
    let all = r#"{"response":{"signature":"s","extra":"{}"}}"#;
    assert_eq!(fields, [("all".into(), all.into()), ("sig".into(), "s".into())]);
}

#[tokio::test]
async fn csrf_from_a_cookie_and_from_a_capture() {
    let flows = r#"
[[provision]]
request = "GET /page"
capture = { token = { json = "$.token" } }
[[provision]]
request = "POST /create"
"#;
    for (source, value) in
        [("cookie = \"XSRF\"", "from-cookie"), ("variable = \"token\"", "from-json")]
    {
        let profile = format!("[csrf]\n{source}\nheader = \"X-XSRF-Token\"\n{flows}");
        let page =
            with(answer(200, json!({"token": "from-json"})), "set-cookie", "XSRF=from-cookie");
        let mut story = Story::new(&profile, [page, answer(200, json!({}))]);
        story.run(Flow::Provision).await.unwrap();
        let seen = story.seen();
        assert_eq!(seen[0].header("x-xsrf-token"), None);
        assert_eq!(seen[1].header("x-xsrf-token"), Some(value));
        assert_eq!(seen[1].header("cookie"), Some("XSRF=from-cookie"));
    }
}

#[tokio::test]
async fn a_cookie_is_captured_under_any_path() {
    let profile = r#"
[[login]]
request = "GET /page"
capture = { token = { cookie = "flow" } }
[[login]]
request = "GET /next"
query = { t = "{{token}}" }
"#;
    let page = with(answer(200, json!({})), "set-cookie", "flow=abc; Path=/elsewhere");
    let mut story = Story::new(profile, [page, answer(200, json!({}))]);
    story.run(Flow::Login).await.unwrap();
    assert_eq!(story.seen()[1].line, "GET /next?t=abc");
    assert_eq!(story.seen()[1].header("cookie"), None);
    let mut story = Story::new(profile, [answer(200, json!({}))]);
    insta::assert_snapshot!(story.run(Flow::Login).await.unwrap_err(), @"login step 1 (GET /page): nothing to capture for `token`: there is no cookie `flow`");
}

/// A runner works on several threads.
#[test]
fn ceremonies_can_move_between_threads() {
    fn moves<T: Send>(_: T) {}
    let mut story = Story::new(REGISTER, []);
    moves(story.register(&credential(), &mut Honest));
}

#[tokio::test]
async fn probes() {
    let profile = r#"
[[whoami]]
request = "GET /me"
signed_in = { status = [200], json = "$.user.id" }
user = "$.user.name"
[[list]]
request = "GET /list"
credential_ids = "$[*].cid"
record_ids = "$[*].id"
[[remove]]
request = "DELETE /list/{{record_id}}"
expect = [{ status = [204] }]
"#;
    let mut story = Story::new(
        profile,
        [
            answer(401, json!({})),
            answer(200, json!({"user": {"id": 1, "name": "ann"}})),
            answer(200, json!([{"cid": "AA", "id": 1}, {"cid": "BB", "id": 2}])),
            answer(200, json!([{"cid": "AA", "id": 1}, {"cid": "BB"}])),
            answer(200, json!([{"cid": {}, "id": 1}])),
            answer(204, json!({})),
            answer(200, json!({})),
        ],
    );
    assert_eq!(story.run(Flow::Whoami).await.unwrap().signed_in, Some(false));
    let done = story.run(Flow::Whoami).await.unwrap();
    assert_eq!((done.signed_in, done.user.as_deref()), (Some(true), Some("ann")));
    let listed = story.run(Flow::List).await.unwrap().credentials.unwrap();
    assert_eq!((listed[1].credential_id.as_str(), listed[1].record_id.as_str()), ("BB", "2"));
    insta::assert_snapshot!(story.run(Flow::List).await.unwrap_err(), @"list step 1 (GET /list): 2 credential ids, but 1 record ids");
    insta::assert_snapshot!(story.run(Flow::List).await.unwrap_err(), @"list step 1 (GET /list): $[*].cid gives an object where a string was due");
    story.inputs = story.inputs.clone().with("record_id", "2");
    story.run(Flow::Remove).await.unwrap();
    let error = story.run(Flow::Remove).await.unwrap_err();
    insta::assert_snapshot!(error.help(), @"if this is as it should be, add to the step: expect = [{ status = [200] }]");
    assert_eq!(story.run(Flow::Logout).await.unwrap(), Done::default());
}

#[tokio::test]
async fn a_ceremony_finishes_in_another_session() {
    // A header of its own would make the foreign page ask first.
    let mut story = Story::new(
        &REGISTER.replace("headers = { x-trace = \"{{trace}}\" }\n", ""),
        [with(begun(), "set-cookie", "sid=victim-session"), answer(200, json!({"ok": true}))],
    );
    story.inputs = story.inputs.with_setting("user_verification", "required");
    let Story { target, session, inputs, log, .. } = &mut story;
    let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
    let mut other = Session::new();
    other.visit(Some(Url::parse("https://evil.example/page").unwrap()));
    target.finish(&begun, &mut other, inputs, &credential(), &mut Honest, log).await.unwrap();
    let seen = story.seen();
    // The ticket comes along; the cookies do not.
    assert!(seen[1].body.contains("\"ticket\":7"));
    assert_eq!(seen[1].header("cookie"), None);
    assert_eq!(seen[1].header("origin"), Some("https://evil.example"));
    assert_eq!(seen[1].header("sec-fetch-site"), Some("cross-site"));
    // A browser would have to ask before it sent JSON under that name.
    assert_eq!(seen[1].header("content-type"), Some("text/plain;charset=UTF-8"));
}

#[tokio::test]
async fn a_foreign_page_asks_first() {
    let profile = "[[remove]]\nrequest = \"DELETE /list/1\"\nexpect = [{ status = [204] }]";
    let origin = "access-control-allow-origin";
    let permitted = |origin_value| {
        let answer = with(answer(204, json!({})), origin, origin_value);
        let answer = with(answer, "access-control-allow-credentials", "true");
        with(answer, "access-control-allow-methods", "GET, DELETE")
    };
    let refused = [
        answer(404, json!({})),
        with(answer(200, json!({})), origin, "*"),
        permitted("https://other.example"),
    ];
    let removal = [permitted("https://evil.example"), answer(204, json!({}))];
    let mut story = Story::new(profile, refused.into_iter().chain(removal));
    story.session.visit(Some(Url::parse("https://evil.example/page").unwrap()));
    for _ in 0..3 {
        assert_eq!(story.run(Flow::Remove).await.unwrap_err().kind, Kind::Preflight);
    }
    story.run(Flow::Remove).await.unwrap();
    let seen = story.seen();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(lines, [["OPTIONS /list/1"; 4].as_slice(), &["DELETE /list/1"]].concat());
    assert_eq!(seen[0].header("access-control-request-method"), Some("DELETE"));
    assert_eq!(seen[0].header("cookie"), None);
}

#[tokio::test]
async fn what_is_captured_anew_replaces_what_came_along() {
    let between = "[[register]]\nrequest = \"POST /confirm\"\nheaders = { x-old = \"{{ticket}}\" }\n\
        capture = { ticket = { json = \"$.ticket\" } }\n\n[[register]]\nrequest = \"POST /finish\"";
    let profile = REGISTER.replace("[[register]]\nrequest = \"POST /finish\"", between);
    let fresh = answer(200, json!({"ticket": 8}));
    let mut story = Story::new(&profile, [begun(), fresh, answer(200, json!({"ok": true}))]);
    story.inputs = story.inputs.with_setting("user_verification", "required");
    story.register(&credential(), &mut Honest).await.unwrap();
    let seen = story.seen();
    assert_eq!(seen[1].header("x-old"), Some("7"));
    assert!(seen[2].body.contains("\"ticket\":8"));
}

#[tokio::test]
async fn redirects_are_followed_only_when_told() {
    let step = |follow| format!("[[login]]\nrequest = \"POST /in\"\nfollow = {follow}");
    let hop = || with(answer(302, json!({})), "location", "/home?x=1");
    let mut story = Story::new(&step(false), [hop()]);
    story.run(Flow::Login).await.unwrap();
    assert_eq!(story.seen().len(), 1);
    let mut story =
        Story::new(&step(true), [with(hop(), "set-cookie", "a=b"), answer(200, json!({}))]);
    story.run(Flow::Login).await.unwrap();
    assert_eq!(story.seen()[1].line, "GET /home?x=1");
    assert_eq!(story.seen()[1].header("cookie"), Some("a=b"));
    let mut story = Story::new(&step(true), (0..20).map(|_| hop()));
    assert_eq!(story.run(Flow::Login).await.unwrap_err().kind, Kind::Redirects(10));
}

#[tokio::test]
async fn secrets_are_masked_wherever_they_occur() {
    let profile = "[[login]]\nrequest = \"POST /in\"\njson = { password = \"{{password}}\" }\n\
        capture = { token = { json = \"$.token\" } }\n\
        [[login]]\nrequest = \"GET /next\"\nquery = { t = \"{{token}}\" }";
    let first = answer(200, json!({"token": "tok/en+1234", "echo": "p\"ss w/rd"}));
    let mut story = Story::new(
        profile,
        [
            with(first, "set-cookie", "sid=cookie-secret; HttpOnly"),
            answer(400, json!({"message": "bad tok/en+1234"})),
        ],
    );
    story.inputs = story.inputs.with("password", "p\"ss w/rd");
    let error = story.run(Flow::Login).await.unwrap_err();
    assert!(error.to_string().ends_with("bad [masked]"), "{error}");
    let text = serde_json::to_string_pretty(&story.log.exchanges()).unwrap();
    for secret in ["cookie-secret", "tok/en", "tok%2Fen", "ss w/rd"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("?t=[masked]") && text.contains("sid=[masked]"));
}

#[tokio::test]
async fn long_bodies_are_cut_in_the_log_only() {
    let long = "x".repeat(20_000);
    let mut story = Story::new("[[login]]\nrequest = \"POST /in\"", [answer(200, json!(long))]);
    story.run(Flow::Login).await.unwrap();
    let exchanges = story.log.exchanges();
    let body = exchanges[0].response.as_ref().unwrap().body.as_ref().unwrap();
    assert_eq!((body.text.len(), body.length, body.sha256.len()), (8192, 20_002, 64));
}

#[test]
fn manners_have_the_same_name_everywhere() {
    for manner in [
        Manner::Ok,
        Manner::FailureBody,
        Manner::Redirect,
        Manner::ClientError,
        Manner::NamedServerError,
        Manner::ServerError,
    ] {
        assert_eq!(serde_json::to_value(manner).unwrap(), manner.name());
    }
}

#[tokio::test]
async fn a_step_waits_for_its_variable() {
    let whoami = "[[whoami]]\nrequest = \"POST /login\"\nwhen = \"username\"\n\n\
        [[whoami]]\nrequest = \"GET /me\"\nsigned_in = { status = [200] }\n";
    let ok = || answer(200, json!({}));
    let mut story = Story::new(whoami, [ok(), ok(), ok()]);
    story.run(Flow::Whoami).await.unwrap();
    story.inputs = story.inputs.clone().without("username");
    story.run(Flow::Whoami).await.unwrap();
    let seen: Vec<_> = story.seen().iter().map(|seen| seen.line.clone()).collect();
    assert_eq!(seen, ["POST /login", "GET /me", "GET /me"]);
}

#[tokio::test]
async fn whoever_holds_nothing_to_show_is_nobody() {
    let whoami = "[[whoami]]\nrequest = \"GET /me\"\nwhen = \"username\"\n\
        signed_in = { status = [200] }\n";
    let mut story = Story::new(whoami, [answer(200, json!({}))]);
    assert_eq!(story.run(Flow::Whoami).await.unwrap().signed_in, Some(true));
    story.inputs = story.inputs.clone().without("username");
    assert_eq!(story.run(Flow::Whoami).await.unwrap().signed_in, Some(false));
    assert_eq!(story.seen().len(), 1);
}
