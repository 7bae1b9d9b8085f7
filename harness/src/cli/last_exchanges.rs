//! The last exchanges before a run stopped.

use std::fmt::Write;

use crate::outcome::{Body, Exchange, Paint, Transcript, visible};

/// How many exchanges are shown, and how much of each body.
const EXCHANGES: usize = 2;
const BODY: usize = 600;

/// Requests and answers, without headers: those are in the log.
pub(super) fn render(transcript: &Transcript, paint: Paint) -> String {
    let exchanges = transcript.exchanges();
    let last = exchanges.get(exchanges.len().saturating_sub(EXCHANGES)..).unwrap_or_default();
    let mut out = String::new();
    for exchange in last {
        // Writing to a string does not fail.
        let _ = self::exchange(&mut out, exchange, paint);
    }
    out
}

/// One request and its answer.
pub(super) fn exchange(out: &mut String, exchange: &Exchange, paint: Paint) -> std::fmt::Result {
    let Exchange { request, response, error, .. } = exchange;
    let asked = format!("{} {}", request.method, request.url);
    writeln!(out, "{} {}", paint.faint("sent"), visible::line(&asked))?;
    body(out, request.body.as_ref(), paint)?;
    let status = response.as_ref().map(|response| response.status.to_string());
    let got = status.as_deref().or(error.as_deref()).unwrap_or("nothing");
    writeln!(out, "{}  {}", paint.faint("got"), visible::line(got))?;
    body(out, response.as_ref().and_then(|response| response.body.as_ref()), paint)?;
    writeln!(out)
}

fn body(out: &mut String, body: Option<&Body>, paint: Paint) -> std::fmt::Result {
    if let Some(body) = body.filter(|body| body.base64.is_some()) {
        return writeln!(out, "     {} bytes, binary", body.length);
    }
    let text = body.map_or("", |body| body.text.trim());
    if text.is_empty() {
        return Ok(());
    }
    let end = text.char_indices().nth(BODY).map(|(end, _)| end);
    let mut shown = visible::block(text.get(..end.unwrap_or(text.len())).unwrap_or(text));
    if end.is_some() {
        shown.to_mut().push_str(" …");
    }
    writeln!(out, "{}", paint.wrap(&shown, "     ", "     "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn shows_the_last_two() {
        let two = samples::transcript();
        let three = [&two.exchanges()[..1], two.exchanges()].concat();
        let transcript = Transcript::new(three, None);
        insta::assert_snapshot!(render(&transcript, Paint::PLAIN), @r#"
        sent POST http://localhost/options
             {"username":"alice"}
        got  200
             <html>␛[2J
             </html>

        sent POST http://localhost/result
        got  nobody listens at 127.0.0.1:80
        "#);
        assert_eq!(render(&Transcript::default(), Paint::PLAIN), "");
    }
}
