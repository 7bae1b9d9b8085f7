//! Stories about what an attempt leaves behind.

use passrig_authenticator::Ceremony;
use serde_json::{Value, json};

use super::{Observations, Stage};
use crate::actor::{Attempt, AttemptError};

/// An assertion with a counter far ahead and a wrong signature; then an honest
/// one.
pub(super) async fn counter_of_a_forgery(
    stage: &mut Stage<'_>,
) -> Result<Observations, AttemptError> {
    honest_after(stage, json!({ "at": "plan.sign_count", "set": 4_000_000_000_u32 })).await
}

/// An assertion with other backup flags and a wrong signature; then an honest
/// one.
pub(super) async fn backup_flags_of_a_forgery(
    stage: &mut Stage<'_>,
) -> Result<Observations, AttemptError> {
    honest_after(stage, json!({ "at": "authenticator_data.flags.be", "set": true })).await
}

async fn honest_after(stage: &mut Stage<'_>, edit: Value) -> Result<Observations, AttemptError> {
    let mut actor = stage.enrolled("subject").await?;
    let ceremony = Ceremony::Authentication;
    let edits = json!([{ "at": "plan.signer", "set": "another" }, edit]);
    stage.attempt(&mut actor, ceremony, edits).await?;
    actor.change_browser();
    // The device that counts never saw the forgery.
    let counted = json!([{ "at": "plan.sign_count", "set": 1000 }]);
    let attempt = stage.attempt(&mut actor, ceremony, counted).await?;
    Ok(Observations::of(attempt))
}

/// A registration from a wrong origin; then an honest one.
pub(super) async fn register_after_refusal(
    stage: &mut Stage<'_>,
) -> Result<Observations, AttemptError> {
    let mut actor = stage.newcomer("subject").await?;
    let ceremony = Ceremony::Registration;
    let refused = stage.attempt(&mut actor, ceremony, foreign_origin()).await?;
    if refused.is_accepted() {
        // Nobody can say what a refusal would have left behind.
        return Err(AttemptError::NotExpressible);
    }
    match actor.perform(ceremony, stage.probes, &mut stage.log).await {
        Ok(attempt) => Ok(Observations::of(attempt)),
        // No options any more, for somebody who got nothing out of the first.
        Err(AttemptError::Target(error)) if error.is_answer() => {
            let attempt = Attempt::observed(false, error.to_string(), &stage.log);
            Ok(Observations::of(attempt))
        }
        Err(error) => Err(error),
    }
}

/// A registration from a wrong origin; then its credential signs in.
pub(super) async fn refused_credential(
    stage: &mut Stage<'_>,
) -> Result<Observations, AttemptError> {
    signs_in_after(stage, foreign_origin()).await
}

/// A registration with a wrong challenge; then its credential signs in.
pub(super) async fn refused_credential_of_the_challenge(
    stage: &mut Stage<'_>,
) -> Result<Observations, AttemptError> {
    let edits = json!([{ "at": "client_data.challenge", "set": { "from": "fresh.32" } }]);
    signs_in_after(stage, edits).await
}

async fn signs_in_after(stage: &mut Stage<'_>, edits: Value) -> Result<Observations, AttemptError> {
    let mut actor = stage.newcomer("subject").await?;
    let refused = stage.attempt(&mut actor, Ceremony::Registration, edits).await?;
    if refused.is_accepted() {
        // Of a registration that was accepted nothing is asked here.
        return Err(AttemptError::NotExpressible);
    }
    actor.change_browser();
    let login = actor.perform(Ceremony::Authentication, stage.probes, &mut stage.log).await?;
    let happened = login.is_accepted();
    actor.is_signed_in(&mut stage.log).await?;
    let remark = if happened { "the refused credential signs in" } else { "it does not sign in" };
    Ok(Observations::of(Attempt::observed(happened, remark, &stage.log)))
}

/// A credential that is not backed up when it is registered, and is when it
/// signs in.
pub(super) async fn backed_up_later(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let mut actor = stage.newcomer("subject").await?;
    let edits = json!([{ "at": "authenticator_data.flags.bs", "set": false }]);
    let control = stage.attempt(&mut actor, Ceremony::Registration, edits).await?;
    actor.change_browser();
    let attempt = actor.perform(Ceremony::Authentication, stage.probes, &mut stage.log).await?;
    Ok(Observations::after(control, attempt))
}

fn foreign_origin() -> Value {
    json!([{ "at": "client_data.origin", "set": "https://phishing.example" }])
}
