//! Runs the catalogue against a target: canaries, bracketing twins, judging.

mod block;
mod canary;
mod crash;
pub mod expect;
mod fail_on;
mod filter;
mod judge;
pub mod matrix;
mod patience;
pub mod policy;
mod revival;
mod run;
mod schedule;
mod shard;
mod solo;
pub mod walk;

pub use fail_on::FailOn;
pub use filter::Filter;
pub use matrix::Matrix;
pub use revival::Restart;
pub use run::run;
pub use shard::{NoShard, Shard};
pub use solo::Solo;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::device::Profile;

use crate::actor::Throttling;
use crate::catalogue::{Catalogue, Check};
use crate::outcome::CheckResult;
use crate::target_rp::Log;
use crate::target_rp::log::Exchange;
use run::origin;

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
    /// Variables for the adapter.
    pub variables: Vec<(String, String)>,
    /// How long to wait until a challenge must have expired; checks that wait
    /// are left out if this is absent.
    pub expiry: Option<Duration>,
    /// How many pairs of answers a check times at most; checks that time are
    /// left out if this is absent.
    pub timing: Option<usize>,
    /// The authenticator that everybody has to whom it makes no difference, if
    /// it is not to be a platform one that can do everything.
    pub authenticator: Option<Profile>,
    /// How a target comes back that dies on the way.
    pub restart: Restart,
    /// How long to wait in total because the target asks for fewer requests.
    pub throttle_wait: Duration,
}

/// The time to wait because the target asks for fewer requests, unless the user names another.
pub const THROTTLE_WAIT: Duration = Throttling::WAIT;

/// Watches a run. All methods are called as things happen, from any task.
pub trait Observer: Send + Sync {
    /// The target proved testable; so many checks will be decided.
    fn started(&self, _total: usize) {}

    /// Something worth a line: a canary, a retry, a slow-down.
    fn notice(&self, _text: &str) {}

    /// An honest twin was accepted.
    fn twin(&self, _ceremony: Ceremony, _transcript: &Transcript) {}

    /// An attempt was made: this is what it comes to if the honest ceremonies
    /// around it are accepted.
    fn attempted(&self, _check: &Check, _result: &CheckResult, _transcript: &Transcript) {}

    /// A check was decided.
    fn finished(&self, _check: &Check, _result: &CheckResult, _transcript: &Transcript) {}

    /// A result came up that belongs to no check.
    fn found(&self, _result: &CheckResult) {}
}

/// The requests and answers of one check, redacted, in order.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    told: Box<Told>,
    /// Which of them is the attempt.
    pub attempt: Option<usize>,
}

/// A log, and what may be shown of it once somebody has asked: nobody reads most
/// transcripts.
#[derive(Clone, Debug, Default)]
struct Told {
    log: Log,
    exchanges: OnceLock<Vec<Exchange>>,
}

impl Transcript {
    /// Of exchanges that are redacted already.
    pub fn new(exchanges: Vec<Exchange>, attempt: Option<usize>) -> Self {
        let told = Told { log: Log::new(), exchanges: exchanges.into() };
        Self { told: Box::new(told), attempt }
    }

    fn of(log: Log, attempt: Option<usize>) -> Self {
        Self { told: Box::new(Told { log, exchanges: OnceLock::new() }), attempt }
    }

    /// What was sent and answered.
    pub fn exchanges(&self) -> &[Exchange] {
        self.told.exchanges.get_or_init(|| self.told.log.exchanges())
    }
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
    /// Whether nobody answers there any more.
    pub is_gone: bool,
    /// Whether the target said no: to what it remembers of another run, maybe.
    pub is_refusal: bool,
}
