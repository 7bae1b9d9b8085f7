//! The place of a value in an answer, and the changes of the value.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;
use serde_json::Value;

use super::{Query, Selector};

/// The place of a value in an answer.
#[derive(Clone, Debug)]
pub struct ValueSource {
    /// The part of an answer that holds the value.
    pub place: AnswerPart,
    /// The changes of the value that was found, one after another.
    pub refinements: Vec<Refinement>,
    /// True if everything that is found counts, as a list, rather than the first.
    pub all: bool,
    /// True if it may be missing.
    pub optional: bool,
}

/// The part of an answer that holds the value.
#[derive(Clone, Debug)]
pub enum AnswerPart {
    /// The status.
    Status,
    /// A header.
    Header(String),
    /// A cookie, as the session holds it afterwards.
    Cookie(String),
    /// The URL that the step ended at.
    Url,
    /// The body.
    Body,
    /// The elements that a selector means: an attribute, or their text.
    Html {
        /// The selector of the elements.
        selector: Selector,
        /// The attribute; without, the text.
        attribute: Option<String>,
    },
}

/// A change of a value.
#[derive(Clone, Debug)]
pub enum Refinement {
    /// The parameter of that name in the query of the URL.
    Parameter(String),
    /// The first group of an expression, or the whole match.
    Regex(Regex),
    /// The text that base64 stands for, whichever alphabet.
    Base64,
    /// The values that a path finds; a text is read as JSON first.
    Json(Query),
    /// The pieces between these texts.
    Split(String),
    /// None, if it is one of these.
    Absent(Vec<String>),
    /// The value that this one stands for; others stay as they are.
    Map(BTreeMap<String, Value>),
    /// A number so many times as large.
    Times(f64),
    /// Binary values in another form, as base64url: the value itself or, of
    /// options, the members that are binary.
    Binary(Binary),
    /// A value with this one in the place of `{{item}}`.
    Each(Value),
}

/// The form of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Binary {
    /// base64url with padding.
    PaddedBase64url,
    /// base64 with padding.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// A list of numbers.
    Numbers,
}

impl ValueSource {
    /// Everything that the path finds in the body.
    pub(super) fn json(query: Query) -> Self {
        let refinements = vec![Refinement::Json(query)];
        Self { place: AnswerPart::Body, refinements, all: false, optional: false }
    }
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |refinement: &Refinement| match refinement {
            Refinement::Json(query) => Some(query.to_string()),
            _ => None,
        };
        let last = self.refinements.iter().rev().find_map(json);
        match (&self.place, last) {
            (AnswerPart::Html { selector, attribute: Some(attribute) }, _) => {
                write!(f, "{attribute} of {selector}")
            }
            (AnswerPart::Html { selector, attribute: None }, _) => selector.fmt(f),
            (_, Some(path)) => f.write_str(&path),
            (AnswerPart::Status, _) => f.write_str("the status"),
            (AnswerPart::Header(name) | AnswerPart::Cookie(name), _) => f.write_str(name),
            (AnswerPart::Url, _) => f.write_str("the URL"),
            (AnswerPart::Body, _) => f.write_str("the body"),
        }
    }
}
