//! What is taken from an answer that is not the verdict.

use serde_json::Value;
use url::Url;

use super::error::Kind;
use super::log::Log;
use super::profile::{Capture, Condition, Query, Role, Source, Step};
use super::session::Session;
use super::transport::Response;
use super::{Done, Listed, verdict};

/// Whether a step that prepares another got a good answer.
pub(super) fn expected(step: &Step, response: &Response, log: &Log) -> Result<(), Kind> {
    let status = response.status;
    let message = || {
        let shown = log.masked(response);
        match shown.header(http::header::LOCATION) {
            Some(location) if status.is_redirection() => Some(format!("go to {location}")),
            _ => verdict::message(&shown),
        }
    };
    if let Some(after) = verdict::throttled(response) {
        return Err(Kind::Throttled { after });
    }
    if let Role::Options { refused, .. } = &step.role {
        let mut holding = refused.iter().filter(|condition| condition.holds(response));
        let named = match status.is_server_error() {
            true => holding.any(Condition::tells_by_body),
            false => holding.next().is_some(),
        };
        if named {
            return Err(Kind::Refused { status: status.as_u16(), message: message() });
        }
    }
    let good = match &step.role {
        Role::Prepare(conditions) if !conditions.is_empty() => {
            conditions.iter().any(|condition| condition.holds(response))
        }
        Role::Prepare(_) => status.is_success() || status.is_redirection(),
        // A target may answer 401 to somebody who is not signed in.
        Role::Whoami { .. } => !status.is_server_error(),
        Role::Options { .. } | Role::List { .. } | Role::Credential(_) => status.is_success(),
    };
    match good {
        true => Ok(()),
        false if status.is_server_error() => {
            Err(Kind::Crash { status: status.as_u16(), message: message() })
        }
        false => Err(Kind::Unexpected {
            status: status.as_u16(),
            message: message(),
            condition: matches!(step.role, Role::Prepare(_))
                .then(|| verdict::describe(&log.masked(response))),
        }),
    }
}

/// The options.
pub(super) fn options(query: &Query, response: &Response, log: &Log) -> Result<Value, Kind> {
    let body = json(response, log)?;
    match query.first(&body) {
        Some(options @ Value::Object(_)) => Ok(options.clone()),
        Some(other) => Err(Kind::OptionsShape { path: query.to_string(), found: shape(other) }),
        None => Err(Kind::NoOptions { path: query.to_string(), body: contents(&body) }),
    }
}

/// The value of a capture.
pub(super) fn capture(
    capture: &Capture,
    response: &Response,
    session: &Session,
    url: &Url,
    log: &Log,
) -> Result<Value, Kind> {
    let missing = |reason| Kind::NoCapture { name: capture.name.clone(), reason };
    match &capture.source {
        Source::Status => Ok(Value::from(response.status.as_u16())),
        Source::Header(name) => {
            let text = response.header(name.as_str()).map(Value::from);
            text.ok_or_else(|| missing(format!("the answer has no header `{name}`")))
        }
        Source::Cookie(name) => {
            let text = session.cookie(name, url).map(Value::from);
            text.ok_or_else(|| missing(format!("there is no cookie `{name}`")))
        }
        Source::Json(query) => {
            let body = json(response, log)?;
            let value = query.first(&body).cloned();
            value.ok_or_else(|| {
                missing(format!("no match for {query}; the body {}", contents(&body)))
            })
        }
    }
}

/// What a probe sees.
pub(super) fn probe(
    step: &Step,
    response: &Response,
    done: &mut Done,
    log: &Log,
) -> Result<(), Kind> {
    match &step.role {
        Role::Whoami { signed_in, user } => {
            let holds = signed_in.holds(response);
            done.signed_in = Some(holds);
            if let (true, Some(query)) = (holds, user) {
                let body = json(response, log)?;
                done.user = query.first(&body).map(plain_text);
            }
        }
        Role::List { credential_ids, record_ids } => {
            let body = json(response, log)?;
            let ids = texts(credential_ids, &body)?;
            let records = match record_ids {
                Some(query) => texts(query, &body)?,
                None => ids.clone(),
            };
            if ids.len() != records.len() {
                return Err(Kind::ProbeLists { ids: ids.len(), records: records.len() });
            }
            let pairs = ids.into_iter().zip(records);
            let listed =
                pairs.map(|(credential_id, record_id)| Listed { credential_id, record_id });
            done.credentials = Some(listed.collect());
        }
        Role::Prepare(_) | Role::Options { .. } | Role::Credential(_) => {}
    }
    Ok(())
}

fn texts(query: &Query, body: &Value) -> Result<Vec<String>, Kind> {
    let found = query.all(body).into_iter().map(|value| match value {
        Value::String(_) | Value::Number(_) => Ok(plain_text(value)),
        other => Err(Kind::ProbeShape { path: query.to_string(), found: shape(other) }),
    });
    found.collect()
}

fn json(response: &Response, log: &Log) -> Result<Value, Kind> {
    response.json().ok_or_else(|| {
        let shown = log.masked(response);
        let text = shown.text();
        let start = text.trim_start();
        let page = start.starts_with('<')
            || response
                .header(http::header::CONTENT_TYPE)
                .is_some_and(|kind| kind.starts_with("text/html"));
        let found = match (start.is_empty(), page) {
            (true, _) => "empty",
            (_, true) => "HTML",
            _ => "something else",
        };
        let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
        let excerpt = line.chars().take(120).collect();
        Kind::NotJson { status: response.status.as_u16(), found, excerpt }
    })
}

/// A string as itself, everything else as JSON.
pub(super) fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// What a body has, by name.
fn contents(body: &Value) -> String {
    match body {
        Value::Object(members) if members.is_empty() => "is an empty object".into(),
        Value::Object(members) => {
            let names: Vec<&str> = members.keys().take(12).map(String::as_str).collect();
            format!("has: {}", names.join(", "))
        }
        other => format!("is {}", shape(other)),
    }
}
