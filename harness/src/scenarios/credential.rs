//! Scenarios about the owner of the credential that answers.

use base16ct::lower as hex;
use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Bench;
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};

use super::{Context, Observations, deviation, removal};
use crate::actor::{Actor, Attempt, AttemptError, Message, NotExpressible, Probes, Result};
use crate::catalogue::Product;
use crate::target_rp::adapter::AccountMode;
use crate::target_rp::{Begun, Flow};

/// A login that named the victim is answered by the attacker's authenticator.
pub(super) async fn of_another_user(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut victim = ctx.enrolled("victim").await?;
    let mut attacker = ctx.enrolled("attacker").await?;
    let begun = ctx.begin(&mut victim, Ceremony::Authentication).await?;
    let message = answer_unasked(&mut attacker, &begun)?;
    let attempt = ctx.send(&mut victim, &begun, &message).await?;
    let mut observations = Observations::of(attempt);
    if observations.attempt.is_accepted() {
        let signed_in = ctx.signed_in_user(&mut victim).await;
        if ctx.is_user(&mut attacker, signed_in).await {
            observations.importance = ctx.check.importance_for_owner;
        }
    }
    Ok(observations)
}

/// A login that named a user without passkeys is answered by the
/// attacker's authenticator, with the attacker's user handle.
pub(super) async fn for_a_user_without(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut attacker = ctx.enrolled("attacker").await?;
    let control = ctx.sign_in(&mut attacker).await?;
    let own_name = attacker.user(&mut ctx.log).await?;
    let mut victim = without_passkeys(ctx).await?;
    let begun = match ctx.begin(&mut victim, Ceremony::Authentication).await {
        // The RP sends no options for a user without a passkey.
        Err(error) if error.is_turned_away() => {
            let attempt = Attempt::observed(false, error.to_string(), &ctx.log);
            return Ok(Observations::after(control, attempt));
        }
        begun => begun?,
    };
    let own_handle = attacker.known.user_handle.clone().unwrap_or_default();
    let edits =
        json!([{ "at": "plan.user_handle", "set": { "hex": hex::encode_string(&own_handle) } }]);
    let (edits, known) = (deviation(edits)?, attacker.known.clone());
    let asked = asked_for_own(&attacker, &begun);
    let message = attacker.respond_with(&asked, &mut Bench::new(&edits, &known))?;
    let mut attempt = ctx.send(&mut victim, &begun, &message).await?;
    if attempt.is_accepted() {
        // Some RPs ignore a name without passkeys, and sign in the owner of the passkey.
        let name = victim.user(&mut ctx.log).await?.ok_or(AttemptError::NoFlow(Flow::Whoami))?;
        if Some(name) == own_name {
            attempt = Attempt::observed(
                false,
                "the attacker is signed in to their own account",
                &ctx.log,
            );
        }
    }
    Ok(Observations::after(control, attempt))
}

/// A user with an account and no passkey: not yet, or no longer where an account begins with one.
/// If the passkey cannot be removed, a name without an account.
async fn without_passkeys(ctx: &mut Context<'_>) -> Result<Actor> {
    let profile = ctx.world.target.adapter();
    let begins_without = profile.has(Flow::Provision) || profile.account.mode != AccountMode::Fresh;
    let can_remove = profile.has(Flow::Remove) && ctx.probes.list;
    let mut actor = ctx.new_account("victim").await?;
    if !begins_without && can_remove {
        ctx.register(&mut actor).await?;
        let listed = removal::own(ctx, &mut actor).await?;
        removal::remove_own(ctx, &mut actor, &listed).await?;
    }
    actor.change_browser();
    Ok(actor)
}

/// After the options went out, the user registers a second credential in
/// another session, and answers with that one.
pub(super) async fn not_listed(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let signed_in = actor.change_browser();
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let anonymous = actor.return_to(signed_in);
    actor.change_authenticator("second", Product::Platform);
    let control = ctx.register(&mut actor).await?;
    actor.return_to(anonymous);
    let message = answer_unasked(&mut actor, &begun)?;
    Ok(Observations::after(control, ctx.send(&mut actor, &begun, &message).await?))
}

/// A second authenticator of the same account claims the first one's
/// credential id for a key of its own.
pub(super) async fn own_id_again(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    actor.change_authenticator("second", Product::Platform);
    let edits = json!([{ "at": "plan.credential_id", "set": { "from": "own.credential_id" } }]);
    let attempt = ctx.attempt(&mut actor, Ceremony::Registration, edits).await?;
    Ok(Observations::of(attempt))
}

/// An attacker registers the victim's credential id with a key of their own,
/// and signs in with that key as the victim.
pub(super) async fn takeover_by_id(ctx: &mut Context<'_>) -> Result<Observations> {
    takeover(ctx, victims_credential_id()).await
}

/// A registration with an empty credential ID. The scenario closes the account or removes the
/// credential again, since an RP that keeps the credential refuses the ID in a second run. An RP with
/// credential IDs in paths cannot remove an empty one, so that closing the account comes first.
pub(super) async fn empty_id(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let edits = json!([{ "at": "plan.credential_id", "set": { "hex": "" } }]);
    let attempt = ctx.attempt(&mut actor, Ceremony::Registration, edits).await?;
    if !attempt.is_accepted() {
        return Ok(Observations::of(attempt));
    }
    if ctx.world.target.adapter().has(Flow::Close) {
        actor.close_account(&mut ctx.log).await?;
        return Ok(Observations::of(attempt));
    }
    let listed = removal::own(ctx, &mut actor).await?;
    let removed = removal::remove_own(ctx, &mut actor, &listed).await?;
    Ok(Observations::after(removed, attempt))
}

/// An attacker's registration says that it is for the victim's account, in
/// members that no browser writes; then the attacker signs in as the victim.
pub(super) async fn takeover_by_user(ctx: &mut Context<'_>) -> Result<Observations> {
    let claims = ["userId", "user_id", "userHandle"].map(|member| {
        let value = json!({ "from": "other.user_handle" });
        json!({ "at": "response", "append": { "member": member, "value": value } })
    });
    takeover(ctx, json!(claims)).await
}

/// The refusal of the attacker does not matter: the identity after the sign-in does.
async fn takeover(ctx: &mut Context<'_>, claims: Value) -> Result<Observations> {
    let mut victim = ctx.enrolled("victim").await?;
    let control = victim.perform(Ceremony::Authentication, ctx.probes, &mut ctx.log).await?;
    let Some(name) = victim.user(&mut ctx.log).await? else {
        return Err(AttemptError::NoFlow(Flow::Whoami));
    };
    let mut attacker = ctx.new_account("attacker").await?;
    let (log, none) = (&mut ctx.log, Probes::default());
    let claims = deviation(claims)?;
    let ceremony = Ceremony::Registration;
    attacker.deviate(ceremony, &claims, &victim.known, none, log).await?;
    attacker.change_browser();
    // Accounts that share a handle need no lie.
    let as_victim = match attacker.known.user_handle == victim.known.user_handle {
        true => json!([]),
        false => json!([{ "at": "plan.user_handle", "set": { "from": "other.user_handle" } }]),
    };
    let as_victim = deviation(as_victim)?;
    let ceremony = Ceremony::Authentication;
    attacker.deviate(ceremony, &as_victim, &victim.known, none, log).await?;
    let happened = attacker.user(log).await?.as_ref() == Some(&name);
    let remark = if happened { "the attacker is the victim" } else { "the attacker is not" };
    Ok(Observations::after(control, Attempt::observed(happened, remark, log)))
}

/// An attacker registers the victim's credential id; then the victim signs in,
/// as before. An RP that took the credential away may refuse the victim before
/// there are options, or send options that no longer list it.
pub(super) async fn lock_out_by_id(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut victim = ctx.enrolled("victim").await?;
    let control = victim.perform(Ceremony::Authentication, ctx.probes, &mut ctx.log).await?;
    victim.change_browser();
    let mut attacker = ctx.new_account("attacker").await?;
    let (log, none) = (&mut ctx.log, Probes::default());
    let claims = deviation(victims_credential_id())?;
    attacker.deviate(Ceremony::Registration, &claims, &victim.known, none, log).await?;
    let attempt = match victim.perform(Ceremony::Authentication, ctx.probes, log).await {
        Err(error) if error.is_turned_away() || matches!(error, AttemptError::Client(_)) => {
            Attempt::observed(false, error.to_string(), log)
        }
        attempt => attempt?,
    };
    Ok(Observations::after(control, attempt))
}

fn victims_credential_id() -> Value {
    json!([{ "at": "plan.credential_id", "set": { "from": "other.credential_id" } }])
}

/// Answers options with the actor's own credential, listed there or not.
fn answer_unasked(actor: &mut Actor, begun: &Begun) -> Result<Message> {
    actor.respond(&asked_for_own(actor, begun))
}

/// Options that list the actor's own credential, and no other.
fn asked_for_own(actor: &Actor, begun: &Begun) -> Begun {
    let mut begun = begun.clone();
    let own = actor.known.credential_id.as_deref().unwrap_or_default();
    if let Some(options) = begun.options.as_object_mut() {
        let descriptor = json!([{ "type": "public-key", "id": base64url::encode(own) }]);
        options.insert("allowCredentials".to_owned(), descriptor);
    }
    begun
}

/// Users answer with the authenticator that they have, also against the hints of the RP.
pub(super) async fn another_attachment(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let options = begun.converted();
    let demanded = options.pointer("/authenticatorSelection/authenticatorAttachment");
    if let Some(demanded @ ("platform" | "cross-platform")) = demanded.and_then(Value::as_str) {
        // The RP may insist on a demand, but not on a hint.
        return Err(NotExpressible::AttachmentDemanded(demanded.to_owned()).into());
    }
    let hint = options.pointer("/hints/0").and_then(Value::as_str);
    let other = match hint {
        Some("security-key" | "hybrid") => "platform",
        _ => "cross-platform",
    };
    let edits = json!([{ "at": "response.authenticatorAttachment", "set": other }]);
    Ok(Observations::of(ctx.attempt(&mut actor, ceremony, edits).await?))
}
