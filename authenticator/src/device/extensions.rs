//! Authenticator extensions (§9.5, §10.1, CTAP 2.3 §12): what a client may ask
//! for, what is kept with a credential, and what comes back.
//!
//! An authenticator answers what its profile lists and ignores the rest.

mod cred_blob;
mod cred_protect;
mod hmac_secret;
mod large_blob;
mod min_pin_length;
mod prf;
mod supported;
mod third_party_payment;
mod traits;
mod uvm;

pub use cred_protect::Protection;
pub use hmac_secret::{CredRandom, Input as HmacSecret};
pub use large_blob::{LargeBlobAction, LargeBlobOutcome};
pub use min_pin_length::PinPolicy;
pub use prf::Values as PrfValues;
pub use supported::{Extension, Supported};
pub(super) use traits::Traits;

use super::{Authenticator, Credential, Error};
use crate::env::Env;
use crate::wire::Cbor;

/// The extension inputs of a client for a new credential.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreationExtensions {
    /// `credBlob`: bytes to keep with the credential.
    pub cred_blob: Option<Vec<u8>>,
    /// `credProtect`: how well it shall be protected.
    pub cred_protect: Option<Protection>,
    /// `hmac-secret`: that it can evaluate a pseudo-random function.
    pub hmac_secret: bool,
    /// `hmac-secret-mc`: what to evaluate it at already.
    pub hmac_secret_mc: Option<HmacSecret>,
    /// `largeBlob`: that a large blob can be kept with it.
    pub large_blob: bool,
    /// `minPinLength`
    pub min_pin_length: bool,
    /// `prf` without `hmac-secret`: that it can evaluate a pseudo-random
    /// function, and what at.
    pub prf: Option<Option<PrfValues>>,
    /// `thirdPartyPayment`: that it may be used in payments.
    pub third_party_payment: bool,
    /// `uvm`
    pub uvm: bool,
}

/// The extension inputs of a client for an assertion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssertionExtensions {
    /// `credBlob`: the bytes that were kept.
    pub cred_blob: bool,
    /// `hmac-secret`: what to evaluate at.
    pub hmac_secret: Option<HmacSecret>,
    /// `largeBlob`: what to do with the large blob.
    pub large_blob: Option<LargeBlobAction>,
    /// `prf` without `hmac-secret`: what to evaluate at.
    pub prf: Option<PrfValues>,
    /// `thirdPartyPayment`: whether it may be used in payments.
    pub third_party_payment: bool,
    /// `uvm`
    pub uvm: bool,
}

/// The data that extensions store with a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredExtensions {
    /// How well it is protected.
    pub protection: Protection,
    /// The secrets of its pseudo-random functions, if it has any.
    pub cred_random: Option<CredRandom>,
    /// The bytes of `credBlob`.
    pub cred_blob: Option<Vec<u8>>,
    /// The large blob, if one can be kept; an empty one was never written.
    pub large_blob: Option<Vec<u8>>,
    /// True if it may be used in payments.
    pub third_party_payment: bool,
}

/// What an authenticator tells the client alone: it is not part of what is
/// signed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unsigned {
    /// True if the credential can evaluate a pseudo-random function.
    pub prf_enabled: bool,
    /// The values of that function.
    pub prf_results: Option<PrfValues>,
    /// What became of the large blob.
    pub large_blob: Option<LargeBlobOutcome>,
}

/// The outputs of an operation's extensions.
#[derive(Default)]
pub(super) struct ExtensionOutputs {
    /// The signed outputs, a map.
    pub(super) signed: Option<Cbor>,
    pub(super) unsigned: Unsigned,
    /// What the credential keeps from now on, where that changes.
    pub(super) keep: Option<StoredExtensions>,
}

/// Signed outputs by identifier.
type Entry = Option<(Cbor, Cbor)>;

fn entry(extension: Extension, value: Cbor) -> (Cbor, Cbor) {
    (Cbor::text(extension.identifier()), value)
}

/// The map of the outputs that there are; no output, no map (§6.1).
fn signed<const N: usize>(entries: [Entry; N]) -> Option<Cbor> {
    let mut entries = entries.into_iter().flatten().peekable();
    entries.peek().is_some().then(|| Cbor::map(entries))
}

impl Authenticator {
    /// Processes the extensions of a new credential.
    pub(super) fn extend_creation(
        &self,
        asked: &CreationExtensions,
        credential: &mut Credential,
        discoverable: bool,
        verified: bool,
        env: &mut dyn Env,
    ) -> Result<ExtensionOutputs, Error> {
        let entries = [
            self.keep_cred_blob(asked, &mut credential.extensions, discoverable),
            self.protect(asked, &credential.extensions),
            self.enable_hmac_secret(asked, &credential.extensions),
            self.hmac_secret_at_creation(asked, &credential.extensions, verified, env)?,
            self.reveal_min_pin_length(asked, &credential.rp_id),
            self.payment_output(asked.third_party_payment, &credential.extensions),
            self.uvm_output(asked.uvm, verified),
        ];
        let mut unsigned = Unsigned::default();
        self.enable_prf(asked, &credential.extensions, &mut unsigned);
        self.enable_large_blob(asked, &mut credential.extensions, discoverable, &mut unsigned);
        Ok(ExtensionOutputs { signed: signed(entries), unsigned, keep: None })
    }

    /// Processes the extensions of an assertion with this credential.
    pub(super) fn extend_use(
        &self,
        asked: &AssertionExtensions,
        credential: &Credential,
        verified: bool,
        env: &mut dyn Env,
    ) -> Result<ExtensionOutputs, Error> {
        let entries = [
            self.give_cred_blob(asked, &credential.extensions),
            self.hmac_secret_at_use(asked, &credential.extensions, verified, env)?,
            self.payment_output(asked.third_party_payment, &credential.extensions),
            self.uvm_output(asked.uvm, verified),
        ];
        let mut outcome =
            ExtensionOutputs { signed: signed(entries), ..ExtensionOutputs::default() };
        self.evaluate_prf(asked, credential, &mut outcome, env)?;
        self.access_large_blob(asked, credential, &mut outcome);
        Ok(outcome)
    }
}
