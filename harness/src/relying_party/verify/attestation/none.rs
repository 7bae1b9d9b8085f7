//! None (§8.7).

use super::{Evidence, StepResult, object, refuse};

/// §8.7: the statement is the empty map.
pub(crate) fn empty(e: &Evidence<'_>) -> StepResult {
    match object(e, "none") {
        Some(object) if !object.statement.entries().is_some_and(<[_]>::is_empty) => {
            refuse("the statement of the format none is not an empty map")
        }
        _ => Ok(()),
    }
}
