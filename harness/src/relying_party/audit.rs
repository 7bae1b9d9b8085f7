//! The audit: what the unmutated steps say about an attempt, for the tests of
//! the tests.

use super::verify::{Step, Violation};

/// The header under which results carry the audit, if
/// [`Config::audit`](super::Config::audit) is on: the ids of the violated
/// steps in the specification's order, with a space between them.
pub const HEADER: &str = "x-passrig-audit";

pub(super) fn ids(violated: &[(&'static Step, Violation)]) -> Vec<&'static str> {
    let mut ids: Vec<_> = violated.iter().map(|(step, _)| step.id).collect();
    // They stand in the table's order, so equal ones are neighbours.
    ids.dedup();
    ids
}
