use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CheckResult, Outcome};

/// One cause of several failures: the target fails as the reference RP does with one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// The mutant of the reference RP that fails the same checks.
    pub mutant: String,
    /// The fault, in a sentence.
    pub sentence: String,
    /// The failed checks that this fault explains, and the diagnoses before this one do not.
    pub checks: Vec<String>,
}

impl Diagnosis {
    /// True if the fault explains this result.
    pub fn explains(&self, result: &CheckResult) -> bool {
        result.is_divergence() && self.checks.contains(&result.id)
    }
}

impl CheckResult {
    /// True if the target gave a verdict, and a conformant RP gives another one.
    pub fn is_divergence(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Warn | Outcome::Note)
            && self.verdict.is_some()
            && !self.is_as_expected()
    }
}
