use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::wire::base64url;

/// The origin of a page, a tuple of scheme, host and port; or that of a native app, a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Caller);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Caller {
    Page {
        scheme: String,
        host: Host<String>,
        /// Absent for the scheme's default port.
        port: Option<u16>,
    },
    /// The text that the platform writes into client data.
    App(String),
}

/// The prefixes of origins of native apps. The platform, not the text, proves that the app may use an
/// RP ID.
const APPS: [&str; 2] = ["android:apk-key-hash:", "ios:bundle-id:"];

/// The reason why a text is not an origin that may use WebAuthn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseOriginError {
    /// Not a URL with a host.
    #[error("`{0}` is not an origin; write it like https://login.example.org")]
    NotAnOrigin(String),
    /// More than scheme, host and port.
    #[error("`{0}` has more than scheme, host and port; write it as {1}")]
    More(String, String),
    /// The origin of an app without the identifier of the app.
    #[error(
        "invalid origin `{0}`: expected `android:apk-key-hash:` with the SHA-256 of the signing certificate in base64url, or `ios:bundle-id:ID`"
    )]
    App(String),
    /// Neither https nor http on localhost.
    #[error("`{0}` is not a secure context: WebAuthn needs https, or http on localhost")]
    Insecure(String),
}

impl Origin {
    /// Parses a serialised origin such as `https://login.example.org:8443`, with or without a final
    /// slash, or that of a native app, such as `ios:bundle-id:org.example.app`.
    pub fn parse(text: &str) -> Result<Self, ParseOriginError> {
        let no_origin = || ParseOriginError::NotAnOrigin(text.to_owned());
        if let Some(id) = APPS.iter().find_map(|beginning| text.strip_prefix(beginning)) {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            let is_whole = match text.starts_with("android:") {
                true => base64url::decode(id).is_ok_and(|hash| hash.len() == 32),
                false => !id.is_empty() && id.chars().all(is_part),
            };
            return match is_whole {
                true => Ok(Self(Caller::App(text.to_owned()))),
                false => Err(ParseOriginError::App(text.to_owned())),
            };
        }
        let url = Url::parse(text).map_err(|_| no_origin())?;
        let host = url.host().map(|host| host.to_owned()).ok_or_else(no_origin)?;
        let scheme = url.scheme().to_owned();
        let is_secure = is_secure(&scheme, &host);
        let origin = Self(Caller::Page { scheme, host, port: url.port() });
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(ParseOriginError::More(text.to_owned(), origin.to_string()));
        }
        if is_secure { Ok(origin) } else { Err(ParseOriginError::Insecure(text.into())) }
    }

    /// True for the origin of a native app: it has no domain, so that options must name the RP ID.
    pub fn is_app(&self) -> bool {
        matches!(self.0, Caller::App(_))
    }

    /// The scheme, which for an app is the name of its platform.
    pub fn scheme(&self) -> &str {
        match &self.0 {
            Caller::Page { scheme, .. } => scheme,
            Caller::App(text) => text.split(':').next().unwrap_or_default(),
        }
    }

    /// The port, unless it is the scheme's default.
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Caller::Page { port, .. } => *port,
            Caller::App(_) => None,
        }
    }

    /// The host as it is written in a URL; empty for an app.
    pub fn host(&self) -> String {
        match &self.0 {
            Caller::Page { host, .. } => host.to_string(),
            Caller::App(_) => String::new(),
        }
    }

    /// The effective domain, if the caller is a page and its host is a domain, not an address.
    pub fn domain(&self) -> Option<&str> {
        match &self.0 {
            Caller::Page { host: Host::Domain(domain), .. } => Some(domain),
            _ => None,
        }
    }
}

/// True if the page is in a secure context: https, or http on this machine, which browsers permit for
/// development.
fn is_secure(scheme: &str, host: &Host<String>) -> bool {
    let local = match host {
        Host::Domain(domain) => domain == "localhost" || domain.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    scheme == "https" || scheme == "http" && local
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Caller::Page { scheme, host, port } => {
                write!(f, "{scheme}://{host}")?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
            Caller::App(text) => f.write_str(text),
        }
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
    fn the_origin_of_an_app_is_the_text_of_its_platform() {
        for text in [
            "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck",
            "ios:bundle-id:org.example.app",
        ] {
            let origin = Origin::parse(text).unwrap();
            assert!(origin.is_app() && origin.domain().is_none(), "{text}");
            assert_eq!(origin.to_string(), text);
        }
        for text in [
            "ios:bundle-id:",
            "android:apk-key-hash:a b",
            "android:apk-key-hash:AAAA",
            "ios:bundle-id:a/b",
        ] {
            let error = Origin::parse(text).unwrap_err();
            assert_eq!(error, ParseOriginError::App(text.to_owned()));
        }
        assert!(!Origin::parse("https://example.org").unwrap().is_app());
    }

    #[test]
    fn origins_that_webauthn_does_not_allow() {
        let error = |text| Origin::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(error("example.org"), @"`example.org` is not an origin; write it like https://login.example.org");
        insta::assert_snapshot!(error("https://example.org/login?x"), @"`https://example.org/login?x` has more than scheme, host and port; write it as https://example.org");
        insta::assert_snapshot!(error("http://example.org"), @"`http://example.org` is not a secure context: WebAuthn needs https, or http on localhost");
    }
}
