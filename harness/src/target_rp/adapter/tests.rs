use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::*;
use crate::toml_file;

const SOUND: &str = r#"
id = "shop"
name = "A shop"
status = "untested"

[settings]
user_verification = { choose = ["required", "preferred"] }
login = { fixed = "discoverable" }

[[register]]
request = "POST /begin/{{username}}"
json = { uv = "{{setting.user_verification?}}" }
capture = { ticket = { json = "$.ticket" } }
options = "$.publicKey"

[[register]]
request = "POST /finish"
json = { ticket = "{{ticket}}", credential = "{{credential}}" }
accepted = [{ status = [200] }]
refused = [{ status = ["4xx"] }]

[[whoami]]
request = "GET /me"
signed_in = { status = [200] }
"#;

fn parse(text: &str) -> Result<Adapter, Box<TomlMistake>> {
    Adapter::parse("shop.toml", text)
}

fn fault(text: &str) -> toml_file::Fault {
    parse(text).unwrap_err().fault
}

/// A breach of a rule as a mistake has it.
fn said(fault: &AdapterFault) -> toml_file::Fault {
    toml_file::Fault::Rule(fault.to_string())
}

/// The mistake, as a reader sees it, after `from` became `to`.
fn broken(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    let mistake = parse(&SOUND.replacen(from, to, 1)).unwrap_err();
    let mut out = String::new();
    let theme = GraphicalTheme::unicode_nocolor();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(90);
    handler.render_report(&mut out, mistake.as_ref()).unwrap();
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn valid_adapters() {
    let adapter = parse(SOUND).unwrap();
    assert!(adapter.has(Flow::Register) && !adapter.has(Flow::Authenticate));
    assert_eq!(adapter.settings.user_verification.values(), ["required", "preferred"]);
    assert_eq!(adapter.settings.attestation, SettingValues::Observed);
    assert_eq!(adapter.account.mode, AccountMode::Fresh);
}

#[test]
fn unknown_flow() {
    insta::assert_snapshot!(broken("[[whoami]]", "[[whoam]]"), @r#"
     × unknown key `whoam`
       ╭─[shop.toml:22:3]
    21 │
    22 │ [[whoam]]
       ·   ──┬──
       ·     ╰── here
    23 │ request = "GET /me"
       ╰────
     help: did you mean whoami?
    "#);
}

#[test]
fn unknown_field_of_a_step() {
    insta::assert_snapshot!(broken("accepted = ", "accept = "), @r#"
     × unknown key `accept`
       ╭─[shop.toml:19:1]
    18 │ json = { ticket = "{{ticket}}", credential = "{{credential}}" }
    19 │ accept = [{ status = [200] }]
       · ───┬──
       ·    ╰── here
    20 │ refused = [{ status = ["4xx"] }]
       ╰────
     help: did you mean accepted?
    "#);
}

#[test]
fn unknown_variable() {
    insta::assert_snapshot!(broken("\"{{ticket}}\"", "\"{{tiket}}\""), @r#"
     × no such variable: `tiket`
       ╭─[shop.toml:18:19]
    17 │ request = "POST /finish"
    18 │ json = { ticket = "{{tiket}}", credential = "{{credential}}" }
       ·                   ─────┬─────
       ·                        ╰── here
    19 │ accepted = [{ status = [200] }]
       ╰────
     help: did you mean ticket?
    "#);
}

#[test]
fn credential_away_from_a_ceremony() {
    insta::assert_snapshot!(broken("GET /me", "GET /me/{{credential.id}}"), @r#"
     × `credential.id` is not known in this step
       ╭─[shop.toml:23:11]
    22 │ [[whoami]]
    23 │ request = "GET /me/{{credential.id}}"
       ·           ─────────────┬─────────────
       ·                        ╰── here
    24 │ signed_in = { status = [200] }
       ╰────
     help: the credential exists from the step that yields the options on, in `register`
           and `authenticate`; `{{credential}}` or one of its members makes a step the one
           that carries it
    "#);
}

#[test]
fn bad_jsonpath() {
    insta::assert_snapshot!(broken("$.publicKey", "$.public key"), @r#"
     × not a JSONPath from ` key` on
       ╭─[shop.toml:14:11]
    13 │ capture = { ticket = { json = "$.ticket" } }
    14 │ options = "$.public key"
       ·           ───────┬──────
       ·                  ╰── here
    15 │
       ╰────
     help: for example `$`, `$.publicKey` or `$.items[*].id` (RFC 9535)
    "#);
}

#[test]
fn no_options() {
    insta::assert_snapshot!(broken("options = \"$.publicKey\"", ""), @r#"
     × no step of `register` yields the options
       ╭─[shop.toml:11:11]
    10 │ [[register]]
    11 │ request = "POST /begin/{{username}}"
       ·           ─────────────┬────────────
       ·                        ╰── the flow begins here
    12 │ json = { uv = "{{setting.user_verification?}}" }
       ╰────
     help: add `options = "$"` to the step whose answer holds them (`"$.publicKey"` if they
           are nested; `assemble = {…}` if a script puts them together)
    "#);
}

#[test]
fn no_credential() {
    let text = SOUND
        .replace("credential = \"{{credential}}\"", "")
        .replace("accepted = [{ status = [200] }]", "")
        .replace("refused = [{ status = [\"4xx\"] }]", "");
    assert_eq!(fault(&text), said(&AdapterFault::NoCredential(Flow::Register)));
}

#[test]
fn two_credentials() {
    let again = "\n[[register]]\nrequest = \"POST /again\"\njson = \"{{credential}}\"\naccepted = [{ status = [200] }]\nrefused = [{ status = [400] }]\n\n[[whoami]]";
    insta::assert_snapshot!(broken("[[whoami]]", again), @r#"
     × a second step of `register` carries the credential
       ╭─[shop.toml:24:11]
    23 │ [[register]]
    24 │ request = "POST /again"
       ·           ──────┬──────
       ·                 ╰── the second one
    25 │ json = "{{credential}}"
       ╰────
     help: the verdict comes from one step: send it in one of them
    "#);
}

#[test]
fn no_refusal() {
    insta::assert_snapshot!(broken("refused = [{ status = [\"4xx\"] }]", ""), @r#"
     × the step that carries the credential does not say what `refused` looks like
       ╭─[shop.toml:17:11]
    16 │ [[register]]
    17 │ request = "POST /finish"
       ·           ───────┬──────
       ·                  ╰── this step
    18 │ json = { ticket = "{{ticket}}", credential = "{{credential}}" }
       ╰────
     help: for example `refused = [{ status = [400, 401] }]`
    "#);
}

#[test]
fn not_a_request_line() {
    insta::assert_snapshot!(broken("GET /me", "me"), @r#"
     × not a request line: `me`
       ╭─[shop.toml:23:11]
    22 │ [[whoami]]
    23 │ request = "me"
       ·           ──┬─
       ·             ╰── here
    24 │ signed_in = { status = [200] }
       ╰────
     help: write `request = "POST /path"`, `"POST {{url}}"` where a URL was captured, or
           `"POST http://localhost:8025/path"`
    "#);
}

#[test]
fn a_setting_that_no_request_sends() {
    insta::assert_snapshot!(broken("json = { uv = \"{{setting.user_verification?}}\" }", ""), @r#"
     × `user_verification` can be chosen, but no request sends it
      ╭─[shop.toml:7:21]
    6 │ [settings]
    7 │ user_verification = { choose = ["required", "preferred"] }
      ·                     ───────────────────┬──────────────────
      ·                                        ╰── here
    8 │ login = { fixed = "discoverable" }
      ╰────
     help: put `"{{setting.user_verification?}}"` into the request that asks for the
           options, or say `fixed`
    "#);
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(broken("status = \"untested\"", "status = untested"), @r#"
     × invalid TOML: string values must be quoted, expected literal string
      ╭─[shop.toml:4:10]
    3 │ name = "A shop"
    4 │ status = untested
      ·          ────┬───
      ·              ╰── here
    5 │
      ╰────
     help: write `key = value`, texts in quotes, and each key once in its table
    "#);
}

#[test]
fn a_wrong_value() {
    insta::assert_snapshot!(broken("status = \"untested\"", "status = \"maybe\""), @r#"
     × expected `tested` or `untested`, found `maybe`
      ╭─[shop.toml:4:10]
    3 │ name = "A shop"
    4 │ status = "maybe"
      ·          ───┬───
      ·             ╰── here
    5 │
      ╰────
    "#);
}

#[test]
fn the_rest_by_name() {
    let cases: [(&str, &str, AdapterFault); 17] = [
        ("\"4xx\"", "\"six\"", AdapterFault::HttpStatus("six".into())),
        ("{ status = [\"4xx\"] }", "{}", AdapterFault::EmptyCondition),
        (
            "{ status = [\"4xx\"] }",
            "{ equals = 1 }",
            AdapterFault::ConditionIncomplete { field: "equals", needs: "json" },
        ),
        (
            "{ status = [\"4xx\"] }",
            "{ contains = \"x\" }",
            AdapterFault::ConditionIncomplete { field: "contains", needs: "header" },
        ),
        ("json = { ticket", "form = {}\njson = { ticket", AdapterFault::TwoBodies),
        (
            "json = { uv",
            "headers = { \"a b\" = \"\" }\njson = { uv",
            AdapterFault::HeaderName("a b".into()),
        ),
        ("{ fixed = \"discoverable\" }", "{}", AdapterFault::SettingForm),
        (
            "[\"required\", \"preferred\"]",
            "[\"always\"]",
            AdapterFault::SettingValue {
                setting: "user_verification",
                found: "always".into(),
                known: vec!["required".into(), "preferred".into(), "discouraged".into()],
            },
        ),
        ("{ ticket = { json", "{ username = { json", AdapterFault::CaptureName("username".into())),
        (
            "GET /me\"",
            "GET /me\"\noptions = \"$\"",
            AdapterFault::Misplaced { field: "options", belongs: "`register` and `authenticate`" },
        ),
        ("[settings]", "[csrf]\nheader = \"x-csrf\"\n[settings]", AdapterFault::CsrfSource),
        (
            "[settings]",
            "[account]\nmode = \"pool\"\n[settings]",
            AdapterFault::Accounts("a pool has at least one account"),
        ),
        ("{{username}}", "{{username?", AdapterFault::OpenBraces),
        (
            "accepted = ",
            "expect = [{ status = [201] }]\naccepted = ",
            AdapterFault::Misplaced {
                field: "expect",
                belongs: "steps that prepare others or hold the options",
            },
        ),
        (
            "options = ",
            "when = \"username\"\noptions = ",
            AdapterFault::Misplaced {
                field: "when",
                belongs: "steps that only prepare others, and `whoami`",
            },
        ),
        (
            "accepted = [{ status = [200] }]",
            "accepted = []",
            AdapterFault::NoConditions("accepted"),
        ),
        ("options = \"$.publicKey\"\n", "", AdapterFault::NoOptions(Flow::Register)),
    ];
    for (from, to, fault) in cases {
        assert!(SOUND.contains(from), "{from}");
        let mistake = parse(&SOUND.replacen(from, to, 1)).unwrap_err();
        assert_eq!(mistake.fault, said(&fault), "{to}");
        assert!(!mistake.span().is_empty(), "{to}");
        assert!(!help(&mistake).is_empty(), "{to}");
    }
}

#[test]
fn a_discoverable_login_cannot_demand_a_username() {
    let authenticate = "[[authenticate]]\nrequest = \"POST /a/{{username}}\"\noptions = \"$\"\n\n\
        [[authenticate]]\nrequest = \"POST /b\"\njson = \"{{credential}}\"\n\
        accepted = [{ status = [200] }]\nrefused = [{ status = [400] }]\n\n[[whoami]]";
    let text = SOUND.replace("[[whoami]]", authenticate);
    assert_eq!(fault(&text), said(&AdapterFault::UsernameDemanded));
}

#[test]
fn a_file_that_is_not_there() {
    let error = Adapter::load(Path::new("no/such/file.toml")).unwrap_err();
    insta::assert_snapshot!(error, @"cannot read the adapter no/such/file.toml");
}

#[test]
fn the_example_of_the_readme() {
    let readme = include_str!("../../../adapters/README.md");
    let example = readme.split("```").nth(1).unwrap().strip_prefix("toml").unwrap();
    let adapter =
        Adapter::parse("README.md", example).map_err(|m| miette::Report::new(*m)).unwrap();
    assert!(Flow::ALL.into_iter().filter(|flow| adapter.has(*flow)).count() >= 6);
}

/// The content of a file, as the schema sees it.
fn as_json(text: &str) -> serde_json::Value {
    toml::from_str(text).unwrap()
}

#[test]
fn every_adapter_matches_the_schema() {
    let schema = schema();
    let schema = jsonschema::validator_for(schema.as_value()).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/adapters")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let errors: Vec<_> =
            schema.iter_errors(&as_json(&text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 6);
    assert!(schema.is_valid(&as_json(SOUND)));
    for (from, to) in [
        ("[[whoami]]", "[[whoam]]"),
        ("status = \"untested\"", "status = \"maybe\""),
        ("accepted = [{ status = [200] }]", "accepted = [{ stat = [200] }]"),
        ("{ json = \"$.ticket\" }", "{ jsn = \"$.ticket\" }"),
    ] {
        assert!(SOUND.contains(from), "{from}");
        assert!(!schema.is_valid(&as_json(&SOUND.replacen(from, to, 1))), "{to}");
    }
}

/// The request lines of a flow.
fn lines(adapter: &Adapter, flow: Flow) -> Vec<&str> {
    adapter.steps(flow).iter().map(|step| step.line.as_str()).collect()
}

#[test]
fn flows_of_ones_own() {
    let own = r#"
[[flow.enter]]
request = "GET /enter"
capture = { door = "$.door" }

[[flow.enter]]
flow = "knock"

[[flow.knock]]
request = "POST /knock/{{door}}"

[[login]]
flow = "enter"

[[recover]]
request = "POST /code"

[[recover]]
flow = "login"
"#;
    let adapter = parse(&format!("{SOUND}{own}")).unwrap();
    let enter = ["GET /enter", "POST /knock/{{door}}"];
    assert_eq!(lines(&adapter, Flow::Login), enter);
    assert_eq!(lines(&adapter, Flow::Recover), [&["POST /code"][..], &enter].concat());

    let mut out = String::new();
    for steps in [
        "[[flow.enter]]\nflow = \"register\"\n[[logout]]\nflow = \"entre\"\n",
        "[[logout]]\nflow = \"login\"\n",
        "[[flow.a]]\nflow = \"b\"\n[[flow.b]]\nflow = \"a\"\n[[logout]]\nflow = \"a\"\n",
        "[[logout]]\nflow = \"logout\"\n",
        "[[logout]]\nflow = \"whoami\"\nfollow = true\n",
        "[[flow.login]]\nrequest = \"GET /\"\n",
        "[[flow.a]]\nrequest = \"POST /{{credential.id}}\"\n[[logout]]\nflow = \"a\"\n",
    ] {
        out.push_str(&mistake("[[whoami]]", &format!("{steps}\n[[whoami]]")));
    }
    insta::assert_snapshot!("flows_of_ones_own", out);
}

fn help(mistake: &TomlMistake) -> String {
    mistake.help().map(|help| help.to_string()).unwrap_or_default()
}

/// The message of a mistake, its place and its line.
fn mistake(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    let text = SOUND.replacen(from, to, 1);
    let mistake = parse(&text).unwrap_err();
    let span = mistake.span();
    let line = text[..span.start].matches('\n').count() + 1;
    let at = text[span].lines().next().unwrap_or_default();
    format!("line {line}, at {at}\n  {}\n  help: {}\n", mistake.fault, help(&mistake))
}

#[test]
fn pages_forms_and_providers() {
    let capture = "ticket = { json = \"$.ticket\" }";
    let mut out = String::new();
    for (from, to) in [
        ("request = \"POST /finish\"", "submit = \"form\"\nrequest = \"POST /finish\""),
        ("request = \"GET /me\"\n", ""),
        ("request = \"POST /finish\"", "submit = \"form:hover\""),
        ("request = \"POST /begin/{{username}}\"", "oidc = \"token\""),
        ("request = \"POST /begin/{{username}}\"", "oidc = \"code\""),
        (capture, "ticket = {}"),
        (capture, "ticket = { html = \"a\", header = \"x\" }"),
        (capture, "ticket = { attribute = \"href\" }"),
        (capture, "ticket = { regex = '(' }"),
        (capture, "ticket = { html = \"a > > b\" }"),
        (capture, "ticket = { json = [\"$.a\", \"b\"] }"),
        (capture, "ticket = { jsn = \"$.a\" }"),
        (capture, "ticket = \"ticket\""),
        (capture, "ticket = { binary = \"base32\", json = \"$.a\" }"),
        ("signed_in = ", "assemble = { challenge = \"x\" }\nsigned_in = "),
        ("json = { ticket", "multipart = { a = \"b\" }\njson = { ticket"),
        ("[settings]", "variables = [\"username\"]\n[settings]"),
        ("[[whoami]]", "[[whoami]]\nforget = [\"tikcet\"]"),
        ("{{ticket}}", "{{ticket|json}}"),
    ] {
        out.push_str(&mistake(from, to));
    }
    insta::assert_snapshot!("pages_forms_and_providers", out);
}
