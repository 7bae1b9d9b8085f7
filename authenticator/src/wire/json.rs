//! JSON text as a tree: member order kept, duplicate names permitted, and an
//! escape style per subtree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
pub use serde_json::Number;
use serde_json::Value;

use super::base64url;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// A string that is the base64 text of bytes.
    Binary {
        /// The bytes.
        bytes: Vec<u8>,
        /// How they become text.
        variant: base64url::Variant,
    },
    /// An array.
    Array(Vec<Json>),
    /// An object: names in order, duplicates permitted.
    Object(Vec<(String, Json)>),
    /// A subtree written in its own style.
    Styled(Style, Box<Json>),
    /// Bytes put into the text as they are, valid JSON or not.
    Raw(Vec<u8>),
}

/// How strings and structure are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Style {
    /// Compact, with the short escapes of `JSON.stringify`.
    #[default]
    Compact,
    /// §5.8.1.1 of WebAuthn: compact; control characters as `\u00xx` only.
    ClientData,
    /// A space after each colon and comma.
    Spaced,
    /// Every character of every string as `\uXXXX`.
    Escaped,
}

/// Why a text is not JSON, or not of the shape that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Json {
    /// A string value.
    pub fn text(value: impl Into<String>) -> Self {
        Self::String(value.into())
    }

    /// A string holding the base64url of `bytes`.
    pub fn binary(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Binary { bytes: bytes.into(), variant: base64url::Variant::Base64url }
    }

    /// An object of these members.
    pub fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, Json)>) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// Parses RFC 8259 text, keeping order and duplicates. Nesting beyond 128
    /// levels, a byte order mark and text after the value are errors.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(text).map_err(|error| Error(error.to_string()))
    }

    /// Decodes as a relying party must (§7.1 step 5): a leading byte order
    /// mark is dropped and ill-formed UTF-8 becomes U+FFFD before parsing.
    pub fn parse_utf8_decoded(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Self::parse(String::from_utf8_lossy(bytes).as_bytes())
    }

    /// The value under any [`Style`].
    pub fn plain(&self) -> &Self {
        match self {
            Self::Styled(_, inner) => inner.plain(),
            other => other,
        }
    }

    /// The *last* member of that name, as `JSON.parse` would have it.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self.plain() {
            Self::Object(members) => members.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text of a string, base64 strings included.
    pub fn as_text(&self) -> Option<String> {
        match self.plain() {
            Self::String(text) => Some(text.clone()),
            Self::Binary { bytes, variant } => Some(variant.encode(bytes)),
            _ => None,
        }
    }

    /// The JSON text.
    pub fn render(&self) -> Vec<u8> {
        // Room enough for what a ceremony makes.
        let mut out = Vec::with_capacity(512);
        self.write(Style::Compact, &mut out);
        out
    }

    fn write(&self, style: Style, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend(b"null"),
            Self::Bool(true) => out.extend(b"true"),
            Self::Bool(false) => out.extend(b"false"),
            Self::Number(number) => out.extend(number.to_string().bytes()),
            Self::String(text) => write_string(text, style, out),
            Self::Binary { bytes, variant } => write_string(&variant.encode(bytes), style, out),
            Self::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        write_separator(b',', style, out);
                    }
                    item.write(style, out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        write_separator(b',', style, out);
                    }
                    write_string(name, style, out);
                    write_separator(b':', style, out);
                    value.write(style, out);
                }
                out.push(b'}');
            }
            Self::Styled(style, inner) => inner.write(*style, out),
            Self::Raw(bytes) => out.extend(bytes),
        }
    }
}

/// JSON text in which U+FFFD stands for each lone surrogate. `JSON.parse` accepts
/// lone surrogates, and a client replaces them when it encodes text as UTF-8;
/// parsers of Rust, whose texts are UTF-8, refuse them.
pub fn without_lone_surrogates(text: &[u8]) -> Cow<'_, [u8]> {
    let is_surrogate = |escape: &[u8]| matches!(escape, [b'\\', b'u', b'd' | b'D']);
    if !text.windows(3).any(is_surrogate) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (taken, is_lone) = match (escaped_unit(rest), rest.get(6..).and_then(escaped_unit)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (12, false),
            (Some(0xd800..0xe000), _) => (6, true),
            // The next character belongs to the escape, also where it is a backslash.
            _ if rest.first() == Some(&b'\\') => (2, false),
            _ => (1, false),
        };
        let (before, after) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        out.extend(if is_lone { b"\\ufffd" } else { before });
        rest = after;
    }
    Cow::Owned(out)
}

/// The code unit of an escape at the beginning of the text.
fn escaped_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits = str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u16::from_str_radix(digits, 16).ok()
}

fn write_separator(separator: u8, style: Style, out: &mut Vec<u8>) {
    out.push(separator);
    if style == Style::Spaced {
        out.push(b' ');
    }
}

fn write_string(text: &str, style: Style, out: &mut Vec<u8>) {
    out.push(b'"');
    if style != Style::Escaped && !text.bytes().any(|b| matches!(b, b'"' | b'\\' | 0..b' ')) {
        // Nearly always nothing needs an escape.
        out.extend(text.as_bytes());
        out.push(b'"');
        return;
    }
    for c in text.chars() {
        match (style, c) {
            (Style::Escaped, c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.extend(format!("\\u{unit:04x}").bytes());
                }
            }
            (_, '"') => out.extend(b"\\\""),
            (_, '\\') => out.extend(b"\\\\"),
            (Style::Compact | Style::Spaced, '\u{8}') => out.extend(b"\\b"),
            (Style::Compact | Style::Spaced, '\t') => out.extend(b"\\t"),
            (Style::Compact | Style::Spaced, '\n') => out.extend(b"\\n"),
            (Style::Compact | Style::Spaced, '\u{c}') => out.extend(b"\\f"),
            (Style::Compact | Style::Spaced, '\r') => out.extend(b"\\r"),
            (_, c) if c < ' ' => out.extend(format!("\\u{:04x}", c as u32).bytes()),
            (_, c) => {
                let mut buffer = [0; 4];
                out.extend(c.encode_utf8(&mut buffer).bytes());
            }
        }
    }
    out.push(b'"');
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::String(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(n, v)| (n.clone(), v.into())).collect())
            }
        }
    }
}

impl Json {
    /// The value as other JSON libraries hold it: the last of duplicate names
    /// wins. An error if the rendered text is not JSON.
    pub fn into_value(self) -> Result<Value, Error> {
        if self.has_raw_octets() {
            return serde_json::from_slice(&self.render()).map_err(|e| Error(e.to_string()));
        }
        Ok(self.into_plain_value())
    }

    /// True if only the text can tell what the value is.
    fn has_raw_octets(&self) -> bool {
        match self {
            Self::Raw(_) => true,
            Self::Array(items) => items.iter().any(Self::has_raw_octets),
            Self::Object(members) => members.iter().any(|(_, value)| value.has_raw_octets()),
            Self::Styled(_, inner) => inner.has_raw_octets(),
            _ => false,
        }
    }

    fn into_plain_value(self) -> Value {
        match self {
            Self::Null | Self::Raw(_) => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            Self::String(text) => Value::String(text),
            Self::Binary { bytes, variant } => Value::String(variant.encode(&bytes)),
            Self::Array(items) => {
                Value::Array(items.into_iter().map(Self::into_plain_value).collect())
            }
            Self::Object(members) => {
                let member = |(name, value): (String, Self)| (name, value.into_plain_value());
                Value::Object(members.into_iter().map(member).collect())
            }
            Self::Styled(_, inner) => inner.into_plain_value(),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_and_duplicates_survive() {
        let text = br#"{"b":1,"a":[null,true,-2],"b":"x"}"#;
        let tree = Json::parse(text).unwrap();
        assert_eq!(tree.render(), text);
        assert_eq!(tree.member("b"), Some(&Json::text("x")));
    }

    #[test]
    fn invalid_json() {
        for text in [&b"\xef\xbb\xbf{}"[..], b"{} {}", b"{", b"", b"NaN", b"{'a':1}", b"\"\xff\""] {
            assert!(Json::parse(text).is_err(), "{text:?}");
        }
        assert!(Json::parse(&b"[".repeat(1_000_000)).is_err());
        assert_eq!(Json::parse_utf8_decoded(b"\xef\xbb\xbf\"\xff\""), Ok(Json::text("\u{fffd}")));
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        for (text, expected) in [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""\uDC00\ud800a""#, "\u{fffd}\u{fffd}a"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\\ud800""#, r"\ud800"),
            (r#""\\\ud800\n""#, "\\\u{fffd}\n"),
        ] {
            let whole = without_lone_surrogates(text.as_bytes());
            assert_eq!(Json::parse(&whole), Ok(Json::text(expected)), "{text}");
        }
        for text in [r#""\ud80"#, r#"\ud8"#, "\\", r#""\ud+00""#] {
            assert!(Json::parse(&without_lone_surrogates(text.as_bytes())).is_err(), "{text}");
        }
    }

    #[test]
    fn client_data_escapes_control_characters_only_by_number() {
        let text = Json::Styled(Style::ClientData, Box::new(Json::text("\"\\\n\u{7f}é/")));
        assert_eq!(text.render(), "\"\\\"\\\\\\u000a\u{7f}é/\"".as_bytes());
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<i64>().prop_map(|n| Json::Number(n.into())),
            any::<String>().prop_map(Json::String),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
                prop::collection::vec((any::<String>(), inner), 0..6).prop_map(Json::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn round_trip_in_every_style(json in any_json()) {
            for style in [Style::Compact, Style::ClientData, Style::Spaced, Style::Escaped] {
                let text = Json::Styled(style, Box::new(json.clone())).render();
                prop_assert_eq!(Json::parse(&text).unwrap(), json.clone());
            }
        }

        #[test]
        fn values_are_those_of_the_text(json in any_json()) {
            let parsed: Value = serde_json::from_slice(&json.render()).unwrap();
            prop_assert_eq!(json.into_value(), Ok(parsed));
        }

        #[test]
        fn parsing_never_panics(bytes: Vec<u8>) {
            let _ = Json::parse(&bytes);
            let _ = Json::parse_utf8_decoded(&bytes);
            let _ = without_lone_surrogates(&bytes);
        }
    }
}
