//! The ceremonies of a recording.

use serde_json::Value;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;

use super::har::{HarBody, HarEntry};

/// A ceremony: the request that carried the credential, and the answer that held
/// the options.
#[derive(Clone, Debug)]
pub(super) struct FoundCeremony {
    pub(super) ceremony: Ceremony,
    pub(super) finish: usize,
    pub(super) carried: CredentialPlace,
    /// Absent, if no answer before has its challenge.
    pub(super) begin: Option<(usize, OptionsAt)>,
    pub(super) challenge: String,
    /// True if the options list credentials, so that it was known whose they are.
    pub(super) lists_credentials: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum CredentialPlace {
    Object(Vec<JsonKey>),
    Text(Vec<JsonKey>),
    /// As JSON in a field of a form.
    Field(String),
    /// Member by member in the fields of a form.
    Fields,
}

/// A step into JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum JsonKey {
    Name(String),
    Index(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum OptionsAt {
    /// At these paths: the second is into the text that the first finds.
    Json(Vec<Vec<JsonKey>>),
    Page,
}

impl OptionsAt {
    /// The options in this answer, if they stand there as such.
    fn of(&self, entry: &HarEntry) -> Option<Value> {
        let Self::Json(paths) = self else { return None };
        paths.iter().try_fold(entry.json()?, |body, path| at(&body, path))
    }
}

/// The value at a path; JSON in a text, if it is such a text.
pub(super) fn at(value: &Value, path: &[JsonKey]) -> Option<Value> {
    let mut found = value;
    for key in path {
        found = match key {
            JsonKey::Name(name) => found.get(name)?,
            JsonKey::Index(index) => found.get(index)?,
        };
    }
    match found {
        Value::String(inner) => serde_json::from_str(inner).ok(),
        other => Some(other.clone()),
    }
}

pub(super) fn options_in(body: &Value, challenge: &str) -> Option<Value> {
    options(body, challenge)?.iter().try_fold(body.clone(), |body, path| at(&body, path))
}

/// Every ceremony that came to an end, in order.
pub(super) fn ceremonies(entries: &[HarEntry]) -> Vec<FoundCeremony> {
    let ends = entries.iter().enumerate().filter_map(|(index, entry)| {
        let (carried, credential) = carried(&entry.body)?;
        let ceremony = ceremony(&credential)?;
        let challenge = challenge(&credential)?;
        let begin = begin(entries.get(..index)?, &challenge);
        let lists_credentials = begin.as_ref().is_some_and(|(at, options)| {
            let options = entries.get(*at).and_then(|entry| options.of(entry));
            let listed = options.as_ref().and_then(|options| options.get("allowCredentials"));
            listed.and_then(Value::as_array).is_some_and(|listed| !listed.is_empty())
        });
        Some(FoundCeremony {
            ceremony,
            finish: index,
            carried,
            begin,
            challenge,
            lists_credentials,
        })
    });
    ends.collect()
}

/// Where in a body there is a credential, and which.
fn carried(body: &HarBody) -> Option<(CredentialPlace, Value)> {
    match body {
        HarBody::Json(value) => {
            let mut found = None;
            visit(value, &mut Vec::new(), &mut |path, value| {
                if found.is_some() {
                    return;
                }
                if is_credential(value) {
                    found = Some((CredentialPlace::Object(path.to_vec()), value.clone()));
                } else if let Some(inner) = inside(value).filter(is_credential) {
                    found = Some((CredentialPlace::Text(path.to_vec()), inner));
                }
            });
            found
        }
        HarBody::Form(fields) => {
            let whole = fields.iter().find_map(|(name, value)| {
                let inner = serde_json::from_str(value).ok().filter(is_credential)?;
                Some((CredentialPlace::Field(name.clone()), inner))
            });
            let members = || {
                let members =
                    fields.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
                let response = Value::Object(members.collect());
                let credential = serde_json::json!({ "response": response });
                is_credential(&credential).then_some((CredentialPlace::Fields, credential))
            };
            whole.or_else(members)
        }
        HarBody::Nothing | HarBody::Other => None,
    }
}

/// The JSON in a text.
fn inside(value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['{', '[']))?;
    serde_json::from_str(text).ok()
}

fn is_credential(value: &Value) -> bool {
    member(value, "clientDataJSON").is_some() && ceremony(value).is_some()
}

fn ceremony(credential: &Value) -> Option<Ceremony> {
    if member(credential, "attestationObject").is_some() {
        return Some(Ceremony::Registration);
    }
    member(credential, "signature").map(|_| Ceremony::Authentication)
}

/// A member of the response, in whatever case its name is written.
pub(super) fn member<'v>(credential: &'v Value, name: &str) -> Option<(&'v String, &'v Value)> {
    let response = credential.get("response")?.as_object()?;
    response.iter().find(|(known, value)| known.eq_ignore_ascii_case(name) && value.is_string())
}

fn challenge(credential: &Value) -> Option<String> {
    let (_, client_data) = member(credential, "clientDataJSON")?;
    let octets = base64url::decode_lenient(client_data.as_str()?).ok()?;
    let client_data: Value = serde_json::from_slice(&octets).ok()?;
    client_data.get("challenge")?.as_str().map(str::to_owned)
}

/// The last answer before that has this challenge.
fn begin(before: &[HarEntry], challenge: &str) -> Option<(usize, OptionsAt)> {
    before.iter().enumerate().rev().find_map(|(index, entry)| {
        if let Some(path) = entry.json().and_then(|body| options(&body, challenge)) {
            return Some((index, OptionsAt::Json(path)));
        }
        entry.answer.contains(challenge).then_some((index, OptionsAt::Page))
    })
}

fn options(body: &Value, challenge: &str) -> Option<Vec<Vec<JsonKey>>> {
    let mut found = None;
    visit(body, &mut Vec::new(), &mut |path, value| {
        let holds = |value: &Value| {
            let held = value.get("challenge").and_then(Value::as_str);
            held.is_some_and(|held| same(held, challenge))
        };
        if found.is_some() {
        } else if holds(value) {
            found = Some(vec![path.to_vec()]);
        } else if let Some(inner) = inside(value)
            && let Some(mut deeper) = options(&inner, challenge)
        {
            let mut paths = vec![path.to_vec()];
            paths.append(&mut deeper);
            found = Some(paths);
        }
    });
    found
}

/// True if two texts stand for the same bytes.
fn same(a: &str, b: &str) -> bool {
    match (base64url::decode_lenient(a), base64url::decode_lenient(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Every value, the outer ones first.
pub(super) fn visit(
    value: &Value,
    path: &mut Vec<JsonKey>,
    see: &mut dyn FnMut(&[JsonKey], &Value),
) {
    see(path, value);
    let mut below = |key: JsonKey, value: &Value| {
        path.push(key);
        visit(value, path, see);
        path.pop();
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| below(JsonKey::Name(name.clone()), value));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| below(JsonKey::Index(index), value));
        }
        _ => {}
    }
}

pub(super) fn json_path(path: &[JsonKey]) -> String {
    let mut out = String::from("$");
    for key in path {
        match key {
            JsonKey::Name(name) if is_plain(name) => out.push_str(&format!(".{name}")),
            JsonKey::Name(name) => out.push_str(&format!("[{}]", Value::from(name.as_str()))),
            JsonKey::Index(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}

fn is_plain(name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(part) && !name.starts_with(|c: char| c.is_ascii_digit())
}
