//! Findings of a run with every outcome, for tests.

use std::path::Path;

use super::{Findings, Replay};
use crate::catalogue::Catalogue;
use crate::outcome::{FailOn, Report};

pub(crate) use crate::samples::*;
pub(crate) fn replay() -> Replay {
    let argument = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Replay {
        arguments: vec![
            argument(&["--rp", "http://localhost:3000/"]),
            argument(&["--adapter", "fido-conformance"]),
            argument(&["--origin", "https://login.passrig.test"]),
            argument(&["--seed", "5eed"]),
            argument(&["--run-id", "c0ffee"]),
        ],
        page: None,
    }
}

pub(crate) fn findings<'a>(
    report: &'a Report,
    catalogue: &'a Catalogue,
    replay: &'a Replay,
) -> Findings<'a> {
    let fail_on = FailOn::default();
    Findings { report, catalogue, fail_on, replay, log: Some(Path::new(".passrig/c0ffee.jsonl")) }
}
