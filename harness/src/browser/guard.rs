//! Hosts and ports that a browser may reach.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::target_rp::guard::HostPort;

/// The number of places that are remembered of each kind.
const KEPT: usize = 200;

/// The places that a browser may reach, and what it wanted to reach.
#[derive(Debug, Default)]
pub struct BrowserGuard {
    named: Vec<HostPort>,
    elsewhere: Option<(HostPort, HostPort)>,
    seen: Mutex<GuardLog>,
}

#[derive(Debug, Default)]
struct GuardLog {
    refused: BTreeSet<HostPort>,
    last_refused: Option<HostPort>,
    unreachable: BTreeMap<HostPort, String>,
}

impl BrowserGuard {
    /// Lets connections through to these places. `elsewhere` is a place, and where it really is.
    pub fn new(
        named: impl IntoIterator<Item = HostPort>,
        elsewhere: Option<(HostPort, HostPort)>,
    ) -> Self {
        Self { named: named.into_iter().collect(), elsewhere, seen: Mutex::default() }
    }

    /// The places that were refused so far.
    pub fn refused(&self) -> Vec<HostPort> {
        self.seen().refused.iter().cloned().collect()
    }

    pub(super) fn last_refused(&self) -> Option<HostPort> {
        self.seen().last_refused.clone()
    }

    /// Why a named place could not be reached, if it was tried.
    pub(super) fn reason(&self, place: &HostPort) -> Option<String> {
        self.seen().unreachable.get(place).cloned()
    }

    /// The place to connect to, if this one was named.
    pub(super) fn admit(&self, wanted: &HostPort) -> Option<HostPort> {
        if !self.named.iter().any(|named| named.covers(wanted)) {
            let mut seen = self.seen();
            seen.last_refused = Some(wanted.clone());
            if seen.refused.len() < KEPT {
                seen.refused.insert(wanted.clone());
            }
            return None;
        }
        let elsewhere = self.elsewhere.iter().find(|(place, _)| place == wanted);
        Some(elsewhere.map_or(wanted, |(_, real)| real).clone())
    }

    pub(super) fn note_unreachable(&self, place: HostPort, reason: String) {
        let mut seen = self.seen();
        if seen.unreachable.len() < KEPT {
            seen.unreachable.insert(place, reason);
        }
    }

    fn seen(&self) -> MutexGuard<'_, GuardLog> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> HostPort {
        text.parse().unwrap()
    }

    #[test]
    fn only_named_places_are_reached() {
        let named = ["page.test:443", "cdn.test", "127.0.0.1:8443"].map(place);
        let elsewhere = Some((place("Page.test:443"), place("127.0.0.1:8443")));
        let guard = BrowserGuard::new(named, elsewhere);
        for (wanted, reached) in [
            ("page.test:443", Some("127.0.0.1:8443")),
            ("page.test:80", None),
            ("cdn.test:1", Some("cdn.test:1")),
            ("x.cdn.test:1", None),
            ("127.0.0.1:8443", Some("127.0.0.1:8443")),
            ("127.0.0.1:443", None),
            ("[::1]:8443", Some("[::1]:8443")),
        ] {
            let admitted = guard.admit(&place(wanted)).map(|place| place.to_string());
            assert_eq!(admitted.as_deref(), reached, "{wanted}");
        }
        let refused: Vec<_> = guard.refused().iter().map(HostPort::to_string).collect();
        assert_eq!(refused, ["127.0.0.1:443", "page.test:80", "x.cdn.test:1"]);
    }
}
