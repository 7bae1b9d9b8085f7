//! The way of a request to the target, and of its answer back.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Body;
use tower::ServiceExt;

use serde_json::Value;

use super::{Clock, body, guard};

/// Sends one request and gives back one answer. Redirects are answers.
pub trait Transport: Send + Sync {
    /// Sends it.
    fn send(&self, request: Request<Bytes>) -> Sending<'_>;

    /// The clock that the target goes by, if it can be put forward. Where it
    /// cannot, letting time pass takes that time.
    fn clock(&self) -> Option<&Clock> {
        None
    }
}

/// An answer that is under way.
pub type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'a>>;

/// A whole answer.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Bytes,
    /// The body as JSON, once it was asked for.
    json: OnceLock<Option<Value>>,
}

impl HttpResponse {
    /// An answer.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body, json: OnceLock::new() }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON, if it is JSON or CBOR; byte strings are base64url then.
    pub fn json(&self) -> Option<&Value> {
        let read = || match self.is_cbor() {
            _ if self.has_too_many_values() => None,
            true => body::from_cbor(&self.body).or_else(|| body::json(&self.body)),
            false => body::json(&self.body),
        };
        self.json.get_or_init(read).as_ref()
    }

    /// True if the body or its type says that it is CBOR.
    pub(super) fn is_cbor(&self) -> bool {
        let kind = self.header(header::CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        body::begins_as_cbor(&self.body) || kind == "application/cbor" || kind.ends_with("+cbor")
    }

    /// True if the values in the body, as JSON or CBOR, would need much more memory than the
    /// body: it is not read as either then.
    pub fn has_too_many_values(&self) -> bool {
        match self.is_cbor() {
            // A value may have one byte.
            true => self.body.len() > CBOR,
            // A value has a byte at least.
            false => self.body.len() > VALUES && values(&self.body) > VALUES,
        }
    }

    /// True if it is a page.
    pub fn is_html(&self) -> bool {
        let kind = self.header(header::CONTENT_TYPE).unwrap_or_default();
        kind.starts_with("text/html") || kind.starts_with("application/xhtml+xml")
    }

    /// The body as text, without a byte order mark; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        body::text(&self.body)
    }

    /// The first header of that name, as text.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The most values of JSON that are read.
const VALUES: usize = 30_000;

/// The most bytes of CBOR that are read.
const CBOR: usize = 256 << 10;

/// The number of values in a JSON text: at most one for each comma and each bracket.
fn values(json: &[u8]) -> usize {
    let (mut count, mut is_string, mut is_escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b',' | b'[' | b'{' if !is_string => count += 1,
            _ => {}
        }
    }
    count
}

/// The size of a body, in bytes, from which on a target may close the connection rather than read
/// the body to its end; the honest ceremony that follows shows that the target runs.
pub(crate) const LARGE: usize = 1 << 20;

/// The limits of time and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time from the first packet to the last byte of the body.
    pub deadline: Duration,
    /// The most bytes of a body.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(30), body: 8 << 20 }
    }
}

/// The reason why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum TransportError {
    #[error("{host} has no address: {reason}")]
    NoAddress { host: String, reason: String },
    #[error("nobody listens at {peer}")]
    Refused { peer: SocketAddr },
    #[error("cannot connect to {peer}: {reason}")]
    Connect { peer: SocketAddr, reason: String },
    #[error("no TLS with {host}: {reason}")]
    Tls {
        /// The name that the certificate should have.
        host: String,
        reason: String,
    },
    #[error(transparent)]
    Forbidden(#[from] guard::Refusal),
    #[error("no complete answer within {after:?}")]
    Deadline { after: Duration },
    #[error("the body is larger than {limit} octets")]
    TooLarge { limit: usize },
    #[error("the body ends after {received} octets{}", expected(*.announced))]
    Truncated { received: usize, announced: Option<u64> },
    /// The program that acts as the target cannot be run.
    #[error("`{command}` cannot be run: {reason}")]
    Program { command: String, reason: String },
    /// The program that acts as the target does not end its line.
    #[error("`{command}` printed a line of more than {limit} bytes")]
    Endless { command: String, limit: usize },
    /// The content coding of the body does not fit the body.
    #[error("invalid {coding} body: {reason}")]
    Undecodable { coding: &'static str, reason: String },
    #[error("the target closed the connection without an answer")]
    Closed,
    #[error("the answer is not HTTP/1.1: {reason}")]
    NotHttp { reason: String },
}

fn undecodable(error: body::Error) -> TransportError {
    match error {
        body::Error::TooLarge { limit } => TransportError::TooLarge { limit },
        body::Error::Undecodable { coding, reason } => {
            TransportError::Undecodable { coding, reason }
        }
    }
}

fn expected(announced: Option<u64>) -> String {
    announced.map(|octets| format!(", {octets} were announced")).unwrap_or_default()
}

impl TransportError {
    /// The place to look at.
    pub fn help(&self) -> String {
        match self {
            Self::NoAddress { host, .. } => format!(
                "check the name, or say where it is served: --connect-to {host}:443:127.0.0.1:8443"
            ),
            Self::Refused { .. } | Self::Connect { .. } => {
                "is the relying party running, and on this port?".into()
            }
            // In rustls's words; all other failures come before there is one.
            Self::Tls { reason, .. } if reason.contains("certificate") => {
                "give the CA of a test certificate with --ca FILE, or use --insecure".into()
            }
            Self::Tls { .. } => {
                "does this port speak TLS? If not, the URL begins with http:".into()
            }
            Self::Forbidden(refusal) => format!("only if you may test it: {}", refusal.flag()),
            Self::Deadline { .. } => {
                "the target hangs, or needs longer: look at its log, or raise --deadline".into()
            }
            Self::TooLarge { .. } => {
                "no answer of a ceremony is that large; is the path right?".into()
            }
            Self::Truncated { .. } | Self::Closed => {
                "did the target stop, or a proxy before it? Look at its log".into()
            }
            Self::Program { .. } => "is it there, and may it be executed?".into(),
            Self::Endless { .. } => {
                "an answer is one line of JSON: does the program end the line?".into()
            }
            Self::Undecodable { .. } => {
                "does a proxy or the target compress the body twice, or cut it? Look at the \
                 `Content-Encoding` header"
                    .into()
            }
            Self::NotHttp { .. } => {
                "is this the port of a web server, and the scheme (http or https) right?".into()
            }
        }
    }
}

/// Reads a body as far as the limits allow, and undoes its content codings; each form is held once,
/// and has no more bytes than the limit.
pub(super) async fn read<B>(
    response: http::Response<B>,
    limits: Limits,
) -> Result<HttpResponse, TransportError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let (head, mut incoming) = response.into_parts();
    let announced = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            return Err(TransportError::Truncated { received: body.len(), announced });
        };
        if let Some(data) = frame.data_ref() {
            if body.len() + data.len() > limits.body {
                return Err(TransportError::TooLarge { limit: limits.body });
            }
            body.extend_from_slice(data);
        }
    }
    let body = match head.headers.contains_key(header::CONTENT_ENCODING) {
        true => body::decoded(&head.headers, body.into(), limits.body).map_err(undecodable)?.into(),
        false => body.freeze(),
    };
    Ok(HttpResponse::new(head.status, head.headers, body))
}

/// A relying party in the same process: no socket is opened.
#[derive(Clone, Debug)]
pub struct InProcess {
    router: axum::Router,
    limits: Limits,
    clock: Option<Clock>,
}

impl InProcess {
    /// Calls this router.
    pub fn new(router: axum::Router, limits: Limits) -> Self {
        Self { router, limits, clock: None }
    }

    /// With the clock that the relying party goes by.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(async move {
            let request = request.map(axum::body::Body::from);
            let answer = async {
                let Ok(response) = self.router.clone().oneshot(request).await;
                read(response, self.limits).await
            };
            let after = self.limits.deadline;
            tokio::time::timeout(after, answer)
                .await
                .unwrap_or(Err(TransportError::Deadline { after }))
        })
    }

    fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }
}
