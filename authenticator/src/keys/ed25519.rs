//! Ed25519 without prehash (RFC 8032). The private key is the seed.

use ed25519_dalek::{Signer, Verifier, VerifyingKey as Ed25519Public};

use super::{Error, Private};
use crate::wire::Tree;
use crate::wire::cose::{self, Algorithm, crv};

/// An Ed25519 private key, of a seed of 32 octets.
pub(super) struct Ed25519(ed25519_dalek::SigningKey);

impl Ed25519 {
    pub(super) fn from_bytes(seed: &[u8]) -> Option<Self> {
        Some(Self(ed25519_dalek::SigningKey::from_bytes(seed.try_into().ok()?)))
    }
}

impl Private for Ed25519 {
    fn public_key(&self, alg: Algorithm) -> cose::Key {
        cose::Key::Okp { alg, crv: crv::ED25519, x: self.0.verifying_key().to_bytes().to_vec() }
    }

    fn sign(&self, _: Algorithm, message: &[u8]) -> Tree {
        Tree::Bytes(self.0.sign(message).to_bytes().to_vec())
    }

    fn secret(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

pub(super) fn verify(
    alg: Algorithm,
    x: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let point = x.try_into().map_err(|_| Error::PublicKey(alg))?;
    let key = Ed25519Public::from_bytes(point).map_err(|_| Error::PublicKey(alg))?;
    // The library reads coordinates above the prime too; RFC 8032 §5.1.3 does not.
    if key.to_edwards().compress().as_bytes() != x {
        return Err(Error::PublicKey(alg));
    }
    let signature = signature.try_into().map_err(|_| Error::Form(alg))?;
    key.verify(message, &ed25519_dalek::Signature::from_bytes(signature))
        .map_err(|_| Error::Mismatch)
}

/// Whether these octets are an Ed25519 point of small order: signatures that
/// verify with it can be made by anybody.
pub fn is_of_small_order(x: &[u8]) -> bool {
    let key = x.try_into().ok().and_then(|point| Ed25519Public::from_bytes(point).ok());
    key.is_some_and(|key| key.is_weak())
}
