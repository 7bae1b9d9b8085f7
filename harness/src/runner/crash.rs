//! Crashes of the target that the result of no check explains.

use crate::actor::Crash;
use crate::outcome::{CheckResult, Effect, Expectation, Importance, Level, Outcome, Variant};

/// The id of their result, which is not in the catalogue.
const ID: &str = "target.crash";

/// The number of crashes that the result describes.
const DESCRIBED: usize = 5;
/// The number of checks that it names for each of them.
const NAMED: usize = 10;

/// The result of a run in which the target crashed and came back, if these results of checks do
/// not explain each crash. A target that crashes does not behave as expected, whatever it does
/// afterwards.
pub(super) fn result(
    crashes: &[Crash],
    results: &[CheckResult],
    variant: &Variant,
) -> Option<CheckResult> {
    let errors: Vec<&str> = results
        .iter()
        .filter(|result| result.outcome == Outcome::Error)
        .map(|result| result.id.as_str())
        .collect();
    let is_explained = |crash: &&Crash| match crash.checks.is_empty() {
        // The forged ceremonies of the preflight are wrong in every respect: a check that is wrong
        // in one of them may have the same effect.
        true => !errors.is_empty(),
        false => crash.checks.iter().any(|id| errors.contains(&id.as_str())),
    };
    let open: Vec<&Crash> = crashes.iter().filter(|crash| !is_explained(crash)).collect();
    if open.is_empty() {
        return None;
    }
    let times = match open.len() {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let mut described: Vec<String> =
        open.iter().take(DESCRIBED).map(|crash| described(crash)).collect();
    if open.len() > DESCRIBED {
        described.push(format!("{} more", open.len() - DESCRIBED));
    }
    let reason = format!(
        "the target crashed {times} and came back, and the result of no check explains that: {}",
        described.join("; ")
    );
    Some(CheckResult {
        id: ID.to_owned(),
        ceremony: None,
        title: "target crashes during the run and comes back".to_owned(),
        variant: variant.clone(),
        level: Level::Must,
        importance: Importance::High,
        clause: "availability".to_owned(),
        requirement: None,
        outcome: Outcome::Error,
        verdict: None,
        manner: None,
        effect: Effect::Unobserved,
        reason: Some(reason.into()),
        expected: Expectation::Survives,
        known: None,
        duration_ms: 0.0,
    })
}

fn described(crash: &Crash) -> String {
    let Crash { when, what, checks } = crash;
    let mut names = checks.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if checks.len() > NAMED {
        names.push_str(&format!(" and {} more", checks.len() - NAMED));
    }
    match names.is_empty() {
        true => format!("{when}: {what}"),
        false => format!("{when}: {what} (under way: {names})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn crash(checks: &[&str]) -> Crash {
        let checks = checks.iter().map(|id| (*id).to_owned()).collect();
        Crash { when: "during checks".to_owned(), what: "it was closed".to_owned(), checks }
    }

    fn reason(crashes: &[Crash], results: &[(&str, Outcome)]) -> Option<String> {
        let sample = samples::report().checks[0].clone();
        let of = |(id, outcome): &(&str, Outcome)| CheckResult {
            id: (*id).to_owned(),
            outcome: *outcome,
            ..sample.clone()
        };
        let results: Vec<_> = results.iter().map(of).collect();
        let result = result(crashes, &results, &Variant::new([]))?;
        assert_eq!((result.id.as_str(), result.outcome), (ID, Outcome::Error));
        result.reason_text()
    }

    #[test]
    fn an_error_of_a_check_under_way_explains() {
        let one = [crash(&["a.b", "a.c"])];
        assert_eq!(reason(&one, &[("a.b", Outcome::Error), ("a.c", Outcome::Pass)]), None);
        assert_eq!(reason(&[], &[("a.b", Outcome::Pass)]), None);
        for results in [&[("a.b", Outcome::Fail)][..], &[("a.d", Outcome::Error)], &[]] {
            assert_eq!(
                reason(&one, results).unwrap(),
                "the target crashed once and came back, and the result of no check explains that: \
                 during checks: it was closed (under way: a.b, a.c)"
            );
        }
    }

    #[test]
    fn the_preflight_is_explained_by_each_error() {
        let preflight = [crash(&[])];
        assert_eq!(reason(&preflight, &[("a.b", Outcome::Error)]), None);
        assert!(reason(&preflight, &[("a.b", Outcome::Pass)]).is_some());
    }

    #[test]
    fn is_short_whatever_happens() {
        let ids: Vec<String> = (0..100).map(|n| format!("check-{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let reason = reason(&vec![crash(&ids); 1000], &[]).unwrap();
        assert!(reason.contains("crashed 1000 times") && reason.ends_with("; 995 more"));
        assert!(reason.contains("check-9 and 90 more"), "{reason}");
        assert!(reason.len() < 2000, "{}", reason.len());
    }
}
