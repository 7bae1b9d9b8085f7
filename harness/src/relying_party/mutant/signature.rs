//! Mutants that verify a signature with the wrong key, over the wrong bytes, or not at all (§7.2
//! step 21, §8.2 step 3).

use passrig_authenticator::keys;
use passrig_authenticator::wire::cose::{self, Algorithm};
use passrig_authenticator::wire::{Cbor, base64url};

use sha2::{Digest, Sha256};

use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::attestation::packed;
use crate::relying_party::verify::{Evidence, StepResult, authentication, registration};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (&["8.2/3b"], "empty", "takes a statement with an empty signature", Verify(attested_empty)),
        (&["8.2/3b"], "error-accepted", "takes a signature that does not decode", Verify(attested_error)),
        (&["8.2/3b"], "reserialised", "takes a signature over the client data as it would have written them", Verify(attested_reserialised)),
        (&["7.2/21"], "empty", "takes an empty signature", Verify(asserted_empty)),
        (&["7.2/21"], "error-accepted", "takes a signature that does not decode", Verify(asserted_error)),
        (&["7.2/21"], "reserialised", "takes a signature over the client data as it would have written them", Verify(asserted_reserialised)),
        (&["7.2/21"], "key-from-response", "verifies with the publicKey that the response carries", Verify(key_from_response)),
        (&["7.2/21"], "key-from-attested-data", "verifies with the key that the authenticator data carry", Verify(key_from_attested_data)),
    ])
}

/// A signature of either ceremony, with what it should be made with and over.
#[derive(Clone)]
pub(super) struct SignedData {
    pub(super) key: cose::Key,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The signature of a packed self attestation; one that is missing or of
/// another type is empty.
pub(super) fn attested(e: &Evidence<'_>) -> Option<SignedData> {
    let object = e.attestation_object.as_ref().filter(|object| object.fmt == "packed")?;
    // With certificates it is another key's.
    if object.statement.get("x5c").is_some() {
        return None;
    }
    let signature = object.statement.get("sig").and_then(Cbor::as_bytes);
    Some(SignedData {
        key: cose::Key::from_cbor(&registration::attested(e)?.public_key).ok()?,
        authenticator_data: object.authenticator_data.clone(),
        message: registration::signed(e)?,
        signature: signature.unwrap_or_default().to_vec(),
    })
}

pub(super) fn asserted(e: &Evidence<'_>) -> Option<SignedData> {
    let response = &e.assertion.as_ref()?.response;
    Some(SignedData {
        key: cose::Key::from_cbor(&e.record()?.1.public_key).ok()?,
        authenticator_data: response.authenticator_data.0.clone(),
        message: authentication::signed(e)?,
        signature: response.signature.0.clone(),
    })
}

impl SignedData {
    fn is_empty(&self) -> bool {
        self.signature.is_empty()
    }

    fn is_undecodable(&self) -> bool {
        let verified = keys::verify(&self.key, &self.message, &self.signature);
        matches!(verified, Err(error) if error != keys::Error::Mismatch)
    }

    /// True if the signature is over client data that were parsed and written
    /// anew.
    fn covers_reserialised(&self, e: &Evidence<'_>) -> bool {
        let Some(data) = &e.client_data else { return false };
        let hash = Sha256::digest(data.plain().render());
        let message = [self.authenticator_data.as_slice(), &hash].concat();
        keys::verify(&self.key, &message, &self.signature).is_ok()
    }

    pub(super) fn verifies_with(&self, key: &cose::Key) -> bool {
        keys::verify(key, &self.message, &self.signature).is_ok()
    }
}

fn attested_empty(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| s.is_empty()))
}

fn attested_error(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| s.is_undecodable()))
}

fn attested_reserialised(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| s.covers_reserialised(e)))
}

fn asserted_empty(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| s.is_empty()))
}

fn asserted_error(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| s.is_undecodable()))
}

fn asserted_reserialised(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| s.covers_reserialised(e)))
}

fn key_from_response(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::signature, |e| {
        let key = sent_key(e);
        key.zip(asserted(e)).is_some_and(|(key, signed)| signed.verifies_with(&key))
    })
}

fn key_from_attested_data(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::signature, |e| {
        let key = registration::attested(e).and_then(|a| cose::Key::from_cbor(&a.public_key).ok());
        key.zip(asserted(e)).is_some_and(|(key, signed)| signed.verifies_with(&key))
    })
}

/// A `publicKey` beside the signature, as it stands in registration responses
/// (SubjectPublicKeyInfo) or in attested credential data (COSE).
fn sent_key(e: &Evidence<'_>) -> Option<cose::Key> {
    let member = e.body.get("response")?.get("publicKey").or_else(|| e.body.get("publicKey"))?;
    let octets = base64url::decode(member.as_str()?).ok()?;
    let cose = || cose::Key::from_cbor(&Cbor::decode(&octets).ok()?).ok();
    from_subject_public_key_info(&octets).or_else(cose)
}

/// P-256 keys end in their two coordinates.
pub(super) fn from_subject_public_key_info(octets: &[u8]) -> Option<cose::Key> {
    let (rest, y) = octets.split_last_chunk::<32>()?;
    let (_, x) = rest.split_last_chunk::<32>()?;
    let key = cose::Key::Ec2 { alg: Algorithm::ES256, crv: 1, x: x.to_vec(), y: y.to_vec() };
    (keys::subject_public_key_info(&key).as_deref() == Some(octets)).then_some(key)
}
