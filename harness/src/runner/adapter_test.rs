//! The flows of an adapter, performed honestly one after another.

use std::future::Future;
use std::pin::Pin;

use passrig_authenticator::Ceremony;

use super::bug::Bug;
use super::schedule;
use crate::actor::{Actor, AttemptError, Probes, World};
use crate::catalogue::Product;
use crate::outcome::{Exchange, Setting, SettingValue};
use crate::target_rp::adapter::SettingValues as Offer;
use crate::target_rp::{AnswerVerdict, Flow, Log, Recognised};

/// The result of a flow.
#[derive(Clone, Debug)]
pub struct FlowResult {
    /// The purpose of the flow.
    pub title: String,
    /// The requests and answers.
    pub exchanges: Vec<Exchange>,
    /// The observation, or the problem.
    pub result: Result<String, FlowProblem>,
}

/// The problem that ended a flow.
#[derive(Clone, Debug)]
pub struct FlowProblem {
    /// The observation.
    pub what: String,
    /// The fix: a thing to look at, or the line to put into the adapter.
    pub help: Option<String>,
}

/// Called with the result of each flow.
type OnResult<'a> = &'a mut (dyn FnMut(&FlowResult) + Send);
type FlowFuture<'a> = Pin<Box<dyn Future<Output = Result<String, FlowProblem>> + Send + 'a>>;

/// Performs every flow that the adapter has, until one fails. Each result is reported at once;
/// true if all succeeded.
pub async fn run(world: &World, on_result: OnResult<'_>) -> bool {
    let profile = world.target.adapter();
    let has = |flow| profile.has(flow);
    let authenticator = world.authenticator(Product::default(), None, None);
    let default = schedule::default_variant(&profile.settings, &authenticator);
    let actor =
        Actor::new(world, &default, "adapter.test", "subject", authenticator).with_account(0);
    let mut tester = FlowTester { actor, log: Log::new(), on_result };

    let has_account = has(Flow::Provision) || has(Flow::Login);
    if has_account && !tester.report("have an account", |w| Box::pin(w.set_up())).await {
        return false;
    }
    if !tester.report("register a passkey", |w| Box::pin(w.perform(Ceremony::Registration))).await {
        return false;
    }
    let probes = (has(Flow::List), has(Flow::Whoami));
    let mut well = !probes.0 || tester.report("list the passkeys", |w| Box::pin(w.list())).await;
    if has(Flow::Prepare) {
        let title = "get ready to lose the passkey";
        well &= tester.report(title, |w| Box::pin(w.prepare())).await;
    }
    if has(Flow::Recover) {
        tester.actor.change_browser();
        let title = "sign in as if it were lost, in a new browser";
        well &= tester.report(title, |w| Box::pin(w.recover(probes.1))).await;
    }
    let removes = has(Flow::List) && has(Flow::Remove);
    let logins = logins(&profile.settings.login);
    let last = logins.last().map(|(login, _)| login.clone()).unwrap_or_default();
    for (login, is_chosen) in logins {
        if let (true, Some(value)) = (is_chosen, SettingValue::named(&login)) {
            tester.actor.choose(Setting::Login, value);
        }
        tester.actor.change_browser();
        if probes.1 {
            let title = "see who is signed in, in a new browser";
            well &= tester.report(title, |w| Box::pin(w.whoami(false))).await;
        }
        let title = format!("sign in with the passkey ({login})");
        let signed_in =
            tester.report(&title, |w| Box::pin(w.perform(Ceremony::Authentication))).await;
        well &= signed_in;
        if probes.1 && signed_in {
            well &= tester.report("see who is signed in", |w| Box::pin(w.whoami(true))).await;
        }
        let is_last = login == last;
        if is_last && signed_in && removes && !has(Flow::Login) {
            well &= tester.report("remove the passkey", |w| Box::pin(w.remove())).await;
        }
        if has(Flow::Logout) && signed_in {
            well &= tester.report("sign out", |w| Box::pin(w.log_out(probes.1))).await;
        }
    }
    if has(Flow::Login) {
        tester.actor.change_browser();
        well &= tester.report("sign in without a passkey", |w| Box::pin(w.log_in(probes.1))).await;
    }
    // Last, since there is nothing to sign in with afterwards.
    if removes && has(Flow::Login) {
        well &= tester.report("remove the passkey", |w| Box::pin(w.remove())).await;
    }
    well
}

/// The ways to sign in, and whether passrig chooses among them.
fn logins(setting: &Offer) -> Vec<(String, bool)> {
    match setting {
        Offer::Choose(values) => values.iter().map(|value| (value.clone(), true)).collect(),
        Offer::Fixed(value) => vec![(value.clone(), false)],
        Offer::Observed => vec![("as the options say".to_owned(), false)],
    }
}

struct FlowTester<'a> {
    actor: Actor,
    log: Log,
    on_result: OnResult<'a>,
}

impl FlowTester<'_> {
    async fn report(
        &mut self,
        title: &str,
        does: impl for<'w> FnOnce(&'w mut Self) -> FlowFuture<'w>,
    ) -> bool {
        let before = self.log.len();
        let result = does(self).await;
        let well = result.is_ok();
        // An answer may quote a secret that was learnt after it.
        let result = result.map(|text| self.log.mask(&text)).map_err(|problem| FlowProblem {
            what: self.log.mask(&problem.what),
            help: problem.help.map(|help| self.log.mask(&help)),
        });
        let exchanges = self.log.exchanges().into_iter().skip(before).collect();
        (self.on_result)(&FlowResult { title: title.to_owned(), exchanges, result });
        well
    }

    async fn set_up(&mut self) -> Result<String, FlowProblem> {
        self.actor.set_up(&mut self.log).await?;
        let name = self.actor.name("username").unwrap_or_default();
        Ok(format!("there is one: {name}"))
    }

    async fn perform(&mut self, ceremony: Ceremony) -> Result<String, FlowProblem> {
        let attempt = self.actor.perform(ceremony, Probes::default(), &mut self.log).await?;
        accepted(&attempt.verdict)
    }

    async fn list(&mut self) -> Result<String, FlowProblem> {
        let id = self.actor.known.credential_id.clone().unwrap_or_default();
        let listed = self.actor.credentials(&mut self.log).await?;
        match listed.iter().any(|one| one.has_id(&id)) {
            true => Ok(format!("the new one is among {}", listed.len())),
            false => {
                let found: Vec<&str> =
                    listed.iter().take(3).map(|one| one.credential_id.as_str()).collect();
                Err(FlowProblem {
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

    async fn whoami(&mut self, expected: bool) -> Result<String, FlowProblem> {
        let signed_in = self.actor.ask_signed_in(&mut self.log).await?;
        let found =
            if signed_in == Some(true) { "a user is signed in" } else { "no user is signed in" };
        match signed_in == Some(expected) {
            true => Ok(found.to_owned()),
            false => Err(FlowProblem {
                what: format!("{found}, according to `signed_in`"),
                help: Some("`signed_in` must match one of the two answers only".to_owned()),
            }),
        }
    }

    async fn prepare(&mut self) -> Result<String, FlowProblem> {
        self.actor.prepare(&mut self.log).await?;
        Ok("done".to_owned())
    }

    async fn recover(&mut self, watched: bool) -> Result<String, FlowProblem> {
        self.actor.recover(&mut self.log).await?;
        if watched { self.whoami(true).await } else { Ok("done".to_owned()) }
    }

    async fn log_out(&mut self, watched: bool) -> Result<String, FlowProblem> {
        self.actor.log_out(&mut self.log).await?;
        if watched { self.whoami(false).await } else { Ok("done".to_owned()) }
    }

    async fn log_in(&mut self, watched: bool) -> Result<String, FlowProblem> {
        self.actor.log_in(&mut self.log).await?;
        if watched { self.whoami(true).await } else { Ok("done".to_owned()) }
    }

    async fn remove(&mut self) -> Result<String, FlowProblem> {
        let id = self.actor.known.credential_id.clone().unwrap_or_default();
        let listed = self.actor.credentials(&mut self.log).await?;
        if let Some(listed) = listed.iter().find(|one| one.has_id(&id)) {
            self.actor.remove(listed, None, &mut self.log).await?;
        }
        match self.actor.lists(&id, &mut self.log).await? {
            Some(true) => Err(FlowProblem { what: "it is still listed".to_owned(), help: None }),
            _ => Ok("it is gone".to_owned()),
        }
    }
}

fn accepted(verdict: &AnswerVerdict) -> Result<String, FlowProblem> {
    let said = verdict.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    match &verdict.recognised {
        Recognised::Accepted => Ok("accepted".to_owned()),
        Recognised::Unrecognised | Recognised::Crash => Err(FlowProblem {
            what: format!("the answer is neither `accepted` nor `refused`{said}"),
            help: verdict.unknown.as_ref().map(|line| {
                format!("if this is how it accepts, add to the last step: accepted = [{line}]")
            }),
        }),
        Recognised::Throttled { .. } => Err(FlowProblem {
            what: "the target wants fewer requests".to_owned(),
            help: Some("switch off its rate limit for the test".to_owned()),
        }),
        Recognised::Refused | Recognised::RefusedLikeCrash => Err(FlowProblem {
            what: format!("an honest ceremony is refused{said}"),
            help: Some(
                "is --origin what the RP expects, and the credential in the form that it wants \
                 (`credential = { … }`)?"
                    .to_owned(),
            ),
        }),
    }
}

impl From<AttemptError> for FlowProblem {
    fn from(trouble: AttemptError) -> Self {
        if let AttemptError::Bug(message) = &trouble {
            Bug::new("adapter test", message).resume();
        }
        Self { what: trouble.to_string(), help: trouble.help() }
    }
}
