//! Runs the catalogue against a target: canaries, bracketing twins, judging.

mod filter;

pub use filter::Filter;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalogue::{Catalogue, Check};
use crate::outcome::{CheckResult, Importance, Level, Outcome, Report};

/// What to run, and how.
pub struct Options {
    /// The checks.
    pub catalogue: Arc<Catalogue>,
    /// Which of them.
    pub filter: Filter,
    /// Decides keys, edits and order.
    pub seed: String,
    /// Mixed into names, credential ids and keys, so that a second run against
    /// an RP with a memory does not collide with the first.
    pub run_id: String,
    /// How many blocks of checks run at once, where the accounts permit it.
    pub jobs: usize,
    /// Variables for the adapter (`--var`), over those of the accounts.
    pub variables: BTreeMap<String, String>,
}

/// Watches a run. All methods are called as things happen, from any task.
pub trait Observer: Send + Sync {
    /// The target proved testable; so many checks will be decided.
    fn started(&self, _total: usize) {}

    /// Something worth a line: a canary, a retry, a slow-down.
    fn notice(&self, _text: &str) {}

    /// A check was decided.
    fn finished(&self, _check: &Check, _result: &CheckResult, _transcript: &Transcript) {}
}

/// The requests and answers of one attempt, redacted, in order.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Transcript {
    /// One JSON object an exchange, as the target module exports it.
    pub exchanges: Vec<serde_json::Value>,
}

/// What ends a run before it judged anything (exit 3).
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct NotTestable {
    /// What happened, in one sentence that names the culprit.
    pub what: String,
    /// What to look at.
    pub help: Option<String>,
    /// The exchanges that show it.
    pub transcript: Transcript,
    /// What the target asked for, as far as it was seen.
    pub observed: BTreeMap<String, String>,
}

/// From which divergence on a run fails.
#[derive(Clone, Copy, Debug)]
pub struct FailOn {
    /// The weakest level that counts.
    pub level: Level,
    /// The least importance that counts.
    pub importance: Importance,
}

impl Default for FailOn {
    /// A *must* of importance medium and above.
    fn default() -> Self {
        Self { level: Level::Must, importance: Importance::Medium }
    }
}

impl FailOn {
    /// Whether a result turns the exit code: errors and inconclusive results
    /// always do.
    pub fn counts(&self, result: &CheckResult) -> bool {
        let rank = |level| match level {
            Level::Must => 0,
            Level::Should => 1,
            Level::Policy => 2,
            Level::Hardening => 3,
        };
        match result.outcome {
            Outcome::Pass | Outcome::Skipped => false,
            Outcome::Inconclusive | Outcome::Error => true,
            Outcome::Fail | Outcome::Warn | Outcome::Note => {
                rank(result.level) <= rank(self.level) && result.importance >= self.importance
            }
        }
    }

    /// 0 as expected, 1 something failed, 3 the target died on the way.
    pub fn exit_code(&self, report: &Report) -> u8 {
        if report.stopped.is_some() {
            3
        } else {
            u8::from(report.checks.iter().any(|result| self.counts(result)))
        }
    }
}
