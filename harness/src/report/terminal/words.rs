//! The sentences of reports.

use serde::de::DeserializeOwned;

use crate::catalogue::index::Owner;
use crate::outcome::{
    Amiss, CheckResult, Effect, Expectation, FailOn, Inconclusive, Level, Manner, Outcome, Report,
    Skip, Staleness, Summary, visible,
};

/// The word from the closed list that a reason begins with.
pub fn head(reason: &str) -> &str {
    let end = reason.find(|c: char| !c.is_ascii_lowercase() && c != '-');
    reason.get(..end.unwrap_or(reason.len())).unwrap_or(reason)
}

/// What the word of a skip means.
pub fn skipped(word: &str) -> &'static str {
    match word_of(word) {
        Some(Skip::RegistrableDomain) => {
            "the origin has no registrable domain (localhost), so there are no relatives of it to \
             try"
        }
        Some(Skip::TwoAccounts) => "the adapter cannot make a second account",
        Some(Skip::Setting) => "the target never asks for what these checks need",
        Some(Skip::NotExpressible) => {
            "here the check would say nothing: what it sends equals the honest ceremony, or nothing \
             here is as it tests"
        }
        Some(Skip::Flow) => {
            "the adapter has no flow for them, or its probe did not see both states"
        }
        Some(Skip::OptIn) => {
            "they run only if asked to: --expiry SECONDS waits until a challenge has expired, \
             --timing times hundreds of answers, \
             --metadata says that the RP believes the metadata of `passrig trust export`"
        }
        Some(Skip::Authenticator) => {
            "the authenticator that you named cannot verify its user or be found without a name"
        }
        Some(Skip::Algorithm) => {
            "the target refuses honest credentials for the algorithm, though it offers it"
        }
        Some(Skip::Format) => {
            "the target does not accept honest attestation statements of the format, perhaps \
             because it has not been told to trust those who certify them: passrig trust export"
        }
        Some(Skip::Feature) => {
            "what the checks are about is not there, such as a file of related origins, or a call by \
             the page that was looked at"
        }
        None => "not sent",
    }
}

/// What the word of an inconclusive result means.
pub fn inconclusive(word: &str) -> &'static str {
    match word_of(word) {
        Some(Inconclusive::Setup) => "a step before the attempt went wrong.",
        Some(Inconclusive::Unrecognised) => "the adapter does not know this answer.",
        Some(Inconclusive::Throttled) => "the target asked to be left alone, again and again.",
        Some(Inconclusive::Bracket) => "an honest ceremony beside the attempt was not accepted.",
        Some(Inconclusive::Control) => "the honest part of the story was not accepted.",
        Some(Inconclusive::Interrupted) => "the run was stopped before.",
        None => "nothing can be concluded.",
    }
}

/// What the target did, in a sentence or two.
pub fn did(result: &CheckResult) -> String {
    let reason = result.reason.as_deref().unwrap_or("no reason given");
    let Some(verdict) = result.verdict else {
        return match result.outcome {
            Outcome::Error => format!("broke: {reason}"),
            _ => format!("gave no verdict: {reason}"),
        };
    };
    if let (true, Some(reason)) = (is_observed(result), &result.reason) {
        return format!("was looked at: {reason}");
    }
    let manner = result.manner.as_ref().map(|manner| format!(" ({manner})")).unwrap_or_default();
    let effect = match (result.effect, result.title.starts_with("registration")) {
        (Effect::Happened, true) => "a probe found the credential registered",
        (Effect::Happened, false) => "a probe found the session signed in",
        (Effect::Absent, true) => "a probe found no new credential",
        (Effect::Absent, false) => "a probe found the session not signed in",
        (Effect::Unobserved, _) => "no probe saw the effect",
    };
    let reason = result.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{verdict} it{manner}; {effect}{reason}")
}

/// Whether nothing was answered to an attempt: what the target does was looked
/// at.
pub fn is_observed(result: &CheckResult) -> bool {
    result.manner.as_deref() == Some(Manner::Observed.name())
}

/// How strongly it is demanded, as in `§7.1 step 9 (REG-06): must be refused`.
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

/// Whose duty a rule is.
pub fn duty(owner: Owner) -> &'static str {
    match owner {
        Owner::Library => "the library's",
        Owner::Application => "the application's",
    }
}

/// What it all comes to.
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
    let gravest = counted.iter().filter(diverging).map(|result| result.importance).max();
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
    let told = |count: usize, what: &str| match count {
        0 => String::new(),
        n => format!("; {n} {what}"),
    };
    let borne = told(known, "known before");
    if let Some(gravest) = gravest {
        let verdict = if summary.fail > 0 { "Not conformant" } else { "Not as expected" };
        let more = told(below, "more below what --fail-on counts");
        let and_undecided = told(undecided, "could not be decided");
        return format!(
            "{verdict}: {} went wrong, the gravest of {gravest} \
             importance{more}{borne}{and_undecided}.",
            checks(broken)
        );
    }
    if undecided > 0 {
        return format!("No verdict: {} could not be decided{borne}.", checks(undecided));
    }
    let unneeded = |amiss: &&Amiss| amiss.staleness == Staleness::Unneeded;
    match report.amiss.iter().filter(unneeded).count() {
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
             {}{borne}{unsent}.",
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

/// The reason of an entry that nobody has thought about yet.
pub fn unexplained(result: &CheckResult) -> String {
    let what = match (result.verdict, result.outcome) {
        // Nothing was sent that could be accepted or refused.
        (Some(_), _) if is_observed(result) => return "not mended yet".to_owned(),
        (Some(verdict), _) => format!("it is {verdict}"),
        (None, Outcome::Error) => "the target breaks".to_owned(),
        (None, _) => "nothing can be concluded".to_owned(),
    };
    format!("not mended yet: {what}")
}

/// `1 check`, `2 checks`.
pub fn checks(count: usize) -> String {
    if count == 1 { "1 check".to_owned() } else { format!("{count} checks") }
}

fn word_of<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}
