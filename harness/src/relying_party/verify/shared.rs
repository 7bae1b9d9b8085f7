//! Steps that both ceremonies take: client data, RP id and flags.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::options::Requirement;
use passrig_authenticator::wire::{ClientData, Flags, Json};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Evidence, StepResult, Violation, refuse};
use crate::relying_party::policy::EMBEDDER;

/// The response in a body (§7.1 step 3, §7.2 step 3).
pub(super) fn response<T: DeserializeOwned>(body: &Value, kind: &str) -> Result<T, Violation> {
    // Lists in the place of objects would be read as the values of their members, in order.
    if body.is_array() || body.get("response").is_some_and(Value::is_array) {
        return Err(Violation(format!("this is no {kind} response: it is a list, not an object")));
    }
    let read = serde_json::from_value(body.clone());
    read.map_err(|error| Violation(format!("this is no {kind} response: {error}")))
}

/// The type and the two IDs of a response.
pub(super) fn public_key(kind: &str, has_one_id: bool) -> StepResult {
    match kind {
        "public-key" if has_one_id => Ok(()),
        "public-key" => refuse("id and rawId are not the same"),
        other => refuse(format!("the credential is of type `{other}`")),
    }
}

/// §7.1 step 6, §7.2 step 9; the UTF-8 decode before them never fails.
pub(crate) fn client_data(e: &mut Evidence<'_>) -> StepResult {
    let Some(bytes) = e.client_data_json() else { return Ok(()) };
    match ClientData::decode(bytes) {
        Ok(json @ Json::Object(_)) => e.client_data = Some(json),
        Ok(_) => return refuse("the client data are JSON, but no object"),
        Err(error) => return refuse(format!("the client data are not JSON: {error}")),
    }
    Ok(())
}

/// §7.1 step 7, §7.2 step 10
pub(crate) fn kind(e: &Evidence<'_>) -> StepResult {
    let expected = expected_kind(e.ceremony);
    match e.text("type") {
        _ if e.client_data.is_none() => Ok(()),
        Some(sent) if sent == expected => Ok(()),
        Some(sent) => refuse(format!("the type is `{sent}`, not `{expected}`")),
        None => refuse("the client data have no type"),
    }
}

/// The client data's type in this ceremony.
pub(crate) fn expected_kind(ceremony: Ceremony) -> &'static str {
    match ceremony {
        Ceremony::Registration => "webauthn.create",
        Ceremony::Authentication => "webauthn.get",
    }
}

/// §7.1 step 8, §7.2 step 11
pub(crate) fn challenge(e: &Evidence<'_>) -> StepResult {
    if e.client_data.is_none() {
        return Ok(());
    }
    let Some(pending) = e.pending() else {
        return refuse(match e.is_late() {
            true => "the challenge has expired",
            false => "no challenge is pending in this session",
        });
    };
    match e.sent_challenge() {
        Some(sent) if pending.is_answered_by(&sent) => Ok(()),
        Some(_) => refuse("the challenge is not the one that this session has to answer"),
        None => refuse("the client data have no challenge"),
    }
}

/// §7.1 step 9, §7.2 step 12: whole origins are compared, as §13.5.9 asks.
pub(crate) fn origin(e: &Evidence<'_>) -> StepResult {
    match e.text("origin") {
        _ if e.client_data.is_none() => Ok(()),
        Some(sent) if e.config.origins.contains(&sent) => Ok(()),
        Some(sent) if e.config.related_origins.contains(&sent) => Ok(()),
        Some(sent) => refuse(format!("the origin `{sent}` is not one that this RP serves")),
        None => refuse("the client data have no origin"),
    }
}

/// §7.1 step 10, §7.2 step 13
pub(crate) fn cross_origin(e: &Evidence<'_>) -> StepResult {
    match e.client_data.as_ref().and_then(|data| data.member("crossOrigin")).map(Json::plain) {
        None | Some(Json::Bool(false)) => Ok(()),
        Some(Json::Bool(true)) if framers(e).is_some() => Ok(()),
        Some(Json::Bool(true)) => refuse("the ceremony was framed, which this RP never is"),
        Some(_) => refuse("crossOrigin is no boolean"),
    }
}

/// The origins of the pages that may frame the ceremony.
pub(crate) fn framers(e: &Evidence<'_>) -> Option<Vec<String>> {
    let framed = e.issued().is_some_and(|issued| issued.is_framed);
    e.config.framing.clone().or_else(|| framed.then(|| vec![EMBEDDER.to_owned()]))
}

/// §7.1 step 11, §7.2 step 14
pub(crate) fn top_origin(e: &Evidence<'_>) -> StepResult {
    let data = e.client_data.as_ref();
    let Some(sent) = data.and_then(|data| data.member("topOrigin")) else { return Ok(()) };
    let Some(expected) = framers(e) else {
        return refuse("there is a topOrigin, but nobody frames this RP");
    };
    // Clients set it exactly when crossOrigin is true (§5.8.1).
    if data.and_then(|data| data.member("crossOrigin")).map(Json::plain) != Some(&Json::Bool(true))
    {
        return refuse("there is a topOrigin, but nobody frames the page");
    }
    match sent.as_text() {
        Some(sent) if expected.contains(&sent) => Ok(()),
        Some(sent) => refuse(format!("the topOrigin `{sent}` is not one that frames this RP")),
        None => refuse("topOrigin is no text"),
    }
}

/// §7.1 step 14, §7.2 step 15
pub(crate) fn rp_id_hash(e: &Evidence<'_>) -> StepResult {
    let expected = used_app_id(e).unwrap_or(&e.config.rp_id);
    match &e.authenticator_data {
        Some(data) if data.rp_id_hash != Sha256::digest(expected).as_slice() => {
            refuse(format!("the RP id hash is not that of `{expected}`"))
        }
        _ => Ok(()),
    }
}

/// §10.1.1: the AppID, if it was asked for and the client says that it was used.
fn used_app_id<'a>(e: &Evidence<'a>) -> Option<&'a str> {
    let asked = e.issued()?.app_id.as_deref()?;
    let results = &e.assertion.as_ref()?.client_extension_results;
    (results.get("appid") == Some(&Value::Bool(true))).then_some(asked)
}

/// §7.1 step 15, §7.2 step 16
pub(crate) fn user_present(e: &Evidence<'_>) -> StepResult {
    match &e.authenticator_data {
        // §7.1 step 15: not if the page created without a dialogue.
        Some(_) if is_conditional_creation(e) => Ok(()),
        Some(data) if !data.flags.has(Flags::UP) => refuse("the user was not present"),
        _ => Ok(()),
    }
}

fn is_conditional_creation(e: &Evidence<'_>) -> bool {
    e.ceremony == Ceremony::Registration && e.issued().is_some_and(|issued| issued.is_conditional)
}

/// §7.1 step 16, §7.2 step 17
pub(crate) fn user_verified(e: &Evidence<'_>) -> StepResult {
    let required = e.issued().map(|issued| issued.user_verification) == Some(Requirement::Required);
    match &e.authenticator_data {
        Some(data) if required && !data.flags.has(Flags::UV) => {
            refuse("user verification was required, and the user was not verified")
        }
        _ => Ok(()),
    }
}

/// §7.1 step 17, §7.2 step 18
pub(crate) fn backup_state(e: &Evidence<'_>) -> StepResult {
    match &e.authenticator_data {
        Some(data) if data.flags.has(Flags::BS) && !data.flags.has(Flags::BE) => {
            refuse("the credential is backed up, but not eligible for backup")
        }
        _ => Ok(()),
    }
}
