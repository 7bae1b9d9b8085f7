use std::time::Duration;

use passrig_authenticator::deviation;

/// The cause for which a check, or an act of a simulation, says nothing about this RP.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotExpressible {
    /// The deviation changed nothing in any of this many ceremonies.
    #[error("the deviation equals the honest ceremony in each of {0} tries")]
    EqualsHonest(usize),
    /// The deviation changed nothing, and its registration cannot be repeated.
    #[error("the deviation equals the honest registration, and the RP accepted it")]
    AcceptedHonest,
    /// The request equals the honest one: the page of the RP does not send what the deviation changes.
    #[error("the request of the adapter does not carry the change of the deviation")]
    NotSent,
    /// The authenticator that the user names makes nothing that the deviation could edit.
    #[error("the authenticator of the run does not make the part that the deviation edits: {0}")]
    NotMade(deviation::Error),
    /// The RP accepted the fault whose refusal comes first in the check.
    #[error("the RP accepted the fault that it must refuse before the check goes on")]
    FaultAccepted,
    /// The origin of an app is a text without parts.
    #[error("the origin of an app has no part that the deviation edits: {0}")]
    OriginOfAnApp(deviation::Error),
    /// The run may not wait as long as the user in the check waits.
    #[error("--expiry is shorter than {} s", .0.as_secs())]
    ShortExpiry(Duration),
    /// The challenge is still valid at the end of `--expiry`.
    #[error("--expiry is shorter than the timeout of the options, {} s", .0.as_secs_f64())]
    WithinTimeout(Duration),
    /// The options do not hint at an attachment but demand one.
    #[error("the options demand the attachment `{0}`")]
    AttachmentDemanded(String),
    /// The account cannot hold a second credential.
    #[error("the account has no second credential (`max_credentials` of the adapter)")]
    OneCredential,
    /// The account does not list the credential that was registered.
    #[error("the RP does not list the credential of the account")]
    NotListed,
    /// Options reveal nothing to a client that knows only a name.
    #[error("the RP asks for a password before it sends options")]
    PasswordFirst,
    /// The RP reveals which names have accounts, so that it makes up no credentials.
    #[error("the RP refuses the name of an unknown user")]
    UnknownNameRefused,
    /// Cookies cannot be `Secure`.
    #[error("the origin of the RP is not https")]
    NotHttps,
    /// A token carries the session, or several cookies of which one is enough.
    #[error("the session does not depend on any single cookie")]
    NoSessionCookie,
    /// A page of another site has no cookies to send.
    #[error("the session has no cookies that a page of another site could send")]
    NoCookies,
    /// The RP is at the domain that a simulation uses as a foreign one.
    #[error("the client answers on {0}, which must be a foreign domain")]
    NotForeign(&'static str),
}
