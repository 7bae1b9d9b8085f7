//! Edits of trees in general, and of the small ones that fields are made of.

use super::container::Node;
use super::edit::octets;
use super::{Encoding, Error, Operation, Segment, Value, der, text};
use crate::wire::tree::layout::FlagNames;
use crate::wire::{Cbor, Der, Json, Tree};

impl Node for Tree {
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        match self {
            Self::Layout(layout) => layout.edit(path, operation),
            Self::Json(json) => json.edit(path, operation),
            Self::Cbor(cbor) => cbor.edit(path, operation),
            Self::Der(der) if path.is_empty() => {
                if let Some(raw) = element(der, operation)? {
                    *self = Self::Bytes(raw);
                }
                Ok(())
            }
            Self::Der(der) => der.edit(path, operation),
            Self::Bytes(bytes) => match (path.first(), operation) {
                (None, Operation::EncodeIn(group, form)) => group.encode_octets(bytes, *form),
                (None, _) => octets(bytes, operation),
                // The value of a header and the like are texts.
                (Some(first), _) => {
                    let written = String::from_utf8(bytes.clone());
                    let mut written = written.map_err(|_| Error::place(first, Vec::new()))?;
                    text::edit(&mut written, path, operation)?;
                    *bytes = written.into_bytes();
                    Ok(())
                }
            },
            Self::Flags { byte, names } => flags(byte, names, path, operation),
            Self::Uint { width, .. } => {
                let width = *width;
                number(self, width, "a number", path, operation)
            }
            Self::LengthOf { width, .. } => {
                let width = *width;
                number(self, width, "a length", path, operation)
            }
        }
    }

    fn literal(value: &Value, model: Option<&Self>) -> Result<Self, Error> {
        Ok(match model {
            Some(Self::Json(json)) => Self::Json(Json::literal(value, Some(json))?),
            Some(Self::Cbor(cbor)) => Self::Cbor(Cbor::literal(value, Some(cbor))?),
            _ => Self::Bytes(value.octets()?.into_owned()),
        })
    }
}

/// An operation on a whole ASN.1 element: in place, or on the octets that it
/// renders to, which are given back.
fn element(der: &mut Der, operation: &Operation) -> Result<Option<Vec<u8>>, Error> {
    match operation {
        Operation::EncodeIn(group, Encoding::P1363) => {
            der::p1363(der, *group).map(Some).ok_or(Error::Value("an ECDSA signature"))
        }
        Operation::Encode(_) | Operation::EncodeIn(..) | Operation::Reorder => {
            der.edit(&[], operation).map(|()| None)
        }
        _ => {
            let mut raw = der.render();
            octets(&mut raw, operation)?;
            Ok(Some(raw))
        }
    }
}

fn flags(
    byte: &mut u8,
    names: FlagNames,
    path: &[Segment],
    operation: &Operation,
) -> Result<(), Error> {
    let Some((first, rest)) = path.split_first() else {
        let Operation::Set(value) = operation else {
            return Err(Error::operation(operation, "flags"));
        };
        *byte = u8::try_from(value.int()?).map_err(|_| Error::Value("a number from 0 to 255"))?;
        return Ok(());
    };
    let Some((_, bit)) = names.iter().find(|(flag, _)| first.means(flag)) else {
        return Err(Error::place(first, names.iter().map(|(n, _)| (*n).to_owned()).collect()));
    };
    if let Some(below) = rest.first() {
        return Err(Error::place(below, Vec::new()).under(first));
    }
    match operation {
        Operation::Flip => *byte ^= 1 << bit,
        Operation::Set(value) if value.bool()? => *byte |= 1 << bit,
        Operation::Set(_) => *byte &= !(1 << bit),
        other => return Err(Error::operation(other, "a flag")),
    }
    Ok(())
}

/// A number or a length: another number in as many octets, or octets.
fn number(
    tree: &mut Tree,
    width: usize,
    kind: &'static str,
    path: &[Segment],
    operation: &Operation,
) -> Result<(), Error> {
    if let Some(below) = path.first() {
        return Err(Error::place(below, Vec::new()));
    }
    *tree = match operation {
        Operation::Set(value @ (Value::Bytes(_) | Value::Repeat { .. })) => {
            Tree::Bytes(value.octets()?.into_owned())
        }
        Operation::Set(value) => {
            let fits = |value: &u64| width >= 8 || value >> (8 * width) == 0;
            let value = u64::try_from(value.int()?).ok().filter(fits);
            Tree::Uint { value: value.ok_or(Error::Value("a number that fits the field"))?, width }
        }
        other => return Err(Error::operation(other, kind)),
    };
    Ok(())
}
