//! Accounts without a passkey: made and entered by password, entered by
//! recovery code, closed.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};

use super::answer::{failed, ok, parse};
use super::session::{signed_in, signed_out, with_session};
use super::{RequestBody, Shared};
use crate::relying_party::RelyingParty;
use crate::relying_party::caller::Caller;
use crate::relying_party::ceremony::Granted;
use crate::relying_party::sign_in::{Refused, SignedIn};

pub(super) async fn sign_up(State(rp): Shared, caller: Caller, body: RequestBody) -> Response {
    match parse(body) {
        Ok(request) => entered(&rp, rp.sign_up(&caller, request)),
        Err((status, reason)) => failed(status, &reason),
    }
}

pub(super) async fn sign_in(State(rp): Shared, caller: Caller, body: RequestBody) -> Response {
    match parse(body) {
        Ok(request) => entered(&rp, rp.sign_in_by_password(&caller, &request)),
        Err((status, reason)) => failed(status, &reason),
    }
}

pub(super) async fn recover(State(rp): Shared, caller: Caller, body: RequestBody) -> Response {
    match parse(body) {
        Ok(request) => entered(&rp, rp.recover(&caller, &request)),
        Err((status, reason)) => failed(status, &reason),
    }
}

fn entered(rp: &RelyingParty, outcome: Result<Granted<SignedIn>, Refused>) -> Response {
    match outcome {
        Ok(Granted { answer, token }) => {
            let mut body = json!({"status": "ok", "errorMessage": ""});
            if let (SignedIn::Half, Some(members)) = (answer, body.as_object_mut()) {
                members.insert("awaits".to_owned(), Value::from("passkey"));
            }
            with_session(rp, Json(body).into_response(), token)
        }
        Err(refused) => refusal_response(&refused),
    }
}

fn refusal_response(refused: &Refused) -> Response {
    let status = match refused {
        Refused::Taken(_) => StatusCode::CONFLICT,
        Refused::Paused(_) => StatusCode::TOO_MANY_REQUESTS,
        Refused::Name | Refused::Password | Refused::Failed => StatusCode::BAD_REQUEST,
    };
    let mut response = failed(status, &refused.to_string());
    if let Refused::Paused(pause) = refused {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(pause.as_secs() + 1));
    }
    response
}

/// Ten codes, which nobody can see a second time.
pub(super) async fn recovery_codes(State(rp): Shared, caller: Caller) -> Response {
    let owner = signed_in(&rp.store(), &caller).map(|(_, account)| account.handle.clone());
    let Some(owner) = owner else { return signed_out() };
    let codes = rp.recovery_codes(&caller, owner);
    Json(json!({"status": "ok", "errorMessage": "", "codes": codes})).into_response()
}

/// What there is beside the passkeys.
pub(super) async fn describe(State(rp): Shared, caller: Caller) -> Response {
    let store = rp.store();
    let Some((_, account)) = signed_in(&store, &caller) else { return signed_out() };
    Json(json!({
        "username": account.username,
        "userId": base64url::encode(&account.handle.0),
        "password": store.password(&account.handle).is_some(),
        "recoveryCodes": store.codes(&account.handle).map_or(0, |codes| codes.left()),
        "secondFactor": rp.config.second_factor,
    }))
    .into_response()
}

pub(super) async fn close(State(rp): Shared, caller: Caller) -> Response {
    let mut store = rp.store();
    let Some((session, account)) = signed_in(&store, &caller) else { return signed_out() };
    let handle = account.handle.clone();
    rp.behaviour.close_account(&mut store, &handle);
    store.close_session(session);
    ok()
}
