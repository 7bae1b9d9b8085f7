//! A finding that follows from another one is not a finding of its own.

use std::sync::Arc;

use passrig::outcome::{CheckResult, Importance, Outcome, Reason, Skip};
use passrig::relying_party::in_process;
use passrig::runner::{self, Options};

/// The results of these checks on a mutant.
async fn results(mutant: &str, only: &[&str]) -> Vec<CheckResult> {
    let mut options = Options::new(super::catalogue(), "implied");
    options.filter.only = only.iter().map(|glob| (*glob).to_owned()).collect();
    let target = Arc::new(in_process(Some(super::mutant(mutant))).unwrap());
    runner::run(&options, target, Arc::new(super::Silent)).await.unwrap().checks
}

fn is_implied(result: &CheckResult) -> bool {
    matches!(result.reason, Some(Reason::Skipped { skip: Skip::Implied, .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plainer_check_is_the_finding() {
    for (mutant, plainer, implied) in [
        (
            "registration.user-present.left-out",
            "registration.user-present.clear",
            "registration.conditional-claim.in-reply",
        ),
        (
            "registration.trust.left-out",
            "registration.attestation-trust.unknown-issuer",
            "registration.attestation-trust.expired",
        ),
        (
            "authentication.challenge.any-session",
            "authentication.challenge.other-session",
            "authentication.challenge.client-supplied",
        ),
        (
            "authentication.signature.left-out",
            "authentication.signature.another-key",
            "authentication.signature.key-in-response",
        ),
    ] {
        for result in results(mutant, &[plainer, implied]).await {
            if result.id == plainer {
                assert!(!result.is_as_expected() && !is_implied(&result), "{result:?}");
            } else if result.outcome != Outcome::Pass {
                assert!(is_implied(&result), "{result:?}");
            }
        }
        // Without the plainer check in the run, the finding stands for itself.
        for result in results(mutant, &[implied]).await {
            assert!(!is_implied(&result), "{result:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trust_finding_follows_from_an_unknown_issuer() {
    let found = results("registration.trust.left-out", &["registration.attestation-trust.*"]).await;
    let own: Vec<_> = found.iter().filter(|result| !is_implied(result)).collect();
    let others: Vec<_> = own.iter().map(|result| result.id.as_str()).collect();
    let is_of_a_format =
        |id: &&str| id.contains("-another-issuer") || id.ends_with("unknown-issuer");
    assert!(others.iter().all(is_of_a_format), "{others:?}");
    assert!(found.len() > others.len() + 7, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_no_other_one_implies_is_reported() {
    for (mutant, id) in [
        (
            "registration.user-present.conditional-in-reply",
            "registration.conditional-claim.in-reply",
        ),
        ("registration.trust.revoked", "registration.attestation-trust.revoked"),
        ("authentication.challenge.in-cookie", "authentication.challenge.cookie-restored"),
    ] {
        let [result] = &results(mutant, &[id]).await[..] else { panic!("{id}") };
        assert!(!result.is_as_expected() && !is_implied(result), "{result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_credential_gains_little() {
    let id = "authentication.credential.handle-of-another-user";
    for (mutant, importance) in [
        // Signs in the owner of the credential.
        ("authentication.user-handle.owner-alone", Importance::Low),
        // Signs in the user whom the handle names.
        ("authentication.user-handle.handle-alone", Importance::Critical),
    ] {
        let [result] = &results(mutant, &[id]).await[..] else { panic!("{id}") };
        assert_eq!((result.outcome, result.importance), (Outcome::Fail, importance), "{mutant}");
    }
}
