//! A block of attempts between two controls.

use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::attestation::metadata::Listing;

use super::bug::{Bug, caught};
use super::judge;
use super::retries::{self, Retries, throttled};
use super::schedule::Block;
use crate::actor::{Actor, Attempt, AttemptError, Crash, Probes, World};
use crate::catalogue::{Action, Check};
use crate::observer::Observer;
use crate::outcome::{CheckResult, Expectation, Inconclusive, Outcome, Skip, Transcript, Verdict};
use crate::scenarios::{self, Context, Observations};
use crate::target_rp::transport::LARGE;
use crate::target_rp::{Log, Recognised};

/// The results of a block.
pub(super) struct BlockResults {
    pub(super) results: Vec<(Arc<Check>, CheckResult, Transcript)>,
    pub(super) loss: Option<TargetLoss>,
}

/// The target does not answer any more.
#[derive(Clone, Debug)]
pub(super) struct TargetLoss {
    /// The observation.
    pub(super) what: String,
    /// The check that stopped it, if that is known; its result says so.
    pub(super) cause: Option<Arc<Check>>,
}

/// The conditions under which a block is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockContext {
    /// No other block sends requests to the target, so that a crash comes from this one.
    pub(super) is_alone: bool,
    /// After every attempt, the target is asked whether it still answers.
    pub(super) is_watched: bool,
    /// The round that it begins with.
    pub(super) round: usize,
}

/// The number of times that a void block is run, each time on fresh accounts.
pub(super) const ROUNDS: usize = 2;

/// A block under way.
#[derive(Clone, Copy)]
struct BlockRun<'a> {
    block: &'a Block,
    world: &'a World,
    probes: Probes,
    observer: &'a dyn Observer,
}

/// An attempt, and the end of the target if it followed.
type Attempted = (CheckResult, Transcript, Option<TargetEnd>);

/// The reason for which a refusal does not count: no honest ceremony followed.
const GONE: (Inconclusive, &str) =
    (Inconclusive::Bracket, "the target was gone before an honest ceremony could follow");

pub(super) async fn run(
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    context: BlockContext,
) -> Result<BlockResults, Bug> {
    let first = block.checks.first().map(|check| check.id.as_str());
    let run = BlockRun { block, world, probes, observer };
    let end = context.round + ROUNDS;
    let mut context = context;
    loop {
        let (done, is_worth_another) = caught(first, once(run, context)).await??;
        context.round += 1;
        if !is_worth_another || context.round == end {
            return Ok(done);
        }
        observer.notice("an honest ceremony failed beside a block of attempts; once more");
    }
}

/// A control, the attempts, a control; and whether another round may decide more.
async fn once(run: BlockRun<'_>, context: BlockContext) -> Result<(BlockResults, bool), Bug> {
    let BlockRun { block, world, observer, .. } = run;
    let round = context.round;
    let before = control(run, ("before", round)).await;
    if before.is_unsupported {
        let why = block.format.map_or(Skip::Algorithm, |_| Skip::Format);
        let skip = |check: &Arc<Check>| {
            let result = judge::skip(check, &block.variant, why);
            (Arc::clone(check), result, Transcript::default())
        };
        let results = block.checks.iter().map(skip).collect();
        return Ok((BlockResults { results, loss: None }, false));
    }
    let mut gone = before.gone.clone();
    let mut results: Vec<(Arc<Check>, CheckResult, Transcript)> = Vec::new();
    // The place of the check that stopped the target.
    let mut cause = None;
    for check in &block.checks {
        if gone.is_some() {
            break;
        }
        let (result, transcript) = match before.flaw(check.ceremony) {
            // No result of it would count.
            Some((why, what)) => {
                (judge::undecided(check, &block.variant, why, what), Transcript::default())
            }
            None => {
                let attempted = caught(Some(&check.id), async {
                    let attempted = if check.exclusive {
                        race(run, check, round).await
                    } else {
                        attempt(run, check, round).await
                    };
                    observer.attempted(check, &attempted.0, &attempted.1);
                    attempted
                });
                let (result, transcript, end) = match attempted.await {
                    Ok(attempted) => attempted,
                    Err(bug) => {
                        report_interrupted(observer, results);
                        return Err(bug);
                    }
                };
                let end = match end {
                    None if context.is_watched => delayed(world).await,
                    end => end,
                };
                if let Some(end) = end {
                    let last = results.len();
                    cause = match end.is_of_the_attempt {
                        Some(true) => Some(last),
                        Some(false) => last.checked_sub(1),
                        None => (last == 0 || context.is_watched).then_some(last),
                    };
                    gone = Some(end.what);
                }
                (result, transcript)
            }
        };
        results.push((Arc::clone(check), result, transcript));
    }
    let is_sent = results.iter().any(|(check, ..)| before.flaw(check.ceremony).is_none());
    let after = match &gone {
        None if is_sent => control(run, ("after", round)).await,
        None => Control::default(),
        Some(_) => Control { gone: gone.clone(), ..Control::default() },
    };
    if after.is_unanswered && gone.is_none() {
        cause = results.len().checked_sub(1);
    }
    let mut is_void = false;
    for (check, result, _) in &mut results {
        is_void |= matches!(before.flaw(check.ceremony), Some((Inconclusive::Bracket, _)));
        let (flaw, is_open) = match &after.gone {
            None => (after.flaw(check.ceremony), result.outcome.is_decided()),
            // There is no other round: an accepted response stays accepted.
            Some(_) => (Some(GONE), result.verdict == Some(Verdict::Refused)),
        };
        let Some((why, what)) = flaw else { continue };
        is_void |= why == Inconclusive::Bracket;
        if is_open {
            *result = judge::void(result.clone(), why, what);
        }
    }
    let gone = gone.or(after.gone);
    let is_worth_another = is_void && gone.is_none();
    let loss = gone.map(|what| {
        let cause = cause.filter(|_| context.is_alone).and_then(|at| results.get_mut(at));
        let cause = cause.map(|(check, result, _)| {
            *result = judge::stopped_target(result.clone(), &what);
            Arc::clone(check)
        });
        TargetLoss { what, cause }
    });
    Ok((BlockResults { results, loss }, is_worth_another))
}

/// An honest registration and an honest authentication, and the flaw of each.
#[derive(Default)]
struct Control {
    registration: Option<(Inconclusive, String)>,
    authentication: Option<(Inconclusive, String)>,
    /// The target refuses honest statements of the block's format, or honest
    /// credentials for its algorithm.
    is_unsupported: bool,
    gone: Option<String>,
    /// The target was gone before it answered anything.
    is_unanswered: bool,
}

impl Control {
    /// The reason for which an attempt of that ceremony does not count, if there is one.
    fn flaw(&self, ceremony: Ceremony) -> Option<(Inconclusive, &str)> {
        let flaw = match ceremony {
            Ceremony::Registration => self.registration.as_ref(),
            Ceremony::Authentication => self.registration.as_ref().or(self.authentication.as_ref()),
        };
        flaw.map(|(why, what)| (*why, what.as_str()))
    }

    async fn fail(
        &mut self,
        run: BlockRun<'_>,
        (ceremony, place): (Ceremony, &str),
        seen: &Result<Attempt, AttemptError>,
        log: &Log,
    ) {
        let (throttled, what) = match seen {
            Ok(attempt) => {
                let verdict = &attempt.verdict;
                let said = verdict.message.as_deref().unwrap_or(verdict.manner.name());
                (attempt.throttled(), format!("was not accepted: {said}"))
            }
            Err(trouble) => (trouble.throttled(), format!("could not be carried out: {trouble}")),
        };
        let why = throttled.map_or(Inconclusive::Bracket, |_| Inconclusive::Throttled);
        // The answer may quote a secret that was learnt after it.
        let what = log.mask(&what);
        let flaw = Some((why, format!("an honest {ceremony} {place} the attempts {what}")));
        match ceremony {
            Ceremony::Registration => self.registration = flaw,
            Ceremony::Authentication => self.authentication = flaw,
        }
        let end = end(seen, run.world, log).await;
        self.is_unanswered = end.as_ref().is_some_and(|end| end.is_of_the_attempt == Some(false));
        self.gone = end.map(|end| end.what);
        if let Err(trouble) = seen
            && trouble.is_hang_up()
            && self.gone.is_none()
        {
            // The target is back already. Another round must not hide the crash.
            let checks = run.block.checks.iter().map(|check| check.id.clone()).collect();
            let when = format!("at an honest {ceremony} beside checks");
            let what = log.mask(&trouble.to_string());
            run.world.state.crashes.note(Crash { when, what, checks });
        }
    }
}

/// The end of the target.
struct TargetEnd {
    what: String,
    /// True if the attempt stopped it, if that can be known; if false, an earlier request did.
    is_of_the_attempt: Option<bool>,
}

/// True if the target is gone after this.
async fn end(seen: &Result<Attempt, AttemptError>, world: &World, log: &Log) -> Option<TargetEnd> {
    let (what, is_unreachable) = match seen {
        Ok(attempt) if attempt.verdict.recognised == Recognised::Crash => {
            ("it answered with a server error".to_owned(), false)
        }
        Err(trouble) if trouble.is_breakage() => {
            (log.mask(&trouble.to_string()), trouble.is_unreachable())
        }
        _ => return None,
    };
    if !is_unreachable && world.target.is_reachable().await {
        return None;
    }
    let is_of_the_attempt = match (log.has_answers(), is_unreachable) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        // A connection that was kept open since the last one, perhaps.
        (false, false) => None,
    };
    Some(TargetEnd { what, is_of_the_attempt })
}

/// True if the target stops a moment later.
async fn delayed(world: &World) -> Option<TargetEnd> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    let is_there = world.target.is_reachable().await;
    let what = || "nobody answers there any more".to_owned();
    (!is_there).then(|| TargetEnd { what: what(), is_of_the_attempt: Some(true) })
}

async fn control(run: BlockRun<'_>, (place, round): (&str, usize)) -> Control {
    let BlockRun { block, world, probes, observer } = run;
    let Some(first) = block.checks.first() else { return Control::default() };
    let mut log = Log::new();
    let mut control = Control::default();
    // Named after the block's first check, so that its draws are its own.
    let name = format!("twin {place}/{round}/{}", first.id);
    let authenticator = world.authenticator(block.product, block.format, block.algorithm);
    let mut actor = Actor::new(world, &block.variant, "twin", &name, authenticator).with_account(0);
    actor.set_format(block.format);
    if block.is_listed {
        actor.set_listing(Listing::honest(block.format));
    }
    let mut retries = Retries::new(observer, &world.state);
    while let Err(trouble) = actor.set_up(&mut log).await {
        if !retries.wait(trouble.throttled()).await {
            let ceremony = Ceremony::Registration;
            control.fail(run, (ceremony, place), &Err(trouble), &log).await;
            return control;
        }
    }
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        if ceremony == Ceremony::Authentication {
            actor.change_browser();
        }
        let mut retries = Retries::new(observer, &world.state);
        let seen = loop {
            let seen = actor.perform(ceremony, probes, &mut log).await;
            if !retries.wait(throttled(&seen)).await {
                break seen;
            }
        };
        match &seen {
            Ok(attempt) if attempt.is_accepted() => {
                observer.control_accepted(
                    ceremony,
                    &Transcript::of(log.clone(), Some(attempt.exchange)),
                );
            }
            _ => {
                let is_refused =
                    |attempt: &Attempt| attempt.verdict.recognised == Recognised::Refused;
                let is_telling = block.algorithm.is_some()
                    || block.format.is_some() && ceremony == Ceremony::Registration;
                control.is_unsupported = is_telling && seen.as_ref().is_ok_and(is_refused);
                control.fail(run, (ceremony, place), &seen, &log).await;
                break;
            }
        }
    }
    control
}

/// Reports the attempts before a bug. No control follows them, so that they decide nothing.
fn report_interrupted(
    observer: &dyn Observer,
    results: Vec<(Arc<Check>, CheckResult, Transcript)>,
) {
    for (check, result, transcript) in results {
        let what = "passrig stopped before an honest ceremony followed";
        let result = judge::void(result, Inconclusive::Interrupted, what);
        observer.finished(&check, &result, &transcript);
    }
}

/// The number of rounds of a race: a fault that is never seen in so many rounds may still exist.
const RACES: usize = 5;

/// Runs a race until a round shows the fault.
async fn race(run: BlockRun<'_>, check: &Check, round: usize) -> Attempted {
    let mut number = 1;
    loop {
        let start = round * RACES + number - 1;
        let (result, transcript, gone) = attempt(run, check, start).await;
        let result = match result.outcome {
            Outcome::Pass if number < RACES => {
                number += 1;
                continue;
            }
            Outcome::Pass => judge::unseen(result, RACES),
            Outcome::Fail | Outcome::Warn | Outcome::Note => judge::seen(result, number, RACES),
            _ => result,
        };
        return (result, transcript, gone);
    }
}

async fn attempt(run: BlockRun<'_>, check: &Check, round: usize) -> Attempted {
    let BlockRun { block, world, probes, observer } = run;
    let mut retries = Retries::new(observer, &world.state);
    let notice = |text: &str| observer.notice(text);
    loop {
        let mut stage = Context {
            world,
            variant: &block.variant,
            check,
            probes,
            // A throttled try has used up its account.
            round: round * (retries::TRIES + 1) + retries.tries(),
            actors: 0,
            log: Log::new(),
            notice: &notice,
        };
        let seen = perform(&mut stage, &check.action).await;
        let throttled = match &seen {
            Ok(Observations { control, attempt, .. }) => {
                control.iter().chain([attempt]).find_map(Attempt::throttled)
            }
            Err(trouble) => trouble.throttled(),
        };
        if retries.wait(throttled).await {
            continue;
        }
        let exchange = seen.as_ref().ok().map(|observations| observations.attempt.exchange);
        let is_closed = matches!(&seen, Err(trouble) if trouble.is_hang_up());
        let result = match check.expects {
            Expectation::Survives if is_closed && stage.log.last_sent() >= LARGE => {
                judge::cut_short(check, &block.variant)
            }
            _ => judge::judge(check, &block.variant, &seen),
        };
        // The reason may quote a secret that was learnt after it.
        let reason = result.reason.as_ref().map(|reason| reason.map(|text| stage.log.mask(text)));
        let result = CheckResult { reason, ..result };
        let end = end(&seen.map(|observations| observations.attempt), world, &stage.log).await;
        if end.is_none() && is_closed && result.outcome == Outcome::Error {
            // The target is back already. Another round of the block must not hide that.
            let what = result.reason_text().unwrap_or_default();
            world.state.crashes.note(Crash::during_checks(what, vec![check.id.clone()]));
        }
        return (result, Transcript::of(stage.log, exchange), end);
    }
}

async fn perform(stage: &mut Context<'_>, action: &Action) -> Result<Observations, AttemptError> {
    match action {
        Action::Deviation(deviation) => stage.deviate(deviation).await,
        Action::Scenario(scenario) => scenarios::find(*scenario)(stage).await,
        // Those of pages are elsewhere in the catalogue.
        Action::Page => Err(AttemptError::Bug("a check of a page is not for a runner".to_owned())),
    }
}
