//! The kill matrix: which checks find which mutant of the reference RP.
//!
//! The tester is tested by it. Every flaw has to be found, only by checks that
//! name a step of it; and every check that must be refused has to find one.

pub mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Filter, Options, Restart};
use crate::catalogue::{Catalogue, Check};
use crate::observer::Observer;
use crate::outcome::{CheckResult, Expectation, Outcome, Report};
use crate::relying_party::{EXPIRY, Mutant, in_process, mutant};

/// What the whole catalogue makes of every mutant.
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

/// Why the matrix is not closed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// The mutant does not pass the preflight.
    #[error("{mutant}: the run ends early: {reason}")]
    Preflight {
        /// Which mutant.
        mutant: String,
        /// What the run says.
        reason: String,
    },
    /// The run ends with a finding that is no check.
    #[error("{mutant}: {finding} ends the run")]
    Ended {
        /// Which mutant.
        mutant: String,
        /// The finding.
        finding: String,
    },
    /// A check finds a flaw that it does not name.
    #[error("{mutant}: {check} is {outcome}, though it concerns no step of it")]
    Stray {
        /// Which mutant.
        mutant: String,
        /// Which check.
        check: String,
        /// What it came to.
        outcome: Outcome,
    },
    /// No check finds the flaw.
    #[error("{0}: no check finds it")]
    Survivor(String),
    /// The check finds nothing.
    #[error("{0} finds no mutant")]
    Idle(String),
}

struct Silent;

impl Observer for Silent {}

impl Matrix {
    /// Runs the catalogue against every mutant, as many at once as there are
    /// cores; `done` is called after each with the number so far and the total.
    pub async fn of(catalogue: &Arc<Catalogue>, done: impl Fn(usize, usize)) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let all = mutant::all();
        let total = all.len();
        let mut waiting = all.into_iter().enumerate();
        let (mut running, mut rows) = (JoinSet::new(), BTreeMap::new());
        loop {
            for (place, mutant) in waiting.by_ref().take(cores.saturating_sub(running.len())) {
                let catalogue = Arc::clone(catalogue);
                running.spawn(async move { (place, Row::of(&catalogue, mutant).await) });
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

    /// What keeps it from being closed.
    pub fn flaws(&self) -> Vec<Flaw> {
        let of_mutants = self.rows.iter().flat_map(|row| row.flaws.iter().cloned());
        of_mutants.chain(self.idle.iter().cloned().map(Flaw::Idle)).collect()
    }
}

impl Row {
    async fn of(catalogue: &Arc<Catalogue>, mutant: Mutant) -> Self {
        let run = run(catalogue, mutant.clone()).await;
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

/// A race that was not lost is noted, and is no divergence.
fn diverges(result: &CheckResult) -> bool {
    match result.outcome {
        Outcome::Pass => false,
        Outcome::Note => !result.is_as_expected(),
        _ => true,
    }
}

/// A mutant's delays are long, and there are many mutants.
const TIMED: usize = 128;

async fn run(catalogue: &Arc<Catalogue>, mutant: Mutant) -> Result<Report, String> {
    let options = Options {
        catalogue: Arc::clone(catalogue),
        filter: Filter::default(),
        seed: "kill matrix".to_owned(),
        run_id: "1".to_owned(),
        jobs: 2,
        variables: Vec::new(),
        expiry: Some(EXPIRY),
        timing: Some(TIMED),
        authenticator: None,
        restart: Restart::default(),
        throttle_wait: super::THROTTLE_WAIT,
    };
    let target = in_process(Some(mutant)).ok_or("the reference RP has no adapter")?;
    let run = super::run(&options, Arc::new(target), Arc::new(Silent)).await;
    run.map_err(|error| error.to_string())
}
