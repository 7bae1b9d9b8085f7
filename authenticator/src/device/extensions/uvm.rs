//! `uvm`, the user verification method (Level 2 §10.3): numbers from the FIDO
//! Registry of Predefined Values.

use super::{Entry, Extension, entry};
use crate::device::{Attachment, Authenticator};
use crate::wire::Cbor;

const PRESENCE: i64 = 0x01;
const FINGERPRINT: i64 = 0x02;
const PASSCODE: i64 = 0x04;

/// Key protection and matcher protection: both by a trusted execution
/// environment.
const IN_A_MACHINE: [i64; 2] = [0x04, 0x02];
/// A secure element, and a matcher on the chip.
const IN_A_KEY: [i64; 2] = [0x08, 0x04];

impl Authenticator {
    /// One method: a finger on a machine, a PIN for what is carried around.
    pub(super) fn uvm_output(&self, asked: bool, verified: bool) -> Entry {
        let (method, [key, matcher]) = match self.profile().attachment {
            Attachment::Platform => (FINGERPRINT, IN_A_MACHINE),
            Attachment::CrossPlatform => (PASSCODE, IN_A_KEY),
        };
        let method = if verified { method } else { PRESENCE };
        let is_output = asked && self.supports(Extension::Uvm);
        let methods = || Cbor::array([Cbor::array([method, key, matcher].map(Cbor::int))]);
        is_output.then(|| entry(Extension::Uvm, methods()))
    }
}
