//! Scenarios in which two answers reach the RP at once.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Bench;
use serde_json::json;

use super::{Context, Observations};
use crate::actor::Result;
use crate::catalogue::Product;

/// Two good answers to one challenge. A store that reads the challenge first
/// and deletes it afterwards takes both.
pub(super) async fn one_challenge(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let one = actor.respond(&begun)?;
    if ceremony == Ceremony::Registration {
        // Two credentials, so that only the challenge can be at fault.
        actor.change_authenticator("second", Product::Platform);
    }
    let two = actor.respond(&begun)?;
    let [one, two] = actor.send_together(&begun, [&one, &two], &mut ctx.log).await?;
    Ok(match (one.is_accepted(), two.is_accepted()) {
        (false, true) => Observations::after(two, one),
        _ => Observations::after(one, two),
    })
}

/// One count twice, in two browsers at once: an authenticator and its
/// clone. Each challenge is good; only the counter shows the clone.
pub(super) async fn one_count(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let there = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let elsewhere = actor.change_browser();
    let here = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let count = super::deviation(json!([{ "at": "plan.sign_count", "set": 10 }]))?;
    let known = actor.known.clone();
    let one = actor.respond_with(&here, &mut Bench::new(&count, &known))?;
    let two = actor.respond_with(&there, &mut Bench::new(&count, &known))?;
    let log = &mut ctx.log;
    let [one, two] = actor.send_beside(elsewhere, [&here, &there], [&one, &two], log).await?;
    Ok(match (one.is_accepted(), two.is_accepted()) {
        (false, true) => Observations::after(two, one),
        _ => Observations::after(one, two),
    })
}
