use std::sync::Arc;

use passrig_authenticator::Ceremony;

use crate::catalogue::Check;
use crate::observer::Observer;
use crate::outcome::{CheckResult, Transcript};

/// Several observers as one.
pub struct Observers(pub Vec<Arc<dyn Observer>>);

impl Observer for Observers {
    fn started(&self, total: usize) {
        self.0.iter().for_each(|observer| observer.started(total));
    }

    fn notice(&self, text: &str) {
        self.0.iter().for_each(|observer| observer.notice(text));
    }

    fn control_accepted(&self, ceremony: Ceremony, transcript: &Transcript) {
        self.0.iter().for_each(|observer| observer.control_accepted(ceremony, transcript));
    }

    fn attempted(&self, check: &Check, result: &CheckResult, transcript: &Transcript) {
        self.0.iter().for_each(|observer| observer.attempted(check, result, transcript));
    }

    fn finished(&self, check: &Check, result: &CheckResult, transcript: &Transcript) {
        self.0.iter().for_each(|observer| observer.finished(check, result, transcript));
    }

    fn found(&self, result: &CheckResult) {
        self.0.iter().for_each(|observer| observer.found(result));
    }
}
