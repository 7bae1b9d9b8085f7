//! Attestation statement formats, one file each: how an authenticator makes
//! them (§8).
//!
//! Formats with certificates are certified by a test authority, see [`pki`].

mod android_key;
mod apple;
mod attester;
mod fido_u2f;
mod none;
mod packed;
pub mod pki;
mod tpm;

pub use attester::Attester;
pub use tpm::SignatureForm;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::SigningKey;
use crate::wire::cose::Algorithm;
use crate::wire::{Cbor, Tree};
use crate::workbench::{Stage, Workbench};

/// A statement format that authenticators here can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// No statement (§8.7).
    None,
    /// Packed, signed by the credential key itself (§8.2, self attestation).
    PackedSelf,
    /// Packed, signed by a certified attestation key (§8.2).
    Packed,
    /// TPM, for ECC keys (§8.3).
    Tpm,
    /// Android key attestation: a certificate for the credential key (§8.4).
    AndroidKey,
    /// FIDO U2F (§8.6).
    #[serde(rename = "fido-u2f")]
    FidoU2f,
    /// Apple anonymous attestation: a certificate for the credential key,
    /// without a signature of the key itself (§8.8).
    Apple,
}

/// Every decision about an attestation, before a byte is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    /// The statement format.
    pub format: Format,
    /// The key that signs the statement in place of the one that the format
    /// calls for; `None` if honest.
    pub signer: Option<SigningKey>,
    /// The key that the certificate is for in place of the credential's, in the
    /// formats that certify that one; `None` if honest.
    pub certified: Option<SigningKey>,
    /// What statements are certified with, on authenticators that have it.
    /// Without it formats with certificates come out empty.
    pub attester: Option<Attester>,
    /// How a TPM's signature travels.
    pub tpm_signature: SignatureForm,
}

/// What an attestation is about.
#[derive(Clone, Copy)]
pub(crate) struct Attested<'a> {
    /// The credential key.
    pub(crate) key: &'a SigningKey,
    /// Authenticator data as they travel.
    pub(crate) authenticator_data: &'a [u8],
    /// The hash of the client data.
    pub(crate) client_data_hash: &'a [u8; 32],
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::PackedSelf,
        Self::Packed,
        Self::Tpm,
        Self::AndroidKey,
        Self::FidoU2f,
        Self::Apple,
    ];

    /// The attestation statement format identifier.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PackedSelf | Self::Packed => "packed",
            Self::Tpm => "tpm",
            Self::AndroidKey => "android-key",
            Self::FidoU2f => "fido-u2f",
            Self::Apple => "apple",
        }
    }

    /// Its name in data: the identifier, but `packed-self` for self
    /// attestation.
    pub fn name(self) -> &'static str {
        match self {
            Self::PackedSelf => "packed-self",
            other => other.identifier(),
        }
    }

    /// The format of that name in data.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether the statement comes with a certificate.
    pub fn is_certified(self) -> bool {
        !matches!(self, Self::None | Self::PackedSelf)
    }

    /// Whether such statements can be made about keys for an algorithm. U2F
    /// knows no other than ES256 (§8.6), and the TPM here does not either.
    pub fn suits(self, algorithm: Algorithm) -> bool {
        !matches!(self, Self::Tpm | Self::FidoU2f) || algorithm == Algorithm::ES256
    }
}

impl Attestation {
    /// Makes the statement.
    pub(crate) fn state(&self, attested: &Attested<'_>, bench: &mut dyn Workbench) -> Cbor {
        let own = self.signer.as_ref().unwrap_or(attested.key);
        let statement = match (self.format, &self.attester) {
            (Format::PackedSelf, _) => packed::state_self(attested, own, bench),
            (Format::None, _) | (_, None) => none::state(),
            (format, Some(attester)) => {
                let certified = self.signer.as_ref().unwrap_or(&attester.key);
                match format {
                    Format::Tpm => {
                        tpm::state(attested, certified, attester, self.tpm_signature, bench)
                    }
                    Format::AndroidKey => {
                        android_key::state(&self.certified(attested), own, attester, bench)
                    }
                    Format::FidoU2f => fido_u2f::state(attested, certified, attester, bench),
                    Format::Apple => apple::state(&self.certified(attested), attester, bench),
                    _ => packed::state(attested, certified, attester, bench),
                }
            }
        };
        cbor(bench.finish(Stage::Statement, Tree::Cbor(statement)))
    }
}

impl Attestation {
    /// What the certificate is about.
    fn certified<'a>(&'a self, attested: &Attested<'a>) -> Attested<'a> {
        Attested { key: self.certified.as_ref().unwrap_or(attested.key), ..*attested }
    }
}

impl Attested<'_> {
    /// What most formats sign: authenticator data, hash of the client data.
    fn message(&self) -> Vec<u8> {
        [self.authenticator_data, self.client_data_hash].concat()
    }

    /// The SHA-256 of [`Self::message`], where a certificate or a structure
    /// carries it.
    fn message_hash(&self) -> [u8; 32] {
        Sha256::digest(self.message()).into()
    }
}

/// The octets of a finished signature.
fn sign(signer: &SigningKey, message: &[u8], bench: &mut dyn Workbench) -> Vec<u8> {
    bench.finish(Stage::Signature, signer.sign(message)).render()
}

/// A tree as a CBOR item: what is none any more goes in octet by octet.
fn cbor(tree: Tree) -> Cbor {
    match tree {
        Tree::Cbor(cbor) => cbor,
        other => crate::wire::cbor::Item::Raw(other.render()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_data() {
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.name());
        }
    }
}
