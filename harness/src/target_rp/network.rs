//! The real network: names, sockets, TLS, HTTP/1.1.

mod connector;
mod tls;

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{Extensions, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::guard::Guard;
use super::transport::{self, Limits, Sending, Transport, TransportError};
pub use connector::{ConnectTo, ConnectToError};
use connector::{Connector, Usage};
pub use tls::{CaError, Trust};

/// Connections are kept for less than the usual five seconds of servers, so
/// that a request never meets one that is just being closed.
const IDLE: Duration = Duration::from_secs(2);

/// The settings of a [`Network`].
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// The hosts to which requests may be sent.
    pub guard: Guard,
    /// The addresses that replace hosts; the first that fits counts.
    pub connect_to: Vec<ConnectTo>,
    /// The certificates that are trusted.
    pub trust: Trust,
    /// The limits of time and size.
    pub limits: Limits,
}

/// The size of a body, in bytes, from which on a target may answer before it has read the body to
/// its end: the size of the buffers between.
const UNREAD: usize = 16 << 10;

/// The most bytes of the head of an answer. Each exchange of an attempt is kept until its block of
/// attempts ends.
const HEAD: usize = 128 << 10;

/// Requests over TCP and TLS.
pub struct Network {
    connector: Connector,
    /// Keeps connections open for further requests.
    pooled: Client<Connector, Full<Bytes>>,
    /// Opens a connection for each request.
    fresh: Client<Connector, Full<Bytes>>,
    limits: Limits,
}

impl Network {
    /// A network with these settings.
    pub fn new(settings: NetworkSettings) -> Self {
        let limits = settings.limits;
        let connector = Connector::new(settings);
        let pooled = Client::builder(TokioExecutor::new())
            .http1_max_buf_size(HEAD)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector.clone());
        let fresh = Client::builder(TokioExecutor::new())
            .http1_max_buf_size(HEAD)
            .pool_max_idle_per_host(0)
            .build(connector.clone());
        Self { connector, pooled, fresh, limits }
    }

    async fn exchange(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<transport::HttpResponse, TransportError> {
        if request.body().len() >= UNREAD {
            // A target that does not read the body to its end cannot be spoken to again on this
            // connection.
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let response = self.answer(request).await?;
        transport::read(response, self.limits).await
    }

    /// The head of the answer. A request that got no byte on a connection that was open before goes
    /// out once more on a fresh one, as browsers do: the server may have closed the old one without
    /// regard to the request.
    async fn answer(
        &self,
        request: Request<Bytes>,
    ) -> Result<http::Response<Incoming>, TransportError> {
        let opened = self.connector.opened();
        let again = request.clone();
        let mut request = request.map(Full::new);
        let connection = capture_connection(&mut request);
        let first = match self.pooled.request(request).await {
            // The server was tired of waiting for a request on this connection (RFC 9110 §15.5.9).
            Ok(answer) if answer.status() == StatusCode::REQUEST_TIMEOUT => {
                match answer.extensions().get::<Usage>() {
                    Some(usage) if usage.is_reused(opened) => TransportError::Closed,
                    _ => return Ok(answer),
                }
            }
            Ok(answer) => return Ok(answer),
            Err(error) if is_stale(&connection, opened) => failure(error),
            Err(error) => return Err(failure(error)),
        };
        match self.fresh.request(again.map(Full::new)).await.map_err(failure) {
            // The request may have ended the server, or the server had ended before.
            Err(TransportError::Refused { .. } | TransportError::Connect { .. }) => Err(first),
            answer => answer,
        }
    }
}

/// True if the request may never have been read, since its connection was open before.
fn is_stale(connection: &CaptureConnection, opened: u64) -> bool {
    let mut extras = Extensions::new();
    if let Some(connected) = &*connection.connection_metadata() {
        connected.get_extras(&mut extras);
    }
    extras.get::<Usage>().is_some_and(|usage| usage.is_stale(opened))
}

impl Transport for Network {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(async move {
            let after = self.limits.deadline;
            let answer = tokio::time::timeout(after, self.exchange(request)).await;
            answer.unwrap_or(Err(TransportError::Deadline { after }))
        })
    }
}

/// The certificate that the server of a URL shows, if it is believed.
pub async fn certificate(url: &Url, settings: NetworkSettings) -> Result<Vec<u8>, TransportError> {
    let after = settings.limits.deadline;
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
    let connector = Connector::new(settings);
    let certificate = connector.certificate(host, port.unwrap_or(443));
    let answer = tokio::time::timeout(after, certificate).await;
    answer.unwrap_or(Err(TransportError::Deadline { after }))
}

/// The cause that the client wrapped: our connector's own, or hyper's.
fn failure(error: hyper_util::client::legacy::Error) -> TransportError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<TransportError>() {
            return failure.clone();
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_parse() {
                return TransportError::NotHttp { reason: error.to_string() };
            }
            return TransportError::Closed;
        }
        cause = error.source();
    }
    TransportError::Closed
}
