//! Hosts and ports that a browser may reach.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many places are remembered of each kind.
const KEPT: usize = 200;

/// A host, and one of its ports or all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    host: String,
    port: Option<u16>,
}

/// Why a text is not a [`Place`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST or HOST:PORT, found `{}`", .0.escape_default())]
pub struct PlaceError(String);

/// The places that a browser may reach, and what it wanted to reach.
#[derive(Debug, Default)]
pub struct Guard {
    named: Vec<Place>,
    elsewhere: Vec<(String, Place)>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    refused: BTreeSet<Place>,
    last_refused: Option<Place>,
    unreachable: BTreeMap<Place, String>,
}

impl Guard {
    /// Lets connections through to these places. `elsewhere` says where a host really is.
    pub fn new(
        named: impl IntoIterator<Item = Place>,
        elsewhere: impl IntoIterator<Item = (String, Place)>,
    ) -> Self {
        let elsewhere = elsewhere.into_iter().map(|(host, place)| (canonical(&host), place));
        Self {
            named: named.into_iter().collect(),
            elsewhere: elsewhere.collect(),
            seen: Mutex::default(),
        }
    }

    /// The places that were refused so far.
    pub fn refused(&self) -> Vec<Place> {
        self.seen().refused.iter().cloned().collect()
    }

    pub(super) fn last_refused(&self) -> Option<Place> {
        self.seen().last_refused.clone()
    }

    /// Why a named place could not be reached, if it was tried.
    pub(super) fn reason(&self, place: &Place) -> Option<String> {
        self.seen().unreachable.get(place).cloned()
    }

    /// The place to connect to, if this one was named.
    pub(super) fn admit(&self, wanted: &Place) -> Option<Place> {
        if !self.named.iter().any(|named| named.covers(wanted)) {
            let mut seen = self.seen();
            seen.last_refused = Some(wanted.clone());
            if seen.refused.len() < KEPT {
                seen.refused.insert(wanted.clone());
            }
            return None;
        }
        let elsewhere = self.elsewhere.iter().find(|(host, _)| *host == wanted.host);
        let place = elsewhere.map_or(wanted, |(_, place)| place);
        Some(Place { host: place.host.clone(), port: place.port.or(wanted.port) })
    }

    pub(super) fn note_unreachable(&self, place: Place, reason: String) {
        let mut seen = self.seen();
        if seen.unreachable.len() < KEPT {
            seen.unreachable.insert(place, reason);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// One port of a host.
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: canonical(host), port: Some(port) }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    fn covers(&self, other: &Self) -> bool {
        self.host == other.host && (self.port.is_none() || self.port == other.port)
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = || PlaceError(text.to_owned());
        let (host, port) = match text.rsplit_once(':') {
            // An IPv6 address without brackets has no port.
            _ if text.parse::<Ipv6Addr>().is_ok() || text.ends_with(']') => (text, None),
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let is_ip = canonical(host).parse::<IpAddr>().is_ok();
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_name = !host.is_empty() && host.len() <= 253 && host.chars().all(letter);
        match is_ip || is_name {
            true => Ok(Self { host: canonical(host), port }),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// One spelling for each host.
fn canonical(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_read() {
        for (text, shown) in [
            ("Localhost", "localhost"),
            ("localhost.:80", "localhost:80"),
            ("[::1]:443", "[::1]:443"),
            ("0:0::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("127.0.0.1:8", "127.0.0.1:8"),
        ] {
            assert_eq!(place(text).to_string(), shown);
        }
        for wrong in ["", ":80", "a:", "a:b", "a:65536", "a b", "http://a", "a/b", "*", "\u{1b}[m"]
        {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_was_named_is_reached() {
        let named = ["page.test:443", "cdn.test", "127.0.0.1:8443"].map(place);
        let guard = Guard::new(named, [("Page.test".to_owned(), place("127.0.0.1:8443"))]);
        for (wanted, reached) in [
            ("page.test:443", Some("127.0.0.1:8443")),
            ("page.test:80", None),
            ("cdn.test:1", Some("cdn.test:1")),
            ("x.cdn.test:1", None),
            ("127.0.0.1:8443", Some("127.0.0.1:8443")),
            ("127.0.0.1:443", None),
            ("[::1]:8443", None),
        ] {
            let admitted = guard.admit(&place(wanted)).map(|place| place.to_string());
            assert_eq!(admitted.as_deref(), reached, "{wanted}");
        }
        let refused: Vec<_> = guard.refused().iter().map(Place::to_string).collect();
        assert_eq!(refused, ["127.0.0.1:443", "[::1]:8443", "page.test:80", "x.cdn.test:1"]);
    }
}
