//! The body of an answer, read as a browser reads it.

use std::borrow::Cow;
use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::{HeaderMap, header};
use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::json::without_lone_surrogates;
use ruzstd::decoding::StreamingDecoder;
use serde_json::Value;

/// The most codings of one body that are undone: a server has no use for more than one.
const CODINGS: usize = 4;

/// The error of a body whose content codings cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    #[error("the decoded body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("invalid {coding} body: {reason}")]
    Undecodable { coding: &'static str, reason: String },
}

/// The body without its content codings (RFC 9110 §8.4), of at most `limit` bytes. The codings are
/// those of browsers; a body of another coding stays as it is.
pub(super) fn decoded(headers: &HeaderMap, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, Error> {
    if body.is_empty() {
        return Ok(body);
    }
    let lines = headers.get_all(header::CONTENT_ENCODING).iter();
    let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
    let names = lines.iter().flat_map(|line| line.split(','));
    let is_coding = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case("identity");
    let names: Vec<_> = names.map(str::trim).filter(is_coding).collect();
    let codings: Option<Vec<_>> = names.iter().map(|name| Coding::of_header(name)).collect();
    let Some(codings) = codings.filter(|codings| codings.len() <= CODINGS) else { return Ok(body) };
    // The last coding was applied last.
    codings.into_iter().rev().try_fold(body, |body, coding| {
        let read = coding.decode(&body, limit).map_err(|error| Error::Undecodable {
            coding: coding.name(),
            reason: error.to_string(),
        })?;
        if read.len() > limit { Err(Error::TooLarge { limit }) } else { Ok(read) }
    })
}

passrig_authenticator::named_enum! {
    /// A content coding that browsers undo.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Coding {
        Gzip = "gzip",
        Deflate = "deflate",
        Brotli = "br",
        Zstd = "zstd",
    }
}

/// The largest window of a zstd body (RFC 9659 §3).
const ZSTD_WINDOW: u64 = 8 << 20;

impl Coding {
    fn of_header(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        // Both names are of one coding (RFC 9110 §8.4.1.3).
        Self::named(if name == "x-gzip" { "gzip" } else { &name })
    }

    /// The decoded bytes, and at most one byte more than the limit.
    fn decode(self, body: &[u8], limit: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => read(GzDecoder::new(body), limit),
            // Servers send either form under this name (RFC 9110 §8.4.1.2).
            Self::Deflate => read(ZlibDecoder::new(body), limit)
                .or_else(|_| read(DeflateDecoder::new(body), limit)),
            Self::Brotli => read(Decompressor::new(body, 4096), limit),
            Self::Zstd => {
                let decoder = StreamingDecoder::new_with_max_window_size(body, ZSTD_WINDOW);
                read(decoder.map_err(io::Error::other)?, limit)
            }
        }
    }
}

fn read(decoder: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(most).read_to_end(&mut out)?;
    Ok(out)
}

/// The text of a body, whatever its header says about charsets (Fetch §5.3): UTF-8, without a byte
/// order mark, and with U+FFFD in place of other bytes.
pub(super) fn text(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

/// The value of a body that is JSON.
pub(super) fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| parsed(&text(body)))
}

/// The value of a JSON text as a script gets it, with U+FFFD for each lone surrogate.
pub(super) fn parsed(text: &str) -> Option<Value> {
    serde_json::from_slice(&without_lone_surrogates(text.as_bytes())).ok()
}

/// True if a body is a map or a list of CBOR by its first bytes, which begin no UTF-8 text: the head
/// of an item, or the tag that says that CBOR follows (RFC 8949 §3.4.6).
pub(super) fn begins_as_cbor(body: &[u8]) -> bool {
    matches!(body, [0x80..=0xbf, ..] | [0xd9, 0xd9, 0xf7, ..])
}

/// The deepest nesting of CBOR that is read: each level takes stack.
const DEPTH: usize = 64;

/// The CBOR item that fills a body, as JSON.
pub(super) fn from_cbor(mut body: &[u8]) -> Option<Value> {
    let item = ciborium::de::from_reader_with_recursion_limit(&mut body, DEPTH).ok()?;
    body.is_empty().then(|| as_json(&item))
}

fn as_json(item: &ciborium::Value) -> Value {
    use ciborium::Value as Cbor;
    match item {
        Cbor::Integer(number) => {
            let number = i128::from(*number);
            let positive = u64::try_from(number).map(Value::from);
            positive.or_else(|_| i64::try_from(number).map(Value::from)).unwrap_or_default()
        }
        Cbor::Bytes(bytes) => Value::from(base64url::encode(bytes)),
        Cbor::Text(text) => Value::from(text.as_str()),
        Cbor::Array(items) => items.iter().map(as_json).collect(),
        Cbor::Map(entries) => {
            let name =
                |key: &Cbor| key.as_text().map_or_else(|| as_json(key).to_string(), str::to_owned);
            entries.iter().map(|(key, value)| (name(key), as_json(value))).collect()
        }
        Cbor::Tag(_, inner) => as_json(inner),
        Cbor::Bool(value) => Value::Bool(*value),
        Cbor::Float(number) => Value::from(*number),
        // Null, and variants to come.
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests;
