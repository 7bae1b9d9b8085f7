//! Each kind of secret, in each spelling, in everything that the program writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use passrig::target::log::Exchange;

use crate::planted::{self, KINDS, LONG, PIECES};
use crate::spelled::spelled;
use crate::{outputs, unpacked};

fn run(folder: &Path, arguments: &str) -> Output {
    let adapters = tempfile::tempdir().unwrap();
    let adapter = adapters.path().join("planted.toml");
    fs::write(&adapter, planted::adapter()).unwrap();
    let arguments = arguments.replace("ADAPTER", adapter.to_str().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
    command.args(arguments.split_whitespace()).current_dir(folder);
    command.arg("--var").arg(format!("password={}", planted::value("password")));
    command.arg("--var").arg(format!("shop={}", planted::value("variable")));
    command.arg("--var").arg("from_environment");
    command.env("from_environment", planted::value("environment"));
    command.output().unwrap()
}

/// No output shows a secret, or the beginning of one.
fn assert_silent(outputs: &[(String, String)]) {
    let outputs: Vec<_> = outputs.iter().flat_map(unpacked).collect();
    for kind in KINDS.iter() {
        for one in spelled(&kind.value) {
            let Some(beginning) = beginning(&one.telling) else { continue };
            // A text inside JSON is escaped once more.
            let escaped = serde_json::to_string(&beginning).unwrap();
            for form in [beginning.as_str(), &escaped[1..escaped.len() - 1]] {
                for (name, text) in &outputs {
                    let at = find(text, form, kind.value.len() < 6);
                    let around = at.map(|at| {
                        let from = text.floor_char_boundary(at.saturating_sub(80));
                        text[from..].chars().take(200).collect::<String>()
                    });
                    let Some(around) = around else { continue };
                    panic!("{name} shows {} ({}) as {form}: {around}", kind.name, one.name);
                }
            }
        }
    }
    for (name, text) in &outputs {
        assert!(!text.contains(&LONG[..12]), "{name} shows the beginning of a long token");
        assert!(!text.contains(&LONG[1600..1612]), "{name} shows a part of a long token");
    }
}

/// The beginning that tells a secret: more letters than chance brings together.
fn beginning(telling: &str) -> Option<String> {
    let beginning: String = telling.chars().take(14).collect();
    // Base64 of short values is in every long text of base64.
    let is_telling = beginning.len() >= 6 || beginning.starts_with(|c: char| c.is_ascii_digit());
    is_telling.then_some(beginning)
}

/// Where the text is; a short one only as a word of its own.
fn find(text: &str, form: &str, is_word: bool) -> Option<usize> {
    let is_free = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    let mut places = text.match_indices(form).map(|(at, _)| at);
    places.find(|at| {
        let (before, after) = (&text[..*at], &text[at + form.len()..]);
        !is_word || is_free(before.chars().next_back()) && is_free(after.chars().next())
    })
}

/// The exchanges of a log.
pub(crate) fn exchanges(log: &str) -> Vec<Exchange> {
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let all = lines.filter_map(|line| line.get("exchanges").cloned());
    all.flat_map(|all| serde_json::from_value::<Vec<Exchange>>(all).unwrap()).collect()
}

/// Each line of the target's answers is there, with a mask in the place of the secret.
fn assert_masked(log: &str) {
    let bodies: BTreeSet<String> = exchanges(log)
        .into_iter()
        .filter(|exchange| exchange.request.url.contains("/echo/"))
        .filter_map(|exchange| exchange.response?.body)
        .map(|body| body.text)
        .collect();
    assert_eq!(bodies.len(), PIECES.len());
    let text: String = bodies.into_iter().collect();
    for kind in KINDS.iter() {
        for one in spelled(&kind.value) {
            let mark = format!("<{}:{}>", kind.name, one.name);
            let (_, rest) = text.split_once(&mark).unwrap_or_else(|| panic!("{mark} in {text}"));
            let line = rest.split_once("|\n").unwrap().0;
            // The letters of base64 beside the secret belong to its neighbours, too.
            let is_masked = line.contains("[masked]") && line.len() <= "[masked]".len() + 6;
            assert!(is_masked, "{mark}{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_report_and_no_log_shows_a_secret_of_any_kind() {
    assert!(KINDS.len() >= 40);
    let url = planted::serve().await;
    let folder = tempfile::tempdir().unwrap();
    let only = planted::checks().iter().map(|id| format!("--only {id}")).collect::<Vec<_>>();
    let reports =
        ["json", "junit", "sarif", "markdown", "html"].map(|f| format!("--report {f}=report.{f}"));
    let arguments = format!(
        "check --rp {url} --adapter ADAPTER --seed s --run-id one {} {}",
        reports.join(" "),
        only.join(" ")
    );
    let output = run(folder.path(), &arguments);
    let outputs = outputs(&output, folder.path());
    assert_eq!(output.status.code(), Some(1), "{}{}", outputs[0].1, outputs[1].1);
    assert_eq!(outputs.len(), 9, "{:?}", outputs.iter().map(|o| &o.0).collect::<Vec<_>>());
    let of = |name: &str| &outputs.iter().find(|(known, _)| known == name).unwrap().1;
    assert_masked(of("one.jsonl"));
    for report in ["report.json", "report.junit", "report.markdown", "report.sarif", "report.html"] {
        let told = of(report).matches("told [masked]").count();
        assert!(told >= only.len(), "{report} repeats {told} of {} answers", only.len());
    }
    assert_silent(&outputs);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_test_of_the_adapter() {
    let url = planted::serve().await;
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &format!("adapter test ADAPTER --rp {url} --seed s --run-id one"));
    let outputs = outputs(&output, folder.path());
    assert_eq!(output.status.code(), Some(0), "{}{}", outputs[0].1, outputs[1].1);
    assert!(outputs[0].1.matches("[masked]").count() > PIECES.len(), "{}", outputs[0].1);
    assert_silent(&outputs);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_simulation() {
    let url = planted::serve().await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!(
        "simulate stolen-session --rp {url} --adapter ADAPTER --seed s --run-id one \
         --json report.json --html report.html"
    );
    let output = run(folder.path(), &arguments);
    let outputs = outputs(&output, folder.path());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}{}", outputs[0].1, outputs[1].1);
    assert_silent(&outputs);
}
