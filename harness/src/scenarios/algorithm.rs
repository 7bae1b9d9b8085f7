//! Stories about algorithms.

use super::{Observations, Stage};
use crate::actor::AttemptError;

/// An honest ceremony whose only peculiarity is the algorithm of the check.
pub(super) async fn in_use(stage: &mut Stage<'_>) -> Result<Observations, AttemptError> {
    let mut actor = stage.subject().await?;
    let attempt = actor.perform(stage.check.ceremony, stage.probes, &mut stage.log).await?;
    Ok(Observations::of(attempt))
}
