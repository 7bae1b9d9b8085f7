//! TPM attestation (§8.3) of RSA and ECC keys. The structures are those of the
//! TPM 2.0 Library, part 2.

#[cfg(feature = "tpm")]
mod statement;

use serde::Deserialize;

#[cfg(feature = "tpm")]
pub(super) use statement::{state, suits};

/// Without the feature `tpm` a TPM suits no key: an authenticator that attests as
/// a TPM makes no statement, as it does for keys that TPMs lack.
#[cfg(not(feature = "tpm"))]
pub(super) fn suits(_: crate::wire::cose::Algorithm) -> bool {
    false
}

/// How the signature travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureForm {
    /// As everywhere else in WebAuthn, and in the vectors of §16.
    #[default]
    Plain,
    /// As a TPMT_SIGNATURE, the structure that §8.3 names.
    Tpmt,
}

/// A hash that TPMs have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1, of old TPMs.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The hash of that name in data, such as `sha-1`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sha-1" => Self::Sha1,
            "sha-256" => Self::Sha256,
            "sha-384" => Self::Sha384,
            "sha-512" => Self::Sha512,
            _ => return None,
        })
    }
}

/// Who made a TPM, as its certificate says (§8.3.1). The default is that of the
/// vectors of §16, which is nobody.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    /// The TCG's number of the vendor, such as `id:494E5443`.
    pub manufacturer: String,
    /// The model.
    pub model: String,
    /// The version of the firmware.
    pub version: String,
}

impl Default for Maker {
    fn default() -> Self {
        Self {
            manufacturer: "id:00000000".into(),
            model: "WebAuthn test vectors".into(),
            version: "id:00000000".into(),
        }
    }
}

impl Maker {
    /// A maker whom relying parties know.
    pub(crate) fn intel() -> Self {
        Self {
            manufacturer: "id:494E5443".into(),
            model: "INTEL".into(),
            version: "id:01F40004".into(),
        }
    }
}
