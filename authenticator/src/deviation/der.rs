//! Edits of ASN.1 trees, ECDSA signatures above all.

use super::container::{self, Node};
use super::edit::octets;
use super::{Encoding, Error, Operation, Segment, Value};
use crate::wire::der::{Content, Der, Length};

impl Node for Der {
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        let Some((first, rest)) = path.split_first() else {
            return whole(self, operation);
        };
        match &mut self.content {
            // The one structure so far is ECDSA's: a sequence of r and s.
            Content::Constructed(items) => {
                container::item(items, &["r", "s"], first, rest, operation)
            }
            Content::Primitive(_) => Err(Error::place(first, Vec::new())),
        }
    }

    /// Octets are an element as it is encoded.
    fn literal(value: &Value, _: Option<&Self>) -> Result<Self, Error> {
        match value {
            Value::Bytes(bytes) => Self::decode(bytes).ok(),
            _ => None,
        }
        .ok_or(Error::Value("an ASN.1 element"))
    }
}

fn whole(der: &mut Der, operation: &Operation) -> Result<(), Error> {
    match (&mut der.content, operation) {
        // Four octets are more than any element here needs.
        (_, Operation::Encode(Encoding::NonMinimal)) => der.length = Length::Long(4),
        (_, Operation::Encode(Encoding::Indefinite)) => der.length = Length::Indefinite,
        (_, Operation::Encode(half @ (Encoding::HighS | Encoding::LowS))) => {
            let s = der.as_unsigned().and_then(scalar).ok_or(Error::Value("the s of ES256"))?;
            let negated = order_minus(&s);
            let is_high = s > negated;
            if is_high != (*half == Encoding::HighS) {
                *der = Der::unsigned(&negated);
            }
        }
        (Content::Primitive(bytes), _) => octets(bytes, operation)?,
        (Content::Constructed(items), _) => container::items(items, operation)?,
    }
    Ok(())
}

/// An ECDSA signature on P-256 as r ‖ s.
pub(super) fn p1363(der: &Der) -> Option<Vec<u8>> {
    match der.items()? {
        [r, s] => Some([scalar(r.as_unsigned()?)?, scalar(s.as_unsigned()?)?].concat()),
        _ => None,
    }
}

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A magnitude at the full width of a scalar.
fn scalar(magnitude: &[u8]) -> Option<[u8; 32]> {
    let mut full = [0; 32];
    full.get_mut(32usize.checked_sub(magnitude.len())?..)?.copy_from_slice(magnitude);
    Some(full)
}

/// The order less a scalar below it.
fn order_minus(scalar: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut borrow = false;
    for ((out, n), s) in out.iter_mut().zip(ORDER).zip(scalar).rev() {
        let (less, under) = n.overflowing_sub(*s);
        let (less, under_again) = less.overflowing_sub(u8::from(borrow));
        *out = less;
        borrow = under || under_again;
    }
    out
}
