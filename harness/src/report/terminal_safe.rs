use std::borrow::Cow;

use crate::outcome::visible;

/// A text as a terminal or the log of a CI run may get it, whatever is in it. Reports in files are
/// such texts, too: people print them into logs.
///
/// Only line feeds, tabs and, where there are colours, sequences that set a colour or a weight go
/// through; any other control character is spelled out. A line that a CI runner would take as a
/// command is broken by a space. Foreign text is made harmless where a report is made; this is for
/// a text that was forgotten there.
pub fn guarded(text: &str, colour: bool) -> Cow<'_, str> {
    let is_plain = |b: u8| matches!(b, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(is_plain) && !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n').map(|line| no_command(harmless(line, colour)));
    Cow::Owned(lines.collect())
}

fn harmless(line: &str, colour: bool) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, escape) = rest.split_at(at);
        out += &visible::block(before);
        let length = sequence(escape).filter(|_| colour);
        let (sequence, after) = escape.split_at(length.unwrap_or(1));
        match length {
            Some(_) => out += sequence,
            None => out += &visible::block(sequence),
        }
        rest = after;
    }
    out + &visible::block(rest)
}

/// The bytes of the sequence that sets a colour or a weight, if the text begins with one.
fn sequence(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters.get(end..)?.starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

/// The line with a space in what would be a command: `::` at its beginning (GitHub), `##[`
/// (GitHub, Azure), `##vso[` (Azure) or `##teamcity[` anywhere.
fn no_command(line: String) -> String {
    let mut start = line.as_str();
    loop {
        start = start.trim_start();
        match sequence(start).and_then(|length| start.get(length..)) {
            Some(after) => start = after,
            None => break,
        }
    }
    let begins = start.starts_with("::").then(|| line.len() - start.len() + 1);
    if begins.is_none() && !line.contains("##") {
        return line;
    }
    let mut out = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        let is_second = c == '#' && out.ends_with('#');
        let rest = line.get(at + c.len_utf8()..).unwrap_or_default();
        if begins == Some(at) || is_second && opens(rest) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// True if a word and a bracket follow, as they do after `##` in a command.
fn opens(rest: &str) -> bool {
    rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-').starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_through_and_nothing_else() {
        let painted = "\u{1b}[31;1mfail\u{1b}[0m\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}2J\ra\tb\n";
        assert_eq!(guarded(painted, true), "\u{1b}[31;1mfail\u{1b}[0m␛[2J␛]0;t␇\\u{9b}2J␍a\tb\n");
        assert_eq!(guarded("\u{1b}[31mfail", false), "␛[31mfail");
        assert_eq!(guarded("\u{1b}[", true), "␛[");
        assert!(matches!(guarded("as it is\n", false), Cow::Borrowed(_)));
    }

    #[test]
    fn no_line_is_a_command() {
        for (text, harmless) in [
            ("::error::x", ": :error::x"),
            ("a\n \t ::error::x\nb", "a\n \t : :error::x\nb"),
            ("\u{1b}[2m  ::error::x", "\u{1b}[2m  : :error::x"),
            ("\u{a0}::error::x", "\u{a0}: :error::x"),
            ("a::b", "a::b"),
            ("x ##[error]y", "x # #[error]y"),
            ("##VSO[task.x]y", "# #VSO[task.x]y"),
            ("###[a", "## #[a"),
            ("## area: 5 [x]", "## area: 5 [x]"),
        ] {
            assert_eq!(guarded(text, true), harmless);
        }
    }
}
