//! The adapter file as it is written: TOML with the place of everything that
//! may be wrong.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use toml::Spanned;

use super::{Mode, Status};

type Place = Spanned<String>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) id: Place,
    pub(super) name: String,
    pub(super) status: Status,
    #[serde(default)]
    pub(super) prefix: Option<Place>,
    pub(super) embedder: Option<String>,
    pub(super) account: Option<Spanned<Account>>,
    #[serde(default)]
    pub(super) settings: Settings,
    #[serde(default)]
    pub(super) csrf: Option<Spanned<Csrf>>,
    #[serde(default)]
    pub(super) provision: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) login: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) register: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) authenticate: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) list: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) remove: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) whoami: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) logout: Vec<Spanned<Step>>,
    #[serde(default)]
    pub(super) close: Vec<Spanned<Step>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    #[serde(default)]
    pub(super) mode: Mode,
    pub(super) max_credentials: Option<usize>,
    #[serde(default)]
    pub(super) pool: Vec<BTreeMap<Place, String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) user_verification: Option<Spanned<Setting>>,
    pub(super) attestation: Option<Spanned<Setting>>,
    pub(super) login: Option<Spanned<Setting>>,
    pub(super) algorithms: Option<Spanned<Setting>>,
    pub(super) mediation: Option<Spanned<Setting>>,
    pub(super) framing: Option<Spanned<Setting>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    pub(super) choose: Option<Vec<Place>>,
    pub(super) fixed: Option<Place>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Csrf {
    pub(super) cookie: Option<String>,
    pub(super) variable: Option<Place>,
    pub(super) header: Place,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) request: Place,
    pub(super) when: Option<Place>,
    #[serde(default)]
    pub(super) query: BTreeMap<String, Place>,
    #[serde(default)]
    pub(super) headers: BTreeMap<Place, Place>,
    pub(super) json: Option<Spanned<Node>>,
    pub(super) form: Option<Spanned<BTreeMap<String, Place>>>,
    #[serde(default)]
    pub(super) follow: bool,
    #[serde(default)]
    pub(super) capture: BTreeMap<Place, Spanned<Source>>,
    pub(super) options: Option<Place>,
    pub(super) credential: Option<Spanned<Credential>>,
    pub(super) accepted: Option<Spanned<Vec<Spanned<Condition>>>>,
    pub(super) refused: Option<Spanned<Vec<Spanned<Condition>>>>,
    pub(super) expect: Option<Spanned<Vec<Spanned<Condition>>>>,
    pub(super) signed_in: Option<Spanned<Condition>>,
    pub(super) user: Option<Place>,
    pub(super) credential_ids: Option<Place>,
    pub(super) record_ids: Option<Place>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Source {
    Status,
    Header(String),
    Cookie(String),
    Json(Place),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    #[serde(default)]
    pub(super) rename: BTreeMap<Place, String>,
    #[serde(default)]
    pub(super) set: BTreeMap<Place, Spanned<Node>>,
    #[serde(default)]
    pub(super) drop: Vec<Place>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) status: Option<Vec<Spanned<Node>>>,
    pub(super) json: Option<Place>,
    pub(super) equals: Option<Spanned<Node>>,
    pub(super) header: Option<Place>,
    pub(super) contains: Option<Place>,
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
            // How the parser hands over a date; JSON has none.
            if name.starts_with("$__toml_private") {
                return Err(A::Error::custom("JSON has no dates; put it in quotes"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Node::Table(members))
    }
}
