//! Packed (§8.2).

use passrig_authenticator::keys;
use passrig_authenticator::wire::Der;
use x509_cert::der::Tag;

use super::certificate::{Certificate, Chain};
use super::{Evidence, MODEL, Signature, Statement, StepResult, derive, end_entity, model, refuse};
use crate::relying_party::verify::registration::{key, signed};

/// §8.2 step 1
pub(crate) fn syntax(e: &mut Evidence<'_>) -> StepResult {
    derive(e, "packed", |statement| {
        // Level 1's ECDAA: its signature is none of the credential's key.
        if statement.get("ecdaaKeyId").is_some() {
            return Err("ECDAA is no more");
        }
        let signature = Signature::read(statement)?;
        Ok(match statement.get("x5c") {
            Some(x5c) => Statement::Packed(signature, Chain::read(Some(x5c))?),
            None => Statement::PackedSelf(signature),
        })
    })
}

/// §8.2 step 2, first item
pub(crate) fn signature(e: &Evidence<'_>) -> StepResult {
    match (&e.statement, signed(e)) {
        (Some(Statement::Packed(signature, chain)), Some(message)) => {
            signature.verify(&chain.leaf, &message)
        }
        _ => Ok(()),
    }
}

/// §8.2.1
pub(crate) fn version(e: &Evidence<'_>) -> StepResult {
    match leaf(e).map(Certificate::is_version_3) {
        Some(false) => refuse("the attestation certificate is not of version 3"),
        _ => Ok(()),
    }
}

/// §8.2.1: what the subject says.
pub(crate) fn subject(e: &Evidence<'_>) -> StepResult {
    let Some(leaf) = leaf(e) else { return Ok(()) };
    let only = |oid| match leaf.subject_attributes(oid).as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let (country, organization, unit, common) =
        (only("2.5.4.6"), only("2.5.4.10"), only("2.5.4.11"), only("2.5.4.3"));
    let is_utf8 = |value: Option<(Tag, &[u8])>| matches!(value, Some((Tag::Utf8String, _)));
    // ISO 3166: which of the two-letter codes are given out changes.
    let is_country = |code: &[u8]| code.len() == 2 && code.iter().all(u8::is_ascii_uppercase);
    match country {
        Some((Tag::PrintableString, code)) if is_country(code) => {}
        _ => return refuse("the subject has no country code"),
    }
    if !is_utf8(organization) {
        refuse("the subject has no organization")
    } else if unit != Some((Tag::Utf8String, UNIT)) {
        refuse("the subject's organizational unit is not \"Authenticator Attestation\"")
    } else if !is_utf8(common) {
        refuse("the subject has no common name")
    } else {
        Ok(())
    }
}

/// The organizational unit of attestation certificates.
pub(crate) const UNIT: &[u8] = b"Authenticator Attestation";

/// The subject's organizational unit, if there is one only.
pub(crate) fn unit<'e>(e: &'e Evidence<'_>) -> Option<&'e [u8]> {
    match leaf(e)?.subject_attributes("2.5.4.11").as_slice() {
        [(_, unit)] => Some(*unit),
        _ => None,
    }
}

/// §8.2.1 and §8.2.2: FIDO's own extensions are not critical.
pub(crate) fn critical(e: &Evidence<'_>) -> StepResult {
    let is_critical = |oid: &'static str| {
        leaf(e).and_then(|leaf| leaf.extension(oid)).is_some_and(|extension| extension.critical)
    };
    match [MODEL, SERIAL_NUMBER, FIRMWARE_VERSION].into_iter().find(|oid| is_critical(oid)) {
        Some(oid) => refuse(format!("the extension {oid} is critical")),
        None => Ok(()),
    }
}

/// id-fido-gen-ce-sernum
const SERIAL_NUMBER: &str = "1.3.6.1.4.1.45724.1.1.2";
/// id-fido-gen-ce-fw-version
const FIRMWARE_VERSION: &str = "1.3.6.1.4.1.45724.1.1.5";

/// §8.2.1: a firmware version is a number from zero up.
pub(crate) fn firmware(e: &Evidence<'_>) -> StepResult {
    let Some(extension) = leaf(e).and_then(|leaf| leaf.extension(FIRMWARE_VERSION)) else {
        return Ok(());
    };
    let version = Der::decode_strict(extension.extn_value.as_bytes());
    if version.is_ok_and(|version| version.as_unsigned().is_some()) {
        Ok(())
    } else {
        refuse("the firmware's version is no number")
    }
}

/// §8.2.1: the subject is no authority.
pub(crate) fn basic_constraints(e: &Evidence<'_>) -> StepResult {
    leaf(e).map_or(Ok(()), end_entity)
}

/// §8.2 step 2, third item
pub(crate) fn aaguid(e: &Evidence<'_>) -> StepResult {
    leaf(e).map_or(Ok(()), |leaf| model(e, leaf))
}

/// §8.2 step 3, first item
pub(crate) fn self_algorithm(e: &Evidence<'_>) -> StepResult {
    match (&e.statement, key(e)) {
        (Some(Statement::PackedSelf(signature)), Some(key))
            if signature.algorithm != key.algorithm() =>
        {
            refuse("the statement's alg is not that of the credential's key")
        }
        _ => Ok(()),
    }
}

/// §8.2 step 3, second item
pub(crate) fn self_signature(e: &Evidence<'_>) -> StepResult {
    let (Some(Statement::PackedSelf(signature)), Some(key), Some(message)) =
        (&e.statement, key(e), signed(e))
    else {
        return Ok(());
    };
    match keys::verify(&key, &message, &signature.octets) {
        // A key that cannot verify anything is a matter of §7.1 step 20.
        Ok(()) | Err(keys::Error::Algorithm(_) | keys::Error::PublicKey(_)) => Ok(()),
        Err(error) => refuse(format!("the self attestation: {error}")),
    }
}

pub(crate) fn leaf<'e>(e: &'e Evidence<'_>) -> Option<&'e Certificate> {
    match &e.statement {
        Some(Statement::Packed(_, chain)) => Some(&chain.leaf),
        _ => None,
    }
}
