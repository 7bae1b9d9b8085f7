//! The two ceremonies, as the conformance API has them.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use passrig_authenticator::Ceremony;

use super::answer::{failed, ok, options, parse};
use super::session::with_session;
use super::{RequestBody, Shared};
use crate::relying_party::caller::Caller;
use crate::relying_party::ceremony::{Granted, Judgement};
use crate::relying_party::{RelyingParty, audit};

pub(super) async fn attestation_options(rp: Shared, caller: Caller, body: RequestBody) -> Response {
    let request = match parse(body) {
        Ok(request) => request,
        Err((status, reason)) => return failed(status, &reason),
    };
    match rp.registration_options(&caller, request) {
        Ok(Granted { answer, token }) => with_session(&rp, options(&answer), token),
        Err(denied) => failed(StatusCode::FORBIDDEN, &denied.to_string()),
    }
}

pub(super) async fn assertion_options(rp: Shared, caller: Caller, body: RequestBody) -> Response {
    let request = match parse(body) {
        Ok(request) => request,
        Err((status, reason)) => return failed(status, &reason),
    };
    let is_known = rp.knows(&request);
    if !is_known && rp.behaviour.refuses_unknown_names() {
        return failed(StatusCode::NOT_FOUND, "nobody has that name");
    }
    wait(rp.behaviour.options_delay(is_known)).await;
    let Granted { answer, token } = rp.authentication_options(&caller, request);
    with_session(&rp, options(&answer), token)
}

pub(super) async fn attestation_result(rp: Shared, caller: Caller, body: RequestBody) -> Response {
    result(&rp, Ceremony::Registration, &caller, body).await
}

pub(super) async fn assertion_result(rp: Shared, caller: Caller, body: RequestBody) -> Response {
    result(&rp, Ceremony::Authentication, &caller, body).await
}

async fn result(
    rp: &RelyingParty,
    ceremony: Ceremony,
    caller: &Caller,
    body: RequestBody,
) -> Response {
    let (bytes, status) = match &body {
        Ok(bytes) => (Some(bytes.as_ref()), StatusCode::BAD_REQUEST),
        Err(rejection) => (None, rejection.status()),
    };
    let Granted { answer: Judgement { refused, crashed, is_known, audit }, token } =
        rp.result(ceremony, caller, bytes).await;
    wait(rp.behaviour.result_delay(is_known)).await;
    let mut response = match refused {
        _ if crashed => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
        }
        Some(reason) => failed(status, &reason),
        None => ok(),
    };
    if let (true, Ok(value)) = (rp.config.audit, HeaderValue::try_from(audit.join(" "))) {
        response.headers_mut().insert(HeaderName::from_static(audit::HEADER), value);
    }
    with_session(rp, response, token)
}

async fn wait(time: Option<Duration>) {
    if let Some(time) = time {
        tokio::time::sleep(time).await;
    }
}
