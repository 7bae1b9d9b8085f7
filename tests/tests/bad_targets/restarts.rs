//! Targets that die of a check, and come back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use passrig::outcome::Outcome;

use crate::run::{Run, THIRTEEN, check};
use crate::server::Act::{Behave, Die};
use crate::server::{Asked, relying_party, supervised};

const DEADLY: &str = "registration.type.nonsense";
const SOON: Duration = Duration::from_millis(600);

fn is_deadly(asked: &Asked<'_>) -> bool {
    asked.check == DEADLY && asked.is_result()
}

#[track_caller]
fn all_but_the_deadly_pass(run: &Run) {
    run.exits(1);
    let told = run.told(DEADLY);
    assert!(told.starts_with("error: the target stopped answering after this check: "), "{told}");
    let others: Vec<_> = run.results().into_iter().filter(|one| one.id != DEADLY).collect();
    assert_eq!(others.len(), 12, "{}", run.out);
    assert!(others.iter().all(|one| one.outcome == Outcome::Pass), "{}", run.out);
    assert_eq!(run.report.as_ref().unwrap()["stopped"], serde_json::Value::Null);
}

/// It dies with the request, and is named at once.
#[tokio::test]
async fn one_check_kills() {
    let url = supervised(SOON, |asked| if is_deadly(asked) { Die } else { Behave }).await;
    let run = check(&url, &format!("{THIRTEEN} --jobs 1")).await;
    all_but_the_deadly_pass(&run);
    insta::assert_snapshot!(run.told(DEADLY), @"error: the target stopped answering after this check: register step 2 (POST /attestation/result): the target closed the connection without an answer");
    insta::assert_snapshot!(run.said, @r"
    the target is gone; waiting up to 10 s for it to come back
    the target is back
    ");
}

/// Nobody can tell at once which of four attempts it was.
#[tokio::test]
async fn one_of_several_at_once_kills() {
    let url = supervised(SOON, |asked| if is_deadly(asked) { Die } else { Behave }).await;
    let run = check(&url, &format!("{THIRTEEN} --jobs 4")).await;
    all_but_the_deadly_pass(&run);
}

/// It answers, and dies of it only at the next request.
#[tokio::test]
async fn one_check_kills_slowly() {
    let next = AtomicUsize::new(0);
    let url = supervised(SOON, move |asked| {
        if asked.check == "canary.is-there" && next.load(Ordering::SeqCst) == 0 {
            return Behave;
        }
        let is_next = next.swap(usize::from(is_deadly(asked)), Ordering::SeqCst) == 1;
        if is_next { Die } else { Behave }
    })
    .await;
    let run = check(&url, &format!("{THIRTEEN} --jobs 1")).await;
    all_but_the_deadly_pass(&run);
}

/// A command brings it back, and is told when it does not.
#[tokio::test]
async fn a_command_that_does_not_help() {
    let url = relying_party(|asked| if is_deadly(asked) { Die } else { Behave }).await;
    let run = check(&url, &format!("{THIRTEEN} --jobs 1 --restart-wait 1 --restart false")).await;
    run.exits(3);
    insta::assert_snapshot!(run.said, @r"
    the target is gone; starting it again
    `false` ended with exit status: 1
    ");
    let told = run.told(DEADLY);
    assert!(told.starts_with("error: the target stopped answering after this check: "), "{told}");
}
