//! `credBlob` (CTAP 2.1 §12.2).

use super::{AssertionExtensions, CreationExtensions, Entry, Extension, StoredExtensions, entry};
use crate::device::Authenticator;
use crate::wire::Cbor;

/// The longest blob: what every authenticator with this extension can keep.
const MAX_LEN: usize = 32;

impl Authenticator {
    /// Keeps the blob, if it fits and there is a place for it; tells which.
    pub(super) fn keep_cred_blob(
        &self,
        asked: &CreationExtensions,
        kept: &mut StoredExtensions,
        discoverable: bool,
    ) -> Entry {
        let blob = asked.cred_blob.as_ref().filter(|_| self.supports(Extension::CredBlob))?;
        let fits = discoverable && blob.len() <= MAX_LEN;
        kept.cred_blob = fits.then(|| blob.clone());
        Some(entry(Extension::CredBlob, Cbor::bool(fits)))
    }

    /// Gives the blob; an empty one where there is none.
    pub(super) fn give_cred_blob(
        &self,
        asked: &AssertionExtensions,
        kept: &StoredExtensions,
    ) -> Entry {
        let is_output = asked.cred_blob && self.supports(Extension::CredBlob);
        let blob = || Cbor::bytes(kept.cred_blob.clone().unwrap_or_default());
        is_output.then(|| entry(Extension::CredBlob, blob()))
    }
}
