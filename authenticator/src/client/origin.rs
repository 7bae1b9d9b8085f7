use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// The origin of a page: a tuple of scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: Host<String>,
    /// Absent for the scheme's default port.
    port: Option<u16>,
}

/// Why a text is not the origin of a page that may use WebAuthn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseOriginError {
    /// Not a URL with a host.
    #[error("`{0}` is not an origin; write it like https://login.example.org")]
    NotAnOrigin(String),
    /// More than scheme, host and port.
    #[error("`{0}` has more than scheme, host and port; write it as {1}")]
    More(String, String),
    /// Neither https nor http on localhost.
    #[error("`{0}` is not a secure context: WebAuthn needs https, or http on localhost")]
    Insecure(String),
}

impl Origin {
    /// Parses a serialised origin such as `https://login.example.org:8443`,
    /// with or without a final slash.
    pub fn parse(text: &str) -> Result<Self, ParseOriginError> {
        let no_origin = || ParseOriginError::NotAnOrigin(text.to_owned());
        let url = Url::parse(text).map_err(|_| no_origin())?;
        let host = url.host().map(|host| host.to_owned()).ok_or_else(no_origin)?;
        let origin = Self { scheme: url.scheme().to_owned(), host, port: url.port() };
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(ParseOriginError::More(text.to_owned(), origin.to_string()));
        }
        if origin.is_secure() { Ok(origin) } else { Err(ParseOriginError::Insecure(text.into())) }
    }

    /// Whether the page is in a secure context, or close enough to one for
    /// developers: https, or anything on this machine.
    fn is_secure(&self) -> bool {
        let local = match &self.host {
            Host::Domain(domain) => domain == "localhost" || domain.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        self.scheme == "https" || self.scheme == "http" && local
    }

    /// The scheme.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The port, unless it is the scheme's default.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The host as it is written in a URL.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The effective domain, if the host is a domain and not an address.
    pub fn domain(&self) -> Option<&str> {
        match &self.host {
            Host::Domain(domain) => Some(domain),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialised_as_browsers_do() {
        for (text, serialised) in [
            ("https://Example.ORG:443/", "https://example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), serialised);
        }
    }

    #[test]
    fn origins_that_webauthn_does_not_allow() {
        let error = |text| Origin::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(error("example.org"), @"`example.org` is not an origin; write it like https://login.example.org");
        insta::assert_snapshot!(error("https://example.org/login?x"), @"`https://example.org/login?x` has more than scheme, host and port; write it as https://example.org");
        insta::assert_snapshot!(error("http://example.org"), @"`http://example.org` is not a secure context: WebAuthn needs https, or http on localhost");
    }
}
