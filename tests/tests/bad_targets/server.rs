//! Servers that are not well.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::response::IntoResponse;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use passrig::relying_party::{Config, ORIGIN, RP_ID, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// What a server does with a request.
pub(crate) enum Act {
    /// What a sound relying party would do.
    Behave,
    /// It answers this.
    Say(Response<Body>),
    /// It never answers.
    Hang,
    /// It closes the connection.
    Close,
    /// It is gone, with every connection.
    Die,
}

/// A request that came in.
pub(crate) struct Asked<'a> {
    /// How many came before it, and one.
    pub(crate) n: usize,
    pub(crate) path: &'a str,
    /// The check that it belongs to, as `X-Passrig-Check` says.
    pub(crate) check: &'a str,
    pub(crate) cookie: &'a str,
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    /// Whether it carries a credential.
    pub(crate) fn is_result(&self) -> bool {
        self.path.ends_with("/result")
    }

    /// Whether it is of a check, neither of a canary nor of a twin.
    pub(crate) fn is_attempt(&self) -> bool {
        !self.check.starts_with("canary") && self.check != "twin"
    }

    /// Whether it carries a credential whose client data have another type than
    /// an honest one's.
    pub(crate) fn is_deviant(&self) -> bool {
        let honest = match self.path {
            "/attestation/result" => r#""webauthn.create""#,
            "/assertion/result" => r#""webauthn.get""#,
            _ => return false,
        };
        let body: Value = serde_json::from_slice(self.body).unwrap();
        let data = body["response"]["clientDataJSON"].as_str().unwrap_or_default();
        let data = base64url::decode(data).unwrap();
        !String::from_utf8(data).unwrap().contains(honest)
    }
}

/// Accepts every credential, and lets probes see it.
pub(crate) fn gullible() -> impl Fn(&Asked<'_>) -> Act + Send + Sync {
    // The cookie that asked, and the credential that it sent.
    let sent: Mutex<Vec<(String, String)>> = Mutex::default();
    move |asked| {
        let mut sent = sent.lock().unwrap();
        let mine = || sent.iter().filter(|(cookie, _)| cookie == asked.cookie);
        match asked.path {
            "/session" => say(200, json!({ "signedIn": mine().count() > 0 }).to_string()),
            "/credentials" => {
                let ids: Vec<_> = mine().map(|(_, id)| json!({ "id": id })).collect();
                say(200, json!({ "credentials": ids }).to_string())
            }
            "/attestation/result" | "/assertion/result" => {
                let body: Value = serde_json::from_slice(asked.body).unwrap();
                let id = body["id"].as_str().unwrap_or_default().to_owned();
                sent.push((asked.cookie.to_owned(), id));
                say(200, r#"{"status":"ok"}"#)
            }
            "/assertion/options" => {
                let cookie = format!("session=visitor-{}", asked.n);
                let options = json!({ "challenge": "AAAAAAAAAAAAAAAAAAAAAA", "rpId": RP_ID });
                with(say(200, options.to_string()), "set-cookie", &cookie)
            }
            _ => Act::Behave,
        }
    }
}

pub(crate) fn say(status: u16, text: impl Into<String>) -> Act {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    Act::Say(response)
}

/// An answer with one header more.
pub(crate) fn with(act: Act, name: &'static str, value: &str) -> Act {
    match act {
        Act::Say(mut response) => {
            response.headers_mut().insert(name, value.parse().unwrap());
            Act::Say(response)
        }
        act => act,
    }
}

/// The reference relying party.
pub(crate) fn reference() -> RelyingParty {
    RelyingParty::new(Config::new(ORIGIN, RP_ID), Seeded::new("bad targets"))
}

/// The reference relying party, except where its manner says otherwise. Its
/// address, as an URL.
pub(crate) async fn relying_party(
    manner: impl Fn(&Asked<'_>) -> Act + Send + Sync + 'static,
) -> String {
    serving(reference(), manner).await
}

/// A relying party, except where its manner says otherwise.
pub(crate) async fn serving(
    rp: RelyingParty,
    manner: impl Fn(&Asked<'_>) -> Act + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(live(listener, rp, Arc::new(manner)));
    url
}

/// The reference relying party, except where its manner says otherwise. When it
/// has died, another one takes its place after a while, and knows nothing.
pub(crate) async fn supervised(
    after: Duration,
    manner: impl Fn(&Asked<'_>) -> Act + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let manner = Arc::new(manner);
    tokio::spawn(async move {
        live(listener, reference(), Arc::clone(&manner)).await;
        loop {
            tokio::time::sleep(after).await;
            let listener = TcpListener::bind(address).await.unwrap();
            live(listener, reference(), Arc::clone(&manner)).await;
        }
    });
    format!("http://{address}")
}

/// Serves until it dies.
async fn live(
    listener: TcpListener,
    rp: RelyingParty,
    manner: Arc<impl Fn(&Asked<'_>) -> Act + Send + Sync + 'static>,
) {
    let count = AtomicUsize::new(0);
    let (dead, mut death) = watch::channel(false);
    let server = Arc::new((rp.router(), manner, count, dead));
    // Connections end after nobody listens any more, so that nobody finds them closed and the door still open.
    let (gone, _) = watch::channel(false);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            _ = death.changed() => break,
        };
        let (server, mut end) = (Arc::clone(&server), gone.subscribe());
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let server = Arc::clone(&server);
                async move {
                    let (rp, manner, count, dead) = &*server;
                    serve(request, rp, &**manner, count, dead).await
                }
            });
            tokio::select! {
                _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
                _ = end.changed() => {}
            }
        });
    }
    drop(listener);
    gone.send_replace(true);
}

async fn serve(
    request: Request<Incoming>,
    rp: &axum::Router,
    manner: &(impl Fn(&Asked<'_>) -> Act + Send + Sync),
    count: &AtomicUsize,
    dead: &watch::Sender<bool>,
) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body: Bytes = to_bytes(Body::new(body), 1 << 20).await.unwrap();
    let header = |name| head.headers.get(name).map_or("", |value| value.to_str().unwrap());
    let asked = Asked {
        n: count.fetch_add(1, Ordering::SeqCst) + 1,
        path: head.uri.path(),
        check: header("x-passrig-check"),
        cookie: header("cookie"),
        body: &body,
    };
    match manner(&asked) {
        Act::Behave => {
            let request = Request::from_parts(head, Body::from(body));
            let answer: Result<_, Infallible> = rp.clone().oneshot(request).await;
            Ok(answer.into_response())
        }
        Act::Say(response) => Ok(response),
        Act::Hang => std::future::pending().await,
        Act::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Act::Die => {
            dead.send_replace(true);
            std::future::pending().await
        }
    }
}

/// A server that reads a request and answers always with these octets.
pub(crate) async fn saying(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                read_head(&mut stream).await;
                // The other side may have heard enough.
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("http://{address}")
}

/// A whole answer with this status line, type and body.
pub(crate) async fn answering(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    saying(format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
    .await
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => break,
        }
    }
}

/// A port that nobody listens at.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
