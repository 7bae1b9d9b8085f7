//! Conditions on answers.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use super::{Query, Selector};
use crate::target_rp::page::Elements;
use crate::target_rp::transport::HttpResponse;

/// Something that holds of an answer if all that it says holds.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The status is one of these; any, if there are none.
    pub status: Vec<StatusMatch>,
    /// The JSON body has something here; if a value is given, this value.
    pub json: Option<(Query, Option<Value>)>,
    /// There is such a header; if a text is given, with this text in it.
    pub header: Option<(String, Option<String>)>,
    /// The page has such an element; if a text is given, with this text in it.
    pub html: Option<(Selector, Option<String>)>,
    /// The body has this text in it.
    pub body: Option<String>,
}

/// A status, or a class of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusMatch {
    /// Exactly this one.
    Code(u16),
    /// All that begin with this digit.
    Class(u16),
}

impl Condition {
    /// True if it holds of this answer.
    pub fn holds(&self, response: &HttpResponse) -> bool {
        let status = self.status.is_empty() || self.status.iter().any(|s| s.is(response.status));
        let json = self.json.as_ref().is_none_or(|(query, wanted)| {
            let value = response.json().unwrap_or(&Value::Null);
            query.all(value).into_iter().any(|found| wanted.as_ref().is_none_or(|w| w == found))
        });
        let header = self.header.as_ref().is_none_or(|(name, wanted)| {
            response.headers.get_all(name).iter().any(|value| {
                let text = String::from_utf8_lossy(value.as_bytes());
                wanted.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()))
            })
        });
        let html = self.html.as_ref().is_none_or(|(selector, wanted)| {
            let elements = Elements::of(&response.text());
            elements.selected(selector).any(|element| {
                let text = elements.text(element);
                wanted.as_ref().is_none_or(|wanted| text.contains(wanted.as_str()))
            })
        });
        let body = self.body.as_ref().is_none_or(|text| response.text().contains(text.as_str()));
        status && json && header && html && body
    }

    /// True if it says something about the body, so that an answer does not meet it by accident.
    pub fn examines_body(&self) -> bool {
        self.json.is_some() || self.html.is_some() || self.body.is_some()
    }
}

impl StatusMatch {
    fn is(self, status: StatusCode) -> bool {
        match self {
            Self::Code(code) => status.as_u16() == code,
            Self::Class(class) => status.as_u16() / 100 == class,
        }
    }
}

impl fmt::Display for StatusMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}
