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

/// What all actors of a run share.
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
    /// The authenticator that everybody has to whom it makes no difference, if
    /// the user names one.
    pub authenticator: Option<Profile>,
    /// How long to wait until a challenge must have expired, if anybody wants
    /// to wait.
    pub expiry: Option<Duration>,
    /// How many pairs of answers to time at most, if anybody wants them timed.
    pub timing: Option<usize>,
    /// State of the run.
    pub state: Arc<RunState>,
}

impl World {
    /// What an actor's authenticator is like: what the user wants it to be,
    /// unless a check needs one of a kind.
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
