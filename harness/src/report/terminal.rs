//! The report for people.

mod diagnostic;
#[cfg(test)]
#[cfg(test)]
mod tests;
pub mod words;

use std::fmt::{self, Write};

use super::findings::by_chapter;
use super::replay::Replay;
use crate::catalogue::Catalogue;
use crate::outcome::visible::Visible;
use crate::outcome::{CheckResult, FailOn, Outcome, Paint, Report, Staleness, Summary};
use diagnostic::Diagnostics;
use words::checks;

/// The most entries to paste that are shown.
const ENTRIES: usize = 10;

/// All that the report for people is made from.
#[derive(Clone, Copy)]
pub struct Terminal<'a> {
    /// The run.
    pub report: &'a Report,
    /// Where the reasons and remedies stand.
    pub catalogue: &'a Catalogue,
    /// The rule that decides which results count as failed.
    pub fail_on: FailOn,
    /// The command that runs a check again.
    pub replay: &'a Replay,
    /// The look of the text.
    pub paint: Paint,
}

impl Terminal<'_> {
    /// The whole report.
    pub fn render(&self) -> String {
        self.written(|shown, out| {
            shown.header(out)?;
            shown.chapters(out)?;
            shown.diagnostics(out)?;
            shown.known(out)?;
            shown.stale(out)?;
            shown.notes(out)?;
            shown.inconclusive(out)?;
            shown.skipped(out)?;
            shown.entries(out)?;
            shown.summary(out)
        })
    }

    /// The failures in short, the counts and the result of the run.
    pub fn render_short(&self) -> String {
        let text = self.written(|shown, out| {
            for diagnosis in &shown.report.diagnoses {
                let counted = |result: &&CheckResult| {
                    shown.fail_on.counts(result) && diagnosis.explains(result)
                };
                let listed = shown.report.checks.iter().filter(counted).count();
                if listed > 0 {
                    let text = words::diagnosis(diagnosis, listed);
                    writeln!(out, "{}", shown.paint.wrap(&text, "", "    "))?;
                }
            }
            let results = shown.report.checks.iter();
            for result in results.filter(|result| shown.fail_on.counts(result)) {
                let outcome = shown.paint.outcome(result.outcome, result.outcome.name());
                writeln!(out, "{outcome}  {}", result.id)?;
                writeln!(out, "{}", shown.paint.wrap(&words::did(result), "    ", "    "))?;
            }
            shown.summary(out)
        });
        text.trim_start().to_owned()
    }

    /// Writes a text from the report, whose foreign texts are visible.
    fn written(&self, write: impl FnOnce(&Terminal<'_>, &mut String) -> fmt::Result) -> String {
        let report = self.report.visible();
        let shown = Terminal { report: &report, ..*self };
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = write(&shown, &mut out);
        out
    }

    fn header(&self, out: &mut String) -> fmt::Result {
        let Report { tool, target, seed, run_id, .. } = self.report;
        let paint = self.paint;
        writeln!(out, "{} {}", paint.strong(&tool.name), tool.version)?;
        let mut line = |label: &str, text: &str| {
            let label = format!("{label:8}");
            let wrapped = paint.wrap(text, &label, "        ");
            writeln!(out, "{}", wrapped.replacen(&label, &paint.faint(&label), 1))
        };
        line("target", &format!("{}, adapter {}", target.url, target.adapter))?;
        line("origin", &target.origin)?;
        if let Some(authenticator) = &self.report.authenticator {
            line("device", authenticator)?;
        }
        line("run", &format!("seed {seed}, run id {run_id}"))?;
        if !target.observed.is_empty() {
            let observed = target.observed.iter().map(|(name, value)| format!("{name} {value}"));
            line("asks", &observed.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }

    /// One line per chapter, in the catalogue's order.
    fn chapters(&self, out: &mut String) -> fmt::Result {
        let chapters = by_chapter(&self.report.checks, self.catalogue);
        let name_width = chapters.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let counts = chapters.iter().map(|(_, results)| checks(results.len()).len());
        let count_width = counts.max().unwrap_or(0);
        if !chapters.is_empty() {
            writeln!(out)?;
        }
        for (name, results) in chapters {
            let count = checks(results.len());
            let summary = Summary::of(results.iter().map(|(_, result)| *result));
            let counts = self.counts(&summary, "  ");
            writeln!(out, "{name:name_width$}  {count:>count_width$}  {counts}")?;
        }
        Ok(())
    }

    fn diagnostics(&self, out: &mut String) -> fmt::Result {
        let mut diagnostics = Diagnostics::new(self);
        let grave = [Outcome::Fail, Outcome::Error, Outcome::Warn];
        let results: Vec<_> = grave.into_iter().flat_map(|outcome| self.with(outcome)).collect();
        let mut rest = results.clone();
        for diagnosis in &self.report.diagnoses {
            let explained: Vec<_>;
            (explained, rest) = rest.into_iter().partition(|result| diagnosis.explains(result));
            diagnostics.diagnose(diagnosis, &explained, out)?;
        }
        for result in rest {
            diagnostics.write(result, out)?;
        }
        if !results.is_empty() && self.replay.names_the_run() {
            let text = "To replay on an RP that still has the accounts of this run, leave out \
                        --run-id.";
            writeln!(out, "\n{}", self.paint.wrap(text, "", ""))?;
        }
        Ok(())
    }

    /// The expected failures, a line each.
    fn known(&self, out: &mut String) -> fmt::Result {
        let known = self.report.checks.iter().filter(|result| result.known.is_some());
        for (index, result) in known.enumerate() {
            if index == 0 {
                writeln!(out, "\nKnown before, and not counted:")?;
            }
            let outcome = self.paint.outcome(result.outcome, result.outcome.name());
            writeln!(out, "  {outcome}  {}", result.id)?;
            let reason = result.known.as_deref().unwrap_or_default();
            writeln!(out, "{}", self.paint.wrap(reason, "    ", "    "))?;
        }
        Ok(())
    }

    /// Expectations that are of no use.
    fn stale(&self, out: &mut String) -> fmt::Result {
        for (index, stale) in self.report.stale.iter().enumerate() {
            if index == 0 {
                writeln!(out, "\nExpectations that are of no use:")?;
            }
            let pinned = stale.outcome.map_or("go wrong".to_owned(), |o| format!("come to `{o}`"));
            let what = match stale.staleness {
                Staleness::Unneeded => format!("expected to {pinned}, and does not: remove it"),
                Staleness::Expired => "expired, so that it does not count".to_owned(),
            };
            writeln!(out, "  {}", stale.check)?;
            let text = format!("{what} ({})", stale.reason);
            writeln!(out, "{}", self.paint.wrap(&text, "    ", "    "))?;
        }
        Ok(())
    }

    /// For whatever fails the run, an entry to be pasted. A run that was stopped
    /// is no ground for expecting anything.
    fn entries(&self, out: &mut String) -> fmt::Result {
        if self.report.stopped.is_some() {
            return Ok(());
        }
        let counted: Vec<_> =
            self.report.checks.iter().filter(|result| self.fail_on.counts(result)).collect();
        // A result that is not in the catalogue cannot be expected.
        let known = |result: &&&CheckResult| self.catalogue.find(&result.id).is_some();
        for (index, result) in counted.iter().filter(known).take(ENTRIES).enumerate() {
            if index == 0 {
                let text = "To bear with it for a time, put into passrig.toml, with a reason of \
                            your own:";
                writeln!(out, "\n{}", self.paint.wrap(text, "", ""))?;
            }
            let (id, outcome) = (&result.id, result.outcome);
            let reason = words::unexplained(result);
            let entry = format!(
                "[[expect]]\ncheck = \"{id}\"\noutcome = \"{outcome}\"\nreason = \"{reason}\""
            );
            writeln!(out, "\n{}", self.paint.faint(&entry))?;
        }
        match counted.len().saturating_sub(ENTRIES) {
            0 => Ok(()),
            n => writeln!(out, "\nand {n} more; `passrig baseline` writes them all"),
        }
    }

    /// One line each, if it is short.
    fn notes(&self, out: &mut String) -> fmt::Result {
        let as_expected = |result: &&CheckResult| result.is_as_expected();
        let (unseen, notes): (Vec<_>, Vec<_>) = self.with(Outcome::Note).partition(as_expected);
        let unseen = unseen.into_iter().map(|result| (result, result.reason_text()));
        let notes = notes.into_iter().map(|result| {
            let reason = result.reason_text().filter(|_| result.is_observed());
            let verdict = result.verdict.map(|verdict| verdict.to_string());
            (result, reason.or(verdict).or_else(|| result.reason_text()))
        });
        for (why, results) in [
            ("since what was not seen may be there all the same", unseen.collect::<Vec<_>>()),
            ("since the specification leaves it open", notes.collect()),
        ] {
            if !results.is_empty() {
                let word = self.paint.outcome(Outcome::Note, "Noted");
                writeln!(out, "\n{word}, {why}:")?;
            }
            let width = results.iter().map(|(result, _)| result.id.len()).max().unwrap_or(0);
            for (CheckResult { id, .. }, text) in results {
                let text = text.as_deref().unwrap_or("no verdict");
                writeln!(out, "{}", self.paint.wrap(text, &format!("  {id:width$}  "), "      "))?;
            }
        }
        Ok(())
    }

    /// Each reason is given once.
    fn inconclusive(&self, out: &mut String) -> fmt::Result {
        let results: Vec<_> = self.with(Outcome::Inconclusive).collect();
        for (text, results) in by_reason(&results, CheckResult::reason_text) {
            let word = self.paint.outcome(Outcome::Inconclusive, "Inconclusive");
            let reason = results.first().and_then(|result| result.reason.as_ref());
            writeln!(out, "\n{word}: {}", words::inconclusive(reason))?;
            writeln!(out, "{}", self.paint.wrap(&text, "  ", "  "))?;
            for result in results {
                writeln!(out, "    {}", result.id)?;
            }
        }
        Ok(())
    }

    /// Counts by the word of the reason.
    fn skipped(&self, out: &mut String) -> fmt::Result {
        let results: Vec<_> = self.with(Outcome::Skipped).collect();
        let word = |result: &CheckResult| {
            let reason = result.reason.as_ref()?;
            Some(reason.word().map_or_else(|| reason.to_string(), str::to_owned))
        };
        let groups = by_reason(&results, word);
        if groups.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}:", self.paint.outcome(Outcome::Skipped, "Skipped"))?;
        let width = groups.iter().map(|(_, r)| r.len().to_string().len()).max().unwrap_or(0);
        for (word, results) in groups {
            let reason = results.first().and_then(|result| result.reason.as_ref());
            let first = format!("  {:>width$}  ", results.len());
            let text = format!("{word}: {}", words::skipped(reason));
            writeln!(out, "{}", self.paint.wrap(&text, &first, &" ".repeat(first.len())))?;
        }
        Ok(())
    }

    fn summary(&self, out: &mut String) -> fmt::Result {
        let total = self.report.checks.len();
        let counts = match total {
            0 => String::new(),
            _ => format!(": {}", self.counts(&self.report.summary, ", ")),
        };
        writeln!(out, "\n{}{counts}", checks(total))?;
        let unseen = self.report.checks.iter().filter(|result| result.is_unprobed()).count();
        if unseen > 0 {
            let text = format!(
                "In {unseen} of them the target's words decided alone: the adapter has no probe \
                 that could see the effect."
            );
            writeln!(out, "{}", self.paint.wrap(&text, "", ""))?;
        }
        let verdict = words::verdict(self.report, self.fail_on);
        writeln!(out, "{}", self.paint.strong(&self.paint.wrap(&verdict, "", "")))
    }

    fn counts(&self, summary: &Summary, between: &str) -> String {
        let shown = Outcome::ALL.into_iter().filter(|outcome| summary.count(*outcome) > 0);
        let counts = shown.map(|outcome| {
            self.paint.outcome(outcome, &format!("{} {outcome}", summary.count(outcome)))
        });
        counts.collect::<Vec<_>>().join(between)
    }

    /// The results that came to this, unless that was known before.
    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &CheckResult> {
        let fits = move |result: &&CheckResult| result.outcome == outcome && result.known.is_none();
        self.report.checks.iter().filter(fits)
    }
}

/// The results under each reason, in the order in which the reasons come up.
fn by_reason<'a>(
    results: &[&'a CheckResult],
    key: impl Fn(&CheckResult) -> Option<String>,
) -> Vec<(String, Vec<&'a CheckResult>)> {
    let mut groups: Vec<(String, Vec<&CheckResult>)> = Vec::new();
    for result in results {
        let reason = key(result).unwrap_or_else(|| words::NO_REASON.to_owned());
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, group)) => group.push(result),
            None => groups.push((reason, vec![result])),
        }
    }
    groups
}
