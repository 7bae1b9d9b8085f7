//! Published WebAuthn test vectors as data, with typed loaders.
//!
//! Where the data come from, and under which licence, stands in
//! `data/README.md`. This crate holds no expectations of its own.

mod javascript;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::Value;

/// The vectors of WebAuthn Level 3, section 16.
pub fn w3c() -> Result<Vec<Vector>, Error> {
    let file: File = serde_json::from_str(include_str!("../data/w3c-l3.json"))?;
    Ok(file.vectors)
}

/// The attestation trust root certificate of the same vectors: its key, its
/// serial number and itself, as `attestation_ca_key`,
/// `attestation_ca_serial_number` and `attestation_ca_cert`.
pub fn w3c_root() -> Result<Ceremony, Error> {
    let file: File = serde_json::from_str(include_str!("../data/w3c-l3.json"))?;
    Ok(file.attestation_root)
}

/// The vectors of `hmac-secret`, which `prf` is built on.
pub fn w3c_hmac_secret() -> Result<HmacSecret, Error> {
    let file: File = serde_json::from_str(include_str!("../data/w3c-l3.json"))?;
    Ok(file.prf_ctap_hmac_secret)
}

/// The examples of what `prf` takes and gives.
pub fn w3c_prf() -> Result<Vec<PrfExample>, Error> {
    let file: File = serde_json::from_str(include_str!("../data/w3c-l3.json"))?;
    Ok(file.prf_webauthn_api_examples)
}

/// The data file is not what the loader expects.
#[derive(Debug, thiserror::Error)]
#[error("the vector file is malformed")]
pub struct Error(#[from] serde_json::Error);

#[derive(Deserialize)]
struct File {
    attestation_root: Ceremony,
    vectors: Vec<Vector>,
    prf_ctap_hmac_secret: HmacSecret,
    prf_webauthn_api_examples: Vec<PrfExample>,
}

/// A registration, and an authentication with the credential that it made.
#[derive(Clone, Debug, Deserialize)]
pub struct Vector {
    /// The identifier, such as `none.ES256`; also the `info` of every
    /// derivation.
    pub id: String,
    /// The RP id.
    pub rp_id: String,
    /// The origin of the page.
    pub origin: String,
    /// The registration.
    pub registration: Ceremony,
    /// The authentication.
    pub authentication: Ceremony,
}

/// The values of one ceremony, or of the trust root.
#[derive(Clone, Debug, Deserialize)]
pub struct Ceremony {
    fields: BTreeMap<String, String>,
}

impl Ceremony {
    /// The octets under a name of the specification, such as `clientDataJSON`.
    pub fn field(&self, name: &str) -> Option<Vec<u8>> {
        octets(self.fields.get(name)?)
    }
}

/// Evaluations of one credential's pseudo-random function.
#[derive(Clone, Debug, Deserialize)]
pub struct HmacSecret {
    /// What the cases have in common.
    pub shared: Shared,
    /// The cases.
    pub cases: Vec<Case>,
}

/// Keys and secrets of the two parties.
#[derive(Clone, Debug, Deserialize)]
pub struct Shared {
    /// The private key of the client's key agreement.
    #[serde(deserialize_with = "hexadecimal")]
    pub platform_key_agreement_private_key: Vec<u8>,
    /// The public key of the authenticator's.
    pub authenticator_key_agreement_public_key: PublicKey,
    /// The credential's secret.
    #[serde(deserialize_with = "hexadecimal")]
    pub authenticator_cred_random: Vec<u8>,
}

/// A COSE key on P-256, but for its constant members.
#[derive(Clone, Debug, Deserialize)]
pub struct PublicKey {
    /// The x coordinate.
    #[serde(rename = "-2", deserialize_with = "hexadecimal")]
    pub x: Vec<u8>,
    /// The y coordinate.
    #[serde(rename = "-3", deserialize_with = "hexadecimal")]
    pub y: Vec<u8>,
}

/// One evaluation, at one input or two.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The PIN/UV auth protocol.
    pub pin_uv_auth_protocol: u8,
    /// Its values, such as `salt_enc`.
    #[serde(flatten)]
    pub values: Ceremony,
}

/// An example of inputs and outputs of `prf`.
#[derive(Clone, Debug, Deserialize)]
pub struct PrfExample {
    /// What it shows.
    pub about: String,
    js: String,
}

impl PrfExample {
    /// Its objects, each with the comment that it stands under. Octets are
    /// arrays of numbers; `null` stands for any octets.
    pub fn objects(&self) -> Option<Vec<(String, Value)>> {
        javascript::objects(&self.js)
    }
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn hexadecimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    octets(&text).ok_or_else(|| de::Error::custom("no octets in hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prf_is_about_loads_and_decodes() {
        let HmacSecret { shared, cases } = w3c_hmac_secret().unwrap();
        let key = shared.authenticator_key_agreement_public_key;
        for octets in [
            shared.platform_key_agreement_private_key,
            key.x,
            key.y,
            shared.authenticator_cred_random,
        ] {
            assert_eq!(octets.len(), 32);
        }
        assert_eq!(cases.len(), 3);
        for case in cases {
            for name in ["prf_eval_first", "salt_enc", "output_enc", "prf_results_first"] {
                assert!(case.values.field(name).is_some(), "{} {name}", case.name);
            }
        }
        let examples = w3c_prf().unwrap();
        let objects = examples.iter().map(|example| example.objects().unwrap().len());
        assert_eq!(objects.collect::<Vec<_>>(), [4, 6, 4, 2]);
    }

    #[test]
    fn all_fifteen_load_and_decode() {
        let vectors = w3c().unwrap();
        assert_eq!(vectors.len(), 15);
        for vector in &vectors {
            for name in ["clientDataJSON", "attestationObject", "challenge"] {
                assert!(vector.registration.field(name).is_some(), "{} {name}", vector.id);
            }
            for name in ["clientDataJSON", "authenticatorData", "signature"] {
                assert!(vector.authentication.field(name).is_some(), "{} {name}", vector.id);
            }
        }
    }
}
