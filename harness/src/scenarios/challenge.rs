//! Stories about challenges.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::{Bench, Deviation, NoFacts};
use serde_json::json;

use super::{Observations, Stage};
use crate::actor::{Actor, Trouble};
use crate::catalogue::Product;
use crate::target::Begun;

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
    let mut actor = match ceremony {
        Ceremony::Registration => stage.newcomer("subject").await?,
        Ceremony::Authentication => stage.enrolled("subject").await?,
    };
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
    let mut actor = match ceremony {
        Ceremony::Registration => stage.newcomer("subject").await?,
        Ceremony::Authentication => stage.enrolled("subject").await?,
    };
    let older = stage.begin(&mut actor, ceremony).await?;
    stage.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&older)?;
    Ok(Observations::of(stage.send(&mut actor, &older, &message).await?))
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
    let edit = json!({ "at": "client_data.challenge.text", "set": "undefined" });
    let edit = serde_json::from_value(edit).map_err(|_| Trouble::NotExpressible)?;
    let deviation = Deviation::new(vec![edit]);
    let message = actor.respond_with(&begun, &mut Bench::new(&deviation, &NoFacts))?;
    let again = stage.send(&mut actor, &begun, &message).await?;
    Ok(Observations::after(first, again))
}

async fn answer_with_challenge_of(
    source: &Begun,
    begun: &Begun,
    actor: &mut Actor,
    stage: &mut Stage<'_>,
) -> Result<Observations, Trouble> {
    let mut swapped = begun.clone();
    if let (Some(options), Some(challenge)) =
        (swapped.options.as_object_mut(), source.options.get("challenge"))
    {
        options.insert("challenge".to_owned(), challenge.clone());
    }
    let message = actor.respond(&swapped)?;
    Ok(Observations::of(stage.send(actor, begun, &message).await?))
}

fn other_than(ceremony: Ceremony) -> Ceremony {
    match ceremony {
        Ceremony::Registration => Ceremony::Authentication,
        Ceremony::Authentication => Ceremony::Registration,
    }
}
