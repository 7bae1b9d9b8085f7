//! Targets that cannot be spoken to.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::run::check;
use crate::server::Act::Behave;
use crate::server::{nobody, relying_party};

#[tokio::test]
async fn a_closed_port() {
    let run = check(&nobody().await, "").await;
    insta::assert_snapshot!(run.is_not_testable().said, @r#"
sent POST http://127.0.0.1:PORT/attestation/options
     {"attestation":"none","authenticatorSelection":{"residentKey":"preferred","userVerification":"required"},"displayName":"Passrig
     user-verification=required attestation=none
     login=username","username":"passrig-cf0c76abbb1f"}
got  nobody listens at 127.0.0.1:PORT

  × an honest registration cannot be carried out: register step 1 (POST
  │ /attestation/options): nobody listens at 127.0.0.1:PORT
  help: is the relying party running, and on this port?
"#);
}

#[tokio::test]
async fn an_unknown_host() {
    let run = check("http://nowhere.invalid", "").await;
    let complaint = run.is_not_testable().complaint();
    assert!(complaint.contains("nowhere.invalid has no address"), "{complaint}");
    assert!(complaint.contains("--connect-to"), "{complaint}");
}

#[tokio::test]
async fn a_certificate_that_nobody_knows() {
    // Stands in `harness/tests/target_rp/network.rs`, too: the two packages' tests share no code.
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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let elsewhere = format!("--connect-to {address}");
    let run = check("https://login.passrig.test", &elsewhere).await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): no TLS with login.passrig.test: invalid peer
│ certificate: UnknownIssuer
help: give the CA of a test certificate with --ca FILE, or use --insecure
");
}

#[tokio::test]
async fn plain_http_behind_https() {
    let url = relying_party(|_| Behave).await.replace("http:", "https:");
    let run = check(&url, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): no TLS with 127.0.0.1: received corrupt message of
│ type InvalidContentType
help: does this port speak TLS? If not, the URL begins with http:
");
}

#[tokio::test]
async fn a_host_that_nobody_named() {
    let run = check("http://192.0.2.1", "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): expected an address of this machine for
│ 192.0.2.1:80, found 192.0.2.1
help: only if you may test it: --allow-host 192.0.2.1:80
");
}
