//! `minPinLength` (CTAP 2.1 §12.4).

use super::{CreationExtensions, Entry, Extension, entry};
use crate::device::Authenticator;
use crate::wire::Cbor;

/// What the administrator of an authenticator has set (CTAP 2.1 §6.11.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinPolicy {
    /// The shortest PIN that it takes, in code points.
    pub min_length: u8,
    /// The relying parties that may know.
    pub rp_ids: Vec<String>,
}

impl Default for PinPolicy {
    /// As it leaves the factory.
    fn default() -> Self {
        Self { min_length: 4, rp_ids: Vec::new() }
    }
}

impl Authenticator {
    pub(super) fn reveal_min_pin_length(&self, asked: &CreationExtensions, rp_id: &str) -> Entry {
        let is_output = asked.min_pin_length
            && self.supports(Extension::MinPinLength)
            && self.pin_policy.rp_ids.iter().any(|allowed| allowed == rp_id);
        let length = i64::from(self.pin_policy.min_length);
        is_output.then(|| entry(Extension::MinPinLength, Cbor::int(length)))
    }
}
