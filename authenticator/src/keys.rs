//! Signature algorithms, one file a family.
//!
//! Keys made here serve tests. They come from a seed that anybody may know;
//! never protect anything with them. For the same reason it does no harm how
//! far the libraries below are hardened:
//!
//! - `ml-dsa`, `ed448-goldilocks` (a prerelease), `p256`, `p384` and `p521` say
//!   that nobody independent has audited them.
//! - `rsa` has gone far from the code that was audited. It was open to the
//!   Marvin attack (RUSTSEC-2023-0071) until 0.10, and says that the hardening
//!   against timing goes on.
//! - What is computed in this module is not constant-time, and no secret is
//!   wiped.
//!
//! A test rig has no secrets to lose, and nobody times it.

#[cfg(any(feature = "p384", feature = "p521", feature = "secp256k1"))]
mod ecdsa;
#[cfg(feature = "ed25519")]
mod ed25519;
#[cfg(feature = "ed448")]
mod ed448;
mod es256;
mod family;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
mod pkcs8;
#[cfg(feature = "rsa")]
mod rsa;
mod spki;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::wire::Tree;
use crate::wire::cose::{self, Algorithm};
pub(crate) use family::Family;

#[cfg(feature = "ed25519")]
pub use ed25519::is_of_small_order;
pub use spki::{from_spki, signature_algorithm, subject_public_key_info};

/// Every algorithm that is compiled in, in the order of their numbers.
pub const ALGORITHMS: &[Algorithm] = &[
    Algorithm::ES256,
    #[cfg(feature = "ed25519")]
    Algorithm::EDDSA,
    Algorithm::ESP256,
    #[cfg(feature = "ed25519")]
    Algorithm::ED25519,
    #[cfg(feature = "p384")]
    Algorithm::ES384,
    #[cfg(feature = "p521")]
    Algorithm::ES512,
    #[cfg(feature = "rsa")]
    Algorithm::PS256,
    #[cfg(feature = "rsa")]
    Algorithm::PS384,
    #[cfg(feature = "rsa")]
    Algorithm::PS512,
    #[cfg(feature = "secp256k1")]
    Algorithm::ES256K,
    #[cfg(feature = "ml-dsa")]
    Algorithm::ML_DSA_44,
    #[cfg(feature = "ml-dsa")]
    Algorithm::ML_DSA_65,
    #[cfg(feature = "ml-dsa")]
    Algorithm::ML_DSA_87,
    #[cfg(feature = "p384")]
    Algorithm::ESP384,
    #[cfg(feature = "p521")]
    Algorithm::ESP512,
    #[cfg(feature = "ed448")]
    Algorithm::ED448,
    #[cfg(feature = "rsa")]
    Algorithm::RS256,
    #[cfg(feature = "rsa")]
    Algorithm::RS384,
    #[cfg(feature = "rsa")]
    Algorithm::RS512,
    #[cfg(feature = "rsa")]
    Algorithm::RS1,
];

/// A private key and the algorithm that it is for.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    private: Arc<dyn Private>,
}

/// What a private key of any family can do, for an algorithm of the family.
trait Private: Send + Sync {
    fn public_key(&self, algorithm: Algorithm) -> cose::Key;

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Tree;

    /// The bytes that the family's PKCS#8 form is made around: the scalar at
    /// full width, the seed, or the RSAPrivateKey.
    fn secret(&self) -> Vec<u8>;

    /// The same key on the portable path, if it is on another.
    fn portable(&self) -> Option<Arc<dyn Private>> {
        None
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.public_key() == other.public_key()
    }
}

impl Eq for SigningKey {}

// No key changes after it is made.
impl std::panic::UnwindSafe for SigningKey {}
impl std::panic::RefUnwindSafe for SigningKey {}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

/// Why a key or a signature cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An algorithm that is not supported.
    #[error("{0} is not supported")]
    Algorithm(Algorithm),
    /// An algorithm whose feature is off.
    #[error(
        "invalid algorithm: {algorithm} is not compiled in; enable the feature `{feature}` of \
         passrig-authenticator"
    )]
    NotCompiled {
        /// The algorithm.
        algorithm: Algorithm,
        /// The feature that it needs.
        feature: &'static str,
    },
    /// A private key out of range or of the wrong size.
    #[error("the octets are no private key for {0}")]
    PrivateKey(Algorithm),
    /// A public key of the wrong type, curve or size, or off its curve.
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
    /// The number of bytes that a private key is drawn from: 32, but 48 on P-384, 65 on
    /// P-521 (so that they are always below the order) and 57 for Ed448.
    pub fn seed_len(algorithm: Algorithm) -> Result<usize, Error> {
        Ok(Family::of(algorithm)?.seed_len())
    }

    /// The key that these bytes stand for: for ECDSA the big-endian scalar
    /// (on P-521 also at its full width of 66 bytes), for EdDSA and ML-DSA the
    /// seed, for RSA the seed that chooses a modulus of 2048 bits among two
    /// million.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, Error> {
        let private = Family::of(algorithm)?.private(algorithm, bytes)?;
        Ok(Self { algorithm, private })
    }

    /// Draws until the bytes are a private key, from `label`, then `label/1` and
    /// so on, eight times at most; nearly always at once.
    pub fn draw(
        algorithm: Algorithm,
        label: &str,
        draw: &mut dyn FnMut(&str, usize) -> Vec<u8>,
    ) -> Result<Self, Error> {
        let len = Self::seed_len(algorithm)?;
        let mut key = Self::from_bytes(algorithm, &draw(label, len));
        for round in 1..8 {
            if key.is_ok() {
                break;
            }
            key = Self::from_bytes(algorithm, &draw(&format!("{label}/{round}"), len));
        }
        key
    }

    /// The RSA key with a modulus of `bits` that a seed stands for: 1024 to
    /// 8192, also sizes that are no whole number of bytes.
    #[cfg(feature = "rsa")]
    pub fn rsa_of_bits(algorithm: Algorithm, bits: usize, seed: &[u8; 32]) -> Result<Self, Error> {
        must_be_rsa(algorithm)?;
        let private = Arc::new(rsa::RsaKey::from_seed(algorithm, bits, seed)?);
        Ok(Self { algorithm, private })
    }

    /// The RSA key of two big-endian primes, which need not be of one size,
    /// and a public exponent.
    #[cfg(feature = "rsa")]
    pub fn from_primes(algorithm: Algorithm, p: &[u8], q: &[u8], e: u32) -> Result<Self, Error> {
        must_be_rsa(algorithm)?;
        let private = Arc::new(rsa::RsaKey::from_primes(algorithm, p, q, e)?);
        Ok(Self { algorithm, private })
    }

    /// Reads a PKCS#8 PrivateKeyInfo in DER (RFC 5958). What names no single
    /// algorithm, as rsaEncryption, is taken for the one that is asked for.
    /// Copies of the public key are not compared; ML-DSA keys must have a seed.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Error> {
        let private = pkcs8::read(algorithm, der)?;
        Ok(Self { algorithm, private })
    }

    /// The key as a PKCS#8 PrivateKeyInfo in DER: around an ECPrivateKey
    /// (RFC 5915), an RSAPrivateKey (RFC 8017), or the seed alone (RFC 8410,
    /// RFC 9881).
    pub fn to_pkcs8(&self) -> Vec<u8> {
        pkcs8::write(&self.public_key(), &self.private.secret())
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as it stands in attested credential data.
    pub fn public_key(&self) -> cose::Key {
        self.private.public_key(self.algorithm)
    }

    /// The same private key for another algorithm that keys like it are for, as
    /// RSA keys are for several; `None` if they are not for that one.
    #[must_use]
    pub fn used_for(&self, algorithm: Algorithm) -> Option<Self> {
        let is_alike = Family::of(algorithm).ok()? == Family::of(self.algorithm).ok()?;
        is_alike.then(|| Self { algorithm, private: Arc::clone(&self.private) })
    }

    /// The same key without the fast path that some processors have for its
    /// algorithm: it signs as it would on any other. The bytes do not differ;
    /// this is for those who measure or compare.
    #[must_use]
    pub fn portable(&self) -> Self {
        let private = self.private.portable().unwrap_or_else(|| Arc::clone(&self.private));
        Self { algorithm: self.algorithm, private }
    }

    /// Signs deterministically; the tree is what travels: a DER sequence of r
    /// and s for ECDSA (§6.5.5), plain bytes for all others.
    pub fn sign(&self, message: &[u8]) -> Tree {
        self.private.sign(self.algorithm, message)
    }
}

#[cfg(feature = "rsa")]
fn must_be_rsa(algorithm: Algorithm) -> Result<(), Error> {
    match Family::of(algorithm)? {
        Family::Rsa => Ok(()),
        _ => Err(Error::PrivateKey(algorithm)),
    }
}

/// Verifies a signature with a COSE key, as strictly as §6.5.5 states the
/// form: DER for ECDSA, with any s below the order; exactly as many bytes as
/// the key or the algorithm says for all others.
pub fn verify(key: &cose::Key, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    Family::of(key.algorithm())?.verify(key, message, signature)
}

/// Checks that the parameters are a public key of their algorithm.
pub fn check(key: &cose::Key) -> Result<(), Error> {
    // A key that is none is known for that before the signature is looked at.
    match verify(key, &[], &[]) {
        Ok(()) | Err(Error::Form(_) | Error::Mismatch) => Ok(()),
        Err(error) => Err(error),
    }
}
