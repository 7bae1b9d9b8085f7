//! Panics of passrig: each one ends the run with an error.

use std::any::Any;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use crate::outcome::NotTestable;

/// The reason why a run ended without a report. The observer has the results so far.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The target cannot be tested.
    #[error(transparent)]
    NotTestable(#[from] NotTestable),
    /// passrig panicked.
    #[error(transparent)]
    Bug(#[from] Bug),
}

/// A panic in passrig, or in an observer of the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passrig has a bug: {}{message}", .check.as_ref().map(|id| format!("{id}: ")).unwrap_or_default())]
pub struct Bug {
    /// The ID of the check that was under way, if one was.
    pub check: Option<String>,
    /// The message of the panic.
    pub message: String,
}

impl Bug {
    /// A bug that the check with this ID shows.
    pub(super) fn new(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { check: Some(check.into()), message: message.into() }
    }

    fn of(check: Option<&str>, payload: Box<dyn Any + Send>) -> Self {
        let payload = match payload.downcast::<Self>() {
            Ok(bug) => return *bug,
            Err(payload) => payload,
        };
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("a panic without a message").to_owned();
        Self { check: check.map(str::to_owned), message }
    }

    /// Continues the panic up to the next [`caught`], where no error can be returned.
    pub(super) fn resume(self) -> ! {
        std::panic::resume_unwind(Box::new(self))
    }
}

impl From<tokio::task::JoinError> for Bug {
    fn from(error: tokio::task::JoinError) -> Self {
        let text = error.to_string();
        let payload = error.try_into_panic().unwrap_or_else(|_| Box::new(text));
        Self::of(None, payload)
    }
}

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// True while a panic of this thread would be caught, so that a panic hook need not end the
/// process.
pub fn is_caught() -> bool {
    IS_CAUGHT.get()
}

/// Runs a future, in which this check is under way. A panic of it is an error.
pub async fn caught<T>(check: Option<&str>, future: impl Future<Output = T>) -> Result<T, Bug> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let before = IS_CAUGHT.replace(true);
        // Nothing of the future is used after a panic.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        IS_CAUGHT.set(before);
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(payload) => std::task::Poll::Ready(Err(Bug::of(check, payload))),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::catalogue::{Catalogue, Check};
    use crate::observer::Observer;
    use crate::outcome::{CheckResult, Transcript};
    use crate::relying_party::in_process;
    use crate::runner::{self, Options};

    const CHECK: &str = "authentication.type.nonsense";

    /// Panics as soon as the check was attempted, and keeps the results before.
    #[derive(Default)]
    struct Panics(Mutex<Vec<String>>);

    impl Observer for Panics {
        fn attempted(&self, check: &Check, _: &CheckResult, _: &Transcript) {
            assert_ne!(check.id, CHECK, "a bug");
        }

        fn finished(&self, check: &Check, _: &CheckResult, _: &Transcript) {
            self.0.lock().unwrap().push(check.id.clone());
        }
    }

    async fn run(jobs: usize) -> (Result<(), RunError>, Vec<String>) {
        let only = vec!["registration.type".to_owned(), "authentication.type".to_owned()];
        let mut options = Options::new(Arc::new(Catalogue::builtin().unwrap()), "5eed");
        options.filter.only = only;
        options.jobs = jobs;
        let observer = Arc::new(Panics::default());
        let target = Arc::new(in_process(None).unwrap());
        let ran = runner::run(&options, target, observer.clone()).await;
        let finished = observer.0.lock().unwrap().clone();
        (ran.map(drop), finished)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_in_a_block_ends_the_run_with_an_error() {
        for jobs in [1, 4] {
            let (ran, finished) = run(jobs).await;
            let Err(RunError::Bug(bug)) = ran else { panic!("{ran:?}") };
            assert_eq!(bug.check.as_deref(), Some(CHECK));
            assert!(bug.message.contains("a bug"), "{bug}");
            assert!(!finished.iter().any(|id| id == CHECK), "{finished:?}");
            // An attempt of the block that the bug ended.
            let before = "registration.type.get-at-registration";
            assert!(finished.iter().any(|id| id == before), "{finished:?}");
        }
        assert!(!is_caught());
    }
}
