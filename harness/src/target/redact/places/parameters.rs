//! Parameters of URLs and fields of forms: `name=value`, anywhere in a text.

use std::ops::Range;

use super::super::names::names_a_secret;
use super::super::secrets::{MASK, Secrets};
use crate::target::percent;

/// Around the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The URL of a request.
    Url,
    /// A URL to which an answer leads: a code there stands for a session.
    Redirect,
    /// The body of a form.
    Form,
    /// Any text with URLs in it.
    Text,
}

/// Learns the values of parameters that are secret by their names, and the passwords of URLs.
pub(super) fn learn(text: &str, context: Context, secrets: &mut Secrets) {
    for (name, range) in named(text, context) {
        let Some(value) = text.get(range) else { continue };
        if is_code(name) && !is_drawn(value) {
            continue;
        }
        secrets.learn(value);
        if value.contains(['%', '+']) {
            let decoded = percent::decode(&value.replace('+', " "));
            secrets.learn(&String::from_utf8_lossy(&decoded));
        }
    }
    learn_passwords(text, context, secrets);
}

/// Learns the passwords of URLs.
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
    text.match_indices('=').filter_map(move |(at, _)| {
        let before = text.get(..at)?;
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.%[]".contains(c);
        let start = before.trim_end_matches(is_of_name).len();
        let name = before.get(start..)?;
        // A parameter has a mark before it; the first field of a form has none.
        let mark = before.get(..start)?.chars().next_back();
        let is_marked = matches!(mark, Some('?' | '&' | ';' | '#'));
        if name.is_empty() || !(is_marked || context == Context::Form && start == 0) {
            return None;
        }
        if !(names_a_secret(name) || context == Context::Redirect && is_code(name)) {
            return None;
        }
        let rest = text.get(at + 1..)?;
        // A parameter of the path ends where the path goes on.
        let ends_path = |c: char| mark == Some(';') && matches!(c, ';' | '/' | '?');
        let ends = |c: char| match context {
            // The other marks are a part of the value there.
            Context::Url | Context::Redirect => "&#\"<> \n".contains(c),
            Context::Form | Context::Text => "&;#\"'<> \\,\n".contains(c),
        };
        let end = rest.find(|c: char| ends(c) || ends_path(c));
        Some((name, at + 1..at + 1 + end.unwrap_or(rest.len())))
    })
}

/// Names that stand for a session in a redirect, and for much else elsewhere.
fn is_code(name: &str) -> bool {
    matches!(name, "code" | "state")
}

/// Whether a value looks drawn at random rather than chosen for readers.
fn is_drawn(value: &str) -> bool {
    value.len() >= 16 || value.len() >= 6 && value.contains(|c: char| c.is_ascii_digit())
}

/// Where the passwords of URLs are: `scheme://user:password@host`, and a user that stands alone,
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
    }
}
