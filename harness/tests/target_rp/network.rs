//! Servers that are not there, not well, or not friendly.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use passrig::target_rp::error::ErrorKind;
use passrig::target_rp::guard::{Guard, HostPort};
use passrig::target_rp::network::{ConnectTo, Network, NetworkSettings, Trust};
use passrig::target_rp::transport::{Limits, Transport, TransportError};
use passrig::target_rp::{Adapter, Error, Flow, Inputs, Log, Session, Target};
use passrig_authenticator::Ceremony;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

const PROFILE: &str = r#"
id = "t"
name = "T"
status = "untested"

[[register]]
request = "POST /begin"
options = "$"
[[register]]
request = "POST /finish"
json = "{{credential}}"
accepted = [{ status = [200] }]
refused = [{ status = [400] }]

[[login]]
request = "GET /in"
follow = true
"#;

const OPTIONS: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"challenge\":\"\"}";

fn settings() -> NetworkSettings {
    let limits = Limits { deadline: Duration::from_secs(20), ..Limits::default() };
    NetworkSettings { limits, ..NetworkSettings::default() }
}

fn target(base: &str, settings: NetworkSettings) -> Target {
    let adapter = Arc::new(Adapter::parse("t.toml", PROFILE).unwrap());
    let base = Url::parse(base).unwrap();
    let origin = base.origin().ascii_serialization();
    // The target's own place is named, unless a test names others.
    let guard =
        if settings.guard == Guard::default() { Guard::of([&base]) } else { settings.guard };
    let network = Network::new(NetworkSettings { guard, ..settings });
    Target::new(adapter, base, origin, Arc::new(network))
}

async fn begin(base: &str, settings: NetworkSettings) -> Result<serde_json::Value, Error> {
    let inputs = Inputs::new("test");
    let (mut session, mut log) = (Session::new(), Log::new());
    let target = target(base, settings);
    let begun = target.begin(Ceremony::Registration, &mut session, &inputs, &mut log).await;
    assert_eq!(log.len(), 1);
    assert_eq!(log.exchanges()[0].error.is_none(), log.exchanges()[0].response.is_some());
    Ok(begun?.options)
}

/// What a reader sees; ports differ from run to run.
fn shown(error: &Error, address: SocketAddr) -> String {
    let text = format!("{error}\n{}", error.help());
    text.replace(&format!(":{}", address.port()), ":PORT")
}

/// A server that does the same with each connection.
async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// A server that reads a request and says always the same.
async fn saying(answer: &'static str) -> SocketAddr {
    server(move |mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    })
    .await
}

async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

#[tokio::test]
async fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): nobody listens at 127.0.0.1:PORT
is the relying party running, and on this port?
");
}

#[tokio::test]
async fn no_address() {
    let error = begin("http://nowhere.invalid", settings()).await.unwrap_err();
    assert!(
        matches!(error.kind, ErrorKind::Transport(TransportError::NoAddress { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn a_whole_answer() {
    let address = saying(OPTIONS).await;
    let options = begin(&format!("http://localhost:{}/", address.port()), settings()).await;
    assert_eq!(options.unwrap(), serde_json::json!({"challenge": ""}));
}

#[tokio::test]
async fn html_where_json_was_due() {
    let address = saying("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<!doctype html>\n<title>Shop</title>").await;
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): JSON was due, but the answer (200) is HTML: <!doctype html> <title>Shop</title>
is the path right? A page instead of JSON is often a log-in page or a 404
");
}

#[tokio::test]
async fn a_truncated_body() {
    let address = saying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"challenge\"").await;
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): the body ends after 12 octets, 100 were announced
did the target stop, or a proxy before it? Look at its log
");
}

#[tokio::test]
async fn a_truncated_chunk() {
    let address =
        saying("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"chal").await;
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): the body ends after 6 octets
did the target stop, or a proxy before it? Look at its log
");
}

#[tokio::test]
async fn a_closed_connection() {
    let address = saying("").await;
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): the target closed the connection without an answer
did the target stop, or a proxy before it? Look at its log
");
}

#[tokio::test]
async fn not_http() {
    let address = saying("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): the answer is not HTTP/1.1: invalid HTTP version parsed
is this the port of a web server, and the scheme (http or https) right?
");
}

#[tokio::test]
async fn fifty_megabytes_are_cut_off_early() {
    static SENT: AtomicUsize = AtomicUsize::new(0);
    let address = server(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n").await;
        let chunk = vec![b' '; 1 << 16];
        for _ in 0..800 {
            if stream.write_all(&chunk).await.is_err() {
                return;
            }
            SENT.fetch_add(chunk.len(), Ordering::Relaxed);
        }
    })
    .await;
    let error = begin(&format!("http://{address}"), settings()).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): the body is larger than 8388608 octets
no answer of a ceremony is that large; is the path right?
");
    let sent = SENT.load(Ordering::Relaxed);
    assert!(sent < 40 << 20, "{sent} octets were taken");
}

#[tokio::test]
async fn a_hang() {
    let silent = server(|mut stream| async move {
        read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let dripping = server(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for address in [silent, dripping] {
        let limits = Limits { deadline: Duration::from_millis(300), ..Limits::default() };
        let start = Instant::now();
        let settings = NetworkSettings { limits, ..NetworkSettings::default() };
        let error = begin(&format!("http://{address}"), settings).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(
            shown(&error, address),
            "register step 1 (POST /begin): no complete answer within 300ms
\
             the target hangs, or needs longer: look at its log, or raise --deadline"
        );
    }
}

/// A TLS server with a certificate for `login.passrig.test`, and its PEM. The certificate and the configuration stand in
/// `tests/tests/bad_targets/reach.rs`, too: the two packages' tests share no code.
async fn tls_server() -> (SocketAddr, String) {
    let names = vec!["login.passrig.test".to_owned()];
    let signed = rcgen::generate_simple_self_signed(names).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = server(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let head = read_head(&mut stream).await;
            assert!(head.contains("host: login.passrig.test\r\n"), "{head}");
            let _ = stream.write_all(OPTIONS.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (address, signed.cert.pem())
}

#[tokio::test]
async fn tls_and_connect_to() {
    let (address, pem) = tls_server().await;
    let settings = |trust| NetworkSettings {
        trust,
        connect_to: vec![format!("login.passrig.test:443:{address}").parse().unwrap()],
        ..settings()
    };
    let url = "https://login.passrig.test";
    let error = begin(url, settings(Trust::default())).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, address), @r"
register step 1 (POST /begin): no TLS with login.passrig.test: invalid peer certificate: UnknownIssuer
give the CA of a test certificate with --ca FILE, or use --insecure
");
    begin(url, settings(Trust::Anything)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    begin(url, settings(Trust::with_ca(&file).unwrap())).await.unwrap();
    // The name on the certificate is that of the url.
    let other = NetworkSettings {
        connect_to: vec![ConnectTo::everything(address)],
        ..settings(Trust::with_ca(&file).unwrap())
    };
    let error = begin("https://other.passrig.test", other).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Transport(TransportError::Tls { .. })), "{error}");
    std::fs::write(&file, "no certificate").unwrap();
    assert!(Trust::with_ca(&file).is_err());
    assert!(Trust::with_ca(&folder.path().join("none.pem")).is_err());
}

#[tokio::test]
async fn http_on_a_tls_port_and_the_reverse() {
    // As servers do that are spoken to in something other than HTTP.
    let plain = server(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let error = begin(&format!("https://{plain}"), settings()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Transport(TransportError::Tls { .. })), "{error}");
    let (tls, _) = tls_server().await;
    let error = begin(&format!("http://{tls}"), settings()).await.unwrap_err();
    let kind = matches!(
        error.kind,
        ErrorKind::Transport(TransportError::NotHttp { .. } | TransportError::Closed)
    );
    assert!(kind, "{error}");
}

#[tokio::test]
async fn the_guard_judges_the_peer() {
    let elsewhere = ConnectTo::everything("192.0.2.1:80".parse().unwrap());
    for (url, connect_to) in [
        ("http://192.0.2.1", vec![]),
        // A harmless name does not make the address harmless.
        ("http://localhost", vec![elsewhere]),
    ] {
        let settings = NetworkSettings { connect_to, ..settings() };
        let error = begin(url, settings).await.unwrap_err();
        let forbidden = matches!(error.kind, ErrorKind::Transport(TransportError::Forbidden(_)));
        assert!(forbidden, "{error}");
    }
    let error = begin("http://192.0.2.1", settings()).await.unwrap_err();
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 1));
    insta::assert_snapshot!(shown(&error, anywhere), @r"
register step 1 (POST /begin): expected an address of this machine for 192.0.2.1:80, found 192.0.2.1
only if you may test it: --allow-host 192.0.2.1:80
");
    // Named, it is tried; nobody answers from there.
    let limits = Limits { deadline: Duration::from_millis(200), ..Limits::default() };
    for (place, is_named) in [("192.0.2.1", true), ("192.0.2.1:80", true), ("192.0.2.1:81", false)]
    {
        let guard = Guard::default().allowing([place.parse::<HostPort>().unwrap()]);
        let named = NetworkSettings { guard, limits, ..settings() };
        let error = begin("http://192.0.2.1", named).await.unwrap_err();
        let forbidden = matches!(error.kind, ErrorKind::Transport(TransportError::Forbidden(_)));
        assert_eq!(!forbidden, is_named, "{place}: {error}");
    }
}

#[tokio::test]
async fn the_guard_judges_every_hop() {
    let address =
        saying("HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/\r\nconnection: close\r\n\r\n")
            .await;
    let (mut session, mut log) = (Session::new(), Log::new());
    let target = target(&format!("http://{address}"), settings());
    let inputs = Inputs::new("test");
    let error = target.run(Flow::Login, &mut session, &inputs, &mut log).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Transport(TransportError::Forbidden(_))), "{error}");
    assert_eq!(log.len(), 2);
}

#[tokio::test]
async fn the_guard_judges_the_port_of_every_hop() {
    static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
    let other = server(|_| async {
        CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    })
    .await;
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://localhost:{}/\r\nconnection: close\r\n\r\n",
        other.port()
    );
    let address = saying(redirect.leak()).await;
    let (mut session, mut log) = (Session::new(), Log::new());
    let target = target(&format!("http://{address}"), settings());
    let inputs = Inputs::new("test");
    let error = target.run(Flow::Login, &mut session, &inputs, &mut log).await.unwrap_err();
    insta::assert_snapshot!(shown(&error, other), @r"
login step 1 (GET /in): expected a place that --rp, the adapter or --allow-host names, found localhost:PORT
only if you may test it: --allow-host localhost:PORT
");
    assert_eq!((CONNECTIONS.load(Ordering::Relaxed), log.len()), (0, 2));
}

#[tokio::test]
async fn a_large_request_has_a_connection_of_its_own() {
    let (heads, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let address = server(move |mut stream| {
        let heads = heads.clone();
        async move {
            heads.send(read_head(&mut stream).await.to_lowercase()).unwrap();
            let answer = b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let network = Network::new(NetworkSettings { guard: Guard::of([&url]), ..settings() });
    for (length, closes) in [(10, false), (20 << 10, true), (2 << 20, true)] {
        let body = bytes::Bytes::from(vec![b'x'; length]);
        let request = http::Request::post(format!("http://{address}/")).body(body).unwrap();
        // It may have closed before everything was written.
        drop(network.send(request).await);
        let head = seen.recv().await.unwrap();
        assert_eq!(head.contains("connection: close"), closes, "{head}");
    }
}

#[tokio::test]
async fn connections_are_reused_and_a_dead_target_is_noticed() {
    static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
    let address = server(|mut stream| async move {
        // Three answers on the first connection, and none afterwards.
        let answers = if CONNECTIONS.fetch_add(1, Ordering::Relaxed) == 0 { 3 } else { 0 };
        for _ in 0..answers {
            read_head(&mut stream).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
        read_head(&mut stream).await;
    })
    .await;
    let target = target(&format!("http://{address}"), settings());
    let (mut session, mut log) = (Session::new(), Log::new());
    let inputs = Inputs::new("test");
    for _ in 0..3 {
        target.run(Flow::Login, &mut session, &inputs, &mut log).await.unwrap();
    }
    let error = target.run(Flow::Login, &mut session, &inputs, &mut log).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transport(TransportError::Closed));
    // The request went out once more on a fresh connection.
    assert_eq!(CONNECTIONS.load(Ordering::Relaxed), 2);
    assert_eq!(log.len(), 4);
}
