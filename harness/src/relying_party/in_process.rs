//! The reference RP as a target, without a socket between.

use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::attestation::Format;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::cose::Algorithm;
use url::Url;

use super::policy::CHALLENGE_LIFETIME;
use super::{Config, RelyingParty, mutant::Mutant};
use crate::target::profile;
use crate::target::transport::{InProcess, Limits};
use crate::target::{Clock, Target};

/// The origin of the built-in RP.
pub const ORIGIN: &str = "https://login.passrig.test";
/// The RP id of the built-in RP.
pub const RP_ID: &str = "passrig.test";
/// A related origin of the built-in RP.
const RELATED: &str = "https://passrig-shop.test";
/// How long to wait until challenges of the built-in RP have expired.
pub const EXPIRY: Duration = Duration::from_secs(CHALLENGE_LIFETIME.as_secs() + 1);

/// The reference RP, or a mutant of it, as a target. `None` only if the
/// adapter that comes with the program is missing from it.
pub fn in_process(mutant: Option<Mutant>) -> Option<Target> {
    serving(built_in(), mutant)
}

/// The same for an authenticator that may know other algorithms than ES256, and
/// may not attest anything.
pub fn in_process_for(authenticator: &Profile) -> Option<Target> {
    let mut config = built_in();
    let others = authenticator.algorithms.iter().filter(|alg| **alg != Algorithm::ES256);
    config.algorithms.extend(others);
    config.demands_attestation = authenticator.attestation != Format::None;
    serving(config, None)
}

fn built_in() -> Config {
    Config {
        audit: true,
        demands_attestation: true,
        related_origins: vec![RELATED.to_owned()],
        ..Config::new(ORIGIN, RP_ID)
    }
}

fn serving(config: Config, mutant: Option<Mutant>) -> Option<Target> {
    let clock = Clock::default();
    let mut rp = RelyingParty::new(config, Seeded::new("the reference relying party"))
        .with_clock(clock.clone());
    if let Some(mutant) = mutant {
        rp = rp.with_mutant(mutant);
    }
    let transport = InProcess::new(rp.router(), Limits::default()).with_clock(clock);
    let base = Url::parse(ORIGIN).ok()?;
    Some(Target::new(profile::named("reference")?, base, ORIGIN, Arc::new(transport)))
}
