//! Scenarios about algorithms.

use super::{Context, Observations};
use crate::actor::Result;

/// An honest ceremony with the algorithm of the check.
pub(super) async fn in_use(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.subject().await?;
    let attempt = actor.perform(ctx.check.ceremony, ctx.probes, &mut ctx.log).await?;
    Ok(Observations::of(attempt))
}
