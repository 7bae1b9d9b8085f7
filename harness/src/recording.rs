//! Adapters learnt from a browser's recording of somebody at work.
//!
//! The request that carries an attestation object or a signature ends a
//! ceremony; the answer that holds its challenge began it. What else a request
//! repeats from an earlier answer is captured there.

mod draft;
mod find;
mod har;
mod secrets;
mod source;
#[cfg(test)]
mod tests;
mod toml;
mod verdicts;

use passrig_authenticator::wire::json::without_lone_surrogates;

pub use draft::LearntAdapter;
pub use har::NoRecording;

/// Why no adapter could be learnt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is no recording.
    #[error(transparent)]
    NoRecording(#[from] NoRecording),
    /// Nobody used a passkey.
    #[error("none of the {requests} requests carries a credential")]
    NoCeremony {
        /// The number of requests.
        requests: usize,
    },
}

/// The options with this challenge in an answer, if they stand there as JSON.
pub fn options_in(answer: &str, challenge: &str) -> Option<serde_json::Value> {
    let answer = without_lone_surrogates(answer.as_bytes());
    find::options_in(&serde_json::from_slice(&answer).ok()?, challenge)
}

/// Learns an adapter of this id.
pub fn learn(id: &str, recording: &[u8]) -> Result<LearntAdapter, Error> {
    let entries = har::read(recording)?;
    let ceremonies = find::ceremonies(&entries);
    match ceremonies.is_empty() {
        true => Err(Error::NoCeremony { requests: entries.len() }),
        false => Ok(draft::write(id, &entries, &ceremonies)),
    }
}
