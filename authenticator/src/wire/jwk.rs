//! Public keys as JSON Web Keys.

use serde_json::{Value, json};

use super::base64url;
use super::cose::{Key, crv};

impl Key {
    /// The JSON Web Key (RFC 7518 §6, RFC 8037 §2). `None` if JOSE has no name for the curve.
    pub fn to_jwk(&self) -> Option<Value> {
        let alg = self.algorithm().to_string();
        let text = |bytes: &[u8]| base64url::encode(bytes);
        Some(match self {
            Self::Ec2 { crv, x, y, .. } => json!({
                "kty": "EC", "crv": curve(*crv)?, "x": text(x), "y": text(y), "alg": alg,
            }),
            Self::Okp { crv, x, .. } => json!({
                "kty": "OKP", "crv": curve(*crv)?, "x": text(x), "alg": alg,
            }),
            Self::Rsa { n, e, .. } => {
                json!({ "kty": "RSA", "n": text(n), "e": text(e), "alg": alg })
            }
            Self::Akp { public, .. } => json!({ "kty": "AKP", "pub": text(public), "alg": alg }),
        })
    }
}

/// The name of a COSE curve (RFC 9053 §7.1, RFC 8812).
fn curve(curve: i64) -> Option<&'static str> {
    Some(match curve {
        crv::P256 => "P-256",
        crv::P384 => "P-384",
        crv::P521 => "P-521",
        crv::ED25519 => "Ed25519",
        crv::ED448 => "Ed448",
        crv::SECP256K1 => "secp256k1",
        _ => return None,
    })
}
