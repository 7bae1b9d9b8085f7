//! The rules of adapter files that no type states, and how to fix a breach of each.

use super::{Flow, template};
use crate::near::did_you_mean_or_all;

/// A breach of a rule of adapter files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AdapterFault {
    /// A key that an account does not have.
    #[error("unknown key `{name}`")]
    UnknownKey {
        /// What was found.
        name: String,
        /// What could stand there.
        known: Vec<String>,
    },
    /// A template uses a variable that nothing sets.
    #[error("no such variable: `{name}`")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// `{{credential}}` away from the step that sends it, or `{{credential_id}}`
    /// away from `remove`.
    #[error("`{name}` is not known in this step")]
    VariableElsewhere {
        /// The variable.
        name: String,
    },
    /// `{{username}}` is demanded although a log-in without it is possible.
    #[error("a discoverable log-in sends no username")]
    UsernameDemanded,
    /// Braces without a partner.
    #[error("`{{{{` without `}}}}`")]
    OpenBraces,
    /// What stands between the braces is no name.
    #[error("`{0}` is not a variable's name")]
    VariableName(String),
    /// `{{x?}}` in a path or header that must be there.
    #[error("a path cannot be left out")]
    OptionalPath,
    /// Not a JSONPath; the rest that is none.
    #[error("not a JSONPath from `{0}` on")]
    JsonPath(String),
    /// Not `METHOD /path`.
    #[error("not a request line: `{0}`")]
    RequestLine(String),
    /// Not the name of a header.
    #[error("`{0}` is not the name of a header")]
    HeaderName(String),
    /// Neither an HTTP status nor a class of them.
    #[error("`{0}` is not an HTTP status")]
    HttpStatus(String),
    /// A body in two forms.
    #[error("a request has one body: `json`, `form`, `multipart`, `cbor` or `text`")]
    TwoBodies,
    /// A step that asks nothing, or two things.
    #[error("a step has one of `request`, `submit`, `oidc`, `mail`, `run` and `flow`")]
    Act,
    /// A step stands for a flow that the adapter does not have.
    #[error("no such flow: `{name}`")]
    UnknownFlow {
        /// The flow.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A flow that has itself among its steps.
    #[error("`{0}` would go on for ever: it is a step of itself")]
    FlowInItself(String),
    /// An own flow has the name of one that every adapter can have.
    #[error("`{0}` is the name of a flow that every adapter can have")]
    FlowName(String),
    /// A step of OpenID Connect, but nothing says of which provider.
    #[error("nothing says where to ask")]
    OidcUnsaid,
    /// Not a selector; the rest that is none.
    #[error("not a selector from `{0}` on")]
    Selector(String),
    /// Not a regular expression, and why.
    #[error("not a regular expression: {0}")]
    Regex(String),
    /// Nothing says where to look.
    #[error("nothing says where the value is")]
    SourceEmpty,
    /// Two places to look at.
    #[error("a value is in one place: `header`, `cookie` or `html`")]
    SourceTwice,
    /// `attribute` without `html`.
    #[error("`attribute` needs `html` beside it")]
    AttributeAlone,
    /// A ceremony none of whose steps yields the options.
    #[error("no step of `{0}` yields the options")]
    NoOptions(Flow),
    /// A ceremony none of whose steps carries the credential.
    #[error("no step of `{0}` carries the credential")]
    NoCredential(Flow),
    /// More than one step yields the options.
    #[error("a second step of `{0}` yields options")]
    TwoOptions(Flow),
    /// More than one step carries the credential.
    #[error("a second step of `{0}` carries the credential")]
    TwoCredentials(Flow),
    /// The credential is sent before the options are known.
    #[error("the credential is sent before the options are known")]
    CredentialFirst,
    /// The step that carries the credential does not say what answers mean.
    #[error("the step that carries the credential does not say what `{0}` looks like")]
    NoConditions(&'static str),
    /// A field that belongs to another kind of step.
    #[error("`{field}` has no meaning here")]
    Misplaced {
        /// The field.
        field: &'static str,
        /// Where it belongs.
        belongs: &'static str,
    },
    /// A condition that every answer meets.
    #[error("a condition without content is met by every answer")]
    EmptyCondition,
    /// `equals` without `json`, or `contains` without `header` or `html`.
    #[error("`{field}` needs `{needs}` beside it")]
    ConditionIncomplete {
        /// What was found.
        field: &'static str,
        /// What is missing.
        needs: &'static str,
    },
    /// A setting that is neither chosen nor fixed, or both.
    #[error("a setting is either `choose` or `fixed`")]
    SettingForm,
    /// A value that the setting does not have.
    #[error("`{found}` is not a value of `{setting}`")]
    SettingValue {
        /// The setting.
        setting: &'static str,
        /// What was found.
        found: String,
        /// What it may be.
        known: Vec<String>,
    },
    /// A setting is said to be choosable, but no request sends it.
    #[error("`{0}` can be chosen, but no request sends it")]
    SettingUnsent(&'static str),
    /// `[csrf]` without exactly one source.
    #[error("`[csrf]` needs `cookie` or `variable`, and not both")]
    CsrfSource,
    /// A capture hides a variable that is always there.
    #[error("`{0}` is the name of a variable that is always set")]
    CaptureName(String),
    /// `mode = "pool"` without accounts, or accounts without it.
    #[error("{0}")]
    Accounts(&'static str),
}

impl AdapterFault {
    pub(super) fn template(error: template::Error) -> Self {
        match error {
            template::Error::Open => Self::OpenBraces,
            template::Error::Name(name) => Self::VariableName(name),
        }
    }

    /// A few words to stand at the place itself.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::NoOptions(_) | Self::NoCredential(_) => "the flow begins here",
            Self::NoConditions(_) => "this step",
            Self::TwoOptions(_) | Self::TwoCredentials(_) => "the second one",
            _ => "here",
        }
    }

    /// How to fix it.
    pub(super) fn help(&self) -> String {
        match self {
            Self::UnknownFlow { known, .. } if known.is_empty() => {
                "write its steps as `[[flow.NAME]]`".into()
            }
            Self::UnknownKey { name, known }
            | Self::UnknownVariable { name, known }
            | Self::UnknownFlow { name, known } => did_you_mean_or_all(name, known),
            Self::VariableElsewhere { name } if name.starts_with("credential_") => {
                format!("`{{{{{name}}}}}` is set in `remove` only")
            }
            Self::VariableElsewhere { .. } => {
                "the credential exists from the step that yields the options on, in `register` and `authenticate`; `{{credential}}` or one of its members makes a step the one that carries it".into()
            }
            Self::UsernameDemanded => "write `\"{{username?}}\"`: the member is then left out".into(),
            Self::OpenBraces => "close it with `}}`".into(),
            Self::VariableName(_) => {
                "a name has letters, digits and `_`, with `.` between its parts".into()
            }
            Self::OptionalPath => "take the `?` away".into(),
            Self::JsonPath(_) => "for example `$`, `$.publicKey` or `$.items[*].id` (RFC 9535)".into(),
            Self::RequestLine(_) => "write `request = \"POST /path\"`, `\"POST {{url}}\"` where a URL was captured, or `\"POST http://localhost:8025/path\"`".into(),
            Self::HeaderName(_) => "for example `x-csrf-token`".into(),
            Self::HttpStatus(_) => "write a number, or a class in quotes: `[200, \"4xx\"]`".into(),
            Self::TwoBodies | Self::SourceTwice => "keep one of them".into(),
            Self::Act => "`request = \"POST /path\"`, `submit = \"form#login\"` for a form of the page that the step before loaded, or `flow = \"NAME\"` with nothing beside it".into(),
            Self::FlowInItself(_) => "take this step away, or name another flow".into(),
            Self::FlowName(name) => format!("choose another name, or write `[[{name}]]`"),
            Self::OidcUnsaid => "add `[oidc]` with `authorize`, `token`, `client_id` and `redirect_uri`".into(),
            Self::Selector(_) => "for example `form#login`, `meta[name=csrf-token]` or `#options > input` (elements, `#id`, `.class`, `[attribute=value]`, inside and `>`)".into(),
            Self::Regex(_) => "the first group is what is captured, for example '\"challenge\":\"([^\"]+)\"'; in single quotes TOML leaves backslashes alone".into(),
            Self::SourceEmpty => "for example `{ json = \"$.token\" }`, `{ html = \"meta[name=token]\", attribute = \"content\" }`, `{ header = \"location\", parameter = \"code\" }` or `{ regex = '…' }`".into(),
            Self::AttributeAlone => "`html` says which element".into(),
            Self::NoOptions(_) => "add `options = \"$\"` to the step whose answer holds them (`\"$.publicKey\"` if they are nested; `assemble = {…}` if a script puts them together)".into(),
            Self::NoCredential(_) => "write `json = \"{{credential}}\"`, or put `\"{{credential}}\"` where the body wants it".into(),
            Self::TwoOptions(_) => "the client answers one set of options: take `options` away from one step".into(),
            Self::TwoCredentials(_) => "the verdict comes from one step: send it in one of them".into(),
            Self::CredentialFirst => "put the step with `options` before it".into(),
            Self::NoConditions("accepted") => "for example `accepted = [{ status = [200], json = \"$.verified\", equals = true }]`".into(),
            Self::NoConditions(_) => "for example `refused = [{ status = [400, 401] }]`".into(),
            Self::Misplaced { belongs, .. } => format!("it belongs to {belongs}"),
            Self::EmptyCondition => "say at least one of `status`, `json`, `header`, `html`, `body`".into(),
            Self::ConditionIncomplete { needs: "json", .. } => "for example `json = \"$.status\", equals = \"ok\"`".into(),
            Self::ConditionIncomplete { .. } => "for example `header = \"location\", contains = \"/login\"`".into(),
            Self::SettingForm => "`{ choose = [\"required\", \"preferred\"] }` if a request can ask for it, `{ fixed = \"preferred\" }` if it is always the same; leave the setting out if only the options tell".into(),
            Self::SettingValue { known, .. } => format!("it may be {}", known.join(", ")),
            Self::SettingUnsent("login") => "for both ways, a step of `authenticate` has to send `\"{{username?}}\"`".into(),
            Self::SettingUnsent(setting) => format!("put `\"{{{{setting.{setting}?}}}}\"` into the request that asks for the options, or say `fixed`"),
            Self::CsrfSource => "`cookie = \"XSRF-TOKEN\"`, or `variable = \"token\"` with a capture of that name".into(),
            Self::CaptureName(_) => "choose another name".into(),
            Self::Accounts(_) => "`[account] mode = \"pool\"` with `pool = [{ username = \"ann\", password = \"…\" }]`".into(),
        }
    }
}
