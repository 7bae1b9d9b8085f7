//! Cookies, captured values and redirects between the requests of a session.

use passrig::target_rp::error::ErrorKind;
use passrig::target_rp::{Flow, Session};
use passrig_authenticator::Ceremony;
use passrig_authenticator::workbench::Honest;
use serde_json::json;
use url::Url;

use crate::story::{REGISTER, Story, answer, begun, credential, with};

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
        let adapter = format!("[csrf]\n{source}\nheader = \"X-XSRF-Token\"\n{flows}");
        let page =
            with(answer(200, json!({"token": "from-json"})), "set-cookie", "XSRF=from-cookie");
        let mut story = Story::new(&adapter, [page, answer(200, json!({}))]);
        story.run(Flow::Provision).await.unwrap();
        let seen = story.seen();
        assert_eq!(seen[0].header("x-xsrf-token"), None);
        assert_eq!(seen[1].header("x-xsrf-token"), Some(value));
        assert_eq!(seen[1].header("cookie"), Some("XSRF=from-cookie"));
    }
}

#[tokio::test]
async fn a_cookie_is_captured_under_any_path() {
    let adapter = r#"
[[login]]
request = "GET /page"
capture = { token = { cookie = "flow" } }
[[login]]
request = "GET /next"
query = { t = "{{token}}" }
"#;
    let page = with(answer(200, json!({})), "set-cookie", "flow=abc; Path=/elsewhere");
    let mut story = Story::new(adapter, [page, answer(200, json!({}))]);
    story.run(Flow::Login).await.unwrap();
    assert_eq!(story.seen()[1].line, "GET /next?t=abc");
    assert_eq!(story.seen()[1].header("cookie"), None);
    let mut story = Story::new(adapter, [answer(200, json!({}))]);
    insta::assert_snapshot!(story.run(Flow::Login).await.unwrap_err(), @"login step 1 (GET /page): nothing to capture for `token`: there is no cookie `flow`");
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
    let adapter = "[[remove]]\nrequest = \"DELETE /list/1\"\nexpect = [{ status = [204] }]";
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
    let mut story = Story::new(adapter, refused.into_iter().chain(removal));
    story.session.visit(Some(Url::parse("https://evil.example/page").unwrap()));
    for _ in 0..3 {
        assert_eq!(story.run(Flow::Remove).await.unwrap_err().kind, ErrorKind::Preflight);
    }
    story.run(Flow::Remove).await.unwrap();
    let seen = story.seen();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(lines, [["OPTIONS /list/1"; 4].as_slice(), &["DELETE /list/1"]].concat());
    assert_eq!(seen[0].header("access-control-request-method"), Some("DELETE"));
    assert_eq!(seen[0].header("cookie"), None);
}

#[tokio::test]
async fn a_new_capture_replaces_the_earlier_value() {
    let between = "[[register]]\nrequest = \"POST /confirm\"\nheaders = { x-old = \"{{ticket}}\" }\n\
        capture = { ticket = { json = \"$.ticket\" } }\n\n[[register]]\nrequest = \"POST /finish\"";
    let adapter = REGISTER.replace("[[register]]\nrequest = \"POST /finish\"", between);
    let fresh = answer(200, json!({"ticket": 8}));
    let mut story = Story::new(&adapter, [begun(), fresh, answer(200, json!({"ok": true}))]);
    story.inputs = story.inputs.with_setting("user_verification", "required");
    story.register(&credential(), &mut Honest).await.unwrap();
    let seen = story.seen();
    assert_eq!(seen[1].header("x-old"), Some("7"));
    assert!(seen[2].body.contains("\"ticket\":8"));
}

#[tokio::test]
async fn redirects_are_followed_only_with_follow() {
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
    assert_eq!(story.run(Flow::Login).await.unwrap_err().kind, ErrorKind::Redirects(10));
}

#[tokio::test]
async fn a_step_without_its_variable_means_signed_out() {
    let whoami = "[[whoami]]\nrequest = \"GET /me\"\nwhen = \"username\"\n\
        signed_in = { status = [200] }\n";
    let mut story = Story::new(whoami, [answer(200, json!({}))]);
    assert_eq!(story.run(Flow::Whoami).await.unwrap().signed_in, Some(true));
    story.inputs = story.inputs.clone().without("username");
    assert_eq!(story.run(Flow::Whoami).await.unwrap().signed_in, Some(false));
    assert_eq!(story.seen().len(), 1);
}
