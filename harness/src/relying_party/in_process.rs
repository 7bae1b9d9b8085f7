//! The reference RP as a target, without a socket between.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use passrig_authenticator::attestation::Format;
use passrig_authenticator::attestation::metadata::Model;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::cose::Algorithm;
use url::Url;

use super::behaviour::Behaviour;
use super::mutant::Mutant;
use super::policy::{CHALLENGE_LIFETIME, MetadataSources};
use super::step_comparison::StepComparison;
use super::{Config, RelyingParty};
use crate::target_rp::adapter;
use crate::target_rp::transport::{InProcess, Limits};
use crate::target_rp::{Clock, Target};

/// The origin of the built-in RP.
pub const ORIGIN: &str = "https://login.passrig.test";
/// The RP id of the built-in RP.
pub const RP_ID: &str = "passrig.test";
/// A related origin of the built-in RP.
pub(super) const RELATED: &str = "https://passrig-shop.test";
/// How long to wait until challenges of the built-in RP have expired.
pub const EXPIRY: Duration = Duration::from_secs(CHALLENGE_LIFETIME.as_secs() + 1);

/// The reference RP, or a mutant of it, as a target. `None` only if the
/// adapter that comes with the program is missing from it.
pub fn in_process(mutant: Option<Mutant>) -> Option<Target> {
    serving(built_in(Vec::new())?, mutant.map(Mutant::into_behaviour), "reference")
}

/// The reference RP, which compares the steps of mutants with its own.
pub(crate) fn in_process_compared(comparison: Arc<StepComparison>) -> Option<Target> {
    serving(built_in(Vec::new())?, Some(comparison), "reference")
}

/// The same where a password comes first, and a passkey second.
pub fn in_process_with_second_factor(mutant: Option<Mutant>) -> Option<Target> {
    let config = Config { second_factor: true, ..built_in(Vec::new())? };
    serving(config, mutant.map(Mutant::into_behaviour), "reference-second-factor")
}

/// The same for an authenticator that may know other algorithms than ES256, and
/// may not attest anything.
pub fn in_process_for(authenticator: &Profile) -> Option<Target> {
    let env = &mut Seeded::new("");
    let mut config = built_in(vec![authenticator.model("of the user's choice", env)?])?;
    let others = authenticator.algorithms.iter().filter(|alg| **alg != Algorithm::ES256);
    config.algorithms.extend(others);
    config.demands_attestation = authenticator.attestation != Format::None;
    serving(config, None, "reference")
}

/// `known` are models that its metadata list before all others.
fn built_in(known: Vec<Model>) -> Option<Config> {
    // A relying party is made for each mutant, and the metadata are the same.
    static METADATA: LazyLock<Option<MetadataSources>> = LazyLock::new(|| metadata(Vec::new()));
    let metadata = match known.as_slice() {
        [] => METADATA.clone(),
        _ => metadata(known),
    };
    let metadata = Some(metadata?);
    let related_origins = vec![RELATED.to_owned()];
    let config = Config::new(ORIGIN, RP_ID);
    Some(Config { audit: true, demands_attestation: true, metadata, related_origins, ..config })
}

fn metadata(known: Vec<Model>) -> Option<MetadataSources> {
    let env = &mut Seeded::new("");
    // Checks take these two for whatever they need; they stay as they are.
    let own = [Profile::platform().aaguid, Profile::roaming().aaguid];
    let mut models = known;
    models.retain(|model| !own.contains(&model.aaguid));
    for name in Profile::names() {
        models.push(Profile::named(name)?.model(name, env)?);
    }
    MetadataSources::of(&models)
}

fn serving(config: Config, behaviour: Option<Arc<dyn Behaviour>>, adapter: &str) -> Option<Target> {
    let clock = Clock::default();
    let mut rp = RelyingParty::new(config, Seeded::new("the reference relying party"))
        .with_clock(clock.clone());
    if let Some(behaviour) = behaviour {
        rp = rp.with_behaviour(behaviour);
    }
    let transport = InProcess::new(rp.router(), Limits::default()).with_clock(clock);
    let base = Url::parse(ORIGIN).ok()?;
    let target = Target::new(adapter::named(adapter)?, base, ORIGIN, Arc::new(transport));
    // All that it draws for a check depends on that check alone.
    Some(target.with_metadata_trust().that_names_checks())
}
