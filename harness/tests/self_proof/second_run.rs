//! A second run against an RP that remembers the first one has the same outcomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use passrig::outcome::Outcome;
use passrig::relying_party::in_process;
use passrig::runner::{self, Options};

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_id_of_the_first_run_changes_no_outcome() {
    for (mutant, checks, outcome) in [
        (
            "registration.credential-id-length.left-out",
            &["registration.credential-id.1024-octets", "registration.credential-id.65535-octets"]
                [..],
            Outcome::Warn,
        ),
        (
            "registration.credential-id-length.empty",
            &["registration.credential-id.0-octets"],
            Outcome::Note,
        ),
    ] {
        let target = Arc::new(in_process(Some(super::mutant(mutant))).unwrap());
        for run in ["first", "second"] {
            let mut options = Options::new(super::catalogue(), "second run");
            options.filter.only = checks.iter().map(|id| (*id).to_owned()).collect();
            options.run_id = run.to_owned();
            let report =
                runner::run(&options, Arc::clone(&target), Arc::new(super::Silent)).await.unwrap();
            let found: BTreeMap<_, _> =
                report.checks.iter().map(|result| (result.id.as_str(), result.outcome)).collect();
            let expected = checks.iter().map(|id| (*id, outcome)).collect();
            assert_eq!(found, expected, "{run}: {:?}", report.checks);
        }
    }
}
