//! Files from elsewhere whose texts deceive: adapters, configurations, catalogues, reports,
//! recordings, and arguments that an attacker chose.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{self, FEW, FORMATS, Ran, check_in, passrig, run};
use crate::text::{harmless, run_with_message};

/// Characters that deceive, and commands.
pub(crate) const EVIL: &str = "\u{1b}[32m\u{1b}]0;t\u{7}\u{9b}2J\u{202e}\r\n::error::x\n##[error]y\
                               \u{2028}\u{fffe}\u{feff}";

/// A run without its files, which the attacker wrote: the terminal is what counts.
fn terminal(mut ran: Ran) -> Ran {
    ran.files.clear();
    ran
}

/// The program in a folder with this file.
async fn with(name: &str, text: &str, arguments: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    terminal(run(folder.path(), &format!("{arguments} --color always")).await)
}

/// The name of a member that an adapter must not have.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_an_adapter() {
    let text = "id = \"a\"\nname = \"a\"\n\
                \"\\u001b[32m\\u009b2J\\u202e\\n::error::x\\n##[error]y\" = 1\n";
    let ran = with("a.toml", text, "check --rp http://localhost:1 --adapter a.toml").await;
    ran.exits(2);
    harmless(&ran);
}

/// The excerpt of an adapter around a mistake.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_excerpt_of_an_adapter() {
    let text = "id = \"a\" # \u{1b}]0;t\u{7}\u{9b}2J\u{202e}\nnam\u{1b}[2Je = 1 # ::error::\n";
    let ran = with("a.toml", text, "check --rp http://localhost:1 --adapter a.toml").await;
    ran.exits(2);
    harmless(&ran);
}

/// An excerpt keeps its places: the mark stands below the mistake.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_excerpt_points_at_the_same_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut marks = Vec::new();
    for hidden in ["\u{fffd}\u{fffd}", "\u{202e}\u{200b}"] {
        let text =
            format!("id = \"a\"\nname = \"\"\naccount = {{ mode = \"{hidden}\", wrong = 1 }}\n");
        fs::write(folder.path().join("a.toml"), text).unwrap();
        let arguments = "check --rp http://localhost:1 --adapter a.toml --color never";
        let said = run(folder.path(), arguments).await.said();
        let mark = said.lines().find(|line| line.contains('┬')).map(str::to_owned);
        marks.push(mark.unwrap_or_else(|| panic!("{said}")));
    }
    assert_eq!(marks[0], marks[1]);
}

/// A name and an excerpt of passrig.toml.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration() {
    let text = "# \u{9b}2J\u{202e}\n[target]\n\"\\u001b[32m\\u009b2J\\r::error::##[error]\" = 1\n";
    let ran = with("passrig.toml", text, "check").await;
    ran.exits(2);
    harmless(&ran);
    let text = "fail_on = \"\u{1b}[2J\u{9b}2J\u{202e}\"\n";
    let ran = with("passrig.toml", text, "check").await;
    ran.exits(2);
    harmless(&ran);
}

/// A script for a page that cannot be read is quoted.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_for_a_page() {
    let text = "# \u{9b}2J\u{202e}::error::\n[[step]]\n\"\\u001b[32m\\u009b2J##[error]\" = 1\n";
    let ran = with("a.toml", text, "page http://localhost:1 --script a.toml").await;
    ran.exits(2);
    harmless(&ran);
}

/// A script for a page with a selector that a browser does not take: its exception quotes it.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_exception_of_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let url = support::serve(|_, _| None).await;
    let text = "[[step]]\nclick = \"[\\u001b[32m\\u009b2J\\u202e##[error]\"\n";
    fs::write(folder.path().join("a.toml"), text).unwrap();
    let mut command =
        passrig(folder.path(), "page --script a.toml --color always --report html=a.html");
    command.arg(&url).env("PASSRIG_CHROMIUM_FLAGS", "--no-sandbox");
    let ran = Ran::of(command.output().unwrap(), folder.path());
    if ran.said().contains("no Chromium was found") {
        assert!(std::env::var_os("PASSRIG_REQUIRE_RPS").is_none(), "{}", ran.said());
        eprintln!("skipped: Chromium is not installed");
        return;
    }
    assert!(ran.said().contains("␛[32m"), "{}", ran.said());
    let mut ran = ran;
    ran.files.remove("a.toml");
    harmless(&ran);
}

/// The reason of an expectation goes into every report.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_expectation() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[expect]]\ncheck = \"registration.type.nonsense\"\noutcome = \"fail\"\n\
                reason = \"\\u001b[32m\\u009b2J\\u202e\\n::error::x\\n##[error]y\\ufffe\"\n";
    let url = support::serve(|_, _| None).await;
    fs::write(folder.path().join("passrig.toml"), text).unwrap();
    let mut ran = check_in(folder.path(), &url, &format!("{FEW} --color always")).await;
    ran.files.remove("passrig.toml");
    ran.exits(1);
    harmless(&ran);
}

/// A catalogue whose texts cannot be read is refused.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue() {
    let text = "[[family]]\nid = \"own\"\nceremony = [\"registration\"]\n\
                violates = { registration = [\"7.1/7\"] }\nlevel = \"must\"\nimportance = \"high\"\n\
                expects = \"refused\"\nfix = \"Do.\"\nwhy = \"\\u001b[32m\\u009b2J\\u202e\\n::error::x\"\n\
                [[family.case]]\nid = \"one\"\nsends = \"client data whose type is wrong\"\n\
                deviation = [{ at = \"client_data.type\", set = \"x\" }]\n";
    for verb in ["explain registration.own.one", "list"] {
        let ran = with("own.toml", text, &format!("{verb} --catalogue own.toml")).await;
        harmless(&ran);
        ran.exits(2);
        assert!(ran.said().contains("U+001B"), "{}", ran.said());
    }
}

/// A report whose every text deceives, as JSON.
pub(crate) async fn report(evil: &str) -> Value {
    let honest = run_with_message("it went wrong").await;
    let mut report: Value = serde_json::from_str(&honest.file("report.json")).unwrap();
    let spoil = |value: &mut Value| {
        let text = value.as_str().unwrap_or_default();
        *value = format!("{text} {evil}").into();
    };
    for member in ["seed", "run_id", "authenticator"] {
        spoil(&mut report[member]);
    }
    for member in ["name", "version"] {
        spoil(&mut report["tool"][member]);
    }
    for member in ["url", "origin", "adapter"] {
        spoil(&mut report["target"][member]);
    }
    report["target"]["observed"][evil] = evil.into();
    for check in report["checks"].as_array_mut().unwrap() {
        for member in ["title", "clause", "requirement", "reason"] {
            spoil(&mut check[member]);
        }
    }
    let checks = report["checks"].as_array_mut().unwrap();
    checks.sort_by_key(|check| check["outcome"] != "error");
    let first = checks[0].clone();
    assert_eq!(first["outcome"], "error");
    // One for each outcome, of a check that is not in the catalogue.
    for outcome in ["fail", "warn", "note", "skipped", "inconclusive", "error", "pass"] {
        let mut check = first.clone();
        spoil(&mut check["id"]);
        check["outcome"] = outcome.into();
        check["verdict"] = "accepted".into();
        checks.push(check.clone());
        check["id"] = "registration.type.missing".into();
        check["known"] = evil.into();
        checks.push(check);
    }
    report["amiss"] = json!([
        { "check": evil, "outcome": "fail", "reason": evil, "staleness": "unneeded" },
        { "check": evil, "reason": evil, "staleness": "expired" },
    ]);
    report
}

/// `render` of this report and of this log, as every format.
pub(crate) async fn rendered(folder: &Path, report: &Value, log: &str) -> Ran {
    fs::write(folder.join("in.json"), report.to_string()).unwrap();
    fs::write(folder.join("in.jsonl"), log).unwrap();
    let to = FORMATS.map(|format| format!("--report {format}=out.{format}")).join(" ");
    let arguments = format!("render in.json --log in.jsonl --color always {to}");
    let mut ran = run(folder, &arguments).await;
    ran.files.retain(|name, _| !name.starts_with("in."));
    ran
}

/// Every text of a report that is rendered.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_to_render() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(EVIL).await;
    let ran = rendered(folder.path(), &report, "").await;
    ran.exits(0);
    harmless(&ran);
    let again: Value = serde_json::from_str(&ran.file("out.json")).unwrap();
    assert_eq!(again, report);
}

/// Why a run of another machine was stopped.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_report_to_render() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = report("").await;
    report["stopped"] = EVIL.into();
    let ran = rendered(folder.path(), &report, "").await;
    ran.exits(0);
    harmless(&ran);
}

/// Every text of a log from elsewhere.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_to_render() {
    let folder = tempfile::tempdir().unwrap();
    let report = report("").await;
    let check = &report["checks"][0];
    let body = json!({ "text": EVIL, "length": 9, "sha256": EVIL });
    let sent = json!({ "method": EVIL, "url": EVIL, "headers": [[EVIL, EVIL]], "body": body });
    let answer = json!({ "status": 200, "headers": [[EVIL, EVIL]], "body": body });
    let exchanges = json!([
        { "flow": EVIL, "step": 1, "request": sent, "response": answer, "duration_ms": 1 },
        { "flow": EVIL, "step": 2, "request": sent, "error": EVIL, "duration_ms": 1 },
    ]);
    let line = json!({ "kind": "attempt", "check": check, "attempt": 0, "exchanges": exchanges });
    let ran = rendered(folder.path(), &report, &format!("{line}\n")).await;
    ran.exits(0);
    harmless(&ran);
    let page = ran.file("out.html");
    assert!(page.contains("\\u{202e}"), "the exchanges are not in the page");
}

/// Two reports that are compared, for people and for programs.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn reports_to_compare() {
    let folder = tempfile::tempdir().unwrap();
    let mut spoilt = report(EVIL).await;
    fs::write(folder.path().join("b.json"), spoilt.to_string()).unwrap();
    spoilt["checks"][0]["outcome"] = "pass".into();
    spoilt["stopped"] = EVIL.into();
    fs::write(folder.path().join("a.json"), spoilt.to_string()).unwrap();
    for files in ["a.json b.json", "b.json a.json"] {
        for more in ["", "--json"] {
            let arguments = format!("compare {files} {more} --color always");
            let ran = terminal(run(folder.path(), &arguments).await);
            assert!([0, 1].contains(&ran.code), "{}", ran.said());
            harmless(&ran);
            if more == "--json" {
                let comparison: Value = serde_json::from_slice(&ran.out).unwrap();
                assert_eq!(comparison["b"]["seed"], spoilt["seed"]);
                assert!(!comparison["a"]["target"].is_null());
            }
        }
    }
}

/// A file that should be a report.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_read() {
    let text = json!({ "schema_version": 1, "tool": { "name": "a", "version": "b" }, "seed": "",
                       "run_id": "", "target": 1, "summary": { EVIL: EVIL } });
    let text = text.to_string().replace("\"target\":1", &format!("\"target\":{}", json!(EVIL)));
    let ran = with("in.json", &text, "compare in.json in.json").await;
    ran.exits(2);
    harmless(&ran);
}

/// A recording with names, paths and messages of others.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording() {
    let entry = |url: &str, sent: &str, got: &str| {
        json!({
            "request": { "method": "POST", "url": url, "headers": [],
                         "postData": { "mimeType": "application/json", "text": sent } },
            "response": { "status": 200, "headers": [],
                          "content": { "mimeType": "application/json", "text": got } },
        })
    };
    let evil = "/x\u{1b}[32m\u{9b}2J\u{202e}::error::##[error]";
    let challenge = "AAAAAAAAAAAAAAAAAAAAAA";
    let client_data =
        json!({ "type": "webauthn.create", "challenge": challenge, "origin": "http://a" });
    let credential = json!({ "id": "AAAA", "rawId": "AAAA", "type": "public-key", evil: evil, "response": {
        "clientDataJSON": passrig_authenticator::wire::base64url::encode(client_data.to_string().as_bytes()),
        "attestationObject": "AAAA",
    }});
    let options = json!({ "challenge": challenge, "rp": { "id": "a" }, "user": { "id": "AAAA" }, evil: evil });
    let har = json!({ "log": { "version": "1.2", "entries": [
        entry(&format!("http://a{evil}"), &json!({ evil: evil }).to_string(), &options.to_string()),
        entry(&format!("http://a{evil}"), &credential.to_string(), &json!({ evil: evil }).to_string()),
    ]}});
    let ran = with("a.har", &har.to_string(), "adapter from-har a.har").await;
    assert!(ran.said().contains("::error::"), "{}", ran.said());
    harmless(&ran);
}

/// Arguments that an attacker chose, such as the name of a branch.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn arguments() {
    let evil = "\u{1b}[2J\u{9b}2J\u{202e}\n::error::x";
    for arguments in [vec!["explain", evil], vec!["check", evil], vec!["check", "--jobs", evil]] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = passrig(folder.path(), "");
        command.args(arguments);
        let ran = Ran::of(command.output().unwrap(), folder.path());
        ran.exits(2);
        harmless(&ran);
    }
}

/// Passwords in arguments that are wrong, or that stand beside one that is.
// Before: red.
#[test]
fn passwords_in_wrong_arguments() {
    const SECRET: &str = "hunter2X";
    for arguments in [
        vec!["check", "--rp", "http://u:hunter2X@localhost:3000"],
        vec!["check", "--rp", "http://u:hunter2X@ho st/"],
        vec!["check", "--rp=http://u:hunter2X@ho st/", "--nonsense"],
        vec!["check", "--rp", "http://hunter2X@localhost"],
        vec!["check", "--rp", "http://localhost/?token=hunter2X"],
        vec!["check", "--rp", "u:hunter2X@localhost"],
        vec!["check", "--origin", "https://u:hunter2X@localhost"],
        vec!["check", "--connect-to", "u:hunter2X@localhost:x"],
        vec!["check", "--allow-host", "u:hunter2X@localhost:x"],
        vec!["check", "--smtp", "u:hunter2X@localhost:x"],
        vec!["check", "--var", "pass word=hunter2X"],
        vec!["check", "--var=my-own=hunter2X"],
        vec!["check", "--var", "=hunter2X"],
        vec!["check", "--header", "Authorization: Bearer hunter2X"],
        vec!["check", "password=hunter2X"],
        vec!["check", "http://u:hunter2X@localhost"],
        vec!["check", "--jobs", "http://u:hunter2X@localhost"],
        vec!["baseline", "--rp", "http://u:hunter2X@ho st/"],
        vec!["simulate", "lost-device", "--rp", "http://u:hunter2X@ho st/"],
        vec!["adapter", "test", "reference", "--rp", "http://u:hunter2X@ho st/"],
        vec!["page", "ftp://u:hunter2X@localhost/"],
        vec!["rp", "--origin", "http://u:hunter2X@localhost"],
        vec!["http://u:hunter2X@localhost"],
        vec!["explain", "http://u:hunter2X@localhost", "x"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = passrig(folder.path(), "");
        command.args(&arguments);
        let ran = Ran::of(command.output().unwrap(), folder.path());
        ran.exits(2);
        for (name, text) in ran.sinks() {
            assert!(!text.contains(SECRET), "{arguments:?}: {name}: {text}");
        }
        assert!(ran.said().len() > 20, "{arguments:?}");
    }
}
