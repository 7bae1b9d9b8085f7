use std::path::Path;

use crate::catalogue::{Catalogue, Check};
use crate::outcome::visible::{self, Visible};
use crate::outcome::{CheckResult, FailOn, Outcome, Report};

use super::Replay;
use super::terminal::words;

/// The input of reports in files.
#[derive(Clone, Copy)]
pub struct Findings<'a> {
    /// The run.
    pub report: &'a Report,
    /// Where the reasons and remedies stand.
    pub catalogue: &'a Catalogue,
    /// The rule that decides which results count as failed.
    pub fail_on: FailOn,
    /// The command that runs a check again.
    pub replay: &'a Replay,
    /// Where every exchange was logged, if exchanges were.
    pub log: Option<&'a Path>,
}

impl<'a> Findings<'a> {
    /// The findings as people may see them. A format for people takes these and
    /// not the report itself, whose texts may come from anywhere.
    pub(super) fn shown(&self) -> Shown<'a> {
        let Self { report, catalogue, fail_on, replay, log } = *self;
        let log = log.map(|log| visible::line(&log.display().to_string()).into_owned());
        Shown { report: report.visible(), raw: report, catalogue, fail_on, replay, log }
    }
}

/// Findings whose foreign texts are visible.
pub(super) struct Shown<'a> {
    pub(super) report: Report,
    /// The report as it was, whose names the log has.
    pub(super) raw: &'a Report,
    pub(super) catalogue: &'a Catalogue,
    pub(super) fail_on: FailOn,
    pub(super) replay: &'a Replay,
    pub(super) log: Option<String>,
}

/// The results of each chapter with their places, in the catalogue's order.
pub(super) fn by_chapter<'a>(
    results: &'a [CheckResult],
    catalogue: &'a Catalogue,
) -> Vec<(&'a str, Vec<(usize, &'a CheckResult)>)> {
    let mut chapters: Vec<(&str, Vec<_>)> = Vec::new();
    for (place, result) in results.iter().enumerate() {
        let name = catalogue.find(&result.id).map_or("other", |check| &check.chapter);
        match chapters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, results)) => results.push((place, result)),
            None => chapters.push((name, vec![(place, result)])),
        }
    }
    chapters
}

impl<'a> Shown<'a> {
    /// The check behind a result.
    pub(super) fn check(&self, result: &CheckResult) -> Option<&'a Check> {
        self.catalogue.find(&result.id)
    }

    /// The results that failed or could not be decided, known or not.
    pub(super) fn wrong(&self) -> impl Iterator<Item = &CheckResult> {
        self.report
            .checks
            .iter()
            .filter(|result| !matches!(result.outcome, Outcome::Pass | Outcome::Skipped))
    }

    /// The finding, in a few plain sentences.
    pub(super) fn message(&self, result: &CheckResult) -> String {
        let requirement = result.requirement.as_ref().map(|id| format!(" ({id})"));
        let mut text = format!(
            "Sent: {}.\nThe target {}.\nDemanded: {}{}: {}.",
            result.title,
            words::did(result).trim_end_matches('.'),
            result.clause,
            requirement.unwrap_or_default(),
            words::demand(result.level, result.expected),
        );
        if let Some(check) = self.check(result) {
            text.push_str(&format!("\nWhy: {}\nFix: {}", check.why, check.fix));
        }
        text
    }
}
