//! ECDSA signatures that are read as no DER parser reads them.

use passrig_authenticator::keys;
use passrig_authenticator::wire::Der;

use super::signature::{Signed, asserted, attested};
use super::{Kind, Mutant, loosely};
use crate::relying_party::verify::Run::{self, Verify};
use crate::relying_party::verify::attestation::packed;
use crate::relying_party::verify::authentication;

const ATTESTED: &[&str] = &["8.2/3b"];
const ASSERTED: &[&str] = &["7.2/21"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws: [(&[&str], &str, &str, Run); 8] = [
        (ATTESTED, "ber", "reads signatures as BER, with whatever lengths and zeros", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_good_ber(&s))))),
        (ASSERTED, "ber", "reads signatures as BER, with whatever lengths and zeros", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_good_ber(&s))))),
        (ATTESTED, "trailing-ignored", "ignores what follows a signature", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_good_in_front(&s))))),
        (ASSERTED, "trailing-ignored", "ignores what follows a signature", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_good_in_front(&s))))),
        (ATTESTED, "raw", "takes r ‖ s for a signature too", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_good_raw(&s))))),
        (ASSERTED, "raw", "takes r ‖ s for a signature too", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_good_raw(&s))))),
        (ATTESTED, "unchecked-range", "takes r and s of zero, or of the order of the curve, for a signature", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_zero(&s))))),
        (ASSERTED, "unchecked-range", "takes r and s of zero, or of the order of the curve, for a signature", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_zero(&s))))),
    ];
    let each =
        |(steps, flaw, summary, run)| Mutant::each(steps, Kind::WrongVersion, flaw, summary, run);
    flaws.into_iter().flat_map(each).collect()
}

/// Whether r and s verify in their one right encoding.
fn verifies(signed: &Signed, r: &[u8], s: &[u8]) -> bool {
    let signature = Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render();
    keys::verify(&signed.key, &signed.message, &signature).is_ok()
}

fn is_good_ber(signed: &Signed) -> bool {
    let Ok(sequence) = Der::decode(&signed.signature) else { return false };
    match sequence.items() {
        Some([r, s]) => {
            let both = r.as_unsigned().zip(s.as_unsigned());
            both.is_some_and(|(r, s)| verifies(signed, r, s))
        }
        _ => false,
    }
}

/// The second octet is the length of all that counts.
fn is_good_in_front(signed: &Signed) -> bool {
    let length = signed.signature.get(1).map_or(0, |length| usize::from(*length) + 2);
    let front = signed.signature.get(..length);
    front.is_some_and(|front| keys::verify(&signed.key, &signed.message, front).is_ok())
}

fn is_good_raw(signed: &Signed) -> bool {
    match signed.signature.as_chunks::<32>() {
        ([r, s], []) => verifies(signed, r, s),
        _ => false,
    }
}

fn is_zero(signed: &Signed) -> bool {
    let Ok(sequence) = Der::decode(&signed.signature) else { return false };
    let is_zero = |scalar: &Der| {
        let magnitude = scalar.as_unsigned().unwrap_or(&[1]);
        magnitude.iter().all(|octet| *octet == 0) || magnitude == ORDER
    };
    sequence.items().is_some_and(|items| items.len() == 2 && items.iter().all(is_zero))
}

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
