//! Values out of an answer.

use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::json::without_lone_surrogates;
use regex::Regex;
use serde_json::Value;
use url::Url;

use super::adapter::{AnswerPart, Binary, Query, Refinement, ValueSource};
use super::error::ErrorKind;
use super::log::Log;
use super::page::{self, Elements};
use super::session::Session;
use super::transport::HttpResponse;
use super::verdict;

/// The most values that one place of an answer has, and the most bytes of texts in a page.
const MOST_VALUES: usize = 30_000;
const MOST_BYTES: usize = 8 << 20;

/// An answer and everything that can be read of it.
pub(super) struct AnswerContext<'a> {
    pub(super) response: &'a HttpResponse,
    /// The URL at which the step ended, after redirects.
    pub(super) url: &'a Url,
    pub(super) session: &'a Session,
    /// The place of the session's cookies.
    pub(super) base: &'a Url,
    pub(super) log: &'a Log,
}

/// The reason for a missing value.
pub(super) enum Missing {
    /// The answer has nothing there.
    Nothing(String),
    /// The value is there, and cannot be read.
    Unreadable(ErrorKind),
}

impl AnswerContext<'_> {
    /// Everything that is found, in order; empty if nothing is and the source
    /// may be missing.
    pub(super) fn find(&self, source: &ValueSource) -> Result<Vec<Value>, Missing> {
        match self.found(source) {
            Err(Missing::Nothing(_)) if source.optional => Ok(Vec::new()),
            other => other,
        }
    }

    /// The value: a list if all that is found counts, else the first.
    pub(super) fn value(&self, source: &ValueSource) -> Result<Option<Value>, Missing> {
        let found = self.find(source)?;
        Ok(match source.all {
            true => Some(Value::Array(found)),
            false => found.into_iter().next(),
        })
    }

    fn found(&self, source: &ValueSource) -> Result<Vec<Value>, Missing> {
        let (mut found, refinements) = match (&source.place, source.refinements.split_first()) {
            (AnswerPart::Body, Some((Refinement::Json(query), others))) => {
                let body = self.json().map_err(Missing::Unreadable)?;
                (self.queried(body, query, &source.place)?, others)
            }
            _ => (self.look(source)?, source.refinements.as_slice()),
        };
        for refinement in refinements {
            // Absent is not missing: nothing is what the answer says.
            if found.is_empty() {
                break;
            }
            found = self.refined(found, refinement, &source.place)?;
        }
        Ok(found)
    }

    /// The value, as text or as it is.
    fn look(&self, source: &ValueSource) -> Result<Vec<Value>, Missing> {
        let one = |text: Option<&str>, what: String| match text {
            Some(text) => Ok(vec![Value::from(text)]),
            None => Err(Missing::Nothing(what)),
        };
        match &source.place {
            AnswerPart::Status => Ok(vec![Value::from(self.response.status.as_u16())]),
            AnswerPart::Header(name) => {
                let header = self.response.header(name.as_str());
                one(header, format!("the answer has no header `{name}`"))
            }
            AnswerPart::Cookie(name) => {
                let cookie = self.session.cookie(name, self.base);
                one(cookie, format!("there is no cookie `{name}`"))
            }
            AnswerPart::Url => Ok(vec![Value::from(self.url.as_str())]),
            AnswerPart::Body => Ok(vec![Value::from(self.response.text())]),
            AnswerPart::Html { selector, attribute } => {
                let elements = Elements::of(&self.response.text());
                let mut bytes = 0;
                let texts: Vec<Value> = elements
                    .selected(selector)
                    .filter_map(|element| match attribute {
                        Some(name) => element.attributes.get(name).map(String::as_str),
                        None => Some(elements.text(element)),
                    })
                    // The text of an element is also that of each element around it.
                    .take_while(|text| {
                        let is_first = bytes == 0;
                        bytes += text.len();
                        is_first || bytes <= MOST_BYTES
                    })
                    .take(MOST_VALUES)
                    .map(Value::from)
                    .collect();
                match texts.is_empty() {
                    true if source.all => Ok(texts),
                    true => Err(Missing::Nothing(self.no_element(source))),
                    false => Ok(texts),
                }
            }
        }
    }

    fn no_element(&self, source: &ValueSource) -> String {
        let forms = self.log.quoted(&page::forms(&self.response.text()));
        format!("no match for {source}; {forms}")
    }

    fn refined(
        &self,
        found: Vec<Value>,
        refinement: &Refinement,
        place: &AnswerPart,
    ) -> Result<Vec<Value>, Missing> {
        let mut refined = Vec::new();
        // The first that something can be made of is the one that is meant;
        // only if there is none, something is missing.
        let mut missing = None;
        for value in found {
            match self.made(value, refinement, place) {
                Ok(made) => {
                    let room = MOST_VALUES.saturating_sub(refined.len());
                    refined.extend(made.into_iter().take(room));
                }
                Err(nothing) => missing = missing.or(Some(nothing)),
            }
        }
        match missing {
            Some(missing) if refined.is_empty() => Err(missing),
            _ => Ok(refined),
        }
    }

    /// The result of a refinement of one value.
    fn made(
        &self,
        value: Value,
        refinement: &Refinement,
        place: &AnswerPart,
    ) -> Result<Vec<Value>, Missing> {
        let nothing = |reason: String| Err(Missing::Nothing(reason));
        match refinement {
            Refinement::Parameter(name) => {
                let parameter = text(&value).and_then(|text| parameter(&text, self.url, name));
                match parameter {
                    Some(value) => Ok(vec![Value::from(value)]),
                    None => nothing(format!("the URL has no parameter `{name}`")),
                }
            }
            Refinement::Regex(regex) => match text(&value).and_then(|text| matched(regex, &text)) {
                Some(found) => Ok(vec![Value::from(found)]),
                None => nothing(format!("no match for the expression {regex}")),
            },
            Refinement::Base64 => {
                let octets = text(&value).and_then(|t| base64url::decode_lenient(t.trim()).ok());
                match octets.and_then(|octets| String::from_utf8(octets).ok()) {
                    Some(text) => Ok(vec![Value::from(text)]),
                    None => nothing("what is there is not the base64 of a text".to_owned()),
                }
            }
            Refinement::Json(query) => self.queried(&value, query, place),
            Refinement::Split(at) => {
                let text = text(&value).unwrap_or_default();
                let pieces = text.split(at.as_str()).map(str::trim);
                let pieces = pieces.filter(|piece| !piece.is_empty()).take(MOST_VALUES);
                Ok(pieces.map(Value::from).collect())
            }
            Refinement::Absent(texts) => {
                let is_absent = text(&value).is_some_and(|text| texts.contains(&text));
                Ok((!is_absent).then_some(value).into_iter().collect())
            }
            Refinement::Map(values) => {
                let mapped = text(&value).and_then(|text| values.get(&text).cloned());
                Ok(vec![mapped.unwrap_or(value)])
            }
            Refinement::Times(factor) => {
                let number = value.as_f64().or_else(|| text(&value)?.trim().parse().ok());
                match number {
                    Some(number) => Ok(vec![whole(number * factor)]),
                    None => nothing(format!("{value} is not a number")),
                }
            }
            Refinement::Binary(binary) => Ok(vec![binary.read(value)]),
            Refinement::Each(template) => Ok(vec![with_item(template, &value)]),
        }
    }

    fn queried(
        &self,
        value: &Value,
        query: &Query,
        place: &AnswerPart,
    ) -> Result<Vec<Value>, Missing> {
        // JSON in a text, unless the text is meant as it is.
        let parse =
            |text: &str| serde_json::from_slice(&without_lone_surrogates(text.as_bytes())).ok();
        let inner: Option<Value> = value.as_str().and_then(parse);
        let read = inner.as_ref().unwrap_or(value);
        let found: Vec<Value> = query.all(read).into_iter().cloned().collect();
        if found.is_empty() {
            let what = match place {
                AnswerPart::Body => "the body",
                _ => "what is there",
            };
            return Err(Missing::Nothing(format!(
                "no match for {query}; {what} {}",
                contents(read)
            )));
        }
        Ok(found)
    }

    /// The body, which has to be JSON, or CBOR as JSON.
    pub(super) fn json(&self) -> Result<&Value, ErrorKind> {
        self.response.json().ok_or_else(|| {
            let text = self.log.quoted(&self.response.text());
            let start = text.trim_start();
            let page = start.starts_with('<')
                || self
                    .response
                    .header(http::header::CONTENT_TYPE)
                    .is_some_and(|kind| kind.starts_with("text/html"));
            let found = match (start.is_empty(), page) {
                _ if self.response.has_too_many_values() => "JSON with too many values",
                (true, _) => "empty",
                (_, true) => "HTML",
                _ => "something else",
            };
            let excerpt = verdict::in_one_line(start, 120);
            ErrorKind::NotJson { status: self.response.status.as_u16(), found, excerpt }
        })
    }
}

fn parameter(text: &str, base: &Url, name: &str) -> Option<String> {
    let url = base.join(text).ok()?;
    let fragment = url.fragment().unwrap_or_default().as_bytes();
    let in_fragment = url::form_urlencoded::parse(fragment);
    let mut pairs = url.query_pairs().chain(in_fragment);
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn matched(regex: &Regex, text: &str) -> Option<String> {
    let captures = regex.captures(text)?;
    let group = captures.iter().skip(1).flatten().next();
    group.or_else(|| captures.get(0)).map(|found| found.as_str().to_owned())
}

/// Numbers that are whole stay so.
fn whole(number: f64) -> Value {
    match number.fract() == 0.0 && number.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
        true => Value::from(number as i64),
        false => Value::from(number),
    }
}

fn with_item(template: &Value, item: &Value) -> Value {
    match template {
        Value::String(text) if text == "{{item}}" => item.clone(),
        Value::Array(items) => items.iter().map(|one| with_item(one, item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, one)| (name.clone(), with_item(one, item))).collect()
        }
        other => other.clone(),
    }
}

/// A string as itself, numbers and truth values as they are written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

impl Binary {
    /// A binary value in base64url; of an object, the members that are binary in
    /// options. What is not in this form stays as it is.
    pub(super) fn read(self, value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let read = members.into_iter().map(|(name, value)| {
                    let value = match name.as_str() {
                        "challenge" | "id" => self.octets(&value).unwrap_or(value),
                        // The id of the relying party is a domain.
                        "rp" => value,
                        _ if value.is_object() || value.is_array() => self.read(value),
                        _ => value,
                    };
                    (name, value)
                });
                Value::Object(read.collect())
            }
            Value::Array(items) if !items.iter().all(Value::is_number) || items.is_empty() => {
                Value::Array(items.into_iter().map(|item| self.read(item)).collect())
            }
            other => self.octets(&other).unwrap_or(other),
        }
    }

    fn octets(self, value: &Value) -> Option<Value> {
        let octets = match self {
            Self::Numbers => {
                let numbers = value.as_array()?.iter();
                numbers.map(|n| u8::try_from(n.as_u64()?).ok()).collect::<Option<Vec<u8>>>()?
            }
            Self::Hex => base16ct::mixed::decode_vec(value.as_str()?).ok()?,
            Self::Base64 | Self::PaddedBase64url => {
                base64url::decode_lenient(value.as_str()?).ok()?
            }
        };
        Some(Value::from(base64url::encode(&octets)))
    }
}

pub(super) fn contents(body: &Value) -> String {
    match body {
        Value::Object(members) if members.is_empty() => "is an empty object".into(),
        Value::Object(members) => {
            let names: Vec<&str> = members.keys().take(12).map(String::as_str).collect();
            format!("has: {}", names.join(", "))
        }
        other => format!("is {}", shape(other)),
    }
}

pub(super) fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
