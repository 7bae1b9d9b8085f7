//! Which hosts may be spoken to.
//!
//! A test rig sends hostile requests: it must never do so to somebody who did
//! not ask for it. Loopback peers are always allowed; any other only if the
//! user named the host.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// The hosts that the user named.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    named: BTreeSet<String>,
}

/// A host that nobody named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host} is at {peer}, which is not this machine, and nobody named it")]
pub struct Refusal {
    /// The host of the url.
    pub host: String,
    /// The address that would have been spoken to.
    pub peer: IpAddr,
}

impl Guard {
    /// A guard that lets through loopback and these hosts.
    pub fn new<H: Into<String>>(hosts: impl IntoIterator<Item = H>) -> Self {
        Self { named: hosts.into_iter().map(|host| canonical(&host.into())).collect() }
    }

    /// Judges a connection: the host of the url, and the address that would
    /// really be spoken to.
    pub fn admit(&self, host: &str, peer: IpAddr) -> Result<(), Refusal> {
        if peer.to_canonical().is_loopback() || self.named.contains(&canonical(host)) {
            return Ok(());
        }
        Err(Refusal { host: host.to_owned(), peer })
    }
}

fn canonical(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_or_named() {
        let guard = Guard::new(["Staging.Example.", "[2001:db8::1]"]);
        for (host, peer, allowed) in [
            ("login.passrig.test", "127.0.0.1", true),
            ("localhost", "::1", true),
            ("localhost", "::ffff:127.0.0.1", true),
            ("localhost", "10.0.0.1", false),
            ("localhost", "0.0.0.0", false),
            ("staging.example", "192.0.2.1", true),
            ("sub.staging.example", "192.0.2.1", false),
            ("2001:db8::1", "2001:db8::1", true),
        ] {
            let peer = peer.parse().unwrap();
            assert_eq!(guard.admit(host, peer).is_ok(), allowed, "{host} at {peer}");
        }
    }
}
