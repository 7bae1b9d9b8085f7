use std::sync::{Mutex, PoisonError};

use crate::catalogue::{Catalogue, Check};
use crate::observer::Observer;
use crate::outcome::{CheckResult, Transcript};

/// Keeps the results, for a run that does not come to its end.
#[derive(Default)]
pub struct FinishedResults(Mutex<Vec<CheckResult>>);

impl FinishedResults {
    /// The results so far, in the catalogue's order.
    pub fn results(&self, catalogue: &Catalogue) -> Vec<CheckResult> {
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let place = |id: &str| catalogue.checks.iter().position(|check| check.id == id);
        results.sort_by_cached_key(|result| (place(&result.id), result.variant.clone()));
        results
    }
}

impl Observer for FinishedResults {
    fn finished(&self, _: &Check, result: &CheckResult, _: &Transcript) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(result.clone());
    }
}
