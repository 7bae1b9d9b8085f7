use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A clock that can be put forward. Its copies show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    ahead: Arc<Mutex<Duration>>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now(), ahead: Arc::default() }
    }
}

impl Clock {
    /// The time since it was made.
    pub fn now(&self) -> Duration {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        self.start.elapsed().saturating_add(ahead)
    }

    /// Lets this much time pass at once.
    pub fn advance(&self, time: Duration) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_go_forward_together() {
        let clock = Clock::default();
        let copy = clock.clone();
        let hour = Duration::from_secs(3600);
        assert!(copy.now() < hour);
        clock.advance(hour);
        assert!(copy.now() >= hour && copy.now() < 2 * hour);
        clock.advance(Duration::MAX);
        assert_eq!(copy.now(), Duration::MAX);
    }
}
