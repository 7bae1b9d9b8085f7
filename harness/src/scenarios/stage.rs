use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::{Bench, Deviation, NoFacts};
use url::Url;

use crate::actor::{Actor, Attempt, Known, Message, Probes, Trouble, World};
use crate::catalogue::{Check, Need};
use crate::outcome::{Effect, Manner, Variant};
use crate::target_rp::{AnswerVerdict, Begun, Flow, Log, Recognised};

/// Where a check is performed: its actors come from here, and all that they
/// send is logged here.
pub struct Stage<'a> {
    /// What all actors share.
    pub world: &'a World,
    /// The settings in force.
    pub variant: &'a Variant,
    /// The check.
    pub check: &'a Check,
    /// The probes that may be asked.
    pub probes: Probes,
    /// Which try this is; every try has actors of its own.
    pub round: usize,
    /// How many actors have come so far.
    pub cast: usize,
    /// What was sent and answered.
    pub log: Log,
    /// Tells whoever watches why nothing happens.
    pub notice: &'a (dyn Fn(&str) + Sync),
}

/// What a story saw.
pub struct Observations {
    /// The honest part of the story, if it has one: it must have been accepted
    /// for the rest to mean anything.
    pub control: Option<Attempt>,
    /// The attempt.
    pub attempt: Attempt,
    /// Whether the contrary of what it shows may be true all the same.
    pub is_open: bool,
}

impl Stage<'_> {
    /// Somebody new, with an account where that is a step of its own.
    pub async fn newcomer(&mut self, name: &str) -> Result<Actor, Trouble> {
        let mut actor = self.stranger(name).seated(self.cast);
        self.cast += 1;
        actor.arrive(&mut self.log).await?;
        Ok(actor)
    }

    /// Every round has people of its own.
    fn name(&self, name: &str) -> String {
        match self.round {
            0 => name.to_owned(),
            round => format!("{name}/{round}"),
        }
    }

    /// Somebody with a credential, still in the session that registered it.
    pub async fn registered(&mut self, name: &str) -> Result<Actor, Trouble> {
        let mut actor = self.newcomer(name).await?;
        self.register(&mut actor).await?;
        Ok(actor)
    }

    /// Somebody with a credential, before a browser that knows nothing of it.
    pub async fn enrolled(&mut self, name: &str) -> Result<Actor, Trouble> {
        let mut actor = self.registered(name).await?;
        actor.change_browser();
        Ok(actor)
    }

    /// Somebody whom the RP has never heard of.
    pub fn stranger(&self, name: &str) -> Actor {
        let name = self.name(name);
        let Check { authenticator, algorithm, .. } = self.check;
        let format = self.check.format();
        let authenticator = self.world.authenticator(*authenticator, format, *algorithm);
        Actor::new(self.world, self.variant, &self.check.id, &name, authenticator)
    }

    /// An honest registration that must be accepted for the story to go on.
    pub async fn register(&mut self, actor: &mut Actor) -> Result<Attempt, Trouble> {
        actor.enrol(&mut self.log).await
    }

    /// An honest authentication that must be accepted for the story to go on.
    pub async fn sign_in(&mut self, actor: &mut Actor) -> Result<Attempt, Trouble> {
        actor.sign_in(&mut self.log).await
    }

    /// The subject of the check: new to registrations, enrolled for
    /// authentications.
    pub async fn subject(&mut self) -> Result<Actor, Trouble> {
        match self.check.ceremony {
            Ceremony::Registration => self.newcomer("subject").await,
            Ceremony::Authentication => self.enrolled("subject").await,
        }
    }

    /// The plainest story: one ceremony that deviates.
    pub async fn deviate(&mut self, deviation: &Deviation) -> Result<Observations, Trouble> {
        let other = if self.check.needs.contains(&Need::TwoAccounts) {
            self.enrolled("other").await?.known
        } else {
            Known::default()
        };
        let mut subject = self.subject().await?;
        let attempt = subject
            .deviate(self.check.ceremony, deviation, &other, self.probes, &mut self.log)
            .await?;
        Ok(Observations::of(attempt))
    }

    /// A whole ceremony with these edits.
    pub async fn attempt(
        &mut self,
        actor: &mut Actor,
        ceremony: Ceremony,
        edits: serde_json::Value,
    ) -> Result<Attempt, Trouble> {
        let (edits, nobody) = (super::deviation(edits)?, Known::default());
        actor.deviate(ceremony, &edits, &nobody, self.probes, &mut self.log).await
    }

    /// Begins a ceremony for an actor.
    pub async fn begin(&mut self, actor: &mut Actor, ceremony: Ceremony) -> Result<Begun, Trouble> {
        actor.begin(ceremony, &mut self.log).await
    }

    /// Sends a message as it is.
    pub async fn send(
        &mut self,
        actor: &mut Actor,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt, Trouble> {
        self.send_from(None, actor, begun, message).await
    }

    /// The same from another site's page, if one is named.
    pub async fn send_from(
        &mut self,
        page: Option<&Url>,
        actor: &mut Actor,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt, Trouble> {
        let honest = Deviation::default();
        let mut bench = Bench::new(&honest, &NoFacts);
        actor.send_from(page, begun, message, &mut bench, self.probes, &mut self.log).await
    }

    /// Sends a message where no probe could see its effect: the session is
    /// not, or no longer, that of the account.
    pub async fn send_unseen(
        &mut self,
        actor: &mut Actor,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt, Trouble> {
        let seen = std::mem::take(&mut self.probes);
        let attempt = self.send(actor, begun, message).await;
        self.probes = seen;
        attempt
    }

    /// Lets more time pass than a ceremony that has begun may last.
    pub async fn outlast(&self, begun: &Begun) -> Result<(), Trouble> {
        let stated = begun.options.get("timeout").and_then(serde_json::Value::as_u64);
        let stated = Duration::from_millis(stated.unwrap_or_default());
        // Whoever answers within the time that the options give is not late.
        let Some(expiry) = self.world.expiry.filter(|expiry| stated <= *expiry) else {
            return Err(Trouble::NotExpressible);
        };
        if self.world.target.has_real_clock() && expiry > UNNOTICED {
            let seconds = expiry.as_secs();
            (self.notice)(&format!(
                "{}: waiting {seconds} s for its challenge to expire",
                self.check.id
            ));
        }
        self.world.target.pass_time(expiry).await;
        Ok(())
    }

    /// Whether somebody is signed in in an actor's browser.
    pub async fn is_signed_in(&mut self, actor: &mut Actor) -> Result<bool, Trouble> {
        let seen = match self.probes.whoami {
            true => actor.is_signed_in(&mut self.log).await?,
            false => None,
        };
        seen.ok_or(Trouble::NoFlow(Flow::Whoami))
    }
}

/// How long nothing may happen without a word.
const UNNOTICED: Duration = Duration::from_secs(1);

impl Observations {
    /// A story without an honest part of its own.
    pub fn of(attempt: Attempt) -> Self {
        Self { control: None, attempt, is_open: false }
    }

    /// A story whose honest part came first.
    pub fn after(control: Attempt, attempt: Attempt) -> Self {
        Self { control: Some(control), ..Self::of(attempt) }
    }
}

impl Attempt {
    /// What was seen of the target rather than answered by it: whether it let
    /// something happen. The log's last exchange shows it.
    pub fn observed(happened: bool, remark: impl Into<String>, log: &Log) -> Self {
        let recognised = if happened { Recognised::Accepted } else { Recognised::Refused };
        let message = Some(remark.into());
        Self {
            verdict: AnswerVerdict { recognised, manner: Manner::Observed, message, unknown: None },
            effect: Effect::Unobserved,
            exchange: log.len().saturating_sub(1),
            duration: Duration::ZERO,
        }
    }

    /// Whether the RP's words, or what they led to, say that it accepted.
    pub fn is_accepted(&self) -> bool {
        self.verdict.recognised == Recognised::Accepted && self.effect != Effect::Absent
    }
}
