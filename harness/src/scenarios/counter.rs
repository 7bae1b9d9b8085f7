//! Scenarios about the signature counter.

use passrig_authenticator::Ceremony;
use serde_json::json;

use super::{Context, Observations};
use crate::actor::{Actor, Attempt, Result};

/// The counter is 10, then 5: a clone signs, or a backup was restored.
pub(super) async fn goes_back(ctx: &mut Context<'_>) -> Result<Observations> {
    counts(ctx, &[10], 5).await
}

/// The counter is 10, then 10 again.
pub(super) async fn stands_still(ctx: &mut Context<'_>) -> Result<Observations> {
    counts(ctx, &[10], 10).await
}

/// The counter is 10, then 0, as if the authenticator had ceased to count.
pub(super) async fn falls_to_zero(ctx: &mut Context<'_>) -> Result<Observations> {
    counts(ctx, &[10], 0).await
}

/// The counter is the greatest that fits, then 0.
pub(super) async fn wraps(ctx: &mut Context<'_>) -> Result<Observations> {
    counts(ctx, &[u32::MAX], 0).await
}

/// The counter is 5, then 10, then 7: it goes back only for an RP that stored
/// the second one.
pub(super) async fn lies_between(ctx: &mut Context<'_>) -> Result<Observations> {
    counts(ctx, &[5, 10], 7).await
}

/// The counter was 100 at registration, and is 50.
pub(super) async fn below_registration(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let edits = json!([{ "at": "plan.sign_count", "set": 100 }]);
    let control = ctx.attempt(&mut actor, Ceremony::Registration, edits).await?;
    actor.change_browser();
    Ok(Observations::after(control, sign_with(ctx, &mut actor, 50).await?))
}

/// The authenticator does not count, twice.
pub(super) async fn stays_zero(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let ceremony = Ceremony::Authentication;
    let control = actor.perform(ceremony, ctx.probes, &mut ctx.log).await?;
    actor.change_browser();
    let attempt = actor.perform(ceremony, ctx.probes, &mut ctx.log).await?;
    Ok(Observations::after(control, attempt))
}

async fn counts(ctx: &mut Context<'_>, before: &[u32], then: u32) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let mut control = None;
    for count in before {
        control = Some(sign_with(ctx, &mut actor, *count).await?);
        actor.change_browser();
    }
    let attempt = sign_with(ctx, &mut actor, then).await?;
    Ok(Observations { control, ..Observations::of(attempt) })
}

async fn sign_with(ctx: &mut Context<'_>, actor: &mut Actor, count: u32) -> Result<Attempt> {
    let edits = json!([{ "at": "plan.sign_count", "set": count }]);
    ctx.attempt(actor, Ceremony::Authentication, edits).await
}
