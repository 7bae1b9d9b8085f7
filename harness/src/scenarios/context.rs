use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::{Bench, Deviation, NoFacts};
use url::Url;

use crate::actor::{
    Actor, Attempt, AttemptError, Known, Message, NotExpressible, Probes, Result, World,
};
use crate::catalogue::{Check, Need};
use crate::outcome::{Importance, Variant};
use crate::target_rp::{Begun, Flow, Log};

/// The surroundings of a check: it makes the actors, and logs all that they send.
pub struct Context<'a> {
    /// The state that all actors share.
    pub world: &'a World,
    /// The settings in force.
    pub variant: &'a Variant,
    /// The check.
    pub check: &'a Check,
    /// The probes that may be asked.
    pub probes: Probes,
    /// The number of the try; every try has actors of its own.
    pub round: usize,
    /// The number of actors so far.
    pub actors: usize,
    /// The requests and answers.
    pub log: Log,
    /// Reports the reason for a wait.
    pub notice: &'a (dyn Fn(&str) + Sync),
}

/// The observations of a scenario.
pub struct Observations {
    /// The honest part, if the scenario has one. It must be accepted.
    pub control: Option<Attempt>,
    /// The attempt.
    pub attempt: Attempt,
    /// True if the attempt does not rule out the contrary.
    pub is_open: bool,
    /// The importance of a divergence, where the result of a probe changes that of the check.
    pub importance: Option<Importance>,
}

impl Context<'_> {
    /// A new actor, with an account where that is a step of its own.
    pub async fn new_account(&mut self, name: &str) -> Result<Actor> {
        let mut actor = self.unknown_user(name).with_account(self.actors);
        self.actors += 1;
        actor.set_up(&mut self.log).await?;
        Ok(actor)
    }

    /// Every round has actors of its own.
    fn name(&self, name: &str) -> String {
        match self.round {
            0 => name.to_owned(),
            round => format!("{name}/{round}"),
        }
    }

    /// An actor with a credential, still in the session that registered it.
    pub async fn registered(&mut self, name: &str) -> Result<Actor> {
        let mut actor = self.new_account(name).await?;
        self.register(&mut actor).await?;
        Ok(actor)
    }

    /// An actor with a credential, in a browser without cookies.
    pub async fn enrolled(&mut self, name: &str) -> Result<Actor> {
        let mut actor = self.registered(name).await?;
        actor.change_browser();
        Ok(actor)
    }

    /// An actor whom the RP does not know.
    pub fn unknown_user(&self, name: &str) -> Actor {
        let name = self.name(name);
        let Check { authenticator, algorithm, .. } = self.check;
        let format = self.check.format();
        let authenticator = self.world.authenticator(*authenticator, format, *algorithm);
        Actor::new(self.world, self.variant, &self.check.id, &name, authenticator)
    }

    /// An honest registration that must be accepted.
    pub async fn register(&mut self, actor: &mut Actor) -> Result<Attempt> {
        actor.enrol(&mut self.log).await
    }

    /// An honest authentication that must be accepted.
    pub async fn sign_in(&mut self, actor: &mut Actor) -> Result<Attempt> {
        actor.sign_in(&mut self.log).await
    }

    /// The subject of the check: new to registrations, enrolled for
    /// authentications.
    pub async fn subject(&mut self) -> Result<Actor> {
        match self.check.ceremony {
            Ceremony::Registration => self.new_account("subject").await,
            Ceremony::Authentication => self.enrolled("subject").await,
        }
    }

    /// One ceremony that deviates.
    pub async fn deviate(&mut self, deviation: &Deviation) -> Result<Observations> {
        let other = if self.check.needs.contains(&Need::TwoAccounts) {
            self.enrolled("other").await?.known
        } else {
            Known::default()
        };
        let mut subject = self.subject().await?;
        let attempt = subject
            .deviate(self.check.ceremony, deviation, &other, self.probes, &mut self.log)
            .await?;
        let importance = match self.check.importance_for_owner {
            Some(importance) if attempt.is_accepted() => {
                let signed_in = self.signed_in_user(&mut subject).await;
                let is_owner = self.is_user(&mut subject, signed_in).await;
                is_owner.then_some(importance)
            }
            _ => None,
        };
        Ok(Observations { importance, ..Observations::of(attempt) })
    }

    /// The user who is signed in to the actor's browser, if the RP reports a user.
    pub async fn signed_in_user(&mut self, actor: &mut Actor) -> Option<String> {
        match self.probes.whoami {
            true => actor.user(&mut self.log).await.ok().flatten(),
            false => None,
        }
    }

    /// True if that user is the actor: an honest sign-in of the actor reports the same user, and that of
    /// another actor reports another one.
    pub async fn is_user(&mut self, actor: &mut Actor, user: Option<String>) -> bool {
        if user.is_none() || self.reported(actor).await != user {
            return false;
        }
        let Ok(mut another) = self.enrolled("another user").await else { return false };
        let reported = self.reported(&mut another).await;
        reported.is_some() && reported != user
    }

    /// The user whom the RP reports after an honest sign-in in another browser.
    async fn reported(&mut self, actor: &mut Actor) -> Option<String> {
        actor.change_browser();
        self.sign_in(actor).await.ok()?;
        self.signed_in_user(actor).await
    }

    /// A whole ceremony with these edits.
    pub async fn attempt(
        &mut self,
        actor: &mut Actor,
        ceremony: Ceremony,
        edits: serde_json::Value,
    ) -> Result<Attempt> {
        let (edits, none) = (super::deviation(edits)?, Known::default());
        actor.deviate(ceremony, &edits, &none, self.probes, &mut self.log).await
    }

    /// Begins a ceremony for an actor.
    pub async fn begin(&mut self, actor: &mut Actor, ceremony: Ceremony) -> Result<Begun> {
        actor.begin(ceremony, &mut self.log).await
    }

    /// Sends a message as it is.
    pub async fn send(
        &mut self,
        actor: &mut Actor,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt> {
        self.send_from(None, actor, begun, message).await
    }

    /// Sends a message from a page of another site, if one is named.
    pub async fn send_from(
        &mut self,
        page: Option<&Url>,
        actor: &mut Actor,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt> {
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
    ) -> Result<Attempt> {
        let seen = std::mem::take(&mut self.probes);
        let attempt = self.send(actor, begun, message).await;
        self.probes = seen;
        attempt
    }

    /// Lets more time pass than a ceremony that has begun may last.
    pub async fn outlast(&self, begun: &Begun) -> Result<()> {
        let options = begun.converted();
        let stated = options.get("timeout").and_then(serde_json::Value::as_u64);
        let stated = Duration::from_millis(stated.unwrap_or_default());
        // An answer within the time that the options give is not late.
        let Some(expiry) = self.world.expiry.filter(|expiry| stated <= *expiry) else {
            return Err(NotExpressible::WithinTimeout(stated).into());
        };
        if self.world.target.has_real_clock() && expiry > SILENT_WAIT {
            let seconds = expiry.as_secs();
            (self.notice)(&format!(
                "{}: waiting {seconds} s for its challenge to expire",
                self.check.id
            ));
        }
        self.world.target.pass_time(expiry).await;
        Ok(())
    }

    /// An observation of the target in place of an answer.
    pub fn seen(&self, happened: bool, remark: impl Into<String>) -> Observations {
        Observations::of(Attempt::observed(happened, remark, &self.log))
    }

    /// True if a user is signed in in the browser of the actor.
    pub async fn ask_signed_in(&mut self, actor: &mut Actor) -> Result<bool> {
        let seen = match self.probes.whoami {
            true => actor.ask_signed_in(&mut self.log).await?,
            false => None,
        };
        seen.ok_or(AttemptError::NoFlow(Flow::Whoami))
    }
}

/// The longest wait without a notice.
const SILENT_WAIT: Duration = Duration::from_secs(1);

impl Observations {
    /// A scenario without an honest part of its own.
    pub fn of(attempt: Attempt) -> Self {
        Self { control: None, attempt, is_open: false, importance: None }
    }

    /// A scenario whose honest part came first.
    pub fn after(control: Attempt, attempt: Attempt) -> Self {
        Self { control: Some(control), ..Self::of(attempt) }
    }
}
