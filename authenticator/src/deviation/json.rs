//! Edits of JSON trees.

use super::container::{self, MemberKey, Node};
use super::edit::octets;
use super::{Encoding, Error, Operation, Segment, Value, text};
use crate::wire::base64url::{self, Variant};
use crate::wire::json::{Json, Style};

impl MemberKey for String {
    fn named(name: &str) -> Self {
        name.to_owned()
    }

    fn is_meant(&self, segment: &Segment) -> bool {
        segment.means(self)
    }

    fn spell(&self) -> String {
        self.clone()
    }
}

impl Node for Json {
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        if let Self::Styled(_, inner) = self {
            // A new style, or bytes around the whole, replace the old style.
            if !(path.is_empty() && takes_the_whole(operation)) {
                return inner.edit(path, operation);
            }
        }
        let Some((first, rest)) = path.split_first() else {
            return whole(self, operation);
        };
        match self {
            Self::Object(members) => container::member(members, first, rest, operation),
            Self::Array(items) => container::item(items, &[], first, rest, operation),
            // Below the bytes lies their text.
            Self::Binary { bytes, variant } if first.means("text") => {
                let mut written = variant.encode(bytes);
                text::edit(&mut written, rest, operation).map_err(|error| error.under(first))?;
                *self = Self::String(written);
                Ok(())
            }
            Self::String(value) => text::edit(value, path, operation),
            _ => Err(Error::place(first, Vec::new())),
        }
    }

    /// Bytes are base64 in the variant of what they replace; where they
    /// replace a text, they are taken for UTF-8.
    fn literal(value: &Value, model: Option<&Self>) -> Result<Self, Error> {
        Ok(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Number((*value).into()),
            Value::Text(text) => Self::text(text),
            Value::Json(json) => json.clone(),
            Value::Bytes(_) | Value::Repeat { .. } => match model {
                Some(Self::String(_)) => Self::String(value.text()?),
                Some(Self::Binary { variant, .. }) => {
                    Self::Binary { bytes: value.octets()?.into_owned(), variant: *variant }
                }
                _ => Self::binary(value.octets()?.into_owned()),
            },
            _ => return Err(Error::Value("a JSON value")),
        })
    }
}

fn takes_the_whole(operation: &Operation) -> bool {
    match operation {
        Operation::Encode(_) | Operation::Truncate(_) => true,
        Operation::Append(_) | Operation::Prepend(_) => !container::concerns_members(operation),
        _ => false,
    }
}

fn whole(json: &mut Json, operation: &Operation) -> Result<(), Error> {
    match (&mut *json, operation) {
        (_, Operation::Set(value)) => *json = Json::literal(value, Some(json))?,
        (_, Operation::Encode(Encoding::Spaced)) => restyle(json, Style::Spaced),
        (_, Operation::Encode(Encoding::Escaped)) => restyle(json, Style::Escaped),
        (Json::Binary { variant, .. }, Operation::Encode(Encoding::Base64)) => {
            *variant = Variant::Base64Unpadded;
        }
        (Json::Binary { variant, .. }, Operation::Encode(Encoding::Base64urlPadded)) => {
            *variant = Variant::Base64urlPadded;
        }
        (Json::Binary { bytes, .. }, Operation::Encode(Encoding::TrailingBits)) => {
            *json = Json::String(with_trailing_bits(bytes));
        }
        (Json::Binary { bytes, .. }, Operation::Encode(Encoding::Base64urlTwice)) => {
            *bytes = base64url::encode(bytes).into_bytes();
        }
        (Json::Binary { bytes, .. }, Operation::Encode(Encoding::Octets)) => {
            *json = numbers(bytes);
        }
        (Json::Binary { .. } | Json::String(_), Operation::Encode(Encoding::Characters)) => {
            *json = numbers(json.as_text().unwrap_or_default().as_bytes());
        }
        (Json::Binary { bytes, .. }, _) => octets(bytes, operation)?,
        (Json::String(value), _) => text::edit(value, &[], operation)?,
        (Json::Bool(value), Operation::Flip) => *value = !*value,
        (Json::Array(items), _) => container::items(items, operation)?,
        (Json::Object(members), _) if container::concerns_members(operation) => {
            container::members(members, operation)?;
        }
        // Bytes before, after or cut from the whole text.
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

/// Of the last character's six bits some belong to no byte, unless the length
/// is a multiple of three; the lowest of them is set.
fn with_trailing_bits(bytes: &[u8]) -> String {
    let mut text = base64url::encode(bytes);
    if !bytes.len().is_multiple_of(3) {
        let next = text.pop().and_then(|last| char::from_u32(u32::from(last) + 1));
        text.extend(next);
    }
    text
}

fn numbers(octets: &[u8]) -> Json {
    Json::Array(octets.iter().map(|octet| Json::Number((*octet).into())).collect())
}

fn restyle(json: &mut Json, style: Style) {
    let plain = json.plain().clone();
    *json = Json::Styled(style, Box::new(plain));
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Binary { .. } => "octets",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
        Json::Styled(_, inner) => kind(inner),
        Json::Raw(_) => "raw octets",
    }
}
