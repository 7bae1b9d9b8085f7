//! Texts of a recording, as an adapter file and a terminal have them.

use crate::outcome::visible;

/// A text as TOML has it, on one line, and with nothing in it that a reader cannot see.
pub(super) fn text(value: &str) -> String {
    let is_literal = |c: char| c != '\'' && !visible::is_hidden(c);
    if value.contains(['"', '\\']) && value.chars().all(is_literal) {
        return format!("'{value}'");
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if visible::is_hidden(c) => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text in which `{{` is not the beginning of a variable.
pub(super) fn literal(value: &str) -> String {
    text(&value.replace("{{", "{{\"{{\"}}"))
}

pub(super) fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => text(name),
    }
}

/// A text for a person, not too long.
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 120;
    let head: String = value.chars().take(LONGEST).collect();
    let mut out = visible::line(&head).into_owned();
    if value.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_unseen_is_written() {
        assert_eq!(text("a\nb\u{1b}\"\\\u{202e}"), r#""a\nb\U0000001b\"\\\U0000202e""#);
        assert_eq!(shown("a\u{1b}[2J\u{202e}\n"), r"a␛[2J\u{202e}␊");
        assert_eq!(literal("{{password}}"), r#"'{{"{{"}}password}}'"#);
    }

    proptest! {
        #[test]
        fn written_toml_is_read_back(name: String, value: String) {
            let table: toml::Table =
                toml::from_str(&format!("{} = {}", key(&name), text(&value))).unwrap();
            prop_assert_eq!(table.get(&name).and_then(toml::Value::as_str), Some(value.as_str()));
        }
    }
}
