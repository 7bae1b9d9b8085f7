//! Android key attestation (§8.4).

use passrig_authenticator::wire::Der;
use passrig_authenticator::wire::der::Content;

use super::certificate::{Certificate, Chain};
use super::{
    Evidence, Signature, Statement, StepResult, certifies_credential, client_data_hash, derive,
    refuse,
};
use crate::relying_party::verify::registration::signed;

/// The extension of Android's key attestation, a KeyDescription.
const KEY_DESCRIPTION: &str = "1.3.6.1.4.1.11129.2.1.17";

/// Tags of an AuthorizationList.
pub(crate) const PURPOSE: u64 = 1;
pub(crate) const ALL_APPLICATIONS: u64 = 600;
pub(crate) const ORIGIN: u64 = 702;

const KM_PURPOSE_SIGN: &[u8] = &[2];
/// Zero, whose magnitude has no bytes.
const KM_ORIGIN_GENERATED: &[u8] = &[];

/// §8.4
pub(crate) fn syntax(e: &mut Evidence<'_>) -> StepResult {
    derive(e, "android-key", |statement| {
        let signature = Signature::read(statement)?;
        Ok(Statement::AndroidKey(signature, Chain::read(statement.get("x5c"))?))
    })
}

/// §8.4: the first certificate's key signed.
pub(crate) fn signature(e: &Evidence<'_>) -> StepResult {
    match (&e.statement, signed(e)) {
        (Some(Statement::AndroidKey(signature, chain)), Some(message)) => {
            signature.verify(&chain.leaf, &message)
        }
        _ => Ok(()),
    }
}

/// §8.4: it is the credential's.
pub(crate) fn key(e: &Evidence<'_>) -> StepResult {
    match certificate(e).and_then(|certificate| certifies_credential(e, certificate)) {
        Some(false) => refuse("the first certificate is for another key than the credential's"),
        _ => Ok(()),
    }
}

/// §8.4: it was attested for this ceremony.
pub(crate) fn challenge(e: &Evidence<'_>) -> StepResult {
    let (Some(certificate), Some(hash)) = (certificate(e), client_data_hash(e)) else {
        return Ok(());
    };
    match description(certificate) {
        Some(description) if description.challenge == hash => Ok(()),
        Some(_) => refuse("the key was attested for another ceremony"),
        None => refuse("the certificate does not describe the key"),
    }
}

/// §8.4: no other application can use the key.
pub(crate) fn all_applications(e: &Evidence<'_>) -> StepResult {
    let described = certificate(e).and_then(description);
    match described.map(|d| d.software.has(ALL_APPLICATIONS) || d.hardware.has(ALL_APPLICATIONS)) {
        Some(true) => refuse("all applications may use the key"),
        _ => Ok(()),
    }
}

/// §8.4: it was made inside of what enforces that.
pub(crate) fn origin(e: &Evidence<'_>) -> StepResult {
    let described = certificate(e).and_then(description);
    match described.map(|d| d.hardware.is(ORIGIN, KM_ORIGIN_GENERATED)) {
        Some(false) => refuse("the key was not made in trusted hardware"),
        _ => Ok(()),
    }
}

/// §8.4: it is for signatures.
pub(crate) fn purpose(e: &Evidence<'_>) -> StepResult {
    let described = certificate(e).and_then(description);
    match described.map(|d| d.hardware.allows_only_signing()) {
        Some(false) => refuse("trusted hardware does not hold the key to signing"),
        _ => Ok(()),
    }
}

/// What of a KeyDescription §8.4 reads.
pub(crate) struct Description {
    pub(crate) challenge: Vec<u8>,
    pub(crate) software: Authorizations,
    pub(crate) hardware: Authorizations,
}

/// An AuthorizationList: explicitly tagged values.
pub(crate) struct Authorizations(Vec<Der>);

impl Authorizations {
    /// True if the list has a value with that tag.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.value(number).is_some()
    }

    /// True if its value under that tag is this non-negative INTEGER.
    pub(crate) fn is(&self, number: u64, magnitude: &[u8]) -> bool {
        self.value(number).and_then(Der::as_unsigned) == Some(magnitude)
    }

    /// True if signing is the one purpose in its set of purposes.
    fn allows_only_signing(&self) -> bool {
        self.purposes().is_some_and(|all| all.len() == 1) && self.allows_also_signing()
    }

    /// True if signing is among its purposes.
    pub(crate) fn allows_also_signing(&self) -> bool {
        let is_sign = |purpose: &Der| purpose.as_unsigned() == Some(KM_PURPOSE_SIGN);
        self.purposes().is_some_and(|all| all.iter().any(is_sign))
    }

    fn purposes(&self) -> Option<&[Der]> {
        self.value(PURPOSE).and_then(Der::items)
    }

    fn value(&self, number: u64) -> Option<&Der> {
        let tag = Der::explicit(number, Der::sequence([])).tag;
        let tagged = self.0.iter().find(|item| item.tag == tag)?;
        tagged.items()?.first()
    }
}

/// The description in a certificate; `None` also for one that cannot be read.
pub(crate) fn description(certificate: &Certificate) -> Option<Description> {
    let extension = certificate.extension(KEY_DESCRIPTION)?;
    let description = Der::decode_strict(extension.extn_value.as_bytes()).ok()?;
    let [_, _, _, _, challenge, _, software, hardware] = description.items()? else { return None };
    let Content::Primitive(challenge) = &challenge.content else { return None };
    let list = |list: &Der| Some(Authorizations(list.items()?.to_vec()));
    Some(Description {
        challenge: challenge.clone(),
        software: list(software)?,
        hardware: list(hardware)?,
    })
}

pub(crate) fn certificate<'e>(e: &'e Evidence<'_>) -> Option<&'e Certificate> {
    match &e.statement {
        Some(Statement::AndroidKey(_, chain)) => Some(&chain.leaf),
        _ => None,
    }
}
