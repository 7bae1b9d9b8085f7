//! Pages that reach the built-in RP by another name, and requests that name no check.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::support::passrig;

/// The built-in RP over HTTP, until the end of the test.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn start(arguments: &str) -> Self {
        let mut command: Command = passrig(&std::env::temp_dir(), "rp --listen 127.0.0.1:0");
        command.args(arguments.split_whitespace()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut err = child.stderr.take().unwrap();
        while !said.contains("Ctrl-C") {
            let mut bytes = [0; 256];
            let n = err.read(&mut bytes).unwrap();
            assert!(n > 0, "{said}");
            said.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
        let (_, rest) = said.split_once("listens at http://localhost:").unwrap();
        let port = rest.split(',').next().unwrap().parse().unwrap();
        Self { child, port }
    }

    /// The whole answer to a request with this line and these lines of headers.
    fn answers(&self, line: &str, headers: &str) -> String {
        self.asks(line, headers, "")
    }

    fn asks(&self, line: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!("{line}\r\n{headers}connection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SESSION: &str = "GET /session HTTP/1.1";

/// A page of another site lets its own name lead to this machine (DNS rebinding).
// Before: red.
#[test]
fn the_built_in_rp_does_not_answer_for_other_hosts() {
    let rp = Served::start("");
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "evil.example.",
        "127.0.0.1@evil.example",
        "",
    ] {
        let answer = rp.answers(SESSION, &format!("host: {host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 421 "), "{host}: {answer}");
        assert!(answer.contains("--origin") && !answer.contains("signedIn"), "{host}: {answer}");
    }
    for (line, headers) in [
        ("GET http://evil.example/session HTTP/1.1", "host: localhost\r\n"),
        (SESSION, "host: localhost\r\nhost: evil.example\r\n"),
    ] {
        let answer = rp.answers(line, headers);
        assert!(!answer.contains("signedIn"), "{answer}");
    }
}

/// The hosts under which the built-in RP is meant to be reached.
// Before: held.
#[test]
fn the_built_in_rp_answers_for_its_own_hosts() {
    let rp = Served::start("--origin https://login.passrig.test --rp-id passrig.test");
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "app.localhost",
        "127.0.0.1:8080",
        "192.168.1.7",
        "[::1]:8080",
        "login.passrig.test",
        "Login.Passrig.Test:443",
        "passrig.test",
    ] {
        let answer = rp.answers(SESSION, &format!("host: {host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    let answer = rp.answers("GET /session HTTP/1.0", "");
    assert!(answer.contains(" 200 "), "{answer}");
}

/// The text of a refusal is the answer to a request of another site: it repeats nothing harmful.
// Before: held.
#[test]
fn a_refused_host_is_not_repeated_raw() {
    let rp = Served::start("");
    let answer = rp.answers(SESSION, "host: \u{1b}[2Jevil<script>\r\n");
    assert!(!answer.contains('\u{1b}'), "{answer}");
    assert!(!answer.contains("text/html"), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

/// The built-in RP draws values for requests that name no check.
// Before: held.
#[test]
fn the_built_in_rp_draws_fresh_values_without_names() {
    let rp = Served::start("");
    let challenge = &|n: usize| {
        let body = format!("{{\"username\":\"user-{n}\"}}");
        let length = body.len();
        let headers = format!(
            "host: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
        );
        let answer = rp.asks("POST /attestation/options HTTP/1.1", &headers, &body);
        let (_, rest) = answer.split_once("\"challenge\":\"").expect(&answer);
        rest.split('"').next().unwrap().to_owned()
    };
    let challenges: BTreeSet<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|part| {
                scope.spawn(move || (0..10).map(|n| challenge(part * 10 + n)).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(challenges.len(), 40);
}
