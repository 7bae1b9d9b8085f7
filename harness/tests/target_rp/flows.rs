//! Requests of flows, and the log of them, against a relying party in the same process.

use passrig::outcome::Manner;
use passrig::target_rp::error::ErrorKind;
use passrig::target_rp::{CredentialAnswer, Error, Flow, FlowOutput, Inputs, Recognised};
use passrig_authenticator::wire::{Json, Layout, Tree};
use passrig_authenticator::workbench::{Honest, Stage, Workbench};
use serde_json::json;

use crate::story::{REGISTER, Seen, Story, answer, begun, credential, with};

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
async fn a_list_in_a_template() {
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

async fn edited(edit: fn(&mut Layout)) -> (Result<CredentialAnswer, Error>, Story) {
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
async fn requests_that_http_cannot_carry() {
    let (result, story) =
        edited(|layout| *field(layout, "method") = Tree::Bytes(b"A B".to_vec())).await;
    assert!(matches!(result.unwrap_err().kind, ErrorKind::Unsendable(_)));
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
    let adapter = r#"
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
        Story::new(adapter, [answer(200, json!({"challenge": ""})), answer(200, json!({}))]);
    story.register(&credential(), &mut Honest).await.unwrap();
    let seen = story.seen();
    assert_eq!(seen[1].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen[1].header("sec-fetch-mode"), Some("navigate"));
    let fields: Vec<_> =
        url::form_urlencoded::parse(seen[1].body.as_bytes()).into_owned().collect();
    let all = r#"{"response":{"signature":"s","extra":"{}"}}"#;
    assert_eq!(fields, [("all".into(), all.into()), ("sig".into(), "s".into())]);
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
    let adapter = r#"
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
        adapter,
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
    assert_eq!(story.run(Flow::Logout).await.unwrap(), FlowOutput::default());
}

#[tokio::test]
async fn secrets_are_masked_wherever_they_occur() {
    let adapter = "[[login]]\nrequest = \"POST /in\"\njson = { password = \"{{password}}\" }\n\
        capture = { token = { json = \"$.token\" } }\n\
        [[login]]\nrequest = \"GET /next\"\nquery = { t = \"{{token}}\" }";
    let first = answer(200, json!({"token": "tok/en+1234", "echo": "p\"ss w/rd"}));
    let mut story = Story::new(
        adapter,
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
    for manner in Manner::ALL {
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
