//! Packed attestation (§8.2).

use super::{Attested, Attester, pki, sign, signed};
use crate::keys::SigningKey;
use crate::wire::Cbor;
use crate::workbench::Workbench;

/// Self attestation, `{alg, sig}`: the credential key signs for itself.
pub(super) fn state_self(
    attested: &Attested<'_>,
    signer: &SigningKey,
    bench: &mut dyn Workbench,
) -> Cbor {
    let signature = sign(signer, &attested.message(), bench);
    Cbor::map([
        (Cbor::text("alg"), Cbor::int(signer.algorithm().0)),
        (Cbor::text("sig"), Cbor::bytes(signature)),
    ])
}

/// `{alg, sig, x5c}`: a certified attestation key signs.
pub(super) fn state(
    attested: &Attested<'_>,
    signer: &SigningKey,
    attester: &Attester,
    bench: &mut dyn Workbench,
) -> Cbor {
    let mut leaf = attester.subject(attester.key.public_key());
    leaf.extensions.extend(attester.model());
    leaf.extensions.extend(attester.firmware_version.map(pki::firmware_version));
    leaf.extensions.extend(attester.enterprise.as_deref().map(pki::serial_number));
    let chain = attester.x5c(&leaf, bench);
    signed(attested, signer, chain, bench)
}
