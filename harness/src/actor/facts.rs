use passrig_authenticator::deviation::Facts;
use passrig_authenticator::env::Seeded;

use super::World;

/// The facts that deviations may speak of: `{ from = "…" }`.
pub const FACTS: [&str; 7] = [
    "fresh.16",
    "fresh.32",
    "other.credential_id",
    "other.user_handle",
    "rp.id",
    "rp.origin",
    "rp.parent",
];

/// What is known of an actor, and through it of the others.
#[derive(Clone, Default)]
pub struct Known {
    /// Its credential.
    pub credential_id: Option<Vec<u8>>,
    /// Its account, as the RP named it in creation options.
    pub user_handle: Option<Vec<u8>>,
    /// The RP id of its ceremonies.
    pub rp_id: Option<String>,
    origin: String,
    env: Option<Seeded>,
    other: Option<Box<Known>>,
}

impl Known {
    pub(super) fn new(world: &World, env: &Seeded) -> Self {
        Self { origin: world.origin.to_string(), env: Some(env.clone()), ..Self::default() }
    }

    /// The same, beside what is known of somebody else.
    pub(super) fn beside(&self, other: &Self) -> Self {
        Self { other: Some(Box::new(other.clone())), ..self.clone() }
    }
}

impl Facts for Known {
    fn fact(&self, name: &str) -> Option<Vec<u8>> {
        let other = self.other.as_ref();
        match name {
            "fresh.16" => Some(self.env.as_ref()?.derive(name, 16)),
            "fresh.32" => Some(self.env.as_ref()?.derive(name, 32)),
            "other.credential_id" => other?.credential_id.clone(),
            "other.user_handle" => other?.user_handle.clone(),
            "rp.id" => Some(self.rp_id.clone()?.into_bytes()),
            "rp.origin" => Some(self.origin.clone().into_bytes()),
            "rp.parent" => Some(self.rp_id.as_ref()?.split_once('.')?.1.as_bytes().to_vec()),
            _ => None,
        }
    }
}
