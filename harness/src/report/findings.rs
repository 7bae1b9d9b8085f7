use std::path::Path;

use crate::catalogue::{Catalogue, Check};
use crate::outcome::{CheckResult, Outcome, Report};
use crate::runner::FailOn;

use super::Replay;
use super::terminal::words;

/// What reports in files are made from.
#[derive(Clone, Copy)]
pub struct Findings<'a> {
    /// The run.
    pub report: &'a Report,
    /// Where the reasons and remedies stand.
    pub catalogue: &'a Catalogue,
    /// What counts as failed.
    pub fail_on: FailOn,
    /// How a check is run again.
    pub replay: &'a Replay,
    /// Where every exchange was logged, if exchanges were.
    pub log: Option<&'a Path>,
}

impl<'a> Findings<'a> {
    /// The check behind a result.
    pub(super) fn check(&self, result: &CheckResult) -> Option<&'a Check> {
        self.catalogue.find(&result.id)
    }

    /// The results that went wrong or could not be decided, known or not.
    pub(super) fn wrong(&self) -> impl Iterator<Item = &'a CheckResult> {
        self.report
            .checks
            .iter()
            .filter(|result| !matches!(result.outcome, Outcome::Pass | Outcome::Skipped))
    }

    /// What is wrong, in a few plain sentences.
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
