//! Mutants of the FIDO Metadata Service: they accept metadata, or a model, that they must refuse.

use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Evidence;
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::attestation::Statement;
use crate::relying_party::verify::attestation::metadata::{self, BROKEN};
use crate::relying_party::verify::attestation::path::Rules;

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (&["metadata/signature"], "algorithm-unread", "verifies metadata by the algorithm of the key, whatever their header says", Verify(|e| loosely(e, metadata::signature, metadata::is_signed_by_key))),
        (&["metadata/signature"], "algorithm-none", "takes metadata whose header says that nobody signed them", Verify(|e| loosely(e, metadata::signature, metadata::is_unsigned))),
        (&["metadata/chain"], "by-name", "follows the signer's certificates by the names in them", Verify(|e| loosely(e, metadata::chain, |e| metadata::is_led_by(e, Rules { signatures: false, ..Rules::ALL })))),
        (&["metadata/chain"], "any-time", "does not look at the validity of the signer's certificates", Verify(|e| loosely(e, metadata::chain, |e| metadata::is_led_by(e, Rules { validity: false, ..Rules::ALL })))),
        (&["metadata/revocation"], "leaf-only", "does not look whether the authority above the signer was revoked", Verify(|e| loosely(e, metadata::revocation, metadata::has_intermediate))),
        (&["metadata/revocation"], "authorities-only", "does not look whether the signer itself was revoked", Verify(|e| loosely(e, metadata::revocation, |e| !metadata::has_intermediate(e)))),
        (&["metadata/status"], "first", "looks at the first report alone", Verify(|e| loosely(e, metadata::status, |e| is_valid_status(metadata::reports(e).first())))),
        (&["metadata/status"], "last", "looks at the last report alone", Verify(|e| loosely(e, metadata::status, |e| is_valid_status(metadata::reports(e).last())))),
        (&["metadata/status"], "revoked-only", "looks for models that were revoked, and not for those that are broken", Verify(|e| loosely(e, metadata::status, |e| !has(e, "REVOKED")))),
        (&["metadata/status"], "compromised-only", "looks for models that are broken, and not for those that were revoked", Verify(|e| loosely(e, metadata::status, |e| has(e, "REVOKED")))),
        (&["metadata/attestation-type"], "self-unseen", "does not ask whether a model attests for itself", Verify(|e| loosely(e, metadata::attestation_type, is_self))),
        (&["metadata/attestation-type"], "self-only", "asks only of self attestation whether a model makes it", Verify(|e| loosely(e, metadata::attestation_type, |e| !is_self(e)))),
    ])
}

fn is_valid_status(status: Option<&String>) -> bool {
    status.is_some_and(|status| !BROKEN.contains(&status.as_str()))
}

fn has(e: &Evidence<'_>, status: &str) -> bool {
    metadata::reports(e).iter().any(|known| known == status)
}

fn is_self(e: &Evidence<'_>) -> bool {
    matches!(e.statement, Some(Statement::PackedSelf(_)))
}
