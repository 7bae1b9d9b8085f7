//! Responses as clients send them: `RegistrationResponseJSON` and
//! `AuthenticationResponseJSON` (§5.1), from a client's side as trees and from
//! a relying party's as typed values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::base64url::Base64UrlBytes;
use super::cose::Algorithm;
use super::{Json, Tree};

/// The answer to creation options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationResponse {
    /// The credential id.
    pub id: Base64UrlBytes,
    /// The credential id once more.
    pub raw_id: Base64UrlBytes,
    /// `public-key`
    #[serde(rename = "type")]
    pub kind: String,
    /// `platform` or `cross-platform`, if the client tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// Extension outputs of the client.
    #[serde(default)]
    pub client_extension_results: Map<String, Value>,
    /// What the authenticator made.
    pub response: AttestationResponse,
}

/// The authenticator's part of a registration response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationResponse {
    /// The client data as they were hashed.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: Base64UrlBytes,
    /// The attestation object.
    pub attestation_object: Base64UrlBytes,
    /// An unsigned copy of the authenticator data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_data: Option<Base64UrlBytes>,
    /// How the authenticator may be reached, sorted.
    #[serde(default)]
    pub transports: Vec<String>,
    /// An unsigned copy of the public key, as SubjectPublicKeyInfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Base64UrlBytes>,
    /// An unsigned copy of the key's algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_algorithm: Option<Algorithm>,
}

/// The answer to request options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationResponse {
    /// The credential id.
    pub id: Base64UrlBytes,
    /// The credential id once more.
    pub raw_id: Base64UrlBytes,
    /// `public-key`
    #[serde(rename = "type")]
    pub kind: String,
    /// `platform` or `cross-platform`, if the client tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// Extension outputs of the client.
    #[serde(default)]
    pub client_extension_results: Map<String, Value>,
    /// What the authenticator made.
    pub response: AssertionResponse,
}

/// The authenticator's part of an authentication response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssertionResponse {
    /// The client data as they were hashed.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: Base64UrlBytes,
    /// The authenticator data.
    pub authenticator_data: Base64UrlBytes,
    /// The assertion signature.
    pub signature: Base64UrlBytes,
    /// The account that the credential belongs to, if the authenticator tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<Base64UrlBytes>,
}

fn entry(name: &str, value: Json) -> (String, Json) {
    (name.to_owned(), value)
}

fn credential(
    id: &Base64UrlBytes,
    raw_id: &Base64UrlBytes,
    kind: &str,
    attachment: Option<&str>,
    results: &Map<String, Value>,
    response: Vec<(String, Json)>,
) -> Tree {
    let mut members = vec![
        entry("id", Json::binary(id.as_ref())),
        entry("rawId", Json::binary(raw_id.as_ref())),
        entry("response", Json::Object(response)),
    ];
    members.extend(attachment.map(|text| entry("authenticatorAttachment", Json::text(text))));
    let results = results.iter().map(|(name, value)| (name.clone(), Json::from(value)));
    members.push(entry("clientExtensionResults", Json::object(results)));
    members.push(entry("type", Json::text(kind)));
    Tree::Json(Json::Object(members))
}

impl RegistrationResponse {
    /// The tree. Binary members stay octets, so that edits reach them below
    /// their base64url text.
    pub fn tree(&self) -> Tree {
        let inner = &self.response;
        let transports = inner.transports.iter().map(Json::text).collect();
        let mut response = vec![
            entry("clientDataJSON", Json::binary(inner.client_data_json.as_ref())),
            entry("attestationObject", Json::binary(inner.attestation_object.as_ref())),
        ];
        let data = inner.authenticator_data.as_ref();
        response.extend(data.map(|data| entry("authenticatorData", Json::binary(data.as_ref()))));
        response.push(entry("transports", Json::Array(transports)));
        let key = inner.public_key.as_ref();
        response.extend(key.map(|key| entry("publicKey", Json::binary(key.as_ref()))));
        let algorithm = inner.public_key_algorithm;
        response
            .extend(algorithm.map(|alg| entry("publicKeyAlgorithm", Json::Number(alg.0.into()))));
        credential(
            &self.id,
            &self.raw_id,
            &self.kind,
            self.authenticator_attachment.as_deref(),
            &self.client_extension_results,
            response,
        )
    }
}

impl AuthenticationResponse {
    /// The tree. Binary members stay octets, so that edits reach them below
    /// their base64url text.
    pub fn tree(&self) -> Tree {
        let inner = &self.response;
        let mut response = vec![
            entry("clientDataJSON", Json::binary(inner.client_data_json.as_ref())),
            entry("authenticatorData", Json::binary(inner.authenticator_data.as_ref())),
            entry("signature", Json::binary(inner.signature.as_ref())),
        ];
        let handle = inner.user_handle.as_ref();
        response.extend(handle.map(|handle| entry("userHandle", Json::binary(handle.as_ref()))));
        credential(
            &self.id,
            &self.raw_id,
            &self.kind,
            self.authenticator_attachment.as_deref(),
            &self.client_extension_results,
            response,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_and_typed_values_agree() {
        let assertion = AuthenticationResponse {
            id: vec![1].into(),
            raw_id: vec![1].into(),
            kind: "public-key".into(),
            authenticator_attachment: Some("platform".into()),
            client_extension_results: Map::new(),
            response: AssertionResponse {
                client_data_json: b"{}".to_vec().into(),
                authenticator_data: vec![0; 37].into(),
                signature: vec![2].into(),
                user_handle: Some(vec![3].into()),
            },
        };
        let text = assertion.tree().render();
        let read: AuthenticationResponse = serde_json::from_slice(&text).unwrap();
        assert_eq!(read, assertion);
    }
}
