//! Extension inputs of clients as relying parties send them:
//! `AuthenticationExtensionsClientInputsJSON` (§5.7.1, §10.1, CTAP 2.3 §12).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::base64url::Base64UrlBytes;
use super::options::{self, Error};

/// The inputs that a client knows; others are ignored.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
pub struct ClientInputs {
    /// `appid`: a U2F AppID that credentials may be scoped to (§10.1.1).
    pub appid: Option<String>,
    /// `appidExclude`: the same for excluded credentials (§10.1.2).
    pub appid_exclude: Option<String>,
    /// `credBlob`: bytes to keep with the credential.
    pub cred_blob: Option<Base64UrlBytes>,
    /// `credProps`: whether the credential is discoverable (§10.1.3).
    #[serde(deserialize_with = "truthy")]
    pub cred_props: bool,
    /// `credentialProtectionPolicy`: a word for a level of `credProtect`.
    pub credential_protection_policy: Option<String>,
    /// `enforceCredentialProtectionPolicy`: that no authenticator will do which
    /// does not know it.
    #[serde(deserialize_with = "truthy")]
    pub enforce_credential_protection_policy: bool,
    /// `getCredBlob`: whether to give the bytes back.
    #[serde(deserialize_with = "truthy")]
    pub get_cred_blob: bool,
    /// `hmacCreateSecret`: `hmac-secret` without `prf` around it.
    #[serde(deserialize_with = "truthy")]
    pub hmac_create_secret: bool,
    /// `hmacGetSecret`: the same in an assertion.
    pub hmac_get_secret: Option<HmacGetSecret>,
    /// `largeBlob` (§10.1.5).
    pub large_blob: Option<LargeBlobInputs>,
    /// `minPinLength`
    #[serde(deserialize_with = "truthy")]
    pub min_pin_length: bool,
    /// `prf` (§10.1.4).
    pub prf: Option<PrfInputs>,
    /// `thirdPartyPayment`
    #[serde(deserialize_with = "truthy")]
    pub third_party_payment: bool,
    /// `uvm` (Level 2 §10.3).
    #[serde(deserialize_with = "truthy")]
    pub uvm: bool,
}

/// Salts of `hmac-secret`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(expecting = "an object")]
pub struct HmacGetSecret {
    /// The first, 32 bytes.
    pub salt1: Base64UrlBytes,
    /// The second.
    #[serde(default)]
    pub salt2: Option<Base64UrlBytes>,
}

/// Inputs of `largeBlob`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct LargeBlobInputs {
    /// `required`, or else preferred.
    pub support: Option<String>,
    /// True if the blob is to be read.
    #[serde(deserialize_with = "some_truthy")]
    pub read: Option<bool>,
    /// The new blob.
    pub write: Option<Base64UrlBytes>,
}

/// Inputs of `prf`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
pub struct PrfInputs {
    /// What to evaluate at, whatever the credential.
    pub eval: Option<PrfValues>,
    /// The same by the base64url of a credential id.
    pub eval_by_credential: Option<BTreeMap<String, PrfValues>>,
}

/// One input or two.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(expecting = "an object")]
pub struct PrfValues {
    /// The first.
    pub first: Base64UrlBytes,
    /// The second.
    #[serde(default)]
    pub second: Option<Base64UrlBytes>,
}

impl ClientInputs {
    /// Reads the extensions of options.
    pub fn parse(extensions: &Map<String, Value>) -> Result<Self, Error> {
        options::parse(extensions).map_err(|Error { path, reason }| {
            let path = if path == "." { String::new() } else { format!(".{path}") };
            Error { path: format!("extensions{path}"), reason }
        })
    }
}

/// A truth value as JavaScript takes it.
fn truthy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => false,
        Value::Bool(value) => value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    })
}

fn some_truthy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    truthy(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: Value) -> Result<ClientInputs, String> {
        ClientInputs::parse(value.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn unknown_extensions_are_ignored() {
        let unknown = json!({"txAuthSimple": "pay", "CredProps": true, "a": [1]});
        assert_eq!(parse(unknown), Ok(ClientInputs::default()));
    }

    #[test]
    fn truth_is_javascripts() {
        for (value, truth) in [
            (json!(true), true),
            (json!(1), true),
            (json!("no"), true),
            (json!({}), true),
            (json!(false), false),
            (json!(0), false),
            (json!(""), false),
            (json!(null), false),
        ] {
            let inputs = parse(json!({"uvm": value, "largeBlob": {"read": value}})).unwrap();
            assert_eq!(inputs.uvm, truth, "{value}");
            assert_eq!(inputs.large_blob.unwrap().read, Some(truth), "{value}");
        }
    }

    #[test]
    fn errors_name_the_member() {
        insta::assert_snapshot!(
            parse(json!({"prf": {"eval": {"first": "A==="}}})).unwrap_err(),
            @"the options are unusable at `extensions.prf.eval.first`: base64url in WebAuthn JSON carries no padding"
        );
        insta::assert_snapshot!(
            parse(json!({"largeBlob": true})).unwrap_err(),
            @"the options are unusable at `extensions.largeBlob`: invalid type: boolean `true`, expected an object"
        );
    }
}
