//! Chromium for tests, as Debian packages it (`apt-get install chromium`), and its own virtual authenticator.

use std::io::{self, Write};

use passrig::browser::{BrowserPage, Error, LaunchSettings, find};
use serde_json::{Value, json};

use crate::rps::{HOST, Running, required};

/// Whether there is a Chromium; without it a test skips, and says so.
///
/// # Panics
///
/// With `PASSRIG_REQUIRE_RPS=1`, when there is none.
#[must_use]
pub fn available() -> bool {
    let found = find().is_some();
    assert!(found || !required(), "there is no Chromium");
    if !found {
        let _ = writeln!(io::stderr(), "skipped: there is no Chromium");
    }
    found
}

/// For a browser that finds a relying party of `rps/` under its name.
#[must_use]
pub fn settings(rp: &Running) -> LaunchSettings {
    LaunchSettings {
        elsewhere: vec![(HOST.to_owned(), rp.connect_to.clone())],
        pins: vec![rp.pin.clone()],
        ..LaunchSettings::default()
    }
}

/// Gives the page a platform authenticator of Chromium's own, whose user always consents. What commands call it.
///
/// # Errors
///
/// When the browser has none.
pub async fn add_authenticator(page: &BrowserPage) -> Result<Value, Error> {
    page.session().call("WebAuthn.enable", json!({})).await?;
    let options = json!({
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": true,
        "hasUserVerification": true,
        "isUserVerified": true,
        "automaticPresenceSimulation": true,
    });
    let authenticator = json!({ "options": options });
    let added = page.session().call("WebAuthn.addVirtualAuthenticator", authenticator).await?;
    Ok(added.get("authenticatorId").cloned().unwrap_or_default())
}
