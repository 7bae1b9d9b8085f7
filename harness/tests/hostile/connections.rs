//! The connections that a run really makes: the system calls of the program, as strace sees them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use axum::response::Response;

use crate::support::{FEW, answer, program, serve};

/// Whether strace works here. Where it must, its absence fails the test.
fn has_strace() -> bool {
    let ran = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let works = ran.is_ok_and(|output| output.status.success());
    let is_required = std::env::var_os("PASSRIG_REQUIRE_RPS").is_some_and(|value| value == "1");
    assert!(works || !is_required, "strace does not work here");
    if !works {
        eprintln!("skipped: strace does not work here");
    }
    works
}

/// The program under strace; the trace goes to `trace` in the folder.
fn traced(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-s", "512", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", "trace"]);
    // The tests may have been started by a shell in the background, which ignores SIGINT.
    command
        .args(["env", "--default-signal=INT"])
        .arg(program())
        .args(arguments.split_whitespace())
        .current_dir(folder);
    // A proxy is not a place that the user named either.
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:3128");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The places to which the calls of a trace lead: `ADDRESS:PORT`, or the path of a socket.
fn places(trace: &str) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for line in
        trace.lines().filter(|line| line.contains("sa_family=") || line.contains("sun_path="))
    {
        if line.contains("sa_family=AF_UNIX") {
            places.insert(between(line, "sun_path=", "}").to_owned());
            continue;
        }
        let port = between(line, "port=htons(", ")");
        let address = match line.contains("AF_INET6") {
            true => between(line, "inet_pton(AF_INET6, \"", "\""),
            false => between(line, "inet_addr(\"", "\""),
        };
        places.insert(format!("{address}:{port}"));
    }
    places
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap()
}

/// The parser of traces sees what it must see.
// Before: held.
#[test]
fn traces_are_read() {
    let trace = "\
10 connect(11, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = -1\n\
10 connect(11, {sa_family=AF_INET6, sin6_port=htons(8), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}, 28) = -1\n\
11 sendto(5, \"x\", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"10.0.0.2\")}, 16) = 1\n\
11 connect(5, {sa_family=AF_UNIX, sun_path=\"/var/run/nscd/socket\"}, 110) = -1\n\
11 sendto(9, \"GET / HTTP/1.1\", 14, MSG_NOSIGNAL, NULL, 0) = 14\n";
    let expected = ["127.0.0.1:9", "::1:8", "10.0.0.2:53", "\"/var/run/nscd/socket\""];
    assert_eq!(places(trace), expected.map(str::to_owned).into());
}

/// The places that a run connects to.
async fn connections(files: &[(&str, &str)], arguments: &str) -> (BTreeSet<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut command = traced(folder.path(), arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (places(&fs::read_to_string(folder.path().join("trace")).unwrap()), said)
}

/// The only places that a run of the target at this URL may connect to.
#[track_caller]
fn are_only(found: &(BTreeSet<String>, String), url: &str) {
    let port = url.rsplit(':').next().unwrap();
    let own = [format!("127.0.0.1:{port}"), format!("::1:{port}")];
    let (found, said) = found;
    assert!(found.contains(&own[0]), "it was not reached: {said}");
    let others: Vec<_> = found.iter().filter(|place| !own.contains(*place)).collect();
    assert!(others.is_empty(), "{others:?}\n{said}");
}

/// Places that the user did not name. A name needs a resolver, an address a connection.
fn elsewhere() -> [String; 6] {
    [
        "http://localhost:1/".to_owned(),
        "http://127.0.0.1:22/".to_owned(),
        "http://[::1]:8500/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://tracker.example/".to_owned(),
        "http://internal.passrig.test:8080/".to_owned(),
    ]
}

/// An adapter whose steps lead wherever the target says: by a redirect, a form and a link.
const LED: &str = r#"
id = "led"
name = "Led elsewhere"
status = "untested"
[account]
mode = "fresh"
[[provision]]
request = "GET /STEP"
follow = true
CAPTURE
[[provision]]
LEAD
[[register]]
request = "POST /attestation/options"
json = { username = "{{username}}", displayName = "x" }
options = "$"
[[register]]
request = "POST /attestation/result"
json = "{{credential}}"
accepted = [{ status = [200] }]
refused = [{ status = [400] }]
[[authenticate]]
request = "POST /assertion/options"
options = "$"
[[authenticate]]
request = "POST /assertion/result"
json = "{{credential}}"
accepted = [{ status = [200] }]
refused = [{ status = [400] }]
"#;

/// The ways by which a target leads elsewhere: the adapter, and the answer to its first step.
fn leads(to: &str) -> [(String, Response); 4] {
    let adapter = |step: &str, lead: &str| {
        let capture = if step == "link" { "capture = { link = \"$.link\" }" } else { "" };
        LED.replace("STEP", step).replace("LEAD", lead).replace("CAPTURE", capture)
    };
    let mut redirect = answer(302, "text/plain", "");
    redirect.headers_mut().insert("location", to.parse().unwrap());
    let form = |method: &str| {
        let page = format!("<form method={method} action='{to}'><input name=a value=b></form>");
        answer(200, "text/html", page)
    };
    let link = answer(200, "application/json", format!("{{\"link\":\"{to}\"}}"));
    [
        (adapter("redirect", "request = \"GET /session\""), redirect),
        (adapter("form", "submit = \"form\""), form("get")),
        (adapter("form", "submit = \"form\""), form("post")),
        (adapter("link", "request = \"GET {{link}}\""), link),
    ]
}

/// `check` of targets that lead to other hosts and ports.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn check_connects_to_its_target_only() {
    if !has_strace() {
        return;
    }
    for to in elsewhere() {
        for (adapter, lead) in leads(&to) {
            let (parts, body) = lead.into_parts();
            let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
            let url = serve(move |asked, _| {
                let is_first = ["/redirect", "/form", "/link"].contains(&asked.path);
                is_first.then(|| Response::from_parts(parts.clone(), body.clone().into()))
            })
            .await;
            let arguments = format!("check --rp {url} --adapter mine.toml {FEW}");
            let found = connections(&[("mine.toml", &adapter)], &arguments).await;
            are_only(&found, &url);
            assert!(found.1.contains("--allow-host"), "{to}: {}", found.1);
        }
    }
}

/// `check` that asks a target which adapter fits, and whose redirects lead elsewhere.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn asking_for_the_adapter_connects_to_the_target_only() {
    if !has_strace() {
        return;
    }
    let to = elsewhere();
    let url = serve(move |asked, _| {
        let mut response = answer(302, "text/plain", "");
        response.headers_mut().insert("location", to[asked.n % to.len()].parse().unwrap());
        Some(response)
    })
    .await;
    for verb in ["check", "simulate lost-device"] {
        are_only(&connections(&[], &format!("{verb} --rp {url}")).await, &url);
    }
}

/// `simulate` of a target that leads to other hosts and ports.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn simulate_connects_to_its_target_only() {
    if !has_strace() {
        return;
    }
    for to in elsewhere() {
        let [(adapter, lead), ..] = leads(&to);
        let (parts, _) = lead.into_parts();
        let url = serve(move |asked, _| {
            (asked.path == "/redirect").then(|| Response::from_parts(parts.clone(), "".into()))
        })
        .await;
        let arguments = format!("simulate cross-domain --rp {url} --adapter mine.toml");
        are_only(&connections(&[("mine.toml", &adapter)], &arguments).await, &url);
    }
}

/// `--connect-to` names the only place, whatever the URLs say; no resolver is asked for a name.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn connect_to_is_the_only_place() {
    if !has_strace() {
        return;
    }
    let url = serve(|_, _| None).await;
    let port = url.rsplit(':').next().unwrap();
    let arguments = format!(
        "check --rp http://login.passrig.test --origin {url} --connect-to 127.0.0.1:{port} \
         --adapter reference {FEW}"
    );
    are_only(&connections(&[], &arguments).await, &url);
}

/// `rp` that answers a request, and one that refuses a host, connects to no place.
// Before: held.
#[test]
fn rp_connects_to_no_place() {
    if !has_strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut tracer = traced(folder.path(), "rp --listen 127.0.0.1:0").spawn().unwrap();
    let lines = BufReader::new(tracer.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = lines.skip_while(|line| !line.starts_with("listens at "));
    let line = lines.next().unwrap();
    let port: u16 = between(&line, "localhost:", ",").parse().unwrap();
    for host in ["localhost", "tracker.example"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let body = "{\"username\":\"ann\"}";
        let request = format!(
            "POST /attestation/options HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    }
    // Ends with its tracer, which the signal of a user would reach too.
    let children = format!("/proc/{0}/task/{0}/children", tracer.id());
    let child = fs::read_to_string(children).unwrap();
    let stopped = Command::new("kill").args(["-INT", child.trim()]).status().unwrap();
    assert!(stopped.success());
    tracer.wait().unwrap();
    let trace = fs::read_to_string(folder.path().join("trace")).unwrap();
    assert_eq!(places(&trace), BTreeSet::new());
}
