//! Passkeys that an account lists, and passkeys that were removed from it.

use passrig_authenticator::Ceremony;

use super::person::{Person, by, rp};
use super::simulator::{Meanings, Simulator};
use crate::actor::{AttemptError, NotExpressible, Result};
use crate::outcome::{Setting, SettingValue};
use crate::target_rp::{Begun, Flow, ListedCredential};

pub(super) async fn find(
    sim: &mut Simulator<'_>,
    ada: &mut Person,
    id: &[u8],
) -> Result<ListedCredential> {
    if !sim.sees_passkeys() {
        return Err(AttemptError::NoFlow(Flow::List));
    }
    let listed = ada.actor.credentials(&mut sim.log).await?;
    listed.into_iter().find(|one| one.has_id(id)).ok_or_else(|| NotExpressible::NotListed.into())
}

/// True if a passkey is no longer listed. Some sites end the session together with its passkey;
/// then the person signs in again with the device in use.
pub(super) async fn check_removed(
    sim: &mut Simulator<'_>,
    ada: &mut Person,
    id: &[u8],
) -> Result<bool> {
    let listed = match ada.actor.lists(id, &mut sim.log).await {
        Err(error) if error.is_turned_away() => {
            ada.actor.change_browser();
            ada.actor.sign_in(&mut sim.log).await?;
            ada.actor.lists(id, &mut sim.log).await?
        }
        listed => listed?,
    };
    Ok(!listed.ok_or(AttemptError::NoFlow(Flow::List))?)
}

/// A new sign-in with a removed passkey.
pub(super) async fn new_sign_in(
    sim: &mut Simulator<'_>,
    ada: &mut Person,
    who: &str,
    device: &str,
) -> Result<()> {
    if sim.can_choose(Setting::Login, SettingValue::Discoverable) {
        // Without a name, the device offers all its passkeys.
        ada.actor.choose(Setting::Login, SettingValue::Discoverable);
    }
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await;
    let begun = match begun {
        Err(error) if error.is_turned_away() => {
            let action = by(who, "begins a new sign-in").with(device);
            sim.passed(action, rp(error.as_refusal()), "The site does not even begin.");
            return Ok(());
        }
        begun => begun?,
    };
    let action = by(who, "begins a new sign-in").with(device);
    match Simulator::respond(ada, &begun)? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "The site no longer asks for this passkey, so the phone does not offer it.",
        ),
        Ok(message) => {
            let sent = sim.send(ada, &begun, &message).await;
            let means = Meanings {
                good: "The phone still offers the passkey, as it cannot know; the site refuses it.",
                bad: "The passkey was removed, and still works.",
            };
            sim.judged(action, removed(&begun), sent, means);
        }
    }
    Ok(())
}

/// The rule about removed passkeys, by the beginning of the sign-in.
pub(super) fn removed(begun: &Begun) -> &'static str {
    let options = begun.converted();
    let allowed = options.get("allowCredentials").and_then(serde_json::Value::as_array);
    match allowed.is_some_and(|allowed| !allowed.is_empty()) {
        true => "authentication.removed-credential.begun-before",
        false => "authentication.removed-credential.discoverable",
    }
}
