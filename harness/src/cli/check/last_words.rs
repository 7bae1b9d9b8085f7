//! The last exchanges before a run came to nothing.

use std::fmt::Write;

use serde_json::Value;

use crate::report::Paint;
use crate::runner::Transcript;

/// How many exchanges are shown, and how much of each body.
const EXCHANGES: usize = 2;
const BODY: usize = 600;

/// Requests and answers, without headers: those are in the log.
pub(super) fn render(transcript: &Transcript, paint: Paint) -> String {
    let exchanges = &transcript.exchanges;
    let last = exchanges.get(exchanges.len().saturating_sub(EXCHANGES)..).unwrap_or_default();
    let mut out = String::new();
    for exchange in last {
        // Writing to a string does not fail.
        let _ = one(&mut out, exchange, paint);
    }
    out
}

fn one(out: &mut String, exchange: &Value, paint: Paint) -> std::fmt::Result {
    let text = |pointer: &str| exchange.pointer(pointer).and_then(Value::as_str);
    let method = text("/request/method").unwrap_or_default();
    let url = text("/request/url").unwrap_or_default();
    writeln!(out, "{} {method} {url}", paint.faint("sent"))?;
    body(out, text("/request/body/text"), paint)?;
    let status = exchange.pointer("/response/status").map(Value::to_string);
    let got = status.as_deref().or(text("/error")).unwrap_or("nothing");
    writeln!(out, "{}  {got}", paint.faint("got"))?;
    body(out, text("/response/body/text"), paint)?;
    writeln!(out)
}

fn body(out: &mut String, text: Option<&str>, paint: Paint) -> std::fmt::Result {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(());
    };
    // Control characters of a stranger do not belong on a terminal.
    let plain = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    let mut shown: String = plain.take(BODY).collect();
    if shown.len() < text.len() {
        shown.push_str(" …");
    }
    writeln!(out, "{}", paint.wrap(&shown, "     ", "     "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shows_the_last_two() {
        let transcript = Transcript {
            exchanges: vec![
                json!({ "request": { "method": "GET", "url": "http://localhost/first" } }),
                json!({
                    "request": {
                        "method": "POST",
                        "url": "http://localhost/options",
                        "body": { "text": "{\"username\":\"alice\"}", "length": 20 },
                    },
                    "response": { "status": 200, "body": { "text": "<html>\u{1b}[2J\n</html>" } },
                }),
                json!({
                    "request": { "method": "POST", "url": "http://localhost/result" },
                    "error": "nobody listens at 127.0.0.1:80",
                }),
            ],
        };
        insta::assert_snapshot!(render(&transcript, Paint::PLAIN), @r#"
        sent POST http://localhost/options
             {"username":"alice"}
        got  200
             <html> [2J
             </html>

        sent POST http://localhost/result
        got  nobody listens at 127.0.0.1:80
        "#);
        assert_eq!(render(&Transcript::default(), Paint::PLAIN), "");
    }
}
