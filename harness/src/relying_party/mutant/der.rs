//! Mutants that read an ECDSA signature although it is not DER.

use passrig_authenticator::deviation::Group;
use passrig_authenticator::keys;
use passrig_authenticator::wire::Der;
use passrig_authenticator::wire::der::tag;

use super::signature::{SignedData, asserted, attested};
use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::attestation::packed;
use crate::relying_party::verify::{Evidence, StepResult, authentication};

const ATTESTED: &[&str] = &["8.2/3b"];
const ASSERTED: &[&str] = &["7.2/21"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (ATTESTED, "ber", "reads signatures as BER, with whatever lengths and zeros", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_good_ber(&s))))),
        (ASSERTED, "ber", "reads signatures as BER, with whatever lengths and zeros", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_good_ber(&s))))),
        (ATTESTED, "trailing-ignored", "ignores what follows a signature", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_good_in_front(&s))))),
        (ASSERTED, "trailing-ignored", "ignores what follows a signature", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_good_in_front(&s))))),
        (ATTESTED, "raw", "takes r ‖ s for a signature too", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_good_raw(&s))))),
        (ASSERTED, "raw", "takes r ‖ s for a signature too", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_good_raw(&s))))),
        (ATTESTED, "unchecked-range", "takes r and s of zero, or of the order of the curve, for a signature", Verify(|e| loosely(e, packed::self_signature, |e| attested(e).is_some_and(|s| is_zero(&s))))),
        (ASSERTED, "unchecked-range", "takes r and s of zero, or of the order of the curve, for a signature", Verify(|e| loosely(e, authentication::signature, |e| asserted(e).is_some_and(|s| is_zero(&s))))),
        (ASSERTED, "negative-mended", "reads the numbers of a signature as positive", Verify(|e| asserted_as(e, is_good_unsigned))),
        (ASSERTED, "tags-unread", "reads lengths and values of a signature, and no tags", Verify(|e| asserted_as(e, is_good_untagged))),
        (ASSERTED, "further-ignored", "reads the first two numbers of a signature", Verify(|e| asserted_as(e, is_good_in_two))),
        (ASSERTED, "unclosed", "needs no end of a signature of indefinite length", Verify(|e| asserted_as(e, is_good_unclosed))),
        (ASSERTED, "zeros-ignored", "reads signatures without zeros around them", Verify(|e| asserted_as(e, is_good_without_zeros))),
        (ASSERTED, "order-reduced", "reduces the numbers of a signature by the order of the curve", Verify(|e| asserted_as(e, is_good_reduced))),
    ])
}

/// True if r and s verify in their one right encoding.
fn verifies(signed: &SignedData, r: &[u8], s: &[u8]) -> bool {
    let signature = Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render();
    keys::verify(&signed.key, &signed.message, &signature).is_ok()
}

fn is_good_ber(signed: &SignedData) -> bool {
    let Ok(sequence) = Der::decode(&signed.signature) else { return false };
    match sequence.items() {
        Some([r, s]) => {
            let both = r.as_unsigned().zip(s.as_unsigned());
            both.is_some_and(|(r, s)| verifies(signed, r, s))
        }
        _ => false,
    }
}

/// The second byte is the length of all that counts.
fn is_good_in_front(signed: &SignedData) -> bool {
    let length = signed.signature.get(1).map_or(0, |length| usize::from(*length) + 2);
    let front = signed.signature.get(..length);
    front.is_some_and(|front| keys::verify(&signed.key, &signed.message, front).is_ok())
}

fn asserted_as(e: &Evidence<'_>, rule: fn(&SignedData) -> bool) -> StepResult {
    loosely(e, authentication::signature, |e| asserted(e).is_some_and(|signed| rule(&signed)))
}

fn is_good_raw(signed: &SignedData) -> bool {
    let (r, s) = signed.signature.split_at(signed.signature.len() / 2);
    r.len() == s.len() && verifies(signed, r, s)
}

fn is_zero(signed: &SignedData) -> bool {
    let Ok(sequence) = Der::decode(&signed.signature) else { return false };
    let order = Group::of(signed.key.algorithm()).map(Group::order).unwrap_or_default();
    let is_zero = |scalar: &Der| {
        let magnitude = scalar.as_unsigned().unwrap_or(&[1]);
        magnitude.iter().all(|octet| *octet == 0) || magnitude == order
    };
    sequence.items().is_some_and(|items| items.len() == 2 && items.iter().all(is_zero))
}

/// An element without its tag, and what follows it.
fn value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.get(1..)?.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fn is_good_untagged(signed: &SignedData) -> bool {
    let read = || {
        let (inside, _) = value(&signed.signature)?;
        let (r, rest) = value(inside)?;
        let (s, rest) = value(rest)?;
        rest.is_empty().then(|| verifies(signed, r, s))
    };
    read().unwrap_or_default()
}

fn is_good_unsigned(signed: &SignedData) -> bool {
    signed.signature.first() == Some(&tag::SEQUENCE) && is_good_untagged(signed)
}

fn is_good_in_two(signed: &SignedData) -> bool {
    let Ok(sequence) = Der::decode_strict(&signed.signature) else { return false };
    match sequence.items() {
        Some([r, s, ..]) => {
            let both = r.as_unsigned().zip(s.as_unsigned());
            both.is_some_and(|(r, s)| verifies(signed, r, s))
        }
        _ => false,
    }
}

fn is_good_unclosed(signed: &SignedData) -> bool {
    let signature = [&signed.signature[..], &[0, 0]].concat();
    is_good_ber(&SignedData { signature, ..signed.clone() })
}

fn is_good_without_zeros(signed: &SignedData) -> bool {
    let verifies = |octets: Option<&[u8]>| {
        octets.is_some_and(|octets| keys::verify(&signed.key, &signed.message, octets).is_ok())
    };
    verifies(signed.signature.strip_prefix(&[0])) || verifies(signed.signature.strip_suffix(&[0]))
}

/// True if a signature verifies after the order was taken from r, or from s.
fn is_good_reduced(signed: &SignedData) -> bool {
    let Some(group) = Group::of(signed.key.algorithm()) else { return false };
    if matches!(group, Group::Ed25519) {
        let (point, s) = signed.signature.split_at(signed.signature.len() / 2);
        let s: Vec<u8> = s.iter().rev().copied().collect();
        let s = less(&s, group.order()).into_iter().rev();
        let signature: Vec<u8> = point.iter().copied().chain(s).collect();
        return keys::verify(&signed.key, &signed.message, &signature).is_ok();
    }
    let Ok(sequence) = Der::decode_strict(&signed.signature) else { return false };
    let Some([r, s]) = sequence.items() else { return false };
    let Some((r, s)) = r.as_unsigned().zip(s.as_unsigned()) else { return false };
    verifies(signed, &less(r, group.order()), s) || verifies(signed, r, &less(s, group.order()))
}

fn less(number: &[u8], other: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let others = other.iter().rev().copied().chain(std::iter::repeat(0));
    let digits = number.iter().rev().zip(others).map(|(digit, other)| {
        let difference = i16::from(*digit) - i16::from(other) - borrow;
        borrow = i16::from(difference < 0);
        (difference & 0xff) as u8
    });
    let digits: Vec<u8> = digits.collect();
    digits.into_iter().rev().collect()
}
