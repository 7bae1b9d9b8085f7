//! The report for programs, and JSON that can be looked at without harm.

use std::fmt::Write;
use std::io;

use schemars::{Schema, schema_for};
use serde::Serialize;

use crate::outcome::{Report, visible};

/// The report as JSON, for people to look at too.
pub fn render(report: &Report) -> io::Result<Vec<u8>> {
    let mut bytes = pretty(report)?.into_bytes();
    bytes.push(b'\n');
    Ok(bytes)
}

/// What [`render`] makes. Members may be added to it; none is removed or
/// changes its meaning while `schema_version` stays.
pub fn schema() -> Schema {
    schema_for!(Report)
}

/// A value as indented JSON; harmless to look at.
pub fn pretty(value: &(impl Serialize + ?Sized)) -> io::Result<String> {
    Ok(harmless(serde_json::to_string_pretty(value)?))
}

/// A value as JSON on one line; harmless to look at.
pub fn line(value: &(impl Serialize + ?Sized)) -> io::Result<Vec<u8>> {
    Ok(harmless(serde_json::to_string(value)?).into_bytes())
}

/// Escapes, besides what JSON demands, every character that would steer or deceive a terminal, and
/// the second `#` of `##`, with which commands to CI runners begin. A parser reads the same values:
/// JSON has such characters in strings only.
fn harmless(json: String) -> String {
    let mut out = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some((start, c)) = next_odd(&json, at) {
        at = start + c.len_utf8();
        let text = json.get(done..start).unwrap_or_default();
        let is_harmful = match c {
            '#' => json.get(..start).is_some_and(|before| before.ends_with('#')),
            c => visible::is_hidden(c),
        };
        if is_harmful {
            out.push_str(text);
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
            done = at;
        }
    }
    if done == 0 {
        return json;
    }
    out.push_str(json.get(done..).unwrap_or_default());
    out
}

/// The next character from there on that is not plain ASCII, or is `#`.
fn next_odd(text: &str, from: usize) -> Option<(usize, char)> {
    // Many bytes at once, without a branch for each: hardly any is odd.
    const PIECE: usize = 64;
    let is_odd = |byte: &u8| (*byte >= 0x7f) | (*byte == b'#');
    let mut start = from;
    for piece in text.as_bytes().get(from..)?.chunks(PIECE) {
        if piece.iter().fold(false, |found, byte| found | is_odd(byte)) {
            let at = start + piece.iter().position(is_odd)?;
            return Some((at, text.get(at..)?.chars().next()?));
        }
        start += piece.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn is_what_its_schema_says() {
        let report: serde_json::Value =
            serde_json::from_slice(&render(&samples::report()).unwrap()).unwrap();
        let schema = jsonschema::validator_for(schema().as_value()).unwrap();
        let errors: Vec<_> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());

        let members: Vec<_> = report.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            ["schema_version", "tool", "seed", "run_id", "target", "summary", "checks"]
        );
        let mut wrong = report;
        wrong["checks"][0]["outcome"] = "fine".into();
        assert!(!schema.is_valid(&wrong));
    }

    #[test]
    fn a_diagnosis_is_a_member_of_its_own() {
        let report = samples::diagnosed_report();
        let bytes = render(&report).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let expected = serde_json::json!([{
            "mutant": "registration.origin.left-out",
            "sentence": "registration: the RP does not compare the origin",
            "checks": ["registration.origin.subdomain", "registration.origin.port"],
        }]);
        assert_eq!(value["diagnoses"], expected);
        let schema = jsonschema::validator_for(schema().as_value()).unwrap();
        assert!(schema.is_valid(&value));
        assert_eq!(serde_json::from_slice::<Report>(&bytes).unwrap(), report);
    }

    #[test]
    fn comes_back() {
        let report = samples::report();
        let back: Report = serde_json::from_slice(&render(&report).unwrap()).unwrap();
        assert_eq!(back, report);
    }

    #[test]
    fn can_be_looked_at_and_stays_the_same() {
        let text = "a\u{7f}\u{9b}2J\u{202e}\u{2028}\u{ffff}\u{e0041}\u{1b}ü #1 ##[error] ###";
        let value = serde_json::json!({ text: [text, 1, null], "b": {}, "c": [] });
        let bytes = line(&value).unwrap();
        let plain = r##"a\u007f\u009b2J\u202e\u2028\uffff\udb40\udc41\u001bü #1 #\u0023[error] #\u0023\u0023"##;
        let expected = format!(r#"{{"{plain}":["{plain}",1,null],"b":{{}},"c":[]}}"#);
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap(), value);
        let plain = serde_json::json!({ "a": ["b", 1, null], "b": {}, "c": [] });
        assert_eq!(pretty(&plain).unwrap(), serde_json::to_string_pretty(&plain).unwrap());
    }
}
