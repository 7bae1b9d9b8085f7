//! From what was seen to an outcome: the rules of honest verdicts, in one place.

use super::bug::Bug;
use crate::actor::{Attempt, AttemptError};
use crate::catalogue::Check;
use crate::outcome::{
    CheckResult, Effect, Expectation, Inconclusive, Manner, Outcome, Reason, Skip, Variant, Verdict,
};
use crate::scenarios::Observations;
use crate::target_rp::Recognised;

/// The result of a check that was performed. Whether honest ceremonies around
/// it were accepted is for the caller to know.
pub(super) fn judge(
    check: &Check,
    variant: &Variant,
    seen: &Result<Observations, AttemptError>,
) -> CheckResult {
    let blank = check.result(variant.clone());
    let observations = match seen {
        Ok(observations) => observations,
        Err(trouble) => return troubled(blank, trouble),
    };
    if let Some(control) = &observations.control
        && !control.is_accepted()
    {
        let what = with(control.verdict.message.clone(), "it was not accepted");
        return void(blank, Inconclusive::Control, &what);
    }
    let attempt = &observations.attempt;
    let blank = match observations.importance {
        Some(importance) => CheckResult { importance, ..blank },
        None => blank,
    };
    match attempted(blank, check, attempt) {
        result if observations.is_open && result.outcome == Outcome::Pass => {
            let reason =
                Some(with(attempt.verdict.message.clone(), "not seen, nor ruled out").into());
            CheckResult { outcome: Outcome::Note, reason, ..result }
        }
        result => result,
    }
}

fn attempted(blank: CheckResult, check: &Check, attempt: &Attempt) -> CheckResult {
    let message = attempt.verdict.message.clone();
    let result = CheckResult {
        manner: Some(attempt.verdict.manner),
        effect: attempt.effect,
        duration_ms: attempt.duration.as_secs_f64() * 1000.0,
        ..blank
    };
    let (verdict, manner, remark) = match (attempt.verdict.recognised, attempt.effect) {
        // Effects over words.
        (Recognised::Refused | Recognised::RefusedLikeCrash, Effect::Happened) => {
            (Verdict::Accepted, result.manner, Some("the target says refused, and yet it happened"))
        }
        (Recognised::Accepted, Effect::Absent) => {
            (Verdict::Refused, Some(Manner::AcceptedInWords), None)
        }
        (Recognised::Refused, _) => (Verdict::Refused, result.manner, None),
        (Recognised::Accepted, _) => (Verdict::Accepted, result.manner, None),
        (Recognised::RefusedLikeCrash, _) => {
            let outcome = match check.expects {
                Expectation::Refused | Expectation::Survives => Outcome::Warn,
                Expectation::Accepted => check.level.divergence(),
            };
            let reason = Some(with(message, "the refusal looks like a crash").into());
            return CheckResult { outcome, verdict: Some(Verdict::Refused), reason, ..result };
        }
        (Recognised::Crash, _) => {
            let reason = Some(with(message, "the target answered with a server error").into());
            return CheckResult { outcome: Outcome::Error, reason, ..result };
        }
        (Recognised::Throttled { .. }, _) => {
            return void(result, Inconclusive::Throttled, "the target wants fewer requests");
        }
        // The kind of refusal matters where one is expected. Here any refusal is enough, even one
        // by the framework: the target works.
        (Recognised::Unrecognised, _)
            if check.expects == Expectation::Survives
                && attempt.verdict.manner == Manner::ClientError =>
        {
            return CheckResult { outcome: Outcome::Pass, verdict: None, ..result };
        }
        (Recognised::Unrecognised, _) => {
            let answer = attempt.verdict.unknown.as_deref().unwrap_or_default();
            let what = format!("if this was a refusal, add to the adapter: refused = [{answer}]");
            return void(result, Inconclusive::Unrecognised, &what);
        }
    };
    let outcome =
        if check.expects.is_met_by(verdict) { Outcome::Pass } else { check.level.divergence() };
    let reason = match outcome {
        Outcome::Pass => None,
        _ => remark.map(str::to_owned).or(message).map(Reason::from),
    };
    CheckResult { outcome, verdict: Some(verdict), manner, reason, ..result }
}

fn troubled(blank: CheckResult, trouble: &AttemptError) -> CheckResult {
    if trouble.throttled().is_some() {
        return void(blank, Inconclusive::Throttled, &trouble.to_string());
    }
    match trouble {
        AttemptError::NotExpressible(cause) => {
            let detail = Some(cause.to_string());
            skipped(blank, Reason::Skipped { skip: Skip::NotExpressible, detail })
        }
        AttemptError::Bug(message) => Bug::new(blank.id, message).resume(),
        AttemptError::NoFlow(_) => skipped(blank, Skip::Flow),
        AttemptError::NoFeature(_) => skipped(blank, Skip::Feature),
        _ if trouble.is_inconvenience() => CheckResult {
            outcome: Outcome::Error,
            reason: Some(trouble.to_string().into()),
            ..blank
        },
        _ if trouble.is_unreachable() => {
            void(blank, Inconclusive::Interrupted, &trouble.to_string())
        }
        _ => void(blank, Inconclusive::Setup, &trouble.to_string()),
    }
}

/// A check whose divergence follows from another finding of the run: that of the plainer check.
pub(super) fn implied(result: CheckResult, plainer: &Check) -> CheckResult {
    let detail = Some(format!("{}, which the target accepts, is the finding", plainer.sends));
    let skip = Skip::Implied;
    CheckResult { verdict: None, ..skipped(result, Reason::Skipped { skip, detail }) }
}

/// A check that the target did not survive. What it answered before, if
/// anything, counts for nothing.
pub(super) fn stopped_target(result: CheckResult, what: &str) -> CheckResult {
    let reason = Some(format!("the target stopped answering after this check: {what}").into());
    CheckResult { outcome: Outcome::Error, verdict: None, reason, ..result }
}

/// The pass of a check whose request, which must be survived, was not read to its end.
pub(super) fn cut_short(check: &Check, variant: &Variant) -> CheckResult {
    CheckResult { outcome: Outcome::Pass, ..check.result(variant.clone()) }
}

/// A race that was lost in this round.
pub(super) fn seen(result: CheckResult, round: usize, rounds: usize) -> CheckResult {
    let what = format!("seen in round {round} of {rounds}");
    CheckResult { reason: Some(with(result.reason_text(), &what).into()), ..result }
}

/// A race that was not lost in any round, which proves nothing.
pub(super) fn unseen(result: CheckResult, rounds: usize) -> CheckResult {
    let reason = Some(format!("not observed in {rounds} rounds").into());
    CheckResult { outcome: Outcome::Note, reason, ..result }
}

/// A check that was not sent.
pub(super) fn skip(check: &Check, variant: &Variant, why: impl Into<Reason>) -> CheckResult {
    skipped(check.result(variant.clone()), why)
}

/// A check that was not even sent, since nothing could have been concluded.
pub(super) fn undecided(
    check: &Check,
    variant: &Variant,
    why: Inconclusive,
    what: &str,
) -> CheckResult {
    void(check.result(variant.clone()), why, what)
}

fn skipped(result: CheckResult, why: impl Into<Reason>) -> CheckResult {
    CheckResult { outcome: Outcome::Skipped, reason: Some(why.into()), ..result }
}

/// A check from which nothing can be concluded after all.
pub(super) fn void(result: CheckResult, why: Inconclusive, what: &str) -> CheckResult {
    let reason = Some(Reason::Inconclusive { cause: why, detail: Some(what.to_owned()) });
    CheckResult { outcome: Outcome::Inconclusive, verdict: None, reason, ..result }
}

fn with(message: Option<String>, what: &str) -> String {
    message.map_or_else(|| what.to_owned(), |message| format!("{what}: {message}"))
}
