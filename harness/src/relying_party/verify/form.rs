//! The form of the CBOR in attestation objects and authenticator data: it is
//! to be the CTAP2 canonical one (§6.5.4, §6.1, §6.5.1.1).
//!
//! No numbered step has the relying party look. This one does, since two
//! readers of another form may see two different things. Attestation
//! statements are left to the procedures of their formats.

use passrig_authenticator::wire::cbor::{Irregularity, Item, irregularities_of_keys};
use passrig_authenticator::wire::{AuthenticatorData, Cbor};

use super::{StepResult, refuse};

/// Checks that an attestation object is well-formed CBOR in the canonical form, but
/// for the statement.
pub(crate) fn attestation_object(bytes: &[u8]) -> StepResult {
    match Cbor::decode(bytes) {
        Ok(object) => object_tree(&object),
        Err(error) => refuse(format!("the attestation object does not decode: {error}")),
    }
}

fn object_tree(object: &Cbor) -> StepResult {
    let Item::Map(entries) = &object.item else { return judged("attestation object", object) };
    // Head and order of the whole, without what is inside.
    let hollow = Cbor { item: Item::Map(Vec::new()), head: object.head };
    judged("attestation object", &hollow)?;
    first("attestation object", irregularities_of_keys(entries))?;
    for (key, value) in entries {
        judged("attestation object", key)?;
        if key.as_text() != Some("attStmt") {
            judged("attestation object", value)?;
        }
    }
    Ok(())
}

/// The same for the key and the extensions inside authenticator data, whose
/// identifiers are texts (§9.1).
pub(crate) fn authenticator_data(data: &AuthenticatorData) -> StepResult {
    if let Some(attested) = &data.attested {
        judged("credential public key", &attested.public_key)?;
    }
    let Some(extensions) = &data.extensions else { return Ok(()) };
    judged("extension data", extensions)?;
    let mut names = extensions.entries().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| name.as_text().is_none()) {
        Some(_) => refuse("an extension is identified by something that is no text"),
        None => Ok(()),
    }
}

fn judged(what: &str, item: &Cbor) -> StepResult {
    first(what, item.irregularities())
}

fn first(what: &str, irregularities: impl IntoIterator<Item = Irregularity>) -> StepResult {
    match irregularities.into_iter().next() {
        Some(irregularity) => {
            refuse(format!("the {what} is not in canonical form: {irregularity}"))
        }
        None => Ok(()),
    }
}
