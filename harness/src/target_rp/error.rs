//! The error of a flow that could not be carried out.

use std::fmt;
use std::time::Duration;

use super::adapter::Flow;
use super::transport::TransportError;

/// A flow that could not be carried out, and the step where it ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {kind}")]
pub struct Error {
    /// The step at which it ended.
    pub at: FlowStep,
    /// The cause.
    pub kind: ErrorKind,
}

impl Error {
    /// The place to look at, or the line that the adapter lacks.
    pub fn help(&self) -> String {
        self.kind.help()
    }

    /// True if the target answered, and not as the step wants it.
    pub fn is_answer(&self) -> bool {
        matches!(self.kind, ErrorKind::Unexpected { .. } | ErrorKind::Refused { .. })
    }
}

/// A step of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowStep {
    /// The flow.
    pub flow: Flow,
    /// The number of the step, from 1; 0 if no step was performed.
    pub step: usize,
    /// Its request line, as the adapter has it.
    pub request: String,
}

impl fmt::Display for FlowStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => write!(f, "{}", self.flow),
            step => write!(f, "{} step {step} ({})", self.flow, self.request),
        }
    }
}

/// The reason why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum ErrorKind {
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// A credential deviates, and the request that carries it does not.
    #[error("the request equals the one of the honest credential")]
    EqualsHonest,
    #[error("the adapter does not say how")]
    NoFlow,
    #[error("`{{{{{0}}}}}` is not set")]
    Unset(String),
    /// The body is something other than JSON.
    #[error("JSON was due, but the answer ({status}) is {found}{}", said(&(!.excerpt.is_empty()).then_some(.excerpt.clone())))]
    NotJson { status: u16, found: &'static str, excerpt: String },
    #[error("{reason}")]
    NoOptions { reason: String },
    #[error("no form {selector}: {found}")]
    NoForm { selector: String, found: String },
    #[error("the options at {path} are {found}, not an object")]
    OptionsShape { path: String, found: &'static str },
    #[error("nothing to capture for `{name}`: {reason}")]
    NoCapture { name: String, reason: String },
    #[error("{path} gives {found} where a string was due")]
    ProbeShape { path: String, found: &'static str },
    /// The lists of credential ids and record ids differ in length.
    #[error("{ids} credential ids, but {records} record ids")]
    ProbeLists { ids: usize, records: usize },
    #[error("unexpected answer {status}{}", said(.message))]
    Unexpected {
        status: u16,
        message: Option<String>,
        /// The answer as a condition, where the step can have one.
        condition: Option<String>,
    },
    /// An answer that the adapter knows for a refusal.
    #[error("the target refuses with {status}{}", said(.message))]
    Refused { status: u16, message: Option<String> },
    /// A 5xx where nothing was wrong with the request.
    #[error("the target answers {status}{}", said(.message))]
    Crash { status: u16, message: Option<String> },
    #[error("the target wants fewer requests{}", wait(*.after))]
    Throttled { after: Option<Duration> },
    /// The request is one of a foreign page, and the target does not permit it.
    #[error("the target does not let other sites send this")]
    Preflight,
    /// A mail was expected, and passrig receives no mail.
    #[error("mail is not caught")]
    NoMailbox,
    #[error("no mail to {to} within {after:?}")]
    NoMail { to: String, after: Duration },
    /// The adapter must run a program, and the user did not permit it.
    #[error("the adapter wants to {0}")]
    MayNotRun(String),
    #[error("`{command}`: {reason}")]
    Program { command: String, reason: String },
    #[error("the redirect to `{0}` cannot be followed")]
    Redirect(String),
    /// Redirects without end.
    #[error("more than {0} redirects")]
    Redirects(usize),
}

impl ErrorKind {
    /// True if the target refused by an answer of its own. A page, an error of a proxy and a failed
    /// connection say nothing about the request.
    pub(crate) fn is_of_answer(&self) -> bool {
        match self {
            // The other errors of servers are those of a proxy or of a moment.
            Self::Unexpected { status, .. }
            | Self::Refused { status, .. }
            | Self::Crash { status, .. } => *status <= 500,
            Self::NoOptions { .. } | Self::OptionsShape { .. } => true,
            Self::NotJson { .. }
            | Self::NoForm { .. }
            | Self::NoCapture { .. }
            | Self::ProbeShape { .. }
            | Self::ProbeLists { .. }
            | Self::Preflight
            | Self::Redirect(_)
            | Self::Redirects(_)
            | Self::Transport(_)
            | Self::Unsendable(_)
            | Self::EqualsHonest
            | Self::NoFlow
            | Self::Unset(_)
            | Self::Throttled { .. }
            | Self::NoMailbox
            | Self::NoMail { .. }
            | Self::MayNotRun(_)
            | Self::Program { .. } => false,
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Transport(failure) => failure.help(),
            Self::Unsendable(_) => "a header or path with such octets needs another client".into(),
            Self::EqualsHonest => {
                "add the members that the page sends to the step that carries the credential".into()
            }
            Self::NoFlow => "add the steps of this flow to the adapter".into(),
            Self::Unset(name) => format!("capture it in a step before, or write `{{{{{name}?}}}}`"),
            Self::NotJson { .. } => {
                "is the path right? A page instead of JSON is often a log-in page or a 404".into()
            }
            Self::NoOptions { .. } | Self::OptionsShape { .. } => {
                "set the place of the options in the adapter, for example: options = \"$.publicKey\"".into()
            }
            Self::NoForm { .. } => {
                "`submit` takes a form of the page that a step before it loaded: look at its answer in the transcript".into()
            }
            Self::NoCapture { .. } => "look at the answer in the transcript, and fix `capture`".into(),
            Self::ProbeShape { .. } => {
                "look at the answer in the transcript, and fix the path in the adapter".into()
            }
            Self::ProbeLists { .. } => {
                "`credential_ids` and `record_ids` have to find one value each in every entry".into()
            }
            Self::Unexpected { condition: Some(condition), .. } => {
                format!("if this is as it should be, add to the step: expect = [{condition}]")
            }
            Self::Unexpected { status: 300..400, .. } => {
                "is the path right, and --rp the URL that the target calls its own?".into()
            }
            Self::Unexpected { .. } => {
                "is the path right, and does the target want a `login` before?".into()
            }
            Self::Refused { .. } => "the adapter calls this a refusal".into(),
            Self::Crash { .. } => "the target's log tells more".into(),
            Self::Throttled { .. } => {
                "wait, or switch off the target's rate limit for the test".into()
            }
            Self::Preflight => "nothing: this is as it should be".into(),
            Self::NoMailbox => {
                "give --smtp 127.0.0.1:2525, and let the target send its mail there".into()
            }
            Self::NoMail { .. } => "does the target send its mail to the address of --smtp?".into(),
            Self::MayNotRun(_) => "if you trust the adapter: --allow-run".into(),
            Self::Program { .. } => "run it by hand with the same arguments".into(),
            Self::Redirect(_) | Self::Redirects(_) => {
                "take `follow = true` away, or look where the target sends its visitors".into()
            }
        }
    }
}

fn said(message: &Option<String>) -> String {
    message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

fn wait(after: Option<Duration>) -> String {
    after.map(|after| format!(", for {after:?}")).unwrap_or_default()
}
