//! The audit of cases that are made by hand, not by the device that the checks use.

use super::cases::{self, TestCase};
use super::world::{AttemptOutcome, TestWorld};
use crate::relying_party::mutant;

fn play(case: &TestCase, mutant: Option<mutant::Mutant>) -> AttemptOutcome {
    (case.run)(&TestWorld::new(mutant))
}

#[test]
fn the_audit_names_the_fault_and_nothing_else() {
    for case in cases::all() {
        let outcome = play(&case, None);
        assert_eq!(outcome.audit(), case.violates, "{}: {:?}", case.name, outcome.reply.body);
        assert_eq!(outcome.accepted(), case.violates.is_empty(), "{}", case.name);
    }
}

#[test]
fn the_audit_is_the_same_under_every_mutant() {
    let cases = cases::all();
    // Mutants of other areas issue other options.
    let in_ceremonies = mutant::all().into_iter().filter(|mutant| {
        ["registration.", "authentication."].iter().any(|area| mutant.id.starts_with(area))
    });
    for mutant in in_ceremonies.step_by(7) {
        for case in cases.iter().filter(|s| s.violates.split(' ').count() == 1).step_by(3) {
            let audit = play(case, Some(mutant.clone())).reply.audit;
            assert_eq!(audit.as_deref(), Some(case.violates), "{} {}", mutant.id, case.name);
        }
    }
}

#[test]
fn strict_mutants_refuse_what_must_be_accepted() {
    let cases = cases::all();
    for mutant in mutant::all().into_iter().filter(|m| m.kind == mutant::MutantKind::TooStrict) {
        let mut tried = cases.iter().filter(|s| s.tries.iter().any(|t| mutant.steps.contains(t)));
        let refuses = |case: &TestCase| !play(case, Some(mutant.clone())).accepted();
        assert!(tried.any(refuses), "no case tells {} from the honest RP", mutant.id);
    }
}
