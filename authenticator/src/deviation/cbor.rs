//! Edits of CBOR trees.

use super::container::{self, MemberKey, Node};
use super::edit::octets;
use super::{Encoding, Error, Operation, Segment, Value, text};
use crate::wire::cbor::{Cbor, Head, Item};
use crate::wire::cose::label;

impl MemberKey for Cbor {
    /// The labels of COSE keys are numbers; every other name is a text.
    fn named(name: &str) -> Self {
        name.parse().map_or_else(|_| Self::text(name), Self::int)
    }

    /// A text is meant by its name, an integer by its number or by the name
    /// that COSE gives it.
    fn is_meant(&self, segment: &Segment) -> bool {
        match (segment, self.as_text(), self.as_int()) {
            (_, Some(text), _) => segment.means(text),
            (Segment::Index(index), _, Some(number)) => i64::try_from(*index) == Ok(number),
            (Segment::Name(name), _, Some(number)) => {
                name.parse() == Ok(number) || label::NAMES.contains(&(name.as_str(), number))
            }
            _ => false,
        }
    }

    fn spell(&self) -> String {
        match (self.as_text(), self.as_int()) {
            (Some(text), _) => text.to_owned(),
            (_, Some(number)) => {
                let named = label::NAMES.iter().find(|(_, label)| *label == number);
                named.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
            }
            _ => "…".to_owned(),
        }
    }
}

impl Node for Cbor {
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        let Some((first, rest)) = path.split_first() else {
            return whole(self, operation);
        };
        match &mut self.item {
            Item::Map(entries) => container::member(entries, first, rest, operation),
            Item::Array(items) => container::item(items, &[], first, rest, operation),
            _ => Err(Error::place(first, Vec::new())),
        }
    }

    fn literal(value: &Value, _: Option<&Self>) -> Result<Self, Error> {
        Ok(match value {
            Value::Bool(value) => Self::bool(*value),
            Value::Int(value) => Self::int(*value),
            Value::Text(text) => Self::text(text),
            Value::Bytes(_) | Value::Repeat { .. } => Self::bytes(value.octets()?.into_owned()),
            Value::Cbor(cbor) => cbor.clone(),
            Value::Raw(_) | Value::Nested(_) => Item::Raw(value.octets()?.into_owned()).into(),
            _ => return Err(Error::Value("a CBOR item")),
        })
    }
}

fn whole(cbor: &mut Cbor, operation: &Operation) -> Result<(), Error> {
    match (&mut cbor.item, operation) {
        (_, Operation::Set(value)) => *cbor = Cbor::literal(value, None)?,
        (_, Operation::Encode(Encoding::Tagged)) => {
            *cbor = Item::Tag(SELF_DESCRIBED, Box::new(cbor.clone())).into();
        }
        (Item::Map(entries), Operation::Encode(Encoding::Canonical)) => {
            entries.sort_by_cached_key(|(key, _)| key.render());
        }
        // Other heads have one width only, or no length.
        (item, Operation::Encode(Encoding::NonMinimal)) if has_argument(item) => {
            cbor.head = Head::Wide(8);
        }
        (
            Item::Bytes(_) | Item::Text(_) | Item::Array(_) | Item::Map(_),
            Operation::Encode(Encoding::Indefinite),
        ) => cbor.head = Head::Indefinite,
        (Item::Bytes(bytes), _) => octets(bytes, operation)?,
        (Item::Text(value), _) => text::edit(value, &[], operation)?,
        (Item::Simple(value @ (20 | 21)), Operation::Flip) => *value ^= 1,
        (Item::Array(items), _) => container::items(items, operation)?,
        (Item::Map(entries), _) if container::concerns_members(operation) => {
            container::members(entries, operation)?;
        }
        // Bytes before, after or cut from the encoded map.
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

/// The tag that means no more than that this is CBOR (RFC 8949 §3.4.6).
const SELF_DESCRIBED: u64 = 55799;

/// True if the head carries a number or a length that may be written wider.
fn has_argument(item: &Item) -> bool {
    !matches!(item, Item::Chunks(_) | Item::Simple(_) | Item::Float { .. } | Item::Raw(_))
}

fn kind(item: &Item) -> &'static str {
    match item {
        Item::Unsigned(_) | Item::Negative(_) => "an integer",
        Item::Bytes(_) => "octets",
        Item::Text(_) => "a text",
        Item::Array(_) => "a list",
        Item::Map(_) => "a map",
        Item::Simple(20 | 21) => "true or false",
        Item::Raw(_) => "raw octets",
        _ => "this item",
    }
}
