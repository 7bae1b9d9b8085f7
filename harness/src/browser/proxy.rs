//! The only way of a browser to the network: a SOCKS proxy (RFC 1928) that connects to named places.
//!
//! Rules for Chromium's own resolver would stop each name and each address too, but would not say
//! what they have stopped.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::guard::BrowserGuard;
use crate::target_rp::guard::HostPort;

/// The time that the browser has to name its destination.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The end of the names that Chromium's own services have been given.
pub(super) const NOWHERE: &str = "passrig.invalid";

/// Reply codes (RFC 1928 §6).
const SUCCEEDED: u8 = 0;
const NOT_ALLOWED: u8 = 2;
const UNREACHABLE: u8 = 4;

/// A proxy that runs while this value lives.
#[derive(Debug)]
pub(super) struct Proxy {
    address: SocketAddr,
    guard: Arc<BrowserGuard>,
    task: AbortHandle,
}

impl Proxy {
    /// Starts a proxy for a browser of this machine.
    pub(super) async fn open(guard: Arc<BrowserGuard>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, Arc::clone(&guard))).abort_handle();
        Ok(Self { address, guard, task })
    }

    pub(super) fn guard(&self) -> &BrowserGuard {
        &self.guard
    }

    /// Flags that leave Chromium no other way. Addresses count as names for its resolver, so that
    /// the proxy itself is the only one that is known to it, also where a policy sets another proxy.
    pub(super) fn flags(&self) -> [String; 3] {
        let address = self.address;
        [
            format!("--proxy-server=socks5://{address}"),
            "--proxy-bypass-list=<-loopback>".to_owned(),
            format!("--host-resolver-rules=MAP {address} {address},MAP * ~NOTFOUND"),
        ]
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, guard: Arc<BrowserGuard>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let guard = Arc::clone(&guard);
                connections.spawn(async move { relay(stream, &guard).await });
            }
            Some(_) = connections.join_next() => {}
            // Accepting failed, and no connection is open.
            else => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One connection, until either side has ended it.
async fn relay(mut browser: TcpStream, guard: &BrowserGuard) -> io::Result<()> {
    let wanted = timeout(HANDSHAKE, wanted(&mut browser)).await;
    let wanted = wanted.map_err(|_| io::ErrorKind::TimedOut)??;
    let is_own = wanted.host().ends_with(NOWHERE);
    let Some(place) = (!is_own).then(|| guard.admit(&wanted)).flatten() else {
        return reply(&mut browser, NOT_ALLOWED).await;
    };
    match connect(&place).await {
        Ok(mut server) => {
            reply(&mut browser, SUCCEEDED).await?;
            copy_bidirectional(&mut browser, &mut server).await.map(drop)
        }
        Err(error) => {
            let reason = match error.kind() {
                kind @ (io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut) => {
                    kind.to_string()
                }
                _ => error.to_string(),
            };
            guard.note_unreachable(wanted, reason);
            reply(&mut browser, UNREACHABLE).await
        }
    }
}

/// The greeting, and the place that is asked for.
async fn wanted(browser: &mut TcpStream) -> io::Result<HostPort> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let [version, methods] = bytes(browser).await?;
    if version != 5 {
        return Err(wrong());
    }
    browser.read_exact(&mut vec![0; methods.into()]).await?;
    browser.write_all(&[5, 0]).await?;
    let [_, command, _, kind] = bytes(browser).await?;
    let host = match kind {
        1 => Ipv4Addr::from(bytes::<4>(browser).await?).to_string(),
        3 => {
            let [length] = bytes(browser).await?;
            let mut name = vec![0; length.into()];
            browser.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| wrong())?
        }
        4 => Ipv6Addr::from(bytes::<16>(browser).await?).to_string(),
        _ => return Err(wrong()),
    };
    let port = u16::from_be_bytes(bytes(browser).await?);
    // The text is that of a place only if nothing else could be meant.
    let place: HostPort = host.parse().map_err(|_| wrong())?;
    match (command, place.port()) {
        (1, None) => Ok(HostPort::new(place.host(), port)),
        _ => Err(wrong()),
    }
}

async fn bytes<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn reply(browser: &mut TcpStream, code: u8) -> io::Result<()> {
    browser.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

/// The first address that answers, or the reason of the first that does not.
async fn connect(place: &HostPort) -> io::Result<TcpStream> {
    let port = place.port().unwrap_or_default();
    let mut failure = None;
    for address in resolve(place.host(), port).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    Err(failure.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // Browsers resolve these names themselves (RFC 6761 §6.3).
    if host == "localhost" || host.ends_with(".localhost") {
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        return Ok(loopback.map(|address| SocketAddr::new(address, port)).to_vec());
    }
    Ok(lookup_host((host, port)).await?.collect())
}
