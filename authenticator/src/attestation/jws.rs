//! Signed JSON in the compact form (RFC 7515), as services write it: SafetyNet,
//! and the FIDO Metadata Service.

use super::scalars;
use crate::keys::SigningKey;
use crate::wire::cose::Algorithm;
use crate::wire::{Json, Layout, Tree, base64url};

/// A header that names the signer's algorithm and, as RFC 7515 §4.1.6 has them,
/// its certificates.
pub(super) fn header(algorithm: Algorithm, certificates: Vec<Vec<u8>>) -> Json {
    // As in COSE, but that there the name of the curve is the algorithm.
    let alg = match algorithm {
        Algorithm::ESP256 => Algorithm::ES256,
        Algorithm::ESP384 => Algorithm::ES384,
        Algorithm::ESP512 => Algorithm::ES512,
        other => other,
    };
    let variant = base64url::Variant::Base64;
    let certificates = certificates.into_iter().map(|bytes| Json::Binary { bytes, variant });
    Json::object([
        ("alg", Json::text(alg.to_string())),
        ("x5c", Json::Array(certificates.collect())),
    ])
}

/// What is to be signed of rendered parts.
pub(super) fn signing_input(header: &[u8], payload: &[u8]) -> String {
    format!("{}.{}", base64url::encode(header), base64url::encode(payload))
}

/// The signature as JOSE has it: r and s side by side for ECDSA (RFC 7518
/// §3.4), others as they are.
pub(super) fn signature(signer: &SigningKey, input: &str) -> Tree {
    let signature = signer.sign(input.as_bytes());
    match scalars(signer.algorithm(), &signature) {
        Some([r, s]) => {
            Tree::Layout(Layout::new().with("r", Tree::Bytes(r)).with("s", Tree::Bytes(s)))
        }
        None => signature,
    }
}

/// The compact form: what was signed, and the octets of the signature.
pub(super) fn compact(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", base64url::encode(signature))
}
