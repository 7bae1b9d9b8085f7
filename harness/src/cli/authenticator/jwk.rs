//! Public keys as JSON Web Keys.

use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::cose::{Key, crv};
use serde_json::{Value, json};

/// The JWK of a public key (RFC 7518 §6, RFC 8037 §2); `None` where its curve
/// has no name there.
pub(super) fn jwk(key: &Key) -> Option<Value> {
    let alg = key.algorithm().to_string();
    let text = |octets: &[u8]| base64url::encode(octets);
    Some(match key {
        Key::Ec2 { crv, x, y, .. } => json!({
            "kty": "EC", "crv": curve(*crv)?, "x": text(x), "y": text(y), "alg": alg,
        }),
        Key::Okp { crv, x, .. } => json!({
            "kty": "OKP", "crv": curve(*crv)?, "x": text(x), "alg": alg,
        }),
        Key::Rsa { n, e, .. } => json!({ "kty": "RSA", "n": text(n), "e": text(e), "alg": alg }),
        Key::Akp { public, .. } => json!({ "kty": "AKP", "pub": text(public), "alg": alg }),
    })
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
