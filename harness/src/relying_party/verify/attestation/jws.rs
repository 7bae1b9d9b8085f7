//! JSON Web Signatures with certificates (RFC 7515), as services sign what
//! they say.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use passrig_authenticator::keys;
use passrig_authenticator::wire::Der;
use passrig_authenticator::wire::cose::Algorithm;
use serde_json::Value;

use super::certificate::Chain;

/// A JWS in compact serialisation, with its certificates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Jws {
    pub(crate) chain: Chain,
    pub(crate) algorithm: String,
    pub(crate) payload: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Its parts, if it has them.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(octets).map_err(|_| "response is no text")?;
        let (signed, signature) = text.rsplit_once('.').ok_or("response is no JWS")?;
        let (header, payload) = signed.split_once('.').ok_or("response is no JWS")?;
        let octets = |part: &str| {
            Base64UrlUnpadded::decode_vec(part).map_err(|_| "response is not base64url")
        };
        let json = |part: &str| -> Result<Value, &'static str> {
            serde_json::from_slice(&octets(part)?).map_err(|_| "response is not made of JSON")
        };
        let header = json(header)?;
        let x5c = header.get("x5c").and_then(Value::as_array).ok_or("response has no x5c")?;
        let certificates: Vec<_> = x5c
            .iter()
            .map(|item| item.as_str().and_then(|text| Base64::decode_vec(text).ok()))
            .collect();
        Ok(Self {
            chain: Chain::of(certificates.iter().map(Option::as_deref))?,
            algorithm: header.get("alg").and_then(Value::as_str).unwrap_or_default().to_owned(),
            payload: json(payload)?,
            signed: signed.to_owned(),
            signature: octets(signature)?,
        })
    }

    /// Checks that the key of the first certificate signed it, by the algorithm
    /// that the header names.
    pub(crate) fn verify(&self) -> Result<(), String> {
        match self.algorithm.as_str() {
            "RS256" => self.verify_by(Algorithm::RS256),
            "ES256" => self.verify_by(Algorithm::ES256),
            other => Err(format!("it is signed by `{other}`")),
        }
    }

    /// The same by an algorithm of the caller's.
    pub(crate) fn verify_by(&self, algorithm: Algorithm) -> Result<(), String> {
        let signature = match algorithm {
            Algorithm::ES256 => from_r_and_s(&self.signature),
            _ => self.signature.clone(),
        };
        let key = self.chain.leaf.key(algorithm);
        let verified = key.and_then(|key| keys::verify(&key, self.signed.as_bytes(), &signature));
        verified.map_err(|error| error.to_string())
    }
}

/// JOSE's form of an ECDSA signature in that of X.509; anything else comes out
/// as no signature.
fn from_r_and_s(signature: &[u8]) -> Vec<u8> {
    match signature.split_at_checked(32) {
        Some((r, s)) if s.len() == 32 => {
            Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render()
        }
        _ => Vec::new(),
    }
}
