//! Edits of JSON trees.

use super::edit::{kept, octets};
use super::{Encoding, Error, Operation, Segment, Value, text};
use crate::wire::base64url::Variant;
use crate::wire::json::{Json, Style};

pub(super) fn edit(json: &mut Json, path: &[Segment], operation: &Operation) -> Result<(), Error> {
    if let Json::Styled(_, inner) = json {
        // A new style, or octets around the whole, replace the old style.
        if !(path.is_empty() && takes_the_whole(operation)) {
            return edit(inner, path, operation);
        }
    }
    let Some((first, rest)) = path.split_first() else {
        return whole(json, operation);
    };
    match json {
        Json::Object(members) => {
            let found: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
            let index = found
                .iter()
                .position(|name| first.means(name))
                .ok_or_else(|| Error::place(first, found))?;
            match (rest, operation) {
                ([], Operation::Remove) => drop(members.remove(index)),
                ([], Operation::Rename(name)) => {
                    if let Some(member) = members.get_mut(index) {
                        member.0.clone_from(name);
                    }
                }
                ([], Operation::Duplicate(value)) => {
                    if let Some((name, old)) = members.get(index).cloned() {
                        members.insert(index + 1, (name, literal(value, Some(&old))?));
                    }
                }
                _ => {
                    if let Some((_, value)) = members.get_mut(index) {
                        edit(value, rest, operation)?;
                    }
                }
            }
            Ok(())
        }
        Json::Array(items) => {
            let Segment::Index(index) = first else {
                return Err(Error::place(first, vec![format!("{} items", items.len())]));
            };
            let count = items.len();
            match (rest, operation) {
                ([], Operation::Remove) if *index < count => drop(items.remove(*index)),
                _ => {
                    let item = items.get_mut(*index);
                    let missing = || Error::place(first, vec![format!("{count} items")]);
                    edit(item.ok_or_else(missing)?, rest, operation)?;
                }
            }
            Ok(())
        }
        // Below the octets lies their text.
        Json::Binary { bytes, variant } if first.means("text") => {
            let mut written = variant.encode(bytes);
            text::edit(&mut written, rest, operation)?;
            *json = Json::String(written);
            Ok(())
        }
        Json::String(value) => text::edit(value, path, operation),
        _ => Err(Error::place(first, Vec::new())),
    }
}

fn takes_the_whole(operation: &Operation) -> bool {
    match operation {
        Operation::Encode(_) | Operation::Truncate(_) => true,
        Operation::Append(value) | Operation::Prepend(value) => {
            !matches!(value, Value::Member { .. })
        }
        _ => false,
    }
}

fn whole(json: &mut Json, operation: &Operation) -> Result<(), Error> {
    match (&mut *json, operation) {
        (_, Operation::Set(value)) => *json = literal(value, Some(json))?,
        (_, Operation::Encode(Encoding::Spaced)) => restyle(json, Style::Spaced),
        (_, Operation::Encode(Encoding::Escaped)) => restyle(json, Style::Escaped),
        (Json::Binary { variant, .. }, Operation::Encode(Encoding::Base64)) => {
            *variant = Variant::Base64;
        }
        (Json::Binary { variant, .. }, Operation::Encode(Encoding::Base64urlPadded)) => {
            *variant = Variant::Base64urlPadded;
        }
        (Json::Binary { bytes, .. }, _) => octets(bytes, operation)?,
        (Json::String(value), _) => text::edit(value, &[], operation)?,
        (Json::Bool(value), Operation::Flip) => *value = !*value,
        (Json::Array(items), Operation::Append(value)) => items.push(literal(value, None)?),
        (Json::Array(items), Operation::Prepend(value)) => items.insert(0, literal(value, None)?),
        (Json::Array(items), Operation::Reorder) => items.reverse(),
        (Json::Array(items), Operation::Truncate(keep)) => items.truncate(kept(*keep, items.len())),
        (Json::Object(members), Operation::Reorder) => members.reverse(),
        (Json::Object(members), Operation::Append(Value::Member { name, value })) => {
            members.push((name.clone(), literal(value, None)?));
        }
        (Json::Object(members), Operation::Prepend(Value::Member { name, value })) => {
            members.insert(0, (name.clone(), literal(value, None)?));
        }
        // Octets before, after or cut from the whole text.
        (
            Json::Object(_) | Json::Styled(..) | Json::Raw(_),
            Operation::Append(_) | Operation::Prepend(_) | Operation::Truncate(_),
        ) => {
            let mut raw = json.render();
            octets(&mut raw, operation)?;
            *json = Json::Raw(raw);
        }
        (_, other) => return Err(Error::operation(other, kind(json))),
    }
    Ok(())
}

fn restyle(json: &mut Json, style: Style) {
    let plain = json.plain().clone();
    *json = Json::Styled(style, Box::new(plain));
}

/// A value as JSON. Octets are base64 in the variant of what they replace;
/// where a text is replaced, they are taken for UTF-8.
fn literal(value: &Value, replaced: Option<&Json>) -> Result<Json, Error> {
    Ok(match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::Number((*value).into()),
        Value::Text(text) => Json::text(text),
        Value::Json(json) => json.clone(),
        Value::Bytes(bytes) => match replaced {
            Some(Json::String(_)) => Json::String(value.text()?),
            Some(Json::Binary { variant, .. }) => {
                Json::Binary { bytes: bytes.clone(), variant: *variant }
            }
            _ => Json::binary(bytes.clone()),
        },
        _ => return Err(Error::Value("a JSON value")),
    })
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Binary { .. } => "octets",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
        Json::Styled(_, inner) => kind(inner),
        Json::Raw(_) => "raw octets",
    }
}
