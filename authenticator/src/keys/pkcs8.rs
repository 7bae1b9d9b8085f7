//! Private keys as PKCS#8 writes them: PrivateKeyInfo (RFC 5958).

use std::sync::Arc;

use ::pkcs8::PrivateKeyInfoRef;
use ::pkcs8::der::asn1::OctetStringRef;
use ::pkcs8::der::{Decode, Encode};

use super::family::Family;
#[cfg(feature = "rsa")]
use super::rsa;
use super::spki::identifier;
use super::{Error, Private};
use crate::wire::cose::{Algorithm, Key};
use crate::wire::der::{Content, Der, Length};

/// The context-specific tag [0] of bytes: an ML-DSA seed (RFC 9881 §6).
const SEED: u8 = 0x80;
/// The context-specific tag [1] around an element: the public key of an
/// ECPrivateKey.
const PUBLIC: u8 = 0xa1;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;

pub(super) fn read(alg: Algorithm, der: &[u8]) -> Result<Arc<dyn Private>, Error> {
    let family = Family::of(alg)?;
    let unusable = Error::PrivateKey(alg);
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| unusable)?;
    if info.algorithm != identifier(family) {
        return Err(unusable);
    }
    let content = info.private_key.as_bytes();
    #[cfg(feature = "rsa")]
    if family == Family::Rsa {
        return Ok(Arc::new(rsa::RsaKey::from_der(alg, content)?));
    }
    let secret = secret(family, content).ok_or(unusable)?;
    family.private(alg, &secret)
}

/// The content of the private key bytes for a key of that public half.
pub(super) fn write(public: &Key, secret: &[u8]) -> Vec<u8> {
    let content = match public {
        Key::Ec2 { x, y, .. } => {
            // A BIT STRING begins with the number of its unused bits.
            let point = Der::primitive(BIT_STRING, [&[0, 4], x.as_slice(), y].concat());
            let content = Content::Constructed(vec![point]);
            let public = Der { tag: vec![PUBLIC], length: Length::Minimal, content };
            let secret = Der::primitive(OCTET_STRING, secret);
            Der::sequence([Der::unsigned(&[1]), secret, public]).render()
        }
        Key::Okp { .. } => Der::primitive(OCTET_STRING, secret).render(),
        Key::Akp { .. } => Der::primitive(SEED, secret).render(),
        Key::Rsa { .. } => secret.to_vec(),
    };
    let encoded = || {
        let algorithm = identifier(Family::of(public.algorithm()).ok()?);
        let content = OctetStringRef::new(&content).ok()?;
        PrivateKeyInfoRef::new(algorithm, content).to_der().ok()
    };
    // The family is known and the content far below DER's limits.
    encoded().unwrap_or_default()
}

fn secret(family: Family, content: &[u8]) -> Option<Vec<u8>> {
    let der = Der::decode_strict(content).ok()?;
    let (tag, element) = match family {
        Family::P256 | Family::P384 | Family::P521 | Family::Secp256k1 => match der.items()? {
            [version, secret, ..] if *version == Der::unsigned(&[1]) => (OCTET_STRING, secret),
            _ => return None,
        },
        Family::MlDsa44 | Family::MlDsa65 | Family::MlDsa87 => match der.items() {
            // The seed, and the expanded key that follows from it.
            Some([seed, _]) => (OCTET_STRING, seed),
            _ => (SEED, &der),
        },
        Family::Ed25519 | Family::Ed448 | Family::Rsa => (OCTET_STRING, &der),
    };
    match &element.content {
        Content::Primitive(octets) if element.tag == [tag] => Some(octets.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SigningKey;

    /// A PrivateKeyInfo around other content than [`write`] makes.
    fn around(alg: Algorithm, content: Der) -> Vec<u8> {
        let algorithm = identifier(Family::of(alg).unwrap());
        let content = content.render();
        let content = OctetStringRef::new(&content).unwrap();
        PrivateKeyInfoRef::new(algorithm, content).to_der().unwrap()
    }

    #[test]
    fn seeds_are_read_beside_what_follows_from_them() {
        for (alg, octet) in [(Algorithm::ML_DSA_44, 1), (Algorithm::ML_DSA_87, 2)] {
            let seed = Der::primitive(OCTET_STRING, [octet; 32]);
            let expanded = Der::primitive(OCTET_STRING, [3; 2560]);
            let both = around(alg, Der::sequence([seed, expanded.clone()]));
            let key = SigningKey::from_bytes(alg, &[octet; 32]);
            assert_eq!(SigningKey::from_pkcs8(alg, &both), key);
            let alone = SigningKey::from_pkcs8(alg, &around(alg, expanded));
            assert_eq!(alone, Err(Error::PrivateKey(alg)));
        }
    }

    #[test]
    fn a_scalar_is_enough_for_an_elliptic_curve() {
        for (alg, version) in [(Algorithm::ES256, 1), (Algorithm::ES256K, 1), (Algorithm::ES256, 2)]
        {
            let scalar = Der::primitive(OCTET_STRING, [7; 32]);
            let short = around(alg, Der::sequence([Der::unsigned(&[version]), scalar]));
            let key = SigningKey::from_bytes(alg, &[7; 32]);
            let expected = if version == 1 { key } else { Err(Error::PrivateKey(alg)) };
            assert_eq!(SigningKey::from_pkcs8(alg, &short), expected);
        }
    }
}
