//! What the audit says of stories that are made by hand, not by the device that
//! the checks use.

use super::stories::{self, TestCase};
use super::world::{AttemptOutcome, TestWorld};
use crate::relying_party::mutant;

fn play(story: &TestCase, mutant: Option<mutant::Mutant>) -> AttemptOutcome {
    (story.play)(&TestWorld::new(mutant))
}

#[test]
fn the_audit_names_the_fault_and_nothing_else() {
    for story in stories::all() {
        let outcome = play(&story, None);
        assert_eq!(outcome.audit(), story.violates, "{}: {:?}", story.name, outcome.reply.body);
        assert_eq!(outcome.accepted(), story.violates.is_empty(), "{}", story.name);
    }
}

#[test]
fn the_audit_is_the_same_under_every_mutant() {
    let stories = stories::all();
    // Mutants of other areas issue other options.
    let in_ceremonies = mutant::all().into_iter().filter(|mutant| {
        ["registration.", "authentication."].iter().any(|area| mutant.id.starts_with(area))
    });
    for mutant in in_ceremonies.step_by(7) {
        for story in stories.iter().filter(|s| s.violates.split(' ').count() == 1).step_by(3) {
            let audit = play(story, Some(mutant.clone())).reply.audit;
            assert_eq!(audit.as_deref(), Some(story.violates), "{} {}", mutant.id, story.name);
        }
    }
}

#[test]
fn strict_mutants_refuse_what_must_be_accepted() {
    let stories = stories::all();
    for mutant in mutant::all().into_iter().filter(|m| m.kind == mutant::MutantKind::TooStrict) {
        let mut tried = stories.iter().filter(|s| s.tries.iter().any(|t| mutant.steps.contains(t)));
        let refuses = |story: &TestCase| !play(story, Some(mutant.clone())).accepted();
        assert!(tried.any(refuses), "no story tells {} from the honest RP", mutant.id);
    }
}
