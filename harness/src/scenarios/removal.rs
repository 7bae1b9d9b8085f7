//! Scenarios about the removal of credentials.

use passrig_authenticator::Ceremony;

use super::session::foreign_page;
use super::{Context, Observations};
use crate::actor::{Actor, Attempt, AttemptError, NotExpressible, Result};
use crate::catalogue::Product;
use crate::target_rp::{Flow, ListedCredential};

/// A new user takes the name of a deleted account; then the device of the former user signs in.
pub(super) async fn closed_account(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    actor.close_account(&mut ctx.log).await?;
    actor.change_browser();
    let former = actor.change_authenticator("successor", Product::Platform);
    actor.set_up(&mut ctx.log).await?;
    let control = actor.enrol(&mut ctx.log).await?;
    actor.change_browser();
    actor.client = former;
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let attempt = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

pub(super) async fn of_another_user(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut victim = ctx.registered("victim").await?;
    let mut attacker = ctx.registered("attacker").await?;
    let listed = own(ctx, &mut victim).await?;
    let sent = attacker.remove(&listed, None, &mut ctx.log).await;
    effect_of(ctx, &mut victim, &listed, sent).await
}

pub(super) async fn without_session(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let listed = own(ctx, &mut actor).await?;
    let signed_in = actor.change_browser();
    let sent = actor.remove(&listed, None, &mut ctx.log).await;
    actor.return_to(signed_in);
    effect_of(ctx, &mut actor, &listed, sent).await
}

pub(super) async fn from_a_foreign_page(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let listed = own(ctx, &mut actor).await?;
    let page = foreign_page(&actor)?;
    let sent = actor.remove(&listed, Some(&page), &mut ctx.log).await;
    effect_of(ctx, &mut actor, &listed, sent).await
}

pub(super) async fn of_ones_own(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let listed = own(ctx, &mut actor).await?;
    Ok(Observations::of(remove_own(ctx, &mut actor, &listed).await?))
}

/// The device is still there, and is used once more.
pub(super) async fn used_afterwards(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let listed = own(ctx, &mut actor).await?;
    let control = remove_own(ctx, &mut actor, &listed).await?;
    actor.change_browser();
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let attempt = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

/// The device was about to be used when its credential was removed.
pub(super) async fn begun_before(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let listed = own(ctx, &mut actor).await?;
    let signed_in = actor.change_browser();
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let elsewhere = actor.return_to(signed_in);
    let control = remove_own(ctx, &mut actor, &listed).await?;
    actor.return_to(elsewhere);
    let attempt = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

/// The actor's credential, as the RP lists it.
pub(super) async fn own(ctx: &mut Context<'_>, actor: &mut Actor) -> Result<ListedCredential> {
    if !ctx.probes.list {
        return Err(AttemptError::NoFlow(Flow::List));
    }
    let id = actor.known.credential_id.clone().unwrap_or_default();
    let listed = actor.credentials(&mut ctx.log).await?;
    listed.into_iter().find(|one| one.has_id(&id)).ok_or_else(|| NotExpressible::NotListed.into())
}

/// The effect of a forbidden removal. Without an effect the owner removes the credential: a
/// removal that never works proves nothing.
async fn effect_of(
    ctx: &mut Context<'_>,
    owner: &mut Actor,
    listed: &ListedCredential,
    sent: Result<()>,
) -> Result<Observations> {
    refused_at_most(sent)?;
    let gone = check_removed(ctx, owner).await?;
    let attempt = Attempt::observed(gone, "the credential is no longer listed", &ctx.log);
    if gone {
        return Ok(Observations::of(attempt));
    }
    let control = remove_own(ctx, owner, listed).await?;
    Ok(Observations::after(control, attempt))
}

/// The owner removes the credential.
pub(super) async fn remove_own(
    ctx: &mut Context<'_>,
    owner: &mut Actor,
    listed: &ListedCredential,
) -> Result<Attempt> {
    refused_at_most(owner.remove(listed, None, &mut ctx.log).await)?;
    let gone = check_removed(ctx, owner).await?;
    let remark = "its owner removed the credential, and it is still listed";
    Ok(Attempt::observed(gone, remark, &ctx.log))
}

async fn check_removed(ctx: &mut Context<'_>, owner: &mut Actor) -> Result<bool> {
    let id = owner.known.credential_id.clone().unwrap_or_default();
    let listed = owner.lists(&id, &mut ctx.log).await?;
    Ok(!listed.ok_or(AttemptError::NoFlow(Flow::List))?)
}

/// The effect of a removal matters, not the answer.
fn refused_at_most(sent: Result<()>) -> Result<()> {
    match sent {
        Err(error) if error.is_turned_away() => Ok(()),
        sent => sent,
    }
}
