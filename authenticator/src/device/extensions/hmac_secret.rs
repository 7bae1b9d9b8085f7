//! `hmac-secret` and `hmac-secret-mc` (CTAP 2.1 §12.5, CTAP 2.3 §12.8).

use base16ct::lower as hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{
    AssertionExtensions, CreationExtensions, Entry, Extension, PrfValues, StoredExtensions, entry,
};
use crate::device::{Authenticator, Error};
use crate::env::Env;
use crate::pin_uv_auth::{KeyAgreement, Protocol};
use crate::wire::Cbor;
use crate::wire::cose::Key;

/// What a client sends: one salt or two, for this authenticator's eyes only.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The client's key of the agreement.
    pub key_agreement: Key,
    /// The salts, encrypted.
    pub salt_enc: Vec<u8>,
    /// The authentication code of the encrypted salts.
    pub salt_auth: Vec<u8>,
    /// The protocol of both.
    pub protocol: Protocol,
}

/// The secrets of a credential's two pseudo-random functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredRandom {
    /// For operations in which the user is verified.
    pub with_uv: [u8; 32],
    /// For all others.
    pub without_uv: [u8; 32],
}

impl CredRandom {
    /// Draws both.
    pub(super) fn draw(label: &str, env: &mut dyn Env) -> Result<Self, Error> {
        let mut draw = |which| {
            let drawn = env.draw(&format!("{label}/cred-random/{which}"), 32);
            drawn.try_into().map_err(|_| Error::Unknown)
        };
        Ok(Self { with_uv: draw("with-uv")?, without_uv: draw("without-uv")? })
    }

    /// The values of one of the functions at these salts.
    pub fn evaluate(&self, verified: bool, salts: &PrfValues) -> PrfValues {
        let secret = if verified { &self.with_uv } else { &self.without_uv };
        let value = |salt: &[u8; 32]| match Hmac::<Sha256>::new_from_slice(secret) {
            Ok(mac) => mac.chain_update(salt).finalize().into_bytes().into(),
            Err(_) => [0; 32],
        };
        PrfValues { first: value(&salts.first), second: salts.second.as_ref().map(value) }
    }
}

impl Authenticator {
    /// Its part of a key agreement, the same until it loses power
    /// (CTAP 2.1 §6.5.5.1).
    pub fn key_agreement(&self, env: &mut dyn Env) -> Option<KeyAgreement> {
        KeyAgreement::draw(&self.label("key-agreement"), env)
    }

    /// Tells whether the new credential has the functions.
    pub(super) fn enable_hmac_secret(
        &self,
        asked: &CreationExtensions,
        kept: &StoredExtensions,
    ) -> Entry {
        let is_output = asked.hmac_secret && self.supports(Extension::HmacSecret);
        let able = Cbor::bool(kept.cred_random.is_some());
        is_output.then(|| entry(Extension::HmacSecret, able))
    }

    /// Evaluates with the making of the credential.
    pub(super) fn hmac_secret_at_creation(
        &self,
        asked: &CreationExtensions,
        kept: &StoredExtensions,
        verified: bool,
        env: &mut dyn Env,
    ) -> Result<Entry, Error> {
        match &asked.hmac_secret_mc {
            Some(_) if !self.supports(Extension::HmacSecretMc) => Ok(None),
            // CTAP2_ERR_MISSING_PARAMETER
            Some(_) if !asked.hmac_secret => Err(Error::Unknown),
            input => self.hmac_secret(Extension::HmacSecretMc, input.as_ref(), kept, verified, env),
        }
    }

    /// Evaluates in an assertion.
    pub(super) fn hmac_secret_at_use(
        &self,
        asked: &AssertionExtensions,
        kept: &StoredExtensions,
        verified: bool,
        env: &mut dyn Env,
    ) -> Result<Entry, Error> {
        let input = asked.hmac_secret.as_ref().filter(|_| self.supports(Extension::HmacSecret));
        self.hmac_secret(Extension::HmacSecret, input, kept, verified, env)
    }

    fn hmac_secret(
        &self,
        extension: Extension,
        input: Option<&Input>,
        kept: &StoredExtensions,
        verified: bool,
        env: &mut dyn Env,
    ) -> Result<Entry, Error> {
        let (Some(input), Some(cred_random)) = (input, &kept.cred_random) else {
            return Ok(None);
        };
        let own = self.key_agreement(env).ok_or(Error::Unknown)?;
        let shared = own.agree(input.protocol, &input.key_agreement).ok_or(Error::Unknown)?;
        if shared.authenticate(&input.salt_enc) != input.salt_auth {
            // CTAP2_ERR_PIN_AUTH_INVALID
            return Err(Error::NotAllowed);
        }
        let salts = shared.decrypt(&input.salt_enc).ok_or(Error::Unknown)?;
        let salts = PrfValues::from_bytes(&salts).ok_or(Error::Unknown)?;
        let values = cred_random.evaluate(verified, &salts).to_bytes();
        // No two operations share a vector.
        let operation = hex::encode_string(&Sha256::digest(&input.salt_enc));
        let label = self.label(&format!("hmac-secret/{operation}/output-iv"));
        let output = shared.encrypt(&values, &label, env).ok_or(Error::Unknown)?;
        Ok(Some(entry(extension, Cbor::bytes(output))))
    }
}
