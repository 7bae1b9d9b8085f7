//! The rules of adapter files that no type states, and how to fix a breach of each.

use super::{Flow, template};
use crate::near::did_you_mean_or_all;

/// A breach of a rule of adapter files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AdapterFault {
    #[error("unknown key `{name}`")]
    UnknownKey { name: String, known: Vec<String> },
    #[error("no such variable: `{name}`")]
    UnknownVariable { name: String, known: Vec<String> },
    #[error("`{name}` is not known in this step")]
    VariableElsewhere { name: String },
    #[error("a discoverable log-in sends no username")]
    UsernameDemanded,
    #[error("`{{{{` without `}}}}`")]
    OpenBraces,
    #[error("`{0}` is not a variable's name")]
    VariableName(String),
    #[error("a path cannot be left out")]
    OptionalPath,
    #[error("not a JSONPath from `{0}` on")]
    JsonPath(String),
    #[error("not a request line: `{0}`")]
    RequestLine(String),
    #[error("`{0}` is not the name of a header")]
    HeaderName(String),
    #[error("`{0}` is not an HTTP status")]
    HttpStatus(String),
    #[error("a request has one body: `json`, `form`, `multipart`, `cbor` or `text`")]
    TwoBodies,
    #[error("a step has one of `request`, `submit`, `oidc`, `mail`, `run` and `flow`")]
    Act,
    #[error("no such flow: `{name}`")]
    UnknownFlow { name: String, known: Vec<String> },
    #[error("`{0}` would go on for ever: it is a step of itself")]
    FlowInItself(String),
    #[error("`{0}` is the name of a flow that every adapter can have")]
    FlowName(String),
    #[error("nothing says where to ask")]
    OidcUnsaid,
    #[error("not a selector from `{0}` on")]
    Selector(String),
    #[error("not a regular expression: {0}")]
    Regex(String),
    #[error("nothing says where the value is")]
    SourceEmpty,
    #[error("a value is in one place: `header`, `cookie` or `html`")]
    SourceTwice,
    #[error("`attribute` needs `html` beside it")]
    AttributeAlone,
    #[error("no step of `{0}` yields the options")]
    NoOptions(Flow),
    #[error("no step of `{0}` carries the credential")]
    NoCredential(Flow),
    #[error("a second step of `{0}` yields options")]
    TwoOptions(Flow),
    #[error("a second step of `{0}` carries the credential")]
    TwoCredentials(Flow),
    #[error("the credential is sent before the options are known")]
    CredentialFirst,
    #[error("the step that carries the credential does not say what `{0}` looks like")]
    NoConditions(&'static str),
    #[error("`{field}` has no meaning here")]
    Misplaced { field: &'static str, belongs: &'static str },
    #[error("a condition without content is met by every answer")]
    EmptyCondition,
    #[error("`{field}` needs `{needs}` beside it")]
    ConditionIncomplete { field: &'static str, needs: &'static str },
    #[error("a setting is either `choose` or `fixed`")]
    SettingForm,
    #[error("`{found}` is not a value of `{setting}`")]
    SettingValue { setting: &'static str, found: String, known: Vec<String> },
    #[error("`{0}` can be chosen, but no request sends it")]
    SettingUnsent(&'static str),
    #[error("`[csrf]` needs `cookie` or `variable`, and not both")]
    CsrfSource,
    #[error("`{0}` is the name of a variable that is always set")]
    CaptureName(String),
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

    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::NoOptions(_) | Self::NoCredential(_) => "the flow begins here",
            Self::NoConditions(_) => "this step",
            Self::TwoOptions(_) | Self::TwoCredentials(_) => "the second one",
            _ => "here",
        }
    }

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
