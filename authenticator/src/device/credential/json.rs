//! A credential in the JSON that WebDriver's virtual authenticators, the DevTools protocol and Playwright use.
//!
//! The members are those of WebDriver's Credential Parameters (§11.5), the algorithm, which a private key does not always
//! tell, and the state of extensions.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Credential, User};
use crate::device::extensions::{CredRandom, Protection, StoredExtensions};
use crate::keys::{self, SigningKey};
use crate::wire::base64url;
use crate::wire::cose::Algorithm;

/// The members. Byte strings are base64url as in WebDriver, or base64 as in the DevTools protocol.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialJson {
    credential_id: Bytes,
    is_resident_credential: bool,
    rp_id: String,
    /// PKCS#8.
    private_key: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_handle: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_display_name: Option<String>,
    sign_count: u32,
    #[serde(default)]
    backup_eligibility: bool,
    #[serde(default)]
    backup_state: bool,
    /// Empty if the credential can have a large blob and none was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    large_blob: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred_blob: Option<Bytes>,
    /// Absent for level 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred_protect: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred_random: Option<Secrets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    third_party_payment: Option<bool>,
}

/// The secrets of `hmac-secret` and `prf`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secrets {
    with_uv: Bytes,
    without_uv: Bytes,
}

/// A member with an invalid value.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("credentialId: expected 1 to 1023 bytes (§4), found {0}")]
    Id(usize),
    #[error("privateKey: {0}")]
    Key(#[from] keys::Error),
    #[error("privateKey: expected a PKCS#8 private key of a supported algorithm")]
    Algorithm,
    #[error("isResidentCredential: a discoverable credential needs a userHandle")]
    UserHandle,
    #[error("credProtect: expected level 1, 2 or 3, found {0}")]
    Protection(u8),
    #[error("credRandom: expected secrets of 32 bytes")]
    Secret,
    #[error(
        "backupState: a credential that is not eligible for backup cannot be backed up (§6.1.3)"
    )]
    Backup,
}

impl TryFrom<CredentialJson> for Credential {
    type Error = Error;

    fn try_from(shape: CredentialJson) -> Result<Self, Error> {
        let id = shape.credential_id.0;
        if !(1..=1023).contains(&id.len()) {
            return Err(Error::Id(id.len()));
        }
        if shape.backup_state && !shape.backup_eligibility {
            return Err(Error::Backup);
        }
        let named = |name: Option<String>| name.unwrap_or_default();
        let user = match shape.user_handle {
            _ if !shape.is_resident_credential => None,
            None => return Err(Error::UserHandle),
            Some(handle) => Some(User {
                handle: handle.0,
                name: named(shape.user_name),
                display_name: named(shape.user_display_name),
            }),
        };
        let protection = shape.cred_protect.map_or(Ok(Protection::default()), |level| {
            Protection::from_level(level).ok_or(Error::Protection(level))
        })?;
        Ok(Self {
            id,
            key: key(shape.alg, &shape.private_key.0)?,
            rp_id: shape.rp_id,
            user,
            sign_count: shape.sign_count,
            backup_eligible: shape.backup_eligibility,
            backup_state: shape.backup_state,
            extensions: StoredExtensions {
                protection,
                cred_random: shape.cred_random.map(TryFrom::try_from).transpose()?,
                cred_blob: shape.cred_blob.map(|blob| blob.0),
                large_blob: shape.large_blob.map(|blob| blob.0),
                third_party_payment: shape.third_party_payment.unwrap_or_default(),
            },
        })
    }
}

impl TryFrom<Secrets> for CredRandom {
    type Error = Error;

    fn try_from(Secrets { with_uv, without_uv }: Secrets) -> Result<Self, Error> {
        let secret = |bytes: Bytes| bytes.0.try_into().map_err(|_| Error::Secret);
        Ok(Self { with_uv: secret(with_uv)?, without_uv: secret(without_uv)? })
    }
}

/// The key, for the usual algorithm of its kind if none is named.
fn key(alg: Option<Algorithm>, pkcs8: &[u8]) -> Result<SigningKey, Error> {
    if let Some(alg) = alg {
        return Ok(SigningKey::from_pkcs8(alg, pkcs8)?);
    }
    let mut usual = USUAL.iter().filter_map(|alg| SigningKey::from_pkcs8(*alg, pkcs8).ok());
    usual.next().ok_or(Error::Algorithm)
}

/// One algorithm for each kind of key, those of browsers first.
const USUAL: &[Algorithm] = &[
    Algorithm::ES256,
    Algorithm::RS256,
    Algorithm::EDDSA,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::ES256K,
    Algorithm::ED448,
    Algorithm::ML_DSA_44,
    Algorithm::ML_DSA_65,
    Algorithm::ML_DSA_87,
];

impl From<Credential> for CredentialJson {
    fn from(credential: Credential) -> Self {
        let user = credential.user.as_ref();
        let kept = &credential.extensions;
        let protection = Some(kept.protection).filter(|level| *level != Protection::default());
        let secrets = kept.cred_random.as_ref().map(|secrets| Secrets {
            with_uv: Bytes(secrets.with_uv.to_vec()),
            without_uv: Bytes(secrets.without_uv.to_vec()),
        });
        Self {
            credential_id: Bytes(credential.id.clone()),
            is_resident_credential: user.is_some(),
            rp_id: credential.rp_id.clone(),
            private_key: Bytes(credential.key.to_pkcs8()),
            alg: Some(credential.key.algorithm()),
            user_handle: user.map(|user| Bytes(user.handle.clone())),
            user_name: user.map(|user| user.name.clone()),
            user_display_name: user.map(|user| user.display_name.clone()),
            sign_count: credential.sign_count,
            backup_eligibility: credential.backup_eligible,
            backup_state: credential.backup_state,
            large_blob: kept.large_blob.clone().map(Bytes),
            cred_blob: kept.cred_blob.clone().map(Bytes),
            cred_protect: protection.map(Protection::level),
            cred_random: secrets,
            third_party_payment: kept.third_party_payment.then_some(true),
        }
    }
}

/// A byte string: written as base64url, read as base64url or base64.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url::decode_lenient(&text).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ALGORITHMS;
    use serde_json::{Value, json};

    fn credential(key: SigningKey) -> Credential {
        Credential {
            id: vec![1; 16],
            key,
            rp_id: "passrig.test".to_owned(),
            user: Some(User { handle: vec![2], name: "a".into(), display_name: "A".into() }),
            sign_count: 3,
            backup_eligible: true,
            backup_state: false,
            extensions: StoredExtensions::default(),
        }
    }

    #[test]
    fn the_state_of_extensions_is_written_and_read() {
        let key = SigningKey::from_bytes(Algorithm::ES256, &[1; 32]).unwrap();
        let mut stored = credential(key);
        let plain = json!(stored);
        let members = plain.as_object().unwrap();
        for member in ["largeBlob", "credBlob", "credProtect", "credRandom", "thirdPartyPayment"] {
            assert!(!members.contains_key(member), "{member}");
        }
        stored.extensions = StoredExtensions {
            protection: Protection::Required,
            cred_random: Some(CredRandom { with_uv: [1; 32], without_uv: [2; 32] }),
            cred_blob: Some(vec![3]),
            large_blob: Some(Vec::new()),
            third_party_payment: true,
        };
        let full = json!(stored);
        assert_eq!(full["credProtect"], json!(3));
        let read: Credential = serde_json::from_value(full.clone()).unwrap();
        assert_eq!(read, stored);
        for (member, value, said) in [
            ("credProtect", json!(4), "credProtect: expected level 1, 2 or 3, found 4"),
            (
                "credRandom",
                json!({"withUv": "AA", "withoutUv": "AA"}),
                "credRandom: expected secrets of 32 bytes",
            ),
        ] {
            let mut wrong = full.clone();
            wrong[member] = value;
            let error = serde_json::from_value::<Credential>(wrong).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }

    #[test]
    fn a_key_of_every_algorithm_is_written_and_read() {
        for alg in ALGORITHMS.iter().copied().filter(|alg| *alg != Algorithm::RS1) {
            let seed = vec![1; SigningKey::seed_len(alg).unwrap()];
            let stored = credential(SigningKey::from_bytes(alg, &seed).unwrap());
            let mut json = json!(stored);
            let read: Credential = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(read, stored, "{alg}");

            json.as_object_mut().unwrap().remove("alg");
            let read: Credential = serde_json::from_value(json).unwrap();
            assert_eq!(read.key.to_pkcs8(), stored.key.to_pkcs8(), "{alg}");
            assert!(read.key.public_key().to_jwk().is_some(), "{alg}");
        }
    }

    #[test]
    fn an_error_names_the_member() {
        let key = SigningKey::from_bytes(Algorithm::ES256, &[1; 32]).unwrap();
        let good = json!(credential(key));
        for (member, value, said) in [
            ("credentialId", json!(""), "credentialId: expected 1 to 1023 bytes (§4), found 0"),
            ("privateKey", json!("AAAA"), "privateKey: the octets are no private key for ES256"),
            (
                "userHandle",
                Value::Null,
                "isResidentCredential: a discoverable credential needs a userHandle",
            ),
            ("alg", json!(0), "privateKey: COSE algorithm 0 is not supported"),
        ] {
            let mut wrong = good.clone();
            wrong[member] = value;
            let error = serde_json::from_value::<Credential>(wrong).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }
}
