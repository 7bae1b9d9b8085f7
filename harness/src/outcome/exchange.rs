//! Requests and answers with secrets masked.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

/// One request and its answer, every secret masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The flow that it belongs to.
    pub flow: Cow<'static, str>,
    /// The step of the flow, from 1.
    pub step: usize,
    /// The request.
    pub request: Sent,
    /// The answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Received>,
    /// The reason for a missing answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The time from the request to the end of the answer, in milliseconds.
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

/// A body: a text, or bytes that are not UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its beginning, 8 KiB at most; empty where the body is not a text.
    pub text: String,
    /// The base64 of its first 8 KiB, where the body is not a text. Each byte of a secret in it is
    /// replaced by `*`, so that the length of every part stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// The bytes of the whole.
    pub length: usize,
    /// The hash of the whole, in hex.
    pub sha256: String,
}

/// A log of requests and answers that can show them.
pub trait Exchanges: Debug + Send + Sync {
    /// The exchanges in order, every secret masked.
    fn exchanges(&self) -> Vec<Exchange>;
}

/// The requests and answers of one check, masked, in order.
///
/// They are masked on the first request for them: most transcripts are never read.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    log: Option<Arc<dyn Exchanges>>,
    exchanges: Arc<OnceLock<Vec<Exchange>>>,
    /// The place of the attempt among them.
    pub attempt: Option<usize>,
}

impl Transcript {
    /// A transcript of exchanges that are masked already.
    pub fn new(exchanges: Vec<Exchange>, attempt: Option<usize>) -> Self {
        Self { log: None, exchanges: Arc::new(exchanges.into()), attempt }
    }

    /// A transcript of all that a log has.
    pub fn of(log: impl Exchanges + 'static, attempt: Option<usize>) -> Self {
        Self { log: Some(Arc::new(log)), exchanges: Arc::default(), attempt }
    }

    /// The exchanges in order.
    pub fn exchanges(&self) -> &[Exchange] {
        let masked = || self.log.as_ref().map(|log| log.exchanges()).unwrap_or_default();
        self.exchanges.get_or_init(masked)
    }
}
