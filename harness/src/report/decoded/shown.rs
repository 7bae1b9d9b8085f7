use std::fmt::Write;

/// Columns.
const WIDTH: usize = 88;
/// Octets and characters that are shown of a long string.
const OCTETS: usize = 72;
const CHARACTERS: usize = 400;

/// A value on its way to paper.
pub(super) enum Shown {
    /// On one line.
    Plain(String),
    /// With others inside, each after its label.
    Nested { before: String, inside: Vec<(String, Shown)>, after: String, comma: bool },
}

impl Shown {
    /// Values between brackets, or below a heading where there are none.
    pub(super) fn nested(before: &str, inside: Vec<(String, Self)>, after: &str) -> Self {
        let comma = !after.is_empty();
        Self::Nested { before: before.to_owned(), inside, after: after.to_owned(), comma }
    }

    /// One value below a heading.
    pub(super) fn holding(heading: String, inside: Self) -> Self {
        let inside = vec![(String::new(), inside)];
        Self::Nested { before: format!("{heading}:"), inside, after: String::new(), comma: false }
    }

    /// The same with a text before it.
    pub(super) fn after(self, text: &str) -> Self {
        match self {
            Self::Plain(own) => Self::Plain(format!("{text}{own}")),
            Self::Nested { before, inside, after, comma } => {
                Self::Nested { before: format!("{text}{before}"), inside, after, comma }
            }
        }
    }

    /// The text.
    pub(super) fn lines(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, 0);
        out
    }

    /// Writes the value where `used` columns of the line are taken already.
    fn write(&self, out: &mut String, indent: usize, used: usize) {
        let (before, inside, after, comma) = match self {
            Self::Plain(text) => return out.push_str(text),
            Self::Nested { before, inside, after, comma } => (before, inside, after, *comma),
        };
        if let Some(line) = self.on_one_line(WIDTH.saturating_sub(used)) {
            return out.push_str(&line);
        }
        out.push_str(before.trim_end());
        let deeper = indent + 2;
        for (index, (label, value)) in inside.iter().enumerate() {
            // What has no heading begins at the margin.
            let deeper = if before.is_empty() { indent } else { deeper };
            if index > 0 || !before.is_empty() {
                out.push('\n');
                out.push_str(&" ".repeat(deeper));
            }
            out.push_str(label);
            value.write(out, deeper, deeper + label.chars().count());
            if comma && index + 1 < inside.len() {
                out.push(',');
            }
        }
        if !after.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(out, "\n{:indent$}{after}", "");
        }
    }

    /// The value on one line, if it fits.
    fn on_one_line(&self, room: usize) -> Option<String> {
        let line = match self {
            Self::Plain(text) => text.clone(),
            Self::Nested { comma: false, .. } => return None,
            Self::Nested { before, inside, after, .. } => {
                let mut line = before.clone();
                for (index, (label, value)) in inside.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    line.push_str(label);
                    line.push_str(&value.on_one_line(room)?);
                    if line.len() > room {
                        return None;
                    }
                }
                line + after
            }
        };
        (line.chars().count() <= room).then_some(line)
    }
}

/// A byte string in diagnostic notation.
pub(super) fn hex(bytes: &[u8]) -> String {
    let head = bytes.get(..OCTETS).unwrap_or(bytes);
    let hex = base16ct::lower::encode_string(head);
    match bytes.len() > OCTETS {
        false => format!("h'{hex}'"),
        true => format!("h'{hex}…' ({} octets)", bytes.len()),
    }
}

/// A string between quotes, with its control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for (index, c) in text.chars().enumerate() {
        if index == CHARACTERS {
            let _ = write!(out, "…\" ({} characters)", text.chars().count());
            return out;
        }
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || c == '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
