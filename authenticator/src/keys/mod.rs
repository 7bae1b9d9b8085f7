//! Signature algorithms, one file a family.
//!
//! Keys made here serve tests. They come from a seed that anybody may know;
//! never protect anything with them.

mod es256;

use crate::wire::Tree;
use crate::wire::cose::{self, Algorithm};

/// A private key and the algorithm that it is for.
#[derive(Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// ECDSA on P-256 with SHA-256.
    Es256(es256::SigningKey),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

/// Why a key or a signature cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An algorithm that is not supported.
    #[error("{0} is not supported")]
    Algorithm(Algorithm),
    /// A private key out of range or of the wrong size.
    #[error("the octets are no private key for {0}")]
    PrivateKey(Algorithm),
    /// A public key of the wrong curve or size, or off its curve.
    #[error("the parameters are no public key for {0}")]
    PublicKey(Algorithm),
    /// A signature that is not of the algorithm's form.
    #[error("the octets are no {0} signature")]
    Form(Algorithm),
    /// A signature that is well-formed and wrong.
    #[error("the signature does not verify")]
    Mismatch,
}

impl SigningKey {
    /// How many octets a private key is drawn from.
    pub fn seed_len(algorithm: Algorithm) -> Result<usize, Error> {
        match algorithm {
            Algorithm::ES256 => Ok(32),
            other => Err(Error::Algorithm(other)),
        }
    }

    /// The key that these octets stand for: for ECDSA the big-endian scalar.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, Error> {
        match algorithm {
            Algorithm::ES256 => es256::SigningKey::from_bytes(bytes).map(Self::Es256),
            other => Err(Error::Algorithm(other)),
        }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::ES256,
        }
    }

    /// The public key as it stands in attested credential data.
    pub fn public_key(&self) -> cose::Key {
        match self {
            Self::Es256(key) => key.public_key(),
        }
    }

    /// Signs deterministically; the tree is what travels, a DER sequence of r
    /// and s for ECDSA.
    pub fn sign(&self, message: &[u8]) -> Tree {
        match self {
            Self::Es256(key) => key.sign(message),
        }
    }
}

/// Verifies a signature with a COSE key, as strictly as §6.5.5 states the
/// form: DER for ECDSA, with any s below the order.
pub fn verify(key: &cose::Key, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    match key {
        cose::Key::Ec2 { alg: Algorithm::ES256, crv, x, y } => {
            es256::verify(*crv, x, y, message, signature)
        }
        other => Err(Error::Algorithm(other.algorithm())),
    }
}

/// The key as SubjectPublicKeyInfo, where a client must know the algorithm
/// (§5.2.1.1).
pub fn subject_public_key_info(key: &cose::Key) -> Option<Vec<u8>> {
    match key {
        cose::Key::Ec2 { alg: Algorithm::ES256, x, y, .. } => {
            Some(es256::subject_public_key_info(x, y))
        }
        cose::Key::Ec2 { .. } => None,
    }
}
