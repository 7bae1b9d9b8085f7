//! Base64url without padding (RFC 4648 §5), the text form of every binary
//! member in WebAuthn's JSON, and the variants that real software confuses
//! with it.

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Why a text is not strict base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A character that the alphabet does not have.
    #[error("`{0}` at offset {1} is not in the base64url alphabet")]
    Character(char, usize),
    /// The text ends in `=`.
    #[error("base64url in WebAuthn JSON carries no padding")]
    Padded,
    /// The length, or the unused bits of the last character, fit no bytes.
    #[error("the last character carries bits that belong to no byte")]
    Trailing,
}

/// Encodes without padding.
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Decodes strictly: the url alphabet, no padding, no stray trailing bits.
pub fn decode(text: &str) -> Result<Vec<u8>, Error> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| error_of(text))
}

/// Decodes as browsers do: the url alphabet, no padding, and any bits after the
/// last byte, which RFC 4648 §3.5 lets a decoder ignore.
pub fn decode_with_any_bits(text: &str) -> Result<Vec<u8>, Error> {
    let missing = match text.len() % 4 {
        0 => "",
        2 => "AA",
        3 => "A",
        _ => return Err(error_of(text)),
    };
    let whole = format!("{text}{missing}");
    let mut bytes = Base64UrlUnpadded::decode_vec(&whole).map_err(|_| error_of(text))?;
    bytes.truncate(bytes.len() - missing.len());
    Ok(bytes)
}

fn error_of(text: &str) -> Error {
    if text.ends_with('=') {
        return Error::Padded;
    }
    let foreign = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    match text.char_indices().find(|(_, c)| foreign(c)) {
        Some((offset, found)) => Error::Character(found, offset),
        None => Error::Trailing,
    }
}

/// Decodes leniently: either alphabet, padded or not.
pub fn decode_lenient(text: &str) -> Result<Vec<u8>, Error> {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    decode(&plain)
}

/// The alphabets and paddings that are met in the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// The one that WebAuthn prescribes.
    #[default]
    Base64url,
    /// The url alphabet with padding.
    Base64urlPadded,
    /// The standard alphabet with padding.
    Base64,
    /// The standard alphabet without padding.
    Base64Unpadded,
}

impl Variant {
    /// Encodes in this variant.
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64url => Base64UrlUnpadded::encode_string(bytes),
            Self::Base64urlPadded => Base64Url::encode_string(bytes),
            Self::Base64 => Base64::encode_string(bytes),
            Self::Base64Unpadded => Base64Unpadded::encode_string(bytes),
        }
    }
}

/// Bytes that travel as a base64url string.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Base64UrlBytes(pub Vec<u8>);

impl fmt::Debug for Base64UrlBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", encode(&self.0))
    }
}

impl From<Vec<u8>> for Base64UrlBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Base64UrlBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Base64UrlBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64UrlBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Takes the text where it lies.
struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Base64UrlBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64UrlBytes, E> {
        decode(text).map(Base64UrlBytes).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strictness() {
        assert_eq!(decode("AQ"), Ok(vec![1]));
        assert_eq!(decode("AQ=="), Err(Error::Padded));
        assert_eq!(decode("A+"), Err(Error::Character('+', 1)));
        assert_eq!(decode("A Q"), Err(Error::Character(' ', 1)));
        assert_eq!(decode("AR"), Err(Error::Trailing));
        assert_eq!(decode("A"), Err(Error::Trailing));
        assert_eq!(decode_lenient("+/8="), Ok(vec![0xfb, 0xff]));
        assert_eq!(decode_with_any_bits("AR"), Ok(vec![1]));
        assert_eq!(decode_with_any_bits("AAF"), Ok(vec![0, 1]));
        assert_eq!(decode_with_any_bits("A"), Err(Error::Trailing));
        assert_eq!(decode_with_any_bits("AQ="), Err(Error::Padded));
        assert_eq!(decode_with_any_bits("A+"), Err(Error::Character('+', 1)));
        assert_eq!(decode_with_any_bits("é"), Err(Error::Character('é', 0)));
    }

    proptest! {
        #[test]
        fn round_trip(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(decode_with_any_bits(&encode(&bytes)), Ok(bytes.clone()));
            for variant in [Variant::Base64urlPadded, Variant::Base64, Variant::Base64Unpadded] {
                prop_assert_eq!(decode_lenient(&variant.encode(&bytes)), Ok(bytes.clone()));
            }
        }

        #[test]
        fn decoding_is_injective(text in "[A-Za-z0-9_-]{0,12}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
