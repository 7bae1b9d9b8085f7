//! The page under test, and another place that it wants to reach.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::{CONTENT_TYPE, LINK, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use serde_json::json;
use tokio::net::TcpListener;

/// Asks for a passkey when it is clicked on.
pub(crate) const HONEST: &str = "
    <button id=ask>Sign in</button>
    <script>
        ask.onclick = () => {
            globalThis.clicked?.();
            navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16) } }).catch(() => {});
        };
    </script>";

/// Ways to another place, each with its name as the path; OTHER is the place.
pub(crate) const WAYS: [(&str, &str); 21] = [
    ("image", "<img src=http://OTHER/image>"),
    ("style", "<link rel=stylesheet href=http://OTHER/style>"),
    ("script", "<script src=http://OTHER/script></script>"),
    ("frame", "<iframe src=http://OTHER/frame></iframe>"),
    ("object", "<object data=http://OTHER/object></object>"),
    ("video", "<video src=http://OTHER/video></video>"),
    ("prefetch", "<link rel=prefetch href=http://OTHER/prefetch>"),
    ("preload", "<link rel=preload as=fetch crossorigin href=http://OTHER/preload>"),
    ("fetch", "<script>fetch('http://OTHER/fetch', { mode: 'no-cors' }).catch(() => {})</script>"),
    (
        "keepalive",
        "<script>fetch('http://OTHER/keepalive', { mode: 'no-cors', keepalive: true }).catch(() => {})</script>",
    ),
    (
        "xhr",
        "<script>{ const x = new XMLHttpRequest(); x.open('GET', 'http://OTHER/xhr'); x.send(); }</script>",
    ),
    ("websocket", "<script>new WebSocket('ws://OTHER/websocket')</script>"),
    ("events", "<script>new EventSource('http://OTHER/events')</script>"),
    ("beacon", "<script>navigator.sendBeacon('http://OTHER/beacon')</script>"),
    ("redirect", "<img src='/to?http://OTHER/redirect'>"),
    ("redirected-frame", "<iframe src='/to?http://OTHER/redirected-frame'></iframe>"),
    ("worker", "<script>new Worker('/worker.js')</script>"),
    ("shared-worker", "<script>new SharedWorker('/worker.js?shared')</script>"),
    ("popup", "<script>addEventListener('click', () => open('http://OTHER/popup'))</script>"),
    (
        "form",
        "<iframe name=inner></iframe><form action=http://OTHER/form target=inner></form>
        <script>document.querySelector('form').submit()</script>",
    ),
    ("service-worker", "<script>navigator.serviceWorker.register('/worker.js?service')</script>"),
];

/// Ways that end in nothing that a server of HTTP sees.
const SILENT_WAYS: &str = "
    <link rel=icon href=http://OTHER/icon><link rel=preconnect href=http://OTHER><link rel=dns-prefetch href=//prefetched.example>
    <link rel=preconnect href=https://preconnected.example>
    <img src=http://SECOND/second><img src=http://[::1]:PORT/six><img src=http://0.0.0.0:PORT/zero>
    <img src=http://2130706433:PORT/decimal><img src=http://named.example/named><img src=http://192.0.2.1/literal>
    <script>
        try { new WebTransport('https://OTHER/transport').ready.catch(() => {}); } catch {}
        const servers = ['stun:OTHER', 'stun:stun.example', 'stun:192.0.2.2:3478', 'turn:OTHER?transport=udp',
            'turn:OTHER?transport=tcp', 'turns:OTHER?transport=tcp'];
        for (const urls of servers) {
            const peer = new RTCPeerConnection({ iceServers: [{ urls, username: 'a', credential: 'b' }] });
            peer.createDataChannel('x');
            peer.createOffer().then((offer) => peer.setLocalDescription(offer));
        }
        (async () => {
            const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()];
            one.createDataChannel('x');
            await one.setLocalDescription(await one.createOffer());
            await two.setRemoteDescription(one.localDescription);
            await two.setLocalDescription(await two.createAnswer());
            await one.setRemoteDescription(two.localDescription);
            const [host, port] = 'OTHER'.split(':');
            for (const kind of ['UDP 2122252543 HOST PORT typ host', 'TCP 2122252543 HOST PORT typ host tcptype passive']) {
                const candidate = `candidate:1 1 ${kind.replace('HOST', host).replace('PORT', port)}`;
                await one.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 });
            }
        })().catch(() => {});
    </script>";

/// The page under test, and another place that was not named.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) other: String,
    /// Paths that were asked for at the other place.
    hits: Arc<Mutex<BTreeSet<String>>>,
    /// The other place, for datagrams.
    pub(crate) datagrams: UdpSocket,
}

impl Served {
    pub(crate) fn hits(&self) -> BTreeSet<String> {
        self.hits.lock().unwrap().clone()
    }

    pub(crate) fn port(&self) -> &str {
        self.url.rsplit_once(':').unwrap().1
    }
}

pub(crate) async fn serve(page: &str) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = other.local_addr().unwrap();
    let datagrams = UdpSocket::bind(place).unwrap();
    datagrams.set_nonblocking(true).unwrap();

    let hits = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&hits);
    let hit = async move |uri: Uri| {
        seen.lock().unwrap().insert(uri.path().trim_start_matches('/').to_owned());
        ([("access-control-allow-origin", "*")], Html("<p>other"))
    };
    tokio::spawn(async { axum::serve(other, Router::new().fallback(any(hit))).await });

    let second = format!("127.0.0.2:{}", place.port());
    let fill = |text: &str| {
        let text = text.replace("OTHER", &place.to_string()).replace("SECOND", &second);
        text.replace("PORT", &place.port().to_string())
    };
    let page = fill(page);
    let script = fill(
        "const name = { '': 'worker', '?shared': 'shared-worker', '?service': 'service-worker' }[location.search];
        fetch('http://OTHER/' + name, { mode: 'no-cors' }).catch(() => {});",
    );
    let link = format!("<http://{place}>; rel=preconnect");
    let to = async |uri: Uri| {
        let place = uri.query().unwrap_or_default().to_owned();
        (StatusCode::FOUND, [(LOCATION, place)]).into_response()
    };
    let options = json!({
        "challenge": "ZmVkY2JhOTg3NjU0MzIxMA", "allowCredentials": [], "userVerification": "required",
    });
    let router = Router::new()
        .route("/", get(async move || ([(LINK, link)], Html(page))))
        .route("/worker.js", get(async move || ([(CONTENT_TYPE, "text/javascript")], script)))
        .route("/to", get(to))
        .route("/get", get(async move || options.to_string()));
    tokio::spawn(async { axum::serve(listener, router).await });
    Served { url, other: place.to_string(), hits, datagrams }
}

pub(crate) fn every_way() -> String {
    let ways: String = WAYS.iter().map(|(_, html)| *html).collect();
    format!("<!doctype html>{ways}{SILENT_WAYS}{HONEST}")
}
