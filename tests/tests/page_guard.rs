//! Attacks of a page on `passrig page`: on other hosts, and on its own verdict.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::{CONTENT_TYPE, LINK, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use passrig_tests::browser::available;
use passrig_tests::rps::required;
use passrig_tests::tricks::TRICKS;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Asks for a passkey when it is clicked on.
const HONEST: &str = "
    <button id=ask>Sign in</button>
    <script>
        ask.onclick = () => {
            globalThis.clicked?.();
            navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16) } }).catch(() => {});
        };
    </script>";

/// Ways to another place, each with its name as the path; OTHER is the place.
const WAYS: [(&str, &str); 21] = [
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
struct Served {
    url: String,
    other: String,
    /// Paths that were asked for at the other place.
    hits: Arc<Mutex<BTreeSet<String>>>,
    /// The other place, for datagrams.
    datagrams: UdpSocket,
}

impl Served {
    fn hits(&self) -> BTreeSet<String> {
        self.hits.lock().unwrap().clone()
    }

    fn port(&self) -> &str {
        self.url.rsplit_once(':').unwrap().1
    }
}

async fn serve(page: &str) -> Served {
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

/// The program under test. `PASSRIG_BIN` names another build.
fn program() -> PathBuf {
    let other = std::env::var_os("PASSRIG_BIN").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_passrig-tested").into())
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).args(arguments);
    command
}

async fn page(url: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    run(command(folder.path(), &[&["page", url], more].concat())).await
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn every_way() -> String {
    let ways: String = WAYS.iter().map(|(_, html)| *html).collect();
    format!("<!doctype html>{ways}{SILENT_WAYS}{HONEST}")
}

const CLICK: [&str; 2] = ["--click", "text=Sign in"];

/// Each way leads there if the place is named, so that the next test can fail.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_leads_to_a_place_that_was_named() {
    if !available() || std::env::var_os("PASSRIG_BIN").is_some() {
        return;
    }
    let served = serve(&every_way()).await;
    let allowed = ["--allow-host", &served.other];
    let ran = page(&served.url, &[&CLICK[..], &allowed].concat()).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let hits = served.hits();
    let missing: Vec<_> = WAYS.iter().filter(|(name, _)| !hits.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} not in {hits:?}");
    assert!(!said(&ran).contains(&format!("blocked: {}", served.other)), "{}", said(&ran));
}

/// `strace` shows every connection and every datagram of passrig, of Chromium and of its services.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_to_a_place_that_was_not_named() {
    if !available() {
        return;
    }
    if Command::new("strace").arg("--version").output().is_err() {
        assert!(!required(), "there is no strace");
        let _ = writeln!(io::stderr(), "skipped: there is no strace");
        return;
    }
    let served = serve(&every_way()).await;
    let folder = tempfile::tempdir().unwrap();
    let calls = "trace=connect,sendto,sendmsg,sendmmsg,accept4";
    let mut command = Command::new("strace");
    command
        .current_dir(folder.path())
        .args(["-f", "-yy", "-o", "trace", "-e", calls])
        .arg(program());
    command.args(["page", &served.url]).args(CLICK);
    let ran = run(command).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
    assert!(served.datagrams.recv(&mut [0; 9]).is_err(), "a datagram arrived");

    let trace = fs::read_to_string(folder.path().join("trace")).unwrap();
    // The proxy through which Chromium speaks runs in passrig itself.
    let mut allowed: BTreeSet<&str> = [served.port()].into();
    for line in trace.lines().filter(|line| line.contains("accept4(")) {
        let accepted =
            line.rsplit_once("= ").and_then(|(_, socket)| socket.split_once("TCP:[127.0.0.1:"));
        allowed.extend(accepted.and_then(|(_, rest)| rest.split_once("->")).map(|(port, _)| port));
    }
    let mut connections = 0;
    for line in trace.lines() {
        let is_datagram = line.contains("<UDP");
        // A connect of a datagram socket sends nothing: Chromium asks the kernel for a route that way.
        assert!(!is_datagram || !line.contains("send"), "a datagram was sent: {line}");
        if line.contains(" connect(") && line.contains("sa_family=AF_INET") && !is_datagram {
            connections += 1;
            let port = line.split("htons(").nth(1).and_then(|rest| rest.split_once(')')).unwrap().0;
            assert!(line.contains("inet_addr(\"127.0.0.1\")") && allowed.contains(port), "{line}");
        }
    }
    assert!(connections > 10, "only {connections} connections were seen");

    let said = said(&ran);
    for place in
        [served.other.as_str(), "127.0.0.2:", "0.0.0.0:", "192.0.2.1:80", "named.example:80"]
    {
        assert!(said.contains(&format!("blocked: {place}")), "{place}\n{said}");
    }
    assert!(said.contains(&format!("`--allow-host {}`", served.other)), "{said}");
    // Another name of the other place, which is in the list already.
    assert!(!said.contains("blocked: [::1]"), "{said}");
    assert!(!said.contains("google") && !said.contains("passrig.invalid"), "{said}");
}

/// A page that is elsewhere after all.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_redirects_to_another_place_is_not_opened() {
    if !available() {
        return;
    }
    let served = serve(HONEST).await;
    let url = format!("{}/to?http://{}/", served.url, served.other);
    let ran = page(&url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
    let said = said(&ran);
    let other = &served.other;
    for text in [format!("{other} is not an allowed place"), format!("`--allow-host {other}`")] {
        assert!(
            said.replace("\n│ ", " ").replace("\n      ", " ").contains(&text),
            "{text}\n{said}"
        );
    }
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_click_leads_to_no_other_place() {
    if !available() {
        return;
    }
    let served = serve("<a href=http://OTHER/link>Sign in</a>").await;
    let ran = page(&served.url, &CLICK).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
}

/// Another port of the page's own host.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_not_all_of_its_ports() {
    if !available() {
        return;
    }
    let html = format!("<img src=http://localhost:PORT/port>{HONEST}");
    let served = serve(&html).await;
    let ran = page(&served.url, &CLICK).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert_eq!(served.hits(), BTreeSet::new());
    let ran = page(&served.url, &[&CLICK[..], &["--allow-host", "localhost"]].concat()).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert!(served.hits().contains("port"));
}

/// Names in which terminals find commands.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn notices_are_plain_text() {
    if !available() {
        return;
    }
    let html = format!(
        "<script>for (const host of ['a\\u001b[2Jb', 'x\\u202ey', '%1b]0;t%07', '--flag', 'q`r'])
        {{ const image = new Image(); image.src = `http://${{host}}.example/`; }}</script>{HONEST}"
    );
    let served = serve(&html).await;
    let said = said(&page(&served.url, &CLICK).await);
    assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{said:?}");
}

/// The user learns that a page could use a hole of Chromium.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_sandbox_is_said() {
    if !available() {
        return;
    }
    let served = serve(HONEST).await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &["page", &served.url, CLICK[0], CLICK[1]]);
    command.env("PASSRIG_CHROMIUM_FLAGS", "--no-sandbox");
    let ran = run(command).await;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("without its sandbox") && said.contains("another user"), "{said}");
}

/// A page that calls without end.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn calls_without_end_are_not_collected() {
    if !available() {
        return;
    }
    let html = "<script>
        const [challenge, mediation] = [new Uint8Array(16), 'conditional'];
        for (let n = 0; n < 1500; n += 1) navigator.credentials.get({ publicKey: { challenge }, mediation }).catch(() => {});
    </script>";
    let served = serve(html).await;
    let ran = page(&served.url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(said(&ran).contains("expected at most 1000 calls"), "{}", said(&ran));
}

/// Calls that wait for a field, with options that are too long.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn options_without_end_are_not_collected() {
    if !available() {
        return;
    }
    let html = "<script>
        const [challenge, mediation] = [new Uint8Array(300_000), 'conditional'];
        for (let n = 0; n < 50; n += 1) navigator.credentials.get({ publicKey: { challenge }, mediation }).catch(() => {});
    </script>";
    let served = serve(html).await;
    let ran = page(&served.url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(said(&ran).contains("bytes of options"), "{}", said(&ran));
}

/// Calls that come faster than they can be answered.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_are_not_collected_without_end() {
    if !available() {
        return;
    }
    let html = "<script>
        const challenge = new Uint8Array(700_000);
        for (let n = 0; n < 90; n += 1) navigator.credentials.get({ publicKey: { challenge } }).catch(() => {});
    </script>";
    let served = serve(html).await;
    let ran = page(&served.url, &[]).await;
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(said(&ran).contains("bytes of events"), "{}", said(&ran));
}

/// A password and tokens in the URL of the page, of its steps, and of where it leads.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_urls_are_in_no_text() {
    if !available() {
        return;
    }
    const SECRETS: [&str; 8] = [
        "pass-w0rd's",
        "query,t0ken",
        "inner-t0ken",
        "fragment't0ken",
        "step-t0ken",
        "selector-t0ken",
        "led-t0ken",
        "led-c0de-1234",
    ];
    const FORMATS: [&str; 5] = ["html", "json", "junit", "sarif", "markdown"];
    let led = "<script>
        if (!location.search.includes('led')) location = '/?state=led-c0de-1234&token=led-t0ken';
    </script>";
    let asking = "<script>
        navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16) } }).catch(() => {});
    </script>";
    let honest = serve(&format!("{HONEST}{asking}")).await;
    let leading = serve(led).await;
    let silent = serve("").await;
    let goto = format!("step = [{{ goto = '{}/?token=step-t0ken' }}]", honest.url);
    let refused = format!(
        "step = [{{ goto = \"http://a:pass-w0rd's@{}/?token=step-t0ken\" }}]",
        honest.other
    );
    let nowhere = "http://localhost:1".to_owned();
    let selector = "a[href='/?token=selector-t0ken'], #ask";
    let wait = "step = [{ wait = '.never' }]";
    for (url, script, code) in [
        (&honest.url, goto.as_str(), 1),
        (&honest.url, refused.as_str(), 3),
        (&leading.url, wait, 3),
        (&silent.url, "", 3),
        (&nowhere, "", 3),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("steps.toml"), script).unwrap();
        let query =
            "?access_token=query,t0ken&next=%2Fx%3Ftoken%3Dinner-t0ken#id_token=fragment't0ken";
        let url = url.replace("http://", "http://ann:pass-w0rd's@") + "/" + query;
        let mut command = command(folder.path(), &["page", &url, "--script", "steps.toml"]);
        if code == 1 {
            command.args(["--click", selector, "--fail-on", "should"]);
        }
        for format in FORMATS {
            command.arg("--report").arg(format!("{format}=out.{format}"));
        }
        let ran = run(command).await;
        assert_eq!(ran.status.code(), Some(code), "{}", said(&ran));
        // A terminal breaks lines within words, too.
        let mut texts = vec![said(&ran).split_whitespace().filter(|word| *word != "│").collect()];
        for format in FORMATS {
            texts.push(fs::read_to_string(folder.path().join(format!("out.{format}"))).unwrap());
        }
        assert!(texts[1].contains("ann:"), "the report has no URL: {}", texts[1]);
        let again = "passrigpage'http://ann:[masked]@";
        assert!(code != 1 || texts[0].contains(again), "no command to repeat: {}", texts[0]);
        for (text, secret) in texts.iter().flat_map(|text| SECRETS.map(|secret| (text, secret))) {
            let forms =
                [secret.to_owned(), secret.replace('\'', "&#39;"), secret.replace('\'', "&apos;")];
            assert!(!forms.iter().any(|form| text.contains(form)), "{secret}\n{text}");
        }
    }
    // An argument that is not accepted is repeated.
    let ran = page("ftp://ann:pass-w0rd's@localhost/?token=query,t0ken", &[]).await;
    assert_eq!(ran.status.code(), Some(2));
    assert!(!SECRETS.iter().any(|secret| said(&ran).contains(secret)), "{}", said(&ran));
}

/// Asks at once, with weaker options than those of the server, and catches nothing.
const WEAK: &str = "
    <button>Sign in</button>
    <script>
        (async () => {
            const text = await (await fetch('/get')).text();
            const sent = PublicKeyCredential.parseRequestOptionsFromJSON(parse(text));
            const publicKey = { ...sent, userVerification: 'discouraged' };
            const options = globalThis.dress?.({ publicKey }, sent, text) ?? { publicKey };
            for (const one of globalThis.forgeries ?? []) await one;
            await navigator.credentials.get(options);
        })();
    </script>";

/// The results of a page on which this script runs first, a line each.
async fn verdict(trick: &str) -> String {
    // The page itself takes what it needs before.
    let html = format!(
        "<!doctype html><script>const {{ parse }} = JSON;</script><script>{{ {trick} }}</script>{WEAK}"
    );
    let served = serve(&html).await;
    let folder = tempfile::tempdir().unwrap();
    let ran =
        run(command(folder.path(), &["page", &served.url, "--report", "json=out.json"])).await;
    let Ok(report) = fs::read(folder.path().join("out.json")) else { return said(&ran) };
    let report: Value = serde_json::from_slice(&report).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let lines = checks.filter(|check| check["outcome"] != "skipped").map(|check| {
        let [outcome, id, reason] =
            ["outcome", "id", "reason"].map(|member| check[member].as_str().unwrap_or_default());
        format!("{outcome} {id}: {}\n", reason.split(", first by").next().unwrap())
    });
    lines.collect::<String>() + report["stopped"].as_str().unwrap_or_default()
}

// Before: red, by 12 of the 22 scripts.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_does_not_decide_its_own_verdict() {
    if !available() {
        return;
    }
    let honest = verdict("").await;
    insta::assert_snapshot!(honest, @r"
    warn authentication.page-gesture.missing: 1 of 1 calls of get() came without a gesture of the user
    note authentication.page-options.altered: get() is given another userVerification
    pass authentication.page-frame.cross-origin: 0 of 1 calls of get() came from a frame of another site's page
    warn authentication.page-refusal.unhandled: a refusal by get() is caught by nobody
    pass authentication.page-refusal.dead-end: after get() was cancelled, there was something to use
    ");
    let mut wrong = Vec::new();
    for (name, trick) in TRICKS {
        let seen = verdict(trick).await;
        let _ = writeln!(io::stderr(), "{} {name}", if seen == honest { "held" } else { "red " });
        if seen != honest {
            wrong.push(format!("{name}:\n{seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A frame cannot hide that another site's page is around it.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_frame_does_not_hide_its_page() {
    if !available() {
        return;
    }
    let framed = serve(&format!(
        "<script>
            DOMStringList.prototype[Symbol.iterator] = Array.prototype[Symbol.iterator] = function* () {{}};
            Object.defineProperty(DOMStringList.prototype, 'length', {{ get: () => 0 }});
            Array.prototype.every = () => true;
            Array.prototype.at = () => null;
            globalThis.origin = 'https://other.example';
        </script>{HONEST}"
    ))
    .await;
    let inner = framed.url.replace("localhost", "framed.localhost");
    let served = serve(&format!("<iframe src={inner}></iframe>")).await;
    let folder = tempfile::tempdir().unwrap();
    let allowed = inner.trim_start_matches("http://");
    let mut arguments = vec!["page", &served.url, CLICK[0], CLICK[1], "--report", "json=out.json"];
    if std::env::var_os("PASSRIG_BIN").is_none() {
        arguments.extend(["--allow-host", allowed]);
    }
    let ran = run(command(folder.path(), &arguments)).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let report = fs::read_to_string(folder.path().join("out.json")).unwrap();
    let reason =
        format!("1 of 1 calls of get() came from a frame of another site's page, first by {inner}");
    assert!(report.contains(&reason), "{report}");
}
