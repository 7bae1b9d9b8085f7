//! Apple anonymous attestation (§8.8).

use super::{Attested, Attester, pki};
use crate::wire::{Cbor, Der};
use crate::workbench::Workbench;

/// `{x5c}`: a certificate for the credential key that carries the nonce.
pub(super) fn state(
    attested: &Attested<'_>,
    attester: &Attester,
    bench: &mut dyn Workbench,
) -> Cbor {
    let mut leaf = attester.subject(attested.key.public_key());
    leaf.extensions.push(nonce(attested.message_hash()));
    Cbor::map([(Cbor::text("x5c"), attester.x5c(&leaf, bench))])
}

/// `SEQUENCE { [1] EXPLICIT OCTET STRING }`
fn nonce(hash: [u8; 32]) -> Der {
    let value = Der::sequence([Der::explicit(1, Der::octets(hash))]);
    pki::extension(&[1, 2, 840, 113635, 100, 8, 2], false, value)
}
