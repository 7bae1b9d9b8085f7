//! Targets that flood the program: it ends, and needs little memory.

use std::io::Read;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::servers::raw;
use crate::support::{Asked, FEW, FORMATS, answer, passrig, serve};

/// The most memory that a run may need, in kB.
const MEMORY: u64 = 250_000;

/// A run that is still under way after so long does not end.
const ENDLESS: Duration = Duration::from_secs(150);

struct Endured {
    code: i32,
    said: String,
    peak: u64,
}

/// `passrig check` with every report, and the most memory that it needed.
async fn endure(url: &str, more: &str) -> Endured {
    let folder = tempfile::tempdir().unwrap();
    let reports = FORMATS.map(|format| format!("--report {format}=report.{format}")).join(" ");
    let adapter = if more.contains("--adapter") { "" } else { "--adapter reference" };
    let arguments =
        format!("check --rp {url} {adapter} --seed s --run-id one --deadline 5 {reports} {more}");
    run(folder.path(), &arguments).await
}

async fn run(folder: &Path, arguments: &str) -> Endured {
    let mut child = passrig(folder, arguments).spawn().unwrap();
    let watched = tokio::task::spawn_blocking(move || {
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let texts = [drained(out), drained(err)];
        let (code, peak) = watch(&mut child);
        let said = texts.map(|text| text.join().unwrap()).concat();
        Endured { code, said, peak }
    });
    let endured = watched.await.unwrap();
    assert!(endured.peak > 0 && endured.peak < MEMORY, "{} kB\n{}", endured.peak, endured.said);
    endured
}

fn drained(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end, and looks at the most memory that was needed as long as it can be seen.
fn watch(child: &mut Child) -> (i32, u64) {
    let (status, start, mut peak) = (format!("/proc/{}/status", child.id()), Instant::now(), 0);
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code().unwrap_or(-1), peak);
        }
        if start.elapsed() > ENDLESS {
            child.kill().unwrap();
            panic!("the run does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Endured {
    #[track_caller]
    fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.said);
        self
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        let said = self.said.replace("\n  │", "").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(text), "{}", self.said);
        self
    }
}

const JSON: &str = "application/json";

/// A target that answers the registration options with this body, and all else honestly.
async fn with_options(body: impl Into<String>) -> String {
    let body = body.into();
    serve(move |asked, _| {
        (asked.path == "/attestation/options").then(|| answer(200, JSON, body.clone()))
    })
    .await
}

/// Valid options with one member more.
async fn with_member(name: &str, value: &str) -> String {
    let body = format!(
        r#"{{"rp":{{"id":"localhost","name":"x"}},"challenge":"AAAAAAAAAAAAAAAAAAAAAA",
            "user":{{"id":"AAAA","name":"a","displayName":"a"}},"{name}":{value}}}"#
    );
    with_options(body).await
}

fn many(item: &str, bytes: usize) -> String {
    format!("[{}]", vec![item; bytes / (item.len() + 1)].join(","))
}

/// An answer of 200 that begins like this and goes on with these bytes for ever.
async fn for_ever(head: &'static str, chunk: impl Into<Vec<u8>>, pause: Duration) -> String {
    let chunk = chunk.into();
    raw(move |mut stream: TcpStream| {
        let chunk = chunk.clone();
        async move {
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sent = stream.write_all(&chunk).await;
                tokio::time::sleep(pause).await;
            }
        }
    })
    .await
}

const NONE: Duration = Duration::ZERO;

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_drops() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
    let url = for_ever(head, *b" ", Duration::from_millis(50)).await;
    endure(&url, FEW).await.exits(3).says("no complete answer within 5s");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_in_drops() {
    let url = for_ever("HTTP/1.1 200 OK\r\nx: ", *b"y", Duration::from_millis(50)).await;
    endure(&url, FEW).await.exits(3).says("no complete answer within 5s");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn chunks_without_end() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 1 << 16], b"\r\n".to_vec()].concat();
    let url = for_ever(head, chunk, NONE).await;
    endure(&url, FEW).await.exits(3).says("larger than 8388608");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_extension_without_end() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;";
    let url = for_ever(head, vec![b'x'; 1 << 16], NONE).await;
    endure(&url, FEW).await.exits(3);
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn trailers_without_end() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n";
    let url = for_ever(head, b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(1000), NONE).await;
    endure(&url, FEW).await.exits(3);
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_length_and_end() {
    let head = "HTTP/1.1 200 OK\r\n\r\n";
    let url = for_ever(head, vec![b' '; 1 << 16], NONE).await;
    endure(&url, FEW).await.exits(3).says("larger than 8388608");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_without_end() {
    let url = for_ever("HTTP/1.1 200 OK\r\nx: ", vec![b'y'; 1 << 16], NONE).await;
    endure(&url, FEW).await.exits(3).says("not HTTP/1.1");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end() {
    let url = for_ever("HTTP/1.1 200 OK\r\n", b"x: y\r\n".repeat(1000), NONE).await;
    endure(&url, FEW).await.exits(3).says("not HTTP/1.1");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn informational_answers_without_end() {
    for line in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"] {
        let url = for_ever(line, line.repeat(500), NONE).await;
        endure(&url, FEW).await.exits(3).says("no complete answer within 5s");
    }
}

/// Each answer sets as many new cookies as its head can hold.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_without_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let rp = RelyingParty::new(Config::new(url.clone(), "localhost"), Seeded::new(b"hostile"));
    let (count, largest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&largest);
    let app = rp.router().layer(from_fn(move |request: Request, next: Next| {
        let cookies = request.headers().get("cookie").map_or(0, |value| value.len());
        largest.fetch_max(cookies, Ordering::SeqCst);
        let n = count.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut response = next.run(request).await;
            for cookie in 0..80 {
                let value = format!("c{n}-{cookie}={}; Path=/", "v".repeat(1000));
                response.headers_mut().append("set-cookie", value.parse().unwrap());
            }
            response
        }
    }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    endure(&url, FEW).await;
    // The limit of browsers: 180 cookies.
    let largest = seen.load(Ordering::SeqCst);
    assert!((100_000..200_000).contains(&largest), "{largest}");
}

/// The adapter of the reference RP, with steps that follow redirects.
fn adapter(folder: &Path) -> String {
    let text = include_str!("../../adapters/reference.toml").replace(
        "request = \"GET /session\"\nsigned_in",
        "request = \"GET /session\"\nfollow = true\nsigned_in",
    );
    assert!(text.contains("follow = true"));
    let file = folder.join("mine.toml");
    std::fs::write(&file, text).unwrap();
    format!("--adapter {}", file.display())
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn redirects_without_end() {
    let url = serve(|asked: &Asked<'_>, _| {
        asked.path.starts_with("/session").then(|| {
            let mut response = answer(302, "text/plain", "");
            let place = format!("/session/{}", asked.n);
            response.headers_mut().insert("location", place.parse().unwrap());
            response
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    endure(&url, &format!("{} {FEW}", adapter(folder.path()))).await.exits(3).says("redirect");
}

/// Eight megabytes of the smallest values.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_without_end() {
    let url = with_member("x", &many("0", 8_000_000)).await;
    endure(&url, FEW).await.exits(3).says("JSON with too many values");
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn objects_without_end() {
    for item in ["{}", r#"{"a":0}"#, "[[]]", r#"{"a":{"b":{"c":[0,1]}}}"#] {
        let url = with_member("pubKeyCredParams", &many(item, 8_000_000)).await;
        endure(&url, FEW).await.exits(3).says("JSON with too many values");
    }
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn cbor_without_end() {
    let body = [vec![0x9f], vec![0; 8_000_000], vec![0xff]].concat();
    let url = serve(move |_, _| Some(answer(200, "application/cbor", body.clone()))).await;
    endure(&url, FEW).await.exits(3);
}

/// Pages whose elements lie in one another, for a step that submits a form.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn pages_for_a_form_without_end() {
    let text = include_str!("../../adapters/reference.toml");
    let form =
        "[[provision]]\nrequest = \"GET /session\"\n\n[[provision]]\nsubmit = \"#login\"\n\n";
    let text = text.replacen("[[register]]", &format!("{form}[[register]]"), 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, text).unwrap();
    let attributes: String = (0..1_000_000).map(|n| format!("a{n} ")).collect();
    for page in [
        "<div>".repeat(1_500_000),
        format!("{}{}", "<a><b><i>".repeat(30_000), "</a>".repeat(30_000)),
        "<table><b>x".repeat(60_000),
        "<select name=a><option>".repeat(300_000),
        "<form>".repeat(1_300_000),
        format!("<input {attributes}>"),
    ] {
        let url = serve(move |asked, _| {
            (asked.path == "/session").then(|| answer(200, "text/html", page.clone()))
        })
        .await;
        endure(&url, &format!("--adapter {} {FEW}", file.display())).await.exits(3).says("form");
    }
}

/// Values with the names of secrets, each within the one before.
// Before: held, as the values were not looked for.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_within_secrets_without_end() {
    let padded = format!("{{\"token\":{{\"pad\":\"{}\",\"token\":", "x".repeat(2000));
    for text in [
        "?token=a".repeat(1_000_000),
        "\"token\":{\"token\":[".repeat(300_000),
        padded.repeat(3500),
        "token='".repeat(1_000_000),
        "https://a".repeat(800_000) + "@",
        format!("{}=", "token".repeat(1_600_000)),
    ] {
        let url = serve(move |asked, _| {
            let is_asked = asked.path == "/attestation/options";
            is_asked.then(|| answer(200, "text/plain", text.clone()))
        })
        .await;
        endure(&url, FEW).await.exits(3).says("JSON");
    }
}

/// Nesting that no stack holds.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn nesting_without_end() {
    for (kind, byte) in [(JSON, b'['), ("application/cbor", 0x81)] {
        let body = vec![byte; 200_000];
        let url = serve(move |_, _| Some(answer(200, kind, body.clone()))).await;
        endure(&url, FEW).await.exits(3);
    }
}

/// As many values as are read, in options that would be fine without them.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn large_options() {
    let algorithms = many(r#"{"type":"public-key","alg":-7}"#, 300_000);
    let url = with_member("pubKeyCredParams", &algorithms).await;
    endure(&url, FEW).await;
    let credentials = many(r#"{"type":"public-key","id":"AAAAAAAAAAAAAAAAAAAAAA"}"#, 500_000);
    let text = format!(r#"[{{"type":"public-key","alg":-7}}],"excludeCredentials":{credentials}"#);
    let url = with_member("pubKeyCredParams", &text).await;
    endure(&url, FEW).await;
    let text = format!("[],\"x\":\"{}\"", "a".repeat(7 << 20));
    let url = with_member("pubKeyCredParams", &text).await;
    endure(&url, FEW).await;
}

/// Every answer is eight megabytes long, in every check.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn eight_megabytes_in_each_answer() {
    let url = serve(|asked, honest| {
        let is_list = asked.path == "/credentials" && honest.status().is_success();
        let entry = json!({ "id": "A".repeat(40), "name": "x" }).to_string();
        is_list.then(|| {
            let list = many(&entry, 7_000_000);
            answer(200, JSON, format!(r#"{{"credentials":{list}}}"#))
        })
    })
    .await;
    endure(&url, &format!("{FEW} --jobs 8")).await;
    let words = "a ".repeat(4_000_000);
    let url =
        serve(move |asked, _| asked.is_result().then(|| answer(400, "text/plain", words.clone())))
            .await;
    endure(&url, &format!("{FEW} --jobs 8")).await.exits(3);
}

/// A page of a million elements.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn elements_without_end() {
    let page = format!("<!doctype html>{}", "<p>".repeat(2_000_000));
    let url = serve(move |_, _| Some(answer(200, "text/html", page.clone()))).await;
    endure(&url, FEW).await.exits(3).says("HTML");
}

/// The account lists credentials without end: an adapter that empties it first does not remove
/// them all.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_never_empty() {
    let removed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&removed);
    let url = serve(move |asked, _| match (asked.path, asked.method.as_str()) {
        ("/credentials", _) => {
            let ids: Vec<Value> = (0..4999).map(|n| json!({ "id": format!("id-{n}") })).collect();
            Some(answer(200, JSON, json!({ "credentials": ids }).to_string()))
        }
        (_, "DELETE") => {
            count.fetch_add(1, Ordering::SeqCst);
            Some(answer(200, JSON, "{}"))
        }
        ("/login", _) => Some(answer(200, JSON, "{}")),
        _ => None,
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../adapters/reference.toml")
        .replace("mode = \"fresh\"", "mode = \"single\"\nmax_credentials = 1")
        + "\n[[login]]\nrequest = \"POST /login\"\n";
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, text).unwrap();
    let more = format!("{FEW} --adapter {} --var username=alice", file.display());
    let endured = endure(&url, &more).await;
    let removed = removed.load(Ordering::SeqCst);
    // Two hundred for each account that is emptied.
    assert!(removed >= 200 && removed.is_multiple_of(200), "{removed}\n{}", endured.said);
}

/// It reads, and never answers.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_only_reads() {
    let url = raw(|mut stream: TcpStream| async move {
        let mut bytes = [0; 1024];
        while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    endure(&url, FEW).await.exits(3).says("no complete answer within 5s");
}
