//! Values that are taken from an answer, apart from the verdict.

use serde_json::Value;

use super::adapter::{AdapterStep, Capture, Condition, StepRole, ValueSource};
use super::error::ErrorKind;
use super::extract::{self, AnswerContext, Missing};
use super::log::Log;
use super::transport::HttpResponse;
use super::{FlowOutput, ListedCredential, verdict};

/// True if a step that prepares another got a good answer.
pub(super) fn expected(
    step: &AdapterStep,
    response: &HttpResponse,
    log: &Log,
) -> Result<(), ErrorKind> {
    let status = response.status;
    let message = || match response.header(http::header::LOCATION) {
        Some(location) if status.is_redirection() => {
            Some(format!("go to {}", log.quoted_url(location)))
        }
        _ => verdict::message(response, log),
    };
    if let Some(after) = verdict::throttled(response) {
        return Err(ErrorKind::Throttled { after });
    }
    if let StepRole::Options { refused, .. } = &step.role {
        let mut holding = refused.iter().filter(|condition| condition.holds(response));
        let named = match status.is_server_error() {
            true => holding.any(Condition::examines_body),
            false => holding.next().is_some(),
        };
        if named {
            return Err(ErrorKind::Refused { status: status.as_u16(), message: message() });
        }
    }
    let good = match &step.role {
        StepRole::Prepare(conditions) | StepRole::Options { expected: conditions, .. }
            if !conditions.is_empty() =>
        {
            conditions.iter().any(|condition| condition.holds(response))
        }
        StepRole::Prepare(_) => status.is_success() || status.is_redirection(),
        // A target may answer 401 to a client that is not signed in.
        StepRole::Whoami { .. } => !status.is_server_error(),
        StepRole::Options { .. } | StepRole::List { .. } | StepRole::Credential(_) => {
            status.is_success()
        }
    };
    match good {
        true => Ok(()),
        false if status.is_server_error() => {
            Err(ErrorKind::Crash { status: status.as_u16(), message: message() })
        }
        false => Err(ErrorKind::Unexpected {
            status: status.as_u16(),
            message: message(),
            condition: matches!(step.role, StepRole::Prepare(_))
                .then(|| verdict::describe(response, log)),
        }),
    }
}

pub(super) fn options(at: &ValueSource, answered: &AnswerContext<'_>) -> Result<Value, ErrorKind> {
    let found = answered.value(at).map_err(|missing| match missing {
        Missing::Nothing(reason) => ErrorKind::NoOptions { reason },
        Missing::Unreadable(kind) => kind,
    })?;
    match found {
        Some(options @ Value::Object(_)) => Ok(options),
        Some(other) => {
            Err(ErrorKind::OptionsShape { path: at.to_string(), found: extract::shape(&other) })
        }
        None => Err(ErrorKind::NoOptions { reason: format!("{at} gives nothing") }),
    }
}

/// The value of a capture; none where it is missing and may be.
pub(super) fn capture(
    capture: &Capture,
    answered: &AnswerContext<'_>,
) -> Result<Option<Value>, ErrorKind> {
    answered.value(&capture.source).map_err(|missing| match missing {
        Missing::Nothing(reason) => ErrorKind::NoCapture { name: capture.name.clone(), reason },
        Missing::Unreadable(kind) => kind,
    })
}

pub(super) fn probe(
    step: &AdapterStep,
    answered: &AnswerContext<'_>,
    done: &mut FlowOutput,
) -> Result<(), ErrorKind> {
    match &step.role {
        StepRole::Whoami { signed_in, user } => {
            let holds = signed_in.holds(answered.response);
            done.signed_in = Some(holds);
            if let (true, Some(user)) = (holds, user) {
                done.user = texts(user, answered)?.into_iter().next();
            }
        }
        StepRole::List { credential_ids, record_ids } => {
            let ids = texts(credential_ids, answered)?;
            let records = match record_ids {
                Some(source) => texts(source, answered)?,
                None => ids.clone(),
            };
            if ids.len() != records.len() {
                return Err(ErrorKind::ProbeLists { ids: ids.len(), records: records.len() });
            }
            let pairs = ids.into_iter().zip(records);
            let listed = pairs
                .map(|(credential_id, record_id)| ListedCredential { credential_id, record_id });
            done.credentials = Some(listed.collect());
        }
        StepRole::Prepare(_) | StepRole::Options { .. } | StepRole::Credential(_) => {}
    }
    Ok(())
}

/// All that is found, as texts; nothing found is an empty list.
fn texts(source: &ValueSource, answered: &AnswerContext<'_>) -> Result<Vec<String>, ErrorKind> {
    let found = match answered.find(source) {
        Ok(found) => found,
        Err(Missing::Nothing(_)) => Vec::new(),
        Err(Missing::Unreadable(kind)) => return Err(kind),
    };
    let texts = found.iter().map(|value| match value {
        Value::String(_) | Value::Number(_) => Ok(plain_text(value)),
        other => {
            Err(ErrorKind::ProbeShape { path: source.to_string(), found: extract::shape(other) })
        }
    });
    texts.collect()
}

/// A string as itself, everything else as JSON.
pub(super) fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
