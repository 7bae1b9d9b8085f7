//! What all answers look like, and how bodies are read.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::RequestBody;

pub(super) fn parse<T: DeserializeOwned>(body: RequestBody) -> Result<T, (StatusCode, String)> {
    let bytes = body.map_err(|rejection| (rejection.status(), rejection.body_text()))?;
    // By way of `Value`, where the last of duplicate names wins, as it does
    // for JSON.parse.
    serde_json::from_slice(&bytes)
        .and_then(|value: Value| serde_json::from_value(value))
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body is unusable: {error}")))
}

pub(super) fn ok() -> Response {
    Json(json!({"status": "ok", "errorMessage": ""})).into_response()
}

pub(super) fn failed(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"status": "failed", "errorMessage": message}))).into_response()
}

/// The document of §5.11.
pub(in crate::relying_party) fn related_origins(origins: &[String]) -> Response {
    Json(json!({"origins": origins})).into_response()
}

/// Options with the conformance API's two members beside them.
pub(super) fn options(options: &impl Serialize) -> Response {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct OptionsAnswer<'a, T> {
        status: &'a str,
        error_message: &'a str,
        #[serde(flatten)]
        options: &'a T,
    }
    Json(OptionsAnswer { status: "ok", error_message: "", options }).into_response()
}
