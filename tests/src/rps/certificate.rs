//! A throw-away authority and the certificate it signs: new for every start, gone with the folder.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use super::Error;

/// The PEM files that a server and its callers need.
pub(super) struct Files {
    pub(super) ca: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    /// What a browser is told to believe.
    pub(super) pin: String,
}

/// Writes an authority, and a certificate of it for `host`, into `folder`.
pub(super) fn issue(host: &str, folder: &Path) -> Result<Files, Error> {
    issue_inner(host, folder).map_err(Error::Certificate)
}

fn issue_inner(
    host: &str,
    folder: &Path,
) -> Result<Files, Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "passrig throw-away authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut server = CertificateParams::new([host.to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, host);
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    let files = Files {
        ca: folder.join("ca.pem"),
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
        pin: passrig::browser::pin(server_certificate.der()).unwrap_or_default(),
    };
    fs::write(&files.ca, authority_certificate.pem())?;
    fs::write(&files.certificate, server_certificate.pem())?;
    fs::write(&files.key, server_key.serialize_pem())?;
    Ok(files)
}
