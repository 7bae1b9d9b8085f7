//! Steps of §7.1 alone.

use passrig_authenticator::attestation::Format;
use passrig_authenticator::keys;
use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{
    AttestationObject, AuthenticatorData, RegistrationResponse, cose,
};
use sha2::{Digest, Sha256};

use super::{Evidence, StepResult, form, refuse, shared};

/// §7.1 step 3
pub(crate) fn response(e: &mut Evidence<'_>) -> StepResult {
    let response: RegistrationResponse = shared::response(e.body, "attestation")?;
    let finding = shared::public_key(&response.kind, response.id == response.raw_id);
    e.registration = Some(response);
    finding
}

/// §7.1 step 13
pub(crate) fn attestation_object(e: &mut Evidence<'_>) -> StepResult {
    let Some(registration) = &e.registration else { return Ok(()) };
    let bytes = registration.response.attestation_object.as_ref();
    form::attestation_object(bytes)?;
    let object = match AttestationObject::decode(bytes) {
        Ok(object) => object,
        Err(error) => return refuse(format!("the attestation object does not decode: {error}")),
    };
    let data = AuthenticatorData::decode(&object.authenticator_data);
    e.attestation_object = Some(object);
    match data {
        Ok(data) if data.attested.is_some() => {
            form::authenticator_data(&data)?;
            e.authenticator_data = Some(data);
        }
        Ok(_) => return refuse("the authenticator data hold no credential"),
        Err(error) => return refuse(format!("the authenticator data do not decode: {error}")),
    }
    Ok(())
}

/// §7.1 step 20, with what §5.8.5 says about each algorithm's keys.
pub(crate) fn algorithm(e: &Evidence<'_>) -> StepResult {
    let Some(attested) = attested(e) else { return Ok(()) };
    let key = match cose::Key::from_cbor(&attested.public_key) {
        Ok(key) => key,
        Err(error) => return refuse(format!("the public key is unusable: {error}")),
    };
    if !offered(e).contains(&key.algorithm()) {
        return refuse(format!("{} was not offered", key.algorithm()));
    }
    // §6.5.1.1: no optional parameters, and least of all the private one.
    if attested.public_key.get_int(cose::label::D).is_some() {
        return refuse("the public key has its private part beside it");
    }
    match keys::check(&key) {
        Err(error) => refuse(error.to_string()),
        Ok(()) => strength(&key),
    }
}

/// Checks that a key is one that only its owner can sign with. NIST SP 800-131A
/// wants 2048 bits of a modulus; what a small-order point verifies, anybody can
/// make.
fn strength(key: &cose::Key) -> StepResult {
    const MODULUS: usize = 2048;
    match key {
        cose::Key::Rsa { n, .. } => {
            let zeros = n.first().map_or(0, |first| first.leading_zeros() as usize);
            match (8 * n.len()).saturating_sub(zeros) {
                bits if bits < MODULUS => refuse(format!("a modulus of {bits} bits is too short")),
                _ => Ok(()),
            }
        }
        cose::Key::Okp { crv: cose::crv::ED25519, x, .. } if keys::is_of_small_order(x) => {
            refuse("the public key is a point of small order")
        }
        _ => Ok(()),
    }
}

/// The algorithms that the options listed.
pub(crate) fn offered<'e>(e: &'e Evidence<'_>) -> &'e [Algorithm] {
    e.issued().map_or(&e.config.algorithms, |issued| &issued.algorithms)
}

/// §7.1 step 21
pub(crate) fn format(e: &Evidence<'_>) -> StepResult {
    match e.attestation_object.as_ref().map(|object| object.fmt.as_str()) {
        Some(fmt) if Format::identifiers().all(|known| known != fmt) => {
            refuse(format!("the attestation statement format `{fmt}` is not known"))
        }
        _ => Ok(()),
    }
}

/// What a statement signs: the authenticator data and the hash of the client
/// data, both as they arrived.
pub(crate) fn signed(e: &Evidence<'_>) -> Option<Vec<u8>> {
    let data = &e.attestation_object.as_ref()?.authenticator_data;
    Some([data.as_slice(), &Sha256::digest(e.client_data_json()?)].concat())
}

/// §7.1 step 24
pub(crate) fn is_attested(e: &Evidence<'_>) -> StepResult {
    let asked = e.issued().is_some_and(|issued| issued.attestation == "direct");
    let none = e.attestation_object.as_ref().is_some_and(|object| object.fmt == "none");
    if e.config.demands_attestation && asked && none {
        refuse("attestation was asked for, and there is none")
    } else {
        Ok(())
    }
}

/// §7.1 step 25; that it is not empty follows from §4.
pub(crate) fn credential_id_length(e: &Evidence<'_>) -> StepResult {
    match attested(e).map(|attested| attested.credential_id.len()) {
        None | Some(1..=1023) => Ok(()),
        Some(length) => refuse(format!("the credential id is {length} octets long")),
    }
}

/// §7.1 step 26
pub(crate) fn credential_id_taken(e: &Evidence<'_>) -> StepResult {
    let taken =
        |a: &AttestedCredentialData| e.store.records_with(&a.credential_id).next().is_some();
    if attested(e).is_some_and(taken) {
        refuse("the credential id is registered already")
    } else {
        Ok(())
    }
}

pub(crate) fn attested<'e>(e: &'e Evidence<'_>) -> Option<&'e AttestedCredentialData> {
    e.authenticator_data.as_ref()?.attested.as_ref()
}

/// Its key, if it is one.
pub(crate) fn key(e: &Evidence<'_>) -> Option<cose::Key> {
    cose::Key::from_cbor(&attested(e)?.public_key).ok()
}
