//! Certificates that only this process knows to be right.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// A certificate's key as Chromium wants it named: the base64 of the SHA-256 of
/// its SubjectPublicKeyInfo. `None` for what is no certificate.
pub fn pin(certificate: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let key = certificate.tbs_certificate().subject_public_key_info().to_der().ok()?;
    Some(Base64::encode_string(&Sha256::digest(key)))
}
