//! ES256: ECDSA on P-256 with SHA-256, nonces after RFC 6979. Signatures are
//! not normalised to low s, as authenticators do not either.

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, Signature, VerifyingKey};

use super::Error;
use crate::wire::cose::{Algorithm, Key};
use crate::wire::{Der, Tree};

/// The COSE curve identifier of P-256.
const P256: i64 = 1;

/// A P-256 private key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(p256::ecdsa::SigningKey);

impl SigningKey {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let unusable = Error::PrivateKey(Algorithm::ES256);
        // `from_slice` would pad shorter scalars.
        let scalar: &[u8; 32] = bytes.try_into().map_err(|_| unusable)?;
        p256::ecdsa::SigningKey::from_slice(scalar).map(Self).map_err(|_| unusable)
    }

    pub(super) fn public_key(&self) -> Key {
        let point = self.0.verifying_key().to_sec1_point(false);
        let coordinate = |octets: Option<&_>| octets.map(|o: &p256::FieldBytes| o.to_vec());
        Key::Ec2 {
            alg: Algorithm::ES256,
            crv: P256,
            x: coordinate(point.x()).unwrap_or_default(),
            y: coordinate(point.y()).unwrap_or_default(),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Tree {
        let signature: Signature = self.0.sign(message);
        let (r, s) = signature.split_bytes();
        Tree::Der(Der::sequence([Der::unsigned(&r), Der::unsigned(&s)]))
    }
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
    let point = [&[4], x, y].concat();
    let key = VerifyingKey::from_sec1_bytes(&point).map_err(|_| unusable)?;
    let signature =
        DerSignature::from_bytes(signature).map_err(|_| Error::Form(Algorithm::ES256))?;
    key.verify(message, &signature).map_err(|_| Error::Mismatch)
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
