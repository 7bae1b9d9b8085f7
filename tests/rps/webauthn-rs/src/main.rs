//! A thin relying party over webauthn-rs, in the shape of the library's own
//! axum tutorial: the same four routes, session entries and answers.
//!
//! What is the library's: `start_passkey_*` and `finish_passkey_*`. What is the
//! application's, as the tutorial shows it: everything else, marked below. It
//! adds no checks of its own, so that what passes here passes in the library or
//! in its tutorial.

mod tail;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tokio::sync::Mutex;
use tower_sessions::cookie::{SameSite, time::Duration};
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};
use webauthn_rs::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = Url::parse("https://login.passrig.test")?;
    let webauthn = WebauthnBuilder::new("passrig.test", &origin)?.rp_name("Axum Webauthn-rs");
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_name("webauthnrs")
        .with_same_site(SameSite::Strict)
        // The tutorial has `false`, to be changed where there is HTTPS: there is.
        .with_secure(true)
        .with_expiry(Expiry::OnInactivity(Duration::seconds(360)));
    let app = Router::new()
        .route("/register_start/{username}", post(start_register))
        .route("/register_finish", post(finish_register))
        .route("/login_start/{username}", post(start_authentication))
        .route("/login_finish", post(finish_authentication))
        .with_state(App { webauthn: Arc::new(webauthn.build()?), users: Arc::default() })
        .layer(sessions);
    tail::serve(app).await
}

#[derive(Clone)]
struct App {
    webauthn: Arc<Webauthn>,
    users: Arc<Mutex<Users>>,
}

#[derive(Default)]
struct Users {
    ids: HashMap<String, Uuid>,
    passkeys: HashMap<Uuid, Vec<Passkey>>,
}

/// The application's: whoever names a user registers for that user, without a log-in.
async fn start_register(
    State(app): State<App>,
    session: Session,
    Path(username): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    session.remove_value("reg_state").await?;
    let users = app.users.lock().await;
    let id = users.ids.get(&username).copied().unwrap_or_else(Uuid::new_v4);
    let exclude = users
        .passkeys
        .get(&id)
        .map(|passkeys| passkeys.iter().map(|passkey| passkey.cred_id().clone()).collect());

    let (options, state) = app
        .webauthn
        .start_passkey_registration(id, &username, &username, exclude)
        .map_err(|_| Failure::Unknown)?;
    session.insert("reg_state", (username, id, state)).await?;
    Ok(Json(options))
}

async fn finish_register(
    State(app): State<App>,
    session: Session,
    Json(credential): Json<RegisterPublicKeyCredential>,
) -> Result<StatusCode, Failure> {
    let (username, id, state): (String, Uuid, PasskeyRegistration) =
        session.remove("reg_state").await?.ok_or(Failure::CorruptSession)?;

    let Ok(passkey) = app.webauthn.finish_passkey_registration(&credential, &state) else {
        return Ok(StatusCode::BAD_REQUEST);
    };
    // The application's: a credential id that somebody has already is not looked for.
    let mut users = app.users.lock().await;
    users.passkeys.entry(id).or_default().push(passkey);
    users.ids.insert(username, id);
    Ok(StatusCode::OK)
}

/// The application's: an unknown user is told from a known one.
async fn start_authentication(
    State(app): State<App>,
    session: Session,
    Path(username): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    session.remove_value("auth_state").await?;
    let users = app.users.lock().await;
    let id = users.ids.get(&username).copied().ok_or(Failure::UserNotFound)?;
    let passkeys = users.passkeys.get(&id).ok_or(Failure::UserHasNoCredentials)?;

    let (options, state) =
        app.webauthn.start_passkey_authentication(passkeys).map_err(|_| Failure::Unknown)?;
    session.insert("auth_state", (id, state)).await?;
    Ok(Json(options))
}

/// The application's: nobody is signed in by this; the answer is all that comes of it.
async fn finish_authentication(
    State(app): State<App>,
    session: Session,
    Json(credential): Json<PublicKeyCredential>,
) -> Result<StatusCode, Failure> {
    let (id, state): (Uuid, PasskeyAuthentication) =
        session.remove("auth_state").await?.ok_or(Failure::CorruptSession)?;

    let Ok(result) = app.webauthn.finish_passkey_authentication(&credential, &state) else {
        return Ok(StatusCode::BAD_REQUEST);
    };
    let mut users = app.users.lock().await;
    let passkeys = users.passkeys.get_mut(&id).ok_or(Failure::UserHasNoCredentials)?;
    for passkey in passkeys {
        passkey.update_credential(&result);
    }
    Ok(StatusCode::OK)
}

/// The application's: what is wrong with a session or a user is a 500, and its text says which.
enum Failure {
    Unknown,
    CorruptSession,
    UserNotFound,
    UserHasNoCredentials,
    InvalidSessionState,
}

impl From<tower_sessions::session::Error> for Failure {
    fn from(_: tower_sessions::session::Error) -> Self {
        Self::InvalidSessionState
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let text = match self {
            Self::Unknown => "Unknown Error",
            Self::CorruptSession => "Corrupt Session",
            Self::UserNotFound => "User Not Found",
            Self::UserHasNoCredentials => "User Has No Credentials",
            Self::InvalidSessionState => "Deserialising Session failed",
        };
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}
