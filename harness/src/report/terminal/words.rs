//! The sentences of reports.

use passrig_authenticator::Ceremony;

use crate::catalogue::index::Owner;
use crate::outcome::{
    CheckResult, Diagnosis, Effect, Expectation, FailOn, Inconclusive, Level, Outcome, Reason,
    Report, Skip, StaleExpectation, Staleness, Summary, visible,
};

/// The text where a report has no reason.
pub const NO_REASON: &str = "no reason given";

/// The meaning of the reason of a skipped check.
pub fn skipped(reason: Option<&Reason>) -> &'static str {
    let Some(Reason::Skipped { skip, .. }) = reason else { return "not sent" };
    match skip {
        Skip::RegistrableDomain => {
            "the origin has no registrable domain (localhost, an address or an app), so that \
             no related origin exists"
        }
        Skip::TwoAccounts => "the adapter cannot make a second account",
        Skip::Setting => {
            "the target does not ask for what these checks need, or accepts no honest ceremony where \
             it does"
        }
        Skip::NotExpressible => {
            "here the check would say nothing: what it sends equals the honest ceremony, or nothing \
             here is as it tests"
        }
        Skip::Flow => "the adapter has no flow for them, or its probe did not see both states",
        Skip::OptIn => {
            "they run only if asked to: --expiry SECONDS waits until a challenge has expired, \
             --timing times hundreds of answers, \
             --metadata says that the RP believes the metadata of `passrig trust export`"
        }
        Skip::Authenticator => {
            "the authenticator that you named cannot verify its user or be found without a name"
        }
        Skip::Algorithm => {
            "the target refuses honest credentials for the algorithm, though it offers it"
        }
        Skip::Format => {
            "the target does not accept honest attestation statements of the format, perhaps \
             because it has not been told to trust those who certify them: passrig trust export"
        }
        Skip::Implied => {
            "the target accepts a plainer attempt with the same fault: that is the finding, and these \
             checks say nothing beside it"
        }
        Skip::Feature => {
            "what the checks are about is not there, such as a file of related origins, or a call by \
             the page that was looked at"
        }
    }
}

/// The meaning of the reason of an inconclusive result.
pub fn inconclusive(reason: Option<&Reason>) -> &'static str {
    let Some(Reason::Inconclusive { cause, .. }) = reason else {
        return "nothing can be concluded.";
    };
    match cause {
        Inconclusive::Setup => "a step before the attempt went wrong.",
        Inconclusive::Unrecognised => "the adapter does not know this answer.",
        Inconclusive::Throttled => "the target asked to be left alone, again and again.",
        Inconclusive::Bracket => "an honest ceremony beside the attempt was not accepted.",
        Inconclusive::Control => "the honest part of the story was not accepted.",
        Inconclusive::Interrupted => "the run was stopped before.",
    }
}

/// The reaction of the target, in a sentence or two.
pub fn did(result: &CheckResult) -> String {
    let reason = result.reason_text();
    let Some(verdict) = result.verdict else {
        let reason = reason.as_deref().unwrap_or(NO_REASON);
        return match result.outcome {
            Outcome::Error => format!("broke: {reason}"),
            _ => format!("gave no verdict: {reason}"),
        };
    };
    if let (true, Some(reason)) = (result.is_observed(), &reason) {
        return format!("was looked at: {reason}");
    }
    let manner = result.manner.as_ref().map(|manner| format!(" ({manner})")).unwrap_or_default();
    let effect = match (result.effect, result.ceremony == Some(Ceremony::Registration)) {
        (Effect::Happened, true) => "a probe found the credential registered",
        (Effect::Happened, false) => "a probe found the session signed in",
        (Effect::Absent, true) => "a probe found no new credential",
        (Effect::Absent, false) => "a probe found the session not signed in",
        (Effect::Unobserved, _) => "no probe saw the effect",
    };
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{verdict} it{manner}; {effect}{reason}")
}

/// The demand and its strength, as in `§7.1 step 9 (REG-06): must be refused`.
pub fn demand(level: Level, expected: Expectation) -> String {
    if expected == Expectation::Survives {
        return match level {
            Level::Must => "must be survived: accepted or refused".to_owned(),
            _ => "the RP's choice; sound if it survives".to_owned(),
        };
    }
    match level {
        Level::Must => format!("must be {expected}"),
        Level::Should => format!("should be {expected}"),
        Level::Policy => format!("the RP's choice; sound if {expected}"),
        Level::Hardening => format!("no step demands it; sound if {expected}"),
    }
}

/// The clause, and what it demands.
pub fn demanded(result: &CheckResult) -> String {
    let requirement = result.requirement.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    format!(
        "{}{requirement}: {}; importance {}",
        result.clause,
        demand(result.level, result.expected),
        result.importance
    )
}

/// The reason for which an expectation is of no use.
pub fn stale(staleness: Staleness) -> &'static str {
    match staleness {
        Staleness::Unneeded => "is not needed any more",
        Staleness::Expired => "has expired",
    }
}

/// Whose duty a rule is.
pub fn duty(owner: Owner) -> &'static str {
    match owner {
        Owner::Library => "the library's",
        Owner::Application => "the application's",
    }
}

/// The result of the run, in a sentence.
pub fn verdict(report: &Report, fail_on: FailOn) -> String {
    if let Some(why) = &report.stopped {
        let decided = report.checks.iter().filter(|result| result.outcome.is_decided()).count();
        let before = match decided {
            0 => "Nothing was decided before that.".to_owned(),
            1 => "1 check was decided before that.".to_owned(),
            n => format!("{n} checks were decided before that."),
        };
        let why = visible::line(why.trim_end_matches('.'));
        return format!("Stopped before the end: {why}. {before}");
    }
    let counted: Vec<_> = report.checks.iter().filter(|result| fail_on.counts(result)).collect();
    let diverging = |result: &&&CheckResult| result.outcome.is_decided();
    let severest = counted.iter().filter(diverging).map(|result| result.importance).max();
    let summary = Summary::of(counted.iter().copied());
    let all = Summary::of(&report.checks);
    let broken = summary.fail + summary.warn + summary.note;
    let undecided = summary.inconclusive + summary.error;
    let known = report.checks.iter().filter(|result| result.known.is_some()).count();
    let below = report.checks.iter().filter(|result| {
        matches!(result.outcome, Outcome::Fail | Outcome::Warn)
            && result.known.is_none()
            && !fail_on.counts(result)
    });
    let below = below.count();
    let also = |count: usize, what: &str| match count {
        0 => String::new(),
        n => format!("; {n} {what}"),
    };
    let known_before = also(known, "known before");
    if let Some(severest) = severest {
        let verdict = if summary.fail > 0 { "Not conformant" } else { "Not as expected" };
        let more = also(below, "more below what --fail-on counts");
        let and_undecided = also(undecided, "could not be decided");
        return format!(
            "{verdict}: {} went wrong, the gravest of {severest} \
             importance{more}{known_before}{and_undecided}.",
            checks(broken)
        );
    }
    if undecided > 0 {
        return format!("No verdict: {} could not be decided{known_before}.", checks(undecided));
    }
    let unneeded = |stale: &&StaleExpectation| stale.staleness == Staleness::Unneeded;
    match report.stale.iter().filter(unneeded).count() {
        0 => {}
        1 => return "Not as expected: 1 expectation is not needed any more.".to_owned(),
        n => return format!("Not as expected: {n} expectations are not needed any more."),
    }
    if report.checks.len() == all.skipped {
        return "No verdict: nothing was sent.".to_owned();
    }
    let unsent = match all.skipped {
        0 => String::new(),
        n => {
            format!("; {} not sent", if n == 1 { "1 was".to_owned() } else { format!("{n} were") })
        }
    };
    if below > 0 {
        return format!(
            "As expected, although {} went wrong: none counts at level {} and importance \
             {}{known_before}{unsent}.",
            checks(below),
            fail_on.level,
            fail_on.importance
        );
    }
    if known > 0 {
        return format!(
            "As expected: nothing went wrong but {} known before{unsent}.",
            checks(known)
        );
    }
    format!(
        "As expected: everything that was sent was answered as the specification demands{unsent}."
    )
}

/// The reason of an entry until the user writes one.
pub fn unexplained(result: &CheckResult) -> String {
    let what = match (result.verdict, result.outcome) {
        // Nothing was sent that could be accepted or refused.
        (Some(_), _) if result.is_observed() => return "not mended yet".to_owned(),
        (Some(verdict), _) => format!("it is {verdict}"),
        (None, Outcome::Error) => "the target breaks".to_owned(),
        (None, _) => "nothing can be concluded".to_owned(),
    };
    format!("not mended yet: {what}")
}

/// A cause, and the number of failures that it explains.
pub fn diagnosis(diagnosis: &Diagnosis, listed: usize) -> String {
    let all = diagnosis.checks.len();
    let part =
        if listed == all { String::new() } else { format!(", of which {listed} are listed here") };
    format!("{}: the likely cause of {}{part}", diagnosis.sentence, checks(all))
}

/// `1 check`, `2 checks`.
pub fn checks(count: usize) -> String {
    if count == 1 { "1 check".to_owned() } else { format!("{count} checks") }
}
