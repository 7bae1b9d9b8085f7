//! The passkeys of the account that is signed in: listed, named, removed.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use passrig_authenticator::wire::base64url;
use serde::Deserialize;
use serde_json::json;

use super::answer::{failed, ok, parse};
use super::session::{signed_in, signed_out};
use super::{RequestBody, Shared};
use crate::relying_party::behaviour::Removal;
use crate::relying_party::caller::Caller;
use crate::relying_party::store::CredentialRecord;

/// How long a passkey's name is at most, in characters.
const LONGEST_NAME: usize = 64;

pub(super) async fn list(State(rp): Shared, caller: Caller) -> Response {
    let store = rp.store();
    let Some((_, account)) = signed_in(&store, &caller) else { return signed_out() };
    let describe = |record: &CredentialRecord| {
        let mut described = json!({
            "id": base64url::encode(&record.id),
            "signCount": record.sign_count,
            "backupState": record.backup_state,
            "transports": record.transports,
        });
        if let (Some(name), Some(members)) = (&record.name, described.as_object_mut()) {
            members.insert("name".to_owned(), name.as_str().into());
        }
        described
    };
    let credentials: Vec<_> = store.records_of(&account.handle).map(describe).collect();
    Json(json!({"credentials": credentials})).into_response()
}

#[derive(Deserialize)]
struct Renaming {
    name: String,
}

pub(super) async fn rename(
    State(rp): Shared,
    caller: Caller,
    Path(id): Path<String>,
    body: RequestBody,
) -> Response {
    let mut store = rp.store();
    let owner = signed_in(&store, &caller).map(|(_, account)| account.handle.clone());
    let Some(owner) = owner else { return signed_out() };
    let Renaming { name } = match parse(body) {
        Ok(renaming) => renaming,
        Err((status, reason)) => return failed(status, &reason),
    };
    let name = name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        let reason = format!("the name has to have 1 to {LONGEST_NAME} characters");
        return failed(StatusCode::BAD_REQUEST, &reason);
    }
    let id = base64url::decode(&id).unwrap_or_default();
    match store.name_record(&owner, &id, name.to_owned()) {
        true => ok(),
        false => not_there(),
    }
}

pub(super) async fn remove(
    State(rp): Shared,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let mut store = rp.store();
    let id = base64url::decode(&id).unwrap_or_default();
    let own =
        signed_in(&store, &caller).map(|(session, account)| (session, account.handle.clone()));
    let (session, owner) = match own {
        Some(own) => own,
        None if rp.behaviour.remove_signed_out(&mut store, &id) => return ok(),
        None => return signed_out(),
    };
    let is_confirmed = query.is_some_and(|query| query.split('&').any(|one| one == "confirm=true"));
    match rp.behaviour.remove(&mut store, session, &owner, &id, is_confirmed) {
        Removal::Done => ok(),
        Removal::ToBeConfirmed => to_be_confirmed(),
        Removal::Unknown => not_there(),
    }
}

fn to_be_confirmed() -> Response {
    let reason = "this is the account's last passkey, and there is neither a password nor a \
                  recovery code: nobody could sign in any more; `confirm=true` removes it all the same";
    let body = json!({"status": "failed", "errorMessage": reason, "confirm": true});
    (StatusCode::CONFLICT, Json(body)).into_response()
}

fn not_there() -> Response {
    failed(StatusCode::NOT_FOUND, "the account has no such credential")
}
