//! `prf` by other means than `hmac-secret` (§10.1.4): what it does is told to
//! the client alone.

use base16ct::lower as hex;
use sha2::{Digest, Sha256};

use super::{
    AssertionExtensions, CreationExtensions, CredRandom, Extension, ExtensionOutputs,
    StoredExtensions, Unsigned,
};
use crate::device::{Authenticator, Credential, Error};
use crate::env::Env;

/// One value or two: the salts that a pseudo-random function is evaluated at,
/// or what comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The first.
    pub first: [u8; 32],
    /// The second, if two were asked for.
    pub second: Option<[u8; 32]>,
}

impl Values {
    /// The values one after another.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut octets = self.first.to_vec();
        octets.extend(self.second.iter().flatten());
        octets
    }

    /// Reads 32 or 64 bytes.
    pub fn from_bytes(octets: &[u8]) -> Option<Self> {
        let (first, rest) = octets.split_first_chunk()?;
        let second = if rest.is_empty() { None } else { Some(rest.try_into().ok()?) };
        Some(Self { first: *first, second })
    }
}

impl Authenticator {
    pub(super) fn enable_prf(
        &self,
        asked: &CreationExtensions,
        kept: &StoredExtensions,
        unsigned: &mut Unsigned,
    ) {
        let asked = asked.prf.as_ref().filter(|_| self.supports(Extension::Prf));
        if let (Some(salts), Some(cred_random)) = (asked, &kept.cred_random) {
            unsigned.prf_enabled = true;
            unsigned.prf_results = salts.as_ref().map(|salts| evaluate(cred_random, salts));
        }
    }

    /// Evaluates the function. A credential that has none yet gets one now.
    pub(super) fn evaluate_prf(
        &self,
        asked: &AssertionExtensions,
        credential: &Credential,
        outcome: &mut ExtensionOutputs,
        env: &mut dyn Env,
    ) -> Result<(), Error> {
        let Some(salts) = asked.prf.as_ref().filter(|_| self.supports(Extension::Prf)) else {
            return Ok(());
        };
        let cred_random = match &credential.extensions.cred_random {
            Some(cred_random) => cred_random.clone(),
            None => {
                let id = hex::encode_string(&Sha256::digest(&credential.id));
                let drawn = CredRandom::draw(&self.label(&format!("prf/{id}")), env)?;
                let keep = outcome.keep.get_or_insert_with(|| credential.extensions.clone());
                keep.cred_random = Some(drawn.clone());
                drawn
            }
        };
        outcome.unsigned.prf_results = Some(evaluate(&cred_random, salts));
        Ok(())
    }
}

/// The function does not depend on user verification, unlike `hmac-secret`'s.
fn evaluate(cred_random: &CredRandom, salts: &Values) -> Values {
    cred_random.evaluate(true, salts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn octets_round_trip(first: [u8; 32], second: Option<[u8; 32]>) {
            let values = Values { first, second };
            prop_assert_eq!(Values::from_bytes(&values.to_bytes()), Some(values));
        }

        #[test]
        fn there_are_one_or_two(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let whole = [32, 64].contains(&octets.len());
            prop_assert_eq!(Values::from_bytes(&octets).is_some(), whole);
        }
    }
}
