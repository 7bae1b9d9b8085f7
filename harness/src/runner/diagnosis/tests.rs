use super::*;
use crate::outcome::{Effect, Manner, Variant, Verdict};

/// The results of the checks that are sent: those of a conformant RP, except for failed checks.
fn results(is_sent: impl Fn(&str) -> bool, is_failed: impl Fn(&str) -> bool) -> Vec<CheckResult> {
    use crate::outcome::Expectation::Refused;
    let catalogue = Catalogue::builtin().unwrap();
    let sent = catalogue.checks.iter().filter(|check| is_sent(&check.id));
    let result = |check: &crate::catalogue::Check| {
        let is_refusal_due = check.expects == Refused;
        let (outcome, verdict) = match (is_failed(&check.id), is_refusal_due) {
            (true, true) => (check.level.divergence(), Verdict::Accepted),
            (true, false) => (check.level.divergence(), Verdict::Refused),
            (false, true) => (Outcome::Pass, Verdict::Refused),
            (false, false) => (Outcome::Pass, Verdict::Accepted),
        };
        let manner = Some(Manner::Ok);
        let effect = Effect::Happened;
        CheckResult {
            outcome,
            verdict: Some(verdict),
            manner,
            effect,
            ..check.result(Variant::default())
        }
    };
    sent.map(result).collect()
}

fn checks_of(mutant: &str) -> Vec<String> {
    let all = signatures(SIGNATURES);
    all.into_iter().find(|(name, _)| *name == mutant).unwrap().1
}

fn found(results: &[CheckResult]) -> Vec<(String, usize)> {
    let found = diagnoses(results).into_iter();
    found.map(|diagnosis| (diagnosis.mutant, diagnosis.checks.len())).collect()
}

#[test]
fn a_whole_signature_is_one_diagnosis() {
    let origin = checks_of("registration.origin.left-out");
    assert!(origin.len() > 20, "{origin:?}");
    let run = results(|_| true, |id| origin.iter().any(|one| one == id));
    let diagnoses = diagnoses(&run);
    assert_eq!(diagnoses.len(), 1, "{diagnoses:?}");
    let Diagnosis { mutant, sentence, checks } = &diagnoses[0];
    assert_eq!((mutant.as_str(), checks.len()), ("registration.origin.left-out", origin.len()));
    assert_eq!(
        sentence,
        "registration: the RP does not establish that the origin is one that the RP expects"
    );
    let explained = run.iter().filter(|result| diagnoses[0].explains(result)).count();
    assert_eq!(explained, origin.len());
}

#[test]
fn checks_that_pass_contradict_a_cause() {
    let origin = checks_of("registration.origin.left-out");
    let without = |passes: usize| {
        let failed = &origin[passes..];
        results(|_| true, |id| failed.iter().any(|one| one == id))
    };
    // A single one of many may pass for a reason of its own.
    let run = without(1);
    assert_eq!(found(&run), [("registration.origin.left-out".to_owned(), origin.len() - 1)]);
    let run = without(origin.len() / EXCEPTIONS + 1);
    assert!(!found(&run).iter().any(|(mutant, _)| mutant == "registration.origin.left-out"));
    // A check that was not sent, or that the target crashed at, says nothing.
    let unsent = results(|id| id != origin[0], |id| origin.iter().any(|one| one == id));
    assert_eq!(found(&unsent), [("registration.origin.left-out".to_owned(), origin.len() - 1)]);
    let mut crashed = results(|_| true, |id| origin.iter().any(|one| one == id));
    for result in crashed.iter_mut().filter(|result| result.id == origin[0]) {
        (result.outcome, result.verdict) = (Outcome::Warn, Some(Verdict::Refused));
    }
    assert_eq!(found(&crashed), [("registration.origin.left-out".to_owned(), origin.len() - 1)]);
}

#[test]
fn the_smallest_of_equal_causes_is_reported() {
    // Two checks are too few to show that an RP does not compare the origin at all.
    let origin = checks_of("registration.origin.left-out");
    let few: Vec<_> = origin.iter().take(2).cloned().collect();
    let run = results(|id| few.iter().any(|one| one == id), |_| true);
    assert!(!found(&run).iter().any(|(mutant, _)| mutant == "registration.origin.left-out"));
    for (mutant, checks) in signatures(SIGNATURES) {
        let run = results(|_| true, |id| checks.iter().any(|one| one == id));
        let Some((first, count)) = found(&run).into_iter().next() else {
            // No step demands these checks, so that none of them is severe.
            assert!(!run.iter().any(|r| matches!(r.outcome, Outcome::Fail | Outcome::Warn)));
            continue;
        };
        assert_eq!(count, checks.len(), "{mutant}: {first}");
        let same: BTreeSet<_> = checks_of(&first).into_iter().collect();
        assert_eq!(same, checks.into_iter().collect(), "{mutant}: {first}");
    }
}

#[test]
fn no_failure_has_two_causes() {
    let both = [checks_of("registration.origin.left-out"), checks_of("registration.type.left-out")];
    let run = results(|_| true, |id| both.iter().flatten().any(|one| one == id));
    let names: Vec<_> = found(&run).into_iter().map(|(mutant, _)| mutant).collect();
    assert_eq!(names, ["registration.origin.left-out", "registration.type.left-out"]);
    assert_eq!(diagnoses(&run), diagnoses(&run));
    assert_eq!(found(&results(|_| true, |_| false)), []);
    let one = results(|_| true, |id| id == "registration.origin.port");
    assert_eq!(found(&one), []);
}
