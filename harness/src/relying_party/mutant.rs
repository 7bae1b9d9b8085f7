//! The reference relying party with one step or one decision wrong.
//!
//! A mutant replaces the functions of steps (`instead`) or overrides methods of `Behaviour`.
//! Where a step is only judged more loosely, the honest ceremony still passes. Each file says which
//! mutants belong there; `docs/adding-a-mutant.md` says how to add one.

mod attestation;
mod base64;
mod challenge;
mod coverage;
mod credential;
mod der;
mod encoding;
mod flow;
mod forgiving;
mod key;
mod lax_json;
mod metadata;
mod options;
mod origin;
mod pair_barrier;
mod reading;
mod related_origins;
mod retention;
mod session;
mod shape;
mod signature;
mod simple;
mod story;
mod strict;
mod weak;

pub use story::of_stories;

use std::sync::Arc;

use serde_json::Value;

use super::behaviour::Behaviour;
use super::verify::{
    AttemptAudit, Evidence, Procedure, STEPS, Step, StepKind, StepResult, examine,
};

/// An expression of a type that overrides these methods of [`Behaviour`].
macro_rules! behaviour {
    ($($method:item)*) => {{
        #[derive(Debug)]
        struct Mutated;
        impl $crate::relying_party::behaviour::Behaviour for Mutated {
            $($method)*
        }
        Mutated
    }};
}
use behaviour;

/// The reference RP with one step or one decision wrong.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its name: ceremony, step, flaw.
    pub id: String,
    /// The steps that it gets wrong.
    pub steps: Vec<&'static str>,
    /// The manner in which it is wrong.
    pub kind: MutantKind,
    /// The flaw, in a sentence without a subject.
    pub summary: String,
    /// Functions that replace those of steps.
    pub(super) instead: Vec<(&'static str, Procedure)>,
    /// Overridden decisions. `None` if `instead` is all that is wrong.
    behaviour: Option<Arc<dyn Behaviour>>,
}

/// The steps that have a mutant with the function, the last part of the ID, and the summary.
type MutantRow<'a> = (&'a [&'static str], &'a str, &'a str, Procedure);

/// The reference RP with other functions for steps.
#[derive(Debug)]
struct ReplacedSteps(Vec<(&'static str, Procedure)>);

impl Behaviour for ReplacedSteps {
    fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
        examine(evidence, &self.0)
    }
}

/// The manner in which a mutant is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MutantKind {
    /// The step is not there.
    LeftOut,
    /// The step is there, and accepts what it must not.
    WrongVersion,
    /// The steps are right, and another decision is wrong.
    Flow,
    /// The step refuses what it must accept.
    TooStrict,
    /// The server crashes on a response that it may accept or refuse.
    Fragile,
}

/// Every mutant that a check finds.
pub fn all() -> Vec<Mutant> {
    let left_out =
        STEPS.iter().filter(|step| step.kind() == StepKind::Verify).map(Mutant::left_out);
    left_out
        .chain(simple::all())
        .chain(origin::all())
        .chain(challenge::all())
        .chain(signature::all())
        .chain(der::all())
        .chain(coverage::all())
        .chain(encoding::all())
        .chain(key::all())
        .chain(attestation::all())
        .chain(metadata::all())
        .chain(credential::all())
        .chain(forgiving::all())
        .chain(flow::all())
        .chain(strict::all())
        .chain(options::all())
        .chain(retention::all())
        .chain(related_origins::all())
        .chain(session::all())
        .chain(base64::all())
        .chain(reading::all())
        .chain(shape::all())
        .chain(weak::all())
        .collect()
}

/// The mutant of that name.
pub fn by_id(id: &str) -> Option<Mutant> {
    all().into_iter().chain(of_stories()).find(|mutant| mutant.id == id)
}

impl Mutant {
    fn left_out(step: &Step) -> Self {
        let summary = format!("does not establish that {}", step.title);
        Self::new(step, "left-out", MutantKind::LeftOut, summary, Procedure::Verify(|_| Ok(())))
    }

    /// A mutant for each of these steps, with the same function in its place.
    fn each(
        steps: &[&'static str],
        kind: MutantKind,
        flaw: &str,
        summary: &str,
        run: Procedure,
    ) -> Vec<Self> {
        let steps = STEPS.iter().filter(|s| steps.contains(&s.id) && s.kind() == run.kind());
        steps.map(|step| Self::new(step, flaw, kind, summary.to_owned(), run)).collect()
    }

    /// The mutants of each entry of a list.
    fn list<const N: usize>(kind: MutantKind, entries: [MutantRow<'_>; N]) -> Vec<Self> {
        let of = |(steps, flaw, summary, run)| Self::each(steps, kind, flaw, summary, run);
        entries.into_iter().flat_map(of).collect()
    }

    fn new(step: &Step, flaw: &str, kind: MutantKind, summary: String, run: Procedure) -> Self {
        Self {
            id: format!("{}.{}.{flaw}", step.area(), step.name),
            steps: vec![step.id],
            kind,
            summary,
            instead: vec![(step.id, run)],
            behaviour: None,
        }
    }

    /// A mutant that overrides methods of [`Behaviour`].
    fn flow(
        id: impl Into<String>,
        steps: &[&'static str],
        summary: &str,
        behaviour: impl Behaviour + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            steps: steps.to_vec(),
            kind: MutantKind::Flow,
            summary: summary.to_owned(),
            instead: Vec::new(),
            behaviour: Some(Arc::new(behaviour)),
        }
    }

    /// The function of another step is replaced as well. Only for mutants without a behaviour of
    /// their own.
    fn and(mut self, step: &'static str, run: Procedure) -> Self {
        self.steps.push(step);
        self.instead.push((step, run));
        self
    }

    /// True if replaced steps are all that is wrong.
    pub(crate) fn replaces_steps_only(&self) -> bool {
        self.behaviour.is_none()
    }

    pub(super) fn into_behaviour(self) -> Arc<dyn Behaviour> {
        self.behaviour.unwrap_or_else(|| Arc::new(ReplacedSteps(self.instead)))
    }
}

/// The honest finding, or success if the looser rule accepts.
fn loosely(
    e: &Evidence<'_>,
    honest: fn(&Evidence<'_>) -> StepResult,
    rule: impl FnOnce(&Evidence<'_>) -> bool,
) -> StepResult {
    match honest(e) {
        Err(_) if rule(e) => Ok(()),
        finding => finding,
    }
}

/// The honest step, and the step with a repaired body if it refuses.
fn repair_body(
    e: &mut Evidence<'_>,
    honest: fn(&mut Evidence<'_>) -> StepResult,
    repair: impl FnOnce(&mut Value),
) -> StepResult {
    honest(e).or_else(|_| {
        let mut body = e.body.clone();
        repair(&mut body);
        let mut repaired = Evidence { body: &body, ..e.clone() };
        let finding = honest(&mut repaired);
        (e.registration, e.assertion) = (repaired.registration, repaired.assertion);
        finding
    })
}
