//! Variables that a caller supplies to a flow, and the filling in of templates.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as JsonValue;

use passrig_authenticator::wire::{Cbor, Json};

use super::adapter::{Part, SettingValues, Settings, Text, ValueForm, ValueTemplate, Variable};
use super::credential::BinaryNames;
use super::session::Session;

/// Everything but the unreserved characters (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The variables that the caller sets, and the check that it works for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    check: String,
    values: BTreeMap<String, String>,
}

impl Inputs {
    /// Inputs for the check of this id, which every request names in its `X-Passrig-Check` header
    /// if the target [names checks](crate::target_rp::Target::names_checks).
    pub fn new(check: impl Into<String>) -> Self {
        Self { check: check.into(), values: BTreeMap::new() }
    }

    /// Sets a variable: `username`, `display_name`, `email`, `password`,
    /// `user_id`; for a removal `credential_id` and `record_id`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Takes a variable away: without `username`, an authentication is one for
    /// a discoverable credential.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.values.remove(name);
        self
    }

    /// Sets a setting: `user_verification`, `attestation` or `algorithms`.
    #[must_use]
    pub fn with_setting(self, name: &str, value: impl Into<String>) -> Self {
        self.with(format!("setting.{name}"), value)
    }

    /// A variable.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The id of the check.
    pub fn check(&self) -> &str {
        &self.check
    }
}

/// True if a variable of this name says who a user is.
pub(super) fn names_a_user(name: &str) -> bool {
    matches!(name, "username" | "display_name" | "email" | "user_id")
}

pub(super) fn is_public(name: &str) -> bool {
    names_a_user(name)
        || matches!(name, "credential_id" | "record_id" | "oidc.challenge")
        || name.starts_with("setting.")
}

/// A variable that a request needs and nothing has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unset(pub(super) String);

/// The variables of a template at one moment.
pub(super) struct TemplateScope<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) settings: &'a Settings,
    pub(super) origin: &'a str,
    /// Variables captured when the ceremony began, perhaps in another session.
    pub(super) begun: &'a BTreeMap<String, JsonValue>,
    pub(super) session: &'a Session,
    pub(super) credential: Option<&'a Json>,
}

impl TemplateScope<'_> {
    /// The value of a variable. Members that the credential does not have are
    /// absent, never an error: a deviation may have taken them away.
    fn lookup(&self, variable: &Variable) -> Result<Option<Json>, Unset> {
        if let Some(path) = variable.credential_path() {
            return Ok(self.credential.and_then(|json| member(json, path)).cloned());
        }
        let name = variable.name.as_str();
        let fixed = match name {
            "origin" => Some(self.origin),
            "setting.user_verification" => fixed(&self.settings.user_verification),
            "setting.attestation" => fixed(&self.settings.attestation),
            "setting.algorithms" => fixed(&self.settings.algorithms),
            "setting.mediation" => fixed(&self.settings.mediation),
            "setting.framing" => fixed(&self.settings.framing),
            _ => None,
        };
        let given = self.inputs.value(name).or(fixed).map(Json::text);
        let captured = self.begun.get(name).or_else(|| self.session.variable(name)).map(Json::from);
        match given.or(captured) {
            None if !variable.optional => Err(Unset(name.to_owned())),
            found => Ok(found),
        }
    }

    pub(super) fn has(&self, variable: &Variable) -> bool {
        matches!(self.lookup(variable), Ok(Some(_)))
    }

    /// The text, each variable through `encode`; `None` if a variable in it is
    /// absent and may be.
    fn fill(&self, text: &Text, encode: fn(&str) -> String) -> Result<Option<String>, Unset> {
        let mut out = String::new();
        for part in &text.0 {
            match part {
                Part::Literal(literal) => out.push_str(literal),
                Part::Variable(variable) => match self.lookup(variable)? {
                    Some(value) => out.push_str(&encode(&as_text(&value, variable.form))),
                    // Credential members are not optional, and still may be gone.
                    None if variable.optional || text.0.len() == 1 => return Ok(None),
                    None => {}
                },
            }
        }
        Ok(Some(out))
    }

    pub(super) fn text(&self, text: &Text) -> Result<Option<String>, Unset> {
        self.fill(text, str::to_owned)
    }

    pub(super) fn path(&self, text: &Text) -> Result<String, Unset> {
        Ok(self
            .fill(text, |value| utf8_percent_encode(value, ESCAPED).to_string())?
            .unwrap_or_default())
    }

    /// A URL that was captured, as it is.
    pub(super) fn url(&self, text: &Text) -> Result<String, Unset> {
        Ok(self.text(text)?.unwrap_or_default())
    }

    pub(super) fn fields(&self, fields: &[(String, Text)]) -> Result<Vec<(String, String)>, Unset> {
        let mut there = Vec::new();
        for (name, text) in fields {
            there.extend(self.text(text)?.map(|value| (name.clone(), value)));
        }
        Ok(there)
    }

    /// The value; `None` if it is an absent variable.
    pub(super) fn json(&self, value: &ValueTemplate) -> Result<Option<Json>, Unset> {
        Ok(Some(match value {
            ValueTemplate::Whole(variable) => {
                let value = self.lookup(variable)?;
                return Ok(match variable.form {
                    ValueForm::AsItIs => value,
                    form => value.map(|value| Json::text(as_text(&value, form))),
                });
            }
            ValueTemplate::Text(text) => match self.text(text)? {
                Some(text) => Json::text(text),
                None => return Ok(None),
            },
            ValueTemplate::Number(number) => Json::Number(number.clone()),
            ValueTemplate::Bool(value) => Json::Bool(*value),
            ValueTemplate::Array(items) => {
                let mut out = Vec::new();
                for item in items {
                    out.extend(self.json(item)?);
                }
                Json::Array(out)
            }
            ValueTemplate::Object(members) => {
                let mut out = Vec::new();
                for (name, member) in members {
                    out.extend(self.json(member)?.map(|json| (name.clone(), json)));
                }
                Json::Object(out)
            }
        }))
    }

    /// The value as CBOR; `None` if it is an absent variable. The type of a member of the credential
    /// follows from its name in the credential, not from its name in the request.
    pub(super) fn cbor(
        &self,
        name: &str,
        value: &ValueTemplate,
        binary: &BinaryNames<'_>,
    ) -> Result<Option<Cbor>, Unset> {
        Ok(Some(match value {
            ValueTemplate::Whole(variable) if variable.form == ValueForm::AsItIs => {
                let own = variable.credential_path().and_then(|path| path.rsplit('.').next());
                let value = self.lookup(variable)?;
                return Ok(value.map(|value| binary.cbor(own.unwrap_or(name), &value)));
            }
            ValueTemplate::Array(items) => {
                let mut out = Vec::new();
                for item in items {
                    out.extend(self.cbor("", item, binary)?);
                }
                Cbor::array(out)
            }
            ValueTemplate::Object(members) => {
                let mut out = Vec::new();
                for (name, member) in members {
                    let value = self.cbor(name, member, binary)?;
                    out.extend(value.map(|value| (Cbor::text(name.clone()), value)));
                }
                Cbor::map(out)
            }
            other => return Ok(self.json(other)?.map(|value| binary.cbor(name, &value))),
        }))
    }
}

pub(super) fn member<'j>(credential: &'j Json, path: &str) -> Option<&'j Json> {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    names.try_fold(credential, |json, name| json.member(name))
}

fn fixed(setting: &SettingValues) -> Option<&str> {
    match setting {
        SettingValues::Fixed(value) => Some(value),
        SettingValues::Observed | SettingValues::Choose(_) => None,
    }
}

/// A string as itself, a list that is to be joined item by item, everything
/// else as JSON.
fn as_text(value: &Json, form: ValueForm) -> String {
    if let (Json::Array(items), ValueForm::Joined) = (value, form) {
        let items: Vec<_> = items.iter().map(|item| as_text(item, ValueForm::Text)).collect();
        return items.join(",");
    }
    value.as_text().unwrap_or_else(|| String::from_utf8_lossy(&value.render()).into_owned())
}
