use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use passrig::catalogue::Check;
use passrig::observer::Observer;
use passrig::outcome::{CheckResult, Outcome, Transcript};
use passrig::relying_party::audit;
use passrig_authenticator::Ceremony;

/// What the reference RP's audit said of every attempt and of every control.
#[derive(Default)]
struct Audits {
    attempts: Mutex<BTreeMap<String, BTreeSet<String>>>,
    controls: Mutex<Vec<BTreeSet<String>>>,
}

impl Observer for Audits {
    fn control_accepted(&self, _: Ceremony, transcript: &Transcript) {
        self.controls.lock().unwrap().push(audited(transcript));
    }

    fn finished(&self, check: &Check, _: &CheckResult, transcript: &Transcript) {
        self.attempts.lock().unwrap().insert(check.id.clone(), audited(transcript));
    }
}

fn audited(transcript: &Transcript) -> BTreeSet<String> {
    // What was not sent violates nothing; that it was not sent shows below.
    let Some(attempt) = transcript.attempt else { return BTreeSet::new() };
    let attempt = &transcript.exchanges()[attempt];
    let headers = &attempt.response.as_ref().unwrap().headers;
    let value = headers.iter().find(|(name, _)| name == audit::HEADER).map(|(_, value)| value);
    value.into_iter().flat_map(|value| value.split_whitespace()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_violates_exactly_the_stated_steps() {
    let catalogue = super::catalogue();
    let audits = Arc::new(Audits::default());
    let report = super::run(&catalogue, audits.clone()).await.unwrap();

    let attempts = audits.attempts.lock().unwrap();
    let wrong: Vec<_> = catalogue
        .checks
        .iter()
        .filter(|check| attempts[&check.id] != check.violates)
        .map(|check| format!("{}: {:?}, not {:?}", check.id, attempts[&check.id], check.violates))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let controls = audits.controls.lock().unwrap();
    assert!(controls.len() >= 4 && controls.iter().all(BTreeSet::is_empty), "{controls:?}");

    // A race that was not lost proves nothing, and is noted; so are times that a
    // busy machine leaves open.
    let is_expected = |result: &&CheckResult| match catalogue.find(&result.id) {
        Some(check) if check.exclusive => result.outcome == Outcome::Note,
        Some(check) if check.times => matches!(result.outcome, Outcome::Pass | Outcome::Note),
        _ => result.outcome == Outcome::Pass,
    };
    let others: Vec<_> = report.checks.iter().filter(|result| !is_expected(result)).collect();
    assert!(others.is_empty(), "{others:#?}");
    let run = report.checks.iter().map(|result| &result.id);
    assert!(run.eq(catalogue.checks.iter().map(|check| &check.id)));
}

#[test]
fn every_step_that_a_check_names_exists() {
    for check in &super::catalogue().checks {
        for step in check.violates.iter().chain(&check.exercises) {
            let known = passrig::relying_party::STEPS.iter().any(|known| known.id == step);
            assert!(known, "{} names {step}", check.id);
        }
    }
}
