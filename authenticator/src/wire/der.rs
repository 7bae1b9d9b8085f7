//! ASN.1 elements as a tree of tag, length and value, with the form of every
//! length kept: signatures and certificates, made and broken.

mod build;

/// One element.
#[derive(Clone, Debug, PartialEq)]
pub struct Der {
    /// The identifier bytes; more than one for tag numbers above 30.
    pub tag: Vec<u8>,
    /// How the length is written.
    pub length: Length,
    /// What the element holds.
    pub content: Content,
}

/// How a length is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// In the fewest bytes, as DER demands.
    #[default]
    Minimal,
    /// In the long form with this many length bytes (1 to 8).
    Long(u8),
    /// BER's indefinite form, closed by two zero bytes.
    Indefinite,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Bytes.
    Primitive(Vec<u8>),
    /// Further elements.
    Constructed(Vec<Der>),
}

/// Why bytes are not the element that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end inside an element.
    #[error("the ASN.1 element ends early")]
    Truncated,
    /// Bytes follow the element.
    #[error("{0} octets follow the ASN.1 element")]
    Trailing(usize),
    /// A length that no element can have.
    #[error("the length at offset {0} is malformed")]
    Length(usize),
    /// Well-formed BER, not DER.
    #[error("the element is BER, not DER")]
    NotDer,
    /// Deeper nesting than [`MAX_DEPTH`].
    #[error("ASN.1 is nested deeper than {MAX_DEPTH} levels")]
    Depth,
}

/// The deepest nesting that decoders follow.
pub const MAX_DEPTH: usize = 32;

/// Universal tags.
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// OBJECT IDENTIFIER
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// ENUMERATED
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE
    pub const SEQUENCE: u8 = 0x30;
    /// SET
    pub const SET: u8 = 0x31;
}

impl Der {
    /// A primitive element.
    pub fn primitive(tag: u8, content: impl Into<Vec<u8>>) -> Self {
        let content = Content::Primitive(content.into());
        Self { tag: vec![tag], length: Length::Minimal, content }
    }

    /// A SEQUENCE.
    pub fn sequence(items: impl IntoIterator<Item = Self>) -> Self {
        let content = Content::Constructed(items.into_iter().collect());
        Self { tag: vec![tag::SEQUENCE], length: Length::Minimal, content }
    }

    /// A non-negative INTEGER from its big-endian magnitude.
    pub fn unsigned(magnitude: &[u8]) -> Self {
        let start = magnitude.iter().position(|b| *b != 0).unwrap_or(magnitude.len());
        let digits = magnitude.get(start..).unwrap_or_default();
        let mut content = Vec::with_capacity(digits.len() + 1);
        if digits.first().is_none_or(|first| *first >= 0x80) {
            content.push(0);
        }
        content.extend(digits);
        Self::primitive(tag::INTEGER, content)
    }

    /// The elements inside, if there are any.
    pub fn items(&self) -> Option<&[Self]> {
        match &self.content {
            Content::Constructed(items) => Some(items),
            Content::Primitive(_) => None,
        }
    }

    /// The magnitude of a non-negative INTEGER, without leading zeros.
    pub fn as_unsigned(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Primitive(bytes) if self.tag == [tag::INTEGER] => match bytes.as_slice() {
                [0, rest @ ..] => Some(rest),
                [first, ..] if *first < 0x80 => Some(bytes),
                _ => None,
            },
            _ => None,
        }
    }

    /// The encoded element.
    pub fn render(&self) -> Vec<u8> {
        let content = match &self.content {
            Content::Primitive(bytes) => bytes.clone(),
            Content::Constructed(items) => items.iter().flat_map(Self::render).collect(),
        };
        let mut out = self.tag.clone();
        match self.length {
            Length::Minimal if content.len() < 0x80 => out.push(content.len() as u8),
            Length::Minimal => {
                let octets = (content.len() as u64).to_be_bytes();
                let skip = octets.iter().take_while(|b| **b == 0).count();
                out.push(0x80 | (8 - skip) as u8);
                out.extend(octets.into_iter().skip(skip));
            }
            Length::Long(width) => {
                out.push(0x80 | width);
                out.extend(super::tree::big_endian(content.len() as u64, usize::from(width)));
            }
            Length::Indefinite => out.push(0x80),
        }
        out.extend(content);
        if self.length == Length::Indefinite {
            out.extend([0, 0]);
        }
        out
    }

    /// Decodes one BER element that fills `bytes`, keeping its encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut at = 0;
        let element = decode_at(bytes, &mut at, 0)?;
        match bytes.len() - at {
            0 => Ok(element),
            rest => Err(Error::Trailing(rest)),
        }
    }

    /// Decodes one element whose lengths are all in DER's form.
    pub fn decode_strict(bytes: &[u8]) -> Result<Self, Error> {
        let element = Self::decode(bytes)?;
        if element.has_der_lengths() { Ok(element) } else { Err(Error::NotDer) }
    }

    fn has_der_lengths(&self) -> bool {
        self.length == Length::Minimal
            && self.items().unwrap_or_default().iter().all(Self::has_der_lengths)
    }
}

fn next(bytes: &[u8], at: &mut usize) -> Result<u8, Error> {
    let octet = bytes.get(*at).copied().ok_or(Error::Truncated)?;
    *at += 1;
    Ok(octet)
}

fn decode_at(bytes: &[u8], at: &mut usize, depth: usize) -> Result<Der, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::Depth);
    }
    let first = next(bytes, at)?;
    let mut tag = vec![first];
    if first & 0x1f == 0x1f {
        loop {
            let octet = next(bytes, at)?;
            tag.push(octet);
            if octet & 0x80 == 0 {
                break;
            }
        }
    }
    let constructed = first & 0x20 != 0;
    let length_at = *at;
    let (length, size) = match next(bytes, at)? {
        short @ 0..0x80 => (Length::Minimal, Some(usize::from(short))),
        0x80 if constructed => (Length::Indefinite, None),
        long @ 0x81..=0x88 => {
            let width = long & 0x7f;
            let mut size = 0u64;
            for _ in 0..width {
                size = size << 8 | u64::from(next(bytes, at)?);
            }
            let needed = 8 - size.leading_zeros() / 8;
            let minimal = size >= 0x80 && needed == u32::from(width);
            let length = if minimal { Length::Minimal } else { Length::Long(width) };
            (length, Some(usize::try_from(size).map_err(|_| Error::Length(length_at))?))
        }
        _ => return Err(Error::Length(length_at)),
    };
    let content = match size {
        Some(size) => {
            let end = at.checked_add(size).ok_or(Error::Truncated)?;
            let inside = bytes.get(*at..end).ok_or(Error::Truncated)?;
            if constructed {
                let mut items = Vec::new();
                let mut inner = 0;
                while inner < inside.len() {
                    items.push(decode_at(inside, &mut inner, depth + 1)?);
                }
                *at = end;
                Content::Constructed(items)
            } else {
                *at = end;
                Content::Primitive(inside.to_vec())
            }
        }
        None => {
            let mut items = Vec::new();
            while bytes.get(*at..*at + 2).ok_or(Error::Truncated)? != [0, 0] {
                items.push(decode_at(bytes, at, depth + 1)?);
            }
            *at += 2;
            Content::Constructed(items)
        }
    };
    Ok(Der { tag, length, content })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_keep_their_sign() {
        assert_eq!(Der::unsigned(&[0, 0]).render(), [2, 1, 0]);
        assert_eq!(Der::unsigned(&[0x80]).render(), [2, 2, 0, 0x80]);
        assert_eq!(Der::unsigned(&[0, 0x7f]).render(), [2, 1, 0x7f]);
        assert_eq!(Der::primitive(tag::INTEGER, [0x80]).as_unsigned(), None);
    }

    #[test]
    fn ber_is_not_accepted_as_der() {
        for ber in [&[0x30, 0x81, 0x03, 2, 1, 5][..], &[0x30, 0x80, 2, 1, 5, 0, 0]] {
            assert_eq!(Der::decode(ber).unwrap().render(), ber);
            assert_eq!(Der::decode_strict(ber), Err(Error::NotDer));
        }
        assert_eq!(Der::decode(&[0x30, 3, 2, 1]), Err(Error::Truncated));
        assert_eq!(Der::decode(&[2, 1, 1, 9]), Err(Error::Trailing(1)));
        assert_eq!(Der::decode(&[0x30, 0x80].repeat(1000)), Err(Error::Depth));
    }

    proptest! {
        #[test]
        fn decoding_keeps_the_encoding(bytes in prop::collection::vec(any::<u8>(), 0..48)) {
            if let Ok(der) = Der::decode(&bytes) {
                prop_assert_eq!(der.render(), bytes);
            }
        }

        #[test]
        fn round_trip(numbers in prop::collection::vec(any::<[u8; 12]>(), 0..30)) {
            let der = Der::sequence(numbers.iter().map(|n| Der::unsigned(n)));
            prop_assert_eq!(Der::decode_strict(&der.render()), Ok(der));
        }
    }
}
