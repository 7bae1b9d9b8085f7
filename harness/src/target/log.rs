//! What travelled, in order, fit to be shown to others.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::Place;
use super::redact::Secrets;
use super::transport::{Failure, Response};

/// Octets of a body that an exported exchange shows.
const SHOWN: usize = 8 << 10;
/// Octets that are kept, so that a secret across the cut is still found.
const KEPT: usize = 2 * SHOWN;

/// The exchanges of a story, in order.
///
/// They are kept as they were; [`Log::exchanges`] masks every secret that is
/// known by then, so that one learnt late is masked in what came before.
#[derive(Clone, Debug, Default)]
pub struct Log {
    records: Vec<Record>,
    secrets: Secrets,
}

#[derive(Clone, Debug)]
struct Record {
    at: Place,
    request: Request<Kept>,
    response: Result<(StatusCode, HeaderMap, Kept), Failure>,
    duration: Duration,
}

/// The beginning of a body, and what tells the whole.
#[derive(Clone, Debug)]
struct Kept {
    head: Bytes,
    length: usize,
    sha256: [u8; 32],
}

/// One request and its answer, every secret masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The flow that it belongs to.
    pub flow: Cow<'static, str>,
    /// The step of the flow, from 1.
    pub step: usize,
    /// What was sent.
    pub request: Sent,
    /// What came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Received>,
    /// Why nothing came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The url.
    pub url: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The status.
    pub status: u16,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its beginning, 8 KiB at most.
    pub text: String,
    /// The octets of the whole.
    pub length: usize,
    /// The hash of the whole, in hex.
    pub sha256: String,
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many exchanges there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// How long each exchange took.
    pub fn durations(&self) -> impl Iterator<Item = Duration> {
        self.records.iter().map(|record| record.duration)
    }

    /// How many octets the body of the last request had.
    pub fn last_sent(&self) -> usize {
        self.records.last().map_or(0, |record| record.request.body().length)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether anything was answered.
    pub fn has_answers(&self) -> bool {
        self.records.iter().any(|record| record.response.is_ok())
    }

    /// Takes over one exchange of another log, with what is secret there, and
    /// tells its place here.
    pub fn absorb(&mut self, other: &Self, exchange: usize) -> usize {
        self.secrets.join(&other.secrets);
        self.records.extend(other.records.get(exchange).cloned());
        self.records.len().saturating_sub(1)
    }

    /// Masks this value from now on, also in what was logged before.
    pub fn hide(&mut self, secret: &str) {
        self.secrets.add(secret);
    }

    /// A text with every known secret masked.
    pub fn mask(&self, text: &str) -> String {
        self.secrets.mask(text)
    }

    /// An answer as it may be quoted. It is masked before anything is cut out of
    /// it: half a secret is not recognised.
    pub(super) fn masked(&self, response: &Response) -> Response {
        let mut headers = response.headers.clone();
        for value in headers.values_mut() {
            let text = self.mask(&String::from_utf8_lossy(value.as_bytes()));
            if let Ok(shown) = HeaderValue::from_str(&text) {
                *value = shown;
            }
        }
        let body = Bytes::from(self.mask(&response.text()));
        Response::new(response.status, headers, body)
    }

    /// The exchanges, masked.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.records.iter().map(|record| self.export(record)).collect()
    }

    pub(super) fn record(
        &mut self,
        at: Place,
        request: Request<Bytes>,
        response: &Result<Response, Failure>,
        duration: Duration,
    ) {
        let response = match response {
            Ok(it) => Ok((it.status, it.headers.clone(), Kept::of(it.body()))),
            Err(failure) => Err(failure.clone()),
        };
        let request = request.map(|body| Kept::of(&body));
        self.records.push(Record { at, request, response, duration });
    }

    fn export(&self, record: &Record) -> Exchange {
        let response = record.response.as_ref().ok().map(|(status, headers, body)| Received {
            status: status.as_u16(),
            headers: self.headers(headers),
            body: self.body(body),
        });
        Exchange {
            flow: record.at.flow.name().into(),
            step: record.at.step,
            request: Sent {
                method: record.request.method().to_string(),
                url: self.mask(&record.request.uri().to_string()),
                headers: self.headers(record.request.headers()),
                body: self.body(record.request.body()),
            },
            response,
            error: record.response.as_ref().err().map(|failure| self.mask(&failure.to_string())),
            duration_ms: u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let text = |value: &[u8]| self.mask(&String::from_utf8_lossy(value));
        headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
    }

    fn body(&self, kept: &Kept) -> Option<Body> {
        if kept.length == 0 {
            return None;
        }
        let mut text = self.mask(&String::from_utf8_lossy(&kept.head));
        let mut end = SHOWN.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        let sha256 = base16ct::lower::encode_string(&kept.sha256);
        Some(Body { text, length: kept.length, sha256 })
    }
}

impl Kept {
    /// The beginning is a copy where there is more: a part of a body holds the
    /// whole.
    fn of(body: &Bytes) -> Self {
        let head = body.get(..KEPT).map_or_else(|| body.clone(), Bytes::copy_from_slice);
        Self { head, length: body.len(), sha256: Sha256::digest(body).into() }
    }
}
