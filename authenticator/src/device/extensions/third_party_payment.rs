//! `thirdPartyPayment` (CTAP 2.3 §12.9).

use super::{Entry, Extension, StoredExtensions, entry};
use crate::device::Authenticator;
use crate::wire::Cbor;

impl Authenticator {
    /// Tells whether the credential may be used in payments.
    pub(super) fn payment_output(&self, asked: bool, kept: &StoredExtensions) -> Entry {
        let is_output = asked && self.supports(Extension::ThirdPartyPayment);
        is_output.then(|| entry(Extension::ThirdPartyPayment, Cbor::bool(kept.third_party_payment)))
    }
}
