//! Ed448 without prehash, with the empty context (RFC 8032). The private key is
//! the seed.

use ed448_goldilocks::VerifyingKey as Ed448Public;

use super::{Error, Private};
use crate::wire::Tree;
use crate::wire::cose::{self, Algorithm, crv};

/// An Ed448 private key, of a seed of 57 bytes.
pub(super) struct Ed448(ed448_goldilocks::SigningKey);

impl Ed448 {
    pub(super) fn from_bytes(seed: &[u8]) -> Option<Self> {
        ed448_goldilocks::SigningKey::try_from(seed).ok().map(Self)
    }
}

impl Private for Ed448 {
    fn public_key(&self, alg: Algorithm) -> cose::Key {
        cose::Key::Okp { alg, crv: crv::ED448, x: self.0.verifying_key().to_bytes().to_vec() }
    }

    fn sign(&self, _: Algorithm, message: &[u8]) -> Tree {
        Tree::Bytes(self.0.sign_raw(message).to_bytes().to_vec())
    }

    fn secret(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }
}

pub(super) fn verify(
    alg: Algorithm,
    x: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let point = x.try_into().map_err(|_| Error::PublicKey(alg))?;
    let key = Ed448Public::from_bytes(point).map_err(|_| Error::PublicKey(alg))?;
    let signature = signature.try_into().map_err(|_| Error::Form(alg))?;
    key.verify_raw(&ed448_goldilocks::Signature::from_bytes(signature), message)
        .map_err(|_| Error::Mismatch)
}
