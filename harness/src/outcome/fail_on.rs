use super::{CheckResult, Importance, Level, Outcome, Report, StaleExpectation, Staleness};

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
    /// True if a result turns the exit code: errors and inconclusive results always do, unless they
    /// were foreseen.
    pub fn counts(&self, result: &CheckResult) -> bool {
        match result.outcome {
            _ if result.known.is_some() => false,
            // A race without a fault in any round: nothing diverged.
            Outcome::Note if result.is_as_expected() => false,
            outcome => self.reaches(outcome, result.level, result.importance),
        }
    }

    /// True if this outcome of a rule of this weight turns the exit code.
    pub fn reaches(&self, outcome: Outcome, level: Level, importance: Importance) -> bool {
        match outcome {
            Outcome::Pass | Outcome::Skipped => false,
            Outcome::Inconclusive | Outcome::Error => true,
            Outcome::Fail | Outcome::Warn | Outcome::Note => {
                level.rank() <= self.level.rank() && importance >= self.importance
            }
        }
    }

    /// 0 as expected, 1 something failed, 3 the target crashed and did not come back.
    pub fn exit_code(&self, report: &Report) -> u8 {
        if report.stopped.is_some() {
            3
        } else {
            let unneeded = |stale: &StaleExpectation| stale.staleness == Staleness::Unneeded;
            let failed = report.checks.iter().any(|result| self.counts(result));
            u8::from(failed || report.stale.iter().any(unneeded))
        }
    }
}
