//! Named products, from the files in `profiles/`.
//!
//! They are like the products as far as a relying party can see it, but for the
//! certificates, which are test authorities': each format has a root of its own
//! here, as products have those of their vendors.

use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::{Attachment, Profile};
use crate::attestation::Format;
use crate::attestation::metadata::{self, Model};
use crate::attestation::pki::{Authority, Root};
use crate::env::Env;

/// Every product and its file.
const PRODUCTS: &[(&str, &str)] = &[
    ("1password", include_str!("../../profiles/1password.toml")),
    ("android-device-bound", include_str!("../../profiles/android-device-bound.toml")),
    ("bitwarden", include_str!("../../profiles/bitwarden.toml")),
    ("chrome-macos", include_str!("../../profiles/chrome-macos.toml")),
    ("google-password-manager", include_str!("../../profiles/google-password-manager.toml")),
    ("icloud-keychain", include_str!("../../profiles/icloud-keychain.toml")),
    ("samsung-pass", include_str!("../../profiles/samsung-pass.toml")),
    ("solokey", include_str!("../../profiles/solokey.toml")),
    ("titan", include_str!("../../profiles/titan.toml")),
    ("u2f", include_str!("../../profiles/u2f.toml")),
    ("windows-hello", include_str!("../../profiles/windows-hello.toml")),
    ("windows-hello-software", include_str!("../../profiles/windows-hello-software.toml")),
    ("yubikey-5", include_str!("../../profiles/yubikey-5.toml")),
    ("yubikey-5-without-pin", include_str!("../../profiles/yubikey-5-without-pin.toml")),
    ("yubikey-bio", include_str!("../../profiles/yubikey-bio.toml")),
];

impl Profile {
    /// The names of all profiles: `platform`, `roaming`, and the products.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ["platform", "roaming"].into_iter().chain(PRODUCTS.iter().map(|(name, _)| *name))
    }

    /// The profile of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "platform" => Some(Self::platform()),
            "roaming" => Some(Self::roaming()),
            _ => {
                let (_, file) = PRODUCTS.iter().find(|(known, _)| *known == name)?;
                toml::from_str(file).ok()
            }
        }
    }
}

impl Profile {
    /// What a metadata statement says of such authenticators under this name;
    /// `None` if the environment draws no authority.
    pub fn model(&self, name: &str, env: &mut dyn Env) -> Option<Model> {
        let mut roots = Vec::new();
        let mut other_attestation = Vec::new();
        if matches!(name, "platform" | "roaming") {
            // Those without a vendor make whatever statement a test asks for.
            other_attestation = vec![Format::Packed, Format::Tpm, Format::Apple];
        }
        if self.attestation.is_certified() || !other_attestation.is_empty() {
            roots.push(self.authority(env)?);
        }
        Some(Model {
            description: name.to_owned(),
            aaguid: self.aaguid,
            is_platform: self.attachment == Attachment::Platform,
            transports: self.transports.clone(),
            algorithms: self.algorithms.clone(),
            discoverable: self.discoverable,
            user_verification: self.user_verification,
            attestation: self.attestation,
            other_attestation,
            roots,
            certificates: Vec::new(),
            reports: vec![metadata::NOTHING_KNOWN],
            vendor_commands: Vec::new(),
        })
    }

    /// The root that its certificates lead to.
    pub fn authority(&self, env: &mut dyn Env) -> Option<Authority> {
        match self.root {
            Root::Common => Authority::root(env),
            Root::Format => Authority::root_of(self.attestation, env),
        }
    }
}

/// An AAGUID as people write it: hexadecimal digits in groups.
pub(super) mod aaguid {
    use super::*;

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut aaguid = [0; 16];
        match base16ct::mixed::decode(text.replace('-', ""), &mut aaguid) {
            Ok(octets) if octets.len() == 16 => Ok(aaguid),
            _ => Err(de::Error::custom(format!("`{text}` is no AAGUID of 32 hexadecimal digits"))),
        }
    }
}

#[cfg(test)]
mod metadata_tests;
