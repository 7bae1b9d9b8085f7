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
use std::collections::BTreeMap;

use super::{CheckResult, Diagnosis, Reason, Report, StaleExpectation, TargetInfo, Tool};

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

/// A value whose foreign texts can be made visible.
pub(crate) trait Visible {
    /// The value with every foreign text made visible.
    #[must_use]
    fn visible(&self) -> Self;
}

impl Visible for String {
    fn visible(&self) -> Self {
        line(self).into_owned()
    }
}

impl Visible for Reason {
    fn visible(&self) -> Self {
        self.map(|text| line(text).into_owned())
    }
}

impl<T: Visible> Visible for Option<T> {
    fn visible(&self) -> Self {
        self.as_ref().map(T::visible)
    }
}

impl<T: Visible> Visible for Vec<T> {
    fn visible(&self) -> Self {
        self.iter().map(T::visible).collect()
    }
}

impl Visible for BTreeMap<String, String> {
    fn visible(&self) -> Self {
        self.iter().map(|(name, value)| (name.visible(), value.visible())).collect()
    }
}

/// Implements [`Visible`] for a struct: names the members with foreign texts, then the others. A
/// new member does not compile until it stands there.
macro_rules! visible {
    ($type:ident { $($text:ident),+; $($other:ident),* }) => {
        impl crate::outcome::visible::Visible for $type {
            fn visible(&self) -> Self {
                let Self { $($text,)+ $($other,)* } = self;
                Self { $($text: $text.visible(),)+ $($other: $other.clone(),)* }
            }
        }
    };
}
pub(crate) use visible;

visible!(Report {
    tool, seed, run_id, target, authenticator, stopped, checks, diagnoses, stale; schema_version, summary
});
visible!(CheckResult {
    id, title, clause, requirement, reason, known;
    ceremony, variant, level, importance, outcome, verdict, manner, effect, expected, duration_ms
});
visible!(Diagnosis { mutant, sentence, checks; });
visible!(StaleExpectation { check, reason; outcome, staleness });
visible!(Tool { name, version; });
visible!(TargetInfo { url, origin, adapter, observed; });

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
