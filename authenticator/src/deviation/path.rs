use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::Error;

/// Where an edit takes place, such as `authenticator_data.flags.up` or
/// `statement.x5c[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    segments: Vec<Segment>,
}

/// One step down a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A member, a field, or a component of a text.
    Name(String),
    /// An item of a list.
    Index(usize),
}

impl Path {
    /// What it begins with: `plan`, or the name of a stage.
    pub fn stage(&self) -> &str {
        match self.segments.first() {
            Some(Segment::Name(name)) => name,
            _ => "",
        }
    }

    /// What follows the stage.
    pub fn within(&self) -> &[Segment] {
        self.segments.get(1..).unwrap_or_default()
    }
}

impl FromStr for Path {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = |reason| Error::Syntax { path: text.to_owned(), reason };
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(error("a name is missing"));
            }
            segments.push(Segment::Name(name.to_owned()));
            rest = after;
            while let Some(inside) = rest.strip_prefix('[') {
                let (key, after) = inside.split_once(']').ok_or(error("`]` is missing"))?;
                if key.is_empty() {
                    return Err(error("a name is missing"));
                }
                segments.push(match key.parse() {
                    Ok(index) => Segment::Index(index),
                    Err(_) => Segment::Name(key.to_owned()),
                });
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None if rest.is_empty() => return Ok(Self { text: text.to_owned(), segments }),
                None => return Err(error("`.` is missing after `]`")),
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Segment {
    /// Whether a name in a tree is meant: exactly, or as `snake_case` for the
    /// `camelCase` of WebAuthn's members.
    pub(super) fn means(&self, name: &str) -> bool {
        let Self::Name(wanted) = self else { return false };
        let folded = |text: &str| -> String {
            text.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
        };
        wanted == name || wanted.contains('_') && folded(wanted) == folded(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax() {
        let path: Path = "statement.x5c[0].extensions[1.3.6.1].critical".parse().unwrap();
        assert_eq!(path.stage(), "statement");
        assert_eq!(
            path.within(),
            [
                Segment::Name("x5c".into()),
                Segment::Index(0),
                Segment::Name("extensions".into()),
                Segment::Name("1.3.6.1".into()),
                Segment::Name("critical".into()),
            ]
        );
        for wrong in ["", ".a", "a..b", "a[0", "a[0]b", "a[]", "a."] {
            assert!(wrong.parse::<Path>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn snake_case_means_camel_case() {
        assert!(Segment::Name("client_data_json".into()).means("clientDataJSON"));
        assert!(Segment::Name("crossOrigin".into()).means("crossOrigin"));
        assert!(!Segment::Name("crossorigin".into()).means("crossOrigin"));
    }
}
