//! Android key attestation (§8.4).

use super::{Attested, Attester, pki, signed};
use crate::keys::SigningKey;
use crate::wire::{Cbor, Der};
use crate::workbench::Workbench;

/// `{alg, sig, x5c}`: the credential key signs, and its certificate describes
/// it.
pub(super) fn state(
    attested: &Attested<'_>,
    signer: &SigningKey,
    attester: &Attester,
    bench: &mut dyn Workbench,
) -> Cbor {
    let mut leaf = attester.subject(attested.key.public_key());
    leaf.extensions.push(key_description(attested.client_data_hash));
    let chain = attester.x5c(&leaf, bench);
    signed(attested, signer, chain, bench)
}

/// KeyDescription: `attestationVersion, attestationSecurityLevel,
/// keymasterVersion, keymasterSecurityLevel, attestationChallenge, uniqueId,
/// softwareEnforced, teeEnforced`.
fn key_description(challenge: &[u8; 32]) -> Der {
    // What §8.4 wants to see enforced: generated there, and for signing only.
    let purpose = Der::explicit(1, Der::set([Der::unsigned(&[KM_PURPOSE_SIGN])]));
    let origin = Der::explicit(702, Der::unsigned(&[KM_ORIGIN_GENERATED]));
    let value = Der::sequence([
        Der::unsigned(&300u16.to_be_bytes()),
        Der::enumerated(SOFTWARE),
        Der::unsigned(&[0]),
        Der::enumerated(SOFTWARE),
        Der::octets(*challenge),
        Der::octets([]),
        Der::sequence([]),
        Der::sequence([purpose, origin]),
    ]);
    pki::extension(&[1, 3, 6, 1, 4, 1, 11129, 2, 1, 17], false, value)
}

const SOFTWARE: u8 = 0;
const KM_PURPOSE_SIGN: u8 = 2;
const KM_ORIGIN_GENERATED: u8 = 0;
