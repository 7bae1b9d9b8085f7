//! A run: the preflight, then each block of checks, and the report.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use passrig_authenticator::client::Origin;
use passrig_authenticator::env::Seeded;
use tokio::task::JoinSet;

use super::block::{self, BlockContext, BlockResults, TargetLoss};
use super::bug::{Bug, RunError, caught};
use super::restart::Restarter;
use super::schedule::{self, Block};
use super::{Options, crash, diagnosis, judge, preflight};
use crate::actor::{self, Crash, RunState, THROTTLED, World};
use crate::catalogue::{Check, Product};
use crate::observer::Observer;
use crate::outcome::{
    CheckResult, Inconclusive, NotTestable, Reason, Report, SCHEMA_VERSION, Skip, Summary,
    TargetInfo, Tool, Transcript, Variant,
};
use crate::target_rp::Target;
use crate::target_rp::adapter::AccountMode;

/// Runs the checks, and reports. A panic is an error, too.
pub async fn run(
    options: &Options,
    target: Arc<Target>,
    observer: Arc<dyn Observer>,
) -> Result<Report, RunError> {
    caught(None, run_checks(options, target, observer)).await?
}

async fn run_checks(
    options: &Options,
    target: Arc<Target>,
    observer: Arc<dyn Observer>,
) -> Result<Report, RunError> {
    let origin = origin(&target)?;
    let env = Seeded::new(options.seed.as_bytes()).within(&options.run_id);
    let variables = options.variables.clone();
    let world = World {
        target,
        origin,
        env,
        variables,
        expiry: options.expiry,
        timing: options.timing,
        authenticator: options.authenticator.clone(),
        state: Arc::new(RunState::new(options.throttle_wait)),
    };
    let profile = world.target.adapter();
    let variant = schedule::default_variant(
        &profile.settings,
        &world.authenticator(Product::default(), None, None),
    );

    let honest = preflight::honest(&world, &variant, &*observer, 0).await?;
    let mut run = Run {
        options,
        world: &world,
        default: &variant,
        observed: honest.observed.by_name(),
        results: HashMap::new(),
        stopped: None,
        bug: None,
        restarter: Restarter::new(&options.restart),
        losses: 0,
        found: preflight::PreflightCache::default(),
    };
    let honest = run.found.keep(&variant, honest);
    match preflight::forged(&world, &variant, &honest, &*observer).await {
        Ok(Some(result)) => return Ok(run.accepts_anything(result, &*observer)),
        Ok(None) => {}
        // The checks find the fault that stops the target.
        Err(error) if error.is_gone => {
            let crash = Crash::without_checks(preflight::FORGED, error.what.clone());
            if !run.comes_back(crash, &*observer).await {
                return Err(error.into());
            }
            observer.notice(
                "the target crashed at a ceremony that is wrong in every respect, and is back",
            );
        }
        Err(error) => return Err(error.into()),
    }

    let admitted = options.catalogue.checks.iter().filter(|c| options.filter.admits(&c.id));
    let schedule = schedule::schedule(admitted.cloned().map(Arc::new), &world, &variant);
    let together = schedule.by_variant.iter().chain(&schedule.taxing);
    let runnable: usize = together.map(|(_, checks)| checks.len()).sum();
    let waiting = schedule.waiting.len() + schedule.timing.len();
    let alone = schedule.exclusive.len() + waiting + schedule.spoiling.len();
    observer.started(runnable + alone + schedule.skipped.len());
    for (check, why) in &schedule.skipped {
        run.skip(check, &variant, *why, &*observer);
    }
    for (chosen, checks) in &schedule.by_variant {
        run.variant(chosen, checks, &observer).await;
    }
    for race in schedule.exclusive {
        run.variant(&variant, &[race], &observer).await;
    }
    for (chosen, check) in schedule.waiting.into_iter().chain(schedule.timing) {
        run.variant(&chosen, &[check], &observer).await;
    }
    for (chosen, checks) in &schedule.taxing {
        run.variant(chosen, checks, &observer).await;
    }
    for (chosen, check) in schedule.spoiling {
        run.variant(&chosen, &[check], &observer).await;
    }
    match run.bug.take() {
        Some(bug) => Err(bug.into()),
        None => Ok(run.report(&*observer)),
    }
}

/// The origin of the target's pages.
pub(super) fn origin(target: &Target) -> Result<Origin, NotTestable> {
    Origin::parse(target.origin()).map_err(|error| NotTestable {
        what: error.to_string(),
        help: Some("name the origin of the RP's pages with --origin".to_owned()),
        transcript: Transcript::default(),
        observed: BTreeMap::new(),
        is_gone: false,
        is_refusal: false,
        is_answer: false,
    })
}

/// A running run of checks.
struct Run<'a> {
    options: &'a Options,
    world: &'a World,
    default: &'a Variant,
    observed: BTreeMap<String, String>,
    results: HashMap<String, CheckResult>,
    stopped: Option<String>,
    /// The panic after which nothing more is run.
    bug: Option<Bug>,
    restarter: Restarter<'a>,
    /// The number of times that the target stopped.
    losses: usize,
    found: preflight::PreflightCache,
}

impl Run<'_> {
    /// All checks of a variant, block by block.
    async fn variant(
        &mut self,
        variant: &Variant,
        checks: &[Arc<Check>],
        observer: &Arc<dyn Observer>,
    ) {
        if self.bug.is_some() {
            return;
        }
        if let Some(stopped) = self.stopped.clone() {
            let why = Inconclusive::Interrupted;
            return self.give_up(variant, checks, (why, &stopped), &**observer);
        }
        let honest = match self.found.of(variant) {
            Some(honest) => honest,
            None => match self.variant_preflight(variant, checks, &**observer).await {
                Ok(honest) => self.found.keep(variant, honest),
                Err(error) if error.is_answer => {
                    observer.notice(&format!("{variant}: {error}"));
                    let skip = Skip::Setting;
                    let why = Reason::Skipped { skip, detail: Some(error.what) };
                    for check in checks {
                        self.skip(check, variant, why.clone(), &**observer);
                    }
                    return;
                }
                Err(error) => {
                    observer.notice(&format!("{variant}: {error}"));
                    if error.is_gone {
                        self.stopped = Some(error.what.clone());
                    }
                    self.stop_if_throttled();
                    let why = Inconclusive::Bracket;
                    return self.give_up(variant, checks, (why, &error.what), &**observer);
                }
            },
        };
        let (fitting, others): (Vec<_>, Vec<_>) =
            checks.iter().cloned().partition(|check| schedule::meets(check, &honest.observed));
        for check in &others {
            self.skip(check, variant, Skip::Setting, &**observer);
        }
        let jobs = match self.world.target.adapter().account.mode {
            AccountMode::Fresh => self.options.jobs.max(1),
            // One account, or a handful: attempts must not meet in them.
            AccountMode::Pool | AccountMode::Single => 1,
        };
        let blocks = schedule::blocks(variant, &fitting);
        let is_alone = jobs == 1 || blocks.len() == 1;
        let context = BlockContext { is_alone, is_watched: false, round: 0 };
        let mut blocks = blocks.into_iter();
        let mut tasks = JoinSet::new();
        // The blocks under way when the target stopped: an answer to one of them may come from a
        // request of another.
        let mut affected: Vec<(Block, BlockResults)> = Vec::new();
        loop {
            let ends = self.stopped.is_some() || self.bug.is_some();
            while tasks.len() < jobs && !ends && affected.is_empty() {
                let Some(block) = blocks.next() else { break };
                let (world, observer) = (self.world.clone(), Arc::clone(observer));
                let probes = honest.probes;
                tasks.spawn(async move {
                    let done = block::run(&block, &world, probes, &*observer, context).await?;
                    Ok((block, done))
                });
            }
            // No task is cancelled: one that was not joined has panicked.
            let joined = tasks
                .join_next()
                .await
                .map(|joined| joined.unwrap_or_else(|error| Err(error.into())));
            match joined {
                Some(Ok((block, done))) if done.loss.is_some() || !affected.is_empty() => {
                    affected.push((block, done));
                }
                Some(Ok((_, done))) => {
                    self.record(done, &**observer);
                    self.stop_if_throttled();
                }
                Some(Err(bug)) => self.bug = Some(bug),
                None if affected.is_empty() || self.bug.is_some() => break,
                None => {
                    let affected = std::mem::take(&mut affected);
                    self.go_on(affected, honest.probes, &**observer).await;
                    self.stop_if_throttled();
                }
            }
        }
        for (_, done) in affected {
            self.record(done, &**observer);
        }
        if let Some(stopped) = self.stopped.clone() {
            let why = Inconclusive::Interrupted;
            self.give_up(variant, &fitting, (why, &stopped), &**observer);
        }
    }

    /// The honest ceremonies of a variant: once more, if they stop the target or are not accepted.
    async fn variant_preflight(
        &mut self,
        variant: &Variant,
        checks: &[Arc<Check>],
        observer: &dyn Observer,
    ) -> Result<preflight::PreflightResult, NotTestable> {
        let honest = preflight::honest(self.world, variant, observer, self.losses).await;
        match honest {
            Err(error) if error.is_gone => {
                let when = format!("at the honest ceremonies that begin {variant}");
                let crash = Crash { when, what: error.what.clone(), checks: ids(checks) };
                match self.comes_back(crash, observer).await {
                    true => preflight::honest(self.world, variant, observer, self.losses).await,
                    false => Err(error),
                }
            }
            // The target accepted the default variant: one failure of this one may be chance.
            Err(error) if error.is_answer => {
                let again = preflight::honest(self.world, variant, observer, self.losses + 1).await;
                let Err(error) = again else { return again };
                // A target that no longer accepts the default variant says nothing about this one.
                let default = self.default;
                let default =
                    preflight::honest(self.world, default, observer, self.losses + 1).await;
                Err(NotTestable { is_answer: error.is_answer && default.is_ok(), ..error })
            }
            honest => honest,
        }
    }

    /// True if the target is there again after this crash, which counts against it then.
    async fn comes_back(&mut self, crash: Crash, observer: &dyn Observer) -> bool {
        self.losses += 1;
        let is_back = self.restarter.bring_back(&self.world.target, observer).await;
        if is_back {
            self.world.state.crashes.note(crash);
        }
        is_back
    }

    /// Ends the run if the time to wait for a target that asks for fewer requests is used up.
    fn stop_if_throttled(&mut self) {
        if let Some(why) = self.world.state.throttling.used_up() {
            self.stopped.get_or_insert(format!("{why}: {THROTTLED}"));
        }
    }

    /// After the target stopped: finds the check that stopped it, and runs the others again on
    /// fresh accounts. If it does not come back, the run ends.
    async fn go_on(
        &mut self,
        affected: Vec<(Block, BlockResults)>,
        probes: actor::Probes,
        observer: &dyn Observer,
    ) {
        let what = affected.iter().find_map(|(_, done)| done.loss.as_ref());
        let what = what.map(|loss| loss.what.clone());
        let checks = affected.iter().flat_map(|(block, _)| ids(&block.checks)).collect();
        let crash = Crash::during_checks(what.clone().unwrap_or_default(), checks);
        let mut is_there = self.comes_back(crash, observer).await;
        for (block, done) in affected {
            if self.bug.is_some() {
                self.record(done, observer);
            } else if is_there {
                is_there = self.alone(block, done, probes, observer).await;
            } else {
                self.record(done, observer);
                self.stopped = self.stopped.take().or_else(|| what.clone());
            }
        }
    }

    /// One block by itself, once more for each of its checks that stops the target. True if the
    /// target is there after that.
    async fn alone(
        &mut self,
        mut block: Block,
        mut done: BlockResults,
        probes: actor::Probes,
        observer: &dyn Observer,
    ) -> bool {
        let mut context = BlockContext { is_alone: true, is_watched: true, round: 0 };
        let mut unexplained = 0;
        loop {
            match done.loss.take() {
                Some(TargetLoss { cause: Some(cause), .. }) => {
                    block.checks.retain(|check| check.id != cause.id);
                    done.results.retain(|(check, ..)| check.id == cause.id);
                    self.record(done, observer);
                }
                // Honest ceremonies stop it, or no request does.
                Some(TargetLoss { what, .. }) if unexplained == block::ROUNDS => {
                    self.record(done, observer);
                    let why = (Inconclusive::Bracket, what.as_str());
                    self.give_up(&block.variant, &block.checks, why, observer);
                    return true;
                }
                Some(_) => unexplained += 1,
                None => {}
            }
            if block.checks.is_empty() {
                return true;
            }
            context.round += block::ROUNDS;
            done = match block::run(&block, self.world, probes, observer, context).await {
                Ok(done) => done,
                Err(bug) => {
                    self.bug = Some(bug);
                    return true;
                }
            };
            let Some(loss) = &done.loss else {
                self.record(done, observer);
                return true;
            };
            let what = loss.what.clone();
            let crash = Crash::during_checks(what.clone(), ids(&block.checks));
            if !self.comes_back(crash, observer).await {
                self.stopped = Some(what);
                self.record(done, observer);
                return false;
            }
        }
    }

    fn record(&mut self, done: BlockResults, observer: &dyn Observer) {
        for (check, result, transcript) in done.results {
            observer.finished(&check, &result, &transcript);
            self.results.insert(check.id.clone(), result);
        }
    }

    fn skip(
        &mut self,
        check: &Check,
        variant: &Variant,
        why: impl Into<Reason>,
        observer: &dyn Observer,
    ) {
        let result = judge::skip(check, variant, why);
        observer.finished(check, &result, &Transcript::default());
        self.results.insert(check.id.clone(), result);
    }

    /// Gives the checks without a result an inconclusive one.
    fn give_up(
        &mut self,
        variant: &Variant,
        checks: &[Arc<Check>],
        (why, what): (Inconclusive, &str),
        observer: &dyn Observer,
    ) {
        for check in checks {
            if !self.results.contains_key(&check.id) {
                let result = judge::undecided(check, variant, why, what);
                observer.finished(check, &result, &Transcript::default());
                self.results.insert(check.id.clone(), result);
            }
        }
    }

    fn accepts_anything(self, result: CheckResult, observer: &dyn Observer) -> Report {
        let stopped = self.stopped.clone();
        self.report_of(vec![result], stopped, observer)
    }

    fn report(mut self, observer: &dyn Observer) -> Report {
        let order = &self.options.catalogue.checks;
        let implied = order.iter().filter_map(|check| {
            let plainer = self.options.catalogue.find(check.implied_by.as_deref()?)?;
            let is_finding =
                |id: &str| self.results.get(id).is_some_and(CheckResult::is_divergence);
            (is_finding(&check.id) && is_finding(&plainer.id)).then_some((&check.id, plainer))
        });
        for (id, plainer) in implied.collect::<Vec<_>>() {
            if let Some(result) = self.results.remove(id) {
                self.results.insert(id.clone(), judge::implied(result, plainer));
            }
        }
        let checks = order.iter().filter_map(|check| self.results.remove(&check.id)).collect();
        let stopped = self.stopped.take();
        self.report_of(checks, stopped, observer)
    }

    fn report_of(
        self,
        mut checks: Vec<CheckResult>,
        stopped: Option<String>,
        observer: &dyn Observer,
    ) -> Report {
        let crashes = self.world.state.crashes.all();
        if let Some(crash) = crash::result(&crashes, &checks, self.default) {
            observer.found(&crash);
            checks.push(crash);
        }
        let target = &self.world.target;
        Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            seed: self.options.seed.clone(),
            run_id: self.options.run_id.clone(),
            target: TargetInfo {
                url: target.masked(target.base().as_str()),
                origin: target.origin().to_owned(),
                adapter: target.adapter().id.clone(),
                observed: self.observed,
            },
            authenticator: None,
            stopped,
            summary: Summary::of(&checks),
            diagnoses: diagnosis::diagnoses(&checks),
            checks,
            stale: Vec::new(),
        }
    }
}

fn ids(checks: &[Arc<Check>]) -> Vec<String> {
    checks.iter().map(|check| check.id.clone()).collect()
}
