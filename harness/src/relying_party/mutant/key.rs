//! Mutants that read a public key wrongly: most accept one that is not for an offered algorithm
//! (§7.1 step 20).

use passrig_authenticator::keys;
use passrig_authenticator::wire::Cbor;
use passrig_authenticator::wire::cbor::Item;
use passrig_authenticator::wire::cose::{Algorithm, Key, crv, kty, label};

use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{Evidence, StepResult, refuse, registration};

const KEY: &[&str] = &["7.1/20"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let lenient = Mutant::list(MutantKind::WrongVersion, [
        (KEY, "numbers-converted", "takes fractions and digits for the numbers that they stand for", Verify(|e| repaired(e, |key| values(key, number)))),
        (KEY, "words-known", "takes the names of types and curves for their numbers", Verify(|e| repaired(e, |key| values(key, word)))),
        (KEY, "names-read", "reads the parameters of a key by their names", Verify(|e| repaired(e, by_name))),
        (KEY, "curve-unread", "takes the curve of a key from its algorithm", Verify(curve_unread)),
        (KEY, "any-curve", "takes a key on any curve for any algorithm", Verify(any_curve)),
        (KEY, "type-unread", "takes the type of a key from its algorithm", Verify(type_unread)),
        (KEY, "point-unchecked", "takes any two coordinates for a point", Verify(point_unchecked)),
        (KEY, "zeros-trimmed", "reads numbers without the zeros before them", Verify(|e| repaired(e, |key| values(key, trimmed)))),
        (KEY, "compressed", "takes a sign for a coordinate", Verify(compressed)),
        (KEY, "small-order", "takes an Ed25519 key of small order", Verify(small_order)),
        (KEY, "weak-rsa", "takes RSA keys with whatever numbers", Verify(weak_rsa)),
    ]);
    let strict = Mutant::list(MutantKind::TooStrict, [
        (KEY, "known-parameters", "refuses parameters of keys that it does not know", Verify(known_parameters)),
    ]);
    [lenient, strict].concat()
}

fn sent<'e>(e: &'e Evidence<'_>) -> Option<&'e Cbor> {
    Some(&registration::attested(e)?.public_key)
}

fn is_offered(e: &Evidence<'_>, key: &Key) -> bool {
    registration::offered(e).contains(&key.algorithm())
}

/// True if it is a key for an algorithm on offer.
fn is_acceptable(e: &Evidence<'_>, key: &Cbor) -> bool {
    Key::from_cbor(key).is_ok_and(|key| is_offered(e, &key) && keys::check(&key).is_ok())
}

fn repaired(e: &Evidence<'_>, repair: fn(&Cbor) -> Cbor) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        sent(e).is_some_and(|key| is_acceptable(e, &repair(key)))
    })
}

fn values(key: &Cbor, change: fn(&Cbor) -> Option<Cbor>) -> Cbor {
    let entries = key.entries().unwrap_or_default().iter();
    let changed = |value: &Cbor| change(value).unwrap_or_else(|| value.clone());
    Cbor::map(entries.map(|(key, value)| (key.clone(), changed(value))))
}

fn number(value: &Cbor) -> Option<Cbor> {
    let number = match &value.item {
        Item::Float { bits, width: 2 } => half(*bits)?,
        _ => value.as_text()?.parse().ok()?,
    };
    Some(Cbor::int(number))
}

/// The whole number that a fraction of half precision is.
fn half(bits: u64) -> Option<i64> {
    let exponent = i64::try_from(bits >> 10 & 0x1f).ok()? - 25;
    let significand = i64::try_from(bits & 0x3ff | 0x400).ok()?;
    let shift = u32::try_from(exponent.unsigned_abs()).ok()?;
    let size = if exponent < 0 { significand >> shift } else { significand << shift };
    Some(if bits >> 15 == 1 { -size } else { size })
}

fn word(value: &Cbor) -> Option<Cbor> {
    let number = match value.as_text()? {
        "EC2" => kty::EC2,
        "P-256" => crv::P256,
        _ => return None,
    };
    Some(Cbor::int(number))
}

fn trimmed(value: &Cbor) -> Option<Cbor> {
    let octets = value.as_bytes()?;
    // At most one: coordinates may begin with zeros of their own.
    octets.strip_prefix(&[0]).map(Cbor::bytes)
}

fn by_name(key: &Cbor) -> Cbor {
    let number = |name: &Cbor| {
        let known = label::NAMES.iter().find(|(known, _)| name.as_text() == Some(known));
        known.map_or_else(|| name.clone(), |(_, number)| Cbor::int(*number))
    };
    let entries = key.entries().unwrap_or_default().iter();
    Cbor::map(entries.map(|(key, value)| (number(key), value.clone())))
}

/// The key with another value under a label, put there if there is none.
fn with(key: &Cbor, label: i64, value: i64) -> Cbor {
    let entries = key.entries().unwrap_or_default().iter().cloned();
    let others = entries.filter(|(key, _)| key.as_int() != Some(label));
    Cbor::map(others.chain([(Cbor::int(label), Cbor::int(value))]))
}

fn curve_unread(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        let curves = [1, 2, 3, 6, 7, 8];
        sent(e).is_some_and(|key| {
            curves.iter().any(|crv| is_acceptable(e, &with(key, label::CRV, *crv)))
        })
    })
}

fn type_unread(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        let types = [kty::OKP, kty::EC2, kty::RSA];
        sent(e).is_some_and(|key| {
            types.iter().any(|kty| is_acceptable(e, &with(key, label::KTY, *kty)))
        })
    })
}

fn any_curve(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        let is_key_for = |key: &Cbor, alg: &Algorithm| {
            let key = Key::from_cbor(&with(key, label::ALG, alg.0));
            key.is_ok_and(|key| keys::check(&key).is_ok())
        };
        let offered = sent(e).and_then(|key| Key::from_cbor(key).ok()).filter(|k| is_offered(e, k));
        let any = |key| keys::ALGORITHMS.iter().any(|alg| is_key_for(key, alg));
        offered.is_some() && sent(e).is_some_and(any)
    })
}

fn point_unchecked(e: &Evidence<'_>) -> StepResult {
    of_key(e, |key| matches!(key, Key::Ec2 { x, y, .. } if x.len() == 32 && y.len() == 32))
}

fn small_order(e: &Evidence<'_>) -> StepResult {
    of_key(e, |key| matches!(key, Key::Okp { x, .. } if keys::is_of_small_order(x)))
}

fn weak_rsa(e: &Evidence<'_>) -> StepResult {
    of_key(e, |key| matches!(key, Key::Rsa { .. }))
}

fn of_key(e: &Evidence<'_>, rule: fn(&Key) -> bool) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        let key = sent(e).and_then(|key| Key::from_cbor(key).ok());
        key.is_some_and(|key| is_offered(e, &key) && rule(&key))
    })
}

fn compressed(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        let y = sent(e).and_then(|key| key.get_int(label::Y));
        y.is_some_and(|y| matches!(y.item, Item::Simple(20 | 21)))
    })
}

fn known_parameters(e: &Evidence<'_>) -> StepResult {
    registration::algorithm(e)?;
    let labels = sent(e).and_then(Cbor::entries).into_iter().flatten().map(|(key, _)| key.as_int());
    match labels.flatten().find(|label| !matches!(label, 1 | 3 | -3..=-1)) {
        Some(label) => refuse(format!("the key has a parameter {label}")),
        None => Ok(()),
    }
}
