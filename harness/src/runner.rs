//! Runs the catalogue against a target: preflight, bracketing controls, judging.

pub mod adapter_test;
mod block;
mod bug;
mod crash;
pub mod diagnosis;
pub mod expect;
mod filter;
mod judge;
pub mod matrix;
pub mod policy;
mod preflight;
mod restart;
mod retries;
mod run;
mod schedule;
mod shard;
mod single;

pub use bug::{Bug, RunError, caught, is_caught};
pub use filter::Filter;
pub use matrix::Matrix;
pub use restart::Restart;
pub use run::run;
pub use shard::{Shard, ShardError};
pub use single::SingleChecks;

use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::device::Profile;

use crate::actor::Throttling;
use crate::catalogue::Catalogue;
use run::origin;

/// The checks of a run, and the settings with which they run.
#[non_exhaustive]
pub struct Options {
    /// The checks.
    pub catalogue: Arc<Catalogue>,
    /// The selection of checks.
    pub filter: Filter,
    /// Decides keys, edits and order.
    pub seed: String,
    /// Mixed into names, credential ids and keys, so that a second run against
    /// an RP with a memory does not collide with the first.
    pub run_id: String,
    /// The number of blocks of checks that run at once, where the accounts permit it.
    pub jobs: usize,
    /// Variables for the adapter.
    pub variables: Vec<(String, String)>,
    /// The time until a challenge must have expired; checks that wait are left out if this is
    /// absent.
    pub expiry: Option<Duration>,
    /// The largest number of pairs of answers that a check times; checks that time are left out if
    /// this is absent.
    pub timing: Option<usize>,
    /// The authenticator of all actors to whom the model makes no difference, if
    /// it is not to be a platform one that can do everything.
    pub authenticator: Option<Profile>,
    /// The way in which a target comes back after a crash.
    pub restart: Restart,
    /// The total time to wait because the target asks for fewer requests.
    pub throttle_wait: Duration,
}

impl Options {
    /// The whole catalogue with this seed, four blocks at once, without checks that wait or time.
    pub fn new(catalogue: Arc<Catalogue>, seed: impl Into<String>) -> Self {
        Self {
            catalogue,
            filter: Filter::default(),
            seed: seed.into(),
            run_id: "1".to_owned(),
            jobs: 4,
            variables: Vec::new(),
            expiry: None,
            timing: None,
            authenticator: None,
            restart: Restart::default(),
            throttle_wait: THROTTLE_WAIT,
        }
    }
}

/// The time to wait because the target asks for fewer requests, unless the user names another.
pub const THROTTLE_WAIT: Duration = Throttling::WAIT;
