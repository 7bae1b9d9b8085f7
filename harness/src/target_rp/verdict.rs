//! The meaning of an answer to a credential.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::Value;

use super::adapter::{Condition, Finish};
use super::log::Log;
use super::transport::HttpResponse;
use crate::outcome::Manner;

/// The meaning of an answer, and the manner in which it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerVerdict {
    /// The meaning.
    pub recognised: Recognised,
    /// The form of the answer.
    pub manner: Manner,
    /// The target's message for people, if there is one.
    pub message: Option<String>,
    /// An answer that the adapter does not know, as a condition to add to it.
    pub unknown: Option<String>,
}

/// The meaning of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// The credential was accepted.
    Accepted,
    /// It was refused.
    Refused,
    /// The target asks for fewer requests.
    Throttled {
        /// The time to wait, if the answer has one.
        after: Option<Duration>,
    },
    /// A 5xx that the adapter does not name.
    Crash,
    /// A 5xx that the adapter names, without a body that differs from that of a crash.
    RefusedLikeCrash,
    /// Something that the adapter does not describe.
    Unrecognised,
}

/// Judges an answer. Throttling comes first, then what the adapter calls
/// refused: that is usually the more specific of the two. What is quoted is masked by the log.
pub(super) fn judge(finish: &Finish, response: &HttpResponse, log: &Log) -> AnswerVerdict {
    let holding = |list: &[Condition]| -> Vec<Condition> {
        list.iter().filter(|condition| condition.holds(response)).cloned().collect()
    };
    let refused = holding(&finish.refused);
    let server_error = response.status.is_server_error();
    let recognised = if let Some(after) = throttled(response) {
        Recognised::Throttled { after }
    } else if server_error && refused.is_empty() {
        Recognised::Crash
    } else if server_error && !refused.iter().any(Condition::examines_body) {
        Recognised::RefusedLikeCrash
    } else if !refused.is_empty() {
        Recognised::Refused
    } else if !holding(&finish.accepted).is_empty() {
        Recognised::Accepted
    } else {
        Recognised::Unrecognised
    };
    let unknown = matches!(recognised, Recognised::Unrecognised | Recognised::Crash);
    AnswerVerdict {
        recognised,
        manner: manner(recognised, response.status),
        message: message(response, log),
        unknown: unknown.then(|| describe(response, log)),
    }
}

fn manner(recognised: Recognised, status: StatusCode) -> Manner {
    match (recognised, status.as_u16() / 100) {
        (Recognised::Refused, 5) => Manner::NamedServerError,
        (_, 5) => Manner::ServerError,
        (_, 4) => Manner::ClientError,
        (_, 3) => Manner::Redirect,
        (Recognised::Refused, _) => Manner::FailureBody,
        _ => Manner::Ok,
    }
}

/// 429, or an error that says when to come back. The inner value is the time
/// to wait.
#[expect(clippy::option_option, reason = "throttled or not, and how long if it says so")]
pub(super) fn throttled(response: &HttpResponse) -> Option<Option<Duration>> {
    let error = response.status.is_client_error() || response.status.is_server_error();
    let after = response.header(header::RETRY_AFTER);
    if response.status != StatusCode::TOO_MANY_REQUESTS && !(error && after.is_some()) {
        return None;
    }
    Some(after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs))
}

/// The target's message for people.
pub(super) fn message(response: &HttpResponse, log: &Log) -> Option<String> {
    let text = match response.json() {
        Some(json) => log.quoted(error_text(json)?),
        None => in_one_line(&log.quoted(&response.text()), 200),
    };
    let short: String = text.chars().take(200).collect();
    (!short.is_empty()).then_some(short)
}

/// The beginning of a text, with a space for each white space.
pub(super) fn in_one_line(text: &str, length: usize) -> String {
    // Each word has a character at least.
    let words: Vec<&str> = text.split_whitespace().take(length).collect();
    words.join(" ").chars().take(length).collect()
}

fn error_text(json: &Value) -> Option<&str> {
    match json {
        Value::String(text) => Some(text),
        Value::Object(members) => {
            const NAMES: [&str; 8] = [
                "errorMessage",
                "message",
                "error_description",
                "error",
                "detail",
                "reason",
                "title",
                "code",
            ];
            let mut named = NAMES.iter().filter_map(|name| members.get(*name));
            named.find_map(error_text)
        }
        _ => None,
    }
}

/// The answer as a condition of an adapter, as far as a member states the outcome.
pub(super) fn describe(response: &HttpResponse, log: &Log) -> String {
    let status = response.status.as_u16();
    let json = response.json().and_then(outcome_member);
    match (json, response.header(header::LOCATION)) {
        // The status of an error is enough, unless it may be a crash.
        (Some((name, value)), _) if !response.status.is_client_error() => {
            let value = log.quoted(&value);
            format!("{{ status = [{status}], json = \"$.{name}\", equals = {value} }}")
        }
        (_, Some(location)) if response.status.is_redirection() => {
            let location = log.quoted_url(location);
            let path = location.split('?').next().unwrap_or_default();
            format!("{{ status = [{status}], header = \"location\", contains = {path:?} }}")
        }
        // A page that says how it went in words.
        _ if response.status.is_success() && response.json().is_none() => {
            let text = log.quoted(&response.text());
            let line = text.lines().map(str::trim).find(|line| !line.is_empty());
            let words: String = line.unwrap_or_default().chars().take(40).collect();
            format!("{{ status = [{status}], body = {words:?} }}")
        }
        _ => format!("{{ status = [{status}] }}"),
    }
}

/// The member that says how it went; TOML writes such values as JSON does.
fn outcome_member(json: &Value) -> Option<(&'static str, String)> {
    const NAMES: [&str; 6] = ["verified", "ok", "success", "status", "code", "error"];
    NAMES.into_iter().find_map(|name| {
        let value = json.get(name)?;
        let scalar = value.is_string() || value.is_boolean() || value.is_number();
        scalar.then(|| (name, value.to_string()))
    })
}
