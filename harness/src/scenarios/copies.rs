//! Stories about what stands beside the attestation object, unsigned, and
//! contradicts it. An RP may refuse that; one that does not has to go by what
//! is attested, so that the credential can be used afterwards.

use passrig_authenticator::Ceremony;
use serde_json::{Value, json};

use super::{Context, Observations};
use crate::actor::{Attempt, AttemptError};
use crate::target_rp::Recognised;

pub(super) async fn another_key(ctx: &mut Context<'_>) -> Result<Observations, AttemptError> {
    let edit = json!([{ "at": "response.public_key", "set": { "from": "another.public_key" } }]);
    contradicted(ctx, edit).await
}

pub(super) async fn another_algorithm(ctx: &mut Context<'_>) -> Result<Observations, AttemptError> {
    let edit = json!([{ "at": "response.public_key_algorithm", "set": -257 }]);
    contradicted(ctx, edit).await
}

pub(super) async fn other_data(ctx: &mut Context<'_>) -> Result<Observations, AttemptError> {
    let edit = json!([{ "at": "response.authenticator_data", "set": { "repeat": 0, "len": 37 } }]);
    contradicted(ctx, edit).await
}

pub(super) async fn another_id(ctx: &mut Context<'_>) -> Result<Observations, AttemptError> {
    let id = json!({ "from": "fresh.32" });
    let edit = json!([{ "at": "response.id", "set": id }, { "at": "response.rawId", "set": id }]);
    contradicted(ctx, edit).await
}

pub(super) async fn empty_id(ctx: &mut Context<'_>) -> Result<Observations, AttemptError> {
    let id = json!({ "hex": "" });
    let edit = json!([{ "at": "response.id", "set": id }, { "at": "response.rawId", "set": id }]);
    contradicted(ctx, edit).await
}

/// A registration with the edit; unless it is refused, a login with the
/// credential that was attested.
async fn contradicted(ctx: &mut Context<'_>, edit: Value) -> Result<Observations, AttemptError> {
    let mut actor = ctx.new_account("subject").await?;
    // What the RP calls the new credential is what the story is about.
    let probes = std::mem::take(&mut ctx.probes);
    let registered = ctx.attempt(&mut actor, Ceremony::Registration, edit).await?;
    ctx.probes = probes;
    match registered.verdict.recognised {
        // How it is said is the matter of other checks.
        Recognised::Refused | Recognised::RefusedLikeCrash => {
            let remark = "the registration was refused";
            Ok(Observations::of(Attempt::observed(true, remark, &ctx.log)))
        }
        Recognised::Accepted => {
            actor.change_browser();
            let begun = match ctx.begin(&mut actor, Ceremony::Authentication).await {
                // It offers a login with something else, or none at all.
                Err(error) if error.is_turned_away() => return Ok(lost(ctx)),
                begun => begun?,
            };
            let Ok(message) = actor.respond(&begun) else { return Ok(lost(ctx)) };
            Ok(Observations::of(ctx.send(&mut actor, &begun, &message).await?))
        }
        // A crash, or an answer that nobody knows, is for the runner to judge.
        _ => Ok(Observations::of(registered)),
    }
}

/// The RP knows the credential by a name that no authenticator knows.
fn lost(ctx: &Context<'_>) -> Observations {
    let remark = "it was registered as another credential than the one attested";
    Observations::of(Attempt::observed(false, remark, &ctx.log))
}
