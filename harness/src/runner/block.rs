//! A block of attempts between two honest twins.

use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::Ceremony;

use super::patience::{self, Patience};
use super::schedule::Block;
use super::{Observer, Transcript, judge};
use crate::actor::{Actor, Attempt, Probes, Trouble, World};
use crate::catalogue::{Action, Check};
use crate::outcome::{CheckResult, Inconclusive, Outcome, Skip, Verdict};
use crate::scenarios::{self, Observations, Stage};
use crate::target::{Log, Recognised};

/// What a block came to: results, and why the run must stop, if it must.
pub(super) struct Done {
    pub(super) results: Vec<(Arc<Check>, CheckResult, Transcript)>,
    pub(super) gone: Option<String>,
}

/// How often a void block is run, each time on fresh accounts.
const ROUNDS: usize = 2;

/// Why a refusal counts for nothing that no honest ceremony followed.
const GONE: (Inconclusive, &str) =
    (Inconclusive::Bracket, "the target was gone before an honest ceremony could follow");

pub(super) async fn run(
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
) -> Done {
    let mut round = 0;
    loop {
        let (done, is_worth_another) = once(block, world, probes, observer, round).await;
        round += 1;
        if !is_worth_another || round == ROUNDS {
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
    round: usize,
) -> (Done, bool) {
    let before = twin(block, world, probes, observer, ("before", round)).await;
    if before.is_unsupported {
        let why = block.format.map_or(Skip::Algorithm, |_| Skip::Format);
        let skip = |check: &Arc<Check>| {
            let result = judge::skip(check, &block.variant, why);
            (Arc::clone(check), result, Transcript::default())
        };
        let results = block.checks.iter().map(skip).collect();
        return (Done { results, gone: None }, false);
    }
    let mut gone = before.gone.clone();
    let mut results = Vec::new();
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
                let (result, transcript, trouble) = if check.exclusive {
                    race(check, block, world, probes, observer, round).await
                } else {
                    attempt(check, block, world, probes, observer, round).await
                };
                gone = trouble;
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
    (Done { results, gone }, is_worth_another)
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

    fn fail(&mut self, ceremony: Ceremony, place: &str, seen: &Result<Attempt, Trouble>) {
        let (throttled, what) = match seen {
            Ok(attempt) => {
                let verdict = &attempt.verdict;
                let said = verdict.message.as_deref().unwrap_or(verdict.manner.name());
                (attempt.throttled(), format!("was not accepted: {said}"))
            }
            Err(trouble) => (trouble.throttled(), format!("could not be carried out: {trouble}")),
        };
        if let Err(trouble) = seen {
            self.gone = trouble.is_unreachable().then(|| trouble.to_string());
        }
        let why = throttled.map_or(Inconclusive::Bracket, |_| Inconclusive::Throttled);
        let flaw = Some((why, format!("an honest {ceremony} {place} the attempts {what}")));
        match ceremony {
            Ceremony::Registration => self.registration = flaw,
            Ceremony::Authentication => self.authentication = flaw,
        }
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
    let mut patience = Patience::new(observer);
    while let Err(trouble) = actor.arrive(&mut log).await {
        if !patience.lasts(trouble.throttled()).await {
            twin.fail(Ceremony::Registration, place, &Err(trouble));
            return twin;
        }
    }
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        if ceremony == Ceremony::Authentication {
            actor.change_browser();
        }
        let mut patience = Patience::new(observer);
        let seen = loop {
            let seen = actor.perform(ceremony, probes, &mut log).await;
            if !patience.lasts(throttled(&seen)).await {
                break seen;
            }
        };
        match &seen {
            Ok(attempt) if attempt.is_accepted() => {
                observer.twin(ceremony, &Transcript::of(&log, Some(attempt.exchange)));
            }
            _ => {
                let is_refused =
                    |attempt: &Attempt| attempt.verdict.recognised == Recognised::Refused;
                let is_telling = block.algorithm.is_some()
                    || block.format.is_some() && ceremony == Ceremony::Registration;
                twin.is_unsupported = is_telling && seen.as_ref().is_ok_and(is_refused);
                twin.fail(ceremony, place, &seen);
                break;
            }
        }
    }
    twin
}

/// For how long the target wants to be left alone, if that is what it wants.
pub(super) fn throttled(seen: &Result<Attempt, Trouble>) -> Option<Duration> {
    match seen {
        Ok(attempt) => attempt.throttled(),
        Err(trouble) => trouble.throttled(),
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
) -> (CheckResult, Transcript, Option<String>) {
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
) -> (CheckResult, Transcript, Option<String>) {
    let mut patience = Patience::new(observer);
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
            Ok(Observations { control, attempt }) => {
                control.iter().chain([attempt]).find_map(Attempt::throttled)
            }
            Err(trouble) => trouble.throttled(),
        };
        if patience.lasts(throttled).await {
            continue;
        }
        let gone = match &seen {
            Err(trouble) if trouble.is_unreachable() => Some(trouble.to_string()),
            _ => None,
        };
        let exchange = seen.as_ref().ok().map(|observations| observations.attempt.exchange);
        let result = judge::judge(check, &block.variant, &seen);
        return (result, Transcript::of(&stage.log, exchange), gone);
    }
}

async fn perform(stage: &mut Stage<'_>, action: &Action) -> Result<Observations, Trouble> {
    match action {
        Action::Deviation(deviation) => stage.deviate(deviation).await,
        Action::Scenario(name) => match scenarios::find(name) {
            Some(story) => story(stage).await,
            None => Err(Trouble::NotExpressible),
        },
    }
}
