//! Simulations of users and attackers: a sequence of real ceremonies, which ends with findings.
//!
//! One file per simulation. Each is a sequence of acts; every ceremony in them is
//! a real one, by an [`Actor`](crate::actor::Actor) with a browser and devices of
//! its own. The rules of the catalogue judge the answers of the RP, as in the
//! runner: a refusal counts only if honest ceremonies are accepted before and
//! after it.

mod cloned_authenticator;
mod cross_domain;
mod document;
mod enrolment_csrf;
mod html;
mod login_csrf;
mod lost_device;
mod person;
mod platform_limits;
mod removal;
mod restored_backup;
mod rules;
mod second_factor;
mod simulator;
mod stolen_session;
#[cfg(test)]
mod tests;
mod text;
mod user_gesture;

pub use document::{
    Act, Finding, Participant, SCHEMA_VERSION, SimulationReport, SimulationStep, StepAnswer,
};
pub use html::render as html;
pub use text::SimulationText;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::observer::Observer;
use crate::runner::{RunError, caught};
use crate::target_rp::Target;
use simulator::Simulator;

/// A simulation.
pub struct Simulation {
    /// Its name.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// True if it is about RPs that ask for a password first.
    pub has_second_factor: bool,
    participants: &'static [(&'static str, &'static str)],
    acts: for<'a> fn(&'a mut Simulator<'_>) -> ActsFuture<'a>,
}

type ActsFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

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

/// The settings of a simulation.
pub struct Options {
    /// The rules.
    pub catalogue: Arc<Catalogue>,
    /// Decides keys.
    pub seed: String,
    /// Mixed into names, so that a second run does not meet the first.
    pub run_id: String,
    /// Variables for the adapter.
    pub variables: Vec<(String, String)>,
    /// The total wait for a target that asks for fewer requests.
    pub throttle_wait: Duration,
}

/// An observer of a simulation, which has ceremonies like those of a run. All methods are called as
/// things happen.
pub trait SimulationObserver: Observer {
    /// The simulation begins; there are no acts yet.
    fn simulation_started(&self, _report: &SimulationReport) {}

    /// An act begins; it has no steps yet.
    fn act_started(&self, _act: &Act) {}

    /// A step was taken.
    fn step_taken(&self, _step: &SimulationStep) {}

    /// A step showed a flaw of the target.
    fn finding(&self, _finding: &Finding) {}
}

/// Runs a simulation.
pub async fn run(
    simulation: &Simulation,
    options: &Options,
    target: Arc<Target>,
    observer: &dyn SimulationObserver,
) -> Result<SimulationReport, RunError> {
    caught(None, simulated(simulation, options, target, observer)).await?
}

async fn simulated(
    simulation: &Simulation,
    options: &Options,
    target: Arc<Target>,
    observer: &dyn SimulationObserver,
) -> Result<SimulationReport, RunError> {
    let (mut sim, forged) = Simulator::begin(simulation, options, target, observer).await?;
    match forged {
        Some(forged) => sim.accepts_anything(&forged),
        None => (simulation.acts)(&mut sim).await,
    }
    Ok(sim.report())
}
