//! The real network: names, sockets, TLS, HTTP/1.1.

mod connector;
mod tls;

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::guard::Guard;
use super::transport::{self, Failure, Limits, Sending, Transport};
use connector::Connector;
pub use connector::{ConnectTo, ConnectToError};
pub use tls::{CaError, Trust};

/// Connections are kept for less than the usual five seconds of servers, so
/// that a request never meets one that is just being closed.
const IDLE: Duration = Duration::from_secs(2);

/// What a [`Network`] is made from.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which hosts may be spoken to.
    pub guard: Guard,
    /// Where hosts really are; the first that fits counts.
    pub connect_to: Vec<ConnectTo>,
    /// Which certificates are believed.
    pub trust: Trust,
    /// How long to wait and how much to read.
    pub limits: Limits,
}

/// From how many octets of a body on a target may answer without having read
/// it to its end: what its buffers take in one go.
const UNREAD: usize = 16 << 10;

/// Requests over TCP and TLS.
pub struct Network {
    client: Client<Connector, Full<Bytes>>,
    limits: Limits,
}

impl Network {
    /// A network with these settings.
    pub fn new(settings: Settings) -> Self {
        let limits = settings.limits;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(Connector::new(settings));
        Self { client, limits }
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<transport::Response, Failure> {
        if request.body().len() >= UNREAD {
            // Whoever does not read it to its end cannot be spoken to again on
            // this connection.
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let response = self.client.request(request.map(Full::new)).await.map_err(failure)?;
        transport::read(response, self.limits).await
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(async move {
            let after = self.limits.deadline;
            let answer = tokio::time::timeout(after, self.exchange(request)).await;
            answer.unwrap_or(Err(Failure::Deadline { after }))
        })
    }
}

/// The certificate that the server of a URL shows, if it is believed.
pub async fn certificate(url: &Url, settings: Settings) -> Result<Vec<u8>, Failure> {
    let after = settings.limits.deadline;
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
    let connector = Connector::new(settings);
    let certificate = connector.certificate(host, port.unwrap_or(443));
    let answer = tokio::time::timeout(after, certificate).await;
    answer.unwrap_or(Err(Failure::Deadline { after }))
}

/// The cause that the client wrapped: our connector's own, or hyper's.
fn failure(error: hyper_util::client::legacy::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_parse() {
                return Failure::NotHttp { reason: error.to_string() };
            }
            return Failure::Closed;
        }
        cause = error.source();
    }
    Failure::Closed
}
