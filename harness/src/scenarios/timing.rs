//! Scenarios about the facts that the time of an answer reveals to a client that knows only names
//! or credential IDs. [`lists`](super::lists) is about the answers themselves.

mod pairs;

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Deviation;
use serde_json::json;

use super::lists::names_alone;
use super::{Context, Observations, deviation};
use crate::actor::{Actor, Attempt, AttemptError, Known, NotExpressible, Probes, Result};
use crate::target_rp::{Log, Recognised};
use pairs::{COUNTS, Comparison, Estimate, Pairs, Side};

/// Options for a name with an account, and for a name without one.
pub(super) async fn for_a_name(ctx: &mut Context<'_>) -> Result<Observations> {
    names_alone(ctx)?;
    let ceremony = Ceremony::Authentication;
    let mut known = ctx.enrolled("subject").await?;
    let mut unknown = ctx.unknown_user("stranger");
    // Once for the transcript, and so that neither is new to the target.
    ctx.begin(&mut known, ceremony).await?;
    match ctx.begin(&mut unknown, ceremony).await {
        Err(error) if error.is_turned_away() => {
            return Err(NotExpressible::UnknownNameRefused.into());
        }
        begun => drop(begun?),
    }
    let mut series = Series::begun(ctx)?;
    let verdict = loop {
        for side in series.order() {
            let actor = match side {
                Side::One => &mut known,
                Side::Other => &mut unknown,
            };
            actor.change_browser();
            let mut log = Log::new();
            actor.begin(ceremony, &mut log).await?;
            series.pairs.add(side, log.durations().sum());
        }
        if let Some(verdict) = series.pairs.verdict() {
            break verdict;
        }
    };
    Ok(observed(ctx, verdict, ["for a name with an account", "for one without"]))
}

/// A wrong signature of a credential that is registered, and a credential that
/// is not.
pub(super) async fn for_a_failure(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let wrong = deviation(json!([{ "at": "plan.signer", "set": "another" }]))?;
    let id = json!({ "from": "fresh.32" });
    let unknown = deviation(json!([{ "at": "plan.credential_id", "set": id }]))?;
    for edits in [&wrong, &unknown] {
        let attempt = failed(&mut actor, edits, &mut ctx.log).await?;
        match attempt.verdict.recognised {
            Recognised::Refused | Recognised::RefusedLikeCrash => {}
            Recognised::Accepted => return Err(NotExpressible::FaultAccepted.into()),
            _ => return Ok(Observations::of(attempt)),
        }
    }
    let mut series = Series::begun(ctx)?;
    let verdict = loop {
        for side in series.order() {
            let edits = match side {
                Side::One => &wrong,
                Side::Other => &unknown,
            };
            let mut log = Log::new();
            let mut attempt = failed(&mut actor, edits, &mut log).await?;
            let is_failure = matches!(
                attempt.verdict.recognised,
                Recognised::Refused | Recognised::RefusedLikeCrash
            );
            if !is_failure {
                attempt.exchange = ctx.log.append(&log, attempt.exchange);
                return Ok(Observations::of(attempt));
            }
            series.pairs.add(side, log.durations().nth(attempt.exchange).unwrap_or_default());
        }
        if let Some(verdict) = series.pairs.verdict() {
            break verdict;
        }
    };
    // An account that was locked on the way says nothing.
    ctx.sign_in(&mut actor).await?;
    Ok(observed(ctx, verdict, ["for a wrong signature", "for an unknown credential"]))
}

/// A sign-in that fails, in a browser of its own.
async fn failed(actor: &mut Actor, edits: &Deviation, log: &mut Log) -> Result<Attempt> {
    let (ceremony, none, probes) = (Ceremony::Authentication, Known::default(), Probes::default());
    let attempt = actor.deviate(ceremony, edits, &none, probes, log).await;
    actor.change_browser();
    attempt
}

/// Pairs of answers, one after the other.
struct Series {
    pairs: Pairs,
    /// A drawn byte for each pair.
    order: Vec<u8>,
}

impl Series {
    fn begun(ctx: &Context<'_>) -> Result<Self> {
        let bug = || AttemptError::Bug("the run times no answers".to_owned());
        let most = ctx.world.timing.ok_or_else(bug)?;
        notify(ctx, &format!("timing {most} pairs of answers, or fewer if they tell enough"));
        let label = format!("order/{}", ctx.round);
        let order = ctx.world.env.within(&ctx.check.id).derive(&label, most);
        Ok(Self { pairs: Pairs::at_most(most), order })
    }

    /// The sides of the next pair, in their order.
    fn order(&self) -> [Side; 2] {
        match self.order.get(self.pairs.len()) {
            Some(byte) if byte & 1 == 1 => [Side::One, Side::Other],
            _ => [Side::Other, Side::One],
        }
    }
}

fn observed(
    ctx: &Context<'_>,
    (finding, estimate): (Comparison, Estimate),
    names: [&str; 2],
) -> Observations {
    let words = words(&estimate, names);
    notify(ctx, &words);
    let attempt = Attempt::observed(finding != Comparison::Apart, words, &ctx.log);
    Observations { is_open: finding == Comparison::Open, ..Observations::of(attempt) }
}

fn words(estimate: &Estimate, [one, other]: [&str; 2]) -> String {
    // Adding 0.0 turns -0.0 into 0.0.
    let ms = |us: f64| format!("{:.3}", us.round() / 1000.0 + 0.0);
    let Estimate { pairs, least, most, .. } = *estimate;
    format!(
        "{} ms {one}, {} ms {other} (medians of {pairs} pairs); the difference is {} ms, between \
         {} and {} ms with {} confidence, and counts from {} ms on",
        ms(estimate.one),
        ms(estimate.other),
        ms(estimate.difference),
        ms(least),
        ms(most),
        pairs::confidence(),
        COUNTS / 1000.0,
    )
}

/// A target in this process is quick.
fn notify(ctx: &Context<'_>, what: &str) {
    if ctx.world.target.has_real_clock() {
        (ctx.notice)(&format!("{}: {what}", ctx.check.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_words() {
        let estimate = Estimate {
            pairs: 62,
            one: 2310.0,
            other: 180.4,
            difference: 2121.0,
            least: -0.2,
            most: 2200.0,
        };
        insta::assert_snapshot!(
            words(&estimate, ["for a name with an account", "for one without"]),
            @"2.310 ms for a name with an account, 0.180 ms for one without (medians of 62 pairs); the difference is 2.121 ms, between 0.000 and 2.200 ms with 99.9999 % confidence, and counts from 0.1 ms on"
        );
    }
}
