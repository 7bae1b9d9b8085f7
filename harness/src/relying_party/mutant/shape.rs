//! Mutants that accept a member with another JSON type.

use passrig_authenticator::wire::{Json, base64url};
use serde_json::{Value, json};

use super::base64::MEMBERS;
use super::{Mutant, MutantKind, loosely, repair_body};
use crate::relying_party::verify::Procedure::{Derive, Verify};
use crate::relying_party::verify::{Evidence, StepResult, authentication, registration, shared};

const REGISTRATION: &[&str] = &["7.1/3"];
const AUTHENTICATION: &[&str] = &["7.2/3"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (REGISTRATION, "octets-listed", "takes lists of numbers for octets or characters", Derive(|e| repair_body(e, registration::response, unlist))),
        (AUTHENTICATION, "octets-listed", "takes lists of numbers for octets or characters", Derive(|e| repair_body(e, authentication::response, unlist))),
        (REGISTRATION, "type-unread", "does not look at a credential's type", Derive(|e| repair_body(e, registration::response, retype))),
        (AUTHENTICATION, "type-unread", "does not look at a credential's type", Derive(|e| repair_body(e, authentication::response, retype))),
        (REGISTRATION, "ids-coerced", "takes the rawId where the id is no text, and the id where the rawId is none", Derive(|e| repair_body(e, registration::response, coerce_ids))),
        (AUTHENTICATION, "ids-coerced", "takes the rawId where the id is no text, and the id where the rawId is none", Derive(|e| repair_body(e, authentication::response, coerce_ids))),
        (REGISTRATION, "results-unread", "does not look at extension results that are no object", Derive(|e| repair_body(e, registration::response, drop_results))),
        (AUTHENTICATION, "results-unread", "does not look at extension results that are no object", Derive(|e| repair_body(e, authentication::response, drop_results))),
        (AUTHENTICATION, "handle-unread", "does not look at a user handle that is no text", Derive(|e| repair_body(e, authentication::response, drop_handle))),
        (&["7.1/8", "7.2/11"], "characters-listed", "takes a list of character codes for the challenge", Verify(challenge_listed)),
    ])
}

/// The bytes of `[1, 2]`, and of what Node.js makes of a buffer.
fn listed(value: &Value) -> Option<Vec<u8>> {
    let items = value.as_array().or_else(|| value.get("data")?.as_array())?;
    items.iter().map(|item| u8::try_from(item.as_u64()?).ok()).collect()
}

fn unlist(body: &mut Value) {
    for member in MEMBERS {
        let Some(value) = body.pointer_mut(member) else { continue };
        if let Some(octets) = listed(value) {
            let text = String::from_utf8(octets.clone()).ok();
            let text = text.filter(|text| base64url::decode(text).is_ok());
            *value = text.unwrap_or_else(|| base64url::encode(&octets)).into();
        }
    }
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(member) = body.get_mut(name) {
        *member = value;
    }
}

fn retype(body: &mut Value) {
    set(body, "type", json!("public-key"));
}

fn coerce_ids(body: &mut Value) {
    for (one, other) in [("id", "rawId"), ("rawId", "id")] {
        let is_text = body.get(one).is_some_and(Value::is_string);
        if let (false, Some(id)) = (is_text, body.get(other).cloned()) {
            set(body, one, id);
        }
    }
}

fn drop_results(body: &mut Value) {
    if body.get("clientExtensionResults").is_some_and(|results| !results.is_object()) {
        set(body, "clientExtensionResults", json!({}));
    }
}

fn drop_handle(body: &mut Value) {
    if let Some(handle) = body.pointer_mut("/response/userHandle")
        && !handle.is_string()
    {
        *handle = Value::Null;
    }
}

fn challenge_listed(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        let sent = e.client_data.as_ref().and_then(|data| data.member("challenge"));
        let Some(Json::Array(items)) = sent.map(Json::plain) else { return false };
        let code = |item: &Json| match item {
            Json::Number(number) => char::from_u32(u32::try_from(number.as_u64()?).ok()?),
            _ => None,
        };
        let text: Option<String> = items.iter().map(code).collect();
        let pending = e.pending();
        text.zip(pending).is_some_and(|(text, issued)| issued.is_answered_by(&text))
    })
}
