use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::{DomException, Name};
use passrig_authenticator::deviation;
use passrig_authenticator::wire::options;

use super::NotExpressible;
use crate::target_rp::Flow;
use crate::target_rp::error::ErrorKind;
use crate::target_rp::transport::TransportError;

/// The most credentials that are removed from an account: a target may list any number.
pub(super) const REMOVALS: usize = 200;

/// The error that ended an attempt; each names its culprit.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// The target or the connection to it failed.
    #[error(transparent)]
    Target(#[from] crate::target_rp::Error),
    /// The options of the target are not valid options.
    #[error("the target's answer has {0}")]
    Options(#[from] options::Error),
    /// A browser refuses these options on this page.
    #[error("a browser stops here with {0}")]
    Client(#[from] DomException),
    /// The deviation of the check cannot be applied.
    #[error("the check cannot be carried out: {0}")]
    Deviation(#[from] deviation::Error),
    /// An honest ceremony on the way to the attempt was not accepted.
    #[error("an honest {ceremony} was not accepted{}", suffix(.message))]
    Honest {
        /// The ceremony.
        ceremony: Ceremony,
        /// The message of the target.
        message: Option<String>,
        /// The wait that the target asks for.
        throttled: Option<Duration>,
        /// True if the answer is a refusal that the adapter describes.
        is_refused: bool,
    },
    /// The adapter lacks a flow that the check needs.
    #[error("the adapter has no `{0}`")]
    NoFlow(Flow),
    /// The account has more credentials than are removed.
    #[error("expected at most {REMOVALS} credentials in the account, found {count}")]
    Full {
        /// The number of credentials.
        count: usize,
    },
    /// The target lacks the feature that the check tests.
    #[error("the target has no {0}")]
    NoFeature(&'static str),
    /// Here the attempt would say nothing about the target.
    #[error("the check is not expressible: {0}")]
    NotExpressible(#[from] NotExpressible),
    /// An error in passrig.
    #[error("bug in passrig: {0}")]
    Bug(String),
}

/// The result of an attempt, or of a step on the way to it.
pub type Result<T, E = AttemptError> = std::result::Result<T, E>;

impl AttemptError {
    /// A hint to fix it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Target(error) => Some(error.help()),
            Self::Options(_) => Some(
                "options are PublicKeyCredentialCreationOptionsJSON or \
                 PublicKeyCredentialRequestOptionsJSON (§5.1.8). If the adapter's `options` points \
                 at them, no browser could use them"
                    .to_owned(),
            ),
            Self::Client(DomException { name: Name::Security, .. }) => Some(
                "the RP id of the options has to be the host of --origin (by default that of --rp) \
                 or a parent of it"
                    .to_owned(),
            ),
            Self::Client(_) => Some(
                "the options have to be such that an ES256 authenticator with user verification \
                 can meet them"
                    .to_owned(),
            ),
            Self::Deviation(error) => error.help(),
            Self::Full { .. } => Some("remove them, or name another account".to_owned()),
            Self::Bug(_) => Some("report the message and the command that shows it".to_owned()),
            Self::Honest { .. }
            | Self::NoFlow(_)
            | Self::NoFeature(_)
            | Self::NotExpressible(_) => None,
        }
    }

    /// True if the target works, and refuses the request.
    pub fn is_turned_away(&self) -> bool {
        matches!(
            self.kind(),
            Some(
                ErrorKind::Unexpected { status: 300..500, .. }
                    | ErrorKind::Refused { .. }
                    | ErrorKind::Preflight
            )
        )
    }

    /// The refusal as the answer of a target that was meant to refuse, not as an error.
    pub fn as_refusal(&self) -> String {
        match self.kind() {
            Some(
                ErrorKind::Unexpected { status, message, .. }
                | ErrorKind::Refused { status, message },
            ) => {
                format!("refused with {status}{}", suffix(message))
            }
            _ => self.to_string(),
        }
    }

    /// True if the target is gone: nothing answers at its address.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self.kind(),
            Some(ErrorKind::Transport(
                TransportError::NoAddress { .. }
                    | TransportError::Refused { .. }
                    | TransportError::Connect { .. }
            ))
        )
    }

    /// True if the target closed the connection before an answer.
    pub fn is_hang_up(&self) -> bool {
        let closed = |failure: &TransportError| {
            matches!(failure, TransportError::Closed | TransportError::Truncated { .. })
        };
        matches!(self.kind(), Some(ErrorKind::Transport(failure)) if closed(failure))
    }

    /// True if no request can reach the address.
    pub fn is_elsewhere(&self) -> bool {
        let barred = |failure: &TransportError| {
            matches!(failure, TransportError::Tls { .. } | TransportError::Forbidden(_))
        };
        self.is_unreachable()
            || matches!(self.kind(), Some(ErrorKind::Transport(failure)) if barred(failure))
    }

    /// True if the target broke on the request. A request to an address that the user did not name
    /// is refused on this side.
    pub fn is_breakage(&self) -> bool {
        match self.kind() {
            Some(ErrorKind::Transport(failure)) => !matches!(failure, TransportError::Forbidden(_)),
            kind => matches!(kind, Some(ErrorKind::Crash { .. })),
        }
    }

    /// True if the run can go on: the target broke or asks for fewer requests, but is there.
    pub fn is_inconvenience(&self) -> bool {
        self.throttled().is_some() || (self.is_breakage() && !self.is_unreachable())
    }

    /// True if the target refused an honest ceremony, or sent options that a client refuses.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Target(error) => error.kind.is_of_answer(),
            Self::Honest { is_refused, .. } => *is_refused,
            Self::Options(_) | Self::Client(_) => true,
            _ => false,
        }
    }

    /// True if the target refused: it may know the account from an earlier run.
    pub fn is_refusal(&self) -> bool {
        let status = matches!(
            self.kind(),
            Some(
                ErrorKind::Unexpected { status: 400 | 403 | 409 | 422, .. }
                    | ErrorKind::Refused { .. }
            )
        );
        status || matches!(self, Self::Honest { .. })
    }

    fn kind(&self) -> Option<&ErrorKind> {
        match self {
            Self::Target(error) => Some(&error.kind),
            _ => None,
        }
    }

    /// The wait that the target asks for.
    pub fn throttled(&self) -> Option<Duration> {
        match self {
            Self::Honest { throttled, .. } => *throttled,
            _ => match self.kind() {
                Some(ErrorKind::Throttled { after }) => Some(after.unwrap_or_default()),
                _ => None,
            },
        }
    }
}

/// True if an answer says that no user is signed in.
pub(super) fn is_unauthorised(error: &crate::target_rp::Error) -> bool {
    matches!(error.kind, ErrorKind::Unexpected { status: 401 | 403, .. })
}

fn suffix(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}
