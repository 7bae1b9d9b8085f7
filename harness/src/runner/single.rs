//! Single checks and verdicts, for simulations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::env::Seeded;

use super::block::{self, BlockContext};
use super::{crash, judge, origin, preflight, schedule};
use crate::actor::{AttemptError, Probes, RunState, World};
use crate::catalogue::{Check, Product};
use crate::observer::Observer;
use crate::outcome::{CheckResult, Inconclusive, NotTestable, Reason, Skip, Variant};
use crate::scenarios::Observations;
use crate::target_rp::Target;

/// A target that passed the preflight; it is judged by the rules of a run of the catalogue.
pub struct SingleChecks {
    world: World,
    variant: Variant,
    found: preflight::PreflightCache,
    /// The number of honest ceremonies and checks so far; each one has actors of its own.
    rounds: usize,
}

impl SingleChecks {
    /// The preflight: honest ceremonies, then forged ones. There is a result if the target
    /// accepts anything.
    pub async fn begin(
        target: Arc<Target>,
        seed: &str,
        run_id: &str,
        variables: Vec<(String, String)>,
        throttle_wait: Duration,
        observer: &dyn Observer,
    ) -> Result<(Self, Option<CheckResult>), NotTestable> {
        let world = World {
            origin: origin(&target)?,
            env: Seeded::new(seed.as_bytes()).within(run_id),
            target,
            variables,
            expiry: None,
            timing: None,
            authenticator: None,
            state: Arc::new(RunState::new(throttle_wait)),
        };
        let authenticator = world.authenticator(Product::default(), None, None);
        let settings = &world.target.adapter().settings;
        let variant = schedule::default_variant(settings, &authenticator);
        let honest = preflight::honest(&world, &variant, observer, 0).await?;
        let forged = preflight::forged(&world, &variant, &honest, observer).await?;
        let mut found = preflight::PreflightCache::default();
        found.keep(&variant, honest);
        Ok((Self { world, variant, found, rounds: 0 }, forged))
    }

    /// The state that all actors share.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The settings in force, unless a check needs others.
    pub fn variant(&self) -> &Variant {
        &self.variant
    }

    /// The probes that can be trusted.
    pub fn probes(&self) -> Probes {
        self.found.of(&self.variant).map(|honest| honest.probes).unwrap_or_default()
    }

    /// The values that the target asked for in honest ceremonies, by name.
    pub fn observed(&self) -> BTreeMap<String, String> {
        let honest = self.found.of(&self.variant);
        honest.map(|honest| honest.observed.by_name()).unwrap_or_default()
    }

    /// The result of a target that crashed and came back, if it did.
    pub fn crash(&self) -> Option<CheckResult> {
        crash::result(&self.world.state.crashes.all(), &[], &self.variant)
    }

    /// The result of observations that the caller made.
    pub fn judge(&self, check: &Check, seen: &Result<Observations, AttemptError>) -> CheckResult {
        judge::judge(check, &self.variant, seen)
    }

    /// Makes a result inconclusive.
    pub fn void(result: CheckResult, what: &str) -> CheckResult {
        judge::void(result, Inconclusive::Bracket, what)
    }

    /// A check of the catalogue, between honest ceremonies.
    pub async fn check(&mut self, check: &Check, observer: &dyn Observer) -> CheckResult {
        let settings = &self.world.target.adapter().settings;
        let chosen = schedule::variant_for(check, &self.world, &self.variant, settings);
        let variant = match chosen {
            Ok(_) if check.waits || check.times => {
                return judge::skip(check, &self.variant, Skip::OptIn);
            }
            Ok(variant) => variant,
            Err(why) => return judge::skip(check, &self.variant, why),
        };
        let honest = match self.honest(&variant, observer).await {
            Ok(honest) => honest,
            Err(error) if error.is_answer => {
                let why = Reason::Skipped { skip: Skip::Setting, detail: Some(error.what) };
                return judge::skip(check, &variant, why);
            }
            Err(error) => {
                return judge::undecided(check, &variant, Inconclusive::Bracket, &error.what);
            }
        };
        if !schedule::meets(check, &honest.observed) {
            return judge::skip(check, &variant, Skip::Setting);
        }
        self.rounds += 1;
        let context =
            BlockContext { is_alone: true, is_watched: false, round: self.rounds * block::ROUNDS };
        let check = Arc::new(check.clone());
        let blocks = schedule::blocks(&variant, &[Arc::clone(&check)]);
        let Some(block) = blocks.first() else {
            return judge::skip(&check, &variant, Skip::Setting);
        };
        let done = block::run(block, &self.world, honest.probes, observer, context).await;
        let done = done.unwrap_or_else(|bug| bug.resume());
        let result = done.results.into_iter().next().map(|(_, result, _)| result);
        result.unwrap_or_else(|| {
            let what = done.loss.map_or_else(String::new, |loss| loss.what);
            judge::undecided(&check, &variant, Inconclusive::Bracket, &what)
        })
    }

    async fn honest(
        &mut self,
        variant: &Variant,
        observer: &dyn Observer,
    ) -> Result<Arc<preflight::PreflightResult>, NotTestable> {
        if let Some(honest) = self.found.of(variant) {
            return Ok(honest);
        }
        let honest = preflight::honest(&self.world, variant, observer, 0).await?;
        Ok(self.found.keep(variant, honest))
    }

    /// Performs an honest ceremony; the error is the reason for which it was not accepted.
    pub async fn verify_honest(&mut self, observer: &dyn Observer) -> Result<(), String> {
        self.rounds += 1;
        let honest = preflight::honest(&self.world, &self.variant, observer, self.rounds).await;
        honest.map(drop).map_err(|error| error.what)
    }
}
