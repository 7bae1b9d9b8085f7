//! Stories about the signature counter.

use passrig_authenticator::Ceremony;
use serde_json::json;

use super::{Observations, Stage};
use crate::actor::{Actor, Attempt, AttemptError};

/// The counter is 10, then 5: a clone signs, or a backup was restored.
pub(super) async fn goes_back(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    counts(stage, &[10], 5).await
}

/// The counter is 10, then 10 again.
pub(super) async fn stands_still(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    counts(stage, &[10], 10).await
}

/// The counter is 10, then 0, as if the authenticator had ceased to count.
pub(super) async fn falls_to_zero(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    counts(stage, &[10], 0).await
}

/// The counter is the greatest that fits, then 0.
pub(super) async fn wraps(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    counts(stage, &[u32::MAX], 0).await
}

/// The counter is 5, then 10, then 7: it goes back only for those who stored
/// the second one.
pub(super) async fn lies_between(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    counts(stage, &[5, 10], 7).await
}

/// The counter was 100 at registration, and is 50.
pub(super) async fn below_registration(
    stage: &mut Stage<'_>,
) -> Result<Observations, AttemptError> {
    let mut actor = stage.newcomer("subject").await?;
    let edits = json!([{ "at": "plan.sign_count", "set": 100 }]);
    let control = stage.attempt(&mut actor, Ceremony::Registration, edits).await?;
    actor.change_browser();
    Ok(Observations::after(control, sign_with(stage, &mut actor, 50).await?))
}

/// The authenticator does not count, twice.
pub(super) async fn stays_zero(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let mut actor = stage.enrolled("subject").await?;
    let ceremony = Ceremony::Authentication;
    let control = actor.perform(ceremony, stage.probes, &mut stage.log).await?;
    actor.change_browser();
    let attempt = actor.perform(ceremony, stage.probes, &mut stage.log).await?;
    Ok(Observations::after(control, attempt))
}

async fn counts(
    stage: &mut Stage<'_>,
    before: &[u32],
    then: u32,
) -> Result<Observations, AttemptError> {
    let mut actor = stage.enrolled("subject").await?;
    let mut control = None;
    for count in before {
        control = Some(sign_with(stage, &mut actor, *count).await?);
        actor.change_browser();
    }
    let attempt = sign_with(stage, &mut actor, then).await?;
    Ok(Observations { control, ..Observations::of(attempt) })
}

async fn sign_with(
    stage: &mut Stage<'_>,
    actor: &mut Actor,
    count: u32,
) -> Result<Attempt, AttemptError> {
    let edits = json!([{ "at": "plan.sign_count", "set": count }]);
    stage.attempt(actor, Ceremony::Authentication, edits).await
}
