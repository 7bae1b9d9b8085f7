use std::borrow::Cow;
use std::io;
use std::time::Duration;

use crate::target_rp::guard::HostPort;

/// Why a browser did not do what it was told.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum Error {
    #[error("no Chromium was found")]
    NotFound,
    #[error("{program} cannot be run")]
    Start { program: String, source: io::Error },
    #[error("the browser cannot be given a folder")]
    Folder(#[source] io::Error),
    #[error("the browser ended{stderr}")]
    Ended {
        /// Its output on stderr before, a line each; may be empty.
        stderr: String,
    },
    /// The page lets more happen than is kept.
    #[error("expected at most {limit} bytes of events that wait, found more")]
    Flooded { limit: usize },
    /// It did not answer.
    #[error("the browser did not answer {method} within {} s", after.as_secs())]
    Silent { method: String, after: Duration },
    #[error("the browser refuses {method}: {message}")]
    Refused { method: String, message: String },
    #[error("{url} cannot be opened: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("invalid page {url}: {place} is not an allowed place")]
    Guarded { url: String, place: HostPort },
    #[error("cannot open the proxy for the browser's connections")]
    Proxy(#[source] io::Error),
    /// A script that was run on the page threw something.
    #[error("a script failed on the page: {exception}")]
    Script { exception: String },
    #[error("{url} does not come to have {what} within {} s", after.as_secs())]
    Absent { what: String, url: String, after: Duration },
}

impl Error {
    /// True if no later command gets an answer either.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Ended { .. } | Self::Flooded { .. })
    }

    /// A hint to fix it, if one is known.
    pub fn help(&self) -> Option<Cow<'static, str>> {
        if let Self::Guarded { place, .. } = self {
            let help = format!("`{}` lets the page reach it", place.flag());
            return Some(help.into());
        }
        self.advice().map(Cow::Borrowed)
    }

    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some(
                "install one (Debian: `apt-get install chromium`; macOS: `brew install chromium`), \
                 or name the program in PASSRIG_CHROMIUM",
            ),
            Self::Start { .. } => Some("PASSRIG_CHROMIUM names the program to run"),
            Self::Ended { stderr } if stderr.contains("sandbox") => {
                Some("where it may not make its sandbox, set PASSRIG_CHROMIUM_FLAGS=--no-sandbox")
            }
            Self::Flooded { .. } => Some(
                "the page calls in a loop, or with large options: end it, or look at a part of the page",
            ),
            Self::Absent { .. } => Some("is that what the page shows there, and is it visible?"),
            Self::Unreachable { reason, .. } if reason.contains("UNSAFE_PORT") => Some(
                "no browser opens pages at this port (the Fetch standard calls it a bad one): let the \
                 server listen at another",
            ),
            Self::Unreachable { reason, .. } if reason.contains("ERR_CERT") => Some(
                "the browser does not believe its certificate: `--ca` names the authority that \
                 made it, `--insecure` believes any",
            ),
            Self::Unreachable { .. } => Some("is the server running, and is that its address?"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_stands_in_the_way() {
        for (reason, mend) in [
            ("net::ERR_CONNECTION_REFUSED", "is the server running"),
            ("net::ERR_UNSAFE_PORT", "listen at another"),
            ("net::ERR_CERT_AUTHORITY_INVALID", "`--ca`"),
        ] {
            let url = "http://localhost:1/".to_owned();
            let error = Error::Unreachable { url, reason: reason.to_owned() };
            assert!(error.help().unwrap().contains(mend), "{reason}");
        }
    }
}
