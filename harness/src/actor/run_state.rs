//! State that all tasks of a run share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// State that all tasks of a run share.
#[derive(Debug, Default)]
pub struct RunState {
    /// The time that the run waits because the target asks for fewer requests.
    pub throttling: Throttling,
    /// The crashes of the target that were seen.
    pub crashes: Crashes,
}

impl RunState {
    /// The state of a run that waits at most so long because the target asks for fewer requests.
    pub fn new(throttle_wait: Duration) -> Self {
        Self { throttling: Throttling::new(throttle_wait), crashes: Crashes::default() }
    }
}

/// The time that a run waits because the target asks for fewer requests. Tasks that wait at the
/// same time use it once.
#[derive(Debug)]
pub struct Throttling {
    limit: Duration,
    waited: Mutex<Waited>,
}

#[derive(Debug, Default)]
struct Waited {
    total: Duration,
    /// The end of the last wait.
    until: Option<Instant>,
    is_used_up: bool,
}

impl Default for Throttling {
    fn default() -> Self {
        Self::new(Self::WAIT)
    }
}

impl Throttling {
    /// The limit, unless the user names another.
    pub const WAIT: Duration = Duration::from_secs(300);

    /// Waits of at most so long in total.
    pub fn new(limit: Duration) -> Self {
        Self { limit, waited: Mutex::default() }
    }

    /// True if the run may wait so long from now on. After one refusal it may not wait at all.
    pub fn admits(&self, wait: Duration) -> bool {
        self.admits_from(Instant::now(), wait)
    }

    fn admits_from(&self, now: Instant, wait: Duration) -> bool {
        let mut waited = self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        let end = now + wait;
        let start = waited.until.map_or(now, |until| until.max(now));
        let total = waited.total + end.saturating_duration_since(start);
        waited.is_used_up |= total > self.limit;
        if !waited.is_used_up {
            waited.total = total;
            waited.until = Some(end.max(start));
        }
        !waited.is_used_up
    }

    /// The reason for the end of the run once the time is used up. [`THROTTLED`] is the help.
    pub fn used_up(&self) -> Option<String> {
        let is_used_up = self.waited.lock().unwrap_or_else(PoisonError::into_inner).is_used_up;
        let seconds = self.limit.as_secs();
        is_used_up.then(|| {
            format!(
                "the target still asks for fewer requests (429 or Retry-After), and the {seconds} s \
                 that the run may wait for that are used up"
            )
        })
    }
}

/// The help for a target that asks for fewer requests.
pub const THROTTLED: &str =
    "turn off the rate limit of the target for the test, or raise --throttle-wait";

/// The crashes of the target that were seen in a run.
#[derive(Debug, Default)]
pub struct Crashes(Mutex<Vec<Crash>>);

/// One crash of the target: it stopped answering, or closed a fresh connection without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The part of the run in which it was seen.
    pub when: String,
    /// The observation.
    pub what: String,
    /// The checks that were under way.
    pub checks: Vec<String>,
}

impl Crash {
    /// A crash that was seen while checks were under way.
    pub fn during_checks(what: String, checks: Vec<String>) -> Self {
        Self { when: "during checks".to_owned(), what, checks }
    }

    /// A crash that was seen while no check was under way.
    pub fn without_checks(when: &str, what: String) -> Self {
        Self { when: when.to_owned(), what, checks: Vec::new() }
    }
}

impl Crashes {
    /// Keeps a crash.
    pub fn note(&self, crash: Crash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(crash);
    }

    /// Every crash so far.
    pub fn all(&self) -> Vec<Crash> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_one_after_another_add_up() {
        let (throttling, begin) = (Throttling::new(5 * SECOND), Instant::now());
        assert!(throttling.admits_from(begin, 2 * SECOND));
        assert!(throttling.admits_from(begin + 60 * SECOND, 3 * SECOND));
        assert_eq!(throttling.used_up(), None);
        assert!(!throttling.admits_from(begin + 90 * SECOND, SECOND));
        assert!(throttling.used_up().unwrap().contains("the 5 s that"));
        // No time to wait is left, so that the run has ended.
        assert!(!throttling.admits_from(begin + 90 * SECOND, Duration::ZERO));
    }

    #[test]
    fn waits_at_the_same_time_count_once() {
        let (throttling, begin) = (Throttling::new(5 * SECOND), Instant::now());
        for _ in 0..100 {
            assert!(throttling.admits_from(begin, 4 * SECOND));
        }
        assert!(throttling.admits_from(begin + 3 * SECOND, 2 * SECOND));
        assert!(!throttling.admits_from(begin + 3 * SECOND, 3 * SECOND));
    }

    #[test]
    fn no_wait_at_all() {
        assert!(!Throttling::new(Duration::ZERO).admits(SECOND));
        assert!(!Throttling::default().admits(Duration::from_secs(3600)));
    }
}
