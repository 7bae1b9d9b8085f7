//! Fixed fields, one after another: authenticator data, TPM structures.

use std::borrow::Cow;

use super::Tree;
use super::big_endian;

/// The names of the bits of a flags octet, as `(name, bit number)`.
pub type FlagNames = &'static [(&'static str, u8)];

/// Named fields in the order in which they travel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The fields. Names may repeat after an edit; look-ups find the first.
    pub fields: Vec<(Cow<'static, str>, Tree)>,
}

impl Layout {
    /// A layout without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field at the end.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: Tree) -> Self {
        self.fields.push((name.into(), value));
        self
    }

    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&Tree> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, tree)| tree)
    }

    /// The fields' bytes, one after another.
    pub fn render(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (_, tree) in &self.fields {
            match tree {
                Tree::LengthOf { field, width } => {
                    let length = self.field(field).map_or(0, |tree| tree.render().len());
                    out.extend(big_endian(length as u64, *width));
                }
                other => out.extend(other.render()),
            }
        }
        out
    }
}
