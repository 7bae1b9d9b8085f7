//! Simulations: what happens to users when …? A story that runs, against a real
//! relying party, and ends with findings.
//!
//! One file per simulation. Each is a sequence of acts; every ceremony in them is
//! a real one, by an [`Actor`](crate::actor::Actor) with a browser and devices of
//! its own. What the RP did is judged by the rules of the catalogue, as the runner
//! judges it: a refusal counts only if honest ceremonies are accepted before and
//! after it.

mod cast;
mod cloned_authenticator;
mod cross_domain;
mod enrolment_csrf;
mod html;
mod login_csrf;
mod lost_device;
mod platform_limits;
mod play;
mod restored_backup;
mod rules;
mod second_factor;
mod stolen_session;
mod story;
mod tell;
#[cfg(test)]
mod tests;
mod user_gesture;

pub use html::render as html;
pub use story::{Act, Answer, Finding, Role, SCHEMA_VERSION, Step, Story};
pub use tell::Teller;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::observer::Observer;
use crate::runner::{RunError, caught};
use crate::target_rp::Target;
use play::Play;

/// A simulation.
pub struct Simulation {
    /// Its name.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it answers.
    pub question: &'static str,
    /// Whether it is about RPs that ask for a password first.
    pub asks_a_second_factor: bool,
    cast: &'static [(&'static str, &'static str)],
    acts: for<'a> fn(&'a mut Play<'_>) -> Played<'a>,
}

type Played<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Every simulation.
pub const ALL: [&Simulation; 10] = [
    &lost_device::SIMULATION,
    &cross_domain::SIMULATION,
    &cloned_authenticator::SIMULATION,
    &restored_backup::SIMULATION,
    &stolen_session::SIMULATION,
    &login_csrf::SIMULATION,
    &enrolment_csrf::SIMULATION,
    &second_factor::SIMULATION,
    &user_gesture::SIMULATION,
    &platform_limits::SIMULATION,
];

/// The simulation of that name.
pub fn find(name: &str) -> Option<&'static Simulation> {
    ALL.into_iter().find(|one| one.name == name)
}

/// How a simulation is played.
pub struct Options {
    /// The rules.
    pub catalogue: Arc<Catalogue>,
    /// Decides keys.
    pub seed: String,
    /// Mixed into names, so that a second run does not meet the first.
    pub run_id: String,
    /// Variables for the adapter.
    pub variables: Vec<(String, String)>,
    /// How long to wait in total because the target asks for fewer requests.
    pub throttle_wait: Duration,
}

/// An observer of a story, which has ceremonies like those of a run. All methods are called as
/// things happen.
pub trait Audience: Observer {
    /// It begins; there are no acts yet.
    fn opened(&self, _story: &Story) {}

    /// An act begins; it has no steps yet.
    fn began(&self, _act: &Act) {}

    /// A step was taken.
    fn saw(&self, _step: &Step) {}

    /// A step showed a flaw of the target.
    fn flaw(&self, _finding: &Finding) {}
}

/// Plays a simulation.
pub async fn play(
    simulation: &Simulation,
    options: &Options,
    target: Arc<Target>,
    audience: &dyn Audience,
) -> Result<Story, RunError> {
    caught(None, played(simulation, options, target, audience)).await?
}

async fn played(
    simulation: &Simulation,
    options: &Options,
    target: Arc<Target>,
    audience: &dyn Audience,
) -> Result<Story, RunError> {
    let (mut play, forged) = Play::begin(simulation, options, target, audience).await?;
    match forged {
        Some(forged) => play.accepts_anything(&forged),
        None => (simulation.acts)(&mut play).await,
    }
    Ok(play.story())
}
