use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::attestation::Format;
use passrig_authenticator::client::Origin;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::cose::Algorithm;

use super::RunState;
use crate::catalogue::Product;
use crate::target_rp::Target;

/// The state that all actors of a run share.
#[derive(Clone)]
pub struct World {
    /// The RP.
    pub target: Arc<Target>,
    /// The origin of its pages.
    pub origin: Origin,
    /// The seed in the context of this run.
    pub env: Seeded,
    /// Variables for the adapter that the user sets.
    pub variables: Vec<(String, String)>,
    /// The authenticator of the checks that need no special one, if the user names one.
    pub authenticator: Option<Profile>,
    /// The time after which a challenge must have expired, if checks may wait.
    pub expiry: Option<Duration>,
    /// The most pairs of answers to time, if timing is on.
    pub timing: Option<usize>,
    /// State of the run.
    pub state: Arc<RunState>,
}

impl World {
    /// The profile of an actor's authenticator: the one that the user names, unless a check needs
    /// another one.
    pub fn authenticator(
        &self,
        product: Product,
        format: Option<Format>,
        algorithm: Option<Algorithm>,
    ) -> Profile {
        let is_any = product == Product::default() && format.is_none() && algorithm.is_none();
        let mut profile = match &self.authenticator {
            Some(wanted) if is_any => wanted.clone(),
            _ => product.profile(),
        };
        if let Some(algorithm) = algorithm {
            profile.algorithms = vec![algorithm];
        }
        profile
    }
}
