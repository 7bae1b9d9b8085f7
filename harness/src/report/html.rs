//! One self-contained page for people: the checks, and the exchanges of each one, decoded.
//!
//! A page holds texts of a target that may be hostile. They get into the markup
//! through the template, which escapes, and are made visible before; the script gets
//! them compressed, and makes them text nodes. Should both fail, the page's
//! policy runs no script and loads nothing but what is named by its hash.
//! Without the script everything can be read but the exchanges of what passed.

mod chapter;
mod entry;
mod exchange;

use std::io;

use askama::Template;
use base64ct::{Base64, Encoding};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::findings::Shown;
use super::log::{self, Transcripts};
use super::terminal::words;
use super::{Findings, guarded};
use crate::outcome::{Diagnosis, Level, Outcome};
use chapter::Chapter;
use entry::HtmlResult;

/// The number of checks whose exchanges are in the page itself; the rest are compressed.
const WRITTEN_OUT: usize = 60;
/// The number of failures that are open at the beginning.
const OPEN: usize = 8;

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The page.
pub fn render(findings: &Findings<'_>) -> io::Result<Vec<u8>> {
    // Results are shown without a log, too.
    let transcripts = findings.log.and_then(|log| log::transcripts(log).ok()).unwrap_or_default();
    let page = page(&findings.shown(), &transcripts).render().map_err(io::Error::other)?;
    Ok(guarded(&page, false).into_owned().into_bytes())
}

/// The values of the template.
#[derive(Template)]
#[template(path = "report.html")]
struct HtmlPage<'a> {
    style: &'static str,
    script: &'static str,
    /// `sha256-…`, as policies have it.
    style_hash: String,
    script_hash: String,
    host: String,
    verdict: String,
    /// True if nothing counts as failed.
    is_well: bool,
    facts: Vec<(&'static str, String)>,
    counts: Vec<(Outcome, usize)>,
    total: usize,
    /// The failures, in groups.
    wrong: Vec<ResultGroup>,
    stale: Vec<String>,
    outcomes: Vec<Outcome>,
    levels: [Level; 4],
    chapters: Vec<Chapter<'a>>,
    log: Option<String>,
    tool: String,
    /// The exchanges that are not written out, compressed.
    stories: String,
}

/// Failures that count in one way, or have one cause.
struct ResultGroup {
    title: String,
    /// The cause.
    diagnosis: Option<Diagnosis>,
    entries: Vec<HtmlResult>,
}

impl ResultGroup {
    fn new(title: &str) -> Self {
        Self { title: title.to_owned(), diagnosis: None, entries: Vec::new() }
    }

    /// The cause in a sentence.
    fn cause(&self) -> Option<String> {
        self.diagnosis.as_ref().map(|cause| words::diagnosis(cause, self.entries.len()))
    }

    /// The group, without entries yet, of the diagnosis with this number.
    fn of_diagnosis(number: usize, diagnosis: &Diagnosis) -> Self {
        let diagnosis = Some(diagnosis.clone());
        Self { diagnosis, ..Self::new(&format!("Diagnosis {number}")) }
    }
}

fn page<'a>(findings: &Shown<'a>, transcripts: &Transcripts) -> HtmlPage<'a> {
    let report = &findings.report;
    let (groups, written) = wrong(findings, transcripts);
    let stories = findings.raw.checks.iter().enumerate().map(|(index, result)| {
        if written.contains(&index) { Vec::new() } else { exchange::of(result, transcripts) }
    });
    let shown = |outcome: &Outcome| report.summary.count(*outcome) > 0;
    let outcomes: Vec<_> = Outcome::ALL.into_iter().filter(shown).collect();
    HtmlPage {
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
        host: report.target.url.clone(),
        verdict: words::verdict(report, findings.fail_on),
        is_well: findings.fail_on.exit_code(report) == 0,
        facts: facts(findings),
        counts: outcomes.iter().map(|outcome| (*outcome, report.summary.count(*outcome))).collect(),
        total: report.checks.len(),
        wrong: groups,
        stale: stale(findings),
        chapters: chapter::all(findings, &outcomes),
        outcomes,
        levels: Level::ALL,
        log: findings.log.clone(),
        tool: format!("{} {}", report.tool.name, report.tool.version),
        stories: compressed(&stories.collect::<Vec<_>>()),
    }
}

/// The failures, and the places of those whose exchanges are written out.
fn wrong(findings: &Shown<'_>, transcripts: &Transcripts) -> (Vec<ResultGroup>, Vec<usize>) {
    let causes = &findings.report.diagnoses;
    let numbered = causes.iter().zip(1..);
    let mut explained: Vec<_> =
        numbered.map(|(cause, number)| ResultGroup::of_diagnosis(number, cause)).collect();
    let mut groups = ["What failed", "Known before", "Does not count"].map(ResultGroup::new);
    let [failed, known, rest] = &mut groups;
    for (index, result) in findings.report.checks.iter().enumerate() {
        let group = match result.outcome {
            Outcome::Pass | Outcome::Skipped => continue,
            _ if findings.fail_on.counts(result) => {
                let cause = causes.iter().position(|cause| cause.explains(result));
                cause.and_then(|place| explained.get_mut(place)).unwrap_or(&mut *failed)
            }
            _ if result.known.is_some() => &mut *known,
            _ => &mut *rest,
        };
        group.entries.push(HtmlResult::of(findings, index, result).explained(findings, result));
    }
    let is_short = failed.entries.len() <= OPEN;
    failed.entries.iter_mut().for_each(|entry| entry.is_open = is_short);
    let mut written = Vec::new();
    explained.extend(groups);
    let mut groups = explained;
    let entries = groups.iter_mut().flat_map(|group| &mut group.entries);
    for entry in entries.take(WRITTEN_OUT) {
        if let Some(result) = findings.raw.checks.get(entry.index) {
            entry.exchanges = exchange::of(result, transcripts);
            written.push(entry.index);
        }
    }
    let is_shown = |group: &ResultGroup| group.diagnosis.is_some() || !group.entries.is_empty();
    (groups.into_iter().filter(is_shown).collect(), written)
}

fn facts(findings: &Shown<'_>) -> Vec<(&'static str, String)> {
    let report = &findings.report;
    let target = &report.target;
    let mut facts = vec![
        ("target", target.url.clone()),
        ("origin", target.origin.clone()),
        ("adapter", target.adapter.clone()),
    ];
    if let Some(authenticator) = &report.authenticator {
        facts.push(("device", authenticator.clone()));
    }
    facts.push(("seed", report.seed.clone()));
    facts.push(("run id", report.run_id.clone()));
    if !target.observed.is_empty() {
        let observed = target.observed.iter().map(|(name, value)| format!("{name} {value}"));
        facts.push(("asks", observed.collect::<Vec<_>>().join(", ")));
    }
    match report.checks.iter().filter(|result| result.is_unprobed()).count() {
        0 => {}
        n => facts
            .push(("unseen", format!("in {} the target's words decided alone", words::checks(n)))),
    }
    facts
}

fn stale(findings: &Shown<'_>) -> Vec<String> {
    let lines = findings.report.stale.iter().map(|stale| {
        format!("{} {} ({})", stale.check, words::stale(stale.staleness), stale.reason)
    });
    lines.collect()
}

/// JSON, deflated, as base64: a script reads that without a library.
fn compressed(value: &impl Serialize) -> String {
    const LEVEL: u8 = 9;
    let json = serde_json::to_vec(value).unwrap_or_default();
    Base64::encode_string(&miniz_oxide::deflate::compress_to_vec(&json, LEVEL))
}

fn hash(text: &str) -> String {
    format!("sha256-{}", Base64::encode_string(&Sha256::digest(text)))
}

#[cfg(test)]
mod tests;
