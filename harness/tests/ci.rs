//! The way of a CI: what `docs/ci.md` says is so, and expectations hold.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// An RP that ends with its test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(mutant: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
        command.args(["rp", "--listen", "127.0.0.1:0", "--mutant", mutant]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.starts_with("listens at ")).unwrap();
        let url = line["listens at ".len()..].split(',').next().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a line of a shell, in which `passrig` is this one.
fn shell(line: &str, folder: &Path) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_passrig")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(binary.to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder).env("PATH", path.unwrap());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The exit code, and what was said on both ways.
fn run(line: &str, folder: &Path) -> (i32, String) {
    let output = shell(line, folder);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap(), said)
}

/// The fenced block after a marker.
fn block<'a>(document: &'a str, marker: &str) -> &'a str {
    let after = document.split_once(&format!("<!-- tested: {marker} -->\n```")).unwrap().1;
    after.split_once('\n').unwrap().1.split_once("```").unwrap().0
}

#[test]
fn the_commands_of_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let (document, readme) = (read("docs/ci.md"), read("README.md"));
    let served = Served::start("registration.origin.suffix");
    let folder = tempfile::tempdir().unwrap();
    let config = block(&document, "passrig.toml").replace("http://localhost:3000", &served.url);
    fs::write(folder.path().join("passrig.toml"), &config).unwrap();

    let (code, said) = run("passrig check --quiet", folder.path());
    assert_eq!(code, 1, "{said}");
    let documents = [&document, &readme].map(|document| block(document, "each line"));
    assert!(documents.iter().all(|lines| lines.lines().count() > 2), "{documents:?}");
    let lines = documents.iter().flat_map(|lines| lines.lines());
    for line in lines {
        let (code, said) = run(line, folder.path());
        assert_eq!(code, 0, "{line}\n{said}");
    }
    let written = fs::read_to_string(folder.path().join("passrig.toml")).unwrap();
    assert!(written.starts_with(config.trim_end()), "{written}");
    assert!(written.contains("[[expect]]"), "{written}");
    for file in
        ["passrig.xml", "passrig.sarif", "summary.md", "passrig.html", "passrig.schema.json"]
    {
        assert!(folder.path().join(file).metadata().unwrap().len() > 100, "{file}");
    }
}

const FAILS: &str = "registration.origin.scheme";
const PASSES: &str = "registration.type.nonsense";

/// A folder with settings and these expectations.
fn folder(served: &Served, entries: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("[target]\nrp = \"{}\"\nadapter = \"reference\"\n", served.url);
    fs::write(folder.path().join("passrig.toml"), format!("{entries}\n{target}")).unwrap();
    folder
}

#[test]
fn expectations() {
    let served = Served::start("registration.origin.suffix");
    let both = format!("passrig check --only {FAILS} --only {PASSES}");
    let entry = |check: &str, more: &str| {
        format!("[[expect]]\ncheck = \"{check}\"\nreason = \"the team knows\"\n{more}\n")
    };

    // None: it fails, with an entry to paste, which makes it as expected.
    let without = folder(&served, "");
    let (code, said) = run(&both, without.path());
    assert_eq!(code, 1, "{said}");
    let pasted = said.split_once("[[expect]]").unwrap().1.split_once("\n\n").unwrap().0;
    let with = folder(&served, &format!("[[expect]]{pasted}\n"));
    let (code, said) = run(&both, with.path());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Known before") && said.contains(FAILS), "{said}");

    // What failed before, and only that.
    let (code, said) = run("passrig check --rerun-failed", without.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("1 check: 1 fail"), "{said}");
    let (code, said) = run("passrig check --rerun-failed", with.path());
    assert_eq!(code, 4, "{said}");

    // Not needed, expired, for another day; and a mistake.
    let unneeded = folder(&served, &(entry(PASSES, "") + &entry(FAILS, "")));
    let (code, said) = run(&both, unneeded.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("1 expectation is not needed any more"), "{said}");
    let (code, said) = run(&format!("passrig check --only {FAILS}"), unneeded.path());
    assert_eq!(code, 0, "{said}");
    let expired = folder(&served, &entry(FAILS, "expires = 2001-01-01"));
    let (code, said) = run(&both, expired.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("expired, so that it does not count"), "{said}");
    let valid = folder(&served, &entry(FAILS, "expires = 9999-01-01"));
    assert_eq!(run(&both, valid.path()).0, 0);
    let wrong = folder(&served, &entry("registration.orign.scheme", ""));
    let (code, said) = run(&both, wrong.path());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("passrig.toml:2:9") && said.contains("did you mean"), "{said}");
}

/// A run over everything, and the same run in parts, come to the same.
#[test]
fn expectations_in_parts() {
    let served = Served::start("registration.origin.suffix");
    let entry = "[[expect]]\ncheck = \"*.origin.*\"\nreason = \"the team knows\"\n";
    let folder = folder(&served, entry);
    let mut parts = Vec::new();
    for shard in ["", "--shard hash:1/3", "--shard hash:2/3", "--shard hash:3/3"] {
        let line = format!(
            "passrig check --only registration.origin --quiet --report json=out.json {shard}"
        );
        let (code, said) = run(&line, folder.path());
        assert_eq!(code, 0, "{shard}: {said}");
        let report = fs::read(folder.path().join("out.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let ids = report["checks"].as_array().unwrap().iter();
        parts.push(ids.map(|check| check["id"].to_string()).collect::<Vec<_>>());
    }
    let mut whole = parts.remove(0);
    let mut shared = parts.concat();
    whole.sort();
    shared.sort();
    assert_eq!(whole, shared);
    assert!(parts.iter().filter(|part| !part.is_empty()).count() > 1);
}

#[test]
fn flags_that_need_a_target() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = run("passrig check --adapter reference", folder.path());
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said, @r"
    × --adapter is about an RP, and there is none
    help: say with --rp, or in passrig.toml, where it is
    ");
    let (code, said) = run("passrig check --config no.toml", folder.path());
    assert_eq!(code, 2, "{said}");
    let (code, said) = run("passrig check --rerun-failed", folder.path());
    assert_eq!(code, 2, "{said}");
    insta::assert_snapshot!(said, @r"
    × there is no log in .passrig
    help: run `passrig check` first, or name a log or a JSON report
    ");
}
