//! Packed attestation (§8.2).

use super::pki::{self, Subject};
use super::{Attested, Attester, sign, signed};
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
    let leaf = leaf(attester);
    let chain = attester.x5c(&leaf, bench);
    signed(attested, signer, chain, bench)
}

/// What the certificate of the attestation key says.
fn leaf(attester: &Attester) -> Subject {
    let mut leaf = attester.subject(attester.key.public_key());
    leaf.extensions.extend(attester.model());
    leaf.extensions.extend(attester.firmware_version.map(pki::firmware_version));
    leaf.extensions.extend(attester.enterprise.as_deref().map(pki::serial_number));
    leaf
}

/// The certificate of an attestation key that its root signs itself.
pub(super) fn certificate(attester: &Attester) -> Vec<u8> {
    attester.root.sign(&attester.root.to_be_signed(&leaf(attester)).render())
}
