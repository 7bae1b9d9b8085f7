//! Scenarios about unsigned members beside the attestation object that contradict it. An RP may
//! refuse them; an RP that does not must use the attested values, so that the credential works.

use passrig_authenticator::Ceremony;
use serde_json::{Value, json};

use super::{Context, Observations};
use crate::actor::Result;
use crate::target_rp::Recognised;

pub(super) async fn another_key(ctx: &mut Context<'_>) -> Result<Observations> {
    let edit = json!([{ "at": "response.public_key", "set": { "from": "another.public_key" } }]);
    contradicted(ctx, edit).await
}

pub(super) async fn another_algorithm(ctx: &mut Context<'_>) -> Result<Observations> {
    let edit = json!([{ "at": "response.public_key_algorithm", "set": -257 }]);
    contradicted(ctx, edit).await
}

pub(super) async fn other_data(ctx: &mut Context<'_>) -> Result<Observations> {
    let edit = json!([{ "at": "response.authenticator_data", "set": { "repeat": 0, "len": 37 } }]);
    contradicted(ctx, edit).await
}

pub(super) async fn another_id(ctx: &mut Context<'_>) -> Result<Observations> {
    let id = json!({ "from": "fresh.32" });
    let edit = json!([{ "at": "response.id", "set": id }, { "at": "response.rawId", "set": id }]);
    contradicted(ctx, edit).await
}

pub(super) async fn empty_id(ctx: &mut Context<'_>) -> Result<Observations> {
    let id = json!({ "hex": "" });
    let edit = json!([{ "at": "response.id", "set": id }, { "at": "response.rawId", "set": id }]);
    contradicted(ctx, edit).await
}

/// A registration with the edit; unless it is refused, a login with the
/// credential that was attested.
async fn contradicted(ctx: &mut Context<'_>, edit: Value) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    // The check is about the ID under which the RP keeps the credential: probes would disturb it.
    let probes = std::mem::take(&mut ctx.probes);
    let registered = ctx.attempt(&mut actor, Ceremony::Registration, edit).await?;
    ctx.probes = probes;
    match registered.verdict.recognised {
        // The manner of the refusal is the matter of other checks.
        Recognised::Refused | Recognised::RefusedLikeCrash => {
            let remark = "the registration was refused";
            Ok(ctx.seen(true, remark))
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
        // The runner judges a crash, and an answer that the adapter does not know.
        _ => Ok(Observations::of(registered)),
    }
}

/// The RP knows the credential by a name that no authenticator knows.
fn lost(ctx: &Context<'_>) -> Observations {
    let remark = "it was registered as another credential than the one attested";
    ctx.seen(false, remark)
}
