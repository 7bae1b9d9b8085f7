//! An RP, accounts and credentials for tests.

mod client;
mod response;

use axum::Router;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys::SigningKey;
use passrig_authenticator::wire::cose::Algorithm;

use crate::relying_party::in_process::RELATED;
use crate::relying_party::{Config, Mutant, RelyingParty};
use crate::target_rp::Clock;

pub(super) use client::{AttemptOutcome, Reply, TestClient};
pub(super) use response::{ClientDataEdit, Create, Get, SignatureChoice};

pub(super) const ORIGIN: &str = "https://login.passrig.test";
pub(super) const RP_ID: &str = "passrig.test";

/// A relying party and the accounts `alice` and `mallory`, each with one
/// credential.
pub(super) struct TestWorld {
    pub(super) rp: Router,
    pub(super) clock: Clock,
    pub(super) alice: TestCredential,
    pub(super) mallory: TestCredential,
}

impl TestWorld {
    pub(super) fn new(mutant: Option<Mutant>) -> Self {
        let clock = Clock::default();
        let rp = server_by(clock.clone(), mutant);
        let enrol = |name, octet| {
            let mut device = TestCredential::new(octet);
            let mut browser = TestClient::new(&rp);
            let options = browser.registration_options(name);
            browser.finish_registration(&options, &mut device, |_| ());
            device
        };
        let (alice, mallory) = (enrol("alice", 1), enrol("mallory", 2));
        Self { rp, clock, alice, mallory }
    }

    pub(super) fn browser(&self) -> TestClient {
        TestClient::new(&self.rp)
    }

    /// Somebody new registers, with this about it.
    pub(super) fn register(&self, edit: impl FnOnce(&mut Create)) -> AttemptOutcome {
        self.browser().register("newcomer", &mut TestCredential::new(3), edit)
    }

    /// Alice signs in by name, with this about it.
    pub(super) fn sign_in(&self, edit: impl FnOnce(&mut Get)) -> AttemptOutcome {
        self.browser().sign_in(Some("alice"), &self.alice, edit)
    }

    /// Somebody signs in without a name.
    pub(super) fn discover(
        &self,
        device: &TestCredential,
        edit: impl FnOnce(&mut Get),
    ) -> AttemptOutcome {
        self.browser().sign_in(None, device, edit)
    }
}

pub(super) fn server(mutant: Option<Mutant>) -> Router {
    server_by(Clock::default(), mutant)
}

fn server_by(clock: Clock, mutant: Option<Mutant>) -> Router {
    let related_origins = vec![RELATED.to_owned()];
    let config = Config::new(ORIGIN, RP_ID);
    let config = Config { audit: true, demands_attestation: true, related_origins, ..config };
    let rp = RelyingParty::new(config, Seeded::new("seed")).with_clock(clock);
    match mutant {
        Some(mutant) => rp.with_mutant(mutant).router(),
        None => rp.router(),
    }
}

/// One credential.
#[derive(Clone)]
pub(super) struct TestCredential {
    pub(super) key: SigningKey,
    pub(super) id: Vec<u8>,
    pub(super) handle: Vec<u8>,
    pub(super) count: u32,
}

impl TestCredential {
    pub(super) fn new(octet: u8) -> Self {
        let key = SigningKey::from_bytes(Algorithm::ES256, &[octet; 32]).unwrap();
        Self { key, id: vec![octet; 16], handle: Vec::new(), count: 5 }
    }
}
