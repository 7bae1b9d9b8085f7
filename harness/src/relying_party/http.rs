//! The relying party as a server.

mod account;
pub(super) mod answer;
mod ceremony;
mod credentials;
mod host;
pub(super) mod related_origins;
pub(super) mod session;
mod site;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, patch, post};
use http::header::ORIGIN;
use http::{HeaderMap, Method, StatusCode};

use super::RelyingParty;
use answer::failed;

const BODY_LIMIT: usize = 1 << 20;

type Shared = State<Arc<RelyingParty>>;
type RequestBody = Result<Bytes, BytesRejection>;

pub(super) fn router(rp: Arc<RelyingParty>) -> Router {
    Router::new()
        .route("/", get(site::page))
        .route("/site.css", get(site::style))
        .route("/site.js", get(site::script))
        .route("/attestation/options", post(ceremony::attestation_options))
        .route("/attestation/result", post(ceremony::attestation_result))
        .route("/assertion/options", post(ceremony::assertion_options))
        .route("/assertion/result", post(ceremony::assertion_result))
        .route("/session", get(session::session))
        .route("/logout", post(session::logout))
        .route("/credentials", get(credentials::list))
        .route("/credentials/{id}", patch(credentials::rename).delete(credentials::remove))
        .route("/password/sign-up", post(account::sign_up))
        .route("/password/sign-in", post(account::sign_in))
        .route("/recovery-codes", post(account::recovery_codes))
        .route("/recover", post(account::recover))
        .route("/account", get(account::describe).delete(account::close))
        .route("/.well-known/webauthn", get(related_origins::list))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::clone(&rp), guard))
        .with_state(rp)
}

/// The router of a socket that browsers can reach.
pub(super) fn server(rp: Arc<RelyingParty>) -> Router {
    host::guarded(router(Arc::clone(&rp)), &rp.config)
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
    if *method == Method::OPTIONS {
        let origin = header(ORIGIN.as_str()).unwrap_or_default();
        if let Some(response) = rp.behaviour.cors_preflight(origin) {
            return Some(response);
        }
    }
    let foreign = matches!(header("sec-fetch-site"), Some("cross-site" | "same-site"));
    let guarded = !method.is_safe() && !rp.behaviour.accepts_other_sites();
    let refused = foreign && guarded;
    refused.then(|| failed(StatusCode::FORBIDDEN, "the request comes from another site"))
}
