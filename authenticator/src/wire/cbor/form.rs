//! The CTAP2 canonical form, and what keeps an item from it.

use std::collections::BTreeSet;

use super::{Cbor, Head, Item};

/// In what respect a well-formed item is not in the CTAP2 canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Irregularity {
    /// A string, list or map of indefinite length.
    #[error("something is of indefinite length")]
    Indefinite,
    /// A number or a length in more bytes than it needs.
    #[error("a number or a length is wider than it needs to be")]
    Wide,
    /// Keys of a map that are not sorted.
    #[error("the keys of a map are not in order")]
    Order,
    /// A key of a map that is there twice.
    #[error("a key of a map is there twice")]
    Duplicate,
    /// A tag.
    #[error("something is tagged")]
    Tag,
}

impl Cbor {
    /// All respects in which the item is not in the CTAP2 canonical form; none
    /// if it is.
    pub fn irregularities(&self) -> BTreeSet<Irregularity> {
        let mut found = BTreeSet::new();
        self.note_irregularities(&mut found);
        found
    }

    fn note_irregularities(&self, found: &mut BTreeSet<Irregularity>) {
        match self.head {
            Head::Minimal => {}
            Head::Wide(_) => drop(found.insert(Irregularity::Wide)),
            Head::Indefinite => drop(found.insert(Irregularity::Indefinite)),
        }
        match &self.item {
            Item::Array(items) => items.iter().for_each(|item| item.note_irregularities(found)),
            Item::Map(entries) => {
                found.extend(irregularities_of_keys(entries));
                for (key, value) in entries {
                    key.note_irregularities(found);
                    value.note_irregularities(found);
                }
            }
            Item::Tag(_, item) => {
                found.insert(Irregularity::Tag);
                item.note_irregularities(found);
            }
            // Decoders make raw bytes of an empty string in no chunks.
            Item::Chunks(_) | Item::Raw(_) => drop(found.insert(Irregularity::Indefinite)),
            _ => {}
        }
    }
}

/// What is irregular about the keys of a map as such.
pub fn irregularities_of_keys(entries: &[(Cbor, Cbor)]) -> impl Iterator<Item = Irregularity> {
    let keys: Vec<_> = entries.iter().map(|(key, _)| key.render()).collect();
    let is_sorted = keys.is_sorted();
    let are_distinct = keys.iter().collect::<BTreeSet<_>>().len() == keys.len();
    let order = (!is_sorted).then_some(Irregularity::Order);
    order.into_iter().chain((!are_distinct).then_some(Irregularity::Duplicate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_irregularity_is_found() {
        use Irregularity::{Duplicate, Indefinite, Order, Tag, Wide};
        for (bytes, expected) in [
            (&b"\xa2\x61a\x01\x61b\x02"[..], &[][..]),
            (b"\x18\x01", &[Wide]),
            (b"\x81\x19\x00\x01", &[Wide]),
            (b"\x9f\x01\xff", &[Indefinite]),
            (b"\xa1\x61a\x7f\xff", &[Indefinite]),
            (b"\x5f\x41\x01\xff", &[Indefinite]),
            (b"\xa2\x61b\x01\x61a\x02", &[Order]),
            (b"\xa2\x61a\x01\x61a\x02", &[Duplicate]),
            (b"\xa3\x61a\x01\x61b\x01\x61a\x02", &[Order, Duplicate]),
            (b"\xc0\x60", &[Tag]),
            (b"\xbf\x18\x01\xc0\x01\xff", &[Indefinite, Wide, Tag]),
        ] {
            let found = Cbor::decode(bytes).unwrap().irregularities();
            assert_eq!(found, expected.iter().copied().collect(), "{bytes:x?}");
            assert_eq!(Cbor::decode_canonical(bytes).is_ok(), expected.is_empty());
        }
    }
}
