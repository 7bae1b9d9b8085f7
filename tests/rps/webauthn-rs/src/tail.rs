//! Ours: HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.

use std::net::TcpListener;
use std::{env, io, process, thread};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;

pub(crate) async fn serve(app: Router) -> Result<(), Box<dyn std::error::Error>> {
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().map_err(|_| "there is a provider already")?;
    let tls = RustlsConfig::from_pem_file(env::var("TLS_CERT")?, env::var("TLS_KEY")?).await?;

    let port = env::var("PORT").map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    println!("listening {}", listener.local_addr()?.port());

    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0)
    });
    axum_server::from_tcp_rustls(listener, tls)?.serve(app.into_make_service()).await?;
    Ok(())
}
