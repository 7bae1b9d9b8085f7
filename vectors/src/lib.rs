//! Published WebAuthn test vectors as data, with typed loaders.
//!
//! Where the data come from, and under which licence, stands in
//! `data/README.md`. This crate holds no expectations of its own.

use std::collections::BTreeMap;

use serde::Deserialize;

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

/// The data file is not what the loader expects.
#[derive(Debug, thiserror::Error)]
#[error("the vector file is malformed")]
pub struct Error(#[from] serde_json::Error);

#[derive(Deserialize)]
struct File {
    attestation_root: Ceremony,
    vectors: Vec<Vector>,
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
        let hex = self.fields.get(name)?;
        let pairs = hex.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
