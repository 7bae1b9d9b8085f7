//! Stories about the signature counter.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Deviation;

use super::{Observations, Stage};
use crate::actor::{Actor, Attempt, Known, Trouble};

/// The counter is 10, then 5: a clone signs, or a backup was restored.
pub(super) async fn goes_back(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    counts(stage, 10, 5).await
}

/// The counter is 10, then 10 again.
pub(super) async fn stands_still(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    counts(stage, 10, 10).await
}

async fn counts(stage: &mut Stage<'_>, first: u32, then: u32) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let control = sign_with(stage, &mut actor, first).await?;
    actor.change_browser();
    let attempt = sign_with(stage, &mut actor, then).await?;
    Ok(Observations::after(control, attempt))
}

async fn sign_with(
    stage: &mut Stage<'_>,
    actor: &mut Actor,
    count: u32,
) -> Result<Attempt, Trouble> {
    let edit = serde_json::json!({ "at": "plan.sign_count", "set": count });
    let edit = serde_json::from_value(edit).map_err(|_| Trouble::NotExpressible)?;
    let (deviation, nobody) = (Deviation::new(vec![edit]), Known::default());
    let ceremony = Ceremony::Authentication;
    actor.deviate(ceremony, &deviation, &nobody, stage.probes, &mut stage.log).await
}
