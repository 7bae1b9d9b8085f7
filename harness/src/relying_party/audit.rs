//! The audit: what the unmutated steps say about an attempt, for the tests of
//! the tests.

use std::collections::BTreeSet;

use super::verify::{Evidence, examine};

/// The header under which results carry the audit, if
/// [`Config::audit`](super::Config::audit) is on: the ids of the violated
/// steps in the specification's order, with a space between them.
pub const HEADER: &str = "x-passrig-audit";

/// The ids of the steps that the attempt violates, in the specification's
/// order.
pub(super) fn audit(evidence: Evidence<'_>) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    let violated = examine(evidence, None).violated.into_iter().map(|(step, _)| step.id);
    violated.filter(|id| seen.insert(*id)).collect()
}
