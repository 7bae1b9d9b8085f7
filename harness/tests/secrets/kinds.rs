//! Each kind of secret, in each spelling, in everything that the program writes.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Output};

use aho_corasick::AhoCorasick;
use passrig::outcome::Exchange;

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
    let mut forms = vec![(LONG[..12].to_owned(), "long".to_owned(), false)];
    forms.push((LONG[16_000..16_012].to_owned(), "inside of long".to_owned(), false));
    for kind in KINDS.iter() {
        for one in spelled(&kind.value) {
            let Some(beginning) = beginning(&one.telling) else { continue };
            let name = format!("{} ({})", kind.name, one.name);
            // A text inside JSON is escaped once more.
            let escaped = serde_json::to_string(&beginning).unwrap();
            let escaped = escaped[1..escaped.len() - 1].to_owned();
            let is_word = kind.value.len() < 6;
            forms.extend([beginning, escaped].map(|form| (form, name.clone(), is_word)));
        }
    }
    let search = AhoCorasick::new(forms.iter().map(|(form, ..)| form)).unwrap();
    for (output, text) in outputs.iter().flat_map(unpacked) {
        for found in search.find_overlapping_iter(&text) {
            let (form, name, is_word) = &forms[found.pattern()];
            if *is_word && !is_free(&text, found.range()) {
                continue;
            }
            let from = (0..=found.start().saturating_sub(80))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap();
            let around: String = text[from..].chars().take(200).collect();
            panic!("{output} shows {name} as {form}: {around}");
        }
    }
}

/// The beginning that tells a secret: more letters than chance brings together.
fn beginning(telling: &str) -> Option<String> {
    let beginning: String = telling.chars().take(14).collect();
    // Base64 of short values is in every long text of base64.
    let is_telling = beginning.len() >= 6 || beginning.starts_with(|c: char| c.is_ascii_digit());
    is_telling.then_some(beginning)
}

/// Whether the range is a word of its own.
fn is_free(text: &str, range: Range<usize>) -> bool {
    let is_free = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    is_free(text[..range.start].chars().next_back()) && is_free(text[range.end..].chars().next())
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
    let only = planted::CHECKS.iter().map(|id| format!("--only {id}")).collect::<Vec<_>>();
    let reports =
        ["json", "junit", "sarif", "markdown", "html"].map(|f| format!("--report {f}=report.{f}"));
    let arguments = format!(
        "check --rp {url} --name-checks --adapter ADAPTER --seed s --run-id one {} {}",
        reports.join(" "),
        only.join(" ")
    );
    let output = run(folder.path(), &arguments);
    let outputs = outputs(&output, folder.path());
    assert_eq!(output.status.code(), Some(1), "{}{}", outputs[0].1, outputs[1].1);
    assert_eq!(outputs.len(), 9, "{:?}", outputs.iter().map(|o| &o.0).collect::<Vec<_>>());
    let of = |name: &str| &outputs.iter().find(|(known, _)| known == name).unwrap().1;
    assert_masked(of("one.jsonl"));
    for report in ["report.json", "report.junit", "report.markdown", "report.sarif", "report.html"]
    {
        // Markdown and SARIF escape brackets, and JSON escapes that backslash once more.
        let told = of(report).replace("\\\\", "\\").replace("\\[masked\\]", "[masked]");
        let told = told.matches("told [masked]").count();
        assert!(told >= only.len(), "{report} repeats {told} of {} answers", only.len());
    }
    assert_silent(&outputs);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_test_of_the_adapter() {
    let url = planted::serve().await;
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(folder.path(), &format!("adapter test ADAPTER --rp {url} --seed s --run-id one"));
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
