//! The verification procedures of §8, one file a format.
//!
//! Each begins with a derive step that reads the statement by its syntax and
//! leaves the evidence without one that it cannot read. The rest judge what
//! was read, whatever conveyance the options asked for.

pub(crate) mod android_key;
pub(crate) mod apple;
pub(crate) mod certificate;
pub(crate) mod compound;
pub(crate) mod fido_u2f;
pub(crate) mod jws;
pub(crate) mod metadata;
pub(crate) mod none;
pub(crate) mod packed;
pub(crate) mod path;
pub(crate) mod safetynet;
pub(crate) mod tpm;
pub(crate) mod trust;

use passrig_authenticator::keys;
use passrig_authenticator::wire::cose::{self, Algorithm};
use passrig_authenticator::wire::{AttestationObject, Cbor};
use sha2::{Digest, Sha256};

use self::certificate::{Certificate, Chain};
use super::registration::{attested, key, signed};
use super::{Evidence, StepResult, refuse};

/// A statement, as its format's syntax has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Statement {
    /// Packed, without certificates (§8.2).
    PackedSelf(Signature),
    /// Packed, with certificates (§8.2).
    Packed(Signature, Chain),
    /// TPM (§8.3).
    Tpm(Box<tpm::TpmStatement>),
    /// Android key (§8.4).
    AndroidKey(Signature, Chain),
    /// Android SafetyNet (§8.5).
    SafetyNet(Box<jws::Jws>),
    /// FIDO U2F (§8.6).
    FidoU2f(Vec<u8>, Chain),
    /// Apple (§8.8).
    Apple(Chain),
    /// Several (§8.9): format and statement of each.
    Compound(Vec<(String, Cbor)>),
}

/// `alg` and `sig`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signature {
    pub(crate) algorithm: Algorithm,
    pub(crate) octets: Vec<u8>,
}

impl Statement {
    /// The certificates that the trust path is made of.
    pub(crate) fn chain(&self) -> Option<&Chain> {
        match self {
            Self::Packed(_, chain)
            | Self::AndroidKey(_, chain)
            | Self::FidoU2f(_, chain)
            | Self::Apple(chain) => Some(chain),
            Self::Tpm(statement) => Some(&statement.chain),
            Self::SafetyNet(jws) => Some(&jws.chain),
            Self::PackedSelf(_) | Self::Compound(_) => None,
        }
    }
}

impl Signature {
    /// Both, if they are of the right types.
    pub(crate) fn read(statement: &Cbor) -> Result<Self, &'static str> {
        let algorithm = statement.get("alg").and_then(Cbor::as_int).ok_or("alg is no number")?;
        let octets = statement.get("sig").and_then(Cbor::as_bytes).ok_or("sig is no octets")?;
        Ok(Self { algorithm: Algorithm(algorithm), octets: octets.to_vec() })
    }

    /// Checks that the certificate's key made it over the message.
    pub(crate) fn verify(&self, certificate: &Certificate, message: &[u8]) -> StepResult {
        let verified = certificate
            .key(self.algorithm)
            .and_then(|key| keys::verify(&key, message, &self.octets));
        verified.or_else(|error| refuse(format!("the certified key: {error}")))
    }
}

/// Reads the statement of a format with `read`.
fn derive(
    e: &mut Evidence<'_>,
    format: &str,
    read: impl FnOnce(&Cbor) -> Result<Statement, &'static str>,
) -> StepResult {
    let Some(object) = object(e, format) else { return Ok(()) };
    match read(&object.statement) {
        Ok(statement) => e.statement = Some(statement),
        Err(reason) => return refuse(format!("this is no {format} statement: {reason}")),
    }
    Ok(())
}

/// The attestation object, if it is of that format.
fn object<'e>(e: &'e Evidence<'_>, format: &str) -> Option<&'e AttestationObject> {
    e.attestation_object.as_ref().filter(|object| object.fmt == format)
}

/// The SHA-256 of what statements are about: authenticator data and the hash
/// of the client data.
fn nonce(e: &Evidence<'_>) -> Option<[u8; 32]> {
    signed(e).map(|message| Sha256::digest(message).into())
}

fn client_data_hash(e: &Evidence<'_>) -> Option<[u8; 32]> {
    e.client_data_json().map(|json| Sha256::digest(json).into())
}

/// True if a certificate is for the credential's key.
fn certifies_credential(e: &Evidence<'_>, certificate: &Certificate) -> Option<bool> {
    let key = key(e)?;
    Some(keys::subject_public_key_info(&key)? == certificate.key_info())
}

/// Checks that an id-fido-gen-ce-aaguid extension, if there is one, wraps the
/// AAGUID of the authenticator data (§8.2.1).
pub(crate) fn model(e: &Evidence<'_>, certificate: &Certificate) -> StepResult {
    let Some(attested) = attested(e) else { return Ok(()) };
    let Some(extension) = certificate.extension(MODEL) else { return Ok(()) };
    let wrapped = [&[0x04, 16], attested.aaguid.as_slice()].concat();
    if extension.extn_value.as_bytes() == wrapped {
        Ok(())
    } else {
        refuse("the certificate is for another AAGUID")
    }
}

/// Checks that the certificate says that its subject is no authority.
fn end_entity(certificate: &Certificate) -> StepResult {
    match certificate.basic_constraints() {
        Some(constraints) if !constraints.ca => Ok(()),
        Some(_) => refuse("the attestation certificate is an authority's"),
        None => refuse("the attestation certificate has no Basic Constraints"),
    }
}

/// id-fido-gen-ce-aaguid
pub(crate) const MODEL: &str = "1.3.6.1.4.1.45724.1.1.4";

/// Coordinates of an elliptic curve key, if it is one.
fn point(key: &cose::Key) -> Option<(&[u8], &[u8])> {
    match key {
        cose::Key::Ec2 { x, y, .. } => Some((x, y)),
        _ => None,
    }
}
