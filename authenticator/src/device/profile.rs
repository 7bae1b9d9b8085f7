use serde::{Deserialize, Serialize};

use super::Counting;
use super::extensions::{Extension, Supported};
use crate::attestation::pki::Root;
use crate::attestation::{Chain, Format, tpm};
use crate::pin_uv_auth::Protocol;
use crate::wire::cose::Algorithm;

/// What an authenticator is like.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The model.
    #[serde(deserialize_with = "super::product::aaguid::deserialize")]
    pub aaguid: [u8; 16],
    /// Whether it is part of the client's machine.
    pub attachment: Attachment,
    /// How clients reach it, in the words of `AuthenticatorTransport`.
    pub transports: Vec<String>,
    /// The algorithms that it can make keys for.
    pub algorithms: Vec<Algorithm>,
    /// Whether it can store discoverable credentials.
    pub discoverable: bool,
    /// Whether it can verify its user.
    pub user_verification: bool,
    /// Whether new credentials may leave it (flag BE).
    pub backup_eligible: bool,
    /// Whether they have (flag BS); never without `backup_eligible`.
    pub backup_state: bool,
    /// How signatures are counted.
    pub counting: Counting,
    /// The attestation it makes, where a relying party wants any.
    pub attestation: Format,
    /// Whether its attestation certificates name the model, as they must where
    /// one trust root stands for several (§8.2.1).
    #[serde(default)]
    pub certifies_model: bool,
    /// The algorithm of its attestation key.
    #[serde(default = "es256")]
    pub attestation_key: Algorithm,
    /// The root that its certificates lead to.
    #[serde(default)]
    pub root: Root,
    /// The certificates that it sends along.
    #[serde(default)]
    pub chain: Chain,
    /// The version of its firmware that its certificates name, if any (§8.2.1).
    #[serde(default)]
    pub firmware_version: Option<u32>,
    /// Who made its TPM.
    #[serde(default)]
    pub tpm_maker: tpm::Maker,
    /// The RP ids to which its certificates name the very device, when they ask
    /// for enterprise attestation: the list that its vendor burnt in for the
    /// enterprise that bought it (vendor-facilitated, CTAP 2.1 §7.1).
    #[serde(default)]
    pub enterprise: Vec<String>,
    /// How long its random credential ids are.
    pub credential_id_len: usize,
    /// The extensions that it knows.
    #[serde(default)]
    pub extensions: Supported,
    /// The PIN/UV auth protocol that it would like to be spoken to in.
    #[serde(default)]
    pub pin_uv_auth_protocol: Protocol,
}

fn es256() -> Algorithm {
    Algorithm::ES256
}

/// How an authenticator belongs to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attachment {
    /// Part of the machine.
    Platform,
    /// Carried around.
    CrossPlatform,
}

impl Attachment {
    /// What a word in options asks for; unknown words ask for nothing (§5.4.4).
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Platform, Self::CrossPlatform].into_iter().find(|one| one.as_str() == text)
    }

    /// The word in options and responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::CrossPlatform => "cross-platform",
        }
    }
}

impl Profile {
    /// A passkey provider in a laptop or phone: verifies its user, synchronises
    /// its credentials, does not count.
    pub fn platform() -> Self {
        Self {
            aaguid: *b"passrig-platform",
            attachment: Attachment::Platform,
            transports: vec!["hybrid".into(), "internal".into()],
            algorithms: vec![Algorithm::ES256],
            discoverable: true,
            user_verification: true,
            backup_eligible: true,
            backup_state: true,
            counting: Counting::Never,
            attestation: Format::PackedSelf,
            certifies_model: true,
            attestation_key: Algorithm::ES256,
            root: Root::Common,
            chain: Chain::Leaf,
            firmware_version: None,
            tpm_maker: tpm::Maker::intel(),
            enterprise: Vec::new(),
            credential_id_len: 32,
            extensions: [Extension::LargeBlob, Extension::Prf].into_iter().collect(),
            pin_uv_auth_protocol: Protocol::Two,
        }
    }

    /// A security key on USB: verifies its user, keeps its credentials to
    /// itself, counts each one's signatures.
    pub fn roaming() -> Self {
        Self {
            aaguid: *b"passrig-roaming!",
            attachment: Attachment::CrossPlatform,
            transports: vec!["usb".into()],
            backup_eligible: false,
            backup_state: false,
            counting: Counting::PerCredential,
            extensions: Supported::CTAP,
            ..Self::platform()
        }
    }
}
