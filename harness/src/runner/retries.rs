//! Waiting for a target that asks for fewer requests (429, Retry-After).

use std::time::Duration;

use crate::actor::{Attempt, AttemptError, RunState, Throttling};
use crate::observer::Observer;

/// The number of times that a throttled request is tried again.
pub(super) const TRIES: usize = 3;

/// The longest wait, even if the target asks for more.
const LONGEST: Duration = Duration::from_secs(30);

/// The tries that are left for one ceremony.
pub(super) struct Retries<'a> {
    observer: &'a dyn Observer,
    throttling: &'a Throttling,
    tries: usize,
}

impl<'a> Retries<'a> {
    pub(super) fn new(observer: &'a dyn Observer, state: &'a RunState) -> Self {
        Self { observer, throttling: &state.throttling, tries: 0 }
    }

    /// The number of times that the request was tried again.
    pub(super) fn tries(&self) -> usize {
        self.tries
    }

    /// Waits before the next try of a request that was throttled for so long; false if there is
    /// no other try.
    pub(super) async fn wait(&mut self, throttled: Option<Duration>) -> bool {
        let Some(after) = throttled.filter(|_| self.tries < TRIES) else { return false };
        let wait = after.max(Duration::from_secs(2 << self.tries)).min(LONGEST);
        if !self.throttling.admits(wait) {
            return false;
        }
        self.tries += 1;
        let notice = format!("the target wants fewer requests; waiting {} s", wait.as_secs());
        self.observer.notice(&notice);
        tokio::time::sleep(wait).await;
        true
    }
}

/// The time for which the target asks for no requests, if it does.
pub(super) fn throttled(seen: &Result<Attempt, AttemptError>) -> Option<Duration> {
    match seen {
        Ok(attempt) => attempt.throttled(),
        Err(trouble) => trouble.throttled(),
    }
}
