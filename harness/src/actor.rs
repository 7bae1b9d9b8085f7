//! One person at work: an account, a session, a client with its
//! authenticators. Honest, or deviating as a [`Deviation`] says.

mod facts;
mod probes;
mod run_state;
mod trouble;
mod world;

pub use facts::Known;
pub use probes::Probes;
pub use run_state::{Crash, Crashes, RunState, THROTTLED, Throttling};
pub use trouble::Trouble;
pub use world::World;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base16ct::lower as hex;
use passrig_authenticator::Ceremony;
use passrig_authenticator::attestation::Format;
use passrig_authenticator::attestation::metadata::Listing;
use passrig_authenticator::client::{Client, create, get};
use passrig_authenticator::deviation::{self, Bench, Deviation, PlanMut};
use passrig_authenticator::device::{Attachment, Profile};
use passrig_authenticator::env::{self, Seeded};
use passrig_authenticator::wire::{CreationOptions, Json, RequestOptions, Tree, base64url};
use passrig_authenticator::workbench::Honest;
use sha2::{Digest, Sha256};
use url::Url;

use crate::catalogue::Product;
use crate::outcome::{Effect, Setting, Variant};
use crate::target_rp::adapter::Mode;
use crate::target_rp::{Answer, Begun, Flow, Inputs, Listed, Log, Recognised, Session, Verdict};

/// A person at work.
pub struct Actor {
    world: World,
    variant: Variant,
    env: Seeded,
    inputs: Inputs,
    session: Session,
    format: Option<Format>,
    listing: Option<Listing>,
    /// The browser with its authenticators.
    pub client: Client,
    /// What is known of the actor's credential, once it has one.
    pub known: Known,
}

/// What an actor sends, and how it came to be.
pub struct Message {
    /// The response JSON.
    pub response: Json,
    /// The credential id that it was made with.
    pub credential_id: Vec<u8>,
}

/// An attempt and what came of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What the RP's answer means.
    pub verdict: Verdict,
    /// What a probe saw.
    pub effect: Effect,
    /// Which exchange of the log it is.
    pub exchange: usize,
    /// From the first request to the last.
    pub duration: Duration,
}

/// How often a ceremony begins again whose deviation changed nothing. Every
/// second signature has a high s already: with so many tries, a check of it
/// goes unsent once in sixteen million runs.
const TRIES: usize = 24;

/// The most credentials that are removed from an account: a target may list any number.
const REMOVALS: usize = 200;

/// What an application draws that sends somebody to sign in (RFC 7636 §4).
fn oidc(inputs: Inputs, env: &Seeded) -> Inputs {
    let drawn = |label: &str| base64url::encode(&env.derive(label, 32));
    let verifier = drawn("oidc.verifier");
    inputs
        .with("oidc.state", drawn("oidc.state"))
        .with("oidc.nonce", drawn("oidc.nonce"))
        .with("oidc.challenge", base64url::encode(&Sha256::digest(verifier.as_bytes())))
        .with("oidc.verifier", verifier)
}

impl Actor {
    /// A new actor. `name` tells apart the actors of one check; requests name `check` if the
    /// target is told.
    pub fn new(
        world: &World,
        variant: &Variant,
        check: &str,
        name: &str,
        authenticator: Profile,
    ) -> Self {
        let env = world.env.within(check).within(name);
        let tag = |label: &str| hex::encode_string(&env.derive(label, 6));
        let tag_of_user = tag("username");
        let username = format!("passrig-{tag_of_user}");
        // `name` holds check IDs and roles: by it, a target could tell tests from honest use.
        let shown = if world.target.names_checks() { name } else { &tag_of_user };
        let mut inputs = Inputs::new(check)
            .with("email", format!("{username}@passrig.test"))
            .with("display_name", format!("Passrig {shown}"))
            .with("password", format!("Pr1-{}", hex::encode_string(&env.derive("password", 12))))
            .with("username", username);
        if world.target.adapter().redirect_uri.is_some() {
            inputs = oidc(inputs, &env);
        }
        for (name, value) in &world.variables {
            inputs = inputs.with(name, value);
        }
        if let Some(value) = variant.setting(Setting::UserVerification) {
            inputs = inputs.with_setting("user_verification", value);
        }
        if let Some(value) = variant.setting(Setting::Attestation) {
            inputs = inputs.with_setting("attestation", value);
        }
        for setting in [Setting::Algorithms, Setting::Mediation, Setting::Framing] {
            if let Some(value) = variant.setting(setting) {
                inputs = inputs.with_setting(setting.name(), value);
            }
        }
        Self {
            world: world.clone(),
            variant: variant.clone(),
            client: Client::with_env(world.origin.clone(), env.clone())
                .with_authenticator(authenticator),
            known: Known::new(world, &env),
            inputs,
            session: Session::new(),
            format: None,
            listing: None,
            env,
        }
    }

    /// Makes all registrations with statements of this format, whatever the
    /// options and the authenticator are like.
    pub fn attests_as(&mut self, format: Option<Format>) {
        self.format = format;
    }

    /// Registers with an authenticator of a model that metadata list.
    pub fn is_of(&mut self, listing: Option<Listing>) {
        self.listing = listing;
    }

    /// Takes the place of a person of the adapter's pool: the accounts there
    /// are, rather than one that is made.
    #[must_use]
    pub fn seated(mut self, seat: usize) -> Self {
        let pool = &self.world.target.adapter().account.pool;
        for (name, value) in pool.get(seat).into_iter().flatten() {
            self.inputs = self.inputs.with(name, value);
        }
        self
    }

    /// Makes the account, where that is a step of its own; signs in to one that
    /// is there already, and empties it if it can hold only so many credentials.
    pub async fn arrive(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let account = &self.world.target.adapter().account;
        let (mode, is_limited) = (account.mode, account.max_credentials.is_some());
        if mode == Mode::Fresh {
            return self.run(Flow::Provision, log).await.map(drop);
        }
        self.run(Flow::Login, log).await?;
        if is_limited { self.empty(log).await } else { Ok(()) }
    }

    /// Removes every credential of the account, if there are not too many.
    async fn empty(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let listed = self.run(Flow::List, log).await?.credentials.unwrap_or_default();
        let count = listed.len();
        for credential in listed.into_iter().take(REMOVALS) {
            let target = Arc::clone(&self.world.target);
            let inputs = self
                .inputs
                .clone()
                .with("credential_id", credential.credential_id)
                .with("record_id", credential.record_id);
            target.run(Flow::Remove, &mut self.session, &inputs, log).await?;
        }
        match count > REMOVALS {
            // A refusal by an account that is still full would say nothing.
            true => Err(Trouble::Full { count }),
            false => Ok(()),
        }
    }

    /// Signs in without a passkey. Where no account is made beforehand there
    /// is nothing to sign in to.
    pub async fn log_in(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let profile = self.world.target.adapter();
        if profile.has(Flow::Provision) && !profile.has(Flow::Login) {
            return Err(Trouble::NoFlow(Flow::Login));
        }
        self.run(Flow::Login, log).await.map(drop)
    }

    /// Chooses otherwise from now on.
    pub fn choose(&mut self, setting: Setting, value: &str) {
        self.variant = self.variant.with(setting, value);
        let name = match setting {
            Setting::UserVerification => "user_verification",
            setting => setting.name(),
        };
        self.inputs = self.inputs.clone().with_setting(name, value);
    }

    /// Goes to another browser: no cookies, the same authenticators.
    pub fn change_browser(&mut self) -> Session {
        std::mem::take(&mut self.session)
    }

    /// The cookies as they are now, to be put back later.
    pub fn saved_session(&self) -> Session {
        self.session.clone()
    }

    /// Goes on in a session that was left before.
    pub fn return_to(&mut self, session: Session) -> Session {
        std::mem::replace(&mut self.session, session)
    }

    /// Buys a second authenticator, which is then the only one within reach. The
    /// browser with the first one.
    pub fn change_authenticator(&mut self, label: &str, product: Product) -> Client {
        self.change_device(label, product.profile())
    }

    /// The same with a device of any kind.
    pub fn change_device(&mut self, label: &str, profile: Profile) -> Client {
        let mut client = Client::with_env(self.world.origin.clone(), self.env.within(label))
            .with_authenticator(profile);
        std::mem::swap(&mut self.client, &mut client);
        client
    }

    /// Somebody sits before the device from now on who answers its questions like
    /// this.
    pub fn is_answered(&mut self, label: &str, answer: env::Answer) {
        let env = self.env.within(label).answering(answer);
        let mut client = Client::with_env(self.client.origin.clone(), env);
        client.authenticators = std::mem::take(&mut self.client.authenticators);
        self.client = client;
    }

    /// Begins a ceremony: the RP's options.
    pub async fn begin(&mut self, ceremony: Ceremony, log: &mut Log) -> Result<Begun, Trouble> {
        let discoverable = self.variant.setting(Setting::Login) == Some("discoverable");
        let inputs = match ceremony {
            Ceremony::Authentication if discoverable => {
                Cow::Owned(self.inputs.clone().without("username"))
            }
            _ => Cow::Borrowed(&self.inputs),
        };
        let begun = self.world.target.begin(ceremony, &mut self.session, &inputs, log).await?;
        let rp_id = match ceremony {
            Ceremony::Registration => begun.options.pointer("/rp/id"),
            Ceremony::Authentication => begun.options.pointer("/rpId"),
        };
        let app_id = begun.options.pointer("/extensions/appid");
        self.known.app_id = app_id.and_then(|id| id.as_str().map(str::to_owned));
        let own = || self.world.origin.domain().map(str::to_owned);
        self.known.rp_id = rp_id.and_then(|id| id.as_str().map(str::to_owned)).or_else(own);
        Ok(begun)
    }

    /// Makes an honest response to options.
    pub fn respond(&mut self, begun: &Begun) -> Result<Message, Trouble> {
        let honest = Deviation::default();
        let known = self.known.clone();
        self.respond_with(begun, &mut Bench::new(&honest, &known))
    }

    /// Makes a response to options on a bench of the caller's.
    pub fn respond_with(
        &mut self,
        begun: &Begun,
        bench: &mut Bench<'_>,
    ) -> Result<Message, Trouble> {
        match begun.ceremony {
            Ceremony::Registration => {
                let options = CreationOptions::parse(&begun.options)?;
                let mut plan = self.plan_create(&options)?;
                // Also where the authenticator keeps none, since the credential is not discoverable.
                self.known.user_handle = Some(options.user.id.0.clone());
                if self.format.or(bench.deviation().format()).is_some() {
                    self.client.certify(&mut plan);
                }
                if let Some(format) = self.format {
                    plan.device.attest_as(format);
                }
                if let Some(listing) = self.listing {
                    plan.device.be_of(listing).ok_or(Trouble::NotExpressible)?;
                }
                bench.plan(PlanMut::Create(&mut plan));
                let credential_id = plan.device.credential.id.clone();
                let response = self.client.perform_create(plan, bench);
                Ok(Message { response, credential_id })
            }
            Ceremony::Authentication => {
                let mut plan = self.plan_get(begun)?;
                bench.plan(PlanMut::Get(&mut plan));
                let credential_id = plan.device.credential.id.clone();
                let response = self.client.perform_get(&plan, bench);
                Ok(Message { response, credential_id })
            }
        }
    }

    fn plan_create(&mut self, options: &CreationOptions) -> Result<create::Plan, Trouble> {
        // Whoever is asked for a security key or a phone takes one: what
        // matters to a check is what it is like, not where it is.
        let selection = options.authenticator_selection.as_ref();
        let wanted = selection.and_then(|s| s.authenticator_attachment.as_deref());
        if let Some(attachment) = wanted.and_then(Attachment::parse) {
            for authenticator in &mut self.client.authenticators {
                authenticator.attach(attachment);
            }
        }
        Ok(self.client.plan_create(options)?)
    }

    fn plan_get(&mut self, begun: &Begun) -> Result<get::Plan, Trouble> {
        Ok(self.client.plan_get(&RequestOptions::parse(&begun.options)?)?)
    }

    /// Sends a response, and watches what it does.
    pub async fn send(
        &mut self,
        begun: &Begun,
        message: &Message,
        bench: &mut Bench<'_>,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt, Trouble> {
        self.send_from(None, begun, message, bench, probes, log).await
    }

    /// The same from another site's page, if one is named: with the cookies and
    /// headers that a browser adds there. It is watched from the RP's own.
    pub async fn send_from(
        &mut self,
        page: Option<&Url>,
        begun: &Begun,
        message: &Message,
        bench: &mut Bench<'_>,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt, Trouble> {
        let id = &message.credential_id;
        let start = Instant::now();
        let before = self.probe(begun.ceremony, id, probes, log).await?;
        let target = Arc::clone(&self.world.target);
        self.session.visit(page.cloned());
        let answer = target
            .finish(begun, &mut self.session, &self.inputs, &message.response, bench, log)
            .await;
        self.session.visit(None);
        let answer = answer?;
        // A state that was there before cannot have come of the attempt.
        let effect = match before {
            Some(false) => match self.probe(begun.ceremony, id, probes, log).await? {
                Some(true) => Effect::Happened,
                Some(false) => Effect::Absent,
                None => Effect::Unobserved,
            },
            _ => Effect::Unobserved,
        };
        let exchange = answer.exchange;
        Ok(Attempt { verdict: answer.verdict, effect, exchange, duration: start.elapsed() })
    }

    /// Sends two responses to the same options at once, on connections that
    /// are open already where a probe can open them. Words alone decide.
    pub async fn send_together(
        &mut self,
        begun: &Begun,
        messages: [&Message; 2],
        log: &mut Log,
    ) -> Result<[Attempt; 2], Trouble> {
        let there = self.session.clone();
        self.send_beside(there, [begun, begun], messages, log).await
    }

    /// The same for two ceremonies, of which the second was begun in another
    /// session.
    pub async fn send_beside(
        &mut self,
        mut there: Session,
        [first, second]: [&Begun; 2],
        messages: [&Message; 2],
        log: &mut Log,
    ) -> Result<[Attempt; 2], Trouble> {
        let (target, inputs) = (&self.world.target, &self.inputs);
        let there = &mut there;
        let here = &mut self.session;
        let start = Instant::now();
        let mut beside = log.clone();
        let warm = tokio::join!(
            target.run(Flow::Whoami, here, inputs, log),
            target.run(Flow::Whoami, there, inputs, &mut beside),
        );
        warm.0?;
        warm.1?;
        let mut bench = (Honest, Honest);
        let [one, two] = messages.map(|message| &message.response);
        let answers = tokio::join!(
            target.finish(first, here, inputs, one, &mut bench.0, log),
            target.finish(second, there, inputs, two, &mut bench.1, &mut beside),
        );
        let (one, mut two) = (answers.0?, answers.1?);
        // Both began with what was logged before.
        two.exchange = log.absorb(&beside, two.exchange);
        let attempt = |answer: Answer| Attempt {
            verdict: answer.verdict,
            effect: Effect::Unobserved,
            exchange: answer.exchange,
            duration: start.elapsed(),
        };
        Ok([one, two].map(attempt))
    }

    /// A whole ceremony, honest.
    pub async fn perform(
        &mut self,
        ceremony: Ceremony,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt, Trouble> {
        self.deviate(ceremony, &Deviation::default(), &Known::default(), probes, log).await
    }

    /// An honest registration that must be accepted.
    pub async fn enrol(&mut self, log: &mut Log) -> Result<Attempt, Trouble> {
        self.honest(Ceremony::Registration, log).await
    }

    /// An honest authentication that must be accepted.
    pub async fn sign_in(&mut self, log: &mut Log) -> Result<Attempt, Trouble> {
        self.honest(Ceremony::Authentication, log).await
    }

    async fn honest(&mut self, ceremony: Ceremony, log: &mut Log) -> Result<Attempt, Trouble> {
        let attempt = self.perform(ceremony, Probes::default(), log).await?;
        match attempt.verdict.recognised {
            Recognised::Accepted => Ok(attempt),
            _ => {
                let throttled = attempt.throttled();
                Err(Trouble::Honest { ceremony, message: attempt.verdict.message, throttled })
            }
        }
    }

    /// A whole ceremony that deviates. One that turns out honest is begun
    /// again; `other` is whom the deviation may speak of.
    pub async fn deviate(
        &mut self,
        ceremony: Ceremony,
        deviation: &Deviation,
        other: &Known,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt, Trouble> {
        let honest = deviation.edits().is_empty();
        let of_request = |edit: &deviation::Edit| edit.at.stage() == "request";
        let waits_for_request = deviation.edits().iter().any(of_request);
        for _ in 0..TRIES {
            let begun = self.begin(ceremony, log).await?;
            let facts = self.known.beside(other);
            let mut bench = Bench::new(deviation, &facts);
            let message = self.respond_with(&begun, &mut bench)?;
            if !honest && !bench.is_deviant() && !waits_for_request {
                continue;
            }
            if !waits_for_request && !self.is_sent(ceremony, &bench, &message) {
                return Err(Trouble::NotExpressible);
            }
            let attempt = self.send(&begun, &message, &mut bench, probes, log).await?;
            match self.effect(&bench)? {
                // Nobody registers the same credential twice.
                deviation::Effect::Honest
                    if !honest && ceremony == Ceremony::Registration && attempt.is_accepted() =>
                {
                    return Err(Trouble::NotExpressible);
                }
                deviation::Effect::Honest if !honest => continue,
                _ => {}
            }
            if ceremony == Ceremony::Registration {
                self.known.credential_id = Some(message.credential_id);
            }
            return Ok(attempt);
        }
        Err(Trouble::NotExpressible)
    }

    /// Whether the target can see what was done to the response: pages may send some members of it only.
    fn is_sent(&self, ceremony: Ceremony, bench: &Bench<'_>, message: &Message) -> bool {
        match bench.honest_response() {
            Some(Tree::Json(honest)) => {
                self.world.target.tells_apart(ceremony, honest, &message.response)
            }
            _ => true,
        }
    }

    /// What became of a deviation. Not every authenticator makes what a check
    /// would alter: where the user names one, that is no mistake of the check.
    fn effect(&self, bench: &Bench<'_>) -> Result<deviation::Effect, Trouble> {
        match bench.effect() {
            Err(_) if self.world.authenticator.is_some() => Err(Trouble::NotExpressible),
            effect => Ok(effect?),
        }
    }

    /// What a probe sees: whether the account has this credential, or whether
    /// the session is signed in. `None` if no trusted probe can tell.
    async fn probe(
        &mut self,
        ceremony: Ceremony,
        credential_id: &[u8],
        probes: Probes,
        log: &mut Log,
    ) -> Result<Option<bool>, Trouble> {
        match ceremony {
            Ceremony::Registration if probes.list => self.lists(credential_id, log).await,
            Ceremony::Authentication if probes.whoami => self.is_signed_in(log).await,
            _ => Ok(None),
        }
    }

    /// Whether the RP lists a credential for this session's account. Whoever
    /// is not signed in has none.
    pub async fn lists(&mut self, id: &[u8], log: &mut Log) -> Result<Option<bool>, Trouble> {
        match self.run(Flow::List, log).await {
            Ok(done) => Ok(done.credentials.map(|all| all.iter().any(|one| one.has_id(id)))),
            Err(Trouble::Target(error)) if trouble::is_unauthorised(&error) => Ok(Some(false)),
            Err(trouble) => Err(trouble),
        }
    }

    /// The account's credentials, as the RP lists them.
    pub async fn credentials(&mut self, log: &mut Log) -> Result<Vec<Listed>, Trouble> {
        let listed = self.run(Flow::List, log).await?.credentials;
        listed.ok_or(Trouble::NoFlow(Flow::List))
    }

    /// Asks the RP to remove a credential, from another site's page if one is
    /// named.
    pub async fn remove(
        &mut self,
        listed: &Listed,
        page: Option<&Url>,
        log: &mut Log,
    ) -> Result<(), Trouble> {
        let target = Arc::clone(&self.world.target);
        if !target.adapter().has(Flow::Remove) {
            return Err(Trouble::NoFlow(Flow::Remove));
        }
        let inputs = self.inputs.clone().with("credential_id", &listed.credential_id);
        let inputs = inputs.with("record_id", &listed.record_id);
        self.session.visit(page.cloned());
        let done = target.run(Flow::Remove, &mut self.session, &inputs, log).await;
        self.session.visit(None);
        Ok(done.map(drop)?)
    }

    /// What the adapter calls the person: `username` or `email`.
    pub fn name(&self, variable: &str) -> Option<&str> {
        self.inputs.value(variable)
    }

    /// Whether somebody is signed in in this session.
    pub async fn is_signed_in(&mut self, log: &mut Log) -> Result<Option<bool>, Trouble> {
        Ok(self.run(Flow::Whoami, log).await?.signed_in)
    }

    /// Who is signed in in this session, if the RP tells.
    pub async fn user(&mut self, log: &mut Log) -> Result<Option<String>, Trouble> {
        Ok(self.run(Flow::Whoami, log).await?.user)
    }

    /// Signs out.
    pub async fn log_out(&mut self, log: &mut Log) -> Result<(), Trouble> {
        if !self.world.target.adapter().has(Flow::Logout) {
            return Err(Trouble::NoFlow(Flow::Logout));
        }
        self.run(Flow::Logout, log).await.map(drop)
    }

    /// Gets ready for the loss of the passkey. What the RP gives for it is on
    /// paper then, whatever becomes of the browser.
    pub async fn prepare(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let target = Arc::clone(&self.world.target);
        let steps = target.adapter().steps(Flow::Prepare);
        if steps.is_empty() {
            return Err(Trouble::NoFlow(Flow::Prepare));
        }
        self.run(Flow::Prepare, log).await?;
        for capture in steps.iter().flat_map(|step| &step.captures) {
            if let Some(text) = self.session.variable(&capture.name).and_then(|v| v.as_str()) {
                self.inputs = self.inputs.clone().with(&capture.name, text);
            }
        }
        Ok(())
    }

    /// Signs in again without any passkey.
    pub async fn recover(&mut self, log: &mut Log) -> Result<(), Trouble> {
        if !self.world.target.adapter().has(Flow::Recover) {
            return Err(Trouble::NoFlow(Flow::Recover));
        }
        self.run(Flow::Recover, log).await.map(drop)
    }

    /// Deletes the account, and with it the session.
    pub async fn close_account(&mut self, log: &mut Log) -> Result<(), Trouble> {
        if !self.world.target.adapter().has(Flow::Close) {
            return Err(Trouble::NoFlow(Flow::Close));
        }
        self.run(Flow::Close, log).await.map(drop)
    }

    /// What the RP has at a path of its own, asked for as a browser asks: with
    /// the session's cookies or without any.
    pub async fn read(
        &mut self,
        url: &Url,
        with_cookies: bool,
        log: &mut Log,
    ) -> Result<crate::target_rp::transport::Response, Trouble> {
        let session = with_cookies.then_some(&self.session);
        Ok(self.world.target.read(url, session, &self.inputs, log).await?)
    }

    async fn run(&mut self, flow: Flow, log: &mut Log) -> Result<crate::target_rp::Done, Trouble> {
        let target = Arc::clone(&self.world.target);
        Ok(target.run(flow, &mut self.session, &self.inputs, log).await?)
    }
}

impl Attempt {
    /// How long the target wants to be left alone, if that is its answer.
    pub fn throttled(&self) -> Option<Duration> {
        match self.verdict.recognised {
            Recognised::Throttled { after } => Some(after.unwrap_or_default()),
            _ => None,
        }
    }
}
