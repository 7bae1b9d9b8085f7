//! CTAP's PIN/UV auth protocols (CTAP 2.1 §6.5.4 to §6.5.7): how a client and
//! an authenticator agree on a secret, and what they do with it. Here they
//! carry the salts and the outputs of `hmac-secret`.

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use p256::elliptic_curve::sec1::ToSec1Point;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::env::Env;
use crate::wire::cose::{Algorithm, Key, crv};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum Protocol {
    /// The first, with one key for everything and no initialisation vectors.
    One,
    /// The second, with a key for each purpose and random vectors.
    #[default]
    Two,
}

/// A number that is no version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PIN/UV auth protocol {0} is not known; there are 1 and 2")]
pub struct UnknownProtocol(u8);

impl TryFrom<u8> for Protocol {
    type Error = UnknownProtocol;

    fn try_from(number: u8) -> Result<Self, UnknownProtocol> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(UnknownProtocol(number)),
        }
    }
}

/// One party's key pair for an agreement.
#[derive(Clone, Debug)]
pub struct KeyAgreement(p256::SecretKey);

impl KeyAgreement {
    /// The key pair of a private key, a big-endian number.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        p256::SecretKey::from_slice(bytes).ok().map(Self)
    }

    /// Draws a key pair, again where the bytes are out of range.
    pub fn draw(label: &str, env: &mut dyn Env) -> Option<Self> {
        Self::from_bytes(&env.draw(label, 32))
            .or_else(|| Self::from_bytes(&env.draw(&format!("{label}/1"), 32)))
    }

    /// What the other party gets. Its algorithm is not what is done with it (CTAP 2.1
    /// §6.5.6).
    pub fn public_key(&self) -> Key {
        let point = self.0.public_key().to_sec1_point(false);
        let [x, y] = [point.x(), point.y()].map(|c| c.map(|c| c.to_vec()).unwrap_or_default());
        Key::Ec2 { alg: Algorithm::ECDH_ES_HKDF_256, crv: crv::P256, x, y }
    }

    /// The secret that is shared with the owner of that key; `None` if it is
    /// no point of the curve.
    pub fn agree(&self, protocol: Protocol, peer: &Key) -> Option<SharedSecret> {
        let Key::Ec2 { crv: crv::P256, x, y, .. } = peer else {
            return None;
        };
        let peer = p256::PublicKey::from_sec1_bytes(&[&[4], &x[..], y].concat()).ok()?;
        let z = p256::ecdh::diffie_hellman(self.0.to_nonzero_scalar(), peer.as_affine());
        let z = z.raw_secret_bytes();
        let (authentication, encryption) = match protocol {
            Protocol::One => {
                let key = Sha256::digest(z).into();
                (key, key)
            }
            Protocol::Two => {
                let kdf = Hkdf::<Sha256>::new(Some(&[0; 32]), z);
                let (mut hmac, mut aes) = ([0; 32], [0; 32]);
                kdf.expand(b"CTAP2 HMAC key", &mut hmac).ok()?;
                kdf.expand(b"CTAP2 AES key", &mut aes).ok()?;
                (hmac, aes)
            }
        };
        Some(SharedSecret { protocol, authentication, encryption })
    }
}

/// What the two parties share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSecret {
    protocol: Protocol,
    authentication: [u8; 32],
    encryption: [u8; 32],
}

impl SharedSecret {
    /// The protocol that it is for.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The bytes: 32 for the first protocol, 64 for the second.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.protocol {
            Protocol::One => self.encryption.to_vec(),
            Protocol::Two => [self.authentication, self.encryption].concat(),
        }
    }

    /// Encrypts whole blocks of 16 bytes, under a vector of that label where
    /// the protocol has any; `None` for other lengths.
    pub fn encrypt(&self, plaintext: &[u8], label: &str, env: &mut dyn Env) -> Option<Vec<u8>> {
        let vector = match self.protocol {
            Protocol::One => Vec::new(),
            Protocol::Two => env.draw(label, VECTOR_LEN),
        };
        let cipher = cbc::Encryptor::<Aes256>::new(&self.encryption.into(), &iv(&vector)?.into());
        let mut blocks = plaintext.to_vec();
        cipher.encrypt_padded::<NoPadding>(&mut blocks, plaintext.len()).ok()?;
        Some([vector, blocks].concat())
    }

    /// Decrypts what [`encrypt`](Self::encrypt) made; `None` for what is no
    /// vector and whole blocks.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let (vector, blocks) = match self.protocol {
            Protocol::One => (&[][..], ciphertext),
            Protocol::Two => ciphertext.split_at_checked(VECTOR_LEN)?,
        };
        let cipher = cbc::Decryptor::<Aes256>::new(&self.encryption.into(), &iv(vector)?.into());
        let mut plaintext = blocks.to_vec();
        cipher.decrypt_padded::<NoPadding>(&mut plaintext).ok()?;
        Some(plaintext)
    }

    /// The authentication code of a message: 16 bytes in the first protocol,
    /// 32 in the second.
    pub fn authenticate(&self, message: &[u8]) -> Vec<u8> {
        let mut code = Vec::new();
        if let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.authentication) {
            code = mac.chain_update(message).finalize().into_bytes().to_vec();
        }
        if self.protocol == Protocol::One {
            code.truncate(16);
        }
        code
    }
}

const VECTOR_LEN: usize = 16;

/// The first protocol's vector is zero.
fn iv(vector: &[u8]) -> Option<[u8; VECTOR_LEN]> {
    if vector.is_empty() { Some([0; VECTOR_LEN]) } else { vector.try_into().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Seeded;
    use proptest::prelude::*;

    fn shared(protocol: Protocol) -> SharedSecret {
        let env = &mut Seeded::new("test");
        let [one, other] = ["one", "other"].map(|label| KeyAgreement::draw(label, env).unwrap());
        let secret = one.agree(protocol, &other.public_key()).unwrap();
        assert_eq!(other.agree(protocol, &one.public_key()), Some(secret.clone()));
        secret
    }

    #[test]
    fn invalid_keys_are_refused() {
        let own = KeyAgreement::from_bytes(&[1; 32]).unwrap();
        let Key::Ec2 { alg, crv, x, y } = own.public_key() else { panic!("an EC2 key") };
        for (x, y) in [(x.clone(), vec![1; 32]), (x, y[1..].to_vec())] {
            assert_eq!(own.agree(Protocol::Two, &Key::Ec2 { alg, crv, x, y }), None);
        }
        assert!(KeyAgreement::from_bytes(&[0; 32]).is_none());
        assert!(KeyAgreement::from_bytes(&[0xff; 32]).is_none());
    }

    #[test]
    fn versions_have_numbers() {
        assert_eq!(Protocol::try_from(1), Ok(Protocol::One));
        assert_eq!(Protocol::try_from(3), Err(UnknownProtocol(3)));
    }

    proptest! {
        #[test]
        fn encryption_round_trips(blocks in prop::collection::vec(any::<[u8; 16]>(), 0..6)) {
            for (protocol, vector) in [(Protocol::One, 0), (Protocol::Two, 16)] {
                let secret = shared(protocol);
                let plaintext = blocks.concat();
                let sealed = secret.encrypt(&plaintext, "iv", &mut Seeded::new("x")).unwrap();
                prop_assert_eq!(sealed.len(), vector + plaintext.len());
                prop_assert_eq!(secret.decrypt(&sealed), Some(plaintext));
            }
        }

        #[test]
        fn only_whole_blocks_decrypt(octets: Vec<u8>) {
            for (protocol, vector) in [(Protocol::One, 0), (Protocol::Two, 16)] {
                let whole = octets.len() >= vector && octets.len() % 16 == 0;
                prop_assert_eq!(shared(protocol).decrypt(&octets).is_some(), whole);
            }
        }
    }
}
