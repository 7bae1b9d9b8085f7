//! CBOR (RFC 8949) as a tree, with the width of every head kept.
//!
//! Fresh trees render in the CTAP2 canonical form, provided that maps are
//! built with [`Cbor::map`], which sorts. [`Cbor::decode`] takes any
//! well-formed item and keeps its encoding; [`Cbor::decode_canonical`] also
//! demands the canonical form.

mod form;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use form::{Irregularity, irregularities_of_keys};

/// A data item and how its head is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Cbor {
    /// The item.
    pub item: Item,
    /// How its head is written.
    pub head: Head,
}

/// How the length or value in an item's head is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// In the fewest bytes.
    #[default]
    Minimal,
    /// In 1, 2, 4 or 8 bytes after the initial one, needed or not.
    Wide(u8),
    /// Of indefinite length (strings, arrays, maps). Strings are written as
    /// one chunk; decoded ones keep theirs.
    Indefinite,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Major type 0.
    Unsigned(u64),
    /// Major type 1: the number −1 − n.
    Negative(u64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text string.
    Text(String),
    /// A string of indefinite length in its chunks.
    Chunks(Vec<Cbor>),
    /// An array.
    Array(Vec<Cbor>),
    /// A map: entries in order, duplicates permitted.
    Map(Vec<(Cbor, Cbor)>),
    /// A tagged item.
    Tag(u64, Box<Cbor>),
    /// A simple value: false is 20, true 21, null 22, undefined 23.
    Simple(u8),
    /// A floating-point number: its bits and its width of 2, 4 or 8 bytes.
    Float {
        /// The bits, right-aligned.
        bits: u64,
        /// Bytes on the wire.
        width: u8,
    },
    /// Bytes put in as they are, well-formed or not.
    Raw(Vec<u8>),
}

/// Why bytes are not the CBOR that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end inside an item.
    #[error("the CBOR item ends early, at offset {0}")]
    Truncated(usize),
    /// Bytes follow the item.
    #[error("{0} octets follow the CBOR item")]
    Trailing(usize),
    /// An initial byte that CBOR reserves.
    #[error("the octet at offset {0} begins no CBOR item")]
    Reserved(usize),
    /// A text string that is not UTF-8.
    #[error("the CBOR text string at offset {0} is not UTF-8")]
    Utf8(usize),
    /// Deeper nesting than [`MAX_DEPTH`].
    #[error("CBOR is nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// Well-formed, yet not in the CTAP2 canonical form.
    #[error("the CBOR is not in the CTAP2 canonical form")]
    NotCanonical,
}

/// The deepest nesting that decoders follow.
pub const MAX_DEPTH: usize = 64;

impl From<Item> for Cbor {
    fn from(item: Item) -> Self {
        Self { item, head: Head::Minimal }
    }
}

impl Cbor {
    /// An integer.
    pub fn int(value: i64) -> Self {
        match u64::try_from(value) {
            Ok(value) => Item::Unsigned(value).into(),
            Err(_) => Item::Negative(value.unsigned_abs() - 1).into(),
        }
    }

    /// A byte string.
    pub fn bytes(value: impl Into<Vec<u8>>) -> Self {
        Item::Bytes(value.into()).into()
    }

    /// A text string.
    pub fn text(value: impl Into<String>) -> Self {
        Item::Text(value.into()).into()
    }

    /// A truth value.
    pub fn bool(value: bool) -> Self {
        Item::Simple(if value { 21 } else { 20 }).into()
    }

    /// An array.
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Item::Array(items.into_iter().collect()).into()
    }

    /// A map in canonical order: by the bytes of the encoded keys.
    pub fn map(entries: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_cached_key(|(key, _)| key.render());
        Item::Map(entries).into()
    }

    /// The number, if this is an integer that fits.
    pub fn as_int(&self) -> Option<i64> {
        match self.item {
            Item::Unsigned(value) => i64::try_from(value).ok(),
            Item::Negative(value) => i64::try_from(value).ok().map(|value| -1 - value),
            _ => None,
        }
    }

    /// The bytes, if this is a byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.item {
            Item::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text, if this is a text string.
    pub fn as_text(&self) -> Option<&str> {
        match &self.item {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first entry of a map under that text key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find(|(k, _)| k.as_text() == Some(key)).map(|(_, v)| v)
    }

    /// The first entry of a map under that integer key.
    pub fn get_int(&self, key: i64) -> Option<&Self> {
        self.entries()?.iter().find(|(k, _)| k.as_int() == Some(key)).map(|(_, v)| v)
    }

    /// The entries, if this is a map.
    pub fn entries(&self) -> Option<&[(Self, Self)]> {
        match &self.item {
            Item::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The encoded item.
    pub fn render(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        let indefinite = self.head == Head::Indefinite;
        match &self.item {
            Item::Unsigned(value) => write_head(0, *value, self.head, out),
            Item::Negative(value) => write_head(1, *value, self.head, out),
            Item::Bytes(bytes) => self.write_string(2, bytes, out),
            Item::Text(text) => self.write_string(3, text.as_bytes(), out),
            Item::Chunks(chunks) => {
                let major = chunks.first().map_or(2, |chunk| match chunk.item {
                    Item::Text(_) => 3,
                    _ => 2,
                });
                out.push(major << 5 | 31);
                chunks.iter().for_each(|chunk| chunk.write(out));
                out.push(BREAK);
            }
            Item::Array(items) => {
                write_head(4, items.len() as u64, self.head, out);
                items.iter().for_each(|item| item.write(out));
                if indefinite {
                    out.push(BREAK);
                }
            }
            Item::Map(entries) => {
                write_head(5, entries.len() as u64, self.head, out);
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
                if indefinite {
                    out.push(BREAK);
                }
            }
            Item::Tag(tag, item) => {
                write_head(6, *tag, self.head, out);
                item.write(out);
            }
            Item::Simple(value) => write_head(7, u64::from(*value), self.head, out),
            Item::Float { bits, width } => write_head(7, *bits, Head::Wide(*width), out),
            Item::Raw(bytes) => out.extend(bytes),
        }
    }

    fn write_string(&self, major: u8, bytes: &[u8], out: &mut Vec<u8>) {
        if self.head == Head::Indefinite {
            out.push(major << 5 | 31);
            write_head(major, bytes.len() as u64, Head::Minimal, out);
            out.extend(bytes);
            out.push(BREAK);
        } else {
            write_head(major, bytes.len() as u64, self.head, out);
            out.extend(bytes);
        }
    }

    /// Decodes one well-formed item that fills `bytes`, keeping its encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (item, used) = Self::decode_prefix(bytes)?;
        match bytes.len() - used {
            0 => Ok(item),
            rest => Err(Error::Trailing(rest)),
        }
    }

    /// Decodes the item that `bytes` begin with, and tells its length.
    pub fn decode_prefix(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let mut reader = Reader { bytes, at: 0 };
        let item = reader.item(0)?.ok_or(Error::Reserved(0))?;
        Ok((item, reader.at))
    }

    /// Decodes an item in the CTAP2 canonical form: shortest heads, definite
    /// lengths, sorted unique keys, no tags.
    pub fn decode_canonical(bytes: &[u8]) -> Result<Self, Error> {
        let item = Self::decode(bytes)?;
        if item.irregularities().is_empty() { Ok(item) } else { Err(Error::NotCanonical) }
    }
}

const BREAK: u8 = 0xff;

fn write_head(major: u8, value: u64, head: Head, out: &mut Vec<u8>) {
    let initial = major << 5;
    let width = match head {
        Head::Indefinite if matches!(major, 4 | 5) => {
            out.push(initial | 31);
            return;
        }
        Head::Wide(width) => width,
        Head::Minimal | Head::Indefinite => match value {
            0..24 => 0,
            24..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xffff_ffff => 4,
            _ => 8,
        },
    };
    match width {
        0 => out.push(initial | (value & 0x1f) as u8),
        1 => out.extend([initial | 24, value as u8]),
        2 => {
            out.push(initial | 25);
            out.extend((value as u16).to_be_bytes());
        }
        4 => {
            out.push(initial | 26);
            out.extend((value as u32).to_be_bytes());
        }
        _ => {
            out.push(initial | 27);
            out.extend(value.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(len).ok_or(Error::Truncated(self.bytes.len()))?;
        let taken = self.bytes.get(self.at..end).ok_or(Error::Truncated(self.bytes.len()))?;
        self.at = end;
        Ok(taken)
    }

    /// The next item, or `None` for a break.
    fn item(&mut self, depth: usize) -> Result<Option<Cbor>, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::Depth);
        }
        let start = self.at;
        let initial = self.take(1)?.first().copied().unwrap_or_default();
        if initial == BREAK {
            return Ok(None);
        }
        let (major, info) = (initial >> 5, initial & 0x1f);
        let (value, width) = match info {
            0..24 => (u64::from(info), 0u8),
            24..28 => {
                let width = 1u8 << (info - 24);
                let octets = self.take(usize::from(width))?;
                (octets.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)), width)
            }
            31 if matches!(major, 2..=5) => return self.indefinite(major, start, depth).map(Some),
            _ => return Err(Error::Reserved(start)),
        };
        let minimal = match width {
            0 => true,
            1 => value >= 24,
            2 => value > 0xff,
            4 => value > 0xffff,
            _ => value > 0xffff_ffff,
        };
        let head = if minimal { Head::Minimal } else { Head::Wide(width) };
        let length = || usize::try_from(value).map_err(|_| Error::Truncated(self.bytes.len()));
        let item = match major {
            0 => Item::Unsigned(value),
            1 => Item::Negative(value),
            2 => {
                let length = length()?;
                Item::Bytes(self.take(length)?.to_vec())
            }
            3 => {
                let length = length()?;
                let text = std::str::from_utf8(self.take(length)?);
                Item::Text(text.map_err(|_| Error::Utf8(start))?.to_owned())
            }
            4 => {
                let mut items = Vec::new();
                for _ in 0..value {
                    items.push(self.definite(depth)?);
                }
                Item::Array(items)
            }
            5 => {
                let mut entries = Vec::new();
                for _ in 0..value {
                    entries.push((self.definite(depth)?, self.definite(depth)?));
                }
                Item::Map(entries)
            }
            6 => Item::Tag(value, Box::new(self.definite(depth)?)),
            _ if width >= 2 => {
                return Ok(Some(Item::Float { bits: value, width }.into()));
            }
            // Two-byte simple values below 32 are not well-formed (RFC 8949 §3.3).
            _ if width == 1 && value < 32 => return Err(Error::Reserved(start)),
            _ => Item::Simple(value as u8),
        };
        Ok(Some(Cbor { item, head }))
    }

    fn definite(&mut self, depth: usize) -> Result<Cbor, Error> {
        let at = self.at;
        self.item(depth + 1)?.ok_or(Error::Reserved(at))
    }

    fn indefinite(&mut self, major: u8, start: usize, depth: usize) -> Result<Cbor, Error> {
        let mut items = Vec::new();
        while let Some(item) = self.item(depth + 1)? {
            items.push(item);
        }
        let item = match major {
            4 => Item::Array(items),
            5 => {
                let mut entries = Vec::new();
                let mut items = items.into_iter();
                while let Some(key) = items.next() {
                    entries.push((key, items.next().ok_or(Error::Reserved(self.at - 1))?));
                }
                Item::Map(entries)
            }
            _ => {
                let chunk = |item: &Cbor| {
                    item.head != Head::Indefinite
                        && matches!((major, &item.item), (2, Item::Bytes(_)) | (3, Item::Text(_)))
                };
                if !items.iter().all(chunk) {
                    return Err(Error::Reserved(start));
                }
                match items.as_slice() {
                    // An empty text string must not come back as bytes.
                    [] if major == 3 => Item::Raw(vec![0x7f, BREAK]),
                    _ => Item::Chunks(items),
                }
            }
        };
        Ok(Cbor { item, head: Head::Indefinite })
    }
}
