//! `largeBlob` (§10.1.5, CTAP 2.1 §6.10). The blob lies with its credential,
//! not in an array that all of them share.

use super::{
    AssertionExtensions, CreationExtensions, Extension, ExtensionOutputs as Extended,
    StoredExtensions, Unsigned,
};
use crate::device::{Authenticator, Credential};

/// The longest blob: room for a certificate, which it is meant for.
const MAX_LEN: usize = 2048;

/// The operation on a large blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LargeBlobAction {
    /// Tell what it is.
    Read,
    /// Replace it.
    Write(Vec<u8>),
}

/// The outcome of that operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LargeBlobOutcome {
    /// True if the new credential can have one.
    Supported(bool),
    /// What it is, if there is one.
    Read(Option<Vec<u8>>),
    /// True if it was replaced.
    Written(bool),
}

impl Authenticator {
    /// Makes room with a new credential; with one that is kept, as there is
    /// none in the id of another.
    pub(super) fn enable_large_blob(
        &self,
        asked: &CreationExtensions,
        kept: &mut StoredExtensions,
        discoverable: bool,
        unsigned: &mut Unsigned,
    ) {
        if asked.large_blob {
            let able = discoverable && self.supports(Extension::LargeBlob);
            kept.large_blob = able.then(Vec::new);
            unsigned.large_blob = Some(LargeBlobOutcome::Supported(able));
        }
    }

    /// Reads the blob, or plans to write it.
    pub(super) fn access_large_blob(
        &self,
        asked: &AssertionExtensions,
        credential: &Credential,
        extended: &mut Extended,
    ) {
        let able = self.supports(Extension::LargeBlob);
        let blob = credential.extensions.large_blob.as_ref().filter(|_| able);
        extended.unsigned.large_blob = match &asked.large_blob {
            None => None,
            Some(LargeBlobAction::Read) => {
                Some(LargeBlobOutcome::Read(blob.filter(|blob| !blob.is_empty()).cloned()))
            }
            Some(LargeBlobAction::Write(new)) => {
                let fits = blob.is_some() && new.len() <= MAX_LEN;
                if fits {
                    let keep = extended.keep.get_or_insert_with(|| credential.extensions.clone());
                    keep.large_blob = Some(new.clone());
                }
                Some(LargeBlobOutcome::Written(fits))
            }
        };
    }
}
