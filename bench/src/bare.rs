use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

/// P-256 without anything around it.
pub struct Bare {
    key: SigningKey,
    public: VerifyingKey,
    signature: Signature,
}

/// As long as what an assertion signs: authenticator data and a hash.
const MESSAGE: [u8; 37 + 32] = [7; 69];

impl Default for Bare {
    fn default() -> Self {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let signature = key.sign(&MESSAGE);
        Self { public: *key.verifying_key(), key, signature }
    }
}

impl Bare {
    /// Signs once.
    pub fn sign(&self) -> Signature {
        self.key.sign(std::hint::black_box(&MESSAGE))
    }

    /// Verifies once.
    pub fn verify(&self) -> bool {
        self.public.verify(std::hint::black_box(&MESSAGE), &self.signature).is_ok()
    }
}
