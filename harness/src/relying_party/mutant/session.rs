//! Mutants of the session: its token, its cookie, the sign-out, and requests of other sites.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
};

use super::{Mutant, behaviour};
use crate::relying_party::behaviour::{Behaviour, Conformant};
use crate::relying_party::store::{SessionId, Store};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    vec![
        Mutant::flow("session.rotation.kept", &["session/rotation"], "keeps the session's token at sign-in", behaviour! {
            fn replace_token(&self, store: &mut Store, session: SessionId, token: String, is_new_session: bool) -> Option<String> {
                is_new_session.then(|| Conformant.replace_token(store, session, token, true)).flatten()
            }
        }),
        Mutant::flow("session.rotation.lives", &["session/rotation"], "gives out a new token at sign-in, and lets the old one live", behaviour! {
            fn replace_token(&self, store: &mut Store, session: SessionId, token: String, _: bool) -> Option<String> {
                store.add_token(token.clone(), session);
                Some(token)
            }
        }),
        Mutant::flow("session.http-only.absent", &["session/http-only"], "lets scripts read the session's cookie",
            behaviour! { fn cookie_attributes(&self, is_encrypted: bool) -> String { cookie(is_encrypted, "; HttpOnly", "") } }),
        Mutant::flow("session.same-site.absent", &["session/same-site"], "leaves SameSite to the browser",
            behaviour! { fn cookie_attributes(&self, is_encrypted: bool) -> String { cookie(is_encrypted, "; SameSite=Lax", "") } }),
        Mutant::flow("session.secure.absent", &["session/secure"], "lets the session's cookie travel unencrypted",
            behaviour! { fn cookie_attributes(&self, _: bool) -> String { Conformant.cookie_attributes(false) } }),
        Mutant::flow("session.logout.cookie-only", &["session/logout"], "only clears the cookie at sign-out",
            behaviour! { fn sign_out(&self, _: &mut Store, _: SessionId) {} }),
        Mutant::flow("session.forgery.unguarded", &["session/forgery", "session/same-site"], "takes every site's requests, with cookies", behaviour! {
            fn accepts_other_sites(&self) -> bool { true }
            fn cookie_attributes(&self, is_encrypted: bool) -> String { cookie(is_encrypted, "=Lax", "=None") }
        }),
        Mutant::flow("session.forgery.permitted", &["session/forgery", "session/same-site"], "permits every site to send requests, with cookies", behaviour! {
            fn accepts_other_sites(&self) -> bool { true }
            fn cookie_attributes(&self, is_encrypted: bool) -> String { cookie(is_encrypted, "=Lax", "=None") }
            fn cors_preflight(&self, origin: &str) -> Option<Response> { Some(permission(origin)) }
        }),
    ]
}

/// The honest attributes with one replaced.
fn cookie(is_encrypted: bool, from: &str, to: &str) -> String {
    Conformant.cookie_attributes(is_encrypted).replace(from, to)
}

/// The response that permits a page of `origin` to send any request with cookies.
fn permission(origin: &str) -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
