//! The program as a child process.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use passrig::outcome::CheckResult;
use passrig::relying_party::ORIGIN;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A run that is still under way after so long is endless.
const ENDLESS: Duration = Duration::from_secs(300);

/// How a run ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    /// Standard output, and standard error; ports are `PORT`.
    pub(crate) out: String,
    pub(crate) said: String,
    /// The lines of the log; none if there is no log.
    pub(crate) log: Vec<Value>,
    /// The report for programs, if it was written.
    pub(crate) report: Option<Value>,
}

/// `passrig check` with these arguments.
pub(crate) async fn passrig(arguments: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let child = start(&format!("check {arguments}"), folder.path());
    finish(child, &folder).await
}

/// `passrig check` against a target that is the reference RP in the main.
pub(crate) async fn check(url: &str, arguments: &str) -> Run {
    let adapter = if arguments.contains("--adapter") { "" } else { "--adapter reference" };
    passrig(&format!("--rp {url} {adapter} {ALIKE} {arguments}")).await
}

/// The same with an adapter that is the reference RP's but for these changes.
pub(crate) async fn check_as(url: &str, arguments: &str, changes: &[(&str, &str)]) -> Run {
    let mut adapter = include_str!("../../../harness/adapters/reference.toml").to_owned();
    for (from, to) in changes {
        assert!(adapter.contains(from), "{from}");
        adapter = adapter.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), adapter).unwrap();
    let arguments = format!("check --rp {url} --adapter mine.toml {ALIKE} {arguments}");
    finish(start(&arguments, folder.path()), &folder).await
}

/// Five checks of one block, chosen one by one: the catalogue grows.
pub(crate) const TYPES: &str = "\
    --only registration.type.get-at-registration --only registration.type.nonsense \
    --only registration.type.payment --only registration.type.case \
    --only registration.type.missing";

/// Two blocks, of ten checks and of three: `registration.type.missing` is last.
pub(crate) const THIRTEEN: &str = "\
    --only registration.challenge.unknown --only registration.challenge.flipped \
    --only registration.challenge.truncated --only registration.challenge.extended \
    --only registration.challenge.empty --only registration.challenge.missing \
    --only registration.challenge.padded --only registration.challenge.case \
    --only registration.type.get-at-registration --only registration.type.nonsense \
    --only registration.type.payment --only registration.type.case \
    --only registration.type.missing";

/// What makes runs alike.
pub(crate) const ALIKE: &str = "--seed s --run-id r --log log.jsonl --report json=report.json";

pub(crate) fn start(arguments: &str, folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig-tested"));
    command.args(arguments.split_whitespace());
    if arguments.contains("--rp ") {
        // The targets know by it which check a request belongs to.
        command.arg("--name-checks");
    }
    if arguments.contains("--rp ") && !arguments.contains("--origin") {
        command.args(["--origin", ORIGIN]);
    }
    command.current_dir(folder).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) async fn finish(child: Child, folder: &TempDir) -> Run {
    let output = tokio::time::timeout(ENDLESS, child.wait_with_output()).await;
    let output = output.expect("the run is endless").unwrap();
    let text = |bytes| without_ports(&String::from_utf8(bytes).unwrap());
    let report = std::fs::read(folder.path().join("report.json"));
    Run {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        said: without_progress(&text(output.stderr)),
        log: lines(&folder.path().join("log.jsonl")),
        report: report.ok().map(|bytes| serde_json::from_slice(&bytes).unwrap()),
    }
}

/// The whole lines of a log.
pub(crate) fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Run {
    /// Panics with everything there is to see, unless the exit code is this.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.said);
        self
    }

    /// The message at the end of standard error.
    pub(crate) fn complaint(&self) -> &str {
        let at = self.said.find("  × ").unwrap_or_default();
        self.said[at..].trim_end()
    }

    /// Panics unless the target proved untestable, and the log and the report
    /// tell so.
    #[track_caller]
    pub(crate) fn is_not_testable(&self) -> &Self {
        self.exits(3);
        assert_eq!(self.last_line(), "not-testable");
        let report = self.report.as_ref().unwrap();
        assert_eq!(report["stopped"], self.log.last().unwrap()["what"]);
        assert_eq!(report["checks"].as_array().unwrap().len(), 0);
        self
    }

    /// The outcome of one check, and the reason.
    #[track_caller]
    pub(crate) fn told(&self, id: &str) -> String {
        let result = self.result(id);
        let reason = result.reason_text().map(|text| without_ports(&text));
        let reason = reason.map(|text| format!(": {text}")).unwrap_or_default();
        format!("{}{reason}", result.outcome)
    }

    /// The results in the log.
    pub(crate) fn results(&self) -> Vec<CheckResult> {
        let checks = self.log.iter().filter(|line| line["kind"] == "check");
        checks.map(|line| serde_json::from_value(line["check"].clone()).unwrap()).collect()
    }

    /// One result.
    #[track_caller]
    pub(crate) fn result(&self, id: &str) -> CheckResult {
        let found = self.results().into_iter().find(|result| result.id == id);
        found.unwrap_or_else(|| panic!("{id} is not in the log\n{}\n{}", self.out, self.said))
    }

    /// The kind of the log's last line.
    pub(crate) fn last_line(&self) -> &str {
        self.log.last().map_or("", |line| line["kind"].as_str().unwrap())
    }
}

/// Lines that come every few seconds.
fn without_progress(text: &str) -> String {
    let is_progress = |line: &&str| line.contains(" of ") && line.contains(" checks");
    text.split_inclusive('\n').filter(|line| !is_progress(line)).collect()
}

/// Ports differ from run to run.
fn without_ports(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("127.0.0.1:") {
        let (before, after) = rest.split_at(at + "127.0.0.1:".len());
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        out.push_str(if rest.len() < after.len() { "PORT" } else { "" });
    }
    out + rest
}
