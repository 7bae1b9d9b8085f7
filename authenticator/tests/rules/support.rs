//! What the tests of ceremonies share.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use passrig_authenticator::client::{DomException, Origin};
use passrig_authenticator::deviation::{Bench, Deviation, Edit, Effect, Error, Facts, PlanMut};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::{Answer, Env, Question, Seeded};
use passrig_authenticator::wire::cose::Key;
use passrig_authenticator::wire::{
    AttestationObject, AuthenticatorData, CreationOptions, Json, RequestOptions, base64url,
};
use passrig_authenticator::{Client, client};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const PAGE: &str = "https://login.example.org";

/// Creation options that every RP might send.
pub(crate) fn creation() -> Value {
    json!({
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": "AQ", "name": "ada", "displayName": "Ada"},
        "challenge": "Y2hhbGxlbmdl",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    })
}

/// Request options that every RP might send.
pub(crate) fn request() -> Value {
    json!({"rpId": "example.org", "challenge": "Y2hhbGxlbmdl"})
}

/// The same options with members set, each at a JSON pointer whose parents
/// are made where they are missing; `null` leaves a member out.
pub(crate) fn with(mut options: Value, members: &[(&str, Value)]) -> Value {
    for (pointer, value) in members {
        let (name, parents) = {
            let mut names: Vec<&str> = pointer.split('/').collect();
            (names.pop().unwrap(), names)
        };
        let mut place = &mut options;
        for parent in parents {
            place = &mut place[parent];
        }
        if value.is_null() {
            place.as_object_mut().map(|members| members.remove(name));
        } else {
            place[name] = value.clone();
        }
    }
    options
}

/// Options that ask for a discoverable credential.
pub(crate) fn discoverable() -> Value {
    with(creation(), &[("authenticatorSelection/residentKey", json!("required"))])
}

/// A descriptor of the credential in a registration response.
pub(crate) fn descriptor(response: &Value) -> Value {
    json!({"type": "public-key", "id": response["id"]})
}

/// A client on [`PAGE`] with these authenticators.
pub(crate) fn client(profiles: impl IntoIterator<Item = Profile>) -> Client {
    client_in(Seeded::new("test"), profiles)
}

/// A client on [`PAGE`] with these authenticators, in that environment.
pub(crate) fn client_in(
    env: impl Env + 'static,
    profiles: impl IntoIterator<Item = Profile>,
) -> Client {
    let client = Client::with_env(Origin::parse(PAGE).unwrap(), env);
    profiles.into_iter().fold(client, Client::with_authenticator)
}

/// The name of the exception that a script would catch.
pub(crate) fn name<T: std::fmt::Debug>(result: Result<T, DomException>) -> client::Name {
    result.unwrap_err().name
}

/// The octets of a base64url member.
pub(crate) fn octets(value: &Value) -> Vec<u8> {
    base64url::decode(value.as_str().unwrap()).unwrap()
}

/// The authenticator data of either response.
pub(crate) fn authenticator_data(response: &Value) -> AuthenticatorData {
    AuthenticatorData::decode(&octets(&response["response"]["authenticatorData"])).unwrap()
}

/// The attestation object of a registration response.
pub(crate) fn attestation(response: &Value) -> AttestationObject {
    AttestationObject::decode(&octets(&response["response"]["attestationObject"])).unwrap()
}

/// The client data of either response, as text.
pub(crate) fn client_data(response: &Value) -> String {
    String::from_utf8(octets(&response["response"]["clientDataJSON"])).unwrap()
}

/// A user who gives prepared answers in turn, then willing ones, and the
/// questions that were put.
pub(crate) struct Person {
    seeded: Seeded,
    answers: Vec<Answer>,
    pub(crate) asked: Questions,
}

pub(crate) type Questions = Arc<Mutex<Vec<Question>>>;

impl Person {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { seeded: Seeded::new("test"), answers, asked: Questions::default() }
    }
}

impl Env for Person {
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8> {
        self.seeded.draw(label, len)
    }

    fn now(&self) -> Duration {
        self.seeded.now()
    }

    fn ask(&mut self, question: &Question) -> Answer {
        self.asked.lock().unwrap().push(question.clone());
        self.answers.pop().unwrap_or(Answer::WILLING)
    }
}

pub(crate) const UNWILLING: Answer = Answer { consents: false, ..Answer::WILLING };
pub(crate) const UNVERIFIED: Answer = Answer { verified: false, ..Answer::WILLING };

/// Edits as a catalogue writes them, one a line: a place, and an operation in
/// TOML.
pub(crate) fn deviation(edits: &str) -> Deviation {
    let lines = edits.lines().map(str::trim).filter(|line| !line.is_empty());
    Deviation::new(lines.map(|line| edit(line).unwrap()).collect())
}

/// One edit, such as `client_data.type set = "payment.get"`.
pub(crate) fn edit(line: &str) -> Result<Edit, toml::de::Error> {
    let (at, operation) = line.split_once(' ').unwrap();
    toml::from_str(&format!("at = {at:?}\n{operation}"))
}

/// A ceremony under a deviation.
pub(crate) struct Run {
    /// What the client would send.
    pub(crate) response: Json,
    pub(crate) effect: Result<Effect, Error>,
    /// The key with which an honest signature verifies.
    pub(crate) key: Key,
}

impl Run {
    /// The response as an RP reads it.
    pub(crate) fn value(&self) -> Value {
        self.response.clone().into_value().unwrap()
    }
}

/// A registration with self attestation under a deviation.
pub(crate) fn register(deviation: &Deviation, facts: &dyn Facts) -> Run {
    register_on(Profile::roaming(), deviation, facts)
}

/// A registration with attestation under a deviation, on such an authenticator.
pub(crate) fn register_on(profile: Profile, deviation: &Deviation, facts: &dyn Facts) -> Run {
    let options = with(discoverable(), &[("attestation", json!("direct"))]);
    let mut client = client([profile]);
    let mut plan = client.plan_create(&CreationOptions::parse(&options).unwrap()).unwrap();
    let key = plan.device.credential.key.public_key();
    let mut bench = Bench::new(deviation, facts);
    bench.plan(PlanMut::Create(&mut plan));
    let response = client.perform_create(plan, &mut bench);
    Run { response, effect: bench.effect(), key }
}

/// An authentication under a deviation, after an honest registration.
pub(crate) fn authenticate(deviation: &Deviation, facts: &dyn Facts) -> Run {
    let mut client = client([Profile::roaming()]);
    client.create(&discoverable()).unwrap();
    let mut plan = client.plan_get(&RequestOptions::parse(&request()).unwrap()).unwrap();
    let key = plan.device.signer.public_key();
    let mut bench = Bench::new(deviation, facts);
    bench.plan(PlanMut::Get(&mut plan));
    let response = client.perform_get(&plan, &mut bench);
    Run { response, effect: bench.effect(), key }
}

/// What an assertion, or a self attestation, signs.
pub(crate) fn signed(response: &Value) -> Vec<u8> {
    let hash = Sha256::digest(octets(&response["response"]["clientDataJSON"]));
    [octets(&response["response"]["authenticatorData"]), hash.to_vec()].concat()
}

/// Facts as tests make them up.
pub(crate) struct Known(pub(crate) &'static [(&'static str, &'static [u8])]);

impl Facts for Known {
    fn fact(&self, name: &str) -> Option<Vec<u8>> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, octets)| octets.to_vec())
    }
}
