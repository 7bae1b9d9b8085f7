//! COSE keys and algorithm identifiers (RFC 9052, RFC 9053; §5.8.5, §6.5.1.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Cbor;

/// A COSE algorithm identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Algorithm(pub i64);

impl Algorithm {
    /// ECDSA with SHA-256; in WebAuthn always on P-256.
    pub const ES256: Self = Self(-7);
    /// EdDSA; in WebAuthn always Ed25519.
    pub const EDDSA: Self = Self(-8);
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub const RS256: Self = Self(-257);
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ES256 => f.write_str("ES256"),
            Self::EDDSA => f.write_str("EdDSA"),
            Self::RS256 => f.write_str("RS256"),
            Self(other) => write!(f, "COSE algorithm {other}"),
        }
    }
}

/// Labels of COSE key parameters.
pub mod label {
    /// Key type.
    pub const KTY: i64 = 1;
    /// Algorithm.
    pub const ALG: i64 = 3;
    /// Curve, for EC2 and OKP keys.
    pub const CRV: i64 = -1;
    /// The x coordinate.
    pub const X: i64 = -2;
    /// The y coordinate.
    pub const Y: i64 = -3;
    /// The private part of EC2 and OKP keys.
    pub const D: i64 = -4;
    /// Every label under its name, for paths and print.
    pub const NAMES: &[(&str, i64)] =
        &[("kty", KTY), ("alg", ALG), ("crv", CRV), ("x", X), ("y", Y), ("d", D)];
}

/// A public key as it stands in attested credential data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// An EC2 key with uncompressed coordinates.
    Ec2 {
        /// The one algorithm it is for.
        alg: Algorithm,
        /// The COSE curve: 1 is P-256.
        crv: i64,
        /// The x coordinate at full width.
        x: Vec<u8>,
        /// The y coordinate at full width.
        y: Vec<u8>,
    },
}

/// Why a COSE key cannot be used in WebAuthn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
            Self::Ec2 { alg, .. } => *alg,
        }
    }

    /// The CBOR map with the required parameters only (§6.5.1.1).
    pub fn to_cbor(&self) -> Cbor {
        match self {
            Self::Ec2 { alg, crv, x, y } => Cbor::map([
                (Cbor::int(label::KTY), Cbor::int(2)),
                (Cbor::int(label::ALG), Cbor::int(alg.0)),
                (Cbor::int(label::CRV), Cbor::int(*crv)),
                (Cbor::int(label::X), Cbor::bytes(x.clone())),
                (Cbor::int(label::Y), Cbor::bytes(y.clone())),
            ]),
        }
    }

    /// Reads a key from a CBOR map; whether the point lies on the curve is
    /// for the one who uses it.
    pub fn from_cbor(cbor: &Cbor) -> Result<Self, Error> {
        let int =
            |name, label| cbor.get_int(label).and_then(Cbor::as_int).ok_or(Error::Parameter(name));
        let bytes = |name, label| {
            let value = cbor.get_int(label).and_then(Cbor::as_bytes);
            value.map(<[u8]>::to_vec).ok_or(Error::Parameter(name))
        };
        match int("kty", label::KTY)? {
            2 => Ok(Self::Ec2 {
                alg: Algorithm(int("alg", label::ALG)?),
                crv: int("crv", label::CRV)?,
                x: bytes("x", label::X)?,
                y: bytes("y", label::Y)?,
            }),
            other => Err(Error::KeyType(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_missing_parameters() {
        let key = Key::Ec2 { alg: Algorithm::ES256, crv: 1, x: vec![1; 32], y: vec![2; 32] };
        let cbor = key.to_cbor();
        assert_eq!(Key::from_cbor(&Cbor::decode_canonical(&cbor.render()).unwrap()), Ok(key));
        assert_eq!(Key::from_cbor(&Cbor::map([])), Err(Error::Parameter("kty")));
        let okp = Cbor::map([(Cbor::int(1), Cbor::int(1))]);
        assert_eq!(Key::from_cbor(&okp), Err(Error::KeyType(1)));
    }
}
