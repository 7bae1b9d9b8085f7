use super::exchange::Exchanges;
use crate::outcome::{CheckResult, Level, Outcome};
use crate::report::findings::Shown;
use crate::report::terminal::words;

/// Columns of a command.
const WIDTH: usize = 88;

/// A check as the page shows it.
pub(super) struct HtmlResult {
    /// Its place in the report.
    pub(super) index: usize,
    pub(super) id: String,
    pub(super) sends: String,
    pub(super) outcome: Outcome,
    pub(super) level: Level,
    /// The facts about it, each under its label.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) replay: String,
    /// Empty where the script brings them.
    pub(super) exchanges: Exchanges,
    pub(super) is_open: bool,
    /// True if its exchanges stand further up in the page.
    pub(super) is_shown_above: bool,
}

impl HtmlResult {
    /// All that is its own; the reasons it shares with others.
    pub(super) fn of(findings: &Shown<'_>, index: usize, result: &CheckResult) -> Self {
        let mut facts = vec![
            ("sent", result.title.clone()),
            ("variant", result.variant.to_string()),
            target(result),
            ("demanded", words::demanded(result)),
        ];
        if result.variant.is_default() {
            facts.retain(|(label, _)| *label != "variant");
        }
        if let Some(known) = &result.known {
            facts.push(("known", known.clone()));
        }
        // A result that is not in the catalogue comes without `--only`, at the beginning of a run.
        let only = findings.check(result).map(|check| check.id.as_str());
        Self {
            index,
            id: result.id.clone(),
            sends: result.title.clone(),
            outcome: result.outcome,
            level: result.level,
            facts,
            replay: findings.replay.lines(only, WIDTH).join("\n"),
            exchanges: Vec::new(),
            is_open: false,
            is_shown_above: !matches!(result.outcome, Outcome::Pass | Outcome::Skipped),
        }
    }

    /// With the reasons, too.
    pub(super) fn explained(mut self, findings: &Shown<'_>, result: &CheckResult) -> Self {
        if let Some(check) = findings.check(result) {
            if let Some(owner) = findings.catalogue.index.owner(check) {
                self.facts.push(("duty", words::duty(owner).to_owned()));
            }
            self.facts.push(("why", check.why.clone()));
            self.facts.push(("fix", check.fix.clone()));
        }
        self
    }
}

fn target(result: &CheckResult) -> (&'static str, String) {
    match (result.outcome, &result.reason) {
        (Outcome::Skipped, Some(reason)) => {
            let meaning = words::skipped(Some(reason));
            ("skipped", format!("{reason}: {meaning}"))
        }
        _ => ("target", words::did(result)),
    }
}
