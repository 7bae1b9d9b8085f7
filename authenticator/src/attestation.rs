//! Attestation statement formats, one file each: how an authenticator makes
//! them (§8).
//!
//! Formats with certificates are certified by a test authority, see [`pki`].

mod android_key;
mod apple;
mod attester;
mod chain;
mod compound;
mod fido_u2f;
mod jws;
pub mod metadata;
mod none;
mod packed;
pub mod pki;
mod revocation;
mod safetynet;
pub mod tpm;

pub use attester::{Attester, Chain};
pub use chain::Fault;
pub use tpm::SignatureForm;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::SigningKey;
use crate::wire::cose::Algorithm;
use crate::wire::{Cbor, Der, Tree};
use crate::workbench::{Stage, Workbench};

named_enum! {
    /// A statement format that authenticators here can make.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Format {
        /// No statement (§8.7).
        None = "none",
        /// Packed, signed by the credential key itself (§8.2, self attestation).
        PackedSelf = "packed-self",
        /// Packed, signed by a certified attestation key (§8.2).
        Packed = "packed",
        /// TPM, for RSA and ECC keys (§8.3).
        Tpm = "tpm",
        /// Android key attestation: a certificate for the credential key (§8.4).
        AndroidKey = "android-key",
        /// Android SafetyNet, deprecated: a service signs for the phone (§8.5).
        AndroidSafetynet = "android-safetynet",
        /// FIDO U2F (§8.6).
        #[serde(rename = "fido-u2f")]
        FidoU2f = "fido-u2f",
        /// Apple anonymous attestation: a certificate for the credential key,
        /// without a signature of the key itself (§8.8).
        Apple = "apple",
        /// Several statements about one credential (§8.9).
        Compound = "compound",
    }
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
    /// What a TPM names the credential key by.
    pub tpm_name_hash: tpm::Hash,
    /// The formats of the statements in a compound one.
    pub compound: Vec<Format>,
    /// When a service says that it made the statement, since the Unix epoch.
    pub made_at: Duration,
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
    /// The attestation statement format identifier.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::PackedSelf => Self::Packed.name(),
            other => other.name(),
        }
    }

    /// The attestation statement format identifiers.
    pub fn identifiers() -> impl Iterator<Item = &'static str> {
        // Both kinds of packed statements have one identifier.
        Self::ALL.into_iter().filter(|format| *format != Self::PackedSelf).map(Self::identifier)
    }

    /// Whether the statement comes with a certificate.
    pub fn is_certified(self) -> bool {
        !matches!(self, Self::None | Self::PackedSelf)
    }

    /// Whether it has certificates of its own, not those of formats within.
    pub fn has_own_root(self) -> bool {
        self.is_certified() && self != Self::Compound
    }

    /// Whether such statements can be made about keys for an algorithm. U2F
    /// knows no other than ES256 (§8.6), and a TPM only RSA and the curves of
    /// NIST.
    pub fn suits(self, algorithm: Algorithm) -> bool {
        match self {
            Self::FidoU2f => algorithm == Algorithm::ES256,
            Self::Tpm => tpm::suits(algorithm),
            _ => true,
        }
    }

    /// What compound statements about keys for an algorithm hold.
    pub(crate) fn members(algorithm: Algorithm) -> Vec<Self> {
        let second = [Self::FidoU2f, Self::PackedSelf].into_iter().find(|f| f.suits(algorithm));
        [Some(Self::Packed), second].into_iter().flatten().collect()
    }
}

impl Attestation {
    /// Makes the statement.
    pub(crate) fn state(&self, attested: &Attested<'_>, bench: &mut dyn Workbench) -> Cbor {
        let statement = match self.format {
            Format::Compound => compound::state(self, attested, bench),
            format => self.state_as(format, attested, bench),
        };
        cbor(bench.finish(Stage::Statement, Tree::Cbor(statement)))
    }

    /// A statement of one format, before it goes over the bench.
    fn state_as(&self, format: Format, attested: &Attested<'_>, bench: &mut dyn Workbench) -> Cbor {
        let own = self.signer.as_ref().unwrap_or(attested.key);
        if format == Format::PackedSelf {
            return packed::state_self(attested, own, bench);
        }
        let Some(attester) = &self.attester else { return none::state() };
        let certified = self.signer.as_ref().unwrap_or(&attester.key);
        match format {
            Format::Packed => packed::state(attested, certified, attester, bench),
            #[cfg(feature = "tpm")]
            Format::Tpm => tpm::state(attested, certified, attester, self, bench),
            Format::AndroidKey => {
                android_key::state(&self.certified(attested), own, attester, bench)
            }
            Format::AndroidSafetynet => {
                safetynet::state(attested, certified, attester, self.made_at, bench)
            }
            Format::FidoU2f => fido_u2f::state(attested, certified, attester, bench),
            Format::Apple => apple::state(&self.certified(attested), attester, bench),
            #[cfg(not(feature = "tpm"))]
            Format::Tpm => none::state(),
            Format::None | Format::PackedSelf | Format::Compound => none::state(),
        }
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

/// `{alg, sig, x5c}`, where the signer signs what most formats sign.
fn signed(
    attested: &Attested<'_>,
    signer: &SigningKey,
    chain: Cbor,
    bench: &mut dyn Workbench,
) -> Cbor {
    let signature = sign(signer, &attested.message(), bench);
    Cbor::map([
        (Cbor::text("alg"), Cbor::int(signer.algorithm().0)),
        (Cbor::text("sig"), Cbor::bytes(signature)),
        (Cbor::text("x5c"), chain),
    ])
}

/// The octets of a finished signature.
fn sign(signer: &SigningKey, message: &[u8], bench: &mut dyn Workbench) -> Vec<u8> {
    bench.finish(Stage::Signature, signer.sign(message)).render()
}

/// The r and s of an ECDSA signature, each at the full width of its scalar.
fn scalars(algorithm: Algorithm, signature: &Tree) -> Option<[Vec<u8>; 2]> {
    let width = match algorithm {
        Algorithm::ES384 | Algorithm::ESP384 => 48,
        Algorithm::ES512 | Algorithm::ESP512 => 66,
        _ => 32usize,
    };
    let Tree::Der(der) = signature else { return None };
    let [r, s] = der.items()? else { return None };
    let full = |number: &Der| {
        let digits = number.as_unsigned()?;
        Some([&vec![0; width.checked_sub(digits.len())?], digits].concat())
    };
    Some([full(r)?, full(s)?])
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
