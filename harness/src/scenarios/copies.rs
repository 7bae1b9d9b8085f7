//! Stories about what stands beside the attestation object, unsigned, and
//! contradicts it. An RP may refuse that; one that does not has to go by what
//! is attested, so that the credential can be used afterwards.

use passrig_authenticator::Ceremony;
use serde_json::{Value, json};

use super::{Observations, Stage};
use crate::actor::{Attempt, AttemptError};
use crate::target_rp::Recognised;

pub(super) async fn another_key(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let edit = json!([{ "at": "response.public_key", "set": { "from": "another.public_key" } }]);
    contradicted(stage, edit).await
}

pub(super) async fn another_algorithm(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let edit = json!([{ "at": "response.public_key_algorithm", "set": -257 }]);
    contradicted(stage, edit).await
}

pub(super) async fn other_data(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let edit = json!([{ "at": "response.authenticator_data", "set": { "repeat": 0, "len": 37 } }]);
    contradicted(stage, edit).await
}

pub(super) async fn another_id(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let id = json!({ "from": "fresh.32" });
    let edit = json!([{ "at": "response.id", "set": id }, { "at": "response.rawId", "set": id }]);
    contradicted(stage, edit).await
}

pub(super) async fn empty_id(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let id = json!({ "hex": "" });
    let edit = json!([{ "at": "response.id", "set": id }, { "at": "response.rawId", "set": id }]);
    contradicted(stage, edit).await
}

/// A registration with the edit; unless it is refused, a login with the
/// credential that was attested.
async fn contradicted(stage: &mut Stage<'_>, edit: Value) -> Result<Observations, AttemptError> {
    let mut actor = stage.newcomer("subject").await?;
    // What the RP calls the new credential is what the story is about.
    let probes = std::mem::take(&mut stage.probes);
    let registered = stage.attempt(&mut actor, Ceremony::Registration, edit).await?;
    stage.probes = probes;
    match registered.verdict.recognised {
        // How it is said is the matter of other checks.
        Recognised::Refused | Recognised::RefusedLikeCrash => {
            let remark = "the registration was refused";
            Ok(Observations::of(Attempt::observed(true, remark, &stage.log)))
        }
        Recognised::Accepted => {
            actor.change_browser();
            let begun = match stage.begin(&mut actor, Ceremony::Authentication).await {
                // It offers a login with something else, or none at all.
                Err(error) if error.is_turned_away() => return Ok(lost(stage)),
                begun => begun?,
            };
            let Ok(message) = actor.respond(&begun) else { return Ok(lost(stage)) };
            Ok(Observations::of(stage.send(&mut actor, &begun, &message).await?))
        }
        // A crash, or an answer that nobody knows, is for the runner to judge.
        _ => Ok(Observations::of(registered)),
    }
}

/// The RP knows the credential by a name that no authenticator knows.
fn lost(stage: &Stage<'_>) -> Observations {
    let remark = "it was registered as another credential than the one attested";
    Observations::of(Attempt::observed(false, remark, &stage.log))
}
