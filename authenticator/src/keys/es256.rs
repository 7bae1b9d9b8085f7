//! ES256: ECDSA on P-256 with SHA-256, nonces after RFC 6979. Signatures are
//! not normalised to low s, as authenticators do not either.

mod curve;

use p256::elliptic_curve::ops::{Invert, Reduce};
use p256::elliptic_curve::{Curve, PrimeField};
use p256::{FieldBytes, NistP256, NonZeroScalar, Scalar};
use rfc6979::KGenerator;
use sha2::{Digest, Sha256};

use super::Error;
use crate::wire::cose::{Algorithm, Key};
use crate::wire::{Der, Tree};
use curve::Point;

/// The COSE curve identifier of P-256.
const P256: i64 = 1;

/// A number below 2^256, big-endian.
type Octets = [u8; 32];

/// A P-256 private key.
#[derive(Clone)]
pub struct SigningKey {
    secret: NonZeroScalar,
    public: Point,
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.public == other.public
    }
}

impl Eq for SigningKey {}

impl SigningKey {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let unusable = Error::PrivateKey(Algorithm::ES256);
        let octets: Octets = bytes.try_into().map_err(|_| unusable)?;
        let secret = NonZeroScalar::from_repr(octets.into()).into_option().ok_or(unusable)?;
        let public = curve::multiply_generator(&octets).ok_or(unusable)?;
        Ok(Self { secret, public })
    }

    pub(super) fn public_key(&self) -> Key {
        let (x, y) = coordinates(&self.public);
        Key::Ec2 { alg: Algorithm::ES256, crv: P256, x: x.to_vec(), y: y.to_vec() }
    }

    /// The same octets as any other signer after RFC 6979, for the same key and
    /// message.
    pub(super) fn sign(&self, message: &[u8]) -> Tree {
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

    /// `None` for the nonces that ECDSA passes over.
    fn sign_with(&self, nonce: FieldBytes, hash: &FieldBytes) -> Option<(Scalar, Scalar)> {
        let k = NonZeroScalar::from_repr(nonce).into_option()?;
        let point = curve::multiply_generator(nonce.as_ref())?;
        let x: &Octets = coordinates(&point).0.try_into().ok()?;
        let r = Scalar::reduce(&FieldBytes::from(*x));
        let z = Scalar::reduce(hash);
        let s = *k.invert() * (z + r * *self.secret);
        (r != Scalar::ZERO && s != Scalar::ZERO).then_some((r, s))
    }
}

fn coordinates(point: &Point) -> (&[u8], &[u8]) {
    point.split_at(1).1.split_at(32)
}

pub(super) fn verify(
    crv: i64,
    x: &[u8],
    y: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let unusable = Error::PublicKey(Algorithm::ES256);
    if crv != P256 || x.len() != 32 || y.len() != 32 {
        return Err(unusable);
    }
    let point: Point = [&[4], x, y].concat().try_into().map_err(|_| unusable)?;
    // A key that is none is known for that before the signature is looked at.
    let r_s = p256::ecdsa::DerSignature::from_bytes(signature)
        .and_then(p256::ecdsa::Signature::try_from)
        .map(|signature| signature.to_bytes().into());
    match (curve::verify(&point, message, r_s.as_ref().unwrap_or(&[0; 64])), r_s) {
        (None, _) => Err(unusable),
        (_, Err(_)) => Err(Error::Form(Algorithm::ES256)),
        (Some(false), _) => Err(Error::Mismatch),
        (Some(true), Ok(_)) => Ok(()),
    }
}

/// The fixed part of SubjectPublicKeyInfo for an uncompressed P-256 point:
/// id-ecPublicKey, prime256v1, BIT STRING, 0x04.
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

pub(super) fn subject_public_key_info(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&SPKI_PREFIX, x, y].concat()
}

#[cfg(test)]
mod tests {
    use crate::keys::{Error, SigningKey, verify};
    use crate::wire::cose::{Algorithm, Key};
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
    fn wrong_signatures_are_told_apart() {
        let public = key(1).public_key();
        let signature = key(1).sign(b"m").render();
        assert_eq!(verify(&public, b"m", &signature), Ok(()));
        assert_eq!(verify(&public, b"n", &signature), Err(Error::Mismatch));
        assert_eq!(verify(&key(2).public_key(), b"m", &signature), Err(Error::Mismatch));
        let trailing = [&signature[..], &[0]].concat();
        assert_eq!(verify(&public, b"m", &trailing), Err(Error::Form(Algorithm::ES256)));
        let zero = Der::sequence([Der::unsigned(&[]), Der::unsigned(&[])]);
        assert!(verify(&public, b"m", &Tree::Der(zero).render()).is_err());
        let Key::Ec2 { alg, crv, x, .. } = public;
        let off_curve = Key::Ec2 { alg, crv, x, y: vec![1; 32] };
        assert_eq!(verify(&off_curve, b"m", &signature), Err(Error::PublicKey(alg)));
    }

    proptest! {
        #[test]
        fn signs_what_it_verifies(octet in 1u8..=0xfe, message: Vec<u8>) {
            let key = key(octet);
            let signature = key.sign(&message);
            prop_assert_eq!(&signature, &key.sign(&message));
            prop_assert_eq!(verify(&key.public_key(), &message, &signature.render()), Ok(()));
        }
    }
}
