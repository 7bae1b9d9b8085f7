//! Edits of CBOR trees.

use super::edit::{kept, octets};
use super::{Encoding, Error, Operation, Segment, Value};
use crate::wire::cbor::{Cbor, Head, Item};
use crate::wire::cose::label;

pub(super) fn edit(cbor: &mut Cbor, path: &[Segment], operation: &Operation) -> Result<(), Error> {
    let Some((first, rest)) = path.split_first() else {
        return whole(cbor, operation);
    };
    match &mut cbor.item {
        Item::Map(entries) => {
            let found = || entries.iter().map(|(key, _)| spell(key)).collect();
            let index = entries
                .iter()
                .position(|(key, _)| is_meant(first, key))
                .ok_or_else(|| Error::place(first, found()))?;
            match (rest, operation) {
                ([], Operation::Remove) => drop(entries.remove(index)),
                ([], Operation::Rename(name)) => {
                    if let Some((key, _)) = entries.get_mut(index) {
                        *key = Cbor::text(name);
                    }
                }
                ([], Operation::Duplicate(value)) => {
                    if let Some((key, _)) = entries.get(index).cloned() {
                        entries.insert(index + 1, (key, literal(value)?));
                    }
                }
                _ => {
                    if let Some((_, value)) = entries.get_mut(index) {
                        edit(value, rest, operation)?;
                    }
                }
            }
            Ok(())
        }
        Item::Array(items) => {
            let count = items.len();
            let missing = || Error::place(first, vec![format!("{count} items")]);
            let Segment::Index(index) = first else { return Err(missing()) };
            match (rest, operation) {
                ([], Operation::Remove) if *index < count => drop(items.remove(*index)),
                _ => edit(items.get_mut(*index).ok_or_else(missing)?, rest, operation)?,
            }
            Ok(())
        }
        _ => Err(Error::place(first, Vec::new())),
    }
}

/// Whether a segment means this key: a text by its name, an integer by its
/// number or by the name that COSE gives it.
fn is_meant(segment: &Segment, key: &Cbor) -> bool {
    match (segment, key.as_text(), key.as_int()) {
        (_, Some(text), _) => segment.means(text),
        (Segment::Index(index), _, Some(number)) => i64::try_from(*index) == Ok(number),
        (Segment::Name(name), _, Some(number)) => {
            name.parse() == Ok(number) || label::NAMES.contains(&(name.as_str(), number))
        }
        _ => false,
    }
}

/// A key as it may stand in a path.
fn spell(key: &Cbor) -> String {
    match (key.as_text(), key.as_int()) {
        (Some(text), _) => text.to_owned(),
        (_, Some(number)) => {
            let named = label::NAMES.iter().find(|(_, label)| *label == number);
            named.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
        }
        _ => "…".to_owned(),
    }
}

fn whole(cbor: &mut Cbor, operation: &Operation) -> Result<(), Error> {
    match (&mut cbor.item, operation) {
        (_, Operation::Set(value)) => *cbor = literal(value)?,
        (_, Operation::Encode(Encoding::NonMinimal)) => cbor.head = Head::Wide(8),
        (_, Operation::Encode(Encoding::Indefinite)) => cbor.head = Head::Indefinite,
        (Item::Bytes(bytes), _) => octets(bytes, operation)?,
        (Item::Text(text), _) => super::text::edit(text, &[], operation)?,
        (Item::Simple(value @ (20 | 21)), Operation::Flip) => *value ^= 1,
        (Item::Array(items), Operation::Append(value)) => items.push(literal(value)?),
        (Item::Array(items), Operation::Prepend(value)) => items.insert(0, literal(value)?),
        (Item::Array(items), Operation::Reorder) => items.reverse(),
        (Item::Array(items), Operation::Truncate(keep)) => items.truncate(kept(*keep, items.len())),
        (Item::Map(entries), Operation::Reorder) => entries.reverse(),
        (Item::Map(entries), Operation::Append(Value::Member { name, value })) => {
            entries.push((Cbor::text(name), literal(value)?));
        }
        // Octets before, after or cut from the encoded map.
        (
            Item::Map(_) | Item::Raw(_),
            Operation::Append(_) | Operation::Prepend(_) | Operation::Truncate(_),
        ) => {
            let mut raw = cbor.render();
            octets(&mut raw, operation)?;
            *cbor = Item::Raw(raw).into();
        }
        (item, other) => return Err(Error::operation(other, kind(item))),
    }
    Ok(())
}

fn literal(value: &Value) -> Result<Cbor, Error> {
    Ok(match value {
        Value::Bool(value) => Cbor::bool(*value),
        Value::Int(value) => Cbor::int(*value),
        Value::Text(text) => Cbor::text(text),
        Value::Bytes(bytes) => Cbor::bytes(bytes.clone()),
        Value::Cbor(cbor) => cbor.clone(),
        _ => return Err(Error::Value("a CBOR item")),
    })
}

fn kind(item: &Item) -> &'static str {
    match item {
        Item::Unsigned(_) | Item::Negative(_) => "an integer",
        Item::Bytes(_) => "octets",
        Item::Text(_) => "a text",
        Item::Array(_) => "an array",
        Item::Map(_) => "a map",
        _ => "this item",
    }
}
