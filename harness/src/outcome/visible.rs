//! Foreign text, made harmless and visible.
//!
//! A text is foreign if passrig did not write it: bodies, headers and messages of a target, texts
//! of a page, adapters, reports and recordings from elsewhere. A character of it that steers a
//! terminal, hides, or turns the direction of writing is spelled out instead: a picture of Unicode
//! for a control character of ASCII, `\u{9b}` for any other.
//!
//! The functions here are the only ones that do that. Text that went through them once does not
//! change the second time.

use std::borrow::Cow;

use super::{Amiss, CheckResult, Report, TargetInfo, Tool};

/// A foreign text on one line: an end of a line is spelled out, too.
pub fn line(text: &str) -> Cow<'_, str> {
    spelled(text, is_hidden)
}

/// A foreign text of several lines: line feeds and tabs stay.
pub fn block(text: &str) -> Cow<'_, str> {
    spelled(text, |c| is_hidden(c) && c != '\n' && c != '\t')
}

/// A foreign text of as many bytes at the same places, so that a span into the file still fits.
pub fn excerpt(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, c.len_utf8()) {
            ('\n' | '\t', _) => out.push(c),
            ('\r', _) if rest.peek() == Some(&'\n') => out.push(' '),
            _ if !is_hidden(c) => out.push(c),
            (_, 1) => out.push('?'),
            (_, 2) => out.push_str("??"),
            (_, 3) => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.extend([char::REPLACEMENT_CHARACTER, '?']),
        }
    }
    out
}

/// True for a character that steers a terminal, hides, or turns the direction of writing: control
/// characters, the ignorable ones of Unicode that hide text, noncharacters.
pub fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' => true,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        // Spaces without width, marks of direction, separators of lines, invisible operators.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
        // Tags spell words that no font shows.
        '\u{e0000}'..='\u{e0fff}' => true,
        '\u{fdd0}'..='\u{fdef}' => true,
        c => u32::from(c) & 0xfffe == 0xfffe,
    }
}

fn spelled(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&hidden) else { return Cow::Borrowed(text) };
    let (harmless, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(harmless);
    for c in rest.chars() {
        if hidden(c) { spell(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

fn spell(c: char, out: &mut String) {
    let picture = match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        _ => None,
    };
    match picture {
        Some(picture) => out.push(picture),
        None => out.extend(c.escape_unicode()),
    }
}

fn one(text: &str) -> String {
    line(text).into_owned()
}

fn some(text: Option<&String>) -> Option<String> {
    text.map(|text| one(text))
}

// Each type is taken apart, so that a new member does not compile until it stands here.

impl Report {
    /// The report with every foreign text made visible. Reports for people are made from this.
    #[must_use]
    pub fn visible(&self) -> Self {
        let Self {
            schema_version,
            tool,
            seed,
            run_id,
            target,
            authenticator,
            stopped,
            summary,
            checks,
            amiss,
        } = self;
        Self {
            schema_version: *schema_version,
            tool: tool.visible(),
            seed: one(seed),
            run_id: one(run_id),
            target: target.visible(),
            authenticator: some(authenticator.as_ref()),
            stopped: some(stopped.as_ref()),
            summary: *summary,
            checks: checks.iter().map(CheckResult::visible).collect(),
            amiss: amiss.iter().map(Amiss::visible).collect(),
        }
    }
}

impl CheckResult {
    /// The result with every foreign text made visible.
    #[must_use]
    pub fn visible(&self) -> Self {
        let Self {
            id,
            title,
            variant,
            level,
            importance,
            clause,
            requirement,
            outcome,
            verdict,
            manner,
            effect,
            reason,
            expected,
            known,
            duration_ms,
        } = self;
        Self {
            id: one(id),
            title: one(title),
            variant: one(variant),
            level: *level,
            importance: *importance,
            clause: one(clause),
            requirement: some(requirement.as_ref()),
            outcome: *outcome,
            verdict: *verdict,
            manner: some(manner.as_ref()),
            effect: *effect,
            reason: some(reason.as_ref()),
            expected: *expected,
            known: some(known.as_ref()),
            duration_ms: *duration_ms,
        }
    }
}

impl Amiss {
    /// The expectation with every foreign text made visible.
    #[must_use]
    pub fn visible(&self) -> Self {
        let Self { check, outcome, reason, staleness } = self;
        Self { check: one(check), outcome: *outcome, reason: one(reason), staleness: *staleness }
    }
}

impl Tool {
    /// The tool with every foreign text made visible.
    #[must_use]
    pub fn visible(&self) -> Self {
        let Self { name, version } = self;
        Self { name: one(name), version: one(version) }
    }
}

impl TargetInfo {
    /// The target with every foreign text made visible.
    #[must_use]
    pub fn visible(&self) -> Self {
        let Self { url, origin, adapter, observed } = self;
        let observed = observed.iter().map(|(name, value)| (one(name), one(value)));
        Self {
            url: one(url),
            origin: one(origin),
            adapter: one(adapter),
            observed: observed.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_can_be_seen() {
        let text = "a\u{0}\u{1b}[2J\r\nb\t\u{9b}2J\u{7f}\u{202e}c\u{ffff}\u{85}\u{2028}\u{e0041}";
        assert_eq!(
            block(text),
            "a␀␛[2J␍\nb\t\\u{9b}2J␡\\u{202e}c\\u{ffff}\\u{85}\\u{2028}\\u{e0041}"
        );
        assert_eq!(line("a\r\n\tb"), "a␍␊␉b");
        for text in ["Grüße 🔑", "パスキー ☀️", "=[]#@", ""] {
            assert!(matches!(line(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn the_second_time_changes_nothing() {
        let all: String = ('\0'..=char::MAX).collect();
        let once = line(&all).into_owned();
        assert_eq!(line(&once), once);
        assert!(!once.chars().any(|c| c.is_control()));
    }

    #[test]
    fn an_excerpt_keeps_its_places() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{e0041}\r\n\tb\r";
        let shown = excerpt(text);
        assert_eq!(shown, "a???\u{fffd}\u{fffd}? \n\tb?");
        assert_eq!(shown.len(), text.len());
    }
}
