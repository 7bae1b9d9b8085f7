//! Who is there: the session's cookie, and what it stands for.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::header::{COOKIE, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::Shared;
use super::answer::{failed, ok};
use crate::relying_party::RelyingParty;
use crate::relying_party::caller::Caller;
use crate::relying_party::store::{Account, SessionId, Store};

/// Names the check that a request belongs to.
const CHECK: &str = "x-passrig-check";

const SESSION: &str = "session";

pub(super) async fn session(State(rp): Shared, caller: Caller) -> Response {
    let store = rp.store();
    let half = || store.half_signed_in(store.session(caller.token.as_deref()?)?);
    Json(match signed_in(&store, &caller) {
        Some((_, account)) => json!({"signedIn": true, "username": account.username}),
        None if half().is_some() => json!({"signedIn": false, "awaits": "passkey"}),
        None => json!({"signedIn": false}),
    })
    .into_response()
}

pub(super) async fn logout(State(rp): Shared, caller: Caller) -> Response {
    let mut store = rp.store();
    if let Some(session) = caller.token.as_deref().and_then(|token| store.session(token)) {
        rp.behaviour.sign_out(&mut store, session);
    }
    let mut response = ok();
    set_cookie(&mut response, &format!("{SESSION}={}; Max-Age=0", attributes(&rp)));
    response
}

pub(super) fn signed_in<'a>(store: &'a Store, caller: &Caller) -> Option<(SessionId, &'a Account)> {
    let session = store.session(caller.token.as_deref()?)?;
    Some((session, store.signed_in(session)?))
}

pub(in crate::relying_party) fn signed_out() -> Response {
    failed(StatusCode::UNAUTHORIZED, "nobody is signed in")
}

pub(super) fn with_session(
    rp: &RelyingParty,
    mut response: Response,
    token: Option<String>,
) -> Response {
    if let Some(token) = token {
        set_cookie(&mut response, &format!("{SESSION}={token}{}", attributes(rp)));
    }
    response
}

fn attributes(rp: &RelyingParty) -> String {
    let is_encrypted = rp.config.origins.iter().all(|origin| origin.starts_with("https:"));
    rp.behaviour.cookie_attributes(is_encrypted)
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let header = |name: &str| {
            let value = parts.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Self {
            token: session_token(&parts.headers),
            check: header(CHECK).unwrap_or_else(|| "-".to_owned()),
            origin: header(ORIGIN.as_str()),
        })
    }
}

fn session_token(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        pairs.flat_map(|value| value.split(';')).filter_map(|p| p.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION).map(|(_, token)| token.to_owned())
}
