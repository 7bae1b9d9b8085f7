use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use sha2::{Digest, Sha256};

use super::Error;
use crate::wire::{Cbor, Json, base64url};

/// What an edit puts in place. In data: a plain text, number or truth value,
/// or a table that names a type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text, or `{ text = "…" }`.
    Text(String),
    /// Bytes: `{ hex = "…" }` or `{ base64url = "…" }`.
    Bytes(Vec<u8>),
    /// A CBOR item, in hexadecimal: `{ cbor = "f6" }`.
    Cbor(Cbor),
    /// Bytes in place of a CBOR item, well-formed or not: `{ raw = "61ff" }`.
    Raw(Vec<u8>),
    /// CBOR lists so many levels deep: `{ nested = 1000 }`.
    Nested(usize),
    /// JSON text: `{ json = "null" }`.
    Json(Json),
    /// Something known of this ceremony: `{ from = "other.user_handle" }`.
    From(String),
    /// The SHA-256 of a value's bytes: `{ hash = "sha256", of = … }`.
    Hash(Box<Value>),
    /// A byte again and again: `{ repeat = 0, len = 32 }`.
    Repeat {
        /// The byte.
        octet: u8,
        /// How often.
        len: usize,
    },
    /// A new member of an object or map: `{ member = "x", value = … }`.
    Member {
        /// Its name.
        name: String,
        /// Its value.
        value: Box<Value>,
    },
}

/// What is known of a ceremony beyond its own artefacts: the other actor's
/// user handle, the challenge of another session.
pub trait Facts: Sync {
    /// The bytes of a fact, texts in UTF-8.
    fn fact(&self, name: &str) -> Option<Vec<u8>>;
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn fact(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

impl Value {
    /// The value with facts and hashes filled in. What is repeated stays short:
    /// it may be megabytes.
    pub(super) fn resolve(&self, facts: &dyn Facts) -> Result<Self, Error> {
        Ok(match self {
            Self::From(name) => {
                Self::Bytes(facts.fact(name).ok_or_else(|| Error::Fact(name.clone()))?)
            }
            Self::Hash(of) => {
                let of = of.resolve(facts)?;
                Self::Bytes(Sha256::digest(of.octets()?).to_vec())
            }
            Self::Member { name, value } => {
                Self::Member { name: name.clone(), value: Box::new(value.resolve(facts)?) }
            }
            plain => plain.clone(),
        })
    }

    /// The number of bytes, items or levels of the value, or the larger number that it announces as
    /// CBOR.
    pub(super) fn size(&self) -> u64 {
        let len = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        match self {
            // A fact such as `fresh.1024` says how many bytes are drawn.
            Self::From(fact) => {
                fact.strip_prefix("fresh.").and_then(|len| len.parse().ok()).unwrap_or(0)
            }
            Self::Bool(_) | Self::Int(_) | Self::Hash(_) => 0,
            Self::Text(text) => len(text.as_bytes()),
            Self::Bytes(bytes) | Self::Raw(bytes) => len(bytes).max(announced(bytes)),
            Self::Cbor(cbor) => len(&cbor.render()),
            Self::Json(json) => len(&json.render()),
            Self::Nested(count) | Self::Repeat { len: count, .. } => {
                u64::try_from(*count).unwrap_or(u64::MAX)
            }
            Self::Member { value, .. } => value.size(),
        }
    }

    /// The bytes, if it is bytes and nothing else.
    pub(super) fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Bytes(_) | Self::Repeat { .. } => self.octets().ok(),
            _ => None,
        }
    }

    /// The bytes of a text or of bytes.
    pub(super) fn octets(&self) -> Result<Cow<'_, [u8]>, Error> {
        match self {
            Self::Text(text) => Ok(text.as_bytes().into()),
            Self::Bytes(bytes) | Self::Raw(bytes) => Ok(bytes.into()),
            Self::Cbor(cbor) => Ok(cbor.render().into()),
            Self::Nested(depth) => {
                let outer = depth.saturating_sub(1);
                Ok([vec![0x81; outer], vec![0x80]].concat().into())
            }
            Self::Json(json) => Ok(json.render().into()),
            Self::Repeat { octet, len } => Ok(vec![*octet; *len].into()),
            _ => Err(Error::Value("a text or octets")),
        }
    }

    /// The text of a text, or of bytes that are UTF-8.
    pub(super) fn text(&self) -> Result<String, Error> {
        String::from_utf8(self.octets()?.into_owned()).map_err(|_| Error::Value("a text"))
    }

    pub(super) fn bool(&self) -> Result<bool, Error> {
        match self {
            Self::Bool(value) => Ok(*value),
            _ => Err(Error::Value("true or false")),
        }
    }

    pub(super) fn int(&self) -> Result<i64, Error> {
        match self {
            Self::Int(value) => Ok(*value),
            _ => Err(Error::Value("a number")),
        }
    }
}

/// The largest count in a CBOR head with a length of four or eight bytes (RFC 8949 §3) that is larger
/// than the rest of the bytes. The bytes are not decoded, so that other bytes may count as a head.
fn announced(bytes: &[u8]) -> u64 {
    let heads = (0..bytes.len()).filter_map(|at| {
        let (head, rest) = bytes.get(at..)?.split_first()?;
        let width = match head & 0x1f {
            0x1a => 4,
            0x1b => 8,
            _ => return None,
        };
        let is_counted = matches!(head >> 5, 2..=5);
        let count = rest.get(..width)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let is_there = usize::try_from(count).is_ok_and(|count| count <= rest.len());
        (is_counted && !is_there).then_some(count)
    });
    heads.max().unwrap_or_default()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false, or a table such as { hex = \"00ff\" }")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Int).map_err(E::custom)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        let table = ValueTable::deserialize(de::value::MapAccessDeserializer::new(map))?;
        table.value().map_err(de::Error::custom)
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ValueTable {
    text: Option<String>,
    hex: Option<String>,
    base64url: Option<String>,
    cbor: Option<String>,
    raw: Option<String>,
    nested: Option<usize>,
    json: Option<String>,
    from: Option<String>,
    hash: Option<String>,
    of: Option<Box<Value>>,
    repeat: Option<u8>,
    len: Option<usize>,
    member: Option<String>,
    value: Option<Box<Value>>,
}

impl ValueTable {
    fn value(self) -> Result<Value, String> {
        match (self.entries(), self) {
            (1, Self { text: Some(text), .. }) => Ok(Value::Text(text)),
            (1, Self { hex: Some(hex), .. }) => octets(&hex).map(Value::Bytes),
            (1, Self { base64url: Some(text), .. }) => {
                base64url::decode(&text).map(Value::Bytes).map_err(|error| error.to_string())
            }
            (1, Self { cbor: Some(hex), .. }) => {
                let cbor = Cbor::decode(&octets(&hex)?);
                cbor.map(Value::Cbor).map_err(|error| error.to_string())
            }
            (1, Self { raw: Some(hex), .. }) => octets(&hex).map(Value::Raw),
            (1, Self { nested: Some(depth), .. }) if depth <= MAX_NESTED => {
                Ok(Value::Nested(depth))
            }
            (_, Self { nested: Some(_), .. }) => {
                Err(format!("write {{ nested = 1000 }}, with a depth up to {MAX_NESTED}"))
            }
            (1, Self { json: Some(text), .. }) => {
                let json = Json::parse(text.as_bytes());
                json.map(Value::Json).map_err(|error| error.to_string())
            }
            (1, Self { from: Some(fact), .. }) => Ok(Value::From(fact)),
            (2, Self { hash: Some(hash), of: Some(of), .. }) if hash == "sha256" => {
                Ok(Value::Hash(of))
            }
            (_, Self { hash: Some(_), .. }) => Err("write { hash = \"sha256\", of = … }".into()),
            (2, Self { repeat: Some(octet), len: Some(len), .. }) if len <= MAX_REPEAT => {
                Ok(Value::Repeat { octet, len })
            }
            (_, Self { repeat: Some(_), .. }) => {
                Err(format!("write {{ repeat = 0, len = 32 }}, with a len up to {MAX_REPEAT}"))
            }
            (2, Self { member: Some(name), value: Some(value), .. }) => {
                Ok(Value::Member { name, value })
            }
            (_, Self { member: Some(_), .. }) => {
                Err("write { member = \"name\", value = … }".into())
            }
            _ => Err("a table names one type: hex, text, base64url, cbor, raw, nested, json, \
                      from, hash and of, repeat and len, member and value"
                .into()),
        }
    }

    /// How many entries the table has.
    fn entries(&self) -> usize {
        let texts = [
            &self.text,
            &self.hex,
            &self.base64url,
            &self.cbor,
            &self.raw,
            &self.json,
            &self.from,
            &self.hash,
            &self.member,
        ];
        let values = [&self.of, &self.value];
        texts.iter().filter(|text| text.is_some()).count()
            + values.iter().filter(|value| value.is_some()).count()
            + usize::from(self.repeat.is_some())
            + usize::from(self.len.is_some())
            + usize::from(self.nested.is_some())
    }
}

/// The longest run of one byte: a body that no server should read to its end.
const MAX_REPEAT: usize = 64 << 20;

/// The deepest nesting: it is rendered, never built.
const MAX_NESTED: usize = 1 << 20;

fn octets(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    base16ct::mixed::decode_vec(digits).map_err(|_| format!("`{hex}` is not hexadecimal"))
}
