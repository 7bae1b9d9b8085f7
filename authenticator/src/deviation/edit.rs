use serde::{Deserialize, Deserializer, de};

use super::{Error, Facts, Group, Path, Value};
use crate::wire::cose::Algorithm;

/// One edit: an operation at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Where.
    pub at: Path,
    /// What.
    pub operation: Operation,
}

/// What is done at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Put a value in place of what is there.
    Set(Value),
    /// Take the place out of its container.
    Remove,
    /// Give the member another name.
    Rename(String),
    /// Add at the end: text to a text, bytes to bytes, an item to a list, a
    /// member to an object.
    Append(Value),
    /// Add at the beginning.
    Prepend(Value),
    /// Keep the first so many bytes, characters or items; a negative number
    /// drops that many from the end.
    Truncate(i64),
    /// Put a second member of that name, with this value, behind the first.
    Duplicate(Value),
    /// Reverse the order of members or items.
    Reorder,
    /// Invert a flag, or the lowest bit of the last byte.
    Flip,
    /// Write the same thing in another form.
    Encode(Encoding),
    /// Write a number of a signature in another form: what `Encode` becomes
    /// once it is known whose signature it is.
    EncodeIn(Group, Encoding),
}

/// Another form of the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// JSON with spaces after colons and commas.
    Spaced,
    /// JSON with every character of every string escaped.
    Escaped,
    /// Base64url with padding.
    Base64urlPadded,
    /// The alphabet of standard base64; padding is another fault.
    Base64,
    /// Base64url with a bit set that stands for nothing.
    TrailingBits,
    /// Bytes whose base64url text is taken for bytes once more.
    Base64urlTwice,
    /// Bytes as a list of numbers.
    Octets,
    /// A text, or the base64url of bytes, as a list of character codes.
    Characters,
    /// A text in capitals.
    UpperCase,
    /// A text with capitals and small letters exchanged.
    SwapCase,
    /// A text whose first letter that has a Cyrillic double is that double.
    Homograph,
    /// A CBOR head or DER length wider than needed.
    NonMinimal,
    /// A CBOR item or DER element of indefinite length.
    Indefinite,
    /// The `s` of an ECDSA signature above half of the order.
    HighS,
    /// The `s` of an ECDSA signature below half of the order.
    LowS,
    /// An ECDSA signature as r ‖ s in place of DER.
    P1363,
    /// A number of a signature with the order of its group added, which makes
    /// no difference to those who reduce it.
    PlusOrder,
    /// A DER integer without the zero byte that keeps it positive.
    WithoutSign,
    /// A CBOR item under the tag that says that it is CBOR.
    Tagged,
    /// A CBOR map with its entries in canonical order, after others were added.
    Canonical,
}

impl Encoding {
    /// True if it depends on the group of a signature.
    fn is_of_group(self) -> bool {
        matches!(self, Self::HighS | Self::LowS | Self::P1363 | Self::PlusOrder)
    }
}

impl Operation {
    /// The name in data.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Remove => "remove",
            Self::Rename(_) => "rename",
            Self::Append(_) => "append",
            Self::Prepend(_) => "prepend",
            Self::Truncate(_) => "truncate",
            Self::Duplicate(_) => "duplicate",
            Self::Reorder => "reorder",
            Self::Flip => "flip",
            Self::Encode(_) | Self::EncodeIn(..) => "encode",
        }
    }

    /// The value that the operation sets or adds, if there is one.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::Set(value)
            | Self::Append(value)
            | Self::Prepend(value)
            | Self::Duplicate(value) => Some(value),
            _ => None,
        }
    }

    /// The operation with facts and hashes filled in, and the group of the
    /// algorithm that signs.
    pub(super) fn resolve(&self, facts: &dyn Facts, signs: Algorithm) -> Result<Self, Error> {
        Ok(match self {
            Self::Encode(form) if form.is_of_group() => match Group::of(signs) {
                Some(group) => Self::EncodeIn(group, *form),
                None => return Err(Error::Value("a signature on a curve")),
            },
            Self::Set(value) => Self::Set(value.resolve(facts)?),
            Self::Append(value) => Self::Append(value.resolve(facts)?),
            Self::Prepend(value) => Self::Prepend(value.resolve(facts)?),
            Self::Duplicate(value) => Self::Duplicate(value.resolve(facts)?),
            other => other.clone(),
        })
    }
}

/// An octet string under an operation.
pub(super) fn octets(bytes: &mut Vec<u8>, operation: &Operation) -> Result<(), Error> {
    match operation {
        Operation::Set(value) => *bytes = value.octets()?.into_owned(),
        Operation::Append(Value::Repeat { octet, len }) => {
            bytes.resize(bytes.len() + len, *octet);
        }
        Operation::Append(value) => bytes.extend_from_slice(&value.octets()?),
        Operation::Prepend(value) => *bytes = [&value.octets()?, bytes.as_slice()].concat(),
        Operation::Truncate(keep) => bytes.truncate(kept(*keep, bytes.len())),
        Operation::Flip => match bytes.last_mut() {
            Some(last) => *last ^= 1,
            None => return Err(Error::Value("at least one octet")),
        },
        other => return Err(Error::operation(other, "octets")),
    }
    Ok(())
}

/// How many of `len` items a truncation keeps.
pub(super) fn kept(keep: i64, len: usize) -> usize {
    let count = usize::try_from(keep.unsigned_abs()).unwrap_or(usize::MAX);
    if keep < 0 { len.saturating_sub(count) } else { count.min(len) }
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = EditTable::deserialize(deserializer)?;
        let mut operations = [
            table.set.map(Operation::Set),
            table.remove.filter(|yes| *yes).map(|_| Operation::Remove),
            table.rename.map(Operation::Rename),
            table.append.map(Operation::Append),
            table.prepend.map(Operation::Prepend),
            table.truncate.map(Operation::Truncate),
            table.duplicate.map(Operation::Duplicate),
            table.reorder.filter(|yes| *yes).map(|_| Operation::Reorder),
            table.flip.filter(|yes| *yes).map(|_| Operation::Flip),
            table.encode.map(Operation::Encode),
        ]
        .into_iter()
        .flatten();
        match (operations.next(), operations.next()) {
            (Some(operation), None) => Ok(Self { at: table.at, operation }),
            (Some(one), Some(two)) => Err(de::Error::custom(format!(
                "one edit has one operation; this one has `{}` and `{}`",
                one.name(),
                two.name()
            ))),
            _ => Err(de::Error::custom(
                "the edit has no operation: set, remove, rename, append, prepend, truncate, \
                 duplicate, reorder, flip or encode",
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditTable {
    at: Path,
    set: Option<Value>,
    remove: Option<bool>,
    rename: Option<String>,
    append: Option<Value>,
    prepend: Option<Value>,
    truncate: Option<i64>,
    duplicate: Option<Value>,
    reorder: Option<bool>,
    flip: Option<bool>,
    encode: Option<Encoding>,
}
