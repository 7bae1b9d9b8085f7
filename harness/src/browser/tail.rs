//! The last lines that the browser wrote for people.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncRead;
use tokio::task::JoinHandle;

use crate::process::StreamLines;

const KEPT_LINES: usize = 20;
/// The most bytes that are kept of a line.
const LINE: usize = 4096;

/// The end of what the browser writes to stderr, which is read all the time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    pub(super) fn follow(
        stream: impl AsyncRead + Send + Unpin + 'static,
    ) -> (Self, JoinHandle<()>) {
        let tail = Self::default();
        let kept = Arc::clone(&tail.0);
        let followed = tokio::spawn(async move {
            let mut lines = StreamLines::new(stream, LINE);
            while let Some(line) = lines.next_cut().await {
                let line = String::from_utf8_lossy(line).into_owned();
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == KEPT_LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        (tail, followed)
    }

    /// A line each, indented.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("\n  {line}")).collect()
    }
}
