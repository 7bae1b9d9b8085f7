//! TLS as a client.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::storage::{self, Limit, ReadError};
use crate::target_rp::transport::TransportError;

/// The certificates that are trusted.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that the operating system trusts, and these.
    Roots(Vec<CertificateDer<'static>>),
    /// Every one (`--insecure`).
    Anything,
}

impl Default for Trust {
    fn default() -> Self {
        Self::Roots(Vec::new())
    }
}

/// The error of a CA file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum CaError {
    #[error("cannot read the CA file {file}")]
    Read { file: String, source: io::Error },
    #[error(transparent)]
    Content(ReadError),
    #[error("the CA file {file} has no certificate in PEM")]
    Empty { file: String },
}

impl Trust {
    /// The operating system's roots and those of a PEM file.
    pub fn with_ca(path: &Path) -> Result<Self, CaError> {
        let file = path.display().to_string();
        let pem = storage::read(path, Limit::SETTINGS).map_err(|error| match error {
            ReadError::System { source, .. } => CaError::Read { file: file.clone(), source },
            other => CaError::Content(other),
        })?;
        match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
            Ok(certificates) if !certificates.is_empty() => Ok(Self::Roots(certificates)),
            _ => Err(CaError::Empty { file }),
        }
    }
}

/// Makes TLS connections. The roots are loaded when the first is made: a
/// target without TLS does not wait for them.
pub(super) struct Tls {
    trust: Trust,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Tls {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, config: OnceLock::new() }
    }

    pub(super) async fn handshake(
        &self,
        host: &str,
        tcp: TcpStream,
    ) -> Result<TlsStream<TcpStream>, TransportError> {
        let failed = |reason: String| TransportError::Tls { host: host.to_owned(), reason };
        let config = self
            .config
            .get_or_init(|| config(&self.trust).map(Arc::new).map_err(|error| error.to_string()));
        let config = config.clone().map_err(failed)?;
        let name = ServerName::try_from(host.to_owned()).map_err(|e| failed(e.to_string()))?;
        TlsConnector::from(config).connect(name, tcp).await.map_err(|e| failed(e.to_string()))
    }
}

fn config(trust: &Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let Trust::Roots(extra) = trust else {
        let verifier = Arc::new(Unverified(provider));
        return Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(extra.iter().cloned());
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Believes every certificate; the handshake itself stays sound.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
