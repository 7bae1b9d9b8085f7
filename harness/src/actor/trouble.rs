use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::{DomException, Name};
use passrig_authenticator::deviation;
use passrig_authenticator::wire::options;

use crate::target_rp::Flow;
use crate::target_rp::error::ErrorKind;
use crate::target_rp::transport::TransportError;

/// The most credentials that are removed from an account: a target may list any number.
pub(super) const REMOVALS: usize = 200;

/// Why an actor could not do what it meant to do; each names its culprit.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// The target, or the way there.
    #[error(transparent)]
    Target(#[from] crate::target_rp::Error),
    /// The target's options are no options.
    #[error("of the target's answer, {0}")]
    Options(#[from] options::Error),
    /// A browser would not go on with these options on this page.
    #[error("a browser stops here with {0}")]
    Client(#[from] DomException),
    /// The check cannot be carried out as it is written.
    #[error("the check cannot be carried out: {0}")]
    Deviation(#[from] deviation::Error),
    /// An honest ceremony on the way to the attempt was not accepted.
    #[error("an honest {ceremony} was not accepted{}", said(.message))]
    Honest {
        /// Which one.
        ceremony: Ceremony,
        /// What the target said.
        message: Option<String>,
        /// How long the target wants to be left alone, if that is why.
        throttled: Option<Duration>,
    },
    /// The adapter lacks a flow that the story needs.
    #[error("the adapter has no `{0}`")]
    NoFlow(Flow),
    /// The account has more credentials than are removed.
    #[error("expected at most {REMOVALS} credentials in the account, found {count}")]
    Full {
        /// The number of credentials.
        count: usize,
    },
    /// The target does not have what the story is about.
    #[error("the target has no {0}")]
    NoFeature(&'static str),
    /// The deviation equals the honest ceremony, try after try.
    #[error("the deviation equals the honest ceremony")]
    NotExpressible,
}

impl Trouble {
    /// What to look at.
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
            Self::Honest { .. }
            | Self::NoFlow(_)
            | Self::NoFeature(_)
            | Self::NotExpressible => None,
        }
    }

    /// Whether the target works, and wants nothing of this.
    pub fn is_turned_away(&self) -> bool {
        matches!(self, Self::Target(error) if matches!(
            error.kind,
            ErrorKind::Unexpected { status: 300..500, .. } | ErrorKind::Refused { .. } | ErrorKind::Preflight
        ))
    }

    /// The same where the target was meant to turn somebody away: not as a
    /// mishap, but as its answer.
    pub fn as_refusal(&self) -> String {
        match self {
            Self::Target(error) => match &error.kind {
                ErrorKind::Unexpected { status, message, .. }
                | ErrorKind::Refused { status, message } => {
                    format!("refused with {status}{}", said(message))
                }
                _ => self.to_string(),
            },
            _ => self.to_string(),
        }
    }

    /// Whether the target is gone: nobody answers there any more.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Target(error) if matches!(
            &error.kind,
            ErrorKind::Transport(
                TransportError::NoAddress { .. } | TransportError::Refused { .. } | TransportError::Connect { .. }
            )
        ))
    }

    /// Whether the target closed the connection rather than answer.
    pub fn is_hang_up(&self) -> bool {
        matches!(self, Self::Target(error) if matches!(
            &error.kind,
            ErrorKind::Transport(TransportError::Closed | TransportError::Truncated { .. })
        ))
    }

    /// Whether nobody can be spoken to at that place.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Target(error) if matches!(
            &error.kind,
            ErrorKind::Transport(
                TransportError::NoAddress { .. }
                    | TransportError::Refused { .. }
                    | TransportError::Connect { .. }
                    | TransportError::Tls { .. }
                    | TransportError::Forbidden(_)
            )
        ))
    }

    /// Tells whether the target broke on what it was sent. A place that the user did not name is
    /// refused on this side.
    pub fn is_breakage(&self) -> bool {
        match self {
            Self::Target(error) => match &error.kind {
                ErrorKind::Transport(failure) => !matches!(failure, TransportError::Forbidden(_)),
                kind => matches!(kind, ErrorKind::Crash { .. }),
            },
            _ => false,
        }
    }

    /// Whether this is no reason to give up: it broke or wants to be left
    /// alone, but it is there.
    pub fn is_inconvenience(&self) -> bool {
        self.throttled().is_some() || (self.is_breakage() && !self.is_unreachable())
    }

    /// Whether the target said no: it may have met this account before.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Target(error) => {
                matches!(
                    error.kind,
                    ErrorKind::Unexpected { status: 400 | 403 | 409 | 422, .. }
                        | ErrorKind::Refused { .. }
                )
            }
            Self::Honest { .. } => true,
            _ => false,
        }
    }

    /// How long the target wants to be left alone, if that is what it wants.
    pub fn throttled(&self) -> Option<Duration> {
        match self {
            Self::Honest { throttled, .. } => *throttled,
            Self::Target(error) => match error.kind {
                ErrorKind::Throttled { after } => Some(after.unwrap_or_default()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether an answer says that nobody is signed in.
pub(super) fn is_unauthorised(error: &crate::target_rp::Error) -> bool {
    matches!(error.kind, ErrorKind::Unexpected { status: 401 | 403, .. })
}

fn said(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}
