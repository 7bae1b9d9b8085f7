//! Source text that an error shows: settings, adapters, scripts and other files in TOML or JSON.
//!
//! The values of secret names become `*`, byte for byte, so that spans into the file still fit. The
//! file has a mistake, so the text is read without trust in its form: where a value has no clear
//! end, the rest of its line is masked.

mod scan;
#[cfg(test)]
mod tests;

use std::ops::Range;

/// A source text, and the same text without the values of secret names.
pub struct SourceText {
    raw: String,
    masked: String,
}

impl SourceText {
    /// Masks the text.
    pub fn new(raw: String) -> Self {
        let mut bytes = raw.clone().into_bytes();
        for range in scan::secrets(&raw) {
            let part = bytes.get_mut(range).unwrap_or_default();
            part.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|b| *b = b'*');
        }
        // A range that splits a character would be a bug here: nothing is shown then.
        let masked = String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(raw.len()));
        Self { raw, masked }
    }

    /// The text without secrets, as long as the source.
    pub fn masked(&self) -> &str {
        &self.masked
    }

    /// A message about these places of the source. A parser quotes the value that it does not
    /// expect.
    pub fn message(&self, text: &str, spans: &[Range<usize>]) -> String {
        let is_touched = |span: &Range<usize>| {
            self.raw.as_bytes().get(span.clone()) != self.masked.as_bytes().get(span.clone())
        };
        let about_secret = spans.iter().any(is_touched);
        let is_hidden = |part: &Quoted<'_>| {
            let is_elsewhere = self.masked.contains(part.text);
            !is_elsewhere && (about_secret && part.is_found || self.raw.contains(part.text))
        };
        let quotes = |c: char| c == '`' || c == '"';
        match (text.find(quotes), text.rfind(quotes)) {
            (Some(first), Some(last)) if quoted(text).iter().any(is_hidden) => {
                let (before, after) = (text.get(..=first), text.get(last..));
                format!("{}***{}", before.unwrap_or_default(), after.unwrap_or_default())
            }
            _ => text.to_owned(),
        }
    }
}

/// A part of a message between backticks or quotation marks.
struct Quoted<'a> {
    text: &'a str,
    /// The message does not say that this is expected.
    is_found: bool,
}

fn quoted(message: &str) -> Vec<Quoted<'_>> {
    let mut parts = Vec::new();
    let mut rest = message;
    let mut is_found = true;
    while let Some(start) = rest.find(['`', '"']) {
        let (prose, from) = rest.split_at(start);
        is_found = match (prose.rfind("expected"), prose.rfind("found")) {
            (None, None) => is_found,
            (expected, found) => found > expected,
        };
        let mark = if from.starts_with('`') { '`' } else { '"' };
        let inner = from.get(1..).unwrap_or_default();
        let mut is_escaped = false;
        let end = inner.find(|c| {
            let is_end = c == mark && !is_escaped;
            is_escaped = mark == '"' && c == '\\' && !is_escaped;
            is_end
        });
        let end = end.unwrap_or(inner.len());
        let text = inner.get(..end).filter(|text| !text.is_empty());
        parts.extend(text.map(|text| Quoted { text, is_found }));
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    parts
}
