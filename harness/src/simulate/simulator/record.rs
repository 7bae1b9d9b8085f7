//! The steps of a simulation as its report states them: answers, outcomes, sentences and findings.

use super::{Meanings, Simulator};
use crate::actor::AttemptError;
use crate::catalogue::Check;
use crate::outcome::{CheckResult, Outcome, Reason, Skip};
use crate::simulate::document::{Finding, SimulationStep, StepAnswer};
use crate::simulate::person::UserAction;
use crate::target_rp::Flow;

impl Simulator<'_> {
    /// Records a step that was judged.
    pub(super) fn record(
        &mut self,
        action: UserAction,
        answered: Option<StepAnswer>,
        result: &CheckResult,
        check: &Check,
        means: Meanings<'_>,
        error: Option<&AttemptError>,
    ) -> usize {
        let skipped = || error.and_then(missing).unwrap_or_else(|| not_sent(result));
        let means = match result.outcome {
            Outcome::Pass => means.good.to_owned(),
            Outcome::Note if result.is_as_expected() => means.good.to_owned(),
            Outcome::Fail | Outcome::Warn | Outcome::Note => means.bad.to_owned(),
            Outcome::Skipped => format!("{} That says nothing about the RP.", skipped()),
            Outcome::Inconclusive => {
                "What the RP would have done is not known: this answer tells neither yes nor no."
                    .to_owned()
            }
            Outcome::Error => "The RP broke on it. That is no refusal.".to_owned(),
        };
        let id = Some(check.id.clone());
        let number = self.step(action, answered, Some(result.outcome), &means, id);
        self.record_finding(number, result, &check.why, &check.fix);
        number
    }

    pub(super) fn record_finding(
        &mut self,
        step: usize,
        result: &CheckResult,
        why: &str,
        fix: &str,
    ) {
        let is_finding = match result.outcome {
            Outcome::Pass | Outcome::Skipped => false,
            Outcome::Note => !result.is_as_expected(),
            Outcome::Fail | Outcome::Warn | Outcome::Inconclusive | Outcome::Error => true,
        };
        if !is_finding {
            return;
        }
        let seen = match (result.verdict, result.reason_text()) {
            (Some(verdict), Some(reason)) => format!("{verdict} ({reason})"),
            (Some(verdict), None) => verdict.to_string(),
            (None, reason) => reason.unwrap_or_default(),
        };
        let finding = Finding {
            step,
            id: result.id.clone(),
            title: result.title.clone(),
            outcome: result.outcome,
            level: result.level,
            importance: result.importance,
            clause: result.clause.clone(),
            seen,
            why: why.to_owned(),
            fix: fix.to_owned(),
        };
        self.observer.finding(&finding);
        self.report.findings.push(finding);
    }

    pub(super) fn step(
        &mut self,
        action: UserAction,
        answer: Option<StepAnswer>,
        outcome: Option<Outcome>,
        means: &str,
        check: Option<String>,
    ) -> usize {
        let number = self.report.steps().count() + 1;
        let UserAction { who, device, domain, does } = action;
        let own = || self.origin().to_owned();
        let domain = domain.or_else(|| device.is_some().then(own));
        let step = SimulationStep {
            number,
            who,
            device,
            domain,
            does,
            answers: answer.into_iter().map(|one| self.masked(one)).collect(),
            outcome,
            means: self.log.mask(means),
            check,
        };
        self.observer.step_taken(&step);
        if let Some(act) = self.report.acts.last_mut() {
            act.steps.push(step);
        }
        number
    }

    fn masked(&self, answer: StepAnswer) -> StepAnswer {
        StepAnswer { says: self.log.mask(&answer.says), ..answer }
    }

    pub(super) fn mark(&mut self, number: usize, outcome: Outcome) {
        let mut steps = self.report.acts.iter_mut().flat_map(|act| &mut act.steps);
        if let Some(step) = steps.find(|step| step.number == number) {
            step.outcome = Some(outcome);
        }
    }
}

/// The sentence about a flow or a feature that the RP or its adapter lacks.
pub(super) fn missing(error: &AttemptError) -> Option<String> {
    let flow = match error {
        AttemptError::NoFlow(flow) => flow,
        AttemptError::NoFeature(what) => return Some(format!("This RP has no {what}.")),
        AttemptError::NotExpressible(cause) => return Some(format!("Not tried: {cause}.")),
        _ => return None,
    };
    let what = match flow {
        Flow::Recover => "way of recovery",
        Flow::Prepare => "way to prepare for a loss",
        Flow::Remove => "way to remove a passkey",
        Flow::Login => "sign-in without a passkey",
        Flow::List => "list of passkeys",
        Flow::Whoami => "way to ask who is signed in",
        Flow::Logout => "sign-out",
        Flow::Close => "way to close an account",
        _ => return Some(format!("This RP's profile has no `{flow}`.")),
    };
    Some(format!("This RP's profile has no {what} (`{flow}`)."))
}

/// The sentence about a check that was not sent.
fn not_sent(result: &CheckResult) -> String {
    let (skip, detail) = match &result.reason {
        Some(Reason::Skipped { skip, detail }) => (Some(*skip), detail.as_ref()),
        _ => (None, None),
    };
    let sentence = match (skip, detail) {
        (Some(Skip::RegistrableDomain), _) => "The RP's address has no relatives (localhost).",
        (Some(Skip::TwoAccounts), _) => "This RP's profile has one account only, and it takes two.",
        (Some(Skip::Setting), _) => "This RP never asks for what it takes.",
        (Some(Skip::Flow), _) => "This RP's profile has no flow for it.",
        (Some(Skip::Feature), _) => "This RP does not have what it is about.",
        (Some(Skip::OptIn), _) => "It takes minutes, and belongs into `passrig check`.",
        (_, Some(cause)) => return format!("Not tried: {cause}."),
        _ => "With this RP there is nothing to try here.",
    };
    sentence.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::NotExpressible;

    #[test]
    fn the_sentence_about_a_skipped_check_has_the_cause() {
        let cause = NotExpressible::UnknownNameRefused;
        let sentence = |skip, detail| {
            let reason = Some(Reason::Skipped { skip, detail });
            not_sent(&CheckResult { reason, ..crate::samples::report().checks.remove(0) })
        };
        assert_eq!(sentence(Skip::Flow, None), "This RP's profile has no flow for it.");
        assert_eq!(
            sentence(Skip::NotExpressible, Some(cause.to_string())),
            "Not tried: the RP refuses the name of an unknown user."
        );
        assert_eq!(sentence(Skip::Format, None), "With this RP there is nothing to try here.");
    }
}
