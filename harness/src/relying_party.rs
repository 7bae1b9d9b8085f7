//! The reference relying party: a small server that takes every step of §7.1
//! and §7.2, or all but one.
//!
//! It exists to test the tests. Its [steps](STEPS) stand in one table with
//! their clauses, its other decisions in one trait, `Behaviour`; its [audit]
//! reports for each attempt exactly which steps the attempt violates; its
//! [mutants](mutant) have one step or one decision wrong. It speaks the
//! FIDO Alliance's conformance API, and a few words more, so that effects can
//! be seen; at `/` is a page where people practise with their own browsers:
//!
//! | request | answer |
//! |---|---|
//! | `POST /attestation/options`, `/assertion/options` | options, `status` and `errorMessage` among them |
//! | `POST /attestation/result`, `/assertion/result` | `status` and `errorMessage` |
//! | `GET /session` | `signedIn`, and whose session it is |
//! | `GET /credentials`, `PATCH` and `DELETE /credentials/{id}` | the credentials of the signed-in account, a new `name`, removal |
//! | `POST /password/sign-up`, `/password/sign-in` | `status` and `errorMessage`; `awaits` if a passkey has to follow |
//! | `POST /recovery-codes`, `/recover` | ten `codes`; signed in by one of them |
//! | `GET /account`, `DELETE /account` | whether it has a password, and how many codes are left |
//! | `POST /logout` | `status` and `errorMessage` |
//!
//! A [server](RelyingParty::server) answers only for the hosts of its origins, local names and
//! addresses. Requests of other sites change nothing (`Sec-Fetch-Site`), and why a sign-in
//! failed is told to the audit alone.
//!
//! It keeps everything in memory, draws everything from a seed, looks at no clock
//! but to let challenges expire, and must never guard anything.

pub mod audit;
mod behaviour;
mod caller;
mod ceremony;
mod draws;
mod effect;
mod http;
mod in_process;
mod judge;
pub mod mutant;
mod policy;
mod secret;
mod sign_in;
mod step_comparison;
mod store;
#[cfg(test)]
mod tests;
pub mod verify;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passrig_authenticator::env::Seeded;

pub(crate) use in_process::in_process_compared;
pub use in_process::{
    EXPIRY, ORIGIN, RP_ID, in_process, in_process_for, in_process_with_second_factor,
};
pub use judge::{Judge, JudgedRecord};
pub use mutant::Mutant;
pub use policy::{Config, MetadataSources};
pub(crate) use step_comparison::StepComparison;
pub use verify::{STEPS, Step, Violation};

use crate::target_rp::Clock;
use behaviour::{Behaviour, Conformant};
use store::Store;
use verify::attestation::trust::TrustAnchors;

/// A relying party in memory.
#[derive(Debug)]
pub struct RelyingParty {
    config: Config,
    trust: TrustAnchors,
    seed: Seeded,
    clock: Clock,
    behaviour: Arc<dyn Behaviour>,
    store: Mutex<Store>,
}

impl RelyingParty {
    /// A relying party that takes every step. All that it draws comes from
    /// the seed.
    pub fn new(config: Config, seed: Seeded) -> Self {
        Self {
            trust: TrustAnchors::of(&config),
            config,
            seed,
            clock: Clock::default(),
            behaviour: Arc::new(Conformant),
            store: Mutex::default(),
        }
    }

    /// The same with a clock that others may put forward.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same with a flaw.
    #[must_use]
    pub fn with_mutant(self, mutant: Mutant) -> Self {
        self.with_behaviour(mutant.into_behaviour())
    }

    fn with_behaviour(mut self, behaviour: Arc<dyn Behaviour>) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// The requests and answers.
    pub fn router(self) -> axum::Router {
        http::router(Arc::new(self))
    }

    /// The requests and answers of a socket: those that name the host of another site are refused with 421.
    pub fn server(self) -> axum::Router {
        http::server(Arc::new(self))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
