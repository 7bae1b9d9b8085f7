//! Scenarios about the state that an attempt leaves behind.

use passrig_authenticator::Ceremony;
use serde_json::{Value, json};

use super::{Context, Observations};
use crate::actor::{Attempt, AttemptError, NotExpressible, Result};

/// An assertion with a counter far ahead and a wrong signature; then an honest
/// one.
pub(super) async fn counter_of_a_forgery(ctx: &mut Context<'_>) -> Result<Observations> {
    honest_after(ctx, json!({ "at": "plan.sign_count", "set": 4_000_000_000_u32 })).await
}

/// An assertion with other backup flags and a wrong signature; then an honest
/// one.
pub(super) async fn backup_flags_of_a_forgery(ctx: &mut Context<'_>) -> Result<Observations> {
    honest_after(ctx, json!({ "at": "authenticator_data.flags.be", "set": true })).await
}

async fn honest_after(ctx: &mut Context<'_>, edit: Value) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let ceremony = Ceremony::Authentication;
    let edits = json!([{ "at": "plan.signer", "set": "another" }, edit]);
    ctx.attempt(&mut actor, ceremony, edits).await?;
    actor.change_browser();
    // The device that counts never saw the forgery.
    let counted = json!([{ "at": "plan.sign_count", "set": 1000 }]);
    let attempt = ctx.attempt(&mut actor, ceremony, counted).await?;
    Ok(Observations::of(attempt))
}

/// A registration from a wrong origin; then an honest one.
pub(super) async fn register_after_refusal(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let ceremony = Ceremony::Registration;
    let refused = ctx.attempt(&mut actor, ceremony, foreign_origin()).await?;
    if refused.is_accepted() {
        return Err(NotExpressible::FaultAccepted.into());
    }
    match actor.perform(ceremony, ctx.probes, &mut ctx.log).await {
        Ok(attempt) => Ok(Observations::of(attempt)),
        // The RP sends no options after the refused registration.
        Err(AttemptError::Target(error)) if error.is_answer() => {
            let attempt = Attempt::observed(false, error.to_string(), &ctx.log);
            Ok(Observations::of(attempt))
        }
        Err(error) => Err(error),
    }
}

/// A registration from a wrong origin; then its credential signs in.
pub(super) async fn refused_credential(ctx: &mut Context<'_>) -> Result<Observations> {
    signs_in_after(ctx, foreign_origin()).await
}

/// A registration with a wrong challenge; then its credential signs in.
pub(super) async fn refused_credential_of_the_challenge(
    ctx: &mut Context<'_>,
) -> Result<Observations> {
    let edits = json!([{ "at": "client_data.challenge", "set": { "from": "fresh.32" } }]);
    signs_in_after(ctx, edits).await
}

async fn signs_in_after(ctx: &mut Context<'_>, edits: Value) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let refused = ctx.attempt(&mut actor, Ceremony::Registration, edits).await?;
    if refused.is_accepted() {
        return Err(NotExpressible::FaultAccepted.into());
    }
    actor.change_browser();
    let login = actor.perform(Ceremony::Authentication, ctx.probes, &mut ctx.log).await?;
    let happened = login.is_accepted();
    actor.ask_signed_in(&mut ctx.log).await?;
    let remark = if happened { "the refused credential signs in" } else { "it does not sign in" };
    Ok(ctx.seen(happened, remark))
}

/// A credential that is not backed up when it is registered, and is when it
/// signs in.
pub(super) async fn backed_up_later(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let edits = json!([{ "at": "authenticator_data.flags.bs", "set": false }]);
    let control = ctx.attempt(&mut actor, Ceremony::Registration, edits).await?;
    actor.change_browser();
    let attempt = actor.perform(Ceremony::Authentication, ctx.probes, &mut ctx.log).await?;
    Ok(Observations::after(control, attempt))
}

fn foreign_origin() -> Value {
    json!([{ "at": "client_data.origin", "set": "https://phishing.example" }])
}
