//! A block of attempts between two honest twins.

use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::Ceremony;

use super::schedule::Block;
use super::{Observer, Transcript, judge};
use crate::actor::{Actor, Probes, Trouble, World};
use crate::catalogue::{Action, Check};
use crate::outcome::{CheckResult, Inconclusive, Outcome};
use crate::scenarios::{self, Observations, Stage};
use crate::target::{Log, Recognised};

/// What a block came to: results with their transcripts, and why the run must
/// stop, if it must.
pub(super) struct Done {
    pub(super) results: Vec<(Arc<Check>, CheckResult, Transcript)>,
    pub(super) gone: Option<String>,
}

/// How often a void block runs again, on fresh accounts.
const ROUNDS: usize = 2;

/// How often a throttled request is tried again, and how long at most we wait.
const PATIENCE: (usize, Duration) = (3, Duration::from_secs(30));

pub(super) async fn run(
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
) -> Done {
    let mut last = Done { results: Vec::new(), gone: None };
    for round in 0..ROUNDS {
        let before = twin(block, world, probes, observer, ("before", round)).await;
        let mut results = Vec::new();
        let mut gone = before.gone();
        for check in &block.checks {
            if gone.is_some() {
                break;
            }
            let (result, transcript, trouble) =
                attempt(check, block, world, probes, observer, round).await;
            gone = trouble;
            results.push((Arc::clone(check), result, transcript));
        }
        let after = match &gone {
            Some(_) => before.clone(),
            None => twin(block, world, probes, observer, ("after", round)).await,
        };
        gone = gone.or_else(|| after.gone());
        let last_round = round + 1 == ROUNDS;
        let is_void = [Ceremony::Registration, Ceremony::Authentication].into_iter().any(|c| {
            let concerned = block.checks.iter().any(|check| check.ceremony == c);
            concerned && (before.trouble(c).is_some() || after.trouble(c).is_some())
        });
        if gone.is_none() && is_void && !last_round {
            observer.notice("an honest ceremony failed after a block of attempts; once more");
            continue;
        }
        for (check, result, _) in &mut results {
            let trouble = before.trouble(check.ceremony).or_else(|| after.trouble(check.ceremony));
            if let Some(trouble) = trouble
                && result.outcome != Outcome::Error
                && result.outcome != Outcome::Skipped
            {
                *result = judge::void(result.clone(), Inconclusive::Bracket, trouble);
            }
        }
        last = Done { results, gone };
        break;
    }
    last
}

/// An honest registration and an honest authentication.
#[derive(Clone, Default)]
struct Twin {
    registration: Option<String>,
    authentication: Option<String>,
    gone: Option<String>,
}

impl Twin {
    /// What was wrong with that ceremony, if anything.
    fn trouble(&self, ceremony: Ceremony) -> Option<&str> {
        match ceremony {
            Ceremony::Registration => self.registration.as_deref(),
            Ceremony::Authentication => {
                self.registration.as_deref().or(self.authentication.as_deref())
            }
        }
    }

    fn gone(&self) -> Option<String> {
        self.gone.clone()
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
    let mut actor = Actor::new(world, &block.variant, "twin", &name, block.product).seated(0);
    let mut tries = 0;
    while let Err(trouble) = actor.arrive(&mut log).await {
        if !waits(&trouble, &mut tries, observer).await {
            twin.gone = trouble.is_unreachable().then(|| trouble.to_string());
            twin.registration = Some(trouble.to_string());
            return twin;
        }
    }
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        if ceremony == Ceremony::Authentication {
            actor.change_browser();
        }
        let mut tries = 0;
        let outcome = loop {
            match actor.perform(ceremony, probes, &mut log).await {
                Err(trouble) if waits(&trouble, &mut tries, observer).await => {}
                other => break other,
            }
        };
        let trouble = match outcome {
            Ok(attempt) if attempt.is_accepted() => {
                observer.twin(ceremony, &Transcript::of(&log, Some(attempt.exchange)));
                None
            }
            Ok(attempt) => Some(format!(
                "an honest {ceremony} {place} the attempts was not accepted: {}",
                attempt.verdict.message.as_deref().unwrap_or(attempt.verdict.manner.name())
            )),
            Err(trouble) => {
                twin.gone = trouble.is_unreachable().then(|| trouble.to_string());
                Some(trouble.to_string())
            }
        };
        match ceremony {
            Ceremony::Registration => twin.registration = trouble,
            Ceremony::Authentication => twin.authentication = trouble,
        }
        if twin.registration.is_some() {
            break;
        }
    }
    twin
}

async fn attempt(
    check: &Check,
    block: &Block,
    world: &World,
    probes: Probes,
    observer: &dyn Observer,
    round: usize,
) -> (CheckResult, Transcript, Option<String>) {
    let mut tries = 0;
    loop {
        let mut stage = Stage {
            world,
            variant: &block.variant,
            check,
            probes,
            // A throttled try has used up its account.
            round: round * (PATIENCE.0 + 1) + tries,
            cast: 0,
            log: Log::new(),
        };
        let seen = perform(&mut stage, &check.action).await;
        if slow_down(&seen, &mut tries, observer).await {
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

/// Whether a try was throttled and shall be made again; by then we have waited.
async fn slow_down(
    seen: &Result<Observations, Trouble>,
    tries: &mut usize,
    observer: &dyn Observer,
) -> bool {
    match seen {
        Ok(Observations { attempt, .. }) => match attempt.verdict.recognised {
            Recognised::Throttled { after } => pause(after, tries, observer).await,
            _ => false,
        },
        Err(trouble) => waits(trouble, tries, observer).await,
    }
}

async fn waits(trouble: &Trouble, tries: &mut usize, observer: &dyn Observer) -> bool {
    match trouble.throttled() {
        Some(after) => pause(Some(after), tries, observer).await,
        None => false,
    }
}

async fn pause(after: Option<Duration>, tries: &mut usize, observer: &dyn Observer) -> bool {
    if *tries == PATIENCE.0 {
        return false;
    }
    *tries += 1;
    let wait = after.unwrap_or_default().max(Duration::from_secs(1 << *tries)).min(PATIENCE.1);
    observer.notice(&format!("the target wants fewer requests; waiting {} s", wait.as_secs()));
    tokio::time::sleep(wait).await;
    true
}
