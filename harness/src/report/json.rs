//! The report for programs, and JSON that can be looked at without harm.

use std::io::{self, Write};

use schemars::{Schema, schema_for};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

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
    let bytes = written(value, PrettyFormatter::new())?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// A value as JSON on one line; harmless to look at.
pub fn line(value: &(impl Serialize + ?Sized)) -> io::Result<Vec<u8>> {
    written(value, CompactFormatter)
}

fn written<F>(value: &(impl Serialize + ?Sized), format: F) -> io::Result<Vec<u8>>
where
    F: Formatter + Clone,
{
    let mut bytes = Vec::with_capacity(128);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, format.clone()))?;
    // One look at the whole is cheaper than one at each piece of a string: most values are plain.
    if bytes.iter().fold(false, |found, b| found | is_odd(*b)) {
        bytes.clear();
        value.serialize(&mut Serializer::with_formatter(&mut bytes, Harmless(format)))?;
    }
    Ok(bytes)
}

/// Whether a byte can belong to a character that [`Harmless`] escapes.
fn is_odd(byte: u8) -> bool {
    (byte >= 0x7f) | (byte == b'#')
}

/// Escapes in strings, besides what JSON demands, every character that would
/// steer or deceive a terminal, and the second `#` of `##`, with which commands
/// to CI runners begin. A parser reads the same values.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut done = 0;
        let mut last = ' ';
        for (at, c) in fragment.char_indices() {
            if visible::is_hidden(c) || c == '#' && last == '#' {
                let harmless = fragment.get(done..at).unwrap_or_default();
                self.0.write_string_fragment(writer, harmless)?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                done = at + c.len_utf8();
            }
            last = c;
        }
        self.0.write_string_fragment(writer, fragment.get(done..).unwrap_or_default())
    }

    // The layout is that of the other formatter.

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W>(&mut self, writer: &mut W, first: bool) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W>(&mut self, writer: &mut W, first: bool) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::samples;

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
