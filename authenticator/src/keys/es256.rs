//! ES256 and ESP256: ECDSA on P-256 with SHA-256, nonces after RFC 6979. Signatures are
//! not normalised to low s, as authenticators do not either.

mod curve;

use std::sync::Arc;

use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::{Curve, PrimeField};
use p256::{FieldBytes, NistP256, NonZeroScalar, Scalar};
use rfc6979::KGenerator;
use sha2::{Digest, Sha256};

use super::{Error, Private};
use crate::wire::cose::{Algorithm, Key, crv};
use crate::wire::{Der, Tree};
use curve::Point;

/// A number below 2^256, big-endian.
type Octets = [u8; 32];

/// A P-256 private key.
pub(super) struct Es256Key {
    secret: NonZeroScalar,
    public: Point,
    multiply_generator: fn(&Octets) -> Option<Point>,
}

impl Es256Key {
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let octets: Octets = bytes.try_into().ok()?;
        let secret = NonZeroScalar::from_repr(octets.into()).into_option()?;
        let multiply_generator = curve::multiply_generator;
        Some(Self { secret, public: multiply_generator(&octets)?, multiply_generator })
    }

    /// `None` for the nonces that ECDSA passes over.
    fn sign_with(&self, nonce: FieldBytes, hash: &FieldBytes) -> Option<(Scalar, Scalar)> {
        let k = NonZeroScalar::from_repr(nonce).into_option()?;
        let point = (self.multiply_generator)(nonce.as_ref())?;
        let x: &Octets = coordinates(&point).0.try_into().ok()?;
        let r = Scalar::reduce(&FieldBytes::from(*x));
        let z = Scalar::reduce(hash);
        // A third of the time that the constant-time one takes.
        let s = k.invert_vartime().into_option()? * (z + r * *self.secret);
        (r != Scalar::ZERO && s != Scalar::ZERO).then_some((r, s))
    }
}

impl Private for Es256Key {
    fn public_key(&self, alg: Algorithm) -> Key {
        let (x, y) = coordinates(&self.public);
        Key::Ec2 { alg, crv: crv::P256, x: x.to_vec(), y: y.to_vec() }
    }

    /// Signs with the bytes of any other signer after RFC 6979, for the same key and
    /// message.
    fn sign(&self, _: Algorithm, message: &[u8]) -> Tree {
        let hash = Sha256::digest(message);
        let order = NistP256::ORDER.as_ref();
        let mut nonces = KGenerator::<Sha256, _>::new(&self.secret.to_repr(), &hash, &[], order);
        let (r, s) = loop {
            let mut nonce = FieldBytes::default();
            nonces.fill_next_k(&mut nonce);
            if let Some(signature) = self.sign_with(nonce, &hash) {
                break signature;
            }
        };
        let [r, s] = [r, s].map(|number| Der::unsigned(&number.to_repr()));
        Tree::Der(Der::sequence([r, s]))
    }

    fn secret(&self) -> Vec<u8> {
        self.secret.to_repr().to_vec()
    }

    fn portable(&self) -> Option<Arc<dyn Private>> {
        let multiply_generator = curve::portable::multiply_generator;
        Some(Arc::new(Self { multiply_generator, ..*self }))
    }
}

fn coordinates(point: &Point) -> (&[u8], &[u8]) {
    point.split_at(1).1.split_at(32)
}

pub(super) fn verify(
    alg: Algorithm,
    curve_id: i64,
    x: &[u8],
    y: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let unusable = Error::PublicKey(alg);
    if curve_id != crv::P256 || x.len() != 32 || y.len() != 32 {
        return Err(unusable);
    }
    let point: Point = [&[4], x, y].concat().try_into().map_err(|_| unusable)?;
    // A key that is none is known for that before the signature is looked at.
    let r_s = p256::ecdsa::DerSignature::from_bytes(signature)
        .and_then(p256::ecdsa::Signature::try_from)
        .map(|signature| signature.to_bytes().into());
    match (curve::verify(&point, message, r_s.as_ref().unwrap_or(&[0; 64])), r_s) {
        (None, _) => Err(unusable),
        (_, Err(_)) => Err(Error::Form(alg)),
        (Some(false), _) => Err(Error::Mismatch),
        (Some(true), Ok(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::keys::{Error, SigningKey, verify};
    use crate::wire::cose::{Algorithm, Key};
    use crate::wire::der::Length;
    use crate::wire::{Der, Tree};
    use proptest::prelude::*;

    fn key(octet: u8) -> SigningKey {
        SigningKey::from_bytes(Algorithm::ES256, &[octet; 32]).unwrap()
    }

    #[test]
    fn private_keys_are_in_range() {
        for bytes in [&[0; 32][..], &[0xff; 32], &[1; 31]] {
            assert_eq!(
                SigningKey::from_bytes(Algorithm::ES256, bytes),
                Err(Error::PrivateKey(Algorithm::ES256))
            );
        }
    }

    #[test]
    fn wrong_signatures_are_refused() {
        let public = key(1).public_key();
        let signature = key(1).sign(b"m").render();
        assert_eq!(verify(&public, b"m", &signature), Ok(()));
        assert_eq!(verify(&public, b"n", &signature), Err(Error::Mismatch));
        assert_eq!(verify(&key(2).public_key(), b"m", &signature), Err(Error::Mismatch));
        let trailing = [&signature[..], &[0]].concat();
        assert_eq!(verify(&public, b"m", &trailing), Err(Error::Form(Algorithm::ES256)));
        let zero = Der::sequence([Der::unsigned(&[]), Der::unsigned(&[])]);
        assert!(verify(&public, b"m", &Tree::Der(zero).render()).is_err());
        let Key::Ec2 { alg, crv, x, .. } = public else { panic!("P-256 keys are EC2") };
        let off_curve = Key::Ec2 { alg, crv, x, y: vec![1; 32] };
        assert_eq!(verify(&off_curve, b"m", &signature), Err(Error::PublicKey(alg)));
    }

    #[test]
    fn only_der_is_read() {
        let public = key(1).public_key();
        let Tree::Der(der) = key(1).sign(b"m") else { panic!("ECDSA signatures are DER") };
        let [r, s] = der.items().unwrap() else { panic!("r and s") };
        let padded =
            |number: &Der| Der::primitive(2, [&[0], number.as_primitive().unwrap()].concat());
        let long = |item: &Der, octets| Der { length: Length::Long(octets), ..item.clone() };
        for wrong in [
            Der::sequence([padded(r), s.clone()]),
            Der::sequence([r.clone(), padded(s)]),
            Der::sequence([long(r, 1), s.clone()]),
            long(&der, 1),
            long(&der, 2),
            Der { length: Length::Indefinite, ..der.clone() },
            Der::sequence([r.clone(), s.clone(), s.clone()]),
            Der::sequence([r.clone(), Der::primitive(2, [0x80])]),
            Der::set([r.clone(), s.clone()]),
        ] {
            let form = Err(Error::Form(Algorithm::ES256));
            assert_eq!(verify(&public, b"m", &wrong.render()), form, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn signs_what_it_verifies(octet in 1u8..=0xfe, message: Vec<u8>) {
            let key = key(octet);
            let signature = key.sign(&message);
            prop_assert_eq!(&signature, &key.sign(&message));
            prop_assert_eq!(&signature, &key.portable().sign(&message));
            prop_assert_eq!(verify(&key.public_key(), &message, &signature.render()), Ok(()));
        }
    }
}
