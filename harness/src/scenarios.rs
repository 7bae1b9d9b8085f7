//! Checks that take a story. Each tells what it saw; only the runner makes an
//! outcome of it.

mod algorithm;
mod challenge;
mod copies;
mod counter;
mod credential;
mod lists;
mod options;
mod race;
mod related_origins;
mod removal;
mod session;
mod skipped;
mod stage;
mod state;
mod timing;

pub use stage::{Observations, Stage};

use std::future::Future;
use std::pin::Pin;

use passrig_authenticator::deviation::Deviation;

use crate::actor::Trouble;

/// What a story comes to, later.
pub type Told<'a> = Pin<Box<dyn Future<Output = Result<Observations, Trouble>> + Send + 'a>>;

/// A story: acts on a stage, and tells what it saw there.
pub type Story = for<'a> fn(&'a mut Stage<'_>) -> Told<'a>;

/// The stories inside the ceremonies, under the names that the catalogue calls
/// them by.
const STORIES: &[(&str, Story)] = &[
    ("replayed-assertion", |stage| Box::pin(challenge::replayed_assertion(stage))),
    ("reused-challenge", |stage| Box::pin(challenge::reused(stage))),
    ("challenge-of-another-session", |stage| Box::pin(challenge::of_another_session(stage))),
    ("challenge-of-the-other-ceremony", |stage| Box::pin(challenge::of_the_other_ceremony(stage))),
    ("undefined-challenge", |stage| Box::pin(challenge::undefined(stage))),
    ("superseded-challenge", |stage| Box::pin(challenge::superseded(stage))),
    ("expired-challenge", |stage| Box::pin(challenge::expired(stage))),
    ("counter-goes-back", |stage| Box::pin(counter::goes_back(stage))),
    ("counter-stands-still", |stage| Box::pin(counter::stands_still(stage))),
    ("credential-of-another-user", |stage| Box::pin(credential::of_another_user(stage))),
    ("credential-for-a-user-without", |stage| Box::pin(credential::for_a_user_without(stage))),
    ("own-credential-id-again", |stage| Box::pin(credential::own_id_again(stage))),
    ("credential-not-listed", |stage| Box::pin(credential::not_listed(stage))),
    ("challenge-after-failure", |stage| Box::pin(challenge::after_failure(stage))),
    ("challenge-of-another-user", |stage| Box::pin(challenge::of_another_user(stage))),
    ("client-supplied-challenge", |stage| Box::pin(challenge::client_supplied(stage))),
    ("cookie-restored", |stage| Box::pin(challenge::cookie_restored(stage))),
    ("challenge-after-logout", |stage| Box::pin(challenge::after_logout(stage))),
    ("race-for-one-challenge", |stage| Box::pin(race::one_challenge(stage))),
    ("race-for-one-count", |stage| Box::pin(race::one_count(stage))),
    ("another-attachment", |stage| Box::pin(credential::another_attachment(stage))),
    ("challenge-of-autofill", |stage| Box::pin(challenge::of_autofill(stage))),
    ("counter-falls-to-zero", |stage| Box::pin(counter::falls_to_zero(stage))),
    ("counter-wraps", |stage| Box::pin(counter::wraps(stage))),
    ("counter-lies-between", |stage| Box::pin(counter::lies_between(stage))),
    ("counter-below-registration", |stage| Box::pin(counter::below_registration(stage))),
    ("counter-stays-zero", |stage| Box::pin(counter::stays_zero(stage))),
    ("takeover-by-credential-id", |stage| Box::pin(credential::takeover_by_id(stage))),
    ("takeover-by-user-id", |stage| Box::pin(credential::takeover_by_user(stage))),
    ("lock-out-by-credential-id", |stage| Box::pin(credential::lock_out_by_id(stage))),
    ("id-and-challenge-alone", |stage| Box::pin(skipped::id_and_challenge(stage))),
    ("answer-to-the-other-ceremony", |stage| Box::pin(skipped::other_response(stage))),
    ("counter-of-a-forgery", |stage| Box::pin(state::counter_of_a_forgery(stage))),
    ("backup-flags-of-a-forgery", |stage| Box::pin(state::backup_flags_of_a_forgery(stage))),
    ("register-after-refusal", |stage| Box::pin(state::register_after_refusal(stage))),
    ("refused-credential", |stage| Box::pin(state::refused_credential(stage))),
    ("refused-credential-of-the-challenge", |stage| {
        Box::pin(state::refused_credential_of_the_challenge(stage))
    }),
    ("algorithm-in-use", |stage| Box::pin(algorithm::in_use(stage))),
    ("backed-up-later", |stage| Box::pin(state::backed_up_later(stage))),
];

/// Every story.
fn all() -> impl Iterator<Item = &'static (&'static str, Story)> {
    let around = [
        copies::STORIES,
        session::STORIES,
        removal::STORIES,
        lists::STORIES,
        options::STORIES,
        related_origins::STORIES,
        timing::STORIES,
    ];
    STORIES.iter().chain(around.into_iter().flatten())
}

/// The story of that name.
pub fn find(name: &str) -> Option<Story> {
    all().find(|(known, _)| *known == name).map(|(_, story)| *story)
}

/// Whether there is a story of that name.
pub fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// All names.
pub fn names() -> Vec<&'static str> {
    all().map(|(name, _)| *name).collect()
}

/// The deviation of these edits. They are written by us: that they can be read
/// is a matter of tests.
fn deviation(edits: serde_json::Value) -> Result<Deviation, Trouble> {
    let edits = serde_json::from_value(edits).map_err(|_| Trouble::NotExpressible)?;
    Ok(Deviation::new(edits))
}
