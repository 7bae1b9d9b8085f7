//! Edits of trees in general, and of fixed fields.

use super::edit::octets;
use super::{Encoding, Error, Operation, Segment, Value, cbor, der, json};
use crate::wire::{Layout, Tree};

pub(super) fn edit(tree: &mut Tree, path: &[Segment], operation: &Operation) -> Result<(), Error> {
    match tree {
        Tree::Layout(layout) => fields(layout, path, operation),
        Tree::Json(inner) => json::edit(inner, path, operation),
        Tree::Cbor(inner) => cbor::edit(inner, path, operation),
        Tree::Der(inner) if path.is_empty() => match operation {
            Operation::Encode(Encoding::P1363) => {
                let flat = der::p1363(inner).ok_or(Error::Value("an ES256 signature"))?;
                *tree = Tree::Bytes(flat);
                Ok(())
            }
            Operation::Encode(_) | Operation::Reorder => der::edit(inner, path, operation),
            _ => {
                // Octets in place of, before, after or cut from the whole.
                let mut raw = inner.render();
                octets(&mut raw, operation)?;
                *tree = Tree::Bytes(raw);
                Ok(())
            }
        },
        Tree::Der(inner) => der::edit(inner, path, operation),
        Tree::Flags { byte, names } => match path {
            [] => {
                let Operation::Set(value) = operation else {
                    return Err(Error::operation(operation, "flags"));
                };
                *byte = u8::try_from(value.int()?).map_err(|_| Error::Value("an octet"))?;
                Ok(())
            }
            [name, ..] => {
                let found = || names.iter().map(|(name, _)| (*name).to_owned()).collect();
                let (_, bit) = names
                    .iter()
                    .find(|(flag, _)| name.means(flag))
                    .ok_or_else(|| Error::place(name, found()))?;
                match operation {
                    Operation::Flip => *byte ^= 1 << bit,
                    Operation::Set(value) if value.bool()? => *byte |= 1 << bit,
                    Operation::Set(_) => *byte &= !(1 << bit),
                    other => return Err(Error::operation(other, "a flag")),
                }
                Ok(())
            }
        },
        Tree::Uint { value, .. } => match (path, operation) {
            ([], Operation::Set(Value::Int(number))) => {
                *value = u64::try_from(*number).map_err(|_| Error::Value("a number from 0"))?;
                Ok(())
            }
            ([], Operation::Set(Value::Bytes(bytes))) => {
                *tree = Tree::Bytes(bytes.clone());
                Ok(())
            }
            ([], _) => Err(Error::operation(operation, "a number")),
            ([below, ..], _) => Err(Error::place(below, Vec::new())),
        },
        Tree::LengthOf { width, .. } => match (path, operation) {
            ([], Operation::Set(Value::Int(number))) => {
                let value = u64::try_from(*number).map_err(|_| Error::Value("a number from 0"))?;
                *tree = Tree::Uint { value, width: *width };
                Ok(())
            }
            _ => Err(Error::operation(operation, "a length")),
        },
        Tree::Bytes(bytes) => match path {
            [] => octets(bytes, operation),
            // Header values and the like are texts.
            [below, ..] => {
                let mut text = String::from_utf8(bytes.clone())
                    .map_err(|_| Error::place(below, Vec::new()))?;
                super::text::edit(&mut text, path, operation)?;
                *bytes = text.into_bytes();
                Ok(())
            }
        },
    }
}

fn fields(layout: &mut Layout, path: &[Segment], operation: &Operation) -> Result<(), Error> {
    let Some((first, rest)) = path.split_first() else {
        return match operation {
            Operation::Append(Value::Member { name, value }) => {
                layout.fields.push((name.clone().into(), Tree::Bytes(value.octets()?)));
                Ok(())
            }
            Operation::Append(value) => {
                layout.fields.push(("appended".into(), Tree::Bytes(value.octets()?)));
                Ok(())
            }
            Operation::Truncate(_) => {
                let mut raw = layout.render();
                octets(&mut raw, operation)?;
                layout.fields = vec![("truncated".into(), Tree::Bytes(raw))];
                Ok(())
            }
            other => Err(Error::operation(other, "a group of fields")),
        };
    };
    let found = || layout.fields.iter().map(|(name, _)| name.clone().into_owned()).collect();
    let index = layout
        .fields
        .iter()
        .position(|(name, _)| first.means(name))
        .ok_or_else(|| Error::place(first, found()))?;
    match (rest, operation) {
        ([], Operation::Remove) => drop(layout.fields.remove(index)),
        ([], Operation::Rename(name)) => {
            if let Some(field) = layout.fields.get_mut(index) {
                field.0 = name.clone().into();
            }
        }
        _ => {
            if let Some((_, tree)) = layout.fields.get_mut(index) {
                edit(tree, rest, operation)?;
            }
        }
    }
    Ok(())
}
