//! The meaning of the names of members, fields and paths.

use serde_json::Value;

use super::super::find::{JsonKey, member};
use super::super::har::{HarBody, HarEntry};
use super::super::secrets::names_a_secret;
use super::super::toml::text;

/// The outermost name on the way to a value that says that the value is a secret.
pub(super) fn secret_name(path: &[JsonKey]) -> Option<&str> {
    path.iter().find_map(|key| match key {
        JsonKey::Name(name) if names_a_secret(name) => Some(name.as_str()),
        _ => None,
    })
}

pub(super) fn last_name(path: &[JsonKey]) -> Option<&str> {
    match path.last() {
        Some(JsonKey::Name(name)) => Some(name),
        _ => None,
    }
}

pub(super) fn is_toml(number: &str) -> bool {
    number.parse::<i64>().is_ok() || number.contains(['.', 'e', 'E'])
}

pub(super) fn has_password(body: &HarBody) -> bool {
    match body {
        HarBody::Form(fields) => fields.iter().any(|(name, _)| is_password(name)),
        HarBody::Json(value) => {
            value.as_object().is_some_and(|members| members.keys().any(|name| is_password(name)))
        }
        HarBody::Nothing | HarBody::Other => false,
    }
}

pub(super) fn signs_up(entry: &HarEntry) -> bool {
    let path = entry.url.path().to_ascii_lowercase();
    let words = ["sign-up", "signup", "sign_up", "register", "registration", "join"];
    words.iter().any(|word| path.contains(word))
}

fn is_password(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("passw")
}

/// Members of the response that are written otherwise than usual.
pub(super) fn renames(credential: &Value) -> Option<String> {
    const NAMES: [&str; 5] =
        ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    let renamed: Vec<String> = NAMES
        .into_iter()
        .filter_map(|name| {
            let (written, _) = member(credential, name)?;
            (written != name).then(|| format!("\"response.{name}\" = {}", text(written)))
        })
        .collect();
    (!renamed.is_empty()).then(|| renamed.join(", "))
}

/// The member of a credential that a form's field is called after.
pub(super) fn of_credential(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "id" | "credentialid" | "publickeycredentialid" => "id",
        "rawid" => "rawId",
        "type" => "type",
        "clientdatajson" => "response.clientDataJSON",
        "attestationobject" => "response.attestationObject",
        "authenticatordata" => "response.authenticatorData",
        "signature" => "response.signature",
        "userhandle" => "response.userHandle",
        _ => return None,
    })
}
