//! The whole catalogue against real relying parties: the outcomes are those of the golden files, run after run, and
//! every divergence is explained by a line of the relying party's code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what serves a test may fail it"
)]

mod adjudication;
mod golden;
mod run;

use golden::Golden;
use passrig::catalogue::Catalogue;
use passrig_tests::rps;

/// Every relying party that is judged so far, with the adapter that speaks to it.
const ALL: [(&str, &str); 2] =
    [("simplewebauthn", "simplewebauthn-example"), ("better-auth", "better-auth")];

/// So that a second run meets the memory of the first, and no outcome hangs on what was drawn.
const RUNS: [(&str, &str); 3] = [("seed 1", "run 1"), ("seed 2", "run 2"), ("seed 3", "run 3")];

/// How much of what applies must be decided.
const DECIDED: f64 = 0.8;

#[tokio::test(flavor = "multi_thread")]
async fn simplewebauthn() {
    is_as_golden(ALL[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn better_auth() {
    is_as_golden(ALL[1]).await;
}

async fn is_as_golden((name, adapter): (&str, &str)) {
    let Some(rp) = rps::start(name) else { return };
    for (index, (seed, run_id)) in RUNS.into_iter().enumerate() {
        let report = run::catalogue(&rp, adapter, seed, run_id).await;
        let summary = report.summary;
        let applicable = report.checks.len() - summary.skipped;
        let decided = summary.pass + summary.fail + summary.warn + summary.note;
        let share = decided as f64 / applicable as f64;
        assert!(share >= DECIDED, "{name}, {run_id}: {decided} of {applicable} decided");

        let found = Golden::of(&report);
        if golden::blessing() && index == 0 {
            found.write(name);
        }
        let golden = Golden::read(name);
        let found = found.with_races_of(&golden, &Catalogue::builtin().unwrap());
        let differences = golden.differences(&found);
        assert!(
            differences.is_empty(),
            "{name}, {run_id}: the outcomes are not those of the golden file:\n{differences}\n\
             If this is right, write the file anew with PASSRIG_BLESS=1, and bring its \
             adjudications up to date.",
        );
    }
}
