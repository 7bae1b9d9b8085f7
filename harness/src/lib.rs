//! A conformance harness for WebAuthn relying parties.

pub mod relying_party;
pub mod target;
