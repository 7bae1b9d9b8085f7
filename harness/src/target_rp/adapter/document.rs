//! The adapter file as it is written: TOML with the place of everything that
//! may be wrong.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value as Json};

use super::{AccountMode, Binary, Status};
use crate::toml_file::Spanned;

/// An adapter: how a relying party is spoken to.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdapterDocument {
    /// Its id, as `--adapter` has it.
    pub(super) id: Spanned<String>,
    /// Its name for readers.
    pub(super) name: String,
    /// The status: run against the real thing or not.
    pub(super) status: Status,
    /// Stands before every path.
    #[serde(default)]
    pub(super) prefix: Option<Spanned<String>>,
    /// The origin of the page that frames the ceremony, if the RP expects one.
    pub(super) embedder: Option<String>,
    /// Variables that the user sets (`--var`).
    #[serde(default)]
    pub(super) variables: Vec<Spanned<String>>,
    /// The accounts that a run can use.
    pub(super) account: Option<Spanned<AccountTable>>,
    /// The settings that a request can ask for, and those that are always so.
    #[serde(default)]
    pub(super) settings: SettingsTable,
    /// The token against request forgery, sent with every request that is not GET or HEAD.
    #[serde(default)]
    pub(super) csrf: Option<Spanned<CsrfTable>>,
    /// The provider that passkeys sign in to for an application (OpenID Connect).
    pub(super) oidc: Option<Spanned<OidcTable>>,
    /// Makes an account.
    #[serde(default)]
    pub(super) provision: Vec<Spanned<StepTable>>,
    /// Signs in without a passkey.
    #[serde(default)]
    pub(super) login: Vec<Spanned<StepTable>>,
    /// Registers a credential.
    #[serde(default)]
    pub(super) register: Vec<Spanned<StepTable>>,
    /// Uses a credential.
    #[serde(default)]
    pub(super) authenticate: Vec<Spanned<StepTable>>,
    /// Lists the account's credentials.
    #[serde(default)]
    pub(super) list: Vec<Spanned<StepTable>>,
    /// Removes a credential.
    #[serde(default)]
    pub(super) remove: Vec<Spanned<StepTable>>,
    /// Asks who is signed in.
    #[serde(default)]
    pub(super) whoami: Vec<Spanned<StepTable>>,
    /// Signs out.
    #[serde(default)]
    pub(super) logout: Vec<Spanned<StepTable>>,
    /// Deletes the account.
    #[serde(default)]
    pub(super) close: Vec<Spanned<StepTable>>,
    /// Gets ready for the loss of the passkey, by asking for recovery codes or so.
    #[serde(default)]
    pub(super) prepare: Vec<Spanned<StepTable>>,
    /// Signs in again after the passkey was lost.
    #[serde(default)]
    pub(super) recover: Vec<Spanned<StepTable>>,
    /// Distinguishes this target from others, without finishing a ceremony.
    #[serde(default)]
    pub(super) detect: Vec<Spanned<StepTable>>,
    /// Flows of the adapter's own, by their names; a step with `flow` stands for their steps.
    #[serde(default)]
    pub(super) flow: BTreeMap<Spanned<String>, Vec<Spanned<StepTable>>>,
}

/// The accounts that a run can use.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountTable {
    /// The mode in which a run gets its accounts.
    #[serde(default)]
    pub(super) mode: AccountMode,
    /// The most passkeys that an account may hold.
    pub(super) max_credentials: Option<usize>,
    /// The accounts, each a set of variables.
    #[serde(default)]
    pub(super) pool: Vec<BTreeMap<Spanned<String>, String>>,
}

/// The settings that a request can ask for.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsTable {
    /// The requirement of user verification.
    pub(super) user_verification: Option<Spanned<SettingTable>>,
    /// The attestation conveyance.
    pub(super) attestation: Option<Spanned<SettingTable>>,
    /// With or without a user name.
    pub(super) login: Option<Spanned<SettingTable>>,
    /// The algorithms that registration options list.
    pub(super) algorithms: Option<Spanned<SettingTable>>,
    /// The mode in which the page asks its browser.
    pub(super) mediation: Option<Spanned<SettingTable>>,
    /// The framing of the ceremony by a page of another site.
    pub(super) framing: Option<Spanned<SettingTable>>,
}

/// A value that is chosen or always so.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingTable {
    /// It can be any of these.
    pub(super) choose: Option<Vec<Spanned<String>>>,
    /// It is always this.
    pub(super) fixed: Option<Spanned<String>>,
}

/// A token against request forgery.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CsrfTable {
    /// The cookie that has it.
    pub(super) cookie: Option<String>,
    /// The variable that has it.
    pub(super) variable: Option<Spanned<String>>,
    /// The header that carries it.
    pub(super) header: Spanned<String>,
}

/// A provider of OpenID Connect.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OidcTable {
    /// The path of the authorization endpoint.
    pub(super) authorize: Spanned<String>,
    /// The path of the token endpoint.
    pub(super) token: Spanned<String>,
    /// The application.
    pub(super) client_id: Spanned<String>,
    /// The URL at which the application waits for the code.
    pub(super) redirect_uri: Spanned<String>,
    /// The scope that is asked for.
    pub(super) scope: Option<Spanned<String>>,
}

/// One HTTP request, and what its answer is good for.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepTable {
    /// The request line: `METHOD /path`, or `METHOD {{url}}`.
    pub(super) request: Option<Spanned<String>>,
    /// Instead: a form of the page that was loaded last, by selector.
    pub(super) submit: Option<Spanned<String>>,
    /// Instead: waits for a mail to this address, which is the answer.
    pub(super) mail: Option<Spanned<String>>,
    /// Instead: runs a program; what it prints is the answer.
    pub(super) run: Option<Spanned<Vec<Spanned<String>>>>,
    /// Instead: all steps of this flow, and nothing beside it.
    pub(super) flow: Option<Spanned<String>>,
    /// Instead: a step of the authorization code flow.
    pub(super) oidc: Option<Spanned<OidcStep>>,
    /// A variable; the step is left out if nothing has set it.
    pub(super) when: Option<Spanned<String>>,
    /// A variable; the step is left out if it is set.
    pub(super) unless: Option<Spanned<String>>,
    /// Parameters of the query.
    #[serde(default)]
    pub(super) query: BTreeMap<String, Spanned<String>>,
    /// Headers beyond those of a browser.
    #[serde(default)]
    pub(super) headers: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The body, as JSON.
    #[schemars(with = "Option<Json>")]
    pub(super) json: Option<Spanned<Node>>,
    /// The body, as a form.
    pub(super) form: Option<Spanned<BTreeMap<String, Spanned<String>>>>,
    /// The body, as multipart/form-data.
    pub(super) multipart: Option<Spanned<BTreeMap<String, Spanned<String>>>>,
    /// The body, as CBOR.
    #[schemars(with = "Option<Json>")]
    pub(super) cbor: Option<Spanned<Node>>,
    /// The body, as plain text.
    pub(super) text: Option<Spanned<String>>,
    /// Redirects are followed if true.
    #[serde(default)]
    pub(super) follow: bool,
    /// Variables, and where their values are.
    #[serde(default)]
    pub(super) capture: BTreeMap<Spanned<String>, Spanned<WrittenSource>>,
    /// Variables that are forgotten after it.
    #[serde(default)]
    pub(super) forget: Vec<Spanned<String>>,
    /// The place of the options.
    pub(super) options: Option<Spanned<WrittenSource>>,
    /// The options, put together of variables.
    #[schemars(with = "Option<Json>")]
    pub(super) assemble: Option<Spanned<Node>>,
    /// Changes of the credential before it is sent.
    pub(super) credential: Option<Spanned<CredentialTable>>,
    /// The answers that mean accepted.
    pub(super) accepted: Option<Spanned<Vec<Spanned<ConditionTable>>>>,
    /// The answers that mean refused.
    pub(super) refused: Option<Spanned<Vec<Spanned<ConditionTable>>>>,
    /// The answers that are as they should be.
    pub(super) expect: Option<Spanned<Vec<Spanned<ConditionTable>>>>,
    /// Holds if a user is signed in.
    pub(super) signed_in: Option<Spanned<ConditionTable>>,
    /// The place of the user's name.
    pub(super) user: Option<Spanned<WrittenSource>>,
    /// The place of the ids of the credentials.
    pub(super) credential_ids: Option<Spanned<WrittenSource>>,
    /// The place of the names under which they are removed.
    pub(super) record_ids: Option<Spanned<WrittenSource>>,
}

impl StepTable {
    /// True if it names a flow and says nothing else.
    pub(super) fn is_of_a_flow_only(&self) -> bool {
        let texts = [&self.request, &self.submit, &self.mail, &self.when, &self.unless, &self.text];
        let others = [
            self.run.is_some() || self.oidc.is_some(),
            self.json.is_some() || self.form.is_some(),
            self.multipart.is_some() || self.cbor.is_some(),
            self.options.is_some() || self.assemble.is_some() || self.credential.is_some(),
            self.accepted.is_some() || self.refused.is_some() || self.expect.is_some(),
            self.signed_in.is_some() || self.user.is_some(),
            self.credential_ids.is_some() || self.record_ids.is_some(),
            self.follow || !self.query.is_empty() || !self.headers.is_empty(),
            !self.capture.is_empty() || !self.forget.is_empty(),
        ];
        self.flow.is_some() && texts.into_iter().all(Option::is_none) && !others.contains(&true)
    }
}

/// A step of an authorization code flow with PKCE.
#[derive(Clone, Copy, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OidcStep {
    /// Asks for the page to sign in at.
    Authorize,
    /// Redeems the code.
    Token,
}

/// The place of a value: a JSONPath into the body, `status`, `url`, or a table.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum WrittenSource {
    Text(String),
    Table(Box<SourceTable>),
}

/// The place of a value, and the changes of it.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceTable {
    /// A header.
    pub(super) header: Option<Spanned<String>>,
    /// A cookie.
    pub(super) cookie: Option<Spanned<String>>,
    /// Elements of the page, by selector.
    pub(super) html: Option<Spanned<String>>,
    /// The attribute of them; else their text.
    pub(super) attribute: Option<Spanned<String>>,
    /// A parameter of the URL.
    pub(super) parameter: Option<String>,
    /// An expression; its first group counts.
    pub(super) regex: Option<Spanned<String>>,
    /// The value is base64 of a text if true.
    #[serde(default)]
    pub(super) base64: bool,
    /// A JSONPath, or several, each into what the one before found.
    pub(super) json: Option<JsonPaths>,
    /// Texts that mean that there is nothing.
    pub(super) absent: Option<Vec<String>>,
    /// Other values for these texts.
    #[schemars(with = "Option<BTreeMap<String, Json>>")]
    pub(super) map: Option<BTreeMap<String, Spanned<Node>>>,
    /// A factor.
    pub(super) times: Option<f64>,
    /// The text between the pieces.
    pub(super) split: Option<String>,
    /// The form of bytes.
    pub(super) binary: Option<Binary>,
    /// The template of each value, with the value in the place of `{{item}}`.
    #[schemars(with = "Option<Json>")]
    pub(super) each: Option<Spanned<Node>>,
    /// Everything that is found counts if true.
    #[serde(default)]
    pub(super) all: bool,
    /// The value may be missing if true.
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum JsonPaths {
    One(Spanned<String>),
    Several(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for WrittenSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = WrittenSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSONPath, \"status\", \"url\" or a table")
    }

    fn visit_str<E>(self, value: &str) -> Result<WrittenSource, E> {
        Ok(WrittenSource::Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenSource, A::Error> {
        let table = SourceTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(WrittenSource::Table(Box::new(table)))
    }
}

impl<'de> Deserialize<'de> for JsonPaths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Spanned::<Node>::deserialize(deserializer)?;
        let text = |node: Spanned<Node>| {
            let span = node.span();
            match node.into_inner() {
                Node::Text(text) => Ok(Spanned::new(span, text)),
                _ => Err(D::Error::custom("a path is a text")),
            }
        };
        let span = node.span();
        match node.into_inner() {
            Node::Array(items) => {
                Ok(Self::Several(items.into_iter().map(text).collect::<Result<_, _>>()?))
            }
            other => Ok(Self::One(text(Spanned::new(span, other))?)),
        }
    }
}

/// The changes of a credential before it is sent.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialTable {
    /// Members that get another name.
    #[serde(default)]
    pub(super) rename: BTreeMap<Spanned<String>, String>,
    /// Members that get this value.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Json>")]
    pub(super) set: BTreeMap<Spanned<String>, Spanned<Node>>,
    /// Members that are left out.
    #[serde(default)]
    pub(super) drop: Vec<Spanned<String>>,
    /// Members that become a text with their JSON in it.
    #[serde(default)]
    pub(super) stringify: Vec<Spanned<String>>,
    /// The form of bytes.
    pub(super) binary: Option<Binary>,
}

/// A condition of an answer; all parts must hold.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConditionTable {
    /// A status, or a class such as `4xx`.
    #[schemars(with = "Option<Vec<Json>>")]
    pub(super) status: Option<Vec<Spanned<Node>>>,
    /// A JSONPath that finds something.
    pub(super) json: Option<Spanned<String>>,
    /// It finds this value.
    #[schemars(with = "Option<Json>")]
    pub(super) equals: Option<Spanned<Node>>,
    /// The header that carries it.
    pub(super) header: Option<Spanned<String>>,
    /// A selector that finds something.
    pub(super) html: Option<Spanned<String>>,
    /// The header or element has this text in it.
    pub(super) contains: Option<Spanned<String>>,
    /// The body has this text in it.
    pub(super) body: Option<String>,
}

/// Any TOML value, each part with its place.
pub(super) enum Node {
    Text(String),
    Number(Number),
    Bool(bool),
    Array(Vec<Spanned<Node>>),
    Table(Vec<(String, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Number::from_f64(value)
            .map(Node::Number)
            .ok_or_else(|| E::custom("JSON has no such number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            // The parser hands over a date in this way; JSON has none.
            if name.starts_with("$__toml_private") {
                return Err(A::Error::custom("JSON has no dates; put it in quotes"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Node::Table(members))
    }
}
