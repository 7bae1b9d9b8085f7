//! The exchanges with a target, in order, with secrets masked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use passrig_authenticator::wire::base64url::Variant;
use sha2::{Digest, Sha256};

use super::error::FlowStep;
use super::redact::{self, Secrets};
use super::transport::{HttpResponse, TransportError};
use crate::outcome::{Body, Exchange, Exchanges, Received, Sent};

/// The most bytes of a body that an exported exchange shows.
const SHOWN: usize = 8 << 10;
/// The bytes that are kept, so that a secret across the cut is still found.
const KEPT: usize = 2 * SHOWN;

/// The exchanges of an attempt or a simulation, in order.
///
/// They are kept as they were; [`Log::exchanges`] masks every secret that is known by then, so that
/// one learnt late is masked in what came before.
#[derive(Clone, Debug, Default)]
pub struct Log {
    records: Vec<ExchangeRecord>,
    secrets: Secrets,
}

#[derive(Clone, Debug)]
struct ExchangeRecord {
    at: FlowStep,
    request: Request<BodyDigest>,
    response: Result<(StatusCode, HeaderMap, BodyDigest), TransportError>,
    duration: Duration,
}

/// The beginning of a body, and the hash and length of the whole.
#[derive(Clone, Debug)]
struct BodyDigest {
    head: Bytes,
    length: usize,
    sha256: [u8; 32],
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of exchanges.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The duration of each exchange.
    pub fn durations(&self) -> impl Iterator<Item = Duration> {
        self.records.iter().map(|record| record.duration)
    }

    /// The number of bytes in the body of the last request.
    pub fn last_sent(&self) -> usize {
        self.records.last().map_or(0, |record| record.request.body().length)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// True if anything was answered.
    pub fn has_answers(&self) -> bool {
        self.records.iter().any(|record| record.response.is_ok())
    }

    /// Copies one exchange of another log, with the secrets of that log. The result is its place
    /// here.
    pub fn append(&mut self, other: &Self, exchange: usize) -> usize {
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

    /// Masks this value, which the user supplied as a variable.
    pub(super) fn hide_given(&mut self, value: &str) {
        self.secrets.give(value);
    }

    /// Masks this value, which came from the target, unless it is evidence.
    pub(super) fn learn(&mut self, value: &str) {
        self.secrets.learn(value);
    }

    /// Masks all texts and numbers in this value, which came from the target.
    pub(super) fn learn_all(&mut self, value: &serde_json::Value) {
        redact::learn_all(value, &mut self.secrets);
    }

    /// Shows this value, wherever the target puts it: the name of a user, or a challenge.
    pub(super) fn publish(&mut self, value: &str) {
        self.secrets.publish(value);
    }

    /// Masks the user's secrets, which all logs share.
    pub(super) fn share(&mut self, secrets: &Arc<Secrets>) {
        self.secrets.share(secrets);
    }

    /// The beginning of a text of the target as it may be quoted. The text is masked before
    /// anything is cut out of it: a part of a secret is not recognised.
    pub(super) fn quoted(&self, text: &str) -> String {
        let head = redact::beginning(text, KEPT);
        match head.len() == text.len() {
            true => self.secrets.mask(head),
            false => self.secrets.mask_cut(head),
        }
    }

    /// A URL of the target as it may be quoted.
    pub(super) fn quoted_url(&self, url: &str) -> String {
        redact::url(redact::beginning(url, KEPT), &self.secrets)
    }

    /// The exchanges; each secret that is known by now is masked.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.records.iter().map(|record| self.export(record)).collect()
    }

    pub(super) fn record(
        &mut self,
        at: FlowStep,
        request: Request<Bytes>,
        response: &Result<HttpResponse, TransportError>,
        duration: Duration,
    ) {
        redact::learn_url(&request.uri().to_string(), &mut self.secrets);
        redact::learn_headers(request.headers(), &mut self.secrets);
        if is_form(request.headers()) {
            redact::learn_form(request.body(), &mut self.secrets);
        }
        if let Ok(response) = response {
            redact::learn_response(response, &mut self.secrets);
        }
        let response = match response {
            Ok(it) => Ok((it.status, it.headers.clone(), BodyDigest::of(it.body()))),
            Err(failure) => Err(failure.clone()),
        };
        let request = request.map(|body| BodyDigest::of(&body));
        self.records.push(ExchangeRecord { at, request, response, duration });
    }

    fn export(&self, record: &ExchangeRecord) -> Exchange {
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
                url: redact::url(&record.request.uri().to_string(), &self.secrets),
                headers: self.headers(record.request.headers()),
                body: self.body(record.request.body()),
            },
            response,
            error: record.response.as_ref().err().map(|failure| self.mask(&failure.to_string())),
            duration_ms: u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let shown = headers
            .iter()
            .map(|(name, value)| (name.to_string(), redact::header(name, value, &self.secrets)));
        shown.collect()
    }

    fn body(&self, kept: &BodyDigest) -> Option<Body> {
        if kept.length == 0 {
            return None;
        }
        let is_cut = kept.head.len() < kept.length;
        let sha256 = base16ct::lower::encode_string(&kept.sha256);
        let body = Body { sha256, length: kept.length, ..Body::default() };
        let Some(text) = kept.text() else {
            let mut bytes = kept.head.to_vec();
            self.secrets.mask_bytes(&mut bytes, is_cut);
            bytes.truncate(SHOWN);
            return Some(Body { base64: Some(Variant::Base64.encode(&bytes)), ..body });
        };
        let mut text = match is_cut {
            true => self.secrets.mask_cut(text),
            false => self.secrets.mask(text),
        };
        let end = redact::beginning(&text, SHOWN).len();
        text.truncate(end);
        Some(Body { text, ..body })
    }
}

impl Exchanges for Log {
    fn exchanges(&self) -> Vec<Exchange> {
        Self::exchanges(self)
    }
}

/// True if the body of a request is a form.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

impl BodyDigest {
    /// The beginning is a copy where there is more: a part of a body holds the
    /// whole.
    fn of(body: &Bytes) -> Self {
        let head = body.get(..KEPT).map_or_else(|| body.clone(), Bytes::copy_from_slice);
        Self { head, length: body.len(), sha256: Sha256::digest(body).into() }
    }

    /// The beginning as text, if it is one; the cut may go through its last character.
    fn text(&self) -> Option<&str> {
        match std::str::from_utf8(&self.head) {
            Ok(text) => Some(text),
            Err(error) => {
                let is_cut = error.error_len().is_none() && self.head.len() < self.length;
                let whole = self.head.get(..error.valid_up_to()).filter(|_| is_cut)?;
                std::str::from_utf8(whole).ok()
            }
        }
    }
}
