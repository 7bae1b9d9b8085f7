//! Servers that die, come back, and close connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// The reaction of a server to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It answers, and keeps the connection.
    Answer,
    /// It answers, and closes the connection after this time without an announcement.
    AnswerAndClose(Duration),
    /// It closes the connection without an answer.
    Close,
    /// It resets the connection.
    Reset,
    /// It ends with every connection.
    Crash,
}

/// A request that reached a server.
pub(crate) struct Seen {
    /// The number of the request, from 1.
    pub(crate) n: usize,
    /// The number of the request on its connection, from 1.
    pub(crate) on_connection: usize,
    /// The number of earlier starts of the server.
    pub(crate) start: usize,
    pub(crate) path: String,
    body: Vec<u8>,
}

impl Seen {
    /// The type in the client data of a credential; empty if there is none.
    pub(crate) fn client_data_type(&self) -> String {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        if !self.path.ends_with("/result") {
            return String::new();
        }
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let data = base64url::decode_lenient(&text(&body["response"]["clientDataJSON"]));
        let data = serde_json::from_slice(&data.unwrap_or_default());
        let data: serde_json::Value = data.unwrap_or_default();
        text(&data["type"])
    }

    /// Whether the request carries the credential of the check `registration.type.nonsense`.
    pub(crate) fn is_nonsense(&self) -> bool {
        self.client_data_type() == "webauthn.nonsense"
    }

    /// Whether the request carries a credential of the forged preflight.
    pub(crate) fn is_forged(&self) -> bool {
        self.client_data_type() == "forged"
    }

    /// Whether the request carries a credential of an honest registration.
    pub(crate) fn is_honest_registration(&self) -> bool {
        self.client_data_type() == "webauthn.create"
    }
}

/// The condition under which a server that crashed starts again.
pub(crate) enum Restart {
    /// After this time.
    After(Duration),
    /// Once this says so; it gets the number of starts so far.
    When(Box<dyn Fn(usize) -> bool + Send + Sync>),
}

/// A reference RP that acts like this; each start begins without the data of the one before.
pub(crate) async fn crashing(
    restart: Restart,
    act: impl Fn(&Seen) -> Act + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://localhost:{}", address.port());
    let origin = url.clone();
    tokio::spawn(async move {
        let act: Arc<ActOf> = Arc::new(act);
        let count = Arc::new(AtomicUsize::new(0));
        let mut listener = Some(listener);
        for start in 0.. {
            let rp = RelyingParty::new(Config::new(origin.clone(), "localhost"), seed());
            let bound = match listener.take() {
                Some(listener) => listener,
                None => bind_again(address).await,
            };
            serve_until_crash(bound, rp.router(), Arc::clone(&act), Arc::clone(&count), start)
                .await;
            match &restart {
                Restart::After(time) => tokio::time::sleep(*time).await,
                Restart::When(is_time) => {
                    while !is_time(start + 1) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            }
        }
    });
    url
}

/// A reference RP that acts like this, and never crashes.
pub(crate) async fn acting(act: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> String {
    crashing(Restart::After(Duration::ZERO), act).await
}

type ActOf = dyn Fn(&Seen) -> Act + Send + Sync;

fn seed() -> Seeded {
    Seeded::new(b"hostile")
}

async fn bind_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Serves until it crashes.
async fn serve_until_crash(
    listener: TcpListener,
    rp: Router,
    act: Arc<ActOf>,
    count: Arc<AtomicUsize>,
    start: usize,
) {
    let (crashed, mut crash) = watch::channel(false);
    let crashed = Arc::new(crashed);
    // Connections end after the listener, so that a client that finds one closed finds the port
    // closed.
    let (gone, _) = watch::channel(false);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            _ = crash.changed() => break,
        };
        let (rp, act, count, crashed) =
            (rp.clone(), Arc::clone(&act), Arc::clone(&count), Arc::clone(&crashed));
        let mut end = gone.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = serve_connection(stream, rp, act, count, crashed, start) => {}
                _ = end.changed() => {}
            }
        });
    }
    drop(listener);
    gone.send_replace(true);
}

/// The requests of one connection.
async fn serve_connection(
    mut stream: TcpStream,
    rp: Router,
    act: Arc<ActOf>,
    count: Arc<AtomicUsize>,
    crashed: Arc<watch::Sender<bool>>,
    start: usize,
) {
    stream.set_nodelay(true).unwrap();
    for on_connection in 1.. {
        let Some(head) = read_head(&mut stream).await else { return };
        let (line, headers, length) = parsed(&head);
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let seen = Seen { n, on_connection, start, path: line.1.clone(), body };
        let act = act(&seen);
        match act {
            Act::Close => return,
            Act::Reset => return stream.set_zero_linger().unwrap(),
            Act::Crash => {
                crashed.send_replace(true);
                return std::future::pending().await;
            }
            Act::Answer | Act::AnswerAndClose(_) => {}
        }
        let mut request = Request::builder().method(line.0.as_str()).uri(&line.1);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(seen.body)).unwrap();
        let answer: Result<Response, Infallible> = rp.clone().oneshot(request).await;
        let (parts, body) = answer.unwrap().into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap();
        let mut text = format!("HTTP/1.1 {}\r\n", parts.status);
        for (name, value) in &parts.headers {
            if name != "content-length" {
                text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
            }
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let bytes = [text.as_bytes(), &body].concat();
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        if let Act::AnswerAndClose(after) = act {
            tokio::time::sleep(after).await;
            return;
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head)
}

/// Method and path, headers, and the length of the body.
fn parsed(head: &[u8]) -> ((String, String), HeaderMap, usize) {
    let text = std::str::from_utf8(head).unwrap();
    let mut lines = text.trim_end().split("\r\n");
    let mut words = lines.next().unwrap().split(' ').map(str::to_owned);
    let line = (words.next().unwrap(), words.next().unwrap());
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name: http::HeaderName = name.parse().unwrap();
        headers.append(name, value.trim().parse().unwrap());
    }
    let length = headers.get("content-length").map_or(0, |v| v.to_str().unwrap().parse().unwrap());
    (line, headers, length)
}

/// A server that reads the head of a request and then does this with the connection.
pub(crate) async fn raw<F>(serve: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if read_head(&mut stream).await.is_some() {
                tokio::spawn(serve(stream));
            }
        }
    });
    url
}
