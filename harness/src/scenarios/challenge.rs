//! Stories about challenges.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::{Bench, NoFacts};
use passrig_authenticator::wire::Json;
use serde_json::json;

use super::{Observations, Stage, deviation};
use crate::actor::{Actor, Trouble};
use crate::catalogue::Product;
use crate::target_rp::Begun;

/// An accepted assertion is sent again, octet by octet, in the same session.
pub(super) async fn replayed_assertion(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let first = stage.send(&mut actor, &begun, &message).await?;
    let again = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// After an accepted registration, a second authenticator answers the same
/// options. Its credential is new, so that only the challenge can be at fault.
pub(super) async fn reused(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.newcomer("subject").await?;
    let begun = stage.begin(&mut actor, Ceremony::Registration).await?;
    let message = actor.respond(&begun)?;
    let first = stage.send(&mut actor, &begun, &message).await?;
    actor.change_authenticator("second", Product::Platform);
    let message = actor.respond(&begun)?;
    let again = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// Two sessions of one user begin the same ceremony; the answer to the first
/// one's challenge is sent in the second.
pub(super) async fn of_another_session(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = stage.subject().await?;
    let stolen = stage.begin(&mut actor, ceremony).await?;
    actor.change_browser();
    if ceremony == Ceremony::Registration {
        actor.log_in(&mut stage.log).await?;
    }
    let begun = stage.begin(&mut actor, ceremony).await?;
    answer_with_challenge_of(&stolen, &begun, &mut actor, stage).await
}

/// One session begins both ceremonies; the one under test is answered with the
/// other's challenge. The other one begins last: an RP that keeps one challenge
/// for a session, whatever it is for, holds that one then.
pub(super) async fn of_the_other_ceremony(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = stage.registered("subject").await?;
    let begun = stage.begin(&mut actor, ceremony).await?;
    let other = stage.begin(&mut actor, other_than(ceremony)).await?;
    if ceremony == Ceremony::Registration {
        // The first one is on the exclude list by now.
        actor.change_authenticator("second", Product::Platform);
    }
    answer_with_challenge_of(&other, &begun, &mut actor, stage).await
}

/// One session begins a ceremony twice, and answers the first options.
pub(super) async fn superseded(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = stage.subject().await?;
    let older = stage.begin(&mut actor, ceremony).await?;
    stage.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&older)?;
    Ok(Observations::of(stage.send(&mut actor, &older, &message).await?))
}

/// A good response, too late.
pub(super) async fn expired(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.subject().await?;
    let begun = stage.begin(&mut actor, stage.check.ceremony).await?;
    let message = actor.respond(&begun)?;
    stage.outlast(&begun).await?;
    Ok(Observations::of(stage.send(&mut actor, &begun, &message).await?))
}

/// After an accepted ceremony, when the session has no challenge any more, the
/// challenge is what some languages print in its place.
pub(super) async fn undefined(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = match ceremony {
        Ceremony::Registration => stage.newcomer("subject").await?,
        Ceremony::Authentication => stage.enrolled("subject").await?,
    };
    let begun = stage.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&begun)?;
    let first = stage.send(&mut actor, &begun, &message).await?;
    if ceremony == Ceremony::Registration {
        actor.change_authenticator("second", Product::Platform);
    }
    let undefined = deviation(json!([{ "at": "client_data.challenge.text", "set": "undefined" }]))?;
    let message = actor.respond_with(&begun, &mut Bench::new(&undefined, &NoFacts))?;
    let again = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// Options are answered wrongly, then rightly.
pub(super) async fn after_failure(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.subject().await?;
    let begun = stage.begin(&mut actor, stage.check.ceremony).await?;
    let edits = json!([{ "at": "client_data.origin", "set": "https://phishing.example" }]);
    let (wrong, known) = (deviation(edits)?, actor.known.clone());
    let message = actor.respond_with(&begun, &mut Bench::new(&wrong, &known))?;
    stage.send(&mut actor, &begun, &message).await?;
    let message = actor.respond(&begun)?;
    Ok(Observations::of(stage.send(&mut actor, &begun, &message).await?))
}

/// An attacker answers, in a session and with a credential of their own, the
/// challenge that was issued to another user.
pub(super) async fn of_another_user(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let (mut victim, mut attacker) = match ceremony {
        Ceremony::Registration => {
            (stage.newcomer("victim").await?, stage.newcomer("attacker").await?)
        }
        Ceremony::Authentication => {
            (stage.enrolled("victim").await?, stage.enrolled("attacker").await?)
        }
    };
    let stolen = stage.begin(&mut victim, ceremony).await?;
    let begun = stage.begin(&mut attacker, ceremony).await?;
    answer_with_challenge_of(&stolen, &begun, &mut attacker, stage).await
}

/// A used challenge is answered once more under new options, and members of
/// the body say that it is the one to expect.
pub(super) async fn client_supplied(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = stage.subject().await?;
    let used = stage.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&used)?;
    let control = stage.send(&mut actor, &used, &message).await?;
    match ceremony {
        // The credential is new, so that only the challenge can be at fault.
        Ceremony::Registration => drop(actor.change_authenticator("second", Product::Platform)),
        Ceremony::Authentication => drop(actor.change_browser()),
    }
    let begun = stage.begin(&mut actor, ceremony).await?;
    let mut message = actor.respond(&with_challenge_of(&used, &begun))?;
    if let (Json::Object(members), Some(challenge)) =
        (&mut message.response, used.options.get("challenge"))
    {
        let names = ["challenge", "expectedChallenge", "expected_challenge"];
        members.extend(names.map(|name| (name.to_owned(), Json::from(challenge))));
    }
    let attempt = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(control, attempt))
}

/// After a login, the cookies are put back as they were before it, and the
/// assertion is sent again.
pub(super) async fn cookie_restored(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let before = actor.saved_session();
    let first = stage.send(&mut actor, &begun, &message).await?;
    actor.return_to(before);
    let again = stage.send_unseen(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

/// Options for a second credential are answered after their session ended.
pub(super) async fn after_logout(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    // Not every RP signs in whoever registers.
    if stage.probes.whoami && !stage.is_signed_in(&mut actor).await? {
        stage.sign_in(&mut actor).await?;
    }
    let begun = stage.begin(&mut actor, Ceremony::Registration).await?;
    actor.log_out(&mut stage.log).await?;
    actor.change_authenticator("second", Product::Platform);
    let message = actor.respond(&begun)?;
    Ok(Observations::of(stage.send_unseen(&mut actor, &begun, &message).await?))
}

async fn answer_with_challenge_of(
    source: &Begun,
    begun: &Begun,
    actor: &mut Actor,
    stage: &mut Stage<'_>,
) -> Result<Observations, Trouble> {
    let message = actor.respond(&with_challenge_of(source, begun))?;
    Ok(Observations::of(stage.send(actor, begun, &message).await?))
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

/// A form waits with its offer until somebody looks at it.
pub(super) async fn of_autofill(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    if stage.world.expiry.is_none_or(|expiry| expiry < UNHURRIED) {
        return Err(Trouble::NotExpressible);
    }
    let mut actor = stage.subject().await?;
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    if stage.world.target.has_real_clock() {
        let seconds = UNHURRIED.as_secs();
        (stage.notice)(&format!("{}: waiting {seconds} s before a form is filled", stage.check.id));
    }
    stage.world.target.pass_time(UNHURRIED).await;
    let message = actor.respond(&begun)?;
    Ok(Observations::of(stage.send(&mut actor, &begun, &message).await?))
}

/// Shorter than the least timeout that the specification recommends (§15.1).
const UNHURRIED: std::time::Duration = std::time::Duration::from_secs(240);
