use std::collections::BTreeMap;

use super::Transcript;

/// The reason why a run ended before the first judgement (exit 3).
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct NotTestable {
    /// The cause, in one sentence that names the culprit.
    pub what: String,
    /// A hint to the place to look at.
    pub help: Option<String>,
    /// The exchanges that show it.
    pub transcript: Transcript,
    /// The values that the target asked for, as far as they were seen.
    pub observed: BTreeMap<String, String>,
    /// True if the target does not answer any more.
    pub is_gone: bool,
    /// True if the target refused, perhaps because of its memory of another run.
    pub is_refusal: bool,
    /// True if the target answered an honest ceremony, and did not accept it.
    pub is_answer: bool,
}
