use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::target_rp::guard::is_loopback;
use crate::target_rp::network::ConnectTo;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Rp {
    /// A server: its API is below this URL.
    Url(Url),
    /// A command for the shell: the program answers JSON lines.
    Program(String),
}

/// Before the command of a program.
const PROGRAM: &str = "exec:";

impl Rp {
    pub(in crate::cli) fn url(&self) -> Option<&Url> {
        match self {
            Self::Url(url) => Some(url),
            Self::Program(_) => None,
        }
    }

    /// Tells whether connections to a server stay on this machine whatever a resolver says: by its host,
    /// or because they go to such a place instead.
    pub(in crate::cli) fn is_loopback(&self, connect_to: Option<&ConnectTo>) -> bool {
        let Some(url) = self.url() else { return false };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
        let applies = |rule: &&ConnectTo| rule.applies(host, port.unwrap_or_default());
        is_loopback(host) || connect_to.filter(applies).is_some_and(ConnectTo::is_loopback)
    }
}

impl FromStr for Rp {
    type Err = String;

    /// The command of a program stays as it is, byte for byte.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected a URL such as http://localhost:3000, or exec:COMMAND".to_owned();
        if let Some(command) = text.strip_prefix(PROGRAM) {
            return match command.trim().is_empty() {
                true => Err(wrong()),
                false => Ok(Self::Program(command.to_owned())),
            };
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare {
            true => Ok(Self::Url(url)),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for Rp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Program(command) => write!(f, "{PROGRAM}{command}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_as_it_is() {
        for command in ["a#b?c%41", "a\tb\nc", " 'x'  \"y\" ", "cd /x && ./y", "//host/path"] {
            let text = format!("exec:{command}");
            let rp: Rp = text.parse().unwrap();
            assert_eq!(rp, Rp::Program(command.to_owned()));
            assert_eq!(rp.to_string(), text);
        }
        for wrong in ["exec:", "exec: \t", "EXEC:ls", " exec:ls", "http://:secret@localhost", "x"] {
            assert!(wrong.parse::<Rp>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn loopback_needs_a_loopback_place() {
        let is_loopback = |rp: &str, connect_to: Option<&str>| {
            let rule = connect_to.map(|rule| rule.parse().unwrap());
            rp.parse::<Rp>().unwrap().is_loopback(rule.as_ref())
        };
        assert!(is_loopback("http://localhost:3000", None));
        assert!(is_loopback("https://[::1]", None));
        assert!(is_loopback("https://login.passrig.test", Some("127.0.0.1:8443")));
        assert!(is_loopback("https://a.test", Some("a.test:443:[::1]:8443")));
        assert!(!is_loopback("https://a.test", Some("b.test:443:127.0.0.1:8443")));
        assert!(!is_loopback("https://a.test", Some("b.test:8443")));
        // The place is judged for itself.
        assert!(is_loopback("http://localhost", Some("b.test:8443")));
        assert!(!is_loopback("http://10.0.0.1", None));
        assert!(!is_loopback("exec:ls", Some("127.0.0.1:8443")));
    }
}
