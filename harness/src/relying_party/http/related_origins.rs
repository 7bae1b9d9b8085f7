//! The origins that may use this relying party's id.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::Shared;
use super::answer::failed;
use super::session::{signed_in, signed_out};
use crate::relying_party::ceremony::Caller;
use crate::relying_party::mutant::Lapse;

/// §5.11
pub(super) async fn list(State(rp): Shared, caller: Caller) -> Response {
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
