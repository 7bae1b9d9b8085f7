use std::fmt;
use std::str::FromStr;

use passrig_authenticator::client::Origin;
use url::Url;

use super::super::rp;

/// The origin in client data: that of the emulated page, or that of a native app.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum CallerOrigin {
    Page(Url),
    /// A native app, for which the options must name the RP ID.
    App(Origin),
}

impl CallerOrigin {
    /// The page, if the caller is one.
    pub(in super::super) fn page(&self) -> Option<&Url> {
        match self {
            Self::Page(url) => Some(url),
            Self::App(_) => None,
        }
    }
}

impl FromStr for CallerOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("android:") || text.starts_with("ios:") {
            return Origin::parse(text).map(Self::App).map_err(|error| error.to_string());
        }
        rp::origin(text).map(Self::Page)
    }
}

impl fmt::Display for CallerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(url) => f.write_str(&url.origin().ascii_serialization()),
            Self::App(origin) => origin.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_page_or_of_an_app() {
        for text in [
            "https://login.example.com:8443",
            "http://localhost:3000",
            "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck",
            "ios:bundle-id:org.example.app",
        ] {
            let origin: CallerOrigin = text.parse().unwrap();
            assert_eq!(origin.to_string(), text);
            assert_eq!(origin.page().is_some(), text.starts_with("http"));
        }
        for wrong in
            ["android:apk-key-hash:", "ios:example", "android:x", "https://a/b", "mailto:a"]
        {
            wrong.parse::<CallerOrigin>().unwrap_err();
        }
    }
}
