use serde::Serialize;

/// How an answer was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// 2xx.
    Ok,
    /// 2xx with a body that tells of a failure.
    FailureBody,
    /// 3xx.
    Redirect,
    /// 4xx.
    ClientError,
    /// 5xx that the adapter knows by its body.
    NamedServerError,
    /// Any other 5xx.
    ServerError,
    /// Not said at all: seen in what the target sends or does.
    Observed,
}

impl Manner {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::FailureBody => "failure-body",
            Self::Redirect => "redirect",
            Self::ClientError => "client-error",
            Self::NamedServerError => "named-server-error",
            Self::ServerError => "server-error",
            Self::Observed => "observed",
        }
    }
}
