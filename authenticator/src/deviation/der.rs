//! Edits of ASN.1 trees, ECDSA signatures above all.

use super::edit::octets;
use super::{Encoding, Error, Operation, Segment};
use crate::wire::der::{Content, Der, Length};

pub(super) fn edit(der: &mut Der, path: &[Segment], operation: &Operation) -> Result<(), Error> {
    let Some((first, rest)) = path.split_first() else {
        return whole(der, operation);
    };
    let Content::Constructed(items) = &mut der.content else {
        return Err(Error::place(first, Vec::new()));
    };
    // The one structure so far is ECDSA's: a sequence of r and s.
    let count = items.len();
    let missing = || Error::place(first, vec!["r".into(), "s".into(), format!("{count} items")]);
    let index = match first {
        Segment::Index(index) => *index,
        Segment::Name(name) if name == "r" => 0,
        Segment::Name(name) if name == "s" => 1,
        Segment::Name(_) => return Err(missing()),
    };
    match (rest, operation) {
        ([], Operation::Remove) if index < count => drop(items.remove(index)),
        _ => edit(items.get_mut(index).ok_or_else(missing)?, rest, operation)?,
    }
    Ok(())
}

fn whole(der: &mut Der, operation: &Operation) -> Result<(), Error> {
    match (&mut der.content, operation) {
        (_, Operation::Encode(Encoding::NonMinimal)) => der.length = Length::Long(2),
        (_, Operation::Encode(Encoding::Indefinite)) => der.length = Length::Indefinite,
        (_, Operation::Encode(half @ (Encoding::HighS | Encoding::LowS))) => {
            let s = der.as_unsigned().and_then(scalar).ok_or(Error::Value("the s of ES256"))?;
            let negated = order_minus(&s);
            let is_high = s > negated;
            if is_high != (*half == Encoding::HighS) {
                *der = Der::unsigned(&negated);
            }
        }
        (Content::Constructed(items), Operation::Reorder) => items.reverse(),
        (Content::Primitive(bytes), _) => octets(bytes, operation)?,
        (Content::Constructed(_), other) => {
            return Err(Error::operation(other, "a sequence"));
        }
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
