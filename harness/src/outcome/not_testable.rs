use std::collections::BTreeMap;

use super::Transcript;

/// What ends a run before it judged anything (exit 3).
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct NotTestable {
    /// What happened, in one sentence that names the culprit.
    pub what: String,
    /// What to look at.
    pub help: Option<String>,
    /// The exchanges that show it.
    pub transcript: Transcript,
    /// What the target asked for, as far as it was seen.
    pub observed: BTreeMap<String, String>,
    /// Whether the target does not answer any more.
    pub is_gone: bool,
    /// Whether the target said no: to what it remembers of another run, maybe.
    pub is_refusal: bool,
}
