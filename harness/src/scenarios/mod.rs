//! Checks that take a story. Each tells what it saw; only the runner makes an
//! outcome of it.

mod challenge;
mod counter;
mod credential;
mod stage;

pub use stage::{Observations, Stage};

use std::future::Future;
use std::pin::Pin;

use crate::actor::Trouble;

/// What a story comes to, later.
pub type Told<'a> = Pin<Box<dyn Future<Output = Result<Observations, Trouble>> + Send + 'a>>;

/// A story: acts on a stage, and tells what it saw there.
pub type Story = for<'a> fn(&'a mut Stage<'_>) -> Told<'a>;

/// Every story under the name that the catalogue calls it by.
const STORIES: [(&str, Story); 11] = [
    ("replayed-assertion", |stage| Box::pin(challenge::replayed_assertion(stage))),
    ("reused-challenge", |stage| Box::pin(challenge::reused(stage))),
    ("challenge-of-another-session", |stage| Box::pin(challenge::of_another_session(stage))),
    ("challenge-of-the-other-ceremony", |stage| Box::pin(challenge::of_the_other_ceremony(stage))),
    ("undefined-challenge", |stage| Box::pin(challenge::undefined(stage))),
    ("superseded-challenge", |stage| Box::pin(challenge::superseded(stage))),
    ("counter-goes-back", |stage| Box::pin(counter::goes_back(stage))),
    ("counter-stands-still", |stage| Box::pin(counter::stands_still(stage))),
    ("credential-of-another-user", |stage| Box::pin(credential::of_another_user(stage))),
    ("own-credential-id-again", |stage| Box::pin(credential::own_id_again(stage))),
    ("credential-not-listed", |stage| Box::pin(credential::not_listed(stage))),
];

/// The story of that name.
pub fn find(name: &str) -> Option<Story> {
    STORIES.iter().find(|(known, _)| *known == name).map(|(_, story)| *story)
}

/// Whether there is a story of that name.
pub fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// All names.
pub fn names() -> Vec<&'static str> {
    STORIES.iter().map(|(name, _)| *name).collect()
}
