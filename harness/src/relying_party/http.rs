//! The relying party as a server.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ceremony::{Caller, Granted, Judgement};
use super::mutant::Lapse;
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
        .route("/account", delete(close_account))
        .route("/.well-known/webauthn", get(related_origins))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::clone(&rp), guard))
        .with_state(rp)
}

async fn guard(State(rp): Shared, request: Request, next: Next) -> Response {
    match intercepted(&rp, request.method(), request.headers()) {
        Some(response) => response,
        None => next.run(request).await,
    }
}

/// Refuses requests of other sites that would change something (CSRF). The
/// browser says where they come from; whoever is no browser has no victim.
fn intercepted(rp: &RelyingParty, method: &Method, headers: &HeaderMap) -> Option<Response> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let lapse = rp.lapse();
    if *method == Method::OPTIONS && lapse == Some(Lapse::RequestsForgedAfterAsking) {
        return Some(permission(header(ORIGIN.as_str()).unwrap_or_default()));
    }
    let foreign = matches!(header("sec-fetch-site"), Some("cross-site" | "same-site"));
    let guarded = !method.is_safe() && !lapse.is_some_and(Lapse::is_open_to_other_sites);
    let refused = foreign && guarded;
    refused.then(|| failed(StatusCode::FORBIDDEN, "the request comes from another site"))
}

/// The answer to a browser that asks whether a page may send what it wants.
fn permission(origin: &str) -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn attestation_options(State(rp): Shared, caller: Caller, body: Body) -> Response {
    let request = match parse(body) {
        Ok(request) => request,
        Err((status, reason)) => return failed(status, &reason),
    };
    match rp.registration_options(&caller, request) {
        Ok(Granted { answer, token }) => with_session(&rp, options(&answer), token),
        Err(denied) => failed(StatusCode::FORBIDDEN, &denied.to_string()),
    }
}

async fn assertion_options(State(rp): Shared, caller: Caller, body: Body) -> Response {
    let request = match parse(body) {
        Ok(request) => request,
        Err((status, reason)) => return failed(status, &reason),
    };
    if rp.lapse() == Some(Lapse::UnknownNameRefused) && !rp.knows(&request) {
        return failed(StatusCode::NOT_FOUND, "nobody has that name");
    }
    let delay = rp.lapse().and_then(|lapse| lapse.delays_options(rp.knows(&request)));
    take(delay).await;
    let Granted { answer, token } = rp.authentication_options(&caller, request);
    with_session(&rp, options(&answer), token)
}

async fn attestation_result(State(rp): Shared, caller: Caller, body: Body) -> Response {
    result(&rp, Ceremony::Registration, &caller, body).await
}

async fn assertion_result(State(rp): Shared, caller: Caller, body: Body) -> Response {
    result(&rp, Ceremony::Authentication, &caller, body).await
}

async fn result(rp: &RelyingParty, ceremony: Ceremony, caller: &Caller, body: Body) -> Response {
    let (octets, status) = match &body {
        Ok(octets) => (Some(octets.as_ref()), StatusCode::BAD_REQUEST),
        Err(rejection) => (None, rejection.status()),
    };
    let Granted { answer: Judgement { refused, broke, is_known, audit }, token } =
        rp.result(ceremony, caller, octets).await;
    take(rp.lapse().and_then(|lapse| lapse.delays_result(is_known))).await;
    let mut response = match refused {
        _ if broke => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response(),
        Some(reason) => failed(status, &reason),
        None => ok(),
    };
    if let (true, Ok(value)) = (rp.config.audit, HeaderValue::try_from(audit.join(" "))) {
        response.headers_mut().insert(HeaderName::from_static(audit::HEADER), value);
    }
    with_session(rp, response, token)
}

/// Takes its time, as some mutants do.
async fn take(time: Option<Duration>) {
    if let Some(time) = time {
        tokio::time::sleep(time).await;
    }
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
    let id = base64url::decode(&id).unwrap_or_default();
    let lapse = rp.lapse();
    let owner = match signed_in(&store, &caller) {
        Some((_, account)) => account.handle.clone(),
        None if lapse == Some(Lapse::RemovalUnguarded) => {
            store.remove_records_with(&id);
            return ok();
        }
        None => return signed_out(),
    };
    match lapse {
        Some(Lapse::RemovalPretends) => return ok(),
        Some(Lapse::RemovalHides) => {
            store.hide_record(&owner, &id);
            return ok();
        }
        Some(Lapse::RemovalOfAnyones) => {
            store.remove_records_with(&id);
            return ok();
        }
        _ => {}
    }
    match store.remove_record(&owner, &id) {
        Some(_) => ok(),
        None => failed(StatusCode::NOT_FOUND, "the account has no such credential"),
    }
}

async fn logout(State(rp): Shared, caller: Caller) -> Response {
    let mut store = rp.store();
    if let Some(session) = caller.token.as_deref().and_then(|token| store.session(token))
        && rp.lapse() != Some(Lapse::LogoutForgetsCookie)
    {
        store.close_session(session);
    }
    let mut response = ok();
    set_cookie(&mut response, &format!("{SESSION}={}; Max-Age=0", attributes(&rp)));
    response
}

async fn close_account(State(rp): Shared, caller: Caller) -> Response {
    let mut store = rp.store();
    let Some((session, account)) = signed_in(&store, &caller) else { return signed_out() };
    let handle = account.handle.clone();
    store.close_account(&handle, rp.lapse() != Some(Lapse::ClosedInherited));
    store.close_session(session);
    ok()
}

/// §5.11
async fn related_origins(State(rp): Shared, caller: Caller) -> Response {
    let own = rp.config.origins.iter();
    let mut origins: Vec<_> = own.chain(&rp.config.related_origins).cloned().collect();
    if rp.config.related_origins.is_empty() {
        return failed(StatusCode::NOT_FOUND, "there are no related origins");
    }
    let lapse = rp.lapse();
    match lapse {
        Some(Lapse::RelatedGuarded) if signed_in(&rp.store(), &caller).is_none() => {
            return signed_out();
        }
        Some(Lapse::RelatedElsewhere) => {
            let elsewhere = "http://login.passrig.test/.well-known/webauthn";
            return (StatusCode::FOUND, [(LOCATION, elsewhere)]).into_response();
        }
        Some(Lapse::RelatedText) => {
            return Json(json!({"origins": origins.join(" ")})).into_response();
        }
        Some(Lapse::RelatedOthers) => origins.clone_from(&rp.config.related_origins),
        Some(Lapse::RelatedPaths) => origins.push("https://*.passrig.test/".to_owned()),
        Some(Lapse::RelatedMany) => {
            origins.extend((1..6).map(|number| format!("https://passrig-{number}.test")));
        }
        _ => {}
    }
    let mut response = Json(json!({"origins": origins})).into_response();
    if lapse == Some(Lapse::RelatedTyped) {
        let kind = HeaderValue::from_static("application/octet-stream");
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
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

fn with_session(rp: &RelyingParty, mut response: Response, token: Option<String>) -> Response {
    if let Some(token) = token {
        set_cookie(&mut response, &format!("{SESSION}={token}{}", attributes(rp)));
    }
    response
}

/// Out of reach of scripts and other sites, and never unencrypted where the
/// pages are not.
fn attributes(rp: &RelyingParty) -> String {
    let lapse = rp.lapse();
    let same_site = match lapse {
        Some(Lapse::CookieWithoutSameSite) => "",
        Some(lapse) if lapse.is_open_to_other_sites() => "; SameSite=None",
        _ => "; SameSite=Lax",
    };
    let http_only = if lapse == Some(Lapse::CookieScriptable) { "" } else { "; HttpOnly" };
    let encrypted = rp.config.origins.iter().all(|origin| origin.starts_with("https:"));
    let secure = encrypted && lapse != Some(Lapse::CookieInsecure);
    format!("{http_only}{same_site}{}; Path=/", if secure { "; Secure" } else { "" })
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
