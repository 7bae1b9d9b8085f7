//! From a url to an open connection.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower::Service;

use super::NetworkSettings;
use super::tls::Tls;
use crate::target_rp::guard::{self, Guard, HostPort};
use crate::target_rp::transport::TransportError;

/// Opens connections for the client.
#[derive(Clone)]
pub(super) struct Connector(Arc<ConnectorParts>);

struct ConnectorParts {
    guard: Guard,
    connect_to: Vec<ConnectTo>,
    tls: Tls,
    /// The number of connections that were opened.
    opened: AtomicU64,
}

impl Connector {
    pub(super) fn new(settings: NetworkSettings) -> Self {
        let NetworkSettings { guard, connect_to, trust, .. } = settings;
        let opened = AtomicU64::new(0);
        Self(Arc::new(ConnectorParts { guard, connect_to, tls: Tls::new(trust), opened }))
    }

    /// The number of connections that were opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.0.opened.load(Ordering::SeqCst)
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.connect(&uri).await })
    }
}

impl Connector {
    /// The certificate of a host, which is believed.
    pub(super) async fn certificate(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<u8>, TransportError> {
        let tcp = self.0.tcp(host, port).await?;
        let stream = self.0.tls.handshake(host, tcp).await?;
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let certificate = certificates.first().map(|certificate| certificate.to_vec());
        certificate.ok_or(TransportError::Closed)
    }
}

impl ConnectorParts {
    async fn connect(&self, uri: &Uri) -> Result<Stream, TransportError> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tcp = self.tcp(host, port).await?;
        let wire: Box<dyn Wire> =
            if secure { Box::new(self.tls.handshake(host, tcp).await?) } else { Box::new(tcp) };
        let number = self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Stream(TokioIo::new(Metered { wire, usage: Usage::of(number) })))
    }

    /// The first address that answers, or what was wrong with the first. The guard judges the host
    /// and port before a resolver is asked, and each address that is really spoken to.
    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, TransportError> {
        let elsewhere = self.connect_to.iter().find(|rule| rule.applies(host, port));
        let (place, real_port) = match elsewhere {
            // The user named the place itself.
            Some(rule) => (rule.host.as_str(), rule.port),
            None => {
                self.guard.knows(host, port)?;
                (host, port)
            }
        };
        let mut failure = None;
        for peer in resolve(place, real_port).await? {
            if let Err(refusal) = self.guard.admit(host, port, peer.ip()) {
                failure.get_or_insert(TransportError::Forbidden(refusal));
                continue;
            }
            match TcpStream::connect(peer).await {
                Ok(stream) => {
                    // A request is one small packet: do not wait for more.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    failure.get_or_insert(TransportError::Refused { peer });
                }
                Err(error) => {
                    let reason = error.to_string();
                    failure.get_or_insert(TransportError::Connect { peer, reason });
                }
            }
        }
        let host = place.to_owned();
        Err(failure.unwrap_or(TransportError::NoAddress { host, reason: "no addresses".into() }))
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, TransportError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    // Browsers resolve these names themselves (RFC 6761 §6.3).
    if host == "localhost" || host.ends_with(".localhost") {
        let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
        return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(peers) => Ok(peers.collect()),
        Err(error) => {
            Err(TransportError::NoAddress { host: host.to_owned(), reason: error.to_string() })
        }
    }
}

/// Says where a host really is, as curl's `--connect-to`: TLS and headers
/// keep the name of the url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    from: Option<(String, u16)>,
    host: String,
    port: u16,
}

/// The error of a text that is not a [`ConnectTo`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither HOST:PORT nor FROM-HOST:FROM-PORT:HOST:PORT")]
pub struct ConnectToError(String);

impl ConnectTo {
    /// Everything goes there.
    pub fn everything(peer: SocketAddr) -> Self {
        Self { from: None, host: peer.ip().to_string(), port: peer.port() }
    }

    /// The place to connect to.
    pub fn to_place(&self) -> HostPort {
        HostPort::new(&self.host, self.port)
    }

    /// True if the place is this machine whatever a resolver says.
    pub fn is_loopback(&self) -> bool {
        guard::is_loopback(&self.host)
    }

    /// True if connections to this host and port go there.
    pub fn applies(&self, host: &str, port: u16) -> bool {
        self.from.as_ref().is_none_or(|(h, p)| h.eq_ignore_ascii_case(host) && *p == port)
    }
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, ConnectToError> {
        let wrong = || ConnectToError(text.to_owned());
        let (rest, host, port) = authority(text).ok_or_else(wrong)?;
        let from = match rest {
            "" => None,
            rest => match authority(rest) {
                Some(("", host, port)) => Some((host, port)),
                _ => return Err(wrong()),
            },
        };
        Ok(Self { from, host, port })
    }
}

/// Takes `HOST:PORT` off the end; an IPv6 address stands in brackets.
fn authority(text: &str) -> Option<(&str, String, u16)> {
    let (head, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let (rest, host) = match head.strip_suffix(']') {
        Some(inner) => inner.rsplit_once('[')?,
        None => match head.rfind(':') {
            Some(colon) => head.split_at_checked(colon + 1)?,
            None => ("", head),
        },
    };
    (!host.is_empty()).then(|| (rest.trim_end_matches(':'), host.to_owned(), port))
}

/// An open connection, with TLS or without.
pub(super) struct Stream(TokioIo<Metered>);

/// A connection with what it was used for.
struct Metered {
    wire: Box<dyn Wire>,
    usage: Usage,
}

/// The use of a connection so far. Requests and answers alternate on it.
#[derive(Clone, Debug)]
pub(super) struct Usage(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    number: u64,
    requests: AtomicU64,
    /// True if a byte came since the last request began.
    is_answered: AtomicBool,
}

impl Usage {
    fn of(number: u64) -> Self {
        // The first byte that is sent begins a request, as each one after an answer does.
        let (requests, is_answered) = (AtomicU64::new(0), AtomicBool::new(true));
        Self(Arc::new(Counts { number, requests, is_answered }))
    }

    fn sent(&self) {
        if self.0.is_answered.swap(false, Ordering::SeqCst) {
            self.0.requests.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn received(&self) {
        self.0.is_answered.store(true, Ordering::SeqCst);
    }

    /// True if the connection was open before the last request was made. `opened` is the number
    /// of connections that had been opened then.
    pub(super) fn is_reused(&self, opened: u64) -> bool {
        self.0.number < opened || self.0.requests.load(Ordering::SeqCst) > 1
    }

    /// True if the server may have closed the connection before the last request reached it:
    /// the connection is reused, and no byte came after the request.
    pub(super) fn is_stale(&self, opened: u64) -> bool {
        let is_sent = self.0.requests.load(Ordering::SeqCst) > 0;
        let is_silent = !is_sent || !self.0.is_answered.load(Ordering::SeqCst);
        self.is_reused(opened) && is_silent
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.0.inner().usage.clone())
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.wire).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.usage.received();
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.usage.sent();
        Pin::new(&mut self.wire).poll_write(context, data)
    }

    /// Head and body in one call, without a copy before.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.usage.sent();
        Pin::new(&mut self.wire).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_to_reads_both_forms() {
        let all: ConnectTo = "127.0.0.1:8443".parse().unwrap();
        assert!(all.applies("login.passrig.test", 443));
        assert_eq!(all, ConnectTo::everything("127.0.0.1:8443".parse().unwrap()));
        let one: ConnectTo = "login.passrig.test:443:[::1]:8443".parse().unwrap();
        assert!(one.applies("LOGIN.passrig.test", 443));
        assert!(!one.applies("login.passrig.test", 80));
        let places = [&one, &all].map(|one| one.to_place().to_string());
        assert_eq!(places, ["[::1]:8443", "127.0.0.1:8443"]);
        for wrong in ["", "host", "host:", ":1", "a:b:1", "a:1:b:2:c:3", "[::1]x:1:h:2"] {
            assert!(wrong.parse::<ConnectTo>().is_err(), "{wrong}");
        }
    }
}
