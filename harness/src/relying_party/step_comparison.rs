//! The checks that can tell a mutant from the reference RP, found in one run on the reference RP.
//!
//! A step is a function of the evidence. If the replaced function of a step gives the result of the
//! original for every response of a check, the mutant answers that check as the reference RP does,
//! and the check need not be run on the mutant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::behaviour::Behaviour;
use super::mutant::Mutant;
use super::verify::{AttemptAudit, Evidence, Procedure, STEPS, Step, StepResult};

/// The reference RP, which runs the replaced steps of mutants beside its own and compares the results.
#[derive(Debug)]
pub(crate) struct StepComparison {
    replaced: Vec<Replaced>,
    /// For each mutant the values of the header `x-passrig-check` of the responses that it examines
    /// with another result.
    checks: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

/// The function of a mutant in the place of a step's.
#[derive(Debug)]
struct Replaced {
    mutant: String,
    step: &'static Step,
    run: Procedure,
}

impl StepComparison {
    /// A comparison with the mutants that replace steps and decide everything else as the reference RP.
    pub(crate) fn with(mutants: &[Mutant]) -> Self {
        let replaced = mutants.iter().filter(|mutant| mutant.replaces_steps_only());
        let replaced = replaced.flat_map(|mutant| {
            mutant.instead.iter().flat_map(|(id, run)| {
                let steps = STEPS.iter().filter(|step| step.id == *id && step.kind() == run.kind());
                steps.map(|step| Replaced { mutant: mutant.id.clone(), step, run: *run })
            })
        });
        Self { replaced: replaced.collect(), checks: Mutex::default() }
    }

    /// The values of `x-passrig-check` whose responses the mutant examines with another result.
    pub(crate) fn checks(&self, mutant: &str) -> BTreeSet<String> {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.get(mutant).cloned().unwrap_or_default()
    }
}

impl Behaviour for StepComparison {
    fn examine<'a>(&self, evidence: Evidence<'a>, specified: AttemptAudit<'a>) -> AttemptAudit<'a> {
        let ceremony = Some(evidence.ceremony);
        let mut before = evidence;
        for step in STEPS.iter().filter(|step| step.ceremony() == ceremony) {
            let replaced: Vec<_> =
                self.replaced.iter().filter(|replaced| is_same(replaced.step, step)).collect();
            let differs: Vec<_> = match step.run {
                Procedure::Derive(make) => {
                    let made = made(make, &before);
                    let differs = replaced.into_iter().filter(|replaced| match replaced.run {
                        Procedure::Derive(other) => !is_equal(&made, &self::made(other, &before)),
                        _ => true,
                    });
                    let differs = differs.collect();
                    before = made.1;
                    differs
                }
                Procedure::Verify(_) => {
                    let found = specified.violated.iter().find(|(known, _)| is_same(known, step));
                    let found = found.map(|(_, violation)| violation);
                    let differs = replaced.into_iter().filter(|replaced| match replaced.run {
                        Procedure::Verify(judge) => {
                            judge(&specified.evidence).err().as_ref() != found
                        }
                        _ => true,
                    });
                    differs.collect()
                }
                Procedure::Flow => continue,
            };
            if differs.is_empty() {
                continue;
            }
            let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
            for replaced in differs {
                let checks = checks.entry(replaced.mutant.clone()).or_default();
                if !checks.contains(before.check) {
                    checks.insert(before.check.to_owned());
                }
            }
        }
        specified
    }
}

/// A step that makes a value and one that judges it can share an ID.
fn is_same(a: &Step, b: &Step) -> bool {
    a.id == b.id && a.kind() == b.kind()
}

/// The result of a step that makes a value.
fn made<'a>(
    make: fn(&mut Evidence<'_>) -> StepResult,
    evidence: &Evidence<'a>,
) -> (StepResult, Evidence<'a>) {
    let mut evidence = evidence.clone();
    (make(&mut evidence), evidence)
}

fn is_equal(
    (finding, a): &(StepResult, Evidence<'_>),
    (other, b): &(StepResult, Evidence<'_>),
) -> bool {
    finding == other
        && a.registration == b.registration
        && a.assertion == b.assertion
        && a.client_data == b.client_data
        && a.attestation_object == b.attestation_object
        && a.authenticator_data == b.authenticator_data
        && a.statement == b.statement
}
