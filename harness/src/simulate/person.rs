//! The people of simulations, their devices and actions, and the answers to them.

use passrig_authenticator::client::DomException;
use passrig_authenticator::device::{Authenticator, Counting, Profile};
use passrig_authenticator::env;

use super::document::StepAnswer;
use crate::actor::{Actor, Attempt, AttemptError, Result};
use crate::outcome::{CheckResult, Effect, Manner, Outcome, Verdict};
use crate::target_rp::Recognised;

/// A person with an account.
pub(super) struct Person {
    pub(super) name: &'static str,
    /// The device that is in use, in words.
    pub(super) device: String,
    pub(super) actor: Actor,
}

/// An action of a person.
#[derive(Clone)]
pub(super) struct UserAction {
    pub(super) who: String,
    pub(super) device: Option<String>,
    /// On the RP's own page, unless another one is named.
    pub(super) domain: Option<String>,
    pub(super) does: String,
}

impl Person {
    /// An action with the device in use.
    pub(super) fn does(&self, what: impl Into<String>) -> UserAction {
        UserAction { device: Some(self.device.clone()), ..by(self.name, what) }
    }

    /// An action without a passkey.
    pub(super) fn does_without(&self, what: impl Into<String>) -> UserAction {
        by(self.name, what)
    }

    /// Takes another device, which is then the only one in use. The first
    /// device's credentials stay on it.
    pub(super) fn takes(&mut self, device: &str, profile: Profile) -> Device {
        let client = self.actor.change_device(device, profile);
        self.holding(device, client)
    }

    /// Takes a device that there is already.
    pub(super) fn takes_up(&mut self, device: Device) -> Device {
        let client = std::mem::replace(&mut self.actor.client, device.client);
        self.holding(&device.name, client)
    }

    fn holding(&mut self, device: &str, client: passrig_authenticator::client::Client) -> Device {
        let name = std::mem::replace(&mut self.device, device.to_owned());
        Device { name, client }
    }

    /// The device in use, with every key that is on it, once more.
    pub(super) fn copy_of_device(&self) -> Result<Authenticator> {
        let first = self.actor.client.authenticators.first().cloned();
        first.ok_or_else(|| AttemptError::Bug("the client has no authenticator".to_owned()))
    }

    /// Takes another device onto which this one's keys were copied.
    pub(super) fn takes_copy(&mut self, device: &str, copy: Authenticator) -> Device {
        let before = self.takes(device, copy.profile().clone());
        self.actor.client.authenticators = vec![copy];
        before
    }

    /// Hands the device to another person, who cannot unlock it.
    pub(super) fn hand_to_stranger(&mut self) {
        let answer = env::Answer { verified: false, ..env::Answer::WILLING };
        self.actor.set_user_answer("stranger", answer);
    }
}

/// A device that is not in use, with its browser.
pub(super) struct Device {
    name: String,
    client: passrig_authenticator::client::Client,
}

/// An action of a person without a device.
pub(super) fn by(who: &str, does: impl Into<String>) -> UserAction {
    UserAction { who: who.to_owned(), device: None, domain: None, does: does.into() }
}

impl UserAction {
    /// On a page of another origin.
    pub(super) fn on(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// With a device.
    pub(super) fn with(mut self, device: &str) -> Self {
        self.device = Some(device.to_owned());
        self
    }
}

/// A phone whose passkey never leaves it.
pub(super) fn bound_phone() -> Profile {
    Profile { backup_eligible: false, backup_state: false, ..Profile::platform() }
}

/// A laptop of the same kind.
pub(super) fn laptop() -> Profile {
    Profile {
        transports: vec!["internal".into()],
        backup_eligible: false,
        backup_state: false,
        ..Profile::platform()
    }
}

/// A phone whose passkeys a cloud keeps.
pub(super) fn synced_phone() -> Profile {
    Profile::platform()
}

/// A security key with a PIN.
pub(super) fn security_key() -> Profile {
    Profile::roaming()
}

/// A security key without.
pub(super) fn key_without_pin() -> Profile {
    Profile { user_verification: false, ..Profile::roaming() }
}

/// A passkey provider in software that counts, and whose store is copied with
/// every backup.
pub(super) fn counting_provider() -> Profile {
    Profile { counting: Counting::PerCredential, ..Profile::platform() }
}

/// The answer of the RP.
pub(super) fn answer(attempt: &Attempt) -> StepAnswer {
    let word = match (attempt.verdict.recognised, attempt.effect) {
        (Recognised::Accepted, Effect::Happened) => "accepted, and it took effect",
        (Recognised::Accepted, Effect::Absent) => "accepted in words, but nothing happened",
        (Recognised::Accepted, Effect::Unobserved) => "accepted",
        (Recognised::Refused, Effect::Happened) => "refused in words, and yet it happened",
        (Recognised::Refused, _) => "refused",
        (Recognised::RefusedLikeCrash, _) => "refused, in a way that looks like a crash",
        (Recognised::Crash, _) => "a server error",
        (Recognised::Throttled { .. }, _) => "asks for fewer requests",
        (Recognised::Unrecognised, _) => "an answer that the adapter does not know",
    };
    let message = attempt.verdict.message.as_deref();
    match (attempt.verdict.manner, message) {
        // The text is an observation, not an answer.
        (Manner::Observed, Some(seen)) => rp(seen),
        _ => rp(with(word, message)),
    }
}

/// The answer of the RP to a check.
pub(super) fn answer_to(result: &CheckResult) -> Option<StepAnswer> {
    let reason = result.reason_text();
    let reason = reason.as_deref();
    if result.is_observed() {
        // The text is an observation, not an answer.
        return reason.map(rp);
    }
    let says = match (result.outcome, result.verdict) {
        (Outcome::Skipped, _) => return None,
        (_, Some(Verdict::Accepted)) => with("accepted", reason),
        (_, Some(Verdict::Refused)) => with("refused", reason),
        (Outcome::Error, None) => with("broke", reason),
        (_, None) => with("no clear answer", reason),
    };
    Some(rp(says))
}

fn with(word: &str, message: Option<&str>) -> String {
    match message.filter(|text| !text.is_empty()) {
        Some(message) => format!("{word} ({message})"),
        None => word.to_owned(),
    }
}

/// An answer of the RP.
pub(super) fn rp(says: impl Into<String>) -> StepAnswer {
    StepAnswer { by: "RP".to_owned(), says: says.into() }
}

/// The answer of the browser, before any request to the RP.
pub(super) fn browser(exception: &DomException) -> StepAnswer {
    StepAnswer { by: "browser".to_owned(), says: format!("refused ({exception})") }
}
