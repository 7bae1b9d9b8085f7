//! Algorithms that share their keys, and where each family lives.

use std::sync::Arc;

#[cfg(feature = "ml-dsa")]
use ::ml_dsa::{MlDsa44, MlDsa65, MlDsa87};
#[cfg(feature = "secp256k1")]
use k256::Secp256k1;
#[cfg(feature = "p384")]
use p384::NistP384;
#[cfg(feature = "p521")]
use p521::NistP521;

#[cfg(any(feature = "p384", feature = "p521", feature = "secp256k1"))]
use super::ecdsa;
#[cfg(feature = "ed448")]
use super::ed448;
#[cfg(feature = "ed25519")]
use super::ed25519;
#[cfg(feature = "ml-dsa")]
use super::ml_dsa;
#[cfg(feature = "rsa")]
use super::rsa;
use super::{Error, Private, es256};
use crate::wire::cose::{Algorithm, Key, crv};

/// The keys of one kind; several algorithms may use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    P256,
    P384,
    P521,
    Secp256k1,
    Ed25519,
    Ed448,
    Rsa,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl Family {
    /// The keys of an algorithm that is compiled in.
    pub(crate) fn of(algorithm: Algorithm) -> Result<Self, Error> {
        let family = match algorithm {
            Algorithm::ES256 | Algorithm::ESP256 => Self::P256,
            Algorithm::ES384 | Algorithm::ESP384 => Self::P384,
            Algorithm::ES512 | Algorithm::ESP512 => Self::P521,
            Algorithm::ES256K => Self::Secp256k1,
            Algorithm::EDDSA | Algorithm::ED25519 => Self::Ed25519,
            Algorithm::ED448 => Self::Ed448,
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::RS1 => Self::Rsa,
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => Self::Rsa,
            Algorithm::ML_DSA_44 => Self::MlDsa44,
            Algorithm::ML_DSA_65 => Self::MlDsa65,
            Algorithm::ML_DSA_87 => Self::MlDsa87,
            other => return Err(Error::Algorithm(other)),
        };
        match family.feature() {
            Some((feature, false)) => Err(Error::NotCompiled { algorithm, feature }),
            _ => Ok(family),
        }
    }

    /// The feature of this crate that the family needs, and whether it is on.
    fn feature(self) -> Option<(&'static str, bool)> {
        Some(match self {
            Self::P256 => return None,
            Self::P384 => ("p384", cfg!(feature = "p384")),
            Self::P521 => ("p521", cfg!(feature = "p521")),
            Self::Secp256k1 => ("secp256k1", cfg!(feature = "secp256k1")),
            Self::Ed25519 => ("ed25519", cfg!(feature = "ed25519")),
            Self::Ed448 => ("ed448", cfg!(feature = "ed448")),
            Self::Rsa => ("rsa", cfg!(feature = "rsa")),
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => ("ml-dsa", cfg!(feature = "ml-dsa")),
        })
    }

    pub(super) fn seed_len(self) -> usize {
        match self {
            Self::P384 => 48,
            Self::P521 => 65,
            Self::Ed448 => 57,
            _ => 32,
        }
    }

    /// The COSE curve of EC2 and OKP keys.
    pub(super) fn curve(self) -> Option<i64> {
        match self {
            Self::P256 => Some(crv::P256),
            Self::P384 => Some(crv::P384),
            Self::P521 => Some(crv::P521),
            Self::Secp256k1 => Some(crv::SECP256K1),
            Self::Ed25519 => Some(crv::ED25519),
            Self::Ed448 => Some(crv::ED448),
            Self::Rsa | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
        }
    }

    /// The private key that these bytes stand for.
    pub(super) fn private(
        self,
        algorithm: Algorithm,
        bytes: &[u8],
    ) -> Result<Arc<dyn Private>, Error> {
        let private: Option<Arc<dyn Private>> = match self {
            Self::P256 => kept(es256::Es256Key::from_bytes(bytes)),
            #[cfg(feature = "p384")]
            Self::P384 => kept(ecdsa::EcdsaKey::<NistP384>::from_bytes(bytes)),
            #[cfg(feature = "p521")]
            Self::P521 => kept(ecdsa::EcdsaKey::<NistP521>::from_bytes(bytes)),
            #[cfg(feature = "secp256k1")]
            Self::Secp256k1 => kept(ecdsa::EcdsaKey::<Secp256k1>::from_bytes(bytes)),
            #[cfg(feature = "ed25519")]
            Self::Ed25519 => kept(ed25519::Ed25519::from_bytes(bytes)),
            #[cfg(feature = "ed448")]
            Self::Ed448 => kept(ed448::Ed448::from_bytes(bytes)),
            #[cfg(feature = "rsa")]
            Self::Rsa => kept(match bytes.try_into() {
                Ok(seed) => Some(rsa::RsaKey::from_seed(algorithm, rsa::BITS, seed)?),
                Err(_) => None,
            }),
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa44 => kept(ml_dsa::MlDsaKey::<MlDsa44>::from_bytes(bytes)),
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa65 => kept(ml_dsa::MlDsaKey::<MlDsa65>::from_bytes(bytes)),
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa87 => kept(ml_dsa::MlDsaKey::<MlDsa87>::from_bytes(bytes)),
            #[allow(unreachable_patterns, reason = "all features may be on")]
            _ => None,
        };
        private.ok_or(Error::PrivateKey(algorithm))
    }

    pub(super) fn verify(self, key: &Key, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match (self, key) {
            (Self::P256, Key::Ec2 { alg, crv, x, y }) => {
                es256::verify(*alg, *crv, x, y, message, signature)
            }
            #[cfg(feature = "p384")]
            (Self::P384, Key::Ec2 { alg, crv, x, y }) => {
                ecdsa::verify::<NistP384>(*alg, *crv, x, y, message, signature)
            }
            #[cfg(feature = "p521")]
            (Self::P521, Key::Ec2 { alg, crv, x, y }) => {
                ecdsa::verify::<NistP521>(*alg, *crv, x, y, message, signature)
            }
            #[cfg(feature = "secp256k1")]
            (Self::Secp256k1, Key::Ec2 { alg, crv, x, y }) => {
                ecdsa::verify::<Secp256k1>(*alg, *crv, x, y, message, signature)
            }
            #[cfg(feature = "ed25519")]
            (Self::Ed25519, Key::Okp { alg, crv: crv::ED25519, x }) => {
                ed25519::verify(*alg, x, message, signature)
            }
            #[cfg(feature = "ed448")]
            (Self::Ed448, Key::Okp { alg, crv: crv::ED448, x }) => {
                ed448::verify(*alg, x, message, signature)
            }
            #[cfg(feature = "rsa")]
            (Self::Rsa, Key::Rsa { alg, n, e }) => rsa::verify(*alg, n, e, message, signature),
            #[cfg(feature = "ml-dsa")]
            (Self::MlDsa44, Key::Akp { alg, public }) => {
                ml_dsa::verify::<MlDsa44>(*alg, public, message, signature)
            }
            #[cfg(feature = "ml-dsa")]
            (Self::MlDsa65, Key::Akp { alg, public }) => {
                ml_dsa::verify::<MlDsa65>(*alg, public, message, signature)
            }
            #[cfg(feature = "ml-dsa")]
            (Self::MlDsa87, Key::Akp { alg, public }) => {
                ml_dsa::verify::<MlDsa87>(*alg, public, message, signature)
            }
            _ => Err(Error::PublicKey(key.algorithm())),
        }
    }
}

fn kept<P: Private + 'static>(private: Option<P>) -> Option<Arc<dyn Private>> {
    private.map(|private| Arc::new(private) as _)
}
