//! Stories about credentials that are taken away: by whom, and what is left.

use passrig_authenticator::Ceremony;

use super::session::foreign_page;
use super::{Observations, Stage};
use crate::actor::{Actor, Attempt, Trouble};
use crate::catalogue::Product;
use crate::target_rp::{Flow, ListedCredential};

/// Somebody takes the name of an account that was deleted; the device of the
/// one before them is used once more.
pub(super) async fn closed_account(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    actor.close_account(&mut stage.log).await?;
    actor.change_browser();
    let former = actor.change_authenticator("successor", Product::Platform);
    actor.arrive(&mut stage.log).await?;
    let control = actor.enrol(&mut stage.log).await?;
    actor.change_browser();
    actor.client = former;
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let attempt = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

pub(super) async fn of_another_user(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut victim = stage.registered("victim").await?;
    let mut attacker = stage.registered("attacker").await?;
    let listed = own(stage, &mut victim).await?;
    let sent = attacker.remove(&listed, None, &mut stage.log).await;
    came_to(stage, &mut victim, &listed, sent).await
}

pub(super) async fn without_session(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let listed = own(stage, &mut actor).await?;
    let signed_in = actor.change_browser();
    let sent = actor.remove(&listed, None, &mut stage.log).await;
    actor.return_to(signed_in);
    came_to(stage, &mut actor, &listed, sent).await
}

pub(super) async fn from_a_foreign_page(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let listed = own(stage, &mut actor).await?;
    let page = foreign_page(&actor)?;
    let sent = actor.remove(&listed, Some(&page), &mut stage.log).await;
    came_to(stage, &mut actor, &listed, sent).await
}

pub(super) async fn of_ones_own(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let listed = own(stage, &mut actor).await?;
    Ok(Observations::of(remove_own(stage, &mut actor, &listed).await?))
}

/// The device is still there, and is used once more.
pub(super) async fn used_afterwards(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let listed = own(stage, &mut actor).await?;
    let control = remove_own(stage, &mut actor, &listed).await?;
    actor.change_browser();
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let attempt = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

/// The device was about to be used when its credential was removed.
pub(super) async fn begun_before(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let listed = own(stage, &mut actor).await?;
    let signed_in = actor.change_browser();
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let elsewhere = actor.return_to(signed_in);
    let control = remove_own(stage, &mut actor, &listed).await?;
    actor.return_to(elsewhere);
    let attempt = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

/// The actor's credential, as the RP lists it.
pub(super) async fn own(
    stage: &mut Stage<'_>,
    actor: &mut Actor,
) -> Result<ListedCredential, Trouble> {
    if !stage.probes.list {
        return Err(Trouble::NoFlow(Flow::List));
    }
    let id = actor.known.credential_id.clone().unwrap_or_default();
    let listed = actor.credentials(&mut stage.log).await?;
    listed.into_iter().find(|one| one.has_id(&id)).ok_or(Trouble::NotExpressible)
}

/// What a removal that should not be came to. If it came to nothing the owner
/// tries: a removal that works for nobody proves nothing.
async fn came_to(
    stage: &mut Stage<'_>,
    owner: &mut Actor,
    listed: &ListedCredential,
    sent: Result<(), Trouble>,
) -> Result<Observations, Trouble> {
    refused_at_most(sent)?;
    let gone = is_gone(stage, owner).await?;
    let attempt = Attempt::observed(gone, "the credential is no longer listed", &stage.log);
    if gone {
        return Ok(Observations::of(attempt));
    }
    let control = remove_own(stage, owner, listed).await?;
    Ok(Observations::after(control, attempt))
}

/// The owner removes the credential.
pub(super) async fn remove_own(
    stage: &mut Stage<'_>,
    owner: &mut Actor,
    listed: &ListedCredential,
) -> Result<Attempt, Trouble> {
    refused_at_most(owner.remove(listed, None, &mut stage.log).await)?;
    let gone = is_gone(stage, owner).await?;
    let remark = "its owner removed the credential, and it is still listed";
    Ok(Attempt::observed(gone, remark, &stage.log))
}

async fn is_gone(stage: &mut Stage<'_>, owner: &mut Actor) -> Result<bool, Trouble> {
    let id = owner.known.credential_id.clone().unwrap_or_default();
    let listed = owner.lists(&id, &mut stage.log).await?;
    Ok(!listed.ok_or(Trouble::NoFlow(Flow::List))?)
}

/// What the RP says about a removal does not matter, only what it does.
fn refused_at_most(sent: Result<(), Trouble>) -> Result<(), Trouble> {
    match sent {
        Err(trouble) if trouble.is_turned_away() => Ok(()),
        sent => sent,
    }
}
