//! Rules that only simulations test, in the shape of the catalogue's checks. Rules of the catalogue
//! are taken from there.

use std::collections::BTreeSet;

use passrig_authenticator::Ceremony;

use crate::catalogue::{Action, Check, Product, Scenario};
use crate::outcome::{Expectation, Importance, Level};

/// A rule: the attempt, the verdict of a conformant RP, and the reason.
pub(super) struct Rule {
    id: &'static str,
    ceremony: Ceremony,
    sends: &'static str,
    expects: Expectation,
    level: Level,
    importance: Importance,
    clause: &'static str,
    why: &'static str,
    fix: &'static str,
}

/// The session that a lost device left open.
pub(super) const SESSION_OF_A_LOST_DEVICE: Rule = Rule {
    id: "simulation.lost-device.open-session",
    ceremony: Ceremony::Authentication,
    sends: "the session that the lost device is still signed in with, after its passkey was removed",
    expects: Expectation::Refused,
    level: Level::Policy,
    importance: Importance::Medium,
    clause: "ASVS 7.4.3",
    why: "A passkey is removed because its device is lost. Whoever has the device goes on in the session that is open on it, without any passkey.",
    fix: "When a passkey is removed, end the account's other sessions, or offer to.",
};

/// The only passkey of an account that has no other way in.
pub(super) const LAST_PASSKEY: Rule = Rule {
    id: "simulation.lost-device.last-passkey",
    ceremony: Ceremony::Registration,
    sends: "the removal of an account's only passkey, without a word that there is no other way in",
    expects: Expectation::Refused,
    level: Level::Policy,
    importance: Importance::Medium,
    clause: "§13.4.6",
    why: "Without a passkey, a password or a recovery code nobody gets into the account again. People remove a passkey without knowing that it was the last.",
    fix: "Refuse to remove the last passkey of an account without another way in, or ask again and say what it means.",
};

/// A device without user verification.
pub(super) const POSSESSION_ALONE: Rule = Rule {
    id: "simulation.lost-device.possession-alone",
    ceremony: Ceremony::Authentication,
    sends: "a sign-in with a found security key that has no PIN, and with nothing else",
    expects: Expectation::Refused,
    level: Level::Policy,
    importance: Importance::Medium,
    clause: "§7.2 step 17",
    why: "Where a passkey is all that is asked for, and nobody has to unlock it, whoever finds the key is its owner.",
    fix: "Ask with userVerification \"required\" where the passkey is the only factor, and refuse responses without it; or ask for a second factor.",
};

/// Two devices with one key.
pub(super) const LOCKED_OUT_BY_A_CLONE: Rule = Rule {
    id: "simulation.cloned-authenticator.locked-out",
    ceremony: Ceremony::Authentication,
    sends: "the owner's own sign-in, once the owner's counter is ahead again",
    expects: Expectation::Accepted,
    level: Level::Policy,
    importance: Importance::Low,
    clause: "§6.1.1",
    why: "A counter that went back hints at a clone, and is no proof. An owner who can never sign in again needs somebody to call.",
    fix: "If you lock a passkey whose counter went back, tell its owner how to get in again.",
};

/// A session that was stolen, and lasts.
pub(super) const PASSKEY_BY_SESSION_ALONE: Rule = Rule {
    id: "simulation.stolen-session.adds-a-passkey",
    ceremony: Ceremony::Registration,
    sends: "a new passkey of the thief's, in a stolen session, without signing in again",
    expects: Expectation::Refused,
    level: Level::Policy,
    importance: Importance::Medium,
    clause: "ASVS 7.5.1",
    why: "A stolen session ends one day. A passkey that was added with it opens the account for ever.",
    fix: "Before a passkey is added, ask for one that the account has, or for the password; and tell the owner by mail.",
};

/// Its counterpart.
pub(super) const REMOVAL_BY_SESSION_ALONE: Rule = Rule {
    id: "simulation.stolen-session.removes-a-passkey",
    ceremony: Ceremony::Registration,
    sends: "the removal of the owner's passkey, in a stolen session, without signing in again",
    expects: Expectation::Refused,
    level: Level::Policy,
    importance: Importance::Medium,
    clause: "ASVS 7.5.1",
    why: "Whoever removes the owner's passkeys locks the owner out and stays alone in the account.",
    fix: "Before a passkey is removed, ask for one that the account has, or for the password; and tell the owner by mail.",
};

/// The assertion of another person, in the second step.
pub(super) const SECOND_STEP_OF_ANOTHER: Rule = Rule {
    id: "simulation.second-factor.passkey-of-another",
    ceremony: Ceremony::Authentication,
    sends: "after the victim's password, the attacker's own passkey",
    expects: Expectation::Refused,
    level: Level::Must,
    importance: Importance::Critical,
    clause: "§7.2 step 6",
    why: "If any passkey completes any sign-in, a stolen password is enough: everybody has a passkey of their own.",
    fix: "In the second step, look the passkey up among those of the account whose password was given, and nowhere else.",
};

/// The half of a sign-in.
pub(super) const SECOND_STEP_SKIPPED: Rule = Rule {
    id: "simulation.second-factor.skipped",
    ceremony: Ceremony::Authentication,
    sends: "the password, and then a page for whoever is signed in",
    expects: Expectation::Refused,
    level: Level::Must,
    importance: Importance::Critical,
    clause: "ASVS 6.3.3",
    why: "If half a sign-in is a session already, the second factor protects nothing.",
    fix: "Keep what the password proved in a pending state that opens nothing, and make the session when the passkey has been verified.",
};

/// A challenge from another sign-in.
pub(super) const SECOND_STEP_OF_ANOTHER_LOGIN: Rule = Rule {
    id: "simulation.second-factor.challenge-of-another-sign-in",
    ceremony: Ceremony::Authentication,
    sends: "an answer to the challenge of one sign-in, to complete another one of the same user",
    expects: Expectation::Refused,
    level: Level::Must,
    importance: Importance::High,
    clause: "§7.2 step 11",
    why: "Whoever has the password, and gets one answer out of the owner for another sign-in, completes their own with it.",
    fix: "Bind the challenge to the pending sign-in that asked for it.",
};

/// A recovery code that was used.
pub(super) const RECOVERY_TWICE: Rule = Rule {
    id: "simulation.lost-device.recovery-twice",
    ceremony: Ceremony::Authentication,
    sends: "a recovery code that has been used, once more",
    expects: Expectation::Refused,
    level: Level::Must,
    importance: Importance::High,
    clause: "ASVS 6.5.1",
    why: "A code on paper that works for ever is a password that anybody finds.",
    fix: "Strike a recovery code off in the same step that accepts it.",
};

/// Options that admit a device whose passkeys are refused.
pub(super) const ADMITTED_AND_REFUSED: Rule = Rule {
    id: "simulation.platform-limits.admitted-and-refused",
    ceremony: Ceremony::Registration,
    sends: "an honest response, as the options ask for it",
    expects: Expectation::Accepted,
    level: Level::Should,
    importance: Importance::Low,
    clause: "§7",
    why: "People did all that they were asked for, and get an error that they can do nothing about.",
    fix: "Ask in the options for what you demand afterwards, so that browsers choose a device that can.",
};

/// A passkey that was made and cannot be used.
pub(super) const MADE_AND_USELESS: Rule = Rule {
    id: "simulation.platform-limits.made-and-useless",
    ceremony: Ceremony::Authentication,
    sends: "a sign-in with a passkey that the site let somebody make",
    expects: Expectation::Accepted,
    level: Level::Should,
    importance: Importance::Medium,
    clause: "§5.4.4",
    why: "Whoever signs up with such a device is locked out from the second day on.",
    fix: "Ask at registration for what you ask for at sign-in: userVerification, and residentKey \"required\" if you sign in without a name.",
};

/// The honest steps without which an act cannot go on.
pub(super) const ON_THE_WAY: Rule = Rule {
    id: "simulation.on-the-way",
    ceremony: Ceremony::Authentication,
    sends: "an honest part of the story",
    expects: Expectation::Accepted,
    level: Level::Policy,
    importance: Importance::Low,
    clause: "§7",
    why: "What comes after it in this act was not played.",
    fix: "Look at what the RP said. If it was right, the adapter may lack a step.",
};

/// All of them, for tests and documents.
#[cfg(test)]
pub(super) const ALL: [Rule; 13] = [
    ADMITTED_AND_REFUSED,
    MADE_AND_USELESS,
    ON_THE_WAY,
    SESSION_OF_A_LOST_DEVICE,
    LAST_PASSKEY,
    POSSESSION_ALONE,
    LOCKED_OUT_BY_A_CLONE,
    PASSKEY_BY_SESSION_ALONE,
    REMOVAL_BY_SESSION_ALONE,
    SECOND_STEP_OF_ANOTHER,
    SECOND_STEP_SKIPPED,
    SECOND_STEP_OF_ANOTHER_LOGIN,
    RECOVERY_TWICE,
];

impl Rule {
    /// The rule as a check, by which the runner judges.
    pub(super) fn check(&self) -> Check {
        Check {
            id: self.id.to_owned(),
            chapter: "simulations".to_owned(),
            family: "simulation".to_owned(),
            ceremony: self.ceremony,
            sends: self.sends.to_owned(),
            expects: self.expects,
            violates: BTreeSet::new(),
            exercises: BTreeSet::new(),
            clause: self.clause.to_owned(),
            requirement: None,
            level: self.level,
            importance: self.importance,
            importance_for_owner: None,
            implied_by: None,
            why: self.why.to_owned(),
            fix: self.fix.to_owned(),
            needs: Vec::new(),
            authenticator: Product::default(),
            algorithm: None,
            exclusive: false,
            spoils: false,
            waits: false,
            times: false,
            action: Action::Scenario(Scenario::ReplayedAssertion),
        }
    }
}
