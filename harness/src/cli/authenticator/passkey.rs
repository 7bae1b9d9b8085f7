//! A passkey in the JSON that WebDriver's virtual authenticators, the DevTools
//! protocol and Playwright use for credentials.

use passrig_authenticator::device::extensions::{CredRandom, Protection, StoredExtensions};
use passrig_authenticator::device::{Credential, User};
use passrig_authenticator::keys::SigningKey;
use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::cose::Algorithm;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A credential that travels as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Shape", into = "Shape")]
pub(super) struct Passkey {
    pub(super) credential: Credential,
}

impl Passkey {
    /// The id as everybody prints it.
    pub(super) fn id(&self) -> String {
        base64url::encode(&self.credential.id)
    }
}

impl From<Credential> for Passkey {
    fn from(credential: Credential) -> Self {
        Self { credential }
    }
}

/// The JSON (WebDriver's Credential Parameters), the algorithm, which a private
/// key does not always tell, and what extensions keep.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    credential_id: HiddenBytes,
    is_resident_credential: bool,
    rp_id: String,
    /// PKCS#8.
    private_key: HiddenBytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_handle: Option<HiddenBytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_display_name: Option<String>,
    sign_count: u32,
    #[serde(default)]
    backup_eligibility: bool,
    #[serde(default)]
    backup_state: bool,
    /// Empty where one can be kept and none was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    large_blob: Option<HiddenBytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred_blob: Option<HiddenBytes>,
    /// Level 1 goes without saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred_protect: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cred_random: Option<PrfSecrets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    third_party_payment: Option<bool>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrfSecrets {
    with_uv: HiddenBytes,
    without_uv: HiddenBytes,
}

/// Why JSON is no passkey, beyond its shape.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("credentialId: {0} octets; there are 1 to 1023 (§4)")]
    Id(usize),
    #[error("privateKey: {0}")]
    Key(#[from] passrig_authenticator::keys::Error),
    #[error("privateKey: this is no PKCS#8 private key of a kind that is known here")]
    Kind,
    #[error("isResidentCredential: a discoverable credential needs a userHandle")]
    Nobody,
    #[error("credProtect: {0} is no level; there are 1, 2 and 3")]
    Protection(u8),
    #[error("credRandom: a secret has 32 octets")]
    Secret,
    #[error("backupState: what is not eligible for backup is not backed up (§6.1.3)")]
    Backup,
}

impl TryFrom<Shape> for Passkey {
    type Error = Error;

    fn try_from(shape: Shape) -> Result<Self, Error> {
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
            None => return Err(Error::Nobody),
            Some(handle) => Some(User {
                handle: handle.0,
                name: named(shape.user_name),
                display_name: named(shape.user_display_name),
            }),
        };
        let protection = shape.cred_protect.map_or(Ok(Protection::default()), |level| {
            Protection::from_level(level).ok_or(Error::Protection(level))
        })?;
        Ok(Self::from(Credential {
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
        }))
    }
}

impl TryFrom<PrfSecrets> for CredRandom {
    type Error = Error;

    fn try_from(PrfSecrets { with_uv, without_uv }: PrfSecrets) -> Result<Self, Error> {
        let secret = |octets: HiddenBytes| octets.0.try_into().map_err(|_| Error::Secret);
        Ok(Self { with_uv: secret(with_uv)?, without_uv: secret(without_uv)? })
    }
}

/// The key, for the usual algorithm of its kind if none is named.
fn key(alg: Option<Algorithm>, pkcs8: &[u8]) -> Result<SigningKey, Error> {
    if let Some(alg) = alg {
        return Ok(SigningKey::from_pkcs8(alg, pkcs8)?);
    }
    let mut usual = USUAL.iter().filter_map(|alg| SigningKey::from_pkcs8(*alg, pkcs8).ok());
    usual.next().ok_or(Error::Kind)
}

/// One algorithm for each kind of key, what browsers have first.
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

impl From<Passkey> for Shape {
    fn from(Passkey { credential }: Passkey) -> Self {
        let user = credential.user.as_ref();
        let kept = &credential.extensions;
        let protection = Some(kept.protection).filter(|level| *level != Protection::default());
        let secrets = kept.cred_random.as_ref().map(|secrets| PrfSecrets {
            with_uv: HiddenBytes(secrets.with_uv.to_vec()),
            without_uv: HiddenBytes(secrets.without_uv.to_vec()),
        });
        Self {
            credential_id: HiddenBytes(credential.id.clone()),
            is_resident_credential: user.is_some(),
            rp_id: credential.rp_id.clone(),
            private_key: HiddenBytes(credential.key.to_pkcs8()),
            alg: Some(credential.key.algorithm()),
            user_handle: user.map(|user| HiddenBytes(user.handle.clone())),
            user_name: user.map(|user| user.name.clone()),
            user_display_name: user.map(|user| user.display_name.clone()),
            sign_count: credential.sign_count,
            backup_eligibility: credential.backup_eligible,
            backup_state: credential.backup_state,
            large_blob: kept.large_blob.clone().map(HiddenBytes),
            cred_blob: kept.cred_blob.clone().map(HiddenBytes),
            cred_protect: protection.map(Protection::level),
            cred_random: secrets,
            third_party_payment: kept.third_party_payment.then_some(true),
        }
    }
}

/// Octets as WebDriver writes them; the DevTools protocol writes plain base64,
/// which is read as well.
#[derive(Clone)]
struct HiddenBytes(Vec<u8>);

impl Serialize for HiddenBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for HiddenBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url::decode_lenient(&text).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use passrig_authenticator::keys::ALGORITHMS;
    use serde_json::{Value, json};

    fn passkey(key: SigningKey) -> Passkey {
        Passkey::from(Credential {
            id: vec![1; 16],
            key,
            rp_id: "passrig.test".to_owned(),
            user: Some(User { handle: vec![2], name: "a".into(), display_name: "A".into() }),
            sign_count: 3,
            backup_eligible: true,
            backup_state: false,
            extensions: StoredExtensions::default(),
        })
    }

    #[test]
    fn data_of_extensions_is_exported() {
        let key = SigningKey::from_bytes(Algorithm::ES256, &[1; 32]).unwrap();
        let mut passkey = passkey(key);
        let plain = json!(passkey);
        let members = plain.as_object().unwrap();
        for member in ["largeBlob", "credBlob", "credProtect", "credRandom", "thirdPartyPayment"] {
            assert!(!members.contains_key(member), "{member}");
        }
        passkey.credential.extensions = StoredExtensions {
            protection: Protection::Required,
            cred_random: Some(CredRandom { with_uv: [1; 32], without_uv: [2; 32] }),
            cred_blob: Some(vec![3]),
            large_blob: Some(Vec::new()),
            third_party_payment: true,
        };
        let full = json!(passkey);
        assert_eq!(full["credProtect"], json!(3));
        let read: Passkey = serde_json::from_value(full.clone()).unwrap();
        assert_eq!(read.credential, passkey.credential);
        for (member, value, said) in [
            ("credProtect", json!(4), "credProtect: 4 is no level; there are 1, 2 and 3"),
            (
                "credRandom",
                json!({"withUv": "AA", "withoutUv": "AA"}),
                "credRandom: a secret has 32 octets",
            ),
        ] {
            let mut wrong = full.clone();
            wrong[member] = value;
            let error = serde_json::from_value::<Passkey>(wrong).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }

    #[test]
    fn every_kind_of_key_travels() {
        for alg in ALGORITHMS.iter().copied().filter(|alg| *alg != Algorithm::RS1) {
            let seed = vec![1; SigningKey::seed_len(alg).unwrap()];
            let passkey = passkey(SigningKey::from_bytes(alg, &seed).unwrap());
            let mut json = json!(passkey);
            let read: Passkey = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(read.credential, passkey.credential, "{alg}");

            json.as_object_mut().unwrap().remove("alg");
            let read: Passkey = serde_json::from_value(json).unwrap();
            assert_eq!(read.credential.key.to_pkcs8(), passkey.credential.key.to_pkcs8(), "{alg}");
            assert!(super::super::jwk::jwk(&read.credential.key.public_key()).is_some(), "{alg}");
        }
    }

    #[test]
    fn errors_name_the_member_that_is_invalid() {
        let key = SigningKey::from_bytes(Algorithm::ES256, &[1; 32]).unwrap();
        let good = json!(passkey(key));
        for (member, value, said) in [
            ("credentialId", json!(""), "credentialId: 0 octets; there are 1 to 1023 (§4)"),
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
            let error = serde_json::from_value::<Passkey>(wrong).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }
}
