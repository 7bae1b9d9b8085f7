//! The relying party as a server.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::header::{COOKIE, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ceremony::{Caller, Granted, Judgement};
use super::store::{Account, Record, Session, Store};
use super::{RelyingParty, audit};

/// The largest body that is read.
const BODY_LIMIT: usize = 1 << 20;

/// Names the check that a request belongs to.
const CHECK: &str = "x-passrig-check";

/// The cookie that carries the session token.
const SESSION: &str = "session";

type Shared = State<Arc<RelyingParty>>;
type Body = Result<Bytes, BytesRejection>;

pub(super) fn router(rp: Arc<RelyingParty>) -> Router {
    Router::new()
        .route("/attestation/options", post(attestation_options))
        .route("/attestation/result", post(attestation_result))
        .route("/assertion/options", post(assertion_options))
        .route("/assertion/result", post(assertion_result))
        .route("/session", get(session))
        .route("/credentials", get(credentials))
        .route("/credentials/{id}", delete(delete_credential))
        .route("/logout", post(logout))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(rp)
}

async fn attestation_options(State(rp): Shared, caller: Caller, body: Body) -> Response {
    let request = match parse(body) {
        Ok(request) => request,
        Err((status, reason)) => return failed(status, &reason),
    };
    match rp.registration_options(&caller, request) {
        Ok(Granted { answer, token }) => with_session(options(&answer), token),
        Err(denied) => failed(StatusCode::FORBIDDEN, &denied.to_string()),
    }
}

async fn assertion_options(State(rp): Shared, caller: Caller, body: Body) -> Response {
    let request = match parse(body) {
        Ok(request) => request,
        Err((status, reason)) => return failed(status, &reason),
    };
    let Granted { answer, token } = rp.authentication_options(&caller, request);
    with_session(options(&answer), token)
}

async fn attestation_result(State(rp): Shared, caller: Caller, body: Body) -> Response {
    result(&rp, Ceremony::Registration, &caller, body).await
}

async fn assertion_result(State(rp): Shared, caller: Caller, body: Body) -> Response {
    result(&rp, Ceremony::Authentication, &caller, body).await
}

async fn result(rp: &RelyingParty, ceremony: Ceremony, caller: &Caller, body: Body) -> Response {
    // What is not JSON is no response either, which is for the steps to say.
    let body = match body {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(rejection) => return failed(rejection.status(), &rejection.body_text()),
    };
    let Granted { answer: Judgement { refused, audit }, token } =
        rp.result(ceremony, caller, &body).await;
    let mut response = match refused {
        Some(reason) => failed(StatusCode::BAD_REQUEST, &reason),
        None => ok(),
    };
    if let (true, Ok(value)) = (rp.config.audit, HeaderValue::try_from(audit.join(" "))) {
        response.headers_mut().insert(HeaderName::from_static(audit::HEADER), value);
    }
    with_session(response, token)
}

async fn session(State(rp): Shared, caller: Caller) -> Response {
    let store = rp.store();
    Json(match signed_in(&store, &caller) {
        Some((_, account)) => json!({"signedIn": true, "username": account.username}),
        None => json!({"signedIn": false}),
    })
    .into_response()
}

async fn credentials(State(rp): Shared, caller: Caller) -> Response {
    let store = rp.store();
    let Some((_, account)) = signed_in(&store, &caller) else { return signed_out() };
    let describe = |record: &Record| {
        json!({
            "id": base64url::encode(&record.id),
            "signCount": record.sign_count,
            "backupState": record.backup_state,
            "transports": record.transports,
        })
    };
    let credentials: Vec<_> = store.records_of(&account.handle).map(describe).collect();
    Json(json!({"credentials": credentials})).into_response()
}

async fn delete_credential(State(rp): Shared, caller: Caller, Path(id): Path<String>) -> Response {
    let mut store = rp.store();
    let Some((_, account)) = signed_in(&store, &caller) else { return signed_out() };
    let owner = account.handle.clone();
    let removed = base64url::decode(&id).ok().and_then(|id| store.remove_record(&owner, &id));
    match removed {
        Some(_) => ok(),
        None => failed(StatusCode::NOT_FOUND, "the account has no such credential"),
    }
}

async fn logout(State(rp): Shared, caller: Caller) -> Response {
    let mut store = rp.store();
    if let Some(session) = caller.token.as_deref().and_then(|token| store.session(token)) {
        store.close_session(session);
    }
    let mut response = ok();
    set_cookie(&mut response, &format!("{SESSION}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"));
    response
}

fn signed_in<'a>(store: &'a Store, caller: &Caller) -> Option<(Session, &'a Account)> {
    let session = store.session(caller.token.as_deref()?)?;
    Some((session, store.signed_in(session)?))
}

fn signed_out() -> Response {
    failed(StatusCode::UNAUTHORIZED, "nobody is signed in")
}

fn parse<T: DeserializeOwned>(body: Body) -> Result<T, (StatusCode, String)> {
    let bytes = body.map_err(|rejection| (rejection.status(), rejection.body_text()))?;
    // By way of `Value`, where the last of duplicate names wins, as it does
    // for JSON.parse.
    serde_json::from_slice(&bytes)
        .and_then(|value: Value| serde_json::from_value(value))
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body is unusable: {error}")))
}

fn ok() -> Response {
    Json(json!({"status": "ok", "errorMessage": ""})).into_response()
}

fn failed(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"status": "failed", "errorMessage": message}))).into_response()
}

/// Options with the conformance API's two members beside them.
fn options(options: &impl Serialize) -> Response {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a, T> {
        status: &'a str,
        error_message: &'a str,
        #[serde(flatten)]
        options: &'a T,
    }
    Json(Answer { status: "ok", error_message: "", options }).into_response()
}

fn with_session(mut response: Response, token: Option<String>) -> Response {
    if let Some(token) = token {
        set_cookie(&mut response, &format!("{SESSION}={token}; HttpOnly; SameSite=Lax; Path=/"));
    }
    response
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
