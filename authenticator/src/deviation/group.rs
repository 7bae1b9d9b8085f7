//! The groups that the numbers in signatures count in.

use std::cmp::Ordering;

use super::{Encoding, Error};
use crate::keys::Family;
use crate::wire::cose::Algorithm;

/// The group of a signature algorithm on a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
    /// secp256k1.
    Secp256k1,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
}

impl Group {
    /// The group of an algorithm; the others count in none that is known.
    pub fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match Family::of(algorithm).ok()? {
            Family::P256 => Self::P256,
            Family::P384 => Self::P384,
            Family::P521 => Self::P521,
            Family::Secp256k1 => Self::Secp256k1,
            Family::Ed25519 => Self::Ed25519,
            Family::Ed448 => Self::Ed448,
            Family::Rsa | Family::MlDsa44 | Family::MlDsa65 | Family::MlDsa87 => return None,
        })
    }

    /// Its order, big-endian.
    pub fn order(self) -> &'static [u8] {
        match self {
            Self::P256 => &P256,
            Self::P384 => &P384,
            Self::P521 => &P521,
            Self::Secp256k1 => &SECP256K1,
            Self::Ed25519 => &ED25519,
            Self::Ed448 => &ED448,
        }
    }

    /// A number at the width of the order; `None` if it has more octets.
    pub(super) fn widened(self, magnitude: &[u8]) -> Option<Vec<u8>> {
        let mut wide = vec![0; self.order().len().checked_sub(magnitude.len())?];
        wide.extend(magnitude);
        Some(wide)
    }

    /// The number in another form: negated, or above the order.
    pub(super) fn encode(self, magnitude: &[u8], form: Encoding) -> Result<Vec<u8>, Error> {
        let number = self.widened(magnitude).ok_or(Error::Value("an s below the order"))?;
        let negated = minus(self.order(), &number);
        Ok(match (form, number.cmp(&negated)) {
            (Encoding::PlusOrder, _) => plus(self.order(), &number),
            (Encoding::HighS, Ordering::Less) | (Encoding::LowS, Ordering::Greater) => negated,
            _ => number,
        })
    }

    /// The same for the second half of an EdDSA signature, which is
    /// little-endian.
    pub(super) fn encode_octets(self, octets: &mut [u8], form: Encoding) -> Result<(), Error> {
        let unfit = Error::Value("an EdDSA signature");
        let (_, half) = octets.split_at_mut(octets.len() / 2);
        let number: Vec<u8> = half.iter().rev().copied().collect();
        let digits = number.get(number.len().saturating_sub(self.order().len())..);
        let encoded = self.encode(digits.unwrap_or_default(), form)?;
        let fits = half.len().checked_sub(encoded.len()).ok_or(unfit)?;
        let wide = encoded.into_iter().rev().chain(std::iter::repeat_n(0, fits));
        half.iter_mut().zip(wide).for_each(|(octet, digit)| *octet = digit);
        Ok(())
    }
}

/// The difference modulo a power of 256; both are of one width.
fn minus(from: &[u8], less: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let digits = from.iter().zip(less).rev().map(|(from, less)| {
        let (digit, under) = from.overflowing_sub(*less);
        let (digit, under_again) = digit.overflowing_sub(u8::from(borrow));
        borrow = under || under_again;
        digit
    });
    let digits: Vec<u8> = digits.collect();
    digits.into_iter().rev().collect()
}

/// The sum, with an octet for the carry if there is one.
fn plus(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut carry = false;
    let digits = one.iter().zip(other).rev().map(|(one, other)| {
        let (digit, over) = one.overflowing_add(*other);
        let (digit, over_again) = digit.overflowing_add(u8::from(carry));
        carry = over || over_again;
        digit
    });
    let mut digits: Vec<u8> = digits.collect();
    digits.extend(carry.then_some(1));
    digits.into_iter().rev().collect()
}

/// The order of P-256.
const P256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of P-384.
const P384: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// The order of P-521.
const P521: [u8; 66] = [
    0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09,
    0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38,
    0x64, 0x09,
];

/// The order of secp256k1.
const SECP256K1: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// The order of Ed25519's base point.
const ED25519: [u8; 32] = [
    0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
];

/// The order of Ed448's base point.
const ED448: [u8; 56] = [
    0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7c, 0xca, 0x23, 0xe9,
    0xc4, 0x4e, 0xdb, 0x49, 0xae, 0xd6, 0x36, 0x90, 0x21, 0x6c, 0xc2, 0x72, 0x8d, 0xc5, 0x8f, 0x55,
    0x23, 0x78, 0xc2, 0x92, 0xab, 0x58, 0x44, 0xf3,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{ALGORITHMS, SigningKey, verify};
    use crate::wire::{Der, Tree};
    use proptest::prelude::*;

    fn key(algorithm: Algorithm) -> SigningKey {
        let len = SigningKey::seed_len(algorithm).unwrap();
        SigningKey::from_bytes(algorithm, &vec![7; len]).unwrap()
    }

    fn on_curves() -> impl Iterator<Item = (Algorithm, Group)> {
        ALGORITHMS.iter().filter_map(|algorithm| Some((*algorithm, Group::of(*algorithm)?)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// n - s verifies where s does, and n + s nowhere: so the orders are
        /// the curves'.
        #[test]
        fn orders_are_those_of_the_curves(message: Vec<u8>) {
            for (algorithm, group) in on_curves() {
                let key = key(algorithm);
                let verified = |octets: &[u8]| verify(&key.public_key(), &message, octets).is_ok();
                match key.sign(&message) {
                    Tree::Der(signature) => {
                        let [r, s] = signature.items().unwrap() else { panic!("r and s") };
                        let s = s.as_unsigned().unwrap();
                        let with = |form| {
                            let s = Der::unsigned(&group.encode(s, form).unwrap());
                            Der::sequence([r.clone(), s]).render()
                        };
                        prop_assert!(verified(&with(Encoding::HighS)));
                        prop_assert!(verified(&with(Encoding::LowS)));
                        prop_assert_ne!(with(Encoding::HighS), with(Encoding::LowS));
                        prop_assert!(!verified(&with(Encoding::PlusOrder)));
                    }
                    Tree::Bytes(mut octets) => {
                        prop_assert!(verified(&octets));
                        group.encode_octets(&mut octets, Encoding::PlusOrder).unwrap();
                        prop_assert!(!verified(&octets));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }

        #[test]
        fn sums_and_differences_undo_each_other(one: [u8; 5], other: [u8; 5]) {
            let sum = plus(&one, &other);
            let low = &sum[sum.len() - 5..];
            prop_assert_eq!(minus(low, &other), one);
        }
    }
}
