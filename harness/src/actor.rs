//! An actor: an account with its session, client and authenticators. It is honest, or deviates as
//! a `Deviation` says.

mod account;
mod ceremonies;
mod error;
mod facts;
mod not_expressible;
mod probes;
mod run_state;
mod world;

pub use error::{AttemptError, Result};
pub use facts::Known;
pub use not_expressible::NotExpressible;
pub use probes::Probes;
pub use run_state::{Crash, Crashes, RunState, THROTTLED, Throttling};
pub use world::World;

use std::time::Duration;

use base16ct::lower as hex;
use passrig_authenticator::attestation::Format;
use passrig_authenticator::attestation::metadata::Listing;
use passrig_authenticator::client::Client;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::{self, Seeded};
use passrig_authenticator::wire::{Json, base64url};
use sha2::{Digest, Sha256};

use crate::catalogue::Product;
use crate::outcome::{Effect, Manner, Setting, SettingValue, Variant};
use crate::target_rp::{AnswerVerdict, Inputs, Log, Recognised, SentCredential, Session};

/// An account with its session, client and authenticators.
pub struct Actor {
    world: World,
    variant: Variant,
    env: Seeded,
    inputs: Inputs,
    session: Session,
    format: Option<Format>,
    listing: Option<Listing>,
    /// The client (browser) with its authenticators.
    pub client: Client,
    /// The facts about the credential of the actor.
    pub known: Known,
}

/// A response that an actor sends.
pub struct Message {
    /// The response JSON.
    pub response: Json,
    /// The ID of its credential.
    pub credential_id: Vec<u8>,
    /// The response of the same ceremony without the deviation, if the requests of both are compared:
    /// an attempt whose request equals the honest one tests nothing.
    pub(crate) honest: Option<Json>,
}

impl<'a> From<&'a Message> for SentCredential<'a> {
    fn from(message: &'a Message) -> Self {
        Self { credential: &message.response, honest: message.honest.as_ref() }
    }
}

/// An attempt and its effect.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The meaning of the RP's answer.
    pub verdict: AnswerVerdict,
    /// The effect that a probe saw.
    pub effect: Effect,
    /// The exchange in the log.
    pub exchange: usize,
    /// The time from the first request to the last.
    pub duration: Duration,
}

/// The values that an application draws before it sends a user to sign in (RFC 7636 §4).
fn oidc(inputs: Inputs, env: &Seeded) -> Inputs {
    let drawn = |label: &str| base64url::encode(&env.derive(label, 32));
    let verifier = drawn("oidc.verifier");
    inputs
        .with("oidc.state", drawn("oidc.state"))
        .with("oidc.nonce", drawn("oidc.nonce"))
        .with("oidc.challenge", base64url::encode(&Sha256::digest(verifier.as_bytes())))
        .with("oidc.verifier", verifier)
}

/// The name of a setting in adapters.
fn input_name(setting: Setting) -> &'static str {
    match setting {
        Setting::UserVerification => "user_verification",
        setting => setting.name(),
    }
}

impl Actor {
    /// A new actor. `name` distinguishes the actors of one check; requests contain `check` if the
    /// user asks for that.
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
        // `name` has check IDs and roles, which distinguish tests from honest use.
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
        use Setting::{Algorithms, Attestation, Framing, Mediation, UserVerification};
        for setting in [UserVerification, Attestation, Algorithms, Mediation, Framing] {
            if let Some(value) = variant.setting(setting) {
                inputs = inputs.with_setting(input_name(setting), value.name());
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

    /// Sets the format of all attestation statements, for any options and any authenticator.
    pub fn set_format(&mut self, format: Option<Format>) {
        self.format = format;
    }

    /// Sets the listed model of the authenticator.
    pub fn set_listing(&mut self, listing: Option<Listing>) {
        self.listing = listing;
    }

    /// Uses an existing account of the pool of the adapter, if there is a pool.
    #[must_use]
    pub fn with_account(mut self, index: usize) -> Self {
        let pool = &self.world.target.adapter().account.pool;
        for (name, value) in pool.get(index).into_iter().flatten() {
            self.inputs = self.inputs.with(name, value);
        }
        self
    }

    /// Sets the value of a setting from now on.
    pub fn choose(&mut self, setting: Setting, value: SettingValue) {
        self.variant = self.variant.with(setting, value);
        self.inputs = self.inputs.clone().with_setting(input_name(setting), value.name());
    }

    /// Changes to another browser: without cookies, with the same authenticators.
    pub fn change_browser(&mut self) -> Session {
        std::mem::take(&mut self.session)
    }

    /// The session as it is now, for [`Self::return_to`].
    pub fn saved_session(&self) -> Session {
        self.session.clone()
    }

    /// Goes on in an earlier session.
    pub fn return_to(&mut self, session: Session) -> Session {
        std::mem::replace(&mut self.session, session)
    }

    /// Changes to another authenticator, and returns the client with the former one.
    pub fn change_authenticator(&mut self, label: &str, product: Product) -> Client {
        self.change_device(label, product.profile())
    }

    /// Changes to a device of any kind, and returns the client with the former one.
    pub fn change_device(&mut self, label: &str, profile: Profile) -> Client {
        let mut client = Client::with_env(self.world.origin.clone(), self.env.within(label))
            .with_authenticator(profile);
        std::mem::swap(&mut self.client, &mut client);
        client
    }

    /// Sets the answer of the user to the questions of the authenticator from now on.
    pub fn set_user_answer(&mut self, label: &str, answer: env::Answer) {
        let env = self.env.within(label).answering(answer);
        let mut client = Client::with_env(self.client.origin.clone(), env);
        client.authenticators = std::mem::take(&mut self.client.authenticators);
        self.client = client;
    }
}

impl Attempt {
    /// An observation of the target in place of an answer: true if it let something happen. The
    /// last exchange of the log shows it.
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

    /// True if the RP accepted, in words and in effect.
    pub fn is_accepted(&self) -> bool {
        self.verdict.recognised == Recognised::Accepted && self.effect != Effect::Absent
    }

    /// The wait that the target asks for, if that is its answer.
    pub fn throttled(&self) -> Option<Duration> {
        match self.verdict.recognised {
            Recognised::Throttled { after } => Some(after.unwrap_or_default()),
            _ => None,
        }
    }
}
