//! Targets that lead to places that the user did not name.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::Response;

use super::{flowing, folder, reference};
use crate::support::{FEW, Ran, answer, check_in, serve};

/// A place of this machine that the user did not name, and how often it was connected to.
struct Other {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Other {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            }
        });
        Self { port, connections }
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The reference adapter, which follows redirects.
fn following() -> String {
    reference("").replace(
        "request = \"POST /attestation/options\"",
        "request = \"POST /attestation/options\"\nfollow = true",
    )
}

fn redirect(to: &str) -> Response {
    let mut response = answer(302, "text/plain", "");
    response.headers_mut().insert("location", to.parse().unwrap());
    response
}

/// A run of a target whose options are elsewhere, with these flags.
async fn redirected(to: String, flags: &str) -> Ran {
    let url =
        serve(move |asked, _| (asked.path == "/attestation/options").then(|| redirect(&to))).await;
    let folder = folder(&[("mine.toml", &following())]);
    check_in(folder.path(), &url, &format!("--adapter mine.toml {flags} {FEW}")).await
}

/// A redirect to another port of this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_reaches_no_other_port() {
    for host in
        ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "admin.localhost", "user:pw@localhost"]
    {
        let other = Other::start();
        let ran = redirected(format!("http://{host}:{}/", other.port), "").await;
        let place = format!("{}:{}", host.trim_start_matches("user:pw@"), other.port);
        let said = flowing(&ran.exits(3).said()).replace('\'', "");
        assert!(said.contains(&format!("--allow-host {place}")), "{said}");
        assert_eq!(other.count(), 0, "{host}");
    }
}

/// Only what the target refuses leads elsewhere: the run says so, and does not call it a crash.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_leads_elsewhere_is_no_crash() {
    let other = Other::start();
    let to = format!("http://localhost:{}/failed", other.port);
    let url = serve(move |asked, honest| {
        (asked.is_result() && honest.status() == StatusCode::BAD_REQUEST).then(|| redirect(&to))
    })
    .await;
    let adapter = reference("").replace("/result\"", "/result\"\nfollow = true");
    let folder = folder(&[("mine.toml", &adapter)]);
    let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
    let said = flowing(&ran.exits(3).said());
    assert!(said.contains(&format!("--allow-host localhost:{}", other.port)), "{said}");
    assert_eq!(other.count(), 0);
}

/// The flag that the refusal names is enough, and no more than needed.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_named_port_is_reached_and_no_other() {
    for (flag, reaches) in [
        ("localhost:PORT", true),
        ("localhost", true),
        ("127.0.0.1:PORT", true),
        ("localhost:1", false),
        ("other.test:PORT", false),
    ] {
        let other = Other::start();
        let flag = flag.replace("PORT", &other.port.to_string());
        redirected(format!("http://localhost:{}/", other.port), &format!("--allow-host {flag}"))
            .await;
        assert_eq!(other.count() > 0, reaches, "{flag}");
    }
}

/// A redirect to the same place by another of its names is followed.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_the_rp_has_several_names() {
    let url = serve(|asked, _| {
        let host = asked.headers["host"].to_str().unwrap();
        let (name, port) = host.split_once(':').unwrap();
        (asked.path == "/attestation/options" && name == "localhost").then(|| {
            let mut response = redirect(&format!("http://127.0.0.1:{port}/attestation/options"));
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response
        })
    })
    .await;
    let folder = folder(&[("mine.toml", &following())]);
    let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
    assert!(!flowing(&ran.said()).contains("--allow-host"), "{}", ran.said());
    assert!(ran.file("one.jsonl").contains("127.0.0.1:"));
}

/// The host of a redirect is a command, once its refusal is pasted into a shell.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_flag_to_paste_runs_nothing() {
    let ran = redirected("http://$(id):81/".to_owned(), "").await;
    let said = flowing(&ran.exits(3).said());
    assert!(said.contains("--allow-host '$(id):81'"), "{said}");
}

/// A page whose form leads to another port of this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_reaches_no_other_port() {
    const FORM: &str =
        "\n[[provision]]\nrequest = \"GET /door\"\n[[provision]]\nsubmit = \"form\"\n";
    for method in ["get", "post"] {
        let other = Other::start();
        let page = format!(
            "<form method={method} action='http://localhost:{}/admin'><input name=a value=b></form>",
            other.port
        );
        let url = serve(move |asked, _| {
            (asked.path == "/door").then(|| answer(200, "text/html", page.clone()))
        })
        .await;
        let folder = folder(&[("mine.toml", &reference(FORM))]);
        let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
        let said = flowing(&ran.exits(3).said());
        assert!(said.contains(&format!("--allow-host localhost:{}", other.port)), "{said}");
        assert_eq!(other.count(), 0, "{method}");
    }
}

/// A URL that the target hands out, and that the adapter goes to.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_captured_url_reaches_no_other_port() {
    const LINK: &str = "\n[[provision]]\nrequest = \"GET /door\"\ncapture = { link = \"$.link\" }\n[[provision]]\nrequest = \"GET {{link}}\"\n";
    let other = Other::start();
    let body = format!("{{\"link\":\"http://localhost:{}/latest/meta-data\"}}", other.port);
    let url = serve(move |asked, _| {
        (asked.path == "/door").then(|| answer(200, "application/json", body.clone()))
    })
    .await;
    let folder = folder(&[("mine.toml", &reference(LINK))]);
    let ran = check_in(folder.path(), &url, &format!("--adapter mine.toml {FEW}")).await;
    let said = flowing(&ran.exits(3).said());
    assert!(said.contains(&format!("--allow-host localhost:{}", other.port)), "{said}");
    assert_eq!(other.count(), 0);
}

/// A URL that stands in the adapter, or in a variable of the user, is named.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_names_places() {
    let url = serve(|_, _| None).await;
    for (request, flags) in
        [("http://localhost:PORT/mail", ""), ("{{mail}}/mail", "--var mail=http://localhost:PORT")]
    {
        let other = Other::start();
        let port = other.port.to_string();
        let step =
            format!("\n[[provision]]\nrequest = \"GET {}\"\n", request.replace("PORT", &port));
        let adapter = format!("variables = [\"mail\"]\n{}", reference(&step));
        let folder = folder(&[("mine.toml", &adapter)]);
        let flags = flags.replace("PORT", &port);
        let ran =
            check_in(folder.path(), &url, &format!("--adapter mine.toml {flags} {FEW}")).await;
        assert!(other.count() > 0, "{request}: {}", ran.said());
    }
    // A host that a variable completes is not one that the adapter names.
    let step = "\n[[provision]]\nrequest = \"GET http://localhost:{{port}}/mail\"\n";
    let adapter = format!("variables = [\"port\"]\n{}", reference(step));
    let folder = folder(&[("mine.toml", &adapter)]);
    check_in(folder.path(), &url, "--adapter mine.toml --var port=1").await.exits(2);
}

/// The file of related origins leads to another port of this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn related_origins_reach_no_other_port() {
    let other = Other::start();
    let to = format!("http://localhost:{}/.well-known/webauthn", other.port);
    let asked_for = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked_for);
    let url = serve(move |asked, _| {
        (asked.path == "/.well-known/webauthn").then(|| {
            count.fetch_add(1, Ordering::SeqCst);
            redirect(&to)
        })
    })
    .await;
    let folder = folder(&[]);
    check_in(folder.path(), &url, "--only *related-origins*").await;
    assert!(asked_for.load(Ordering::SeqCst) > 0);
    assert_eq!(other.count(), 0);
}
