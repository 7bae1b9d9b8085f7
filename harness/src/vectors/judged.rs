//! Published responses before the reference relying party, as they are: the
//! challenge, origin and RP id are the published ones, every algorithm is
//! offered, and the published root is trusted.

use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_vectors::{Ceremony, Vector};
use serde_json::{Map, Value, json};

use super::{Cause, Error, Fields};
use crate::relying_party::{Config, Judge, Step, Violation};

/// The page that frames the relying party of the vectors.
pub(super) const TOP_ORIGIN: &str = "https://example.com";

/// A published response, and its judge.
#[derive(Debug)]
pub struct PublishedResponse {
    judge: Judge,
    credential_id: Vec<u8>,
    /// The bytes of the response under their names in it.
    pub fields: Fields,
}

impl PublishedResponse {
    /// The steps that a response with these bytes violates.
    pub fn violations(&self, fields: &Fields) -> Vec<(&'static Step, Violation)> {
        self.judge.violations(&self.body(fields))
    }

    fn body(&self, fields: &Fields) -> Value {
        let id = base64url::encode(&self.credential_id);
        let text = |bytes: &Vec<u8>| Value::from(base64url::encode(bytes));
        let members = fields.iter().map(|(name, bytes)| ((*name).to_owned(), text(bytes)));
        let response: Map<_, _> = members.collect();
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response })
    }
}

/// The two ceremonies of a vector. The authentication is judged by the record
/// that the registration leaves.
pub fn published_responses(vector: &Vector, root: &[u8]) -> Result<[PublishedResponse; 2], Error> {
    both(vector, root).map_err(Error::about(&vector.id))
}

fn both(vector: &Vector, root: &[u8]) -> Result<[PublishedResponse; 2], Cause> {
    let config = Config {
        algorithms: Algorithm::NAMES.iter().map(|(_, algorithm)| *algorithm).collect(),
        roots: vec![root.to_vec()],
        revocation_lists: Vec::new(),
        framing: vector.id.ends_with("Origin").then(|| vec![TOP_ORIGIN.to_owned()]),
        ..Config::new(&vector.origin, &vector.rp_id)
    };
    judged_by(config, vector)
}

/// The two ceremonies of a vector, for any relying party.
pub(super) fn judged_by(config: Config, vector: &Vector) -> Result<[PublishedResponse; 2], Cause> {
    let Vector { registration, authentication, .. } = vector;
    let credential_id = bytes(registration, "credential_id")?;
    let judge = Judge::of_registration(config.clone(), bytes(registration, "challenge")?);
    let fields = published(registration, &["clientDataJSON", "attestationObject"])?;
    let registered = PublishedResponse { judge, credential_id: credential_id.clone(), fields };

    let record = registered.judge.record(&registered.body(&registered.fields));
    let record = record.ok_or(Cause::Field("attestationObject"))?;
    let challenge = bytes(authentication, "challenge")?;
    let judge = Judge::of_authentication(config, challenge, record);
    let names = ["clientDataJSON", "authenticatorData", "signature"];
    let fields = published(authentication, &names)?;
    Ok([registered, PublishedResponse { judge, credential_id, fields }])
}

fn published(ceremony: &Ceremony, names: &[&'static str]) -> Result<Fields, Cause> {
    names.iter().map(|name| Ok((*name, bytes(ceremony, name)?))).collect()
}

fn bytes(ceremony: &Ceremony, name: &'static str) -> Result<Vec<u8>, Cause> {
    ceremony.field(name).ok_or(Cause::Field(name))
}
