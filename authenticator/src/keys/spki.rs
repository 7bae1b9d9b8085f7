//! Public keys as X.509 writes them: SubjectPublicKeyInfo (RFC 5280 §4.1).

use ::pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use ::pkcs8::der::{Decode, Encode};
use ::pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::family::Family;
use super::{Error, check};
use crate::wire::Der;
use crate::wire::cose::{Algorithm, Key};

/// The key as SubjectPublicKeyInfo in DER. A client must know it for ES256,
/// EdDSA and RS256 (§5.2.1.1); this one does for all of [`super::ALGORITHMS`].
/// Whether the parameters are a key of the algorithm is not looked at.
pub fn subject_public_key_info(key: &Key) -> Option<Vec<u8>> {
    let family = Family::of(key.algorithm()).ok()?;
    let bits = match key {
        Key::Ec2 { x, y, .. } => [&[4], x.as_slice(), y].concat(),
        Key::Okp { x, .. } => x.clone(),
        Key::Rsa { n, e, .. } => Der::sequence([Der::unsigned(n), Der::unsigned(e)]).render(),
        Key::Akp { public, .. } => public.clone(),
    };
    let subject_public_key = BitStringRef::from_bytes(&bits).ok()?;
    SubjectPublicKeyInfoRef { algorithm: identifier(family), subject_public_key }.to_der().ok()
}

/// Reads a public key out of a SubjectPublicKeyInfo in DER. It must be a key
/// of the algorithm, an elliptic curve point uncompressed.
pub fn from_spki(alg: Algorithm, der: &[u8]) -> Result<Key, Error> {
    let family = Family::of(alg)?;
    let key = read(alg, family, der).ok_or(Error::PublicKey(alg))?;
    check(&key)?;
    Ok(key)
}

/// The AlgorithmIdentifier of a signature in X.509 (RFC 3279, RFC 4055, RFC
/// 5758, RFC 8410, RFC 9881); `None` for PSS, which keys here do not sign
/// certificates with.
pub fn signature_algorithm(alg: Algorithm) -> Option<Der> {
    const ECDSA: [u64; 6] = [1, 2, 840, 10045, 4, 3];
    const PKCS1: [u64; 6] = [1, 2, 840, 113549, 1, 1];
    let under = |arc: [u64; 6], last: u64| [&arc[..], &[last]].concat();
    let (oid, is_rsa) = match alg {
        Algorithm::ES256 | Algorithm::ESP256 | Algorithm::ES256K => (under(ECDSA, 2), false),
        Algorithm::ES384 | Algorithm::ESP384 => (under(ECDSA, 3), false),
        Algorithm::ES512 | Algorithm::ESP512 => (under(ECDSA, 4), false),
        Algorithm::RS1 => (under(PKCS1, 5), true),
        Algorithm::RS256 => (under(PKCS1, 11), true),
        Algorithm::RS384 => (under(PKCS1, 12), true),
        Algorithm::RS512 => (under(PKCS1, 13), true),
        Algorithm::EDDSA | Algorithm::ED25519 => (vec![1, 3, 101, 112], false),
        Algorithm::ED448 => (vec![1, 3, 101, 113], false),
        Algorithm::ML_DSA_44 => (vec![2, 16, 840, 1, 101, 3, 4, 3, 17], false),
        Algorithm::ML_DSA_65 => (vec![2, 16, 840, 1, 101, 3, 4, 3, 18], false),
        Algorithm::ML_DSA_87 => (vec![2, 16, 840, 1, 101, 3, 4, 3, 19], false),
        _ => return None,
    };
    // RSA's parameters are NULL; all others have none.
    let null = is_rsa.then(|| Der::primitive(5, []));
    Some(Der::sequence([Some(Der::oid(&oid)), null].into_iter().flatten()))
}

fn read(alg: Algorithm, family: Family, der: &[u8]) -> Option<Key> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    let bits =
        info.subject_public_key.as_bytes().filter(|_| info.algorithm == identifier(family))?;
    match family {
        Family::P256 | Family::P384 | Family::P521 | Family::Secp256k1 => {
            let (4, point) = bits.split_first()? else { return None };
            let (x, y) = point.split_at(point.len() / 2);
            Some(Key::Ec2 { alg, crv: family.curve()?, x: x.to_vec(), y: y.to_vec() })
        }
        Family::Ed25519 | Family::Ed448 => {
            Some(Key::Okp { alg, crv: family.curve()?, x: bits.to_vec() })
        }
        Family::Rsa => {
            let pair = Der::decode_strict(bits).ok()?;
            let [n, e] = pair.items()? else { return None };
            let [n, e] = [n.as_unsigned()?.to_vec(), e.as_unsigned()?.to_vec()];
            Some(Key::Rsa { alg, n, e })
        }
        Family::MlDsa44 | Family::MlDsa65 | Family::MlDsa87 => {
            Some(Key::Akp { alg, public: bits.to_vec() })
        }
    }
}

/// How X.509 and PKCS#8 call the family. RSA keys are rsaEncryption for PSS
/// too, as WebAuthn clients have it.
pub(super) fn identifier(family: Family) -> AlgorithmIdentifierRef<'static> {
    let on = |curve| (EC_PUBLIC_KEY, Some(AnyRef::from(curve)));
    let (oid, parameters) = match family {
        Family::P256 => on(&SECP256R1),
        Family::P384 => on(&SECP384R1),
        Family::P521 => on(&SECP521R1),
        Family::Secp256k1 => on(&SECP256K1),
        Family::Ed25519 => (ED25519, None),
        Family::Ed448 => (ED448, None),
        Family::Rsa => (RSA_ENCRYPTION, Some(AnyRef::NULL)),
        Family::MlDsa44 => (ML_DSA_44, None),
        Family::MlDsa65 => (ML_DSA_65, None),
        Family::MlDsa87 => (ML_DSA_87, None),
    };
    AlgorithmIdentifierRef { oid, parameters }
}

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");
