//! Extension inputs of clients as relying parties send them:
//! `AuthenticationExtensionsClientInputsJSON` (§5.7.1, §10.1, CTAP 2.3 §12).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::base64url::Base64UrlBytes;
use super::webidl::{self, Error, Input};

/// The inputs that a client knows; others are ignored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientInputs {
    /// `appid`: a U2F AppID that credentials may be scoped to (§10.1.1).
    pub appid: Option<String>,
    /// `appidExclude`: the same for excluded credentials (§10.1.2).
    pub appid_exclude: Option<String>,
    /// `credBlob`: bytes to keep with the credential.
    pub cred_blob: Option<Base64UrlBytes>,
    /// `credProps`: whether the credential is discoverable (§10.1.3).
    pub cred_props: bool,
    /// `credentialProtectionPolicy`: a word for a level of `credProtect`.
    pub credential_protection_policy: Option<String>,
    /// `enforceCredentialProtectionPolicy`: that no authenticator will do which
    /// does not know it.
    pub enforce_credential_protection_policy: bool,
    /// `getCredBlob`: whether to give the bytes back.
    pub get_cred_blob: bool,
    /// `hmacCreateSecret`: `hmac-secret` without `prf` around it.
    pub hmac_create_secret: bool,
    /// `hmacGetSecret`: the same in an assertion.
    pub hmac_get_secret: Option<HmacGetSecret>,
    /// `largeBlob` (§10.1.5).
    pub large_blob: Option<LargeBlobInputs>,
    /// `minPinLength`
    pub min_pin_length: bool,
    /// `prf` (§10.1.4).
    pub prf: Option<PrfInputs>,
    /// `thirdPartyPayment`
    pub third_party_payment: bool,
    /// `uvm` (Level 2 §10.3).
    pub uvm: bool,
}

/// Salts of `hmac-secret`.
#[derive(Clone, Debug, PartialEq)]
pub struct HmacGetSecret {
    /// The first, 32 bytes.
    pub salt1: Base64UrlBytes,
    /// The second.
    pub salt2: Option<Base64UrlBytes>,
}

/// Inputs of `largeBlob`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LargeBlobInputs {
    /// `required`, or else preferred.
    pub support: Option<String>,
    /// True if the blob is to be read.
    pub read: Option<bool>,
    /// The new blob.
    pub write: Option<Base64UrlBytes>,
}

/// Inputs of `prf`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrfInputs {
    /// What to evaluate at, whatever the credential.
    pub eval: Option<PrfValues>,
    /// The same by the base64url of a credential id.
    pub eval_by_credential: Option<BTreeMap<String, PrfValues>>,
}

/// One input or two.
#[derive(Clone, Debug, PartialEq)]
pub struct PrfValues {
    /// The first.
    pub first: Base64UrlBytes,
    /// The second.
    pub second: Option<Base64UrlBytes>,
}

impl ClientInputs {
    /// The identifiers of the inputs.
    pub const IDENTIFIERS: [&str; 14] = [
        "appid",
        "appidExclude",
        "credBlob",
        "credProps",
        "credentialProtectionPolicy",
        "enforceCredentialProtectionPolicy",
        "getCredBlob",
        "hmacCreateSecret",
        "hmacGetSecret",
        "largeBlob",
        "minPinLength",
        "prf",
        "thirdPartyPayment",
        "uvm",
    ];

    /// Converts the extensions of options as a client does.
    pub fn parse(extensions: &Map<String, Value>) -> Result<Self, Error> {
        // Without members there is nothing to convert.
        if extensions.is_empty() {
            return Ok(Self::default());
        }
        let extensions = Value::Object(extensions.clone());
        webidl::convert(&extensions, Self::convert).map_err(|error| error.within("extensions"))
    }

    pub(super) fn convert(input: Input<'_>) -> Result<Self, Error> {
        let members = input.dictionary()?;
        let text = |name| members.optional(name, Input::text);
        let boolean = |name| members.or_default(name, Input::boolean);
        Ok(Self {
            appid: text("appid")?,
            appid_exclude: text("appidExclude")?,
            cred_blob: members.optional("credBlob", Input::bytes)?,
            cred_props: boolean("credProps")?,
            credential_protection_policy: text("credentialProtectionPolicy")?,
            enforce_credential_protection_policy: boolean("enforceCredentialProtectionPolicy")?,
            get_cred_blob: boolean("getCredBlob")?,
            hmac_create_secret: boolean("hmacCreateSecret")?,
            hmac_get_secret: members.optional("hmacGetSecret", HmacGetSecret::convert)?,
            large_blob: members.optional("largeBlob", LargeBlobInputs::convert)?,
            min_pin_length: boolean("minPinLength")?,
            prf: members.optional("prf", PrfInputs::convert)?,
            third_party_payment: boolean("thirdPartyPayment")?,
            uvm: boolean("uvm")?,
        })
    }
}

impl HmacGetSecret {
    fn convert(input: Input<'_>) -> Result<Self, Error> {
        let members = input.dictionary()?;
        Ok(Self {
            salt1: members.required("salt1", "base64url", Input::bytes)?,
            salt2: members.optional("salt2", Input::bytes)?,
        })
    }
}

impl LargeBlobInputs {
    fn convert(input: Input<'_>) -> Result<Self, Error> {
        let members = input.dictionary()?;
        Ok(Self {
            support: members.optional("support", Input::text)?,
            read: members.optional("read", Input::boolean)?,
            write: members.optional("write", Input::bytes)?,
        })
    }
}

impl PrfInputs {
    fn convert(input: Input<'_>) -> Result<Self, Error> {
        let members = input.dictionary()?;
        Ok(Self {
            eval: members.optional("eval", PrfValues::convert)?,
            eval_by_credential: members
                .optional("evalByCredential", |record| record.record(PrfValues::convert))?,
        })
    }
}

impl PrfValues {
    fn convert(input: Input<'_>) -> Result<Self, Error> {
        let members = input.dictionary()?;
        Ok(Self {
            first: members.required("first", "base64url", Input::bytes)?,
            second: members.optional("second", Input::bytes)?,
        })
    }
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
            @"invalid options at `extensions.prf.eval.first`: invalid base64url: base64url in WebAuthn JSON carries no padding"
        );
        insta::assert_snapshot!(
            parse(json!({"largeBlob": true})).unwrap_err(),
            @"invalid options at `extensions.largeBlob`: expected an object, found a boolean"
        );
    }
}
