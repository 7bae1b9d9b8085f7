//! Foreign text in Markdown: it makes no table, no link, no markup and no mention.
//!
//! GitHub and GitLab look for mentions, issue numbers, commits, emoji and formulas in the rendered
//! page, so that a backslash before them helps nothing; they leave code alone. A word that may be one of
//! them, or a link of its own accord, becomes a code span.

/// A text of one line, as text.
pub(super) fn text(text: &str) -> String {
    words(text, false)
}

/// A text of one line in a cell of a table, as text.
pub(super) fn cell(text: &str) -> String {
    words(text, true)
}

/// A text of one line, as code.
pub(super) fn code(text: &str) -> String {
    // A fence is longer than every row of backticks in the text.
    let rows = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(rows.max().unwrap_or(0) + 1);
    match text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A text of one line in a cell of a table, as code.
pub(super) fn code_cell(text: &str) -> String {
    // The cells are separated before the code is, by bars without a backslash before them.
    let mut out = String::with_capacity(text.len() + 4);
    let mut backslashes = 0;
    for c in code(text).chars() {
        match (c, backslashes % 2) {
            ('|', 0) => out.push('\\'),
            ('|', _) => out.push_str("\\\\"),
            _ => {}
        }
        out.push(c);
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
    }
    out
}

/// A text of one line in HTML.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn words(text: &str, is_cell: bool) -> String {
    let words = text.split(' ').map(|word| match (stands_for_more(word), is_cell) {
        (true, true) => code_cell(word),
        (true, false) => code(word),
        (false, _) => escaped(word),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// True if a word may become a link, a mention, an issue, a commit, an emoji or a formula.
fn stands_for_more(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let marks = ["@", "#", "$", "://", "www.", "gh-", "mailto:", "xmpp:", "*iteration:"];
    marks.iter().any(|mark| lower.contains(mark))
        || word.matches(':').count() > 1
        || (word.contains('[') && word.contains(':'))
        || refers(word)
        || word.split(|c: char| !c.is_ascii_hexdigit()).any(is_commit)
}

/// True if a name or number follows a mark with which GitLab refers to merge requests, milestones,
/// labels, epics and alerts.
fn refers(word: &str) -> bool {
    let following = word.chars().skip(1);
    let mut pairs = word.chars().zip(following);
    pairs.any(|(mark, next)| "!%~&^".contains(mark) && next.is_alphanumeric())
}

/// True if hexadecimal digits may be the beginning of a commit's hash, which may have letters only.
fn is_commit(digits: &str) -> bool {
    digits.len() >= 7
}

/// A word with a backslash before every mark that Markdown knows inside a line.
fn escaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        let foreign = "<img src=x> | [a](b) `c` **d** __e__ ~~ & !";
        assert_eq!(
            text(foreign),
            r"&lt;img src=x&gt; \| \[a\](b) \`c\` \*\*d\*\* \_\_e\_\_ \~\~ &amp; \!"
        );
    }

    #[test]
    fn what_stands_for_more_is_code() {
        for word in [
            "@name",
            "(@org/team)",
            "#1",
            "owner/repo#1",
            "GH-1",
            "http://a.test",
            "ftp://a",
            "(www.a.test",
            "a@b.test",
            "mailto:a",
            ":tada:",
            "$x$",
            "0123456789abcdef",
            "1234567",
            "DEADBEEF",
            "(defaced)",
            "refused:deadbeef.",
            "[vulnerability:1]",
            "*iteration:1",
            "&#64;name",
            "&commat;name",
            "group/project!1",
            "~label",
        ] {
            assert_eq!(text(word), format!("`{word}`"));
        }
        for word in ["refused:", "400", "7.1/9", "facade", "a-b", "sub.domain"] {
            assert_eq!(text(word), word);
        }
    }

    #[test]
    fn a_fence_is_longer_than_its_text() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`c"), "```a``b`c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(code_cell("a|b"), r"`a\|b`");
        assert_eq!(code_cell(r"a\|b"), r"`a\\\|b`");
        assert_eq!(text("@a``b`"), "``` @a``b` ```");
        assert_eq!(cell("@a|b c|d"), r"`@a\|b` c\|d");
        assert_eq!(html("<'\"&>"), "&lt;&#39;&quot;&amp;&gt;");
    }
}
