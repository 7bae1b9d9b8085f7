//! Observers of a run: the runner calls them, progress and reports implement them.

use passrig_authenticator::Ceremony;

use crate::catalogue::Check;
use crate::outcome::{CheckResult, Transcript};

/// Watches a run. All methods are called during the run, from any task.
pub trait Observer: Send + Sync {
    /// The target is testable; this many checks will have a result.
    fn started(&self, _total: usize) {}

    /// A line of progress: a part of the preflight, a retry, a slow-down.
    fn notice(&self, _text: &str) {}

    /// A control was accepted.
    fn control_accepted(&self, _ceremony: Ceremony, _transcript: &Transcript) {}

    /// An attempt was made: this is its result if the honest ceremonies around it are accepted.
    fn attempted(&self, _check: &Check, _result: &CheckResult, _transcript: &Transcript) {}

    /// A check was decided.
    fn finished(&self, _check: &Check, _result: &CheckResult, _transcript: &Transcript) {}

    /// A result belongs to no check.
    fn found(&self, _result: &CheckResult) {}
}
