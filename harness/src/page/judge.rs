//! Observations of a page, as results of the checks of its chapter.

use passrig_authenticator::Ceremony;

use super::{ApiCall, PageObservation};
use crate::catalogue::Check;
use crate::outcome::{CheckResult, Expectation, Manner, Outcome, Skip, Variant, Verdict};

/// The result of a check: conformant or not, and the observation; `None` if the page does not do
/// what the check is about.
type PageFinding = Option<(bool, String)>;

/// The results of these checks.
pub fn results(checks: &[Check], observed: &PageObservation) -> Vec<CheckResult> {
    checks.iter().map(|check| result(check, seen(check, observed))).collect()
}

fn seen(check: &Check, observed: &PageObservation) -> PageFinding {
    let PageObservation { calls, cancelled, unhandled } = observed;
    let calls: Vec<&ApiCall> =
        calls.iter().filter(|call| call.ceremony == check.ceremony).collect();
    let what = name(check.ceremony);
    let among = |wrong: Vec<&ApiCall>, all: usize, how: &str| {
        let origin = wrong.first().map(|call| format!(", first by {}", call.origin));
        let text = format!("{} of {all} calls of {what} {how}", wrong.len());
        Some((wrong.is_empty(), text + &origin.unwrap_or_default()))
    };
    let some = |calls: &[&ApiCall]| (!calls.is_empty()).then_some(());
    match check.family.as_str() {
        "page-gesture" => {
            let modal: Vec<&ApiCall> =
                calls.iter().filter(|call| !call.conditional).copied().collect();
            some(&modal)?;
            let wrong = modal.iter().filter(|call| !call.active).copied().collect();
            among(wrong, modal.len(), "came without a gesture of the user")
        }
        "page-frame" => {
            some(&calls)?;
            let wrong = calls.iter().filter(|call| call.top.is_some()).copied().collect();
            among(wrong, calls.len(), "came from a frame of another site's page")
        }
        "page-options" => {
            let known = calls.iter().filter_map(|call| call.altered.as_ref());
            let mut altered: Vec<&String> = known.clone().flatten().collect();
            known.clone().next()?;
            altered.sort();
            altered.dedup();
            let names: Vec<&str> = altered.iter().map(|name| name.as_str()).collect();
            Some(match names.is_empty() {
                true => (true, format!("{what} is given the options that the server sent")),
                false => (false, format!("{what} is given another {}", names.join(", "))),
            })
        }
        "page-refusal" if check.id.ends_with(".unhandled") => {
            let ours = |ceremony: &&Ceremony| **ceremony == check.ceremony;
            let count = unhandled.iter().filter(ours).count();
            let was_cancelled = cancelled.iter().any(|it| it.ceremony == check.ceremony);
            (was_cancelled || count > 0).then_some(())?;
            Some(match count {
                0 => (true, format!("a refusal by {what} is caught")),
                _ => (false, format!("a refusal by {what} is caught by nobody")),
            })
        }
        "page-refusal" => {
            let it = cancelled.iter().find(|it| it.ceremony == check.ceremony)?;
            Some(match it.way_out {
                true => (true, format!("after {what} was cancelled, there was something to use")),
                false => (false, format!("after {what} was cancelled, nothing could be used")),
            })
        }
        // A check of the user's own, which nobody looks for.
        _ => None,
    }
}

fn name(ceremony: Ceremony) -> &'static str {
    match ceremony {
        Ceremony::Registration => "create()",
        Ceremony::Authentication => "get()",
    }
}

fn result(check: &Check, seen: PageFinding) -> CheckResult {
    let blank = CheckResult {
        outcome: Outcome::Skipped,
        reason: Some(Skip::Feature.into()),
        ..check.result(Variant::Page)
    };
    let Some((sound, reason)) = seen else { return blank };
    let is_accepted = sound == (check.expects == Expectation::Accepted);
    CheckResult {
        outcome: if sound { Outcome::Pass } else { check.level.divergence() },
        verdict: Some(if is_accepted { Verdict::Accepted } else { Verdict::Refused }),
        manner: Some(Manner::Observed),
        reason: Some(reason.into()),
        ..blank
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cancelled;
    use super::*;
    use crate::catalogue::Catalogue;

    fn call(active: bool) -> ApiCall {
        ApiCall {
            ceremony: Ceremony::Authentication,
            conditional: false,
            active,
            origin: "https://shop.test".to_owned(),
            top: None,
            altered: Some(Vec::new()),
        }
    }

    fn listing(observed: &PageObservation) -> String {
        let catalogue = Catalogue::builtin().unwrap();
        let lines = results(&catalogue.page, observed).into_iter().map(|result| {
            format!(
                "{} {}: {}",
                result.outcome,
                result.id,
                result.reason_text().unwrap_or_default()
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn conformant_calls_pass_and_calls_not_seen_are_skipped() {
        let ceremony = Ceremony::Authentication;
        insta::assert_snapshot!(listing(&PageObservation {
            calls: vec![ApiCall { conditional: true, ..call(false) }, call(true)],
            cancelled: vec![Cancelled { ceremony, way_out: true }],
            unhandled: vec![],
        }), @r"
        skipped registration.page-gesture.missing: feature
        pass authentication.page-gesture.missing: 0 of 1 calls of get() came without a gesture of the user
        skipped registration.page-options.altered: feature
        pass authentication.page-options.altered: get() is given the options that the server sent
        skipped registration.page-frame.cross-origin: feature
        pass authentication.page-frame.cross-origin: 0 of 2 calls of get() came from a frame of another site's page
        skipped registration.page-refusal.unhandled: feature
        pass authentication.page-refusal.unhandled: a refusal by get() is caught
        skipped registration.page-refusal.dead-end: feature
        pass authentication.page-refusal.dead-end: after get() was cancelled, there was something to use
        ");
    }

    #[test]
    fn faulty_calls_are_reported() {
        let ceremony = Ceremony::Authentication;
        let altered = Some(vec!["userVerification".to_owned()]);
        let top = Some("https://other.test".to_owned());
        insta::assert_snapshot!(listing(&PageObservation {
            calls: vec![ApiCall { altered, top, ..call(false) }],
            cancelled: vec![Cancelled { ceremony, way_out: false }],
            unhandled: vec![ceremony],
        }), @r"
        skipped registration.page-gesture.missing: feature
        warn authentication.page-gesture.missing: 1 of 1 calls of get() came without a gesture of the user, first by https://shop.test
        skipped registration.page-options.altered: feature
        note authentication.page-options.altered: get() is given another userVerification
        skipped registration.page-frame.cross-origin: feature
        note authentication.page-frame.cross-origin: 1 of 1 calls of get() came from a frame of another site's page, first by https://shop.test
        skipped registration.page-refusal.unhandled: feature
        warn authentication.page-refusal.unhandled: a refusal by get() is caught by nobody
        skipped registration.page-refusal.dead-end: feature
        warn authentication.page-refusal.dead-end: after get() was cancelled, nothing could be used
        ");
    }
}
