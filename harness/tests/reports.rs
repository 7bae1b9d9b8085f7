//! What a whole run leaves for people: a page, and a comparison with another
//! run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use passrig::catalogue::Catalogue;

fn passrig(arguments: &str, folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
    command.args(arguments.split_whitespace()).current_dir(folder).env_remove("NO_COLOR");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What is packed into a page.
fn stories(page: &str) -> &str {
    let packed = page.split_once("id=\"stories\">").unwrap().1;
    packed.split_once("</script>").unwrap().0
}

/// The page of the whole catalogue can be mailed, and has every check.
#[test]
fn a_whole_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = "check --verbose --report html=page.html --report json=a.json";
    let output = passrig(arguments, folder);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    let report = std::fs::read(folder.join("a.json")).unwrap();
    let mut report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let checks = report["checks"].as_array().unwrap().clone();
    let catalogue = Catalogue::builtin().unwrap();
    let run = checks.iter().map(|check| check["id"].as_str().unwrap());
    assert!(run.eq(catalogue.checks.iter().map(|check| check.id.as_str())));
    let page = std::fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(page.len() < 3_000_000, "{} octets", page.len());
    assert!(page.len() > 1_000_000, "the stories are missing: {} octets", page.len());
    let lines = text(&output.stderr);
    for check in &checks {
        let id = check["id"].as_str().unwrap();
        assert!(page.contains(&format!("<code>{id}</code>")), "{id} is not in the page");
        assert!(lines.contains(&format!(" ms  {id}  ")), "{id} was not told as it came");
    }
    // Nothing is loaded, and only what is named by its hash is run.
    for tag in ["<link", "<img", "<iframe", " src=", "<script src", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }

    // The same page again, from the report and the log.
    let output = passrig("render a.json --report html=again.html", folder);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let again = std::fs::read_to_string(folder.join("again.html")).unwrap();
    assert_eq!(stories(&again), stories(&page));
    let output = passrig("render a.json --log none.jsonl --report html=x.html", folder);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there is no log at none.jsonl"));

    report["checks"][0]["outcome"] = "fail".into();
    report["checks"].as_array_mut().unwrap().pop();
    std::fs::write(folder.join("b.json"), report.to_string()).unwrap();
    assert_eq!(passrig("compare a.json a.json", folder).status.code(), Some(0));
    let output = passrig("compare a.json b.json", folder);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    let id = checks[0]["id"].as_str().unwrap();
    assert!(said.contains(&format!("\nWorse: 1\n  pass → fail  {id}\n")), "{said}");
    assert!(said.contains("\nOnly in A: 1\n"), "{said}");
    let output = passrig("compare b.json a.json --json", folder);
    assert_eq!(output.status.code(), Some(0));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["mended"][0]["id"], id);
    let schema = passrig("schema comparison", folder);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    let errors = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = errors.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn reports_that_cannot_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refused = |arguments: &str| {
        let output = passrig(arguments, folder);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
        text(&output.stderr).to_owned()
    };
    insta::assert_snapshot!(refused("compare none.json none.json"), @r"
    × cannot read none.json
    ╰─▶ No such file or directory (os error 2)
    ");
    std::fs::write(folder.join("odd.json"), "{\"kind\":\"run\"}\n").unwrap();
    insta::assert_snapshot!(refused("compare odd.json odd.json"), @r"
    × odd.json is no JSON report: missing field `schema_version` at line 1
    │ column 14
    help: `passrig check --report json=FILE` writes one
    ");
}

#[test]
fn pages_of_the_manual() {
    let folder = tempfile::tempdir().unwrap();
    let output = passrig("man --dir man/man1", folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(folder.path().join("man/man1/passrig-check.1")).unwrap();
    assert!(page.contains(".TH passrig-check 1"), "{page}");
    let output = passrig("completions bash", folder.path());
    assert!(text(&output.stdout).contains("complete -F _passrig"), "{}", text(&output.stdout));
}
