//! The exchanges of a check, in words.

use serde::Serialize;

use crate::outcome::{Body, CheckResult, Exchange, visible};
use crate::report::decoded;
use crate::report::log::Transcripts;

/// Headers that every request has, or that say nothing about passkeys.
const OMITTED: [&str; 10] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "x-passrig-check",
];

/// The exchanges of a check.
pub(super) type Exchanges = Vec<ExchangeText>;

/// One request and its answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct ExchangeText {
    /// The flow and the step, such as `register 2`.
    pub(super) place: String,
    /// The request and its answer, on one line.
    pub(super) line: String,
    /// True if it is the one that the check is about.
    pub(super) is_attempt: bool,
    pub(super) sent: String,
    pub(super) got: String,
}

/// The exchanges of a check, as far as the log has them.
pub(super) fn of(result: &CheckResult, transcripts: &Transcripts) -> Exchanges {
    let key = (result.id.clone(), result.variant.clone());
    let Some(transcript) = transcripts.get(&key) else { return Vec::new() };
    let exchanges = transcript.exchanges().iter().enumerate();
    exchanges.map(|(index, exchange)| story(exchange, transcript.attempt == Some(index))).collect()
}

fn story(exchange: &Exchange, is_attempt: bool) -> ExchangeText {
    let Exchange { flow, step, request, response, error, .. } = exchange;
    let status = response.as_ref().map(|response| response.status.to_string());
    let came = status.as_deref().or(error.as_deref()).unwrap_or("nothing");
    ExchangeText {
        place: visible::line(&format!("{flow} {step}")).into_owned(),
        line: visible::line(&format!("{} {} → {came}", request.method, path(&request.url)))
            .into_owned(),
        is_attempt,
        sent: message(
            &format!("{} {}", request.method, request.url),
            &request.headers,
            request.body.as_ref(),
        ),
        got: match response {
            Some(response) => {
                message(&response.status.to_string(), &response.headers, response.body.as_ref())
            }
            None => visible::line(error.as_deref().unwrap_or("nothing")).into_owned(),
        },
    }
}

fn message(first: &str, headers: &[(String, String)], body: Option<&Body>) -> String {
    let is_shown = |(name, _): &&(String, String)| {
        !OMITTED.contains(&name.as_str()) && !name.starts_with("sec-fetch-")
    };
    let mut text = visible::line(first).into_owned();
    for (name, value) in headers.iter().filter(is_shown) {
        text.push_str(&format!("\n{}", visible::line(&format!("{name}: {value}"))));
    }
    if let Some(body) = body {
        text.push_str("\n\n");
        text.push_str(&visible::block(&decoded::body(body)));
    }
    text
}

/// The url without scheme and host, where it has them.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(url)
}
