//! Stories about what the time that an answer takes tells to somebody who only
//! knows names or credential ids. What answers say themselves is told in
//! [`lists`](super::lists).

mod pairs;

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Deviation;
use serde_json::json;

use super::lists::names_alone;
use super::{Observations, Stage, deviation};
use crate::actor::{Actor, Attempt, Known, Probes, Trouble};
use crate::target_rp::{Log, Recognised};
use pairs::{COUNTS, Estimate, Finding, Pairs, Side};

/// Options for somebody who has an account, and for somebody who has none.
pub(super) async fn for_a_name(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    names_alone(stage)?;
    let ceremony = Ceremony::Authentication;
    let mut known = stage.enrolled("subject").await?;
    let mut stranger = stage.stranger("stranger");
    // Once for the transcript, and so that neither is new to the target.
    stage.begin(&mut known, ceremony).await?;
    match stage.begin(&mut stranger, ceremony).await {
        // Whoever is told so needs no clock.
        Err(trouble) if trouble.is_turned_away() => return Err(Trouble::NotExpressible),
        begun => drop(begun?),
    }
    let mut series = Series::begun(stage)?;
    let verdict = loop {
        for side in series.order() {
            let actor = match side {
                Side::One => &mut known,
                Side::Other => &mut stranger,
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
    Ok(observed(stage, verdict, ["for a name with an account", "for one without"]))
}

/// A wrong signature of a credential that is registered, and a credential that
/// is not.
pub(super) async fn for_a_failure(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let wrong = deviation(json!([{ "at": "plan.signer", "set": "another" }]))?;
    let id = json!({ "from": "fresh.32" });
    let unknown = deviation(json!([{ "at": "plan.credential_id", "set": id }]))?;
    for edits in [&wrong, &unknown] {
        let attempt = failed(&mut actor, edits, &mut stage.log).await?;
        match attempt.verdict.recognised {
            Recognised::Refused | Recognised::RefusedLikeCrash => {}
            // It is no failure there.
            Recognised::Accepted => return Err(Trouble::NotExpressible),
            _ => return Ok(Observations::of(attempt)),
        }
    }
    let mut series = Series::begun(stage)?;
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
                attempt.exchange = stage.log.append(&log, attempt.exchange);
                return Ok(Observations::of(attempt));
            }
            series.pairs.add(side, log.durations().nth(attempt.exchange).unwrap_or_default());
        }
        if let Some(verdict) = series.pairs.verdict() {
            break verdict;
        }
    };
    // An account that was locked on the way says nothing.
    stage.sign_in(&mut actor).await?;
    Ok(observed(stage, verdict, ["for a wrong signature", "for an unknown credential"]))
}

/// A sign-in that fails, in a browser of its own.
async fn failed(actor: &mut Actor, edits: &Deviation, log: &mut Log) -> Result<Attempt, Trouble> {
    let (ceremony, nobody, probes) =
        (Ceremony::Authentication, Known::default(), Probes::default());
    let attempt = actor.deviate(ceremony, edits, &nobody, probes, log).await;
    actor.change_browser();
    attempt
}

/// Pairs of answers, one after the other.
struct Series {
    pairs: Pairs,
    /// An octet for each pair, drawn.
    order: Vec<u8>,
}

impl Series {
    fn begun(stage: &Stage<'_>) -> Result<Self, Trouble> {
        let most = stage.world.timing.ok_or(Trouble::NotExpressible)?;
        tell(stage, &format!("timing {most} pairs of answers, or fewer if they tell enough"));
        let label = format!("order/{}", stage.round);
        let order = stage.world.env.within(&stage.check.id).derive(&label, most);
        Ok(Self { pairs: Pairs::at_most(most), order })
    }

    /// Which one of the next pair comes first.
    fn order(&self) -> [Side; 2] {
        match self.order.get(self.pairs.len()) {
            Some(octet) if octet & 1 == 1 => [Side::One, Side::Other],
            _ => [Side::Other, Side::One],
        }
    }
}

fn observed(
    stage: &Stage<'_>,
    (finding, estimate): (Finding, Estimate),
    names: [&str; 2],
) -> Observations {
    let words = words(&estimate, names);
    tell(stage, &words);
    let attempt = Attempt::observed(finding != Finding::Apart, words, &stage.log);
    Observations { is_open: finding == Finding::Open, ..Observations::of(attempt) }
}

fn words(estimate: &Estimate, [one, other]: [&str; 2]) -> String {
    // Nothing is no less than nothing.
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
fn tell(stage: &Stage<'_>, what: &str) {
    if stage.world.target.has_real_clock() {
        (stage.notice)(&format!("{}: {what}", stage.check.id));
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
