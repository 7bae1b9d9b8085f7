//! ECDSA on the curves without a fast path: P-384 with SHA-384, P-521 with
//! SHA-512, secp256k1 with SHA-256. Nonces after RFC 6979; signatures are not
//! normalised to low s, and verify with any s below the order: WebAuthn asks
//! for neither, though other users of secp256k1 do.

use ecdsa::elliptic_curve::bigint::{BitOps, Encoding};
use ecdsa::elliptic_curve::ops::{Invert, Reduce};
use ecdsa::elliptic_curve::point::AffineCoordinates;
use ecdsa::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ecdsa::elliptic_curve::{
    self, CurveArithmetic, Field, FieldBytes, Group, NonZeroScalar, PrimeField, PublicKey, Scalar,
};
use ecdsa::hazmat::verify_prehashed;
use ecdsa::{DigestAlgorithm, EcdsaCurve, Signature};
use rfc6979::KGenerator;
use sha2::Digest;

use super::{Error, Private};
use crate::wire::cose::{self, Algorithm, crv};
use crate::wire::{Der, Tree};

/// A curve of the family, with its one hash.
pub(super) trait Curve:
    EcdsaCurve
    + DigestAlgorithm
    + CurveArithmetic<AffinePoint: FromSec1Point<Self> + ToSec1Point<Self>>
    + elliptic_curve::Curve<FieldBytesSize: ModulusSize>
{
    /// The COSE curve.
    const CRV: i64;
    /// The fewest bytes that a scalar is read from.
    const SEED_LEN: usize;
}

#[cfg(feature = "p384")]
impl Curve for p384::NistP384 {
    const CRV: i64 = crv::P384;
    const SEED_LEN: usize = 48;
}

#[cfg(feature = "p521")]
impl Curve for p521::NistP521 {
    const CRV: i64 = crv::P521;
    const SEED_LEN: usize = 65;
}

#[cfg(feature = "secp256k1")]
impl Curve for k256::Secp256k1 {
    const CRV: i64 = crv::SECP256K1;
    const SEED_LEN: usize = 32;
}

/// A private key.
pub(super) struct EcdsaKey<C: Curve> {
    secret: NonZeroScalar<C>,
    public: PublicKey<C>,
}

impl<C: Curve> EcdsaKey<C> {
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < C::SEED_LEN {
            return None;
        }
        let secret = NonZeroScalar::from_repr(widened::<C>(bytes)?).into_option()?;
        Some(Self { public: PublicKey::from_secret_scalar(&secret), secret })
    }

    /// `None` for the nonces that ECDSA passes over.
    fn sign_with(&self, nonce: FieldBytes<C>, hash: &[u8]) -> Option<(Scalar<C>, Scalar<C>)> {
        let k = NonZeroScalar::<C>::from_repr(nonce).into_option()?;
        let point = (C::ProjectivePoint::generator() * *k).into();
        let r = reduced::<C>(&AffineCoordinates::x(&point));
        let s = *k.invert() * (reduced::<C>(hash) + r * *self.secret);
        let zero = Scalar::<C>::ZERO;
        (r != zero && s != zero).then_some((r, s))
    }
}

impl<C: Curve> Private for EcdsaKey<C> {
    fn public_key(&self, alg: Algorithm) -> cose::Key {
        let point = self.public.to_sec1_point(false);
        let coordinate = |octets: Option<&FieldBytes<C>>| octets.map(|o| o.to_vec());
        let x = coordinate(point.x()).unwrap_or_default();
        let y = coordinate(point.y()).unwrap_or_default();
        cose::Key::Ec2 { alg, crv: C::CRV, x, y }
    }

    fn sign(&self, _: Algorithm, message: &[u8]) -> Tree {
        let hash = C::Digest::digest(message);
        let secret = self.secret.to_repr();
        let order = C::ORDER;
        let mut nonces = KGenerator::<C::Digest, _>::new(&secret, &hash, &[], order.as_ref());
        let (r, s) = loop {
            let mut nonce = FieldBytes::<C>::default();
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
}

pub(super) fn verify<C: Curve>(
    alg: Algorithm,
    crv: i64,
    x: &[u8],
    y: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let width = FieldBytes::<C>::default().len();
    if crv != C::CRV || x.len() != width || y.len() != width {
        return Err(Error::PublicKey(alg));
    }
    let point = PublicKey::<C>::from_sec1_bytes(&[&[4], x, y].concat())
        .map_err(|_| Error::PublicKey(alg))?
        .to_projective();
    let signature = read::<C>(signature).ok_or(Error::Form(alg))?;
    let hash = C::Digest::digest(message);
    // For secp256k1 the library takes low s only; n - s verifies where s does.
    let low = if C::NORMALIZE_S { signature.normalize_s() } else { signature };
    verify_prehashed::<C>(&point, &hash, &low).map_err(|_| Error::Mismatch)
}

/// A DER sequence of r and s, both in range and minimal.
fn read<C: Curve>(octets: &[u8]) -> Option<Signature<C>> {
    let der = Der::decode_strict(octets).ok()?;
    let [r, s] = der.items()? else { return None };
    let [r, s] = [r.as_unsigned()?, s.as_unsigned()?];
    if Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render() != octets {
        return None;
    }
    Signature::from_scalars(widened::<C>(r)?, widened::<C>(s)?).ok()
}

/// The number at the width of the field; `None` if it has more bytes.
fn widened<C: Curve>(bytes: &[u8]) -> Option<FieldBytes<C>> {
    let mut wide = FieldBytes::<C>::default();
    let start = wide.len().checked_sub(bytes.len())?;
    wide.get_mut(start..)?.copy_from_slice(bytes);
    Some(wide)
}

/// The number modulo the order; a hash longer than the order is cut
/// (FIPS 186-5 §6.4.1).
fn reduced<C: Curve>(bytes: &[u8]) -> Scalar<C> {
    Scalar::<C>::reduce(&C::Uint::from_be_slice_truncated(bytes, C::ORDER.as_ref().bit_width()))
}

#[cfg(test)]
mod tests {
    use crate::keys::{Error, SigningKey, verify};
    use crate::wire::cose::Algorithm;
    use crate::wire::{Der, Tree};

    #[test]
    fn private_keys_are_in_range() {
        for (algorithm, width) in
            [(Algorithm::ES384, 48), (Algorithm::ES512, 66), (Algorithm::ES256K, 32)]
        {
            let wrong = [vec![0; width], vec![0xff; width], vec![1; width + 1], vec![1; 31]];
            for bytes in wrong {
                let read = SigningKey::from_bytes(algorithm, &bytes);
                assert_eq!(read, Err(Error::PrivateKey(algorithm)));
            }
        }
        let short = SigningKey::from_bytes(Algorithm::ES512, &[1; 65]);
        assert_eq!(short, SigningKey::from_bytes(Algorithm::ES512, &[&[0][..], &[1; 65]].concat()));
    }

    #[test]
    fn s_is_neither_lowered_nor_demanded_low() {
        let half = base16ct::lower::decode_vec(
            "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0",
        )
        .unwrap();
        let key = SigningKey::from_bytes(Algorithm::ES256K, &[1; 32]).unwrap();
        let signatures = (0..32u8).map(|message| (message, key.sign(&[message])));
        let high = signatures.filter(|(message, signature)| {
            assert_eq!(verify(&key.public_key(), &[*message], &signature.render()), Ok(()));
            let Tree::Der(signature) = signature else { panic!("ECDSA signatures are DER") };
            let s = signature.items().unwrap()[1].as_unsigned().unwrap();
            s.len() == 32 && s > &half[..]
        });
        assert!((1..32).contains(&high.count()));
    }

    #[test]
    fn numbers_are_minimal_and_in_range() {
        let key = SigningKey::from_bytes(Algorithm::ES384, &[1; 48]).unwrap();
        let Tree::Der(signature) = key.sign(b"m") else { panic!("ECDSA signatures are DER") };
        let r = signature.items().unwrap()[0].clone();
        let padded = Der::primitive(2, [0; 2]);
        for s in [Der::unsigned(&[]), Der::unsigned(&[0xff; 48]), Der::unsigned(&[1; 49]), padded] {
            let wrong = Der::sequence([r.clone(), s]).render();
            let form = Err(Error::Form(Algorithm::ES384));
            assert_eq!(verify(&key.public_key(), b"m", &wrong), form);
        }
    }

    /// RFC 6979 §A.2.6 and §A.2.7, message "sample".
    #[test]
    fn nonces_are_those_of_rfc_6979() {
        for (algorithm, key, r, s) in [
            (
                Algorithm::ES384,
                "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8\
                 96d5724e4c70a825f872c9ea60d2edf5",
                "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c\
                 81a648152e44acf96e36dd1e80fabe46",
                "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f\
                 a329c145786e679e7b82c71a38628ac8",
            ),
            (
                Algorithm::ES512,
                "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75c\
                 aa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538",
                "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f1\
                 74e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa",
                "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af2\
                 82623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
            ),
        ] {
            let octets = |hex: &str| base16ct::lower::decode_vec(hex).unwrap();
            let key = SigningKey::from_bytes(algorithm, &octets(key)).unwrap();
            let signature = Der::sequence([r, s].map(|hex| Der::unsigned(&octets(hex))));
            assert_eq!(key.sign(b"sample"), Tree::Der(signature));
        }
    }
}
