//! The origins that may use this relying party's id.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::Shared;
use super::answer::failed;
use super::session::signed_in;
use crate::relying_party::caller::Caller;

/// §5.11
pub(super) async fn list(State(rp): Shared, caller: Caller) -> Response {
    if rp.config.related_origins.is_empty() {
        return failed(StatusCode::NOT_FOUND, "there are no related origins");
    }
    let is_signed_in = signed_in(&rp.store(), &caller).is_some();
    let origins = rp.behaviour.related_origins(&rp.config);
    rp.behaviour.related_origins_response(&origins, is_signed_in)
}
