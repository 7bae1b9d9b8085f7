//! ML-DSA-44, -65 and -87: pure, with the empty context, in the deterministic
//! variant (FIPS 204). The private key is the seed of 32 bytes.

use ml_dsa::{EncodedVerifyingKey, ExpandedSigningKey, MlDsaParams, Signature, VerifyingKey};

use super::{Error, Private};
use crate::wire::Tree;
use crate::wire::cose::{Algorithm, Key};

/// A private key.
pub(super) struct MlDsaKey<P: MlDsaParams> {
    seed: [u8; 32],
    expanded: ExpandedSigningKey<P>,
}

impl<P: MlDsaParams> MlDsaKey<P> {
    pub(super) fn from_bytes(seed: &[u8]) -> Option<Self> {
        let seed: [u8; 32] = seed.try_into().ok()?;
        Some(Self { seed, expanded: ExpandedSigningKey::from_seed(&seed.into()) })
    }
}

impl<P: MlDsaParams> Private for MlDsaKey<P> {
    fn public_key(&self, alg: Algorithm) -> Key {
        Key::Akp { alg, public: self.expanded.verifying_key().encode().to_vec() }
    }

    fn sign(&self, _: Algorithm, message: &[u8]) -> Tree {
        // Only a context above 255 bytes fails.
        let signature = self.expanded.sign_deterministic(message, &[]);
        Tree::Bytes(signature.map(|s| s.encode().to_vec()).unwrap_or_default())
    }

    fn secret(&self) -> Vec<u8> {
        self.seed.to_vec()
    }
}

pub(super) fn verify<P: MlDsaParams>(
    alg: Algorithm,
    public: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let encoded = EncodedVerifyingKey::<P>::try_from(public).map_err(|_| Error::PublicKey(alg))?;
    let signature = Signature::<P>::try_from(signature).map_err(|_| Error::Form(alg))?;
    let verified =
        VerifyingKey::<P>::decode(&encoded).verify_with_context(message, &[], &signature);
    if verified { Ok(()) } else { Err(Error::Mismatch) }
}
