//! The real relying parties start, speak HTTPS under the test host's name, and hand out challenges.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what serves a test may fail it")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use passrig_tests::rps::{self, HOST, Running};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

#[test]
fn simplewebauthn_hands_out_challenges() {
    let Some(rp) = rps::start("simplewebauthn") else { return };

    let creation = send(&rp, "GET", "/generate-registration-options", &[], None);
    assert_eq!(creation.status, 200, "{creation:?}");
    assert_eq!(creation.json["rp"]["id"], "passrig.test");
    assert_challenge(&creation.json);

    let request = send(&rp, "GET", "/generate-authentication-options", &[], None);
    assert_eq!(request.status, 200, "{request:?}");
    assert_eq!(request.json["rpId"], "passrig.test");
    assert_challenge(&request.json);
    assert_ne!(creation.json["challenge"], request.json["challenge"]);
}

#[test]
fn better_auth_hands_out_challenges() {
    let Some(rp) = rps::start("better-auth") else { return };

    let account = json!({ "email": "a@passrig.test", "password": "correct horse", "name": "a" });
    let signed_up = send(&rp, "POST", "/api/auth/sign-up/email", &[], Some(&account));
    assert_eq!(signed_up.status, 200, "{signed_up:?}");

    let creation =
        send(&rp, "GET", "/api/auth/passkey/generate-register-options", &signed_up.cookies, None);
    assert_eq!(creation.status, 200, "{creation:?}");
    assert_eq!(creation.json["rp"]["id"], "passrig.test");
    assert_challenge(&creation.json);

    let request = send(&rp, "GET", "/api/auth/passkey/generate-authenticate-options", &[], None);
    assert_eq!(request.status, 200, "{request:?}");
    assert_eq!(request.json["rpId"], "passrig.test");
    assert_challenge(&request.json);
}

#[test]
fn py_webauthn_hands_out_challenges() {
    let Some(rp) = rps::start("py-webauthn") else { return };
    let wanted = json!({
        "username": "a",
        "user_verification": "preferred",
        "attestation": "none",
        "attachment": "all",
        "algorithms": ["es256"],
        "discoverable_credential": "preferred",
        "hints": [],
    });
    let creation = send(&rp, "POST", "/registration/options", &[], Some(&wanted));
    assert_eq!(creation.status, 200, "{creation:?}");
    assert_eq!(creation.json["rp"]["id"], "passrig.test");
    assert_challenge(&creation.json);
    assert!(rp.sources.join("webauthn/__init__.py").is_file());
    assert!(rp.packages.contains(&("webauthn".to_owned(), "3.0.1".to_owned())));
}

#[test]
fn python_fido2_hands_out_challenges() {
    let Some(rp) = rps::start("python-fido2") else { return };
    let creation = send(&rp, "POST", "/api/register/begin", &[], None);
    assert_eq!(creation.status, 200, "{creation:?}");
    assert_eq!(creation.json["publicKey"]["rp"]["id"], "passrig.test");
    assert_challenge(&creation.json["publicKey"]);
    assert!(rp.sources.join("fido2/server.py").is_file());
    assert!(rp.packages.contains(&("fido2".to_owned(), "2.2.1".to_owned())));
}

#[test]
fn webauthn_rs_hands_out_challenges() {
    let Some(rp) = rps::start("webauthn-rs") else { return };
    let creation = send(&rp, "POST", "/register_start/a", &[], None);
    assert_eq!(creation.status, 200, "{creation:?}");
    assert_eq!(creation.json["publicKey"]["rp"]["id"], "passrig.test");
    assert_challenge(&creation.json["publicKey"]);
    assert!(rp.sources.join("webauthn-rs-core-0.6.2/src/core.rs").is_file());
    assert!(rp.packages.contains(&("webauthn-rs".to_owned(), "0.6.2".to_owned())));
}

#[test]
fn go_webauthn_hands_out_challenges() {
    let Some(rp) = rps::start("go-webauthn") else { return };
    let assertion = send(&rp, "POST", "/webauthn/login/start", &[], Some(&json!({})));
    assert_eq!(assertion.status, 200, "{assertion:?}");
    assert_eq!(assertion.json["publicKey"]["rpId"], "passrig.test");
    assert_challenge(&assertion.json["publicKey"]);
    let module = "github.com/go-webauthn/webauthn";
    assert!(rp.sources.join(format!("{module}@v0.18.2/webauthn/login.go")).is_file());
    assert!(rp.packages.contains(&(module.to_owned(), "v0.18.2".to_owned())));
}

#[test]
fn django_otp_webauthn_hands_out_no_challenge_without_a_form_token() {
    let Some(rp) = rps::start("django-otp-webauthn") else { return };
    let begun = send(&rp, "POST", "/webauthn/authentication/begin/", &[], None);
    assert_eq!(begun.status, 403, "{begun:?}");
    assert!(begun.json.to_string().contains("CSRF verification failed"), "{begun:?}");
    assert!(rp.sources.join("django_otp_webauthn/views.py").is_file());
    assert!(rp.packages.contains(&("django-otp-webauthn".to_owned(), "0.10.3".to_owned())));
}

#[test]
fn names_its_packages_and_stops_on_drop() {
    let Some(rp) = rps::start("simplewebauthn") else { return };
    assert!(
        rp.packages
            .iter()
            .any(|(name, version)| name == "@simplewebauthn/server" && version == "14.0.3")
    );
    assert!(rp.dir.join("node_modules/@simplewebauthn/server/package.json").is_file());

    let address = rp.connect_to.clone();
    TcpStream::connect(&address).unwrap();
    drop(rp);
    TcpStream::connect(&address).unwrap_err();
}

#[derive(Debug)]
struct Response {
    status: u16,
    cookies: Vec<String>,
    json: Value,
}

fn assert_challenge(options: &Value) {
    let challenge = options["challenge"].as_str().unwrap_or_default();
    assert!(challenge.len() >= 22, "§13.4.3 wants 16 octets at least: {options}");
}

/// One request on a connection of its own. HTTP/1.0, so that the body ends where the connection does.
fn send(
    rp: &Running,
    method: &str,
    path: &str,
    cookies: &[String],
    json: Option<&Value>,
) -> Response {
    let body = json.map(Value::to_string).unwrap_or_default();
    let head = [
        format!("{method} {path} HTTP/1.0"),
        format!("Host: {HOST}"),
        format!("Origin: {}", rp.url),
        format!("Cookie: {}", cookies.join("; ")),
        "Content-Type: application/json".to_owned(),
        format!("Content-Length: {}", body.len()),
    ];
    let mut stream = connect(rp);
    write!(stream, "{}\r\n\r\n{body}", head.join("\r\n")).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // Python's servers close without TLS's close_notify; a body that was cut short is no JSON.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
        read => drop(read.unwrap()),
    }
    let answer = String::from_utf8(answer).unwrap();

    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let cookies = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .map(|(_, cookie)| cookie.split(';').next().unwrap().to_owned())
        .collect();
    Response {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        cookies,
        // A page is a text.
        json: serde_json::from_str(body).unwrap_or_else(|_| Value::from(body)),
    }
}

fn connect(rp: &Running) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&rp.ca).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(HOST).unwrap();
    let socket = TcpStream::connect(&rp.connect_to).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket)
}
