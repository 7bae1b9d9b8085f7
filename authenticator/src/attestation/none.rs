//! No attestation (§8.7).

use crate::wire::Cbor;

/// The empty statement.
pub(super) fn state() -> Cbor {
    Cbor::map([])
}
