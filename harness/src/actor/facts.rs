use passrig_authenticator::deviation::{Facts, another_key};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys;
use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::{AuthenticatorData, Flags, cose};

use super::World;

/// The facts about an actor, and about another one, that deviations may use.
#[derive(Clone, Default)]
pub struct Known {
    /// The ID of its credential.
    pub credential_id: Option<Vec<u8>>,
    /// The user handle of its account, from the creation options.
    pub user_handle: Option<Vec<u8>>,
    /// The RP id of its ceremonies.
    pub rp_id: Option<String>,
    /// The AppID that its authentications are asked about.
    pub app_id: Option<String>,
    origin: String,
    embedder: Option<String>,
    env: Option<Seeded>,
    other: Option<Box<Known>>,
}

impl Known {
    pub(super) fn new(world: &World, env: &Seeded) -> Self {
        Self {
            origin: world.origin.to_string(),
            embedder: world.target.adapter().embedder.clone(),
            env: Some(env.clone()),
            ..Self::default()
        }
    }

    /// The facts with those about another actor.
    pub(super) fn beside(&self, other: &Self) -> Self {
        Self { other: Some(Box::new(other.clone())), ..self.clone() }
    }
}

impl Known {
    /// The public half of the key that `plan.signer = "another"` signs with;
    /// before there is a credential, of any other.
    fn another_key(&self) -> Option<cose::Key> {
        Some(another_key(self.credential_id.as_deref().unwrap_or_default())?.public_key())
    }

    /// Attested credential data, as no assertion has them, for this credential
    /// with that key.
    fn attested_with_another_key(&self) -> Option<Vec<u8>> {
        let data = AuthenticatorData {
            rp_id_hash: [0; 32],
            flags: Flags::default(),
            sign_count: 0,
            attested: Some(AttestedCredentialData {
                aaguid: [0; 16],
                credential_id: self.credential_id.clone()?,
                public_key: self.another_key()?.to_cbor(),
            }),
            extensions: None,
        };
        data.tree().render().get(FIXED_PART..).map(<[u8]>::to_vec)
    }
}

/// RP id hash, flags and counter.
const FIXED_PART: usize = 37;

impl Facts for Known {
    fn fact(&self, name: &str) -> Option<Vec<u8>> {
        let other = self.other.as_ref();
        match name {
            "another.public_key" => keys::subject_public_key_info(&self.another_key()?),
            "another.attested_credential_data" => self.attested_with_another_key(),
            "own.credential_id" => self.credential_id.clone(),
            "fresh.1023" => Some(self.env.as_ref()?.derive(name, 1023)),
            "fresh.1024" => Some(self.env.as_ref()?.derive(name, 1024)),
            "fresh.16" => Some(self.env.as_ref()?.derive(name, 16)),
            "fresh.32" => Some(self.env.as_ref()?.derive(name, 32)),
            "fresh.65535" => Some(self.env.as_ref()?.derive(name, 65535)),
            "other.credential_id" => other?.credential_id.clone(),
            "other.user_handle" => other?.user_handle.clone(),
            "rp.app_id" => Some(self.app_id.clone()?.into_bytes()),
            "rp.embedder" => Some(self.embedder.clone()?.into_bytes()),
            "rp.id" => Some(self.rp_id.clone()?.into_bytes()),
            "rp.origin" => Some(self.origin.clone().into_bytes()),
            "rp.parent" => Some(self.rp_id.as_ref()?.split_once('.')?.1.as_bytes().to_vec()),
            _ => None,
        }
    }
}
