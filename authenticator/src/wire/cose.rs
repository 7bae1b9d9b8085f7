//! COSE keys and algorithm identifiers (RFC 9052, RFC 9053; §5.8.5, §6.5.1.1).

use std::fmt;

use coset::iana;
use serde::{Deserialize, Serialize};

use super::Cbor;

/// A COSE algorithm identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Algorithm(pub i64);

/// The constants of [`Algorithm`], each with its number in the registry of IANA and
/// its registered name.
macro_rules! algorithms {
    ($($(#[$doc:meta])* $name:ident = $number:ident, $registered:literal;)*) => {
        impl Algorithm {
            $($(#[$doc])* pub const $name: Self = Self(iana::Algorithm::$number as i64);)*

            /// Every algorithm that has a constant here.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Every algorithm that has a constant here, under its registered name.
            pub const NAMES: &[(&str, Self)] = &[$(($registered, Self::$name)),*];

            /// The algorithm of that registered name.
            pub fn named(name: &str) -> Option<Self> {
                let (_, algorithm) = Self::NAMES.iter().find(|(known, _)| *known == name)?;
                Some(*algorithm)
            }
        }
    };
}

algorithms! {
    /// ECDSA with SHA-256; in WebAuthn always on P-256 (§5.8.5).
    ES256 = ES256, "ES256";
    /// EdDSA; in WebAuthn always Ed25519 (§5.8.5).
    EDDSA = EdDSA, "EdDSA";
    /// ECDSA on P-256 with SHA-256, fully specified (RFC 9864).
    ESP256 = ESP256, "ESP256";
    /// Ed25519, fully specified (RFC 9864).
    ED25519 = Ed25519, "Ed25519";
    /// ECDSA with SHA-384; in WebAuthn always on P-384.
    ES384 = ES384, "ES384";
    /// ECDSA with SHA-512; in WebAuthn always on P-521.
    ES512 = ES512, "ES512";
    /// RSASSA-PSS with SHA-256 (RFC 8230).
    PS256 = PS256, "PS256";
    /// RSASSA-PSS with SHA-384 (RFC 8230).
    PS384 = PS384, "PS384";
    /// RSASSA-PSS with SHA-512 (RFC 8230).
    PS512 = PS512, "PS512";
    /// ECDSA on secp256k1 with SHA-256 (RFC 8812).
    ES256K = ES256K, "ES256K";
    /// ML-DSA-44 (FIPS 204).
    ML_DSA_44 = ML_DSA_44, "ML-DSA-44";
    /// ML-DSA-65 (FIPS 204).
    ML_DSA_65 = ML_DSA_65, "ML-DSA-65";
    /// ML-DSA-87 (FIPS 204).
    ML_DSA_87 = ML_DSA_87, "ML-DSA-87";
    /// ECDSA on P-384 with SHA-384, fully specified (RFC 9864).
    ESP384 = ESP384, "ESP384";
    /// ECDSA on P-521 with SHA-512, fully specified (RFC 9864).
    ESP512 = ESP512, "ESP512";
    /// Ed448, fully specified (RFC 9864).
    ED448 = Ed448, "Ed448";
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8812).
    RS256 = RS256, "RS256";
    /// RSASSA-PKCS1-v1_5 with SHA-384 (RFC 8812).
    RS384 = RS384, "RS384";
    /// RSASSA-PKCS1-v1_5 with SHA-512 (RFC 8812).
    RS512 = RS512, "RS512";
    /// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8812); for attestation only, as old TPMs
    /// make it.
    RS1 = RS1, "RS1";
}

impl Algorithm {
    /// The number that keys for a key agreement name (CTAP 2.1 §6.5.6).
    pub(crate) const ECDH_ES_HKDF_256: Self = Self(iana::Algorithm::ECDH_ES_HKDF_256 as i64);
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(_, algorithm)| algorithm == self) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "COSE algorithm {}", self.0),
        }
    }
}

/// Labels of COSE key parameters.
pub mod label {
    use coset::iana;

    /// Key type.
    pub const KTY: i64 = iana::KeyParameter::Kty as i64;
    /// Algorithm.
    pub const ALG: i64 = iana::KeyParameter::Alg as i64;
    /// Curve, for EC2 and OKP keys.
    pub const CRV: i64 = iana::Ec2KeyParameter::Crv as i64;
    /// The x coordinate.
    pub const X: i64 = iana::Ec2KeyParameter::X as i64;
    /// The y coordinate.
    pub const Y: i64 = iana::Ec2KeyParameter::Y as i64;
    /// The private part of EC2 and OKP keys.
    pub const D: i64 = iana::Ec2KeyParameter::D as i64;
    /// The modulus of RSA keys (RFC 8230), under the number of [`CRV`].
    pub const N: i64 = iana::RsaKeyParameter::N as i64;
    /// The public exponent of RSA keys (RFC 8230), under the number of [`X`].
    pub const E: i64 = iana::RsaKeyParameter::E as i64;
    /// The public key of AKP keys (RFC 9964), under the number of [`CRV`].
    pub const PUB: i64 = iana::AkpKeyParameter::Pub as i64;
    /// Every label under its name, for paths and print. Key types share
    /// numbers, so a number may have several names; print uses the first.
    pub const NAMES: &[(&str, i64)] = &[
        ("kty", KTY),
        ("alg", ALG),
        ("crv", CRV),
        ("x", X),
        ("y", Y),
        ("d", D),
        ("n", N),
        ("e", E),
        ("pub", PUB),
    ];
}

/// COSE key types.
pub mod kty {
    use coset::iana;

    /// Byte key pairs: Ed25519 and Ed448 (RFC 9053 §7.2).
    pub const OKP: i64 = iana::KeyType::OKP as i64;
    /// Elliptic curve keys with both coordinates (RFC 9053 §7.1).
    pub const EC2: i64 = iana::KeyType::EC2 as i64;
    /// RSA keys (RFC 8230 §4).
    pub const RSA: i64 = iana::KeyType::RSA as i64;
    /// Keys whose algorithm says all: ML-DSA (RFC 9964).
    pub const AKP: i64 = iana::KeyType::AKP as i64;
}

/// COSE curves.
pub mod crv {
    use coset::iana;

    /// P-256, also secp256r1.
    pub const P256: i64 = iana::EllipticCurve::P_256 as i64;
    /// P-384, also secp384r1.
    pub const P384: i64 = iana::EllipticCurve::P_384 as i64;
    /// P-521, also secp521r1.
    pub const P521: i64 = iana::EllipticCurve::P_521 as i64;
    /// Ed25519, for EdDSA only.
    pub const ED25519: i64 = iana::EllipticCurve::Ed25519 as i64;
    /// Ed448, for EdDSA only.
    pub const ED448: i64 = iana::EllipticCurve::Ed448 as i64;
    /// secp256k1 (RFC 8812).
    pub const SECP256K1: i64 = iana::EllipticCurve::Secp256k1 as i64;
}

/// A public key as it stands in attested credential data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// An EC2 key with uncompressed coordinates.
    Ec2 {
        /// The one algorithm it is for.
        alg: Algorithm,
        /// The COSE curve, one of [`crv`].
        crv: i64,
        /// The x coordinate at full width.
        x: Vec<u8>,
        /// The y coordinate at full width.
        y: Vec<u8>,
    },
    /// An octet key pair.
    Okp {
        /// The one algorithm it is for.
        alg: Algorithm,
        /// The COSE curve, one of [`crv`].
        crv: i64,
        /// The encoded point: 32 bytes for Ed25519, 57 for Ed448 (RFC 8032).
        x: Vec<u8>,
    },
    /// An RSA key.
    Rsa {
        /// The one algorithm it is for.
        alg: Algorithm,
        /// The modulus, big-endian without leading zeros.
        n: Vec<u8>,
        /// The public exponent, big-endian without leading zeros.
        e: Vec<u8>,
    },
    /// A key of which the algorithm says all.
    Akp {
        /// The one algorithm it is for.
        alg: Algorithm,
        /// The public key as the algorithm encodes it: 1312, 1952 or 2592
        /// bytes for ML-DSA (FIPS 204 table 2).
        public: Vec<u8>,
    },
}

/// Why a COSE key cannot be used in WebAuthn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is missing or of another type.
    #[error("the COSE key has no usable `{0}`")]
    Parameter(&'static str),
    /// A key type that is not supported.
    #[error("key type {0} is not supported")]
    KeyType(i64),
}

impl Key {
    /// The algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ec2 { alg, .. }
            | Self::Okp { alg, .. }
            | Self::Rsa { alg, .. }
            | Self::Akp { alg, .. } => *alg,
        }
    }

    /// The CBOR map with the required parameters only (§6.5.1.1).
    pub fn to_cbor(&self) -> Cbor {
        let int = |label, value| (Cbor::int(label), Cbor::int(value));
        let bytes = |label, value: &Vec<u8>| (Cbor::int(label), Cbor::bytes(value.clone()));
        let (kty, parameters) = match self {
            Self::Ec2 { crv, x, y, .. } => {
                (kty::EC2, vec![int(label::CRV, *crv), bytes(label::X, x), bytes(label::Y, y)])
            }
            Self::Okp { crv, x, .. } => (kty::OKP, vec![int(label::CRV, *crv), bytes(label::X, x)]),
            Self::Rsa { n, e, .. } => (kty::RSA, vec![bytes(label::N, n), bytes(label::E, e)]),
            Self::Akp { public, .. } => (kty::AKP, vec![bytes(label::PUB, public)]),
        };
        let common = [int(label::KTY, kty), int(label::ALG, self.algorithm().0)];
        Cbor::map(common.into_iter().chain(parameters))
    }

    /// Reads a key from a CBOR map; whether the parameters are a key of the
    /// algorithm is for the one who uses it.
    pub fn from_cbor(cbor: &Cbor) -> Result<Self, Error> {
        let int =
            |name, label| cbor.get_int(label).and_then(Cbor::as_int).ok_or(Error::Parameter(name));
        let bytes = |name, label| {
            let value = cbor.get_int(label).and_then(Cbor::as_bytes);
            value.map(<[u8]>::to_vec).ok_or(Error::Parameter(name))
        };
        let alg = || int("alg", label::ALG).map(Algorithm);
        let crv = || int("crv", label::CRV);
        match int("kty", label::KTY)? {
            kty::EC2 => Ok(Self::Ec2 {
                alg: alg()?,
                crv: crv()?,
                x: bytes("x", label::X)?,
                y: bytes("y", label::Y)?,
            }),
            kty::OKP => Ok(Self::Okp { alg: alg()?, crv: crv()?, x: bytes("x", label::X)? }),
            kty::RSA => {
                Ok(Self::Rsa { alg: alg()?, n: bytes("n", label::N)?, e: bytes("e", label::E)? })
            }
            kty::AKP => Ok(Self::Akp { alg: alg()?, public: bytes("pub", label::PUB)? }),
            other => Err(Error::KeyType(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_missing_parameters() {
        let keys = [
            Key::Ec2 { alg: Algorithm::ES256, crv: crv::P256, x: vec![1; 32], y: vec![2; 32] },
            Key::Okp { alg: Algorithm::EDDSA, crv: crv::ED25519, x: vec![1; 32] },
            Key::Rsa { alg: Algorithm::RS256, n: vec![1; 256], e: vec![1, 0, 1] },
            Key::Akp { alg: Algorithm::ML_DSA_44, public: vec![1; 1312] },
        ];
        for key in keys {
            let cbor = key.to_cbor();
            assert_eq!(Key::from_cbor(&Cbor::decode_canonical(&cbor.render()).unwrap()), Ok(key));
        }
        assert_eq!(Key::from_cbor(&Cbor::map([])), Err(Error::Parameter("kty")));
        for (kty, missing) in [(kty::OKP, "crv"), (kty::RSA, "n"), (kty::AKP, "pub")] {
            let bare = [(Cbor::int(1), Cbor::int(kty)), (Cbor::int(3), Cbor::int(-7))];
            assert_eq!(Key::from_cbor(&Cbor::map(bare)), Err(Error::Parameter(missing)));
        }
        let symmetric = Cbor::map([(Cbor::int(1), Cbor::int(4))]);
        assert_eq!(Key::from_cbor(&symmetric), Err(Error::KeyType(4)));
    }

    #[test]
    fn algorithms_have_one_name_each() {
        assert_eq!(Algorithm::ML_DSA_65.to_string(), "ML-DSA-65");
        assert_eq!(Algorithm(-1).to_string(), "COSE algorithm -1");
        for (at, (name, algorithm)) in Algorithm::NAMES.iter().enumerate() {
            let twin = |(other, number): &(&str, Algorithm)| other == name || number == algorithm;
            assert_eq!(Algorithm::NAMES.iter().position(twin), Some(at));
        }
    }
}
