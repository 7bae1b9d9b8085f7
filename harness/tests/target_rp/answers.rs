//! Answers of a relying party to options requests and to credentials.

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use passrig::target_rp::error::ErrorKind;
use passrig_authenticator::Ceremony;
use passrig_authenticator::workbench::Honest;
use serde_json::json;

use crate::story::{REGISTER, Story, answer, begun, credential, with};

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
    let adapter = format!("{REGISTER}\n[[register]]\nrequest = \"POST /confirm\"");
    let ok = || answer(200, json!({"ok": true}));
    for (last, requests) in [(answer(400, json!({})), 2), (ok(), 3)] {
        let mut story = Story::new(&adapter, [begun(), last, ok()]);
        story.inputs = story.inputs.with_setting("user_verification", "required");
        story.register(&credential(), &mut Honest).await.unwrap();
        assert_eq!(story.seen().len(), requests);
        assert_eq!(story.log.len(), requests);
    }
}

#[tokio::test]
async fn invalid_options() {
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
        let adapter = REGISTER
            .replace("ticket = { json = \"$.ticket\" }, ", "ticket = { header = \"x-trace\" }, ");
        let mut story = Story::new(&adapter, [response]);
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
    let adapter = REGISTER.replace("options = \"$.publicKey\"", refused);
    let mut told = Vec::new();
    for (status, message) in [(404, "who?"), (500, "unknown"), (500, "boom"), (503, "unknown")] {
        let mut story = Story::new(&adapter, [answer(status, json!({ "message": message }))]);
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
    assert_eq!(error.kind, ErrorKind::NoFlow);
}

/// An answer with these bytes.
fn raw(headers: &[(&str, &str)], body: &[u8]) -> Response {
    let mut response = Response::builder().status(200);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_vec())).unwrap()
}

/// Bodies that a page reads with `Response.json()`, or as CBOR.
#[tokio::test]
async fn options_are_read_as_a_page_reads_them() {
    let json = br#"{"challenge":"AAAA"}"#;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json).unwrap();
    let compressed = encoder.finish().unwrap();
    let bom = [b"\xef\xbb\xbf", &json[..]].concat();
    let cbor = b"\xa1\x69challenge\x43\0\0\0";
    let kind = "content-type";
    for (headers, body) in [
        (&[("content-encoding", "gzip")][..], compressed.as_slice()),
        (&[], &bom),
        (&[(kind, "application/json; charset=utf-16")], json),
        (&[(kind, "application/json; charset=iso-8859-1")], json),
        (&[(kind, "application/cbor")], json),
        (&[(kind, "application/cbor")], cbor),
        (&[(kind, "application/problem+cbor; x=y")], cbor),
        (&[(kind, "application/octet-stream")], cbor),
        (&[(kind, "application/json")], cbor),
        (&[], cbor),
    ] {
        let adapter = "[[register]]\nrequest = \"POST /begin\"\noptions = \"$\"\n[[register]]\n\
                       request = \"POST /finish\"\njson = \"{{credential}}\"\n\
                       accepted = [{ status = [200] }]\nrefused = [{ status = [400] }]\n";
        let mut story = Story::new(adapter, [raw(headers, body)]);
        let Story { target, session, inputs, log, .. } = &mut story;
        let begun = target.begin(Ceremony::Registration, session, inputs, log).await.unwrap();
        assert_eq!(begun.options, json!({"challenge": "AAAA"}), "{headers:?}");
    }
}
