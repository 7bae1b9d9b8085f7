//! Options as relying parties send them: `PublicKeyCredentialCreationOptionsJSON`
//! and `PublicKeyCredentialRequestOptionsJSON` (§5.1.8, §5.1.9).
//!
//! Enumerations stay texts, because a client must ignore values that it does
//! not know (§2.1.1). Accessors read them as a client does.

mod convert;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::base64url::Base64UrlBytes;
use super::cose::Algorithm;
use super::webidl;
pub use super::webidl::{Error, ErrorKind};

/// Options for a registration.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    /// The relying party.
    pub rp: RpEntity,
    /// The account.
    pub user: UserEntity,
    /// The challenge.
    pub challenge: Base64UrlBytes,
    /// Acceptable algorithms, the preferred first. Empty means ES256, RS256.
    pub pub_key_cred_params: Vec<CredentialParameters>,
    /// Milliseconds that the caller will wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Credentials that must not be on the same authenticator already.
    pub exclude_credentials: Vec<CredentialDescriptor>,
    /// What kind of authenticator and credential is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_selection: Option<AuthenticatorSelection>,
    /// Hints to the user interface.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Attestation conveyance preference; absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation: Option<String>,
    /// Preferred attestation statement formats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attestation_formats: Vec<String>,
    /// Extension inputs by identifier.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
}

/// Options for an authentication.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    /// The challenge.
    pub challenge: Base64UrlBytes,
    /// Milliseconds that the caller will wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// The RP id; absent means the effective domain of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rp_id: Option<String>,
    /// Acceptable credentials; empty asks for a discoverable one.
    pub allow_credentials: Vec<CredentialDescriptor>,
    /// The user verification requirement; absent means preferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_verification: Option<String>,
    /// Hints to the user interface.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Extension inputs by identifier.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
}

/// The relying party in creation options.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RpEntity {
    /// The RP id; absent means the effective domain of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A name for people.
    pub name: String,
}

/// The account in creation options.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEntity {
    /// The user handle, 1 to 64 octets.
    pub id: Base64UrlBytes,
    /// The account's name, for people.
    pub name: String,
    /// The person's name, for people.
    pub display_name: String,
}

/// A type of credential and the algorithm to use with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CredentialParameters {
    /// `public-key`; parameters of any other type are ignored.
    #[serde(rename = "type")]
    pub kind: String,
    /// The algorithm.
    pub alg: Algorithm,
}

/// A reference to a credential.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CredentialDescriptor {
    /// `public-key`; descriptors of any other type are ignored.
    #[serde(rename = "type")]
    pub kind: String,
    /// The credential id.
    pub id: Base64UrlBytes,
    /// How the client may reach it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

/// What kind of authenticator and credential is wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
pub struct AuthenticatorSelection {
    /// `platform` or `cross-platform`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// `discouraged`, `preferred` or `required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_key: Option<String>,
    /// What Level 1 had in place of `residentKey`.
    pub require_resident_key: bool,
    /// `discouraged`, `preferred` or `required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_verification: Option<String>,
}

/// A requirement of user verification or of a discoverable credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Requirement {
    /// The relying party insists.
    Required,
    /// It would like it.
    Preferred,
    /// It would rather not have it.
    Discouraged,
}

impl Requirement {
    /// Reads an option's text; values unknown to a client are absent.
    pub fn parse(text: Option<&str>) -> Option<Self> {
        match text? {
            "required" => Some(Self::Required),
            "preferred" => Some(Self::Preferred),
            "discouraged" => Some(Self::Discouraged),
            _ => None,
        }
    }

    /// The text that options carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
            Self::Discouraged => "discouraged",
        }
    }
}

impl CreationOptions {
    /// Converts `PublicKeyCredentialCreationOptionsJSON` as a client does;
    /// unknown members are ignored.
    pub fn parse(value: &Value) -> Result<Self, Error> {
        webidl::convert(value, convert::creation)
    }

    /// The user verification requirement, preferred unless stated.
    pub fn user_verification(&self) -> Requirement {
        let selection = self.authenticator_selection.as_ref();
        Requirement::parse(selection.and_then(|s| s.user_verification.as_deref()))
            .unwrap_or(Requirement::Preferred)
    }

    /// The requirement of a discoverable credential: `residentKey`, or what
    /// `requireResidentKey` means in its absence.
    pub fn resident_key(&self) -> Requirement {
        let selection = self.authenticator_selection.as_ref();
        Requirement::parse(selection.and_then(|s| s.resident_key.as_deref())).unwrap_or(
            match selection {
                Some(selection) if selection.require_resident_key => Requirement::Required,
                _ => Requirement::Discouraged,
            },
        )
    }

    /// The acceptable algorithms in order, with the client's default for an
    /// empty list (§5.1.3 step 10).
    pub fn algorithms(&self) -> Vec<Algorithm> {
        if self.pub_key_cred_params.is_empty() {
            return vec![Algorithm::ES256, Algorithm::RS256];
        }
        let known = self.pub_key_cred_params.iter().filter(|p| p.kind == "public-key");
        known.map(|p| p.alg).collect()
    }
}

impl RequestOptions {
    /// Converts `PublicKeyCredentialRequestOptionsJSON` as a client does;
    /// unknown members are ignored.
    pub fn parse(value: &Value) -> Result<Self, Error> {
        webidl::convert(value, convert::request)
    }

    /// The user verification requirement, preferred unless stated.
    pub fn user_verification(&self) -> Requirement {
        Requirement::parse(self.user_verification.as_deref()).unwrap_or(Requirement::Preferred)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn creation() -> Value {
        json!({
            "rp": {"name": "Example"},
            "user": {"id": "AQ", "name": "a", "displayName": "A"},
            "challenge": "AAAA",
            "pubKeyCredParams": [{"type": "other", "alg": -7}, {"type": "public-key", "alg": -257}],
            "unknown": [1],
        })
    }

    #[test]
    fn defaults_are_a_clients() {
        let options = CreationOptions::parse(&creation()).unwrap();
        assert_eq!(options.user_verification(), Requirement::Preferred);
        assert_eq!(options.resident_key(), Requirement::Discouraged);
        assert_eq!(options.algorithms(), [Algorithm::RS256]);
        let mut odd = creation();
        odd["pubKeyCredParams"] = json!([]);
        odd["authenticatorSelection"] =
            json!({"requireResidentKey": true, "userVerification": "later"});
        let options = CreationOptions::parse(&odd).unwrap();
        assert_eq!(options.resident_key(), Requirement::Required);
        assert_eq!(options.user_verification(), Requirement::Preferred);
        assert_eq!(options.algorithms(), [Algorithm::ES256, Algorithm::RS256]);
    }

    #[test]
    fn errors_name_the_member() {
        let at = |edit: &dyn Fn(&mut Value)| {
            let mut options = creation();
            edit(&mut options);
            CreationOptions::parse(&options).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            at(&|o| { o.as_object_mut().unwrap().remove("challenge"); }),
            @"invalid options at `challenge`: expected base64url, found nothing"
        );
        insta::assert_snapshot!(
            at(&|o| o["user"]["id"] = json!("AQ==")),
            @"invalid options at `user.id`: invalid base64url: base64url in WebAuthn JSON carries no padding"
        );
        insta::assert_snapshot!(
            at(&|o| o["pubKeyCredParams"] = json!({"alg": -7})),
            @"invalid options at `pubKeyCredParams`: expected a list, found an object"
        );
    }
}
