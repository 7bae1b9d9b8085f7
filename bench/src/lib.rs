//! What the benchmarks do: the same ceremonies with passrig, with the crate
//! `passkey`, and with p256 alone.
//!
//! Everything goes from text to text: options JSON in, response JSON out.

#![allow(clippy::missing_panics_doc, reason = "benchmarks stop where anything is wrong")]

mod bare;
mod peer;
mod rig;
mod server;

pub use bare::Bare;
pub use peer::Peer;
pub use rig::Rig;
pub use server::Server;

/// The page that all ceremonies are on.
pub const ORIGIN: &str = "https://login.example.org";
/// The relying party that it belongs to.
pub const RP_ID: &str = "example.org";

/// Options for a registration, as servers send them: no attestation, a
/// discoverable credential.
pub fn creation_options() -> String {
    serde_json::json!({
        "rp": {"id": RP_ID, "name": "Example"},
        "user": {"id": "MDEyMzQ1Njc4OWFiY2RlZg", "name": "ada", "displayName": "Ada"},
        "challenge": "Y2hhbGxlbmdlIGZvciBhIHJlZ2lzdHJhdGlvbiwgMzI",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "timeout": 300_000,
        "excludeCredentials": [],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "preferred"},
        "attestation": "none",
    })
    .to_string()
}

/// Options for an authentication with the credential that has this id, or with
/// any.
pub fn request_options(id: Option<&str>) -> String {
    let allow: Vec<_> = id
        .iter()
        .map(|id| serde_json::json!({"type": "public-key", "id": id, "transports": ["internal"]}))
        .collect();
    serde_json::json!({
        "challenge": "Y2hhbGxlbmdlIGZvciBhbiBhdXRoZW50aWNhdGlvbjI",
        "rpId": RP_ID,
        "timeout": 300_000,
        "allowCredentials": allow,
        "userVerification": "preferred",
    })
    .to_string()
}

/// The id of the credential in a response.
pub fn id_of(response: &str) -> String {
    let response: serde_json::Value = serde_json::from_str(response).unwrap();
    response["id"].as_str().unwrap().to_owned()
}
