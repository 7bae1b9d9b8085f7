//! One person at work: an account, a session, a client with its
//! authenticators. Honest, or deviating as a `Deviation` says.

mod account;
mod ceremonies;
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
use crate::outcome::{Effect, Setting, Variant};
use crate::target_rp::{AnswerVerdict, Inputs, Recognised, Session};

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
    pub verdict: AnswerVerdict,
    /// What a probe saw.
    pub effect: Effect,
    /// Which exchange of the log it is.
    pub exchange: usize,
    /// From the first request to the last.
    pub duration: Duration,
}

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
