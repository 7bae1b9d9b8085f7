//! Mutants that decode CBOR outside of the canonical form, or authenticator data with another
//! layout (§7.1 step 13, §7.2 step 15).

use passrig_authenticator::wire::cbor::{Head, Item};
use passrig_authenticator::wire::{AttestationObject, AuthenticatorData, Cbor, Flags};

use super::simple::longest_prefix;
use super::{Mutant, MutantKind};
use crate::relying_party::verify::Procedure::Derive;
use crate::relying_party::verify::{Evidence, StepResult, authentication, form, registration};

const CREATED: &[&str] = &["7.1/13"];
const USED: &[&str] = &["7.2/15"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (CREATED, "indefinite", "reads CBOR of indefinite length", Derive(|e| created(e, &DEFINITE))),
        (USED, "indefinite", "reads CBOR of indefinite length", Derive(|e| used(e, &DEFINITE))),
        (CREATED, "wide", "reads CBOR whose numbers are wider than needed", Derive(|e| created(e, &NARROW))),
        (USED, "wide", "reads CBOR whose numbers are wider than needed", Derive(|e| used(e, &NARROW))),
        (CREATED, "any-order", "reads CBOR maps in any order", Derive(|e| created(e, &SORTED))),
        (USED, "any-order", "reads CBOR maps in any order", Derive(|e| used(e, &SORTED))),
        (CREATED, "first-of-two", "reads the first of two entries of a CBOR map", Derive(|e| created(e, &FIRST))),
        (USED, "first-of-two", "reads the first of two entries of a CBOR map", Derive(|e| used(e, &FIRST))),
        (CREATED, "last-of-two", "reads the last of two entries of a CBOR map", Derive(|e| created(e, &LAST))),
        (USED, "last-of-two", "reads the last of two entries of a CBOR map", Derive(|e| used(e, &LAST))),
        (CREATED, "tags-ignored", "reads CBOR as if there were no tags", Derive(|e| created(e, &UNTAGGED))),
        (USED, "tags-ignored", "reads CBOR as if there were no tags", Derive(|e| used(e, &UNTAGGED))),
        (CREATED, "big-numbers", "reads a big number as the number that it is", Derive(|e| created(e, &SMALL))),
        (CREATED, "octets-as-text", "reads octets as the text that they spell", Derive(|e| created(e, &SPELT))),
        (CREATED, "numbered", "reads the attestation objects of authenticators", Derive(|e| created(e, &NAMED))),
        (CREATED, "until-error", "reads CBOR as far as it can", Derive(created_until_error)),
        (CREATED, "extensions-unread", "reads no extension data", Derive(created_without_extensions)),
        (USED, "extensions-unread", "reads no extension data", Derive(used_without_extensions)),
        (CREATED, "flag-unread", "reads a credential whether or not a flag announces it", Derive(created_unannounced)),
        (CREATED, "gap-ignored", "looks for the key behind the credential id", Derive(created_with_gap)),
        (USED, "fixed-part-padded", "reads what is missing of authenticator data as zeros", Derive(used_padded)),
    ])
}

/// A repair of CBOR before it is judged.
struct Repair {
    /// What is done to authenticator data before they are read.
    octets: fn(&[u8]) -> Vec<u8>,
    item: fn(&Cbor) -> Cbor,
}

const DEFINITE: Repair = Repair { octets: <[u8]>::to_vec, item: |item| throughout(item, definite) };
const NARROW: Repair = Repair { octets: <[u8]>::to_vec, item: |item| throughout(item, narrow) };
const SORTED: Repair = Repair { octets: <[u8]>::to_vec, item: |item| throughout(item, sorted) };
const FIRST: Repair =
    Repair { octets: <[u8]>::to_vec, item: |item| throughout(item, first_of_two) };
const LAST: Repair = Repair { octets: <[u8]>::to_vec, item: |item| throughout(item, last_of_two) };
const UNTAGGED: Repair = Repair { octets: without_tags, item: |item| throughout(item, untagged) };
const SMALL: Repair = Repair { octets: <[u8]>::to_vec, item: |item| throughout(item, small) };
const SPELT: Repair = Repair { octets: <[u8]>::to_vec, item: spelt };
const NAMED: Repair = Repair { octets: <[u8]>::to_vec, item: named };

fn created(e: &mut Evidence<'_>, repair: &Repair) -> StepResult {
    read(e, |bytes| Some((repair.item)(&Cbor::decode(bytes).ok()?)), |data| repaired(data, repair))
}

fn used(e: &mut Evidence<'_>, repair: &Repair) -> StepResult {
    reread(e, |data| repaired(data, repair))
}

/// The honest finding, or what another reader makes of the two layers.
fn read(
    e: &mut Evidence<'_>,
    object: impl FnOnce(&[u8]) -> Option<Cbor>,
    data: impl FnOnce(&[u8]) -> Option<AuthenticatorData>,
) -> StepResult {
    registration::attestation_object(e).or_else(|violation| {
        let sent = e.registration.as_ref().map(|sent| &sent.response.attestation_object);
        let object = sent.and_then(|sent| object(sent.as_ref())).map(|object| object.render());
        let object = object.filter(|object| form::attestation_object(object).is_ok());
        let object = object.and_then(|object| AttestationObject::decode(&object).ok());
        let data = object.as_ref().and_then(|object| data(&object.authenticator_data));
        let data = data.filter(|data| data.attested.is_some()).ok_or(violation)?;
        (e.attestation_object, e.authenticator_data) = (object, Some(data));
        Ok(())
    })
}

fn reread(
    e: &mut Evidence<'_>,
    data: impl FnOnce(&[u8]) -> Option<AuthenticatorData>,
) -> StepResult {
    authentication::authenticator_data(e).or_else(|violation| {
        let sent = e.assertion.as_ref().map(|sent| &sent.response.authenticator_data);
        e.authenticator_data = sent.and_then(|sent| data(sent.as_ref()));
        e.authenticator_data.as_ref().map_or(Err(violation), |_| Ok(()))
    })
}

fn repaired(bytes: &[u8], repair: &Repair) -> Option<AuthenticatorData> {
    let mut data = AuthenticatorData::decode(&(repair.octets)(bytes)).ok()?;
    if let Some(attested) = &mut data.attested {
        attested.public_key = (repair.item)(&attested.public_key);
    }
    data.extensions = data.extensions.as_ref().map(repair.item);
    form::authenticator_data(&data).is_ok().then_some(data)
}

/// The item with every item inside repaired, the innermost first.
fn throughout(item: &Cbor, repair: fn(Cbor) -> Cbor) -> Cbor {
    let inner = |item: &Cbor| throughout(item, repair);
    let inside = match &item.item {
        Item::Array(items) => Item::Array(items.iter().map(inner).collect()),
        Item::Map(entries) => {
            Item::Map(entries.iter().map(|(key, value)| (inner(key), inner(value))).collect())
        }
        Item::Tag(tag, item) => Item::Tag(*tag, Box::new(inner(item))),
        other => other.clone(),
    };
    repair(Cbor { item: inside, head: item.head })
}

fn definite(item: Cbor) -> Cbor {
    match (&item.item, item.head) {
        (Item::Chunks(chunks), _) => {
            let text: Option<String> = chunks.iter().map(Cbor::as_text).collect();
            let octets = || chunks.iter().filter_map(Cbor::as_bytes).flatten().copied();
            text.map_or_else(|| Cbor::bytes(octets().collect::<Vec<_>>()), Cbor::text)
        }
        (_, Head::Indefinite) => item.item.into(),
        _ => item,
    }
}

fn narrow(item: Cbor) -> Cbor {
    match item.head {
        Head::Wide(_) => item.item.into(),
        _ => item,
    }
}

fn sorted(item: Cbor) -> Cbor {
    match item.item {
        Item::Map(entries) => Cbor { head: item.head, ..Cbor::map(entries) },
        _ => item,
    }
}

fn first_of_two(item: Cbor) -> Cbor {
    let Item::Map(entries) = item.item else { return item };
    let mut kept: Vec<(Cbor, Cbor)> = Vec::new();
    for (key, value) in entries {
        if !kept.iter().any(|(known, _)| *known == key) {
            kept.push((key, value));
        }
    }
    Cbor { head: item.head, ..Cbor::map(kept) }
}

fn last_of_two(item: Cbor) -> Cbor {
    match item.item {
        Item::Map(entries) => {
            let backwards = Item::Map(entries.into_iter().rev().collect());
            first_of_two(Cbor { item: backwards, head: item.head })
        }
        _ => item,
    }
}

fn untagged(item: Cbor) -> Cbor {
    match item.item {
        Item::Tag(_, inner) => *inner,
        _ => item,
    }
}

/// Without the tag that says that this is CBOR, wherever it is.
fn without_tags(bytes: &[u8]) -> Vec<u8> {
    const TAG: &[u8] = &[0xd9, 0xd9, 0xf7];
    let mut rest = bytes;
    let mut out = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(TAG) {
            Some(after) => rest = after,
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// Tags 2 and 3 make numbers of bytes (RFC 8949 §3.4.3).
fn small(item: Cbor) -> Cbor {
    let number = match &item.item {
        Item::Tag(tag @ (2 | 3), inner) => match inner.as_bytes() {
            Some([octet]) => Some((*tag, i64::from(*octet))),
            _ => None,
        },
        _ => None,
    };
    match number {
        Some((2, number)) => Cbor::int(number),
        Some((_, number)) => Cbor::int(-1 - number),
        None => item,
    }
}

fn spelt(item: &Cbor) -> Cbor {
    with_members(item, |key, value| {
        let text = value.as_bytes().and_then(|octets| String::from_utf8(octets.to_vec()).ok());
        match text {
            Some(text) if key.as_text() == Some("fmt") => (key.clone(), Cbor::text(text)),
            _ => (key.clone(), value.clone()),
        }
    })
}

/// What CTAP numbers, under the names of WebAuthn.
fn named(item: &Cbor) -> Cbor {
    with_members(item, |key, value| {
        // A COSE key has numbers of its own.
        let name = match (key.as_int(), value.as_int()) {
            (Some(1), None) => Cbor::text("fmt"),
            (Some(2), None) => Cbor::text("authData"),
            (Some(3), None) => Cbor::text("attStmt"),
            _ => key.clone(),
        };
        (name, value.clone())
    })
}

fn with_members(item: &Cbor, change: impl Fn(&Cbor, &Cbor) -> (Cbor, Cbor)) -> Cbor {
    match item.entries() {
        Some(entries) => Cbor::map(entries.iter().map(|(key, value)| change(key, value))),
        None => item.clone(),
    }
}

fn created_until_error(e: &mut Evidence<'_>) -> StepResult {
    read(e, until_error, |data| AuthenticatorData::decode(data).ok().or_else(|| in_parts(data, 0)))
}

/// The entries of a map in front of the first that cannot be read.
fn until_error(bytes: &[u8]) -> Option<Cbor> {
    let initial = *bytes.first()?;
    let width = match initial {
        0xa0..0xb8 | 0xbf => 0,
        0xb8..=0xbb => 1 << (initial - 0xb8),
        _ => return None,
    };
    let mut rest = bytes.get(1 + width..)?;
    let mut entries = Vec::new();
    while let Some((entry, after)) = entry(rest) {
        entries.push(entry);
        rest = after;
    }
    Some(Cbor::map(entries))
}

fn entry(bytes: &[u8]) -> Option<((Cbor, Cbor), &[u8])> {
    let (key, used) = Cbor::decode_prefix(bytes).ok()?;
    let rest = bytes.get(used..)?;
    let (value, used) = Cbor::decode_prefix(rest).ok()?;
    Some(((key, value), rest.get(used..)?))
}

/// The fixed part, the credential id, and what can be read of a key some
/// bytes behind it.
fn in_parts(bytes: &[u8], gap: usize) -> Option<AuthenticatorData> {
    const ID: usize = 55;
    let [high, low] = *bytes.get(ID - 2..ID)?.first_chunk::<2>()?;
    let (front, key) = bytes.split_at_checked(ID + usize::from(u16::from_be_bytes([high, low])))?;
    let key = until_error(key.get(gap..)?)?;
    AuthenticatorData::decode(&[&without_extensions(front), &key.render()[..]].concat()).ok()
}

/// The same bytes without the flag that announces extensions.
fn without_extensions(bytes: &[u8]) -> Vec<u8> {
    with_flags(bytes, |flags| flags.with(Flags::ED, false))
}

fn with_flags(bytes: &[u8], change: fn(Flags) -> Flags) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(flags) = bytes.get_mut(32) {
        *flags = change(Flags(*flags)).0;
    }
    bytes
}

fn created_without_extensions(e: &mut Evidence<'_>) -> StepResult {
    let whole = |bytes: &[u8]| Cbor::decode(bytes).ok();
    read(e, whole, |data| longest_prefix(&without_extensions(data)))
}

fn used_without_extensions(e: &mut Evidence<'_>) -> StepResult {
    reread(e, |data| longest_prefix(&without_extensions(data)))
}

fn created_unannounced(e: &mut Evidence<'_>) -> StepResult {
    let whole = |bytes: &[u8]| Cbor::decode(bytes).ok();
    read(e, whole, |data| {
        AuthenticatorData::decode(&with_flags(data, |flags| flags.with(Flags::AT, true))).ok()
    })
}

fn created_with_gap(e: &mut Evidence<'_>) -> StepResult {
    let whole = |bytes: &[u8]| Cbor::decode(bytes).ok();
    read(e, whole, |data| in_parts(data, 1))
}

fn used_padded(e: &mut Evidence<'_>) -> StepResult {
    reread(e, |data| {
        let missing = 37usize.checked_sub(data.len()).filter(|missing| *missing < 5)?;
        AuthenticatorData::decode(&[data, &vec![0; missing]].concat()).ok()
    })
}
