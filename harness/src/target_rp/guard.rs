//! The hosts and ports that connections are made to.
//!
//! A test rig sends hostile requests, and its target can redirect them. A connection is made only
//! to a host and port that the user named, and only to an address of this machine unless the user
//! allowed the host.

use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use url::Url;

use crate::quoting::quoted;

/// A host, and one port of it or all. Places are equal if their hosts are names of one host.
#[derive(Clone, Debug)]
pub struct HostPort {
    host: String,
    port: Option<u16>,
}

impl HostPort {
    /// The place that a URL leads to.
    pub fn of(url: &Url) -> Option<Self> {
        Some(Self::new(url.host_str()?, url.port_or_known_default()?))
    }

    /// One port of a host.
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: plain(host), port: Some(port) }
    }

    /// The host as it was named, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, unless all of them are meant.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// True if another place is this one, or one of its ports.
    pub fn covers(&self, other: &Self) -> bool {
        canonical(&self.host) == canonical(&other.host)
            && (self.port.is_none() || self.port == other.port)
    }

    /// The flag that permits connections to the place, ready to be pasted into a shell.
    pub fn flag(&self) -> String {
        format!("--allow-host {}", quoted(&self.to_string()))
    }

    fn includes(&self, host: &str, port: u16) -> bool {
        self.covers(&Self::new(host, port))
    }

    fn order(&self) -> (String, Option<u16>) {
        (canonical(&self.host), self.port)
    }
}

impl PartialEq for HostPort {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for HostPort {}

impl PartialOrd for HostPort {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HostPort {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

/// A text that does not name a [`HostPort`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST or HOST:PORT, such as staging.example.com or [::1]:8443, found `{0}`")]
pub struct HostPortError(String);

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, HostPortError> {
        let wrong = || HostPortError(text.to_owned());
        let bare = text.parse::<Ipv6Addr>().is_ok();
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !bare && !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (text, None),
        };
        // The parser of URLs knows which texts are hosts.
        let bracketed = if bare { format!("[{host}]") } else { host.to_owned() };
        // The parser hides a port that is the default.
        let has_port = !bracketed.starts_with('[') && bracketed.contains(':');
        let url = Url::parse(&format!("http://{bracketed}/")).map_err(|_| wrong())?;
        let is_host = url.path() == "/" && !has_port && url.username().is_empty();
        match url.host_str().filter(|_| is_host && !host.contains(['/', '\\', '?', '#', '@'])) {
            Some(host) => Ok(Self { host: plain(host), port }),
            None => Err(wrong()),
        }
    }
}

/// The places that the user named, and of those the ones outside this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    named: Vec<HostPort>,
    allowed: Vec<HostPort>,
}

/// A connection that the guard does not let be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The user did not name the host and port.
    #[error("expected a place that --rp, the adapter or --allow-host names, found {0}")]
    Unnamed(HostPort),
    /// The host is elsewhere, and the user did not allow it.
    #[error("expected an address of this machine for {0}, found {1}")]
    Elsewhere(HostPort, IpAddr),
}

impl Refusal {
    /// The flag that permits the connection, ready to be pasted into a shell.
    pub fn flag(&self) -> String {
        let (Self::Unnamed(place) | Self::Elsewhere(place, _)) = self;
        place.flag()
    }
}

impl Guard {
    /// A guard that permits connections to the places of these URLs, as far as they are on this
    /// machine.
    pub fn of<'a>(urls: impl IntoIterator<Item = &'a Url>) -> Self {
        let named = urls.into_iter().filter_map(HostPort::of).collect();
        Self { named, allowed: Vec::new() }
    }

    /// Permits connections to these places too, wherever they are.
    #[must_use]
    pub fn allowing(mut self, places: impl IntoIterator<Item = HostPort>) -> Self {
        self.allowed.extend(places);
        self
    }

    /// Judges the host and port of a URL, before a resolver is asked for the address.
    pub fn knows(&self, host: &str, port: u16) -> Result<(), Refusal> {
        let known = self.named.iter().chain(&self.allowed).any(|place| place.includes(host, port));
        if known { Ok(()) } else { Err(Refusal::Unnamed(HostPort::new(host, port))) }
    }

    /// Judges the address to which the connection to a host and port would really be made.
    pub fn admit(&self, host: &str, port: u16, at: IpAddr) -> Result<(), Refusal> {
        let is_allowed = self.allowed.iter().any(|place| place.includes(host, port));
        if at.to_canonical().is_loopback() || is_allowed {
            return Ok(());
        }
        Err(Refusal::Elsewhere(HostPort::new(host, port), at))
    }
}

/// The host without brackets, in lower case.
fn plain(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    host.to_ascii_lowercase()
}

/// The host in one spelling. All names of the same loopback addresses are one host: services
/// redirect from one to the other.
fn canonical(host: &str) -> String {
    let host = plain(host);
    let is_loopback = match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.octets() == [127, 0, 0, 1],
        Ok(IpAddr::V6(ip)) => ip.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    };
    if is_loopback { "localhost".to_owned() } else { host }
}

/// True if a host is this machine whatever a resolver says.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    is_address || canonical(host) == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(url: &str, allowed: &[&str]) -> Guard {
        let url = Url::parse(url).unwrap();
        Guard::of([&url]).allowing(allowed.iter().map(|place| place.parse().unwrap()))
    }

    #[test]
    fn only_named_hosts_and_ports() {
        let guard = guard("http://localhost:3000/api", &["Staging.Example.:8443", "[2001:db8::1]"]);
        for (host, port, known) in [
            ("localhost", 3000, true),
            ("LOCALHOST.", 3000, true),
            ("app.localhost", 3000, true),
            ("127.0.0.1", 3000, true),
            ("[::1]", 3000, true),
            ("::ffff:127.0.0.1", 3000, true),
            ("127.0.0.2", 3000, false),
            ("localhost", 3001, false),
            ("localhost.example", 3000, false),
            ("notlocalhost", 3000, false),
            ("staging.example", 8443, true),
            ("staging.example", 443, false),
            ("sub.staging.example", 8443, false),
            ("2001:db8::1", 443, true),
            ("2001:db8::1", 25, true),
        ] {
            assert_eq!(guard.knows(host, port).is_ok(), known, "{host}:{port}");
        }
        assert!(Guard::default().knows("localhost", 80).is_err());
    }

    #[test]
    fn addresses_are_loopback_or_of_an_allowed_place() {
        let guard = guard("http://login.passrig.test", &["staging.example:8443"]);
        for (host, port, at, admitted) in [
            ("login.passrig.test", 80, "127.0.0.1", true),
            ("login.passrig.test", 80, "::1", true),
            ("login.passrig.test", 80, "::ffff:127.0.0.1", true),
            ("login.passrig.test", 80, "10.0.0.1", false),
            ("localhost", 80, "0.0.0.0", false),
            ("staging.example", 8443, "192.0.2.1", true),
            ("staging.example", 443, "192.0.2.1", false),
        ] {
            let at = at.parse().unwrap();
            assert_eq!(guard.admit(host, port, at).is_ok(), admitted, "{host}:{port} at {at}");
        }
    }

    #[test]
    fn places_are_hosts_with_or_without_a_port() {
        for (text, host, port) in [
            ("Staging.Example.", "staging.example", None),
            ("staging.example:8443", "staging.example", Some(8443)),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]:443", "2001:db8::1", Some(443)),
            ("192.0.2.1:1", "192.0.2.1", Some(1)),
            ("127.0.0.1:9", "127.0.0.1", Some(9)),
        ] {
            let place: HostPort = text.parse().unwrap();
            assert_eq!((place.host.as_str(), place.port), (host, port), "{text}");
        }
        for wrong in [
            "",
            ":80",
            "host:",
            "host:x",
            "host:65536",
            "http://host",
            "host/path",
            "a@b",
            "x:80:90",
        ] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_flag_can_be_pasted() {
        let flag = |host| guard("http://localhost", &[]).knows(host, 9).unwrap_err().flag();
        assert_eq!(flag("localhost"), "--allow-host localhost:9");
        assert_eq!(flag("[2001:db8::1]"), "--allow-host '[2001:db8::1]:9'");
        assert_eq!(flag("$(id)"), "--allow-host '$(id):9'");
    }

    #[test]
    fn loopback_needs_no_resolver() {
        for (host, expected) in [
            ("localhost", true),
            ("a.localhost", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("::ffff:127.0.0.2", true),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("login.passrig.test", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
