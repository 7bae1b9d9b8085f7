//! A place where two requests wait for each other, so that the mutants with a race lose it every
//! time. It holds no mutants.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::relying_party::store::SessionId;

/// How long a request waits for a second one: long enough for two that were
/// sent together.
const PAIR_TIMEOUT: Duration = Duration::from_millis(20);

/// The requests that wait, one per session.
#[derive(Debug, Default)]
pub(super) struct PairBarrier(Mutex<HashMap<SessionId, oneshot::Sender<()>>>);

impl PairBarrier {
    /// Waits until another request of the session is here as well.
    pub(super) async fn wait_for_second(&self, session: SessionId) {
        let waiting = {
            let mut waiting_requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match waiting_requests.remove(&session) {
                Some(first) => {
                    // If it has gone by now, it was not sent together with us.
                    let _ = first.send(());
                    return;
                }
                None => {
                    let (sender, receiver) = oneshot::channel();
                    waiting_requests.insert(session, sender);
                    receiver
                }
            }
        };
        if tokio::time::timeout(PAIR_TIMEOUT, waiting).await.is_err() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::store::Store;

    #[tokio::test]
    async fn a_single_request_continues() {
        let mut store = Store::default();
        let (one, other) = (store.open_session("1".into()), store.open_session("2".into()));
        let barrier = PairBarrier::default();
        tokio::join!(barrier.wait_for_second(one), barrier.wait_for_second(other));
        assert!(barrier.0.lock().unwrap().is_empty());
        tokio::join!(barrier.wait_for_second(one), barrier.wait_for_second(one));
        assert!(barrier.0.lock().unwrap().is_empty());
    }
}
