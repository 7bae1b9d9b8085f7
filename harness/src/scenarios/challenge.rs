//! Scenarios about challenges.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::{Bench, NoFacts};
use passrig_authenticator::wire::Json;
use serde_json::json;

use super::{Context, Observations, deviation};
use crate::actor::{Actor, NotExpressible, Result};
use crate::catalogue::Product;
use crate::target_rp::Begun;

/// An accepted assertion is sent again, byte by byte, in the same session.
pub(super) async fn replayed_assertion(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let first = ctx.send(&mut actor, &begun, &message).await?;
    let again = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// After an accepted registration, a second authenticator answers the same
/// options. Its credential is new, so that only the challenge can be at fault.
pub(super) async fn reused(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    let message = actor.respond(&begun)?;
    let first = ctx.send(&mut actor, &begun, &message).await?;
    actor.change_authenticator("second", Product::Platform);
    let message = actor.respond(&begun)?;
    let again = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// Two sessions of one user begin the same ceremony; the answer to the first
/// one's challenge is sent in the second.
pub(super) async fn of_another_session(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.subject().await?;
    let stolen = ctx.begin(&mut actor, ceremony).await?;
    actor.change_browser();
    if ceremony == Ceremony::Registration {
        actor.log_in(&mut ctx.log).await?;
    }
    let begun = ctx.begin(&mut actor, ceremony).await?;
    answer_with_challenge_of(&stolen, &begun, &mut actor, ctx).await
}

/// One session begins both ceremonies; the one under test is answered with the
/// other's challenge. The other one begins last: an RP that keeps one challenge
/// for a session and any purpose holds that one then.
pub(super) async fn of_the_other_ceremony(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.registered("subject").await?;
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let other = ctx.begin(&mut actor, other_than(ceremony)).await?;
    if ceremony == Ceremony::Registration {
        // The first one is on the exclude list by now.
        actor.change_authenticator("second", Product::Platform);
    }
    answer_with_challenge_of(&other, &begun, &mut actor, ctx).await
}

/// One session begins a ceremony twice, and answers the first options.
pub(super) async fn superseded(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.subject().await?;
    let older = ctx.begin(&mut actor, ceremony).await?;
    ctx.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&older)?;
    Ok(Observations::of(ctx.send(&mut actor, &older, &message).await?))
}

/// A good response, too late.
pub(super) async fn expired(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, ctx.check.ceremony).await?;
    let message = actor.respond(&begun)?;
    ctx.outlast(&begun).await?;
    Ok(Observations::of(ctx.send(&mut actor, &begun, &message).await?))
}

/// After an accepted ceremony, when the session has no challenge any more, the
/// challenge is the text that some languages print in its place.
pub(super) async fn undefined(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = match ceremony {
        Ceremony::Registration => ctx.new_account("subject").await?,
        Ceremony::Authentication => ctx.enrolled("subject").await?,
    };
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&begun)?;
    let first = ctx.send(&mut actor, &begun, &message).await?;
    if ceremony == Ceremony::Registration {
        actor.change_authenticator("second", Product::Platform);
    }
    let undefined = deviation(json!([{ "at": "client_data.challenge.text", "set": "undefined" }]))?;
    let message = actor.respond_with(&begun, &mut Bench::new(&undefined, &NoFacts))?;
    let again = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// Options are answered wrongly, then rightly.
pub(super) async fn after_failure(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, ctx.check.ceremony).await?;
    let edits = json!([{ "at": "client_data.origin", "set": "https://phishing.example" }]);
    let (wrong, known) = (deviation(edits)?, actor.known.clone());
    let message = actor.respond_with(&begun, &mut Bench::new(&wrong, &known))?;
    ctx.send(&mut actor, &begun, &message).await?;
    let message = actor.respond(&begun)?;
    Ok(Observations::of(ctx.send(&mut actor, &begun, &message).await?))
}

/// An attacker answers, in a session and with a credential of their own, the
/// challenge that was issued to another user.
pub(super) async fn of_another_user(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let (mut victim, mut attacker) = match ceremony {
        Ceremony::Registration => {
            (ctx.new_account("victim").await?, ctx.new_account("attacker").await?)
        }
        Ceremony::Authentication => {
            (ctx.enrolled("victim").await?, ctx.enrolled("attacker").await?)
        }
    };
    let stolen = ctx.begin(&mut victim, ceremony).await?;
    let begun = ctx.begin(&mut attacker, ceremony).await?;
    answer_with_challenge_of(&stolen, &begun, &mut attacker, ctx).await
}

/// A used challenge is answered once more under new options, and members of
/// the body say that it is the one to expect.
pub(super) async fn client_supplied(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.subject().await?;
    let used = ctx.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&used)?;
    let control = ctx.send(&mut actor, &used, &message).await?;
    match ceremony {
        // The credential is new, so that only the challenge can be at fault.
        Ceremony::Registration => drop(actor.change_authenticator("second", Product::Platform)),
        Ceremony::Authentication => drop(actor.change_browser()),
    }
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let mut message = actor.respond(&with_challenge_of(&used, &begun))?;
    if let (Json::Object(members), Some(challenge)) =
        (&mut message.response, used.options.get("challenge"))
    {
        let names = ["challenge", "expectedChallenge", "expected_challenge"];
        members.extend(names.map(|name| (name.to_owned(), Json::from(challenge))));
    }
    let attempt = ctx.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

/// After a login, the cookies are put back as they were before it, and the
/// assertion is sent again.
pub(super) async fn cookie_restored(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let before = actor.saved_session();
    let first = ctx.send(&mut actor, &begun, &message).await?;
    actor.return_to(before);
    let again = ctx.send_unseen(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// Options for a second credential are answered after their session ended.
pub(super) async fn after_logout(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    // Not every RP signs in the user after a registration.
    if ctx.probes.whoami && !ctx.ask_signed_in(&mut actor).await? {
        ctx.sign_in(&mut actor).await?;
    }
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    actor.log_out(&mut ctx.log).await?;
    actor.change_authenticator("second", Product::Platform);
    let message = actor.respond(&begun)?;
    Ok(Observations::of(ctx.send_unseen(&mut actor, &begun, &message).await?))
}

async fn answer_with_challenge_of(
    source: &Begun,
    begun: &Begun,
    actor: &mut Actor,
    ctx: &mut Context<'_>,
) -> Result<Observations> {
    let message = actor.respond(&with_challenge_of(source, begun))?;
    Ok(Observations::of(ctx.send(actor, begun, &message).await?))
}

/// Options with the challenge of others.
pub(super) fn with_challenge_of(source: &Begun, begun: &Begun) -> Begun {
    let mut swapped = begun.clone();
    if let (Some(options), Some(challenge)) =
        (swapped.options.as_object_mut(), source.options.get("challenge"))
    {
        options.insert("challenge".to_owned(), challenge.clone());
    }
    swapped
}

pub(super) fn other_than(ceremony: Ceremony) -> Ceremony {
    match ceremony {
        Ceremony::Registration => Ceremony::Authentication,
        Ceremony::Authentication => Ceremony::Registration,
    }
}

/// A form waits with its offer until the user picks a passkey.
pub(super) async fn of_autofill(ctx: &mut Context<'_>) -> Result<Observations> {
    if ctx.world.expiry.is_none_or(|expiry| expiry < FORM_WAIT) {
        return Err(NotExpressible::ShortExpiry(FORM_WAIT).into());
    }
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    if ctx.world.target.has_real_clock() {
        let seconds = FORM_WAIT.as_secs();
        (ctx.notice)(&format!("{}: waiting {seconds} s before a form is filled", ctx.check.id));
    }
    ctx.world.target.pass_time(FORM_WAIT).await;
    let message = actor.respond(&begun)?;
    Ok(Observations::of(ctx.send(&mut actor, &begun, &message).await?))
}

/// Shorter than the least timeout that the specification recommends (§15.1).
const FORM_WAIT: std::time::Duration = std::time::Duration::from_secs(240);
