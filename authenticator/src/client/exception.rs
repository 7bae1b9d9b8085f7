use std::fmt;

use crate::wire::options;

/// What a page's script catches when a ceremony fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct DomException {
    /// The kind of failure.
    pub name: Name,
    /// A sentence for developers.
    pub message: String,
}

impl DomException {
    pub(super) fn new(name: Name, message: impl Into<String>) -> Self {
        Self { name, message: message.into() }
    }
}

impl From<options::Error> for DomException {
    fn from(error: options::Error) -> Self {
        let name = match error.kind {
            options::ErrorKind::Type => Name::Type,
            options::ErrorKind::Encoding => Name::Encoding,
        };
        Self::new(name, format!("{error}."))
    }
}

/// The names of the exceptions that WebAuthn uses (§5.1.3, §5.1.4, §5.1.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The options do not fit together, or nothing can meet them.
    Constraint,
    /// A text in the options JSON is not base64url.
    Encoding,
    /// An excluded credential is on the authenticator.
    InvalidState,
    /// Refused, timed out, or nothing fits.
    NotAllowed,
    /// Nothing of what was asked for is supported.
    NotSupported,
    /// The page may not use this RP id.
    Security,
    /// A text is not JSON, or an option is written wrongly.
    Syntax,
    /// An option is missing, of a wrong kind, or has an impossible value.
    Type,
    /// Something else.
    Unknown,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constraint => "ConstraintError",
            Self::Encoding => "EncodingError",
            Self::InvalidState => "InvalidStateError",
            Self::NotAllowed => "NotAllowedError",
            Self::NotSupported => "NotSupportedError",
            Self::Security => "SecurityError",
            Self::Syntax => "SyntaxError",
            Self::Type => "TypeError",
            Self::Unknown => "UnknownError",
        })
    }
}
