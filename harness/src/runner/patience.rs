//! Waiting for a target that wants fewer requests (429, Retry-After).

use std::time::Duration;

use super::Observer;

/// How often a throttled request is tried again.
pub(super) const TRIES: usize = 3;

/// The longest that we wait, whatever the target says.
const LONGEST: Duration = Duration::from_secs(30);

/// How much of it is left for one ceremony.
pub(super) struct Patience<'a> {
    observer: &'a dyn Observer,
    tries: usize,
}

impl<'a> Patience<'a> {
    pub(super) fn new(observer: &'a dyn Observer) -> Self {
        Self { observer, tries: 0 }
    }

    /// How often it was tried again.
    pub(super) fn tries(&self) -> usize {
        self.tries
    }

    /// Whether what was throttled, and for so long, shall be tried again; by
    /// then we have waited.
    pub(super) async fn lasts(&mut self, throttled: Option<Duration>) -> bool {
        let Some(after) = throttled.filter(|_| self.tries < TRIES) else { return false };
        self.tries += 1;
        let wait = after.max(Duration::from_secs(1 << self.tries)).min(LONGEST);
        let notice = format!("the target wants fewer requests; waiting {} s", wait.as_secs());
        self.observer.notice(&notice);
        tokio::time::sleep(wait).await;
        true
    }
}
