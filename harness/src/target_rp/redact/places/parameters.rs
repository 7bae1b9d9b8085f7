//! Parameters of URLs and fields of forms: `name=value`, anywhere in a text.

use std::ops::Range;

use percent_encoding::percent_decode_str;

use super::super::names::names_a_secret;
use super::super::secrets::{MASK, Secrets};

/// Around the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Url,
    /// A URL to which an answer leads: a code there stands for a session.
    Redirect,
    Form,
    /// Any text with URLs in it.
    Text,
}

/// Learns the values of parameters that are secret by their names, and the passwords of URLs.
pub(super) fn learn(text: &str, context: Context, secrets: &mut Secrets) {
    let mut overlap = Overlap::of(text);
    for (name, range) in named(text, context) {
        if !overlap.permits(&range) {
            continue;
        }
        let Some(value) = text.get(range) else { continue };
        if is_code(name) && !is_drawn(value) {
            continue;
        }
        secrets.learn(value);
        if value.contains(['%', '+']) {
            let spaced = value.replace('+', " ");
            secrets.learn(&percent_decode_str(&spaced).decode_utf8_lossy());
        }
    }
    learn_passwords(text, context, secrets);
}

/// The part of the work that values within other values may take: such values can be as many as
/// the text has bytes, each as long as the text.
pub(super) struct Overlap {
    end: usize,
    room: usize,
}

impl Overlap {
    pub(super) fn of(text: &str) -> Self {
        const LEAST: usize = 64 << 10;
        Self { end: 0, room: text.len() * 4 + LEAST }
    }

    /// True if a value that begins there is too much, however short it is.
    pub(super) fn is_used_up(&self, start: usize) -> bool {
        self.room == 0 && start < self.end
    }

    /// True if the value in this range is to be read.
    pub(super) fn permits(&mut self, range: &Range<usize>) -> bool {
        let cost = if range.start < self.end { range.len() } else { 0 };
        let is_permitted = cost <= self.room;
        self.end = self.end.max(range.end);
        self.room = self.room.saturating_sub(cost);
        is_permitted
    }
}

pub(super) fn learn_passwords(text: &str, context: Context, secrets: &mut Secrets) {
    for range in passwords(text, context) {
        secrets.learn(text.get(range).unwrap_or_default());
    }
}

/// The text with these values masked.
pub(super) fn masked(text: &str, context: Context) -> String {
    let mut ranges = passwords(text, context);
    ranges.extend(named(text, context).map(|(_, range)| range));
    ranges.sort_by_key(|range| range.start);
    let mut masked = String::new();
    let mut rest = 0;
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        if range.start < rest {
            continue;
        }
        masked.push_str(text.get(rest..range.start).unwrap_or_default());
        masked.push_str(MASK);
        rest = range.end;
    }
    masked.push_str(text.get(rest..).unwrap_or_default());
    masked
}

/// The parameters that are secret by their names: name, and place of the value.
fn named(text: &str, context: Context) -> impl Iterator<Item = (&str, Range<usize>)> {
    // The end of the last value that a mark other than `;` began: values within it end there, too.
    let mut last = 0;
    text.match_indices('=').filter_map(move |(at, _)| {
        let name = name_before(text, at)?;
        // A parameter has a mark before it; the first field of a form has none.
        let start = at - name.len();
        let mark = text.get(..start)?.chars().next_back();
        let is_first = matches!(context, Context::Form | Context::Text) && start == 0;
        if name.is_empty() || !(is_first || matches!(mark, Some('?' | '&' | ';' | '#'))) {
            return None;
        }
        if !(names_a_secret(name) || context == Context::Redirect && is_code(name)) {
            return None;
        }
        let start = at + 1;
        // A parameter of the path ends where the path goes on.
        let is_of_path = mark == Some(';');
        if !is_of_path && start < last {
            return Some((name, start..last));
        }
        let ends = |c: char| match context {
            _ if is_of_path && matches!(c, ';' | '/' | '?') => true,
            // The other marks are a part of the value there.
            Context::Url | Context::Redirect => "&#\"<> \n".contains(c),
            Context::Form | Context::Text => "&;#\"'<> \\,\n".contains(c),
        };
        let rest = text.get(start..)?;
        let end = start + rest.find(ends).unwrap_or(rest.len());
        if !is_of_path {
            last = end;
        }
        Some((name, start..end))
    })
}

/// The name that ends there, if it is short enough to say something.
pub(super) fn name_before(text: &str, at: usize) -> Option<&str> {
    const LONGEST: usize = 64;
    let is_of_name = |b: &u8| b.is_ascii_alphanumeric() || b"-_.%[]".contains(b);
    let before = text.as_bytes().get(..at)?.iter().rev();
    let length = before.take(LONGEST + 1).take_while(|byte| is_of_name(byte)).count();
    text.get(at - length..at).filter(|_| length <= LONGEST)
}

/// Names that stand for a session in a redirect, and for much else elsewhere.
fn is_code(name: &str) -> bool {
    matches!(name, "code" | "state")
}

/// True if a value looks drawn at random rather than chosen for readers.
pub(super) fn is_drawn(value: &str) -> bool {
    value.len() >= 16 || value.len() >= 6 && value.contains(|c: char| c.is_ascii_digit())
}

/// The places of passwords in URLs: `scheme://user:password@host`, and a user that stands alone,
/// which is a token.
fn passwords(text: &str, context: Context) -> Vec<Range<usize>> {
    if !text.contains('@') {
        return Vec::new();
    }
    let places = text.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let rest = text.get(start..)?;
        let is_quote = |c: char| c == '\'' && matches!(context, Context::Form | Context::Text);
        let end = rest.find(|c: char| "/?#\"<> \\\n".contains(c) || is_quote(c));
        let authority = rest.get(..end.unwrap_or(rest.len()))?;
        let user = authority.rfind('@')?;
        let colon = authority.get(..user)?.find(':').map_or(0, |colon| colon + 1);
        Some(start + colon..start + user)
    });
    places.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_in_their_places() {
        for (url, shown) in [
            ("https://a.test/x?user=ann&token=1", "https://a.test/x?user=ann&token=[masked]"),
            ("/x;jsessionid=A1B2?challenge=abc", "/x;jsessionid=[masked]?challenge=abc"),
            ("https://ann:pw@a.test/", "https://ann:[masked]@a.test/"),
            ("https://t0ken@a.test/", "https://[masked]@a.test/"),
            ("https://ann:p'w@a.test/", "https://ann:[masked]@a.test/"),
            ("/x?token=a,b'c;d#token=e\\f", "/x?token=[masked]#token=[masked]"),
            (
                "/cb?code=x1&state=y&next=%2F#access_token=z",
                "/cb?code=[masked]&state=[masked]&next=%2F#access_token=[masked]",
            ),
        ] {
            assert_eq!(masked(url, Context::Redirect), shown);
        }
        let form = "password=a%20b&username=ann";
        assert_eq!(masked(form, Context::Form), "password=[masked]&username=ann");
        assert_eq!(masked("/?token=a?token=b&c", Context::Url), "/?token=[masked]&c");
        let shown = masked("/;sid=b?c;token=a;b#pwd=d", Context::Url);
        assert_eq!(shown, "/;sid=[masked]?c;token=[masked];b#pwd=[masked]");
    }
}
