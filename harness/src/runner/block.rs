//! A block of attempts between two honest twins.

use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::attestation::metadata::Listing;

use super::judge;
use super::patience::{self, Patience, throttled};
use super::schedule::Block;
use crate::actor::{Actor, Attempt, Crash, Probes, Trouble, World};
use crate::catalogue::{Action, Check};
use crate::observer::Observer;
use crate::outcome::{CheckResult, Expectation, Inconclusive, Outcome, Skip, Transcript, Verdict};
use crate::scenarios::{self, Observations, Stage};
use crate::target_rp::transport::LARGE;
use crate::target_rp::{Log, Recognised};

/// What a block came to.
pub(super) struct Done {
    pub(super) results: Vec<(Arc<Check>, CheckResult, Transcript)>,
    pub(super) death: Option<Death>,
}

/// The target answers no more.
#[derive(Clone, Debug)]
pub(super) struct Death {
    /// What was noticed of it.
    pub(super) what: String,
    /// The check that it died of, if that is known; its result says so.
    pub(super) killer: Option<Arc<Check>>,
}

/// Among whom a block is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Company {
    /// Nobody else speaks to the target: whatever becomes of it is our doing.
    pub(super) is_alone: bool,
    /// After every attempt we look whether the target is still there.
    pub(super) is_watched: bool,
    /// The round that it begins with.
    pub(super) round: usize,
}

/// How often a void block is run, each time on fresh accounts.
pub(super) const ROUNDS: usize = 2;

/// Why a refusal counts for nothing that no honest ceremony followed.
const GONE: (Inconclusive, &str) =
    (Inconclusive::Bracket, "the target was gone before an honest ceremony could follow");

pub(super) async fn run(
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    company: Company,
) -> Done {
    let end = company.round + ROUNDS;
    let mut company = company;
    loop {
        let (done, is_worth_another) = once(block, world, probes, observer, company).await;
        company.round += 1;
        if !is_worth_another || company.round == end {
            return done;
        }
        observer.notice("an honest ceremony failed beside a block of attempts; once more");
    }
}

/// A twin, the attempts, a twin; and whether another round may come to more.
async fn once(
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    company: Company,
) -> (Done, bool) {
    let round = company.round;
    let before = twin(block, world, probes, observer, ("before", round)).await;
    if before.is_unsupported {
        let why = block.format.map_or(Skip::Algorithm, |_| Skip::Format);
        let skip = |check: &Arc<Check>| {
            let result = judge::skip(check, &block.variant, why);
            (Arc::clone(check), result, Transcript::default())
        };
        let results = block.checks.iter().map(skip).collect();
        return (Done { results, death: None }, false);
    }
    let mut gone = before.gone.clone();
    let mut results: Vec<(Arc<Check>, CheckResult, Transcript)> = Vec::new();
    // Which of the results is that of whom the target died.
    let mut killer = None;
    for check in &block.checks {
        if gone.is_some() {
            break;
        }
        let (result, transcript) = match before.flaw(check.ceremony) {
            // Nothing that came of it would count.
            Some((why, what)) => {
                (judge::undecided(check, &block.variant, why, what), Transcript::default())
            }
            None => {
                let (result, transcript, end) = if check.exclusive {
                    race(check, block, world, probes, observer, round).await
                } else {
                    attempt(check, block, world, probes, observer, round).await
                };
                let end = match end {
                    None if company.is_watched => delayed(world).await,
                    end => end,
                };
                if let Some(end) = end {
                    let last = results.len();
                    killer = match end.is_of_the_attempt {
                        Some(true) => Some(last),
                        Some(false) => last.checked_sub(1),
                        None => (last == 0 || company.is_watched).then_some(last),
                    };
                    gone = Some(end.what);
                }
                observer.attempted(check, &result, &transcript);
                (result, transcript)
            }
        };
        results.push((Arc::clone(check), result, transcript));
    }
    let is_sent = results.iter().any(|(check, ..)| before.flaw(check.ceremony).is_none());
    let after = match &gone {
        None if is_sent => twin(block, world, probes, observer, ("after", round)).await,
        None => Twin::default(),
        Some(_) => Twin { gone: gone.clone(), ..Twin::default() },
    };
    if after.is_unheard && gone.is_none() {
        killer = results.len().checked_sub(1);
    }
    let mut is_void = false;
    for (check, result, _) in &mut results {
        is_void |= matches!(before.flaw(check.ceremony), Some((Inconclusive::Bracket, _)));
        let (flaw, is_open) = match &after.gone {
            None => (after.flaw(check.ceremony), result.outcome.is_decided()),
            // There is no other round: what was accepted stays accepted.
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
    let death = gone.map(|what| {
        let killer = killer.filter(|_| company.is_alone).and_then(|at| results.get_mut(at));
        let killer = killer.map(|(check, result, _)| {
            *result = judge::killed(result.clone(), &what);
            Arc::clone(check)
        });
        Death { what, killer }
    });
    (Done { results, death }, is_worth_another)
}

/// An honest registration and an honest authentication, and what was wrong
/// with each.
#[derive(Default)]
struct Twin {
    registration: Option<(Inconclusive, String)>,
    authentication: Option<(Inconclusive, String)>,
    /// The target refuses honest statements of the block's format, or honest
    /// credentials for its algorithm.
    is_unsupported: bool,
    gone: Option<String>,
    /// It was gone before it answered anything.
    is_unheard: bool,
}

impl Twin {
    /// Why an attempt of that ceremony counts for nothing, if so.
    fn flaw(&self, ceremony: Ceremony) -> Option<(Inconclusive, &str)> {
        let flaw = match ceremony {
            Ceremony::Registration => self.registration.as_ref(),
            Ceremony::Authentication => self.registration.as_ref().or(self.authentication.as_ref()),
        };
        flaw.map(|(why, what)| (*why, what.as_str()))
    }

    fn fail(
        &mut self,
        ceremony: Ceremony,
        place: &str,
        seen: &Result<Attempt, Trouble>,
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
    }
}

/// How the target ended.
struct End {
    what: String,
    /// Whether it died of what was sent to it just then, if that can be told:
    /// if not, of what was sent before, or it is not known.
    is_of_the_attempt: Option<bool>,
}

/// Whether the target is gone after this.
async fn end(seen: &Result<Attempt, Trouble>, world: &World, log: &Log) -> Option<End> {
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
    Some(End { what, is_of_the_attempt })
}

/// Whether the target dies a moment later.
async fn delayed(world: &World) -> Option<End> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    let is_there = world.target.is_reachable().await;
    let what = || "nobody answers there any more".to_owned();
    (!is_there).then(|| End { what: what(), is_of_the_attempt: Some(true) })
}

impl Twin {
    fn mourn(&mut self, end: Option<End>) {
        self.is_unheard = end.as_ref().is_some_and(|end| end.is_of_the_attempt == Some(false));
        self.gone = end.map(|end| end.what);
    }
}

async fn twin(
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    (place, round): (&str, usize),
) -> Twin {
    let Some(first) = block.checks.first() else { return Twin::default() };
    let mut log = Log::new();
    let mut twin = Twin::default();
    // Named after the block's first check, so that its draws are its own.
    let name = format!("twin {place}/{round}/{}", first.id);
    let authenticator = world.authenticator(block.product, block.format, block.algorithm);
    let mut actor = Actor::new(world, &block.variant, "twin", &name, authenticator).seated(0);
    actor.attests_as(block.format);
    if block.is_listed {
        actor.is_of(Listing::honest(block.format));
    }
    let mut patience = Patience::new(observer, &world.state);
    while let Err(trouble) = actor.arrive(&mut log).await {
        if !patience.lasts(trouble.throttled()).await {
            let seen = Err(trouble);
            twin.fail(Ceremony::Registration, place, &seen, &log);
            twin.mourn(end(&seen, world, &log).await);
            note_crash(&twin, Ceremony::Registration, &seen, block, world, &log);
            return twin;
        }
    }
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        if ceremony == Ceremony::Authentication {
            actor.change_browser();
        }
        let mut patience = Patience::new(observer, &world.state);
        let seen = loop {
            let seen = actor.perform(ceremony, probes, &mut log).await;
            if !patience.lasts(throttled(&seen)).await {
                break seen;
            }
        };
        match &seen {
            Ok(attempt) if attempt.is_accepted() => {
                observer.twin(ceremony, &Transcript::of(log.clone(), Some(attempt.exchange)));
            }
            _ => {
                let is_refused =
                    |attempt: &Attempt| attempt.verdict.recognised == Recognised::Refused;
                let is_telling = block.algorithm.is_some()
                    || block.format.is_some() && ceremony == Ceremony::Registration;
                twin.is_unsupported = is_telling && seen.as_ref().is_ok_and(is_refused);
                twin.fail(ceremony, place, &seen, &log);
                twin.mourn(end(&seen, world, &log).await);
                note_crash(&twin, ceremony, &seen, block, world, &log);
                break;
            }
        }
    }
    twin
}

/// Keeps the crash of a target that is back already, so that another round does not hide it.
fn note_crash(
    twin: &Twin,
    ceremony: Ceremony,
    seen: &Result<Attempt, Trouble>,
    block: &Block,
    world: &World,
    log: &Log,
) {
    match seen {
        Err(trouble) if trouble.is_hang_up() && twin.gone.is_none() => {
            let checks = block.checks.iter().map(|check| check.id.clone()).collect();
            let when = format!("at an honest {ceremony} beside checks");
            let what = log.mask(&trouble.to_string());
            world.state.crashes.note(Crash { when, what, checks });
        }
        _ => {}
    }
}

/// How often a race is run: what is never seen in so many rounds may still be
/// there.
const RACES: usize = 5;

/// Runs a race until somebody loses it.
async fn race(
    check: &Check,
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    round: usize,
) -> (CheckResult, Transcript, Option<End>) {
    let mut number = 1;
    loop {
        let start = round * RACES + number - 1;
        let (result, transcript, gone) =
            attempt(check, block, world, probes, observer, start).await;
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

async fn attempt(
    check: &Check,
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    round: usize,
) -> (CheckResult, Transcript, Option<End>) {
    let mut patience = Patience::new(observer, &world.state);
    let notice = |text: &str| observer.notice(text);
    loop {
        let mut stage = Stage {
            world,
            variant: &block.variant,
            check,
            probes,
            // A throttled try has used up its account.
            round: round * (patience::TRIES + 1) + patience.tries(),
            cast: 0,
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
        if patience.lasts(throttled).await {
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
        let reason = result.reason.as_deref().map(|reason| stage.log.mask(reason));
        let result = CheckResult { reason, ..result };
        let end = end(&seen.map(|observations| observations.attempt), world, &stage.log).await;
        if end.is_none() && is_closed && result.outcome == Outcome::Error {
            // The target is back already. Another round of the block must not hide that.
            let what = result.reason.clone().unwrap_or_default();
            world.state.crashes.note(Crash::during_checks(what, vec![check.id.clone()]));
        }
        return (result, Transcript::of(stage.log, exchange), end);
    }
}

async fn perform(stage: &mut Stage<'_>, action: &Action) -> Result<Observations, Trouble> {
    match action {
        Action::Deviation(deviation) => stage.deviate(deviation).await,
        Action::Scenario(scenario) => scenarios::find(*scenario)(stage).await,
        // Those of pages are elsewhere in the catalogue.
        Action::Page => Err(Trouble::NotExpressible),
    }
}
