//! What all containers have in common: members under keys, items in a row.

use super::edit::kept;
use super::{Error, Operation, Segment, Value};

/// A node of a tree.
pub(super) trait Node: Clone {
    /// Carries out an operation at a place below this node, or on itself.
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error>;

    /// A value as a node. The one that it replaces or joins may decide on its
    /// form.
    fn literal(value: &Value, model: Option<&Self>) -> Result<Self, Error>;
}

/// The key of a member of a container.
pub(super) trait MemberKey: Clone {
    /// The key that is written like this.
    fn named(name: &str) -> Self;

    /// True if a segment of a path means this key.
    fn is_meant(&self, segment: &Segment) -> bool;

    /// The key as it may stand in a path.
    fn spell(&self) -> String;
}

/// An operation on one member, or on a place below it.
pub(super) fn member<K: MemberKey, N: Node>(
    members: &mut Vec<(K, N)>,
    first: &Segment,
    rest: &[Segment],
    operation: &Operation,
) -> Result<(), Error> {
    let mut numbered = members.iter_mut().enumerate();
    let Some((index, (key, node))) = numbered.find(|(_, (key, _))| key.is_meant(first)) else {
        return Err(Error::place(first, members.iter().map(|(key, _)| key.spell()).collect()));
    };
    match (rest, operation) {
        ([], Operation::Remove) => drop(members.remove(index)),
        ([], Operation::Rename(name)) => *key = K::named(name),
        ([], Operation::Duplicate(value)) => {
            let twin = (key.clone(), N::literal(value, Some(node))?);
            members.insert(index + 1, twin);
        }
        _ => node.edit(rest, operation).map_err(|error| error.under(first))?,
    }
    Ok(())
}

/// An operation on one item, or on a place below it. Some items have names.
pub(super) fn item<N: Node>(
    items: &mut Vec<N>,
    names: &[&str],
    first: &Segment,
    rest: &[Segment],
    operation: &Operation,
) -> Result<(), Error> {
    let index = match first {
        Segment::Index(index) => Some(*index),
        Segment::Name(name) => names.iter().position(|known| known == name),
    };
    let count = items.len();
    let Some((index, node)) = index.and_then(|index| Some((index, items.get_mut(index)?))) else {
        let found = match (names, count) {
            ([], 1) => vec!["1 item".to_owned()],
            ([], count) => vec![format!("{count} items")],
            (names, _) => names.iter().take(count).map(|name| (*name).to_owned()).collect(),
        };
        return Err(Error::place(first, found));
    };
    match (rest, operation) {
        ([], Operation::Remove) => drop(items.remove(index)),
        ([], Operation::Duplicate(value)) => {
            let twin = N::literal(value, Some(node))?;
            items.insert(index + 1, twin);
        }
        ([], Operation::Rename(_)) => return Err(Error::operation(operation, "an item of a list")),
        _ => node.edit(rest, operation).map_err(|error| error.under(first))?,
    }
    Ok(())
}

/// True if an operation on a container is one on all its members. If not, the
/// container may still take it as the bytes that it renders to.
pub(super) fn concerns_members(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::Reorder
            | Operation::Append(Value::Member { .. })
            | Operation::Prepend(Value::Member { .. })
    )
}

/// An operation on all members; see [`concerns_members`].
pub(super) fn members<K: MemberKey, N: Node>(
    members: &mut Vec<(K, N)>,
    operation: &Operation,
) -> Result<(), Error> {
    match operation {
        Operation::Reorder => members.reverse(),
        Operation::Append(Value::Member { name, value }) => {
            members.push((K::named(name), N::literal(value, None)?));
        }
        Operation::Prepend(Value::Member { name, value }) => {
            members.insert(0, (K::named(name), N::literal(value, None)?));
        }
        other => return Err(Error::operation(other, "members")),
    }
    Ok(())
}

/// An operation on all items.
pub(super) fn items<N: Node>(items: &mut Vec<N>, operation: &Operation) -> Result<(), Error> {
    match operation {
        Operation::Reorder => items.reverse(),
        Operation::Append(value) => items.push(N::literal(value, None)?),
        Operation::Prepend(value) => items.insert(0, N::literal(value, None)?),
        Operation::Truncate(keep) => items.truncate(kept(*keep, items.len())),
        other => return Err(Error::operation(other, "a list")),
    }
    Ok(())
}
