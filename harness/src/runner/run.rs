//! A run: the preflight, then each block of checks, and the report.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use passrig_authenticator::client::Origin;
use passrig_authenticator::env::Seeded;
use tokio::task::JoinSet;

use super::block::{self, Company, Death, Done};
use super::revival::Revival;
use super::schedule::{self, Block};
use super::{Options, canary, crash, judge};
use crate::actor::{self, Crash, RunState, THROTTLED, World};
use crate::catalogue::{Check, Product};
use crate::observer::Observer;
use crate::outcome::{
    CheckResult, Inconclusive, NotTestable, Report, SCHEMA_VERSION, Skip, Summary, TargetInfo,
    Tool, Transcript, Variant,
};
use crate::target_rp::Target;
use crate::target_rp::adapter::AccountMode;

/// Runs the checks, and reports.
pub async fn run(
    options: &Options,
    target: Arc<Target>,
    observer: Arc<dyn Observer>,
) -> Result<Report, NotTestable> {
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

    let honest = canary::honest(&world, &variant, &*observer, 0).await?;
    let mut run = Run {
        options,
        world: &world,
        default: &variant,
        observed: honest.observed.by_name(),
        results: HashMap::new(),
        stopped: None,
        revival: Revival::new(&options.restart),
        deaths: 0,
        found: canary::Found::default(),
    };
    let honest = run.found.keep(&variant, honest);
    match canary::forged(&world, &variant, &honest, &*observer).await {
        Ok(Some(result)) => return Ok(run.accepts_anything(result, &*observer)),
        Ok(None) => {}
        // Which check it is that does this, the checks will tell.
        Err(error) if error.is_gone => {
            let crash = Crash::without_checks(canary::FORGED, error.what.clone());
            if !run.comes_back(crash, &*observer).await {
                return Err(error);
            }
            observer.notice(
                "the target crashed at a ceremony that is wrong in every respect, and is back",
            );
        }
        Err(error) => return Err(error),
    }

    let admitted = options.catalogue.checks.iter().filter(|c| options.filter.admits(&c.id));
    let schedule = schedule::schedule(admitted.cloned().map(Arc::new), &world, &variant);
    let runnable: usize = schedule.by_variant.iter().map(|(_, checks)| checks.len()).sum();
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
    let last = schedule.waiting.into_iter().chain(schedule.timing).chain(schedule.spoiling);
    for (chosen, check) in last {
        run.variant(&chosen, &[check], &observer).await;
    }
    Ok(run.report(&*observer))
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
    })
}

/// A run under way.
struct Run<'a> {
    options: &'a Options,
    world: &'a World,
    default: &'a Variant,
    observed: BTreeMap<String, String>,
    results: HashMap<String, CheckResult>,
    stopped: Option<String>,
    revival: Revival<'a>,
    /// How often the target died.
    deaths: usize,
    found: canary::Found,
}

impl Run<'_> {
    /// All checks of a variant, block by block.
    async fn variant(
        &mut self,
        variant: &Variant,
        checks: &[Arc<Check>],
        observer: &Arc<dyn Observer>,
    ) {
        if let Some(stopped) = self.stopped.clone() {
            let why = Inconclusive::Interrupted;
            return self.give_up(variant, checks, (why, &stopped), &**observer);
        }
        let honest = match self.found.of(variant) {
            Some(honest) => honest,
            None => match self.sing(variant, checks, &**observer).await {
                Ok(honest) => self.found.keep(variant, honest),
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
        let company = Company { is_alone, is_watched: false, round: 0 };
        let mut blocks = blocks.into_iter();
        let mut tasks = JoinSet::new();
        // The blocks under way when the target died: what it answered to one of
        // them may come of what another sent.
        let mut struck: Vec<(Block, Done)> = Vec::new();
        loop {
            while tasks.len() < jobs && self.stopped.is_none() && struck.is_empty() {
                let Some(block) = blocks.next() else { break };
                let (world, observer) = (self.world.clone(), Arc::clone(observer));
                let probes = honest.probes;
                tasks.spawn(async move {
                    let done = block::run(&block, &world, probes, &*observer, company).await;
                    (block, done)
                });
            }
            match tasks.join_next().await {
                Some(Ok((block, done))) if done.death.is_some() || !struck.is_empty() => {
                    struck.push((block, done));
                }
                Some(Ok((_, done))) => {
                    self.record(done, &**observer);
                    self.stop_if_throttled();
                }
                Some(Err(_)) => {}
                None if struck.is_empty() => break,
                None => {
                    let struck = std::mem::take(&mut struck);
                    self.go_on(struck, honest.probes, &**observer).await;
                    self.stop_if_throttled();
                }
            }
        }
        if let Some(stopped) = self.stopped.clone() {
            let why = Inconclusive::Interrupted;
            self.give_up(variant, &fitting, (why, &stopped), &**observer);
        }
    }

    /// The honest canary of a variant: once more, if the target dies of it.
    async fn sing(
        &mut self,
        variant: &Variant,
        checks: &[Arc<Check>],
        observer: &dyn Observer,
    ) -> Result<canary::Honest, NotTestable> {
        let sung = canary::honest(self.world, variant, observer, self.deaths).await;
        match sung {
            Err(error) if error.is_gone => {
                let when = format!("at the honest ceremonies that begin {variant}");
                let crash = Crash { when, what: error.what.clone(), checks: ids(checks) };
                match self.comes_back(crash, observer).await {
                    true => canary::honest(self.world, variant, observer, self.deaths).await,
                    false => Err(error),
                }
            }
            sung => sung,
        }
    }

    /// Whether the target is there again after this crash, which counts against it then.
    async fn comes_back(&mut self, crash: Crash, observer: &dyn Observer) -> bool {
        self.deaths += 1;
        let is_back = self.revival.brings_back(&self.world.target, observer).await;
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

    /// After the target died: whom it died of is found out, and everybody else
    /// tries again, on fresh accounts. If it does not come back, that is all.
    async fn go_on(
        &mut self,
        struck: Vec<(Block, Done)>,
        probes: actor::Probes,
        observer: &dyn Observer,
    ) {
        let what = struck.iter().find_map(|(_, done)| done.death.as_ref());
        let what = what.map(|death| death.what.clone());
        let checks = struck.iter().flat_map(|(block, _)| ids(&block.checks)).collect();
        let crash = Crash::during_checks(what.clone().unwrap_or_default(), checks);
        let mut is_there = self.comes_back(crash, observer).await;
        for (block, done) in struck {
            if is_there {
                is_there = self.alone(block, done, probes, observer).await;
            } else {
                self.record(done, observer);
                self.stopped = self.stopped.take().or_else(|| what.clone());
            }
        }
    }

    /// One block by itself, as often as the target dies of another one of its
    /// checks. Whether the target is there after that.
    async fn alone(
        &mut self,
        mut block: Block,
        mut done: Done,
        probes: actor::Probes,
        observer: &dyn Observer,
    ) -> bool {
        let mut company = Company { is_alone: true, is_watched: true, round: 0 };
        let mut unexplained = 0;
        loop {
            match done.death.take() {
                Some(Death { killer: Some(killer), .. }) => {
                    block.checks.retain(|check| check.id != killer.id);
                    done.results.retain(|(check, ..)| check.id == killer.id);
                    self.record(done, observer);
                }
                // It dies of honest ceremonies, or of nothing.
                Some(Death { what, .. }) if unexplained == block::ROUNDS => {
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
            company.round += block::ROUNDS;
            done = block::run(&block, self.world, probes, observer, company).await;
            let Some(death) = &done.death else {
                self.record(done, observer);
                return true;
            };
            let what = death.what.clone();
            let crash = Crash::during_checks(what.clone(), ids(&block.checks));
            if !self.comes_back(crash, observer).await {
                self.stopped = Some(what);
                self.record(done, observer);
                return false;
            }
        }
    }

    fn record(&mut self, done: Done, observer: &dyn Observer) {
        for (check, result, transcript) in done.results {
            observer.finished(&check, &result, &transcript);
            self.results.insert(check.id.clone(), result);
        }
    }

    fn skip(&mut self, check: &Check, variant: &Variant, why: Skip, observer: &dyn Observer) {
        let result = judge::skip(check, variant, why);
        observer.finished(check, &result, &Transcript::default());
        self.results.insert(check.id.clone(), result);
    }

    /// What has no result by now will have none.
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
            checks,
            amiss: Vec::new(),
        }
    }
}

fn ids(checks: &[Arc<Check>]) -> Vec<String> {
    checks.iter().map(|check| check.id.clone()).collect()
}
