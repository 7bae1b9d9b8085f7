//! The client: the browser in front of the authenticators, with the rules of
//! §5.1.3 and §5.1.4.
//!
//! [`Client::create`] and [`Client::get`] take WebAuthn's options JSON and
//! give its response JSON. Below them each ceremony is split in two, as on the
//! device: `plan_*` takes every decision, `perform_*` makes the bytes and
//! hands each artefact to a [`Workbench`].

pub mod create;
pub mod domain;
mod exception;
mod extensions;
pub mod get;
mod origin;
mod rp_id;

pub use exception::{DomException, Name};
pub use origin::{Origin, ParseOriginError};

use std::time::Duration;

use serde_json::Value;

use crate::device::{Authenticator, Error, Profile};
use crate::env::{Answer, Env, Question, Seeded};
use crate::wire::json::Json;
use crate::wire::{ClientData, CreationOptions, RequestOptions, Tree};
use crate::workbench::{Honest, Stage, Workbench};

/// A browser on one page, with its authenticators.
pub struct Client {
    /// The origin of the page.
    pub origin: Origin,
    /// The origin of the top-level page, if this one is in a cross-origin
    /// frame.
    pub top_origin: Option<Origin>,
    /// Whether each call follows a gesture of the user on the page, as
    /// `create()` in a cross-origin frame must (§5.1.3 step 2).
    pub activation: bool,
    /// The version of the specification that it is of.
    pub generation: Generation,
    /// Members that this client adds to client data, as newer ones may.
    pub additional_members: Vec<(String, Json)>,
    /// The authenticators within reach; the first that fits is used.
    pub authenticators: Vec<Authenticator>,
    env: Box<dyn Env>,
}

/// The version of the specification that a client is of. They judge alike, but
/// for what is said here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// Level 2: client data tell whether a page is framed, not by whom; where
    /// no attestation is wanted, the model is hidden as well (Level 2
    /// §5.1.3); there are neither `attestationFormats` nor `prf`.
    Level2,
    /// Level 3.
    #[default]
    Level3,
}

/// How long a client waits at least and at most, whatever the options say
/// (§5.1.3 step 4, §15.1).
const TIMEOUTS: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(600));

impl Client {
    /// A browser on a page of `origin`, with one [`Profile::platform`]
    /// authenticator and a user who agrees to everything. The same origin and
    /// the same options give the same bytes; see [`Client::with_env`].
    pub fn new(origin: &str) -> Result<Self, ParseOriginError> {
        let origin = Origin::parse(origin)?;
        let env = Seeded::new("passrig");
        Ok(Self::with_env(origin, env).with_authenticator(Profile::platform()))
    }

    /// A browser without authenticators in an environment of the caller's.
    pub fn with_env(origin: Origin, env: impl Env + 'static) -> Self {
        Self {
            origin,
            top_origin: None,
            activation: true,
            generation: Generation::default(),
            additional_members: Vec::new(),
            authenticators: Vec::new(),
            env: Box::new(env),
        }
    }

    /// Adds an authenticator.
    #[must_use]
    pub fn with_authenticator(mut self, profile: Profile) -> Self {
        let name = format!("authenticator/{}", self.authenticators.len());
        self.authenticators.push(Authenticator::new(name, profile));
        self
    }

    /// `navigator.credentials.create({ publicKey })`: from
    /// `PublicKeyCredentialCreationOptionsJSON` to `RegistrationResponseJSON`.
    pub fn create(&mut self, options: &Value) -> Result<Value, DomException> {
        let options = CreationOptions::parse(options)?;
        let plan = self.plan_create(&options)?;
        value(self.perform_create(plan, &mut Honest))
    }

    /// `navigator.credentials.get({ publicKey })`: from
    /// `PublicKeyCredentialRequestOptionsJSON` to `AuthenticationResponseJSON`.
    pub fn get(&mut self, options: &Value) -> Result<Value, DomException> {
        let options = RequestOptions::parse(options)?;
        let plan = self.plan_get(&options)?;
        value(self.perform_get(&plan, &mut Honest))
    }

    /// The client data of a ceremony.
    fn client_data(&self, kind: &str, challenge: &[u8]) -> ClientData {
        let top_origin = self.top_origin.as_ref().filter(|_| self.generation == Generation::Level3);
        ClientData {
            kind: kind.to_owned(),
            challenge: challenge.to_vec(),
            origin: self.origin.to_string(),
            cross_origin: self.top_origin.is_some(),
            top_origin: top_origin.map(ToString::to_string),
            extra: self.additional_members.clone(),
        }
    }

    /// Lets one of the authenticators work in the environment.
    fn ask_device<T>(
        &mut self,
        index: usize,
        timeout: Option<u64>,
        work: impl FnOnce(&Authenticator, &mut dyn Env) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // The authenticator steps aside so that it and the environment can be
        // used together.
        let authenticators = std::mem::take(&mut self.authenticators);
        let done = match authenticators.get(index) {
            Some(authenticator) => work(authenticator, &mut self.timed(timeout)),
            None => Err(Error::Unknown),
        };
        self.authenticators = authenticators;
        done
    }

    /// The environment as authenticators see it: a user who takes longer than
    /// the timer allows has not agreed (§5.1.3 step 23).
    fn timed(&mut self, timeout: Option<u64>) -> Timed<'_> {
        let (least, most) = TIMEOUTS;
        let asked = timeout.map_or(least, Duration::from_millis);
        Timed { env: self.env.as_mut(), limit: asked.clamp(least, most) }
    }
}

/// An environment in which answers after `limit` count as refusals.
struct Timed<'a> {
    env: &'a mut dyn Env,
    limit: Duration,
}

impl Env for Timed<'_> {
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8> {
        self.env.draw(label, len)
    }

    fn draw_common(&mut self, label: &str, len: usize) -> Vec<u8> {
        self.env.draw_common(label, len)
    }

    fn now(&self) -> Duration {
        self.env.now()
    }

    fn ask(&mut self, question: &Question) -> Answer {
        let answer = self.env.ask(question);
        let in_time = answer.after <= self.limit;
        Answer { consents: answer.consents && in_time, ..answer }
    }
}

/// Makes client data, and their hash as the authenticator gets it.
fn collect(data: &ClientData, bench: &mut dyn Workbench) -> (Vec<u8>, [u8; 32]) {
    use sha2::{Digest, Sha256};
    let bytes = bench.finish(Stage::ClientData, data.tree()).render();
    let hash = Sha256::digest(&bytes).into();
    (bytes, hash)
}

/// A finished response as JSON: what is no JSON tree any more goes in octet by
/// octet.
fn json(tree: Tree) -> Json {
    match tree {
        Tree::Json(json) => json,
        other => Json::Raw(other.render()),
    }
}

fn value(response: Json) -> Result<Value, DomException> {
    response.into_value().map_err(|error| DomException::new(Name::Unknown, error.to_string()))
}
