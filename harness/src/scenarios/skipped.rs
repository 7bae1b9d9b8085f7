//! Scenarios about finish bodies without a proof.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Bench;
use passrig_authenticator::wire::Json;
use serde_json::json;

use super::challenge::{other_than, with_challenge_of};
use super::{Context, Observations, deviation};
use crate::actor::{Message, Result};
use crate::catalogue::Product;

/// The credential id and the challenge, as some applications compare them in
/// place of a signature.
pub(super) async fn id_and_challenge(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let credential_id = actor.known.credential_id.clone().unwrap_or_default();
    let id = Json::binary(credential_id.clone());
    let challenge = begun.options.get("challenge").map_or(Json::Null, Json::from);
    let response = Json::object([
        ("id", id.clone()),
        ("credentialId", id),
        ("challenge", challenge),
        ("type", Json::text("public-key")),
    ]);
    let message = Message { response, credential_id, honest: None };
    Ok(Observations::of(ctx.send(&mut actor, &begun, &message).await?))
}

/// A registration's response where an assertion is due, or the other way
/// round; the challenge is the right one.
pub(super) async fn other_response(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.registered("subject").await?;
    let other = other_than(ceremony);
    let source = ctx.begin(&mut actor, other).await?;
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let swapped = with_challenge_of(&begun, &source);
    if other == Ceremony::Registration {
        // The first one is on the exclude list by now.
        actor.change_authenticator("second", Product::Platform);
    }
    // An id that is registered already would be another fault.
    let edits = json!([{ "at": "plan.credential_id", "set": { "from": "fresh.32" } }]);
    let (new_id, known) = (deviation(edits)?, actor.known.clone());
    let message = actor.respond_with(&swapped, &mut Bench::new(&new_id, &known))?;
    Ok(Observations::of(ctx.send(&mut actor, &begun, &message).await?))
}
