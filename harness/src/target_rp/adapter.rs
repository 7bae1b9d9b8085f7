//! The adapter: how a relying party is spoken to.
//!
//! An adapter is a TOML file of HTTP requests. [`Adapter`] is what it means,
//! checked: every template compiled, every variable known, one step that
//! yields the options and one that carries the credential.

mod builtin;
mod check;
mod condition;
mod document;
mod mistake;
mod selector;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod urls;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use http::{HeaderName, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json_path::JsonPath;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::Json;

use crate::storage::{self, Limit, ReadError};
use crate::toml_file::TomlMistake;

pub use builtin::{builtin, named};
pub(super) use check::variables;
pub use condition::{Condition, StatusMatch};
use mistake::AdapterFault;
pub use selector::Selector;
pub use source::{AnswerPart, Binary, Refinement, ValueSource};
pub use template::{Part, Text, ValueForm, ValueTemplate, Variable};

/// A checked adapter.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its id, as `--adapter` has it.
    pub id: String,
    /// Its name for readers.
    pub name: String,
    /// The status: run against the real thing or not.
    pub status: Status,
    /// The prefix of every path.
    pub prefix: String,
    /// The origin of a page that the RP expects to frame it, if there is one.
    pub embedder: Option<String>,
    /// The accounts that a run can use.
    pub account: Accounts,
    /// The settings that can be chosen, and those that are fixed.
    pub settings: Settings,
    /// The token against request forgery, if there is one.
    pub csrf: Option<Csrf>,
    /// The place where the target sends a user who signed in for another application (OpenID
    /// Connect); redirects are followed up to there.
    pub redirect_uri: Option<String>,
    flows: BTreeMap<Flow, Vec<AdapterStep>>,
}

impl Adapter {
    /// Reads an adapter. `file` is the name that mistakes show.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<TomlMistake>> {
        check::adapter(file, text)
    }

    /// Reads an adapter file.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let file = path.display().to_string();
        let text = storage::read_text(path, Limit::SETTINGS).map_err(|error| match error {
            ReadError::System { source, .. } => LoadError::Read { file: file.clone(), source },
            other => LoadError::Content(other),
        })?;
        Ok(Self::parse(&file, &text)?)
    }

    /// The steps of a flow; none if the adapter does not have it.
    pub fn steps(&self, flow: Flow) -> &[AdapterStep] {
        self.flows.get(&flow).map_or(&[], Vec::as_slice)
    }

    /// True if the adapter has this flow.
    pub fn has(&self, flow: Flow) -> bool {
        !self.steps(flow).is_empty()
    }

    /// True if a request of this flow carries this variable.
    pub fn sends(&self, flow: Flow, variable: &str) -> bool {
        self.steps(flow).iter().flat_map(variables).any(|one| one.name == variable)
    }
}

/// The schema of adapter files, so that editors complete them.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(document::AdapterDocument)
}

/// The error of an adapter that could not be loaded.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum LoadError {
    #[error("cannot read the adapter {file}")]
    Read { file: String, source: std::io::Error },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Content(ReadError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mistake(#[from] Box<TomlMistake>),
}

/// The status of an adapter: known to work or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It has been run against the real thing.
    Tested,
    /// It was written from documents; it is neither detected nor counted.
    Untested,
}

/// The accounts that a run can use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// The mode.
    pub mode: AccountMode,
    /// The most credentials that an account may hold, if there is a limit.
    pub max_credentials: Option<usize>,
    /// The accounts of a pool, each a set of inputs (`username`, `password` …).
    pub pool: Vec<BTreeMap<String, String>>,
}

impl Accounts {
    /// True if two people can have accounts.
    pub fn has_two(&self) -> bool {
        match self.mode {
            AccountMode::Fresh => true,
            AccountMode::Pool => self.pool.len() >= 2,
            AccountMode::Single => false,
        }
    }
}

/// The source of accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountMode {
    /// As many new ones as wanted.
    #[default]
    Fresh,
    /// A fixed set, prepared by hand.
    Pool,
    /// One that all actors share.
    Single,
}

/// The settings that an adapter can choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The requirement of user verification.
    pub user_verification: SettingValues,
    /// The attestation conveyance.
    pub attestation: SettingValues,
    /// With or without a username.
    pub login: SettingValues,
    /// The algorithms that registration options list.
    pub algorithms: SettingValues,
    /// The mode in which the page asks its browser: `optional`, or `conditional` for ceremonies
    /// without a dialogue. Options do not have it; the RP must know.
    pub mediation: SettingValues,
    /// The framing of the ceremony by a page of another site, which the RP then expects: `none` or
    /// `expected`.
    pub framing: SettingValues,
}

/// One setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SettingValues {
    /// Only the options have it.
    #[default]
    Observed,
    /// A request can ask for any of these.
    Choose(Vec<String>),
    /// It is always this.
    Fixed(String),
}

impl SettingValues {
    /// The values that a run can have; none if only the options have it.
    pub fn values(&self) -> &[String] {
        match self {
            Self::Observed => &[],
            Self::Choose(values) => values,
            Self::Fixed(value) => std::slice::from_ref(value),
        }
    }
}

/// A token against request forgery, sent as a header on unsafe methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csrf {
    /// The place of the token.
    pub source: CsrfSource,
    /// The header that carries it.
    pub header: HeaderName,
}

/// The place of a token against request forgery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsrfSource {
    /// In a cookie of that name.
    Cookie(String),
    /// In a captured variable.
    Variable(String),
}

passrig_authenticator::named_enum! {
    /// The abilities of an adapter, each a list of steps.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub enum Flow {
        /// Makes an account.
        Provision = "provision",
        /// Signs in without a passkey.
        Login = "login",
        /// Registers a credential.
        Register = "register",
        /// Uses a credential.
        Authenticate = "authenticate",
        /// Lists the account's credentials.
        List = "list",
        /// Removes a credential.
        Remove = "remove",
        /// Asks who is signed in.
        Whoami = "whoami",
        /// Signs out.
        Logout = "logout",
        /// Deletes the account.
        Close = "close",
        /// Gets ready for the loss of the passkey: recovery codes, an address.
        Prepare = "prepare",
        /// Signs in again without any passkey.
        Recover = "recover",
        /// Distinguishes this target from others, without finishing a ceremony.
        Detect = "detect",
    }
}

impl Flow {
    /// True if it is one of the two ceremonies.
    pub fn is_ceremony(self) -> bool {
        matches!(self, Self::Register | Self::Authenticate)
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Ceremony> for Flow {
    fn from(ceremony: Ceremony) -> Self {
        match ceremony {
            Ceremony::Registration => Self::Register,
            Ceremony::Authentication => Self::Authenticate,
        }
    }
}

/// One HTTP request and what its answer is good for.
#[derive(Clone, Debug)]
pub struct AdapterStep {
    /// The action of the step.
    pub act: StepAction,
    /// The request line, as the adapter has it.
    pub line: String,
    /// The variable without which the step is left out.
    pub when: Option<Variable>,
    /// The variable with which the step is left out.
    pub unless: Option<Variable>,
    /// The query.
    pub query: Vec<(String, Text)>,
    /// Headers beyond those that a browser sends.
    pub headers: Vec<(HeaderName, Text)>,
    /// The body.
    pub body: BodyTemplate,
    /// True if redirects are followed.
    pub follow: bool,
    /// The values that are kept from the answer.
    pub captures: Vec<Capture>,
    /// Variables that are forgotten after it.
    pub forgets: Vec<String>,
    /// The role of the step.
    pub role: StepRole,
}

impl AdapterStep {
    /// Nothing but the request.
    fn new(act: StepAction) -> Self {
        Self {
            act,
            line: String::new(),
            when: None,
            unless: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: BodyTemplate::Empty,
            follow: false,
            captures: Vec::new(),
            forgets: Vec::new(),
            role: StepRole::Prepare(Vec::new()),
        }
    }
}

/// The action of a step.
#[derive(Clone, Debug)]
pub enum StepAction {
    /// A request of its own.
    Request {
        /// The method.
        method: Method,
        /// The destination.
        address: Address,
    },
    /// A form of the page that was loaded last, with all that it holds.
    Submit(Selector),
    /// Nothing: a mail to this address is waited for, and is the answer.
    Mail(Text),
    /// A program, with its arguments: what it prints is the answer.
    Run(Vec<Text>),
}

/// The destination of a request.
#[derive(Clone, Debug)]
pub enum Address {
    /// Below base and prefix.
    Path(Text),
    /// The destination of a URL in a variable, from the page loaded last; or a URL that the
    /// adapter names.
    Url(Text),
}

impl Address {
    /// The template.
    pub fn text(&self) -> &Text {
        match self {
            Self::Path(text) | Self::Url(text) => text,
        }
    }
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum BodyTemplate {
    /// None.
    Empty,
    /// JSON.
    Json(ValueTemplate),
    /// CBOR; the binary members of the credential are byte strings.
    Cbor(ValueTemplate),
    /// `application/x-www-form-urlencoded`
    Form(Vec<(String, Text)>),
    /// `multipart/form-data`
    Multipart(Vec<(String, Text)>),
    /// Plain text.
    Text(Text),
}

/// The role of a step in its flow.
#[derive(Clone, Debug)]
pub enum StepRole {
    /// It prepares the next one. With conditions, one of them must hold;
    /// without, the answer must not be an error.
    Prepare(Vec<Condition>),
    /// Its answer holds the options.
    Options {
        /// The place of the options.
        at: OptionsSource,
        /// Answers that hold them; a 2xx, if none is named.
        expected: Vec<Condition>,
        /// The answers of a target that makes none for this request.
        refused: Vec<Condition>,
    },
    /// It carries the credential; its answer is the verdict.
    Credential(Finish),
    /// Its answer names the user who is signed in.
    Whoami {
        /// Holds if a user is signed in.
        signed_in: Condition,
        /// The place of the user's name.
        user: Option<ValueSource>,
    },
    /// Its answer lists the credentials.
    List {
        /// The place of their ids.
        credential_ids: ValueSource,
        /// The place of the names under which they can be removed, if these are
        /// not the credential ids; in the same order.
        record_ids: Option<ValueSource>,
    },
}

/// The source of the options.
#[derive(Clone, Debug)]
pub enum OptionsSource {
    /// Somewhere in the answer, whole.
    Found(ValueSource),
    /// Nowhere: the page's script puts them together, and so does the adapter,
    /// of what was captured.
    Assembled(ValueTemplate),
}

/// The form in which the credential is sent, and the meaning of the answers.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Changes of the credential before it is sent.
    pub edits: Vec<CredentialEdit>,
    /// The answers that mean accepted.
    pub accepted: Vec<Condition>,
    /// The answers that mean refused; looked at first.
    pub refused: Vec<Condition>,
}

/// A change of form that a relying party demands of the credential.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialEdit {
    /// The member, as names from the root.
    pub path: Vec<String>,
    /// The change.
    pub change: MemberChange,
}

/// The change of a member.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange {
    /// It gets another name.
    Rename(String),
    /// It gets this value.
    Set(Json),
    /// It is left out.
    Drop,
    /// It becomes a text with its JSON in it.
    Stringify,
    /// Bytes in it are written in this form; an object's, in its members.
    Binary(Binary),
}

/// A value to keep from an answer.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The variable that it becomes.
    pub name: String,
    /// The place of the value.
    pub source: ValueSource,
}

/// A JSONPath and its text.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    path: JsonPath,
}

impl Query {
    fn parse(text: &str) -> Result<Self, serde_json_path::ParseError> {
        Ok(Self { text: text.to_owned(), path: JsonPath::parse(text)? })
    }

    /// Everything that it finds, in order.
    pub fn all<'v>(&self, value: &'v serde_json::Value) -> Vec<&'v serde_json::Value> {
        self.path.query(value).all()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
