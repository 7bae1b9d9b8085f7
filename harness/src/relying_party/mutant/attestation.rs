//! Mutants of the attestation statement formats (§8) and of the certificate path (§7.1 step 24).

use passrig_authenticator::keys;
use passrig_authenticator::wire::cbor::Item;

use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::{Derive, Verify};
use crate::relying_party::verify::attestation::android_key::{
    self, ALL_APPLICATIONS, ORIGIN, PURPOSE,
};
use crate::relying_party::verify::attestation::path::Rules;
use crate::relying_party::verify::attestation::trust;
use crate::relying_party::verify::attestation::{
    MODEL, Signature, Statement, apple, compound, fido_u2f, none, packed, safetynet, tpm,
};
use crate::relying_party::verify::{Evidence, STEPS, StepResult, registration};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws = Mutant::list(MutantKind::WrongVersion, [
        (&["8.7/syntax"], "lists", "takes an empty list for the empty map", Verify(none_list)),
        (&["8.2/1"], "error-accepted", UNREAD, Derive(|e| packed::syntax(e).or(Ok(())))),
        (&["8.2/1"], "chain-unread", "takes what has no readable certificates for self attestation", Derive(packed_chain_unread)),
        (&["8.2/2a"], "credential-key", "takes the credential key's signature too", Verify(packed_by_credential)),
        (&["8.2.1/subject"], "unit-only", "looks at the organizational unit alone", Verify(packed_unit_only)),
        (&["8.2.1/subject"], "unit-unread", "takes every organizational unit", Verify(packed_any_unit)),
        (&["8.2.1/critical"], "aaguid-only", "looks at the extension for the AAGUID alone", Verify(packed_model_critical)),
        (&["8.2/2c"], "unwrapped", "takes an AAGUID in one octet string too", Verify(packed_unwrapped)),
        (&["8.3/syntax"], "error-accepted", UNREAD, Derive(|e| tpm::syntax(e).or(Ok(())))),
        (&["8.3/name"], "digest-only", "compares the digest, and not the algorithm before it", Verify(tpm_digest_only)),
        (&["8.4/syntax"], "error-accepted", UNREAD, Derive(|e| android_key::syntax(e).or(Ok(())))),
        (&["8.4/all-applications"], "hardware-only", "looks at what hardware enforces alone", Verify(android_all_in_software)),
        (&["8.4/origin"], "absent-generated", "reads an absent origin as zero, which stands for keys made there", Verify(android_origin_absent)),
        (&["8.4/purpose"], "absent-sign", "takes a key without purposes for one that signs", Verify(android_purpose_absent)),
        (&["8.4/purpose"], "sign-among-others", "takes a key that has other purposes too", Verify(android_purpose_more)),
        (&["8.5/syntax"], "error-accepted", UNREAD, Derive(|e| safetynet::syntax(e).or(Ok(())))),
        (&["8.6/1"], "error-accepted", UNREAD, Derive(|e| fido_u2f::syntax(e).or(Ok(())))),
        (&["8.6/6"], "credential-key", "takes the credential key's signature too", Verify(u2f_by_credential)),
        (&["8.8/1"], "error-accepted", UNREAD, Derive(|e| apple::syntax(e).or(Ok(())))),
        (&["8.9/syntax"], "error-accepted", UNREAD, Derive(|e| compound::syntax(e).or(Ok(())))),
        (&["7.1/24b"], "by-name", "follows certificates by the names in them", Verify(|e| trust::path_by(e, Rules { signatures: false, ..Rules::ALL }))),
        (&["7.1/24b"], "any-root", "takes certificates that lead nowhere", Verify(|e| trust::path_by(e, Rules { root: false, ..Rules::ALL }))),
        (&["7.1/24b"], "common-name-alone", "takes a certificate without its issuer's, if that one has the common name of a root", Verify(|e| loosely(e, trust::path, trust::has_issuer_of_a_known_name))),
        (&["7.1/24b"], "any-issuer", "takes certificates of issuers that are no authorities", Verify(|e| trust::path_by(e, Rules { usage: false, ..Rules::ALL }))),
        (&["7.1/24b"], "revoked", "does not look at revocation lists", Verify(|e| trust::path_by(e, Rules { revocation: false, ..Rules::ALL }))),
        (&["7.1/24b"], "repeated", "takes a path with the same certificate in it twice", Verify(|e| trust::path_by(e, Rules { repetition: false, ..Rules::ALL }))),
        (&["8.5/service"], "any-age", "does not look when the response was made", Verify(|e| loosely(e, safetynet::service, safetynet::is_of_the_future))),
        (&["7.1/24b"], "any-model", "takes the roots of one model for those of another", Verify(trust::path_to_any)),
        (&["7.1/24b"], "any-time", "does not look at the validity of certificates", Verify(|e| trust::path_by(e, Rules { validity: false, ..Rules::ALL }))),
    ]);
    flaws.into_iter().chain(joint()).collect()
}

/// Flaws that are one, and show in two steps.
fn joint() -> impl Iterator<Item = Mutant> {
    let sorted = [
        ("8.2/2a", "8.2/1", Derive(|e| sorted(e, packed::syntax))),
        ("8.3/signature", "8.3/syntax", Derive(|e| sorted(e, tpm::syntax))),
        ("8.4/signature", "8.4/syntax", Derive(|e| sorted(e, android_key::syntax))),
    ];
    let sorted = sorted.into_iter().filter_map(|(step, read, run)| {
        let honest = STEPS.iter().find(|known| known.id == step)?;
        let summary = "looks for the attestation key's certificate anywhere in the list";
        let mutant = Mutant::new(
            honest,
            "any-order",
            MutantKind::WrongVersion,
            summary.to_owned(),
            honest.run,
        );
        Some(mutant.and(read, run))
    });
    let point = STEPS.iter().find(|step| step.id == "8.6/6").map(|step| {
        let summary = "takes coordinates of any length, and then cannot tell what was signed";
        let run = Verify(|e| loosely(e, fido_u2f::signature, has_no_point));
        let mutant =
            Mutant::new(step, "any-coordinates", MutantKind::WrongVersion, summary.to_owned(), run);
        mutant.and("7.1/20", Verify(|e| loosely(e, registration::algorithm, has_no_point)))
    });
    sorted.chain(point)
}

fn has_no_point(e: &Evidence<'_>) -> bool {
    fido_u2f::raw_point(e).is_none()
}

/// Reads a statement with the certificate of an end entity at its beginning.
fn sorted(e: &mut Evidence<'_>, read: fn(&mut Evidence<'_>) -> StepResult) -> StepResult {
    // The step of each format reads its own alone.
    let was_read = e.statement.is_some();
    read(e)?;
    match &mut e.statement {
        _ if was_read => {}
        Some(Statement::Packed(_, chain) | Statement::AndroidKey(_, chain)) => chain.sort(),
        Some(Statement::Tpm(statement)) => statement.chain.sort(),
        _ => {}
    }
    Ok(())
}

const UNREAD: &str = "goes on without a statement that it cannot read";

fn none_list(e: &Evidence<'_>) -> StepResult {
    loosely(e, none::empty, |e| {
        let object = e.attestation_object.as_ref();
        object.is_some_and(|o| matches!(&o.statement.item, Item::Array(items) if items.is_empty()))
    })
}

fn packed_chain_unread(e: &mut Evidence<'_>) -> StepResult {
    packed::syntax(e).or_else(|violation| {
        let object = e.attestation_object.as_ref().filter(|object| object.fmt == "packed");
        let signature = object.and_then(|object| Signature::read(&object.statement).ok());
        e.statement = signature.map(Statement::PackedSelf);
        e.statement.as_ref().map_or(Err(violation), |_| Ok(()))
    })
}

fn packed_by_credential(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::signature, |e| match (&e.statement, registration::signed(e)) {
        (Some(Statement::Packed(signature, _)), Some(message)) => {
            is_by_credential(e, &message, &signature.octets)
        }
        _ => false,
    })
}

fn u2f_by_credential(e: &Evidence<'_>) -> StepResult {
    loosely(e, fido_u2f::signature, |e| match (&e.statement, fido_u2f::message(e)) {
        (Some(Statement::FidoU2f(signature, _)), Some(message)) => {
            is_by_credential(e, &message, signature)
        }
        _ => false,
    })
}

fn is_by_credential(e: &Evidence<'_>, message: &[u8], signature: &[u8]) -> bool {
    registration::key(e).is_some_and(|key| keys::verify(&key, message, signature).is_ok())
}

fn packed_unit_only(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::subject, |e| packed::unit(e) == Some(packed::UNIT))
}

fn packed_any_unit(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::subject, |e| packed::unit(e).is_some_and(|unit| unit != packed::UNIT))
}

fn packed_model_critical(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::critical, |e| {
        let model = packed::leaf(e).and_then(|leaf| leaf.extension(MODEL));
        model.is_none_or(|extension| !extension.critical)
    })
}

fn packed_unwrapped(e: &Evidence<'_>) -> StepResult {
    loosely(e, packed::aaguid, |e| {
        let extension = packed::leaf(e).and_then(|leaf| leaf.extension(MODEL));
        let attested = registration::attested(e);
        extension.zip(attested).is_some_and(|(x, a)| x.extn_value.as_bytes() == a.aaguid)
    })
}

fn tpm_digest_only(e: &Evidence<'_>) -> StepResult {
    loosely(e, tpm::name, tpm::has_digest_of_public_area)
}

fn android_all_in_software(e: &Evidence<'_>) -> StepResult {
    loosely(e, android_key::all_applications, |e| hardware_lacks(e, ALL_APPLICATIONS))
}

fn android_origin_absent(e: &Evidence<'_>) -> StepResult {
    loosely(e, android_key::origin, |e| hardware_lacks(e, ORIGIN))
}

fn android_purpose_absent(e: &Evidence<'_>) -> StepResult {
    loosely(e, android_key::purpose, |e| hardware_lacks(e, PURPOSE))
}

fn android_purpose_more(e: &Evidence<'_>) -> StepResult {
    loosely(e, android_key::purpose, |e| {
        let description = android_key::certificate(e).and_then(android_key::description);
        description.is_some_and(|described| described.hardware.allows_also_signing())
    })
}

fn hardware_lacks(e: &Evidence<'_>, number: u64) -> bool {
    let description = android_key::certificate(e).and_then(android_key::description);
    description.is_some_and(|described| !described.hardware.has(number))
}
