//! Attacks on the program: targets, files and terminals that nobody trusts.
//!
//! Each test holds one attack. A comment above it says whether the attack succeeded on the
//! program as it was before (`red`) or not (`held`). To see that, run the suite against an older
//! build: `PASSRIG_BIN=path/to/passrig cargo test -p passrig --test hostile`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod connections;
mod crashes;
mod elsewhere;
mod endurance;
mod files;
mod formats;
mod inputs;
mod old_logs;
mod policies;
mod processes;
mod recordings;
mod results;
mod secrets_cost;
mod servers;
mod signals;
mod support;
mod text;
mod trust;

/// The support itself: an honest target passes, and everything is collected.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn an_honest_target_passes() {
    let url = support::serve(|_, _| None).await;
    let ran = support::check(&url, support::FEW).await;
    ran.exits(0);
    for format in support::FORMATS {
        assert!(!ran.file(&format!("report.{format}")).is_empty(), "{format}");
    }
    assert!(!ran.file("one.jsonl").is_empty());
    assert!(ran.sinks().iter().any(|(name, _)| name.starts_with("exchanges")));
}
