//! The kill matrix: which checks find which mutant of the reference RP.
//!
//! The tester is tested by it. Every flaw has to be found, only by checks that
//! name a step of it; and every check that must be refused has to find one.

pub mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::Options;
use crate::catalogue::{Catalogue, Check};
use crate::observer::Observer;
use crate::outcome::{CheckResult, Expectation, Outcome, Reason, Report, Skip};
use crate::relying_party::{
    EXPIRY, Mutant, StepComparison, in_process, in_process_compared, mutant,
};
use crate::target_rp::Target;

/// The results of the whole catalogue on every mutant.
pub struct Matrix {
    /// A row for each mutant, in the order of their list.
    pub rows: Vec<Row>,
    /// The checks that must be refused and find no mutant.
    idle: Vec<String>,
}

/// A mutant, and who finds it.
pub struct Row {
    /// The mutant.
    pub mutant: Mutant,
    /// The checks that find it, of those that name a step of it.
    pub found_by: Vec<String>,
    flaws: Vec<Flaw>,
}

/// A reason why the matrix is not closed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The mutant does not pass the preflight.
    #[error("{mutant}: the run ends early: {reason}")]
    Preflight {
        /// The ID of the mutant.
        mutant: String,
        /// The error of the run.
        reason: String,
    },
    /// The run ends with a finding that is not a check.
    #[error("{mutant}: {finding} ends the run")]
    Ended {
        /// The ID of the mutant.
        mutant: String,
        /// The finding.
        finding: String,
    },
    /// A check finds a flaw that it does not name.
    #[error("{mutant}: {check} is {outcome}, though it concerns no step of it")]
    Stray {
        /// The ID of the mutant.
        mutant: String,
        /// The ID of the check.
        check: String,
        /// Its outcome.
        outcome: Outcome,
    },
    /// No check finds the flaw.
    #[error("{0}: no check finds it")]
    Survivor(String),
    /// The check finds nothing.
    #[error("{0} finds no mutant")]
    Idle(String),
}

/// The checks that run on a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// Those that the mutant answers in another way than the reference RP.
    Differing,
}

/// The checks that a mutant answers in another way than the reference RP.
struct DifferingChecks {
    comparison: Arc<StepComparison>,
    known: BTreeSet<String>,
}

impl DifferingChecks {
    /// `None` if the reference RP itself is not as the checks expect.
    async fn of(catalogue: &Arc<Catalogue>) -> Option<Self> {
        let comparison = Arc::new(StepComparison::with(&mutant::all()));
        let target = in_process_compared(Arc::clone(&comparison));
        let report = run(catalogue, target, None).await.ok()?;
        let known = catalogue.checks.iter().map(|check| check.id.clone()).collect();
        // A busy machine changes measured times and the results of races.
        let is_repeatable = |check: &Check| !check.times && !check.exclusive;
        let wrong = |result: &CheckResult| {
            diverges(result) && catalogue.find(&result.id).is_none_or(is_repeatable)
        };
        (!report.checks.iter().any(wrong)).then_some(Self { comparison, known })
    }

    /// `None` if the mutant is to run with every check: a step cannot show all that it changes, or
    /// it changes an honest ceremony between checks.
    fn among(&self, mutant: &Mutant) -> Option<BTreeSet<String>> {
        if !mutant.replaces_steps_only() {
            return None;
        }
        let mut checks = self.comparison.checks(&mutant.id);
        checks.retain(|check| !PREFLIGHT.contains(&check.as_str()));
        checks.is_subset(&self.known).then_some(checks)
    }
}

/// The values of `x-passrig-check` in the preflight, which every run has.
const PREFLIGHT: [&str; 2] = ["canary.honest", "canary.forged"];

struct Silent;

impl Observer for Silent {}

impl Matrix {
    /// Runs the catalogue on every mutant, as many at once as there are cores. After each mutant
    /// `done` receives the number of mutants so far and the number of all.
    ///
    /// With [`Extent::Differing`] a check runs on a mutant if a step of the mutant gives another
    /// result than the reference RP for a response of the check: all other checks pass as they do
    /// on the reference RP.
    pub async fn of(
        catalogue: &Arc<Catalogue>,
        extent: Extent,
        done: impl Fn(usize, usize),
    ) -> Self {
        let selection = match extent {
            Extent::Whole => None,
            Extent::Differing => DifferingChecks::of(catalogue).await,
        };
        let selection = Arc::new(selection);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let all = mutant::all();
        let total = all.len();
        let mut waiting = all.into_iter().enumerate();
        let (mut running, mut rows) = (JoinSet::new(), BTreeMap::new());
        loop {
            for (place, mutant) in waiting.by_ref().take(cores.saturating_sub(running.len())) {
                let (catalogue, selection) = (Arc::clone(catalogue), Arc::clone(&selection));
                running.spawn(async move {
                    let among = selection.as_ref().as_ref().and_then(|all| all.among(&mutant));
                    (place, Row::of(&catalogue, mutant, among).await)
                });
            }
            let Some(ended) = running.join_next().await else { break };
            match ended {
                Ok((place, row)) => rows.insert(place, row),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            };
            done(rows.len(), total);
        }
        let rows: Vec<_> = rows.into_values().collect();
        let useful: BTreeSet<_> = rows.iter().flat_map(|row| &row.found_by).collect();
        let idle =
            |check: &&Check| check.expects != Expectation::Accepted && !useful.contains(&check.id);
        let idle = catalogue.checks.iter().filter(idle).map(|check| check.id.clone()).collect();
        Self { rows, idle }
    }

    /// The reasons why the matrix is not closed.
    pub fn flaws(&self) -> Vec<Flaw> {
        let of_mutants = self.rows.iter().flat_map(|row| row.flaws.iter().cloned());
        of_mutants.chain(self.idle.iter().cloned().map(Flaw::Idle)).collect()
    }
}

impl Row {
    async fn of(
        catalogue: &Arc<Catalogue>,
        mutant: Mutant,
        among: Option<BTreeSet<String>>,
    ) -> Self {
        let target = in_process(Some(mutant.clone()));
        let run = run(catalogue, target, among).await;
        let mut row = Self { mutant, found_by: Vec::new(), flaws: Vec::new() };
        match run {
            Ok(report) => row.judge(catalogue, &report),
            Err(reason) => {
                row.flaws.push(Flaw::Preflight { mutant: row.mutant.id.clone(), reason });
            }
        }
        row
    }

    fn judge(&mut self, catalogue: &Catalogue, report: &Report) {
        let mutant = || self.mutant.id.clone();
        for result in report.checks.iter().filter(|result| diverges(result)) {
            let Some(check) = catalogue.find(&result.id) else {
                self.flaws.push(Flaw::Ended { mutant: mutant(), finding: result.id.clone() });
                continue;
            };
            // The time of a replaced step says nothing about its result.
            if check.times && self.mutant.replaces_steps_only() {
                continue;
            }
            if self.mutant.steps.iter().any(|step| check.concerns(step)) {
                self.found_by.push(check.id.clone());
            } else {
                let (check, outcome) = (check.id.clone(), result.outcome);
                self.flaws.push(Flaw::Stray { mutant: mutant(), check, outcome });
            }
        }
        if self.found_by.is_empty() {
            self.flaws.push(Flaw::Survivor(mutant()));
        }
    }
}

/// A race that was not lost is noted, and is not a divergence.
fn diverges(result: &CheckResult) -> bool {
    match result.outcome {
        Outcome::Pass => false,
        Outcome::Note => !result.is_as_expected(),
        // The plainer check finds the mutant.
        Outcome::Skipped => {
            !matches!(result.reason, Some(Reason::Skipped { skip: Skip::Implied, .. }))
        }
        _ => true,
    }
}

/// A mutant's delays are long, and there are many mutants.
const TIMED: usize = 128;

async fn run(
    catalogue: &Arc<Catalogue>,
    target: Option<Target>,
    among: Option<BTreeSet<String>>,
) -> Result<Report, String> {
    let mut options = Options::new(Arc::clone(catalogue), "kill matrix");
    options.filter.among = among;
    options.jobs = 2;
    options.expiry = Some(EXPIRY);
    options.timing = Some(TIMED);
    let target = target.ok_or("the reference RP has no adapter")?;
    let run = super::run(&options, Arc::new(target), Arc::new(Silent)).await;
    run.map_err(|error| error.to_string())
}
