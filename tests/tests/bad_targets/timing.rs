//! Answers that look the same, and whose time tells.

use passrig::outcome::{Outcome, Verdict};
use passrig::relying_party::mutant;

use crate::run::check;
use crate::server::Act::Behave;
use crate::server::{reference, relying_party, serving};

const NAME: &str = "authentication.enumeration.by-time";
const FAILURE: &str = "authentication.enumeration.failures-by-time";

#[tokio::test]
async fn is_told_and_how_certain_that_is() {
    for (id, flaw) in [
        (NAME, "enumeration.time-for-a-name.known"),
        (NAME, "enumeration.time-for-a-name.unknown"),
        (FAILURE, "enumeration.time-for-a-failure.early"),
    ] {
        let slow = reference().with_mutant(mutant::by_id(flaw).unwrap());
        let run = check(&serving(slow, |_| Behave).await, &format!("--only {id} --timing")).await;
        let result = run.exits(0).result(id);
        assert_eq!((result.outcome, result.verdict), (Outcome::Note, Some(Verdict::Refused)));
        let reason = result.reason_text().unwrap();
        assert!(reason.contains("99.9999 % confidence, and counts from 0.1 ms on"), "{reason}");
        let notice = format!("{id}: timing 500 pairs of answers, or fewer if they tell enough\n");
        assert!(run.said.contains(&notice) && run.said.contains(&reason), "{}", run.said);
        let shown = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&reason), "{}", run.out);
    }
}

/// A busy machine may leave it open, but never makes it differ.
#[tokio::test]
async fn tells_nothing_if_there_is_nothing() {
    let url = relying_party(|_| Behave).await;
    let run = check(&url, &format!("--only {NAME} --only {FAILURE} --timing 200")).await;
    for id in [NAME, FAILURE] {
        let result = run.exits(0).result(id);
        assert_eq!(result.verdict, Some(Verdict::Accepted), "{}", run.out);
        match result.outcome {
            Outcome::Pass => assert_eq!(result.reason, None),
            outcome => {
                assert_eq!(outcome, Outcome::Note);
                let reason = result.reason_text().unwrap();
                assert!(reason.starts_with("not seen, nor ruled out: "));
            }
        }
    }
}

/// An account that is locked after so many failures tells nothing.
#[tokio::test]
async fn needs_an_account_that_is_not_locked() {
    let failures = std::sync::atomic::AtomicUsize::new(0);
    let locked = r#"{"status":"failed","errorMessage":"locked"}"#;
    let url = relying_party(move |asked| {
        let count = || failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let is_sign_in = asked.check == FAILURE && asked.path == "/assertion/result";
        if is_sign_in && count() >= 10 { crate::server::say(400, locked) } else { Behave }
    });
    let run = check(&url.await, &format!("--only {FAILURE} --timing 50")).await;
    let told = run.exits(1).told(FAILURE);
    assert_eq!(told, "inconclusive: setup: an honest authentication was not accepted: locked");
}
