//! An adapter's flows walked through honestly, one after another.

use std::future::Future;
use std::pin::Pin;

use passrig_authenticator::Ceremony;

use super::schedule;
use crate::actor::{Actor, Probes, Trouble, World};
use crate::catalogue::Product;
use crate::outcome::{Exchange, Setting};
use crate::target_rp::adapter::SettingValues as Offer;
use crate::target_rp::{AnswerVerdict, Flow, Log, Recognised};

/// What came of a flow.
#[derive(Clone, Debug)]
pub struct Passage {
    /// What somebody did.
    pub title: String,
    /// What travelled.
    pub exchanges: Vec<Exchange>,
    /// What came of it.
    pub came_to: Result<String, Obstacle>,
}

/// Why it did not go on.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// What happened.
    pub what: String,
    /// What to look at, or the line to put into the adapter.
    pub help: Option<String>,
}

/// What a walk tells as it goes.
type Told<'a> = &'a mut (dyn FnMut(&Passage) + Send);
type Doing<'a> = Pin<Box<dyn Future<Output = Result<String, Obstacle>> + Send + 'a>>;

/// Walks through every flow that the adapter has, until one fails. What each
/// came to is told at once; the answer is whether all went well.
pub async fn walk(world: &World, told: Told<'_>) -> bool {
    let profile = world.target.adapter();
    let has = |flow| profile.has(flow);
    let authenticator = world.authenticator(Product::default(), None, None);
    let default = schedule::default_variant(&profile.settings, &authenticator);
    let actor = Actor::new(world, &default, "adapter.test", "subject", authenticator).seated(0);
    let mut walker = Walker { actor, log: Log::new(), told };

    let has_account = has(Flow::Provision) || has(Flow::Login);
    if has_account && !walker.tells("have an account", |w| Box::pin(w.arrive())).await {
        return false;
    }
    if !walker.tells("register a passkey", |w| Box::pin(w.perform(Ceremony::Registration))).await {
        return false;
    }
    let probes = (has(Flow::List), has(Flow::Whoami));
    let mut well = !probes.0 || walker.tells("list the passkeys", |w| Box::pin(w.list())).await;
    if has(Flow::Prepare) {
        let title = "get ready to lose the passkey";
        well &= walker.tells(title, |w| Box::pin(w.prepare())).await;
    }
    if has(Flow::Recover) {
        walker.actor.change_browser();
        let title = "sign in as if it were lost, in a new browser";
        well &= walker.tells(title, |w| Box::pin(w.recover(probes.1))).await;
    }
    let removes = has(Flow::List) && has(Flow::Remove);
    let logins = logins(&profile.settings.login);
    let last = logins.last().map(|(login, _)| login.clone()).unwrap_or_default();
    for (login, is_chosen) in logins {
        if is_chosen {
            walker.actor.choose(Setting::Login, &login);
        }
        walker.actor.change_browser();
        if probes.1 {
            let title = "see who is signed in, in a new browser";
            well &= walker.tells(title, |w| Box::pin(w.whoami(false))).await;
        }
        let title = format!("sign in with the passkey ({login})");
        let signed_in =
            walker.tells(&title, |w| Box::pin(w.perform(Ceremony::Authentication))).await;
        well &= signed_in;
        if probes.1 && signed_in {
            well &= walker.tells("see who is signed in", |w| Box::pin(w.whoami(true))).await;
        }
        let is_last = login == last;
        if is_last && signed_in && removes && !has(Flow::Login) {
            well &= walker.tells("remove the passkey", |w| Box::pin(w.remove())).await;
        }
        if has(Flow::Logout) && signed_in {
            well &= walker.tells("sign out", |w| Box::pin(w.log_out(probes.1))).await;
        }
    }
    if has(Flow::Login) {
        walker.actor.change_browser();
        well &= walker.tells("sign in without a passkey", |w| Box::pin(w.log_in(probes.1))).await;
    }
    // Last, since there is nothing to sign in with afterwards.
    if removes && has(Flow::Login) {
        well &= walker.tells("remove the passkey", |w| Box::pin(w.remove())).await;
    }
    well
}

/// The ways to sign in, and whether they are for us to choose.
fn logins(setting: &Offer) -> Vec<(String, bool)> {
    match setting {
        Offer::Choose(values) => values.iter().map(|value| (value.clone(), true)).collect(),
        Offer::Fixed(value) => vec![(value.clone(), false)],
        Offer::Observed => vec![("as the options say".to_owned(), false)],
    }
}

struct Walker<'a> {
    actor: Actor,
    log: Log,
    told: Told<'a>,
}

impl Walker<'_> {
    async fn tells(
        &mut self,
        title: &str,
        does: impl for<'w> FnOnce(&'w mut Self) -> Doing<'w>,
    ) -> bool {
        let before = self.log.len();
        let came_to = does(self).await;
        let well = came_to.is_ok();
        // An answer may quote a secret that was learnt after it.
        let came_to = came_to.map(|text| self.log.mask(&text)).map_err(|obstacle| Obstacle {
            what: self.log.mask(&obstacle.what),
            help: obstacle.help.map(|help| self.log.mask(&help)),
        });
        let exchanges = self.log.exchanges().into_iter().skip(before).collect();
        (self.told)(&Passage { title: title.to_owned(), exchanges, came_to });
        well
    }

    async fn arrive(&mut self) -> Result<String, Obstacle> {
        self.actor.arrive(&mut self.log).await?;
        let name = self.actor.name("username").unwrap_or_default();
        Ok(format!("there is one: {name}"))
    }

    async fn perform(&mut self, ceremony: Ceremony) -> Result<String, Obstacle> {
        let attempt = self.actor.perform(ceremony, Probes::default(), &mut self.log).await?;
        accepted(&attempt.verdict)
    }

    async fn list(&mut self) -> Result<String, Obstacle> {
        let id = self.actor.known.credential_id.clone().unwrap_or_default();
        let listed = self.actor.credentials(&mut self.log).await?;
        match listed.iter().any(|one| one.has_id(&id)) {
            true => Ok(format!("the new one is among {}", listed.len())),
            false => {
                let found: Vec<&str> =
                    listed.iter().take(3).map(|one| one.credential_id.as_str()).collect();
                Err(Obstacle {
                    what: format!("the new passkey is not listed; found: {}", found.join(", ")),
                    help: Some(
                        "`credential_ids` has to find the ids in base64url; `binary = \"base64\"` \
                         or \"hex\" where they are written so"
                            .to_owned(),
                    ),
                })
            }
        }
    }

    async fn whoami(&mut self, expected: bool) -> Result<String, Obstacle> {
        let signed_in = self.actor.is_signed_in(&mut self.log).await?;
        let found = if signed_in == Some(true) { "somebody is" } else { "nobody is" };
        match signed_in == Some(expected) {
            true => Ok(found.to_owned()),
            false => Err(Obstacle {
                what: format!("{found}, by what `signed_in` says"),
                help: Some("`signed_in` has to tell the two answers apart".to_owned()),
            }),
        }
    }

    async fn prepare(&mut self) -> Result<String, Obstacle> {
        self.actor.prepare(&mut self.log).await?;
        Ok("done".to_owned())
    }

    async fn recover(&mut self, watched: bool) -> Result<String, Obstacle> {
        self.actor.recover(&mut self.log).await?;
        if watched { self.whoami(true).await } else { Ok("done".to_owned()) }
    }

    async fn log_out(&mut self, watched: bool) -> Result<String, Obstacle> {
        self.actor.log_out(&mut self.log).await?;
        if watched { self.whoami(false).await } else { Ok("done".to_owned()) }
    }

    async fn log_in(&mut self, watched: bool) -> Result<String, Obstacle> {
        self.actor.log_in(&mut self.log).await?;
        if watched { self.whoami(true).await } else { Ok("done".to_owned()) }
    }

    async fn remove(&mut self) -> Result<String, Obstacle> {
        let id = self.actor.known.credential_id.clone().unwrap_or_default();
        let listed = self.actor.credentials(&mut self.log).await?;
        if let Some(listed) = listed.iter().find(|one| one.has_id(&id)) {
            self.actor.remove(listed, None, &mut self.log).await?;
        }
        match self.actor.lists(&id, &mut self.log).await? {
            Some(true) => Err(Obstacle { what: "it is still listed".to_owned(), help: None }),
            _ => Ok("it is gone".to_owned()),
        }
    }
}

fn accepted(verdict: &AnswerVerdict) -> Result<String, Obstacle> {
    let said = verdict.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    match &verdict.recognised {
        Recognised::Accepted => Ok("accepted".to_owned()),
        Recognised::Unrecognised | Recognised::Crash => Err(Obstacle {
            what: format!("the answer is neither `accepted` nor `refused`{said}"),
            help: verdict.unknown.as_ref().map(|line| {
                format!("if this is how it accepts, add to the last step: accepted = [{line}]")
            }),
        }),
        Recognised::Throttled { .. } => Err(Obstacle {
            what: "the target wants fewer requests".to_owned(),
            help: Some("switch off its rate limit for the test".to_owned()),
        }),
        Recognised::Refused | Recognised::RefusedLikeCrash => Err(Obstacle {
            what: format!("an honest ceremony is refused{said}"),
            help: Some(
                "is --origin what the RP expects, and the credential in the form that it wants \
                 (`credential = { … }`)?"
                    .to_owned(),
            ),
        }),
    }
}

impl From<Trouble> for Obstacle {
    fn from(trouble: Trouble) -> Self {
        Self { what: trouble.to_string(), help: trouble.help() }
    }
}
