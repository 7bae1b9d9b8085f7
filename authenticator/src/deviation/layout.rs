//! Edits of fixed fields.

use std::borrow::Cow;

use super::container::{self, MemberKey, Node};
use super::edit::octets;
use super::{Error, Operation, Segment, Value};
use crate::wire::{Layout, Tree};

impl MemberKey for Cow<'static, str> {
    fn named(name: &str) -> Self {
        name.to_owned().into()
    }

    fn is_meant(&self, segment: &Segment) -> bool {
        segment.means(self)
    }

    fn spell(&self) -> String {
        self.clone().into_owned()
    }
}

impl Node for Layout {
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        match path.split_first() {
            Some((first, rest)) => container::member(&mut self.fields, first, rest, operation),
            None => whole(self, operation),
        }
    }

    fn literal(value: &Value, _: Option<&Self>) -> Result<Self, Error> {
        Ok(Self::new().with("octets", Tree::Bytes(value.octets()?.into_owned())))
    }
}

fn whole(layout: &mut Layout, operation: &Operation) -> Result<(), Error> {
    match operation {
        _ if container::concerns_members(operation) => {
            container::members(&mut layout.fields, operation)?;
        }
        // The fields stay, so that further edits find them.
        Operation::Append(value) => {
            layout.fields.push(("appended".into(), Tree::Bytes(value.octets()?.into_owned())));
        }
        Operation::Prepend(value) => {
            layout
                .fields
                .insert(0, ("prepended".into(), Tree::Bytes(value.octets()?.into_owned())));
        }
        Operation::Set(_) | Operation::Truncate(_) => {
            let mut raw = layout.render();
            octets(&mut raw, operation)?;
            layout.fields = vec![("octets".into(), Tree::Bytes(raw))];
        }
        other => return Err(Error::operation(other, "a group of fields")),
    }
    Ok(())
}
