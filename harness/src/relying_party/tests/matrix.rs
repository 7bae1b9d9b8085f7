//! Stories against mutants, in small what the kill matrix of the checks is in
//! large.

use super::stories::{self, Story};
use super::world::{Outcome, World};
use crate::relying_party::mutant::{self, Kind};

fn play(story: &Story, mutant: Option<mutant::Mutant>) -> Outcome {
    (story.play)(&World::new(mutant))
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
    for mutant in mutant::all().into_iter().step_by(7) {
        for story in stories.iter().filter(|s| s.violates.split(' ').count() == 1).step_by(3) {
            let audit = play(story, Some(mutant.clone())).reply.audit;
            assert_eq!(audit.as_deref(), Some(story.violates), "{} {}", mutant.id, story.name);
        }
    }
}

/// Every mutant decides otherwise than the honest relying party in a story
/// about its step, and in no other: of those, a part stands for all.
#[test]
fn mutants_get_their_own_steps_wrong_and_no_others() {
    let honest: Vec<_> =
        stories::all().into_iter().map(|story| (play(&story, None), story)).collect();
    for (number, mutant) in mutant::all().into_iter().enumerate() {
        let concerns = |story: &Story| match mutant.kind {
            Kind::TooStrict => story.tries.iter().any(|step| mutant.steps.contains(step)),
            _ => story.violates.split(' ').any(|step| mutant.steps.contains(&step)),
        };
        let mut kills = 0;
        for (place, (expected, story)) in honest.iter().enumerate() {
            if !concerns(story) && (place + number) % 6 != 0 {
                continue;
            }
            let outcome = play(story, Some(mutant.clone()));
            let differs = outcome.decision() != expected.decision();
            assert!(!differs || concerns(story), "{} gets `{}` wrong", mutant.id, story.name);
            kills += usize::from(differs);
        }
        assert!(kills > 0, "no story tells {} from the honest RP", mutant.id);
    }
}
