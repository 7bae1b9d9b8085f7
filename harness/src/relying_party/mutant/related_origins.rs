//! Mutants of the file of related origins, `/.well-known/webauthn` (§5.11).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::{Mutant, behaviour};
use crate::relying_party::Config;
use crate::relying_party::behaviour::Conformant;
use crate::relying_party::http::{answer, session};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    vec![
        Mutant::flow("related-origins.open.guarded", &["related-origins/open", "related-origins/type", "related-origins/shape", "related-origins/labels", "related-origins/own", "related-origins/redirect", "related-origins/plain", "7.1/9", "7.2/12"], "shows its related origins to those who are signed in", behaviour! {
            fn related_origins_response(&self, origins: &[String], is_signed_in: bool) -> Response {
                if is_signed_in { answer::related_origins(origins) } else { session::signed_out() }
            }
        }),
        Mutant::flow("related-origins.type.octets", &["related-origins/type"], "does not say that its related origins are JSON", behaviour! {
            fn related_origins_response(&self, origins: &[String], _: bool) -> Response {
                let mut response = answer::related_origins(origins);
                let other = HeaderValue::from_static("application/octet-stream");
                response.headers_mut().insert(CONTENT_TYPE, other);
                response
            }
        }),
        Mutant::flow("related-origins.shape.text", &["related-origins/shape", "related-origins/labels", "related-origins/own", "related-origins/plain", "7.1/9", "7.2/12"], "lists its related origins in one text", behaviour! {
            fn related_origins_response(&self, origins: &[String], _: bool) -> Response {
                Json(json!({"origins": origins.join(" ")})).into_response()
            }
        }),
        Mutant::flow("related-origins.labels.many", &["related-origins/labels"], "has related origins with more labels than clients read", behaviour! {
            fn related_origins(&self, config: &Config) -> Vec<String> {
                let others = (1..6).map(|number| format!("https://passrig-{number}.test"));
                Conformant.related_origins(config).into_iter().chain(others).collect()
            }
        }),
        Mutant::flow("related-origins.own.absent", &["related-origins/own"], "lists its related origins without its own",
            behaviour! { fn related_origins(&self, config: &Config) -> Vec<String> { config.related_origins.clone() } }),
        Mutant::flow("related-origins.redirect.unencrypted", &["related-origins/type", "related-origins/shape", "related-origins/labels", "related-origins/own", "related-origins/redirect", "related-origins/plain", "7.1/9", "7.2/12"], "keeps its related origins where nothing is encrypted", behaviour! {
            fn related_origins_response(&self, _: &[String], _: bool) -> Response {
                let elsewhere = "http://login.passrig.test/.well-known/webauthn";
                (StatusCode::FOUND, [(LOCATION, elsewhere)]).into_response()
            }
        }),
        Mutant::flow("related-origins.plain.wildcard", &["related-origins/plain"], "lists a pattern among its related origins", behaviour! {
            fn related_origins(&self, config: &Config) -> Vec<String> {
                let pattern = "https://*.passrig.test/".to_owned();
                Conformant.related_origins(config).into_iter().chain([pattern]).collect()
            }
        }),
    ]
}
