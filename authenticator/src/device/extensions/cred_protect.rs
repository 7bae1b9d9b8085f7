//! `credProtect` (CTAP 2.1 §12.1).

use super::{CreationExtensions, Entry, Extension, StoredExtensions, entry};
use crate::device::Authenticator;
use crate::wire::Cbor;

/// How well a credential is protected against those who hold its
/// authenticator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// Not at all: verification is optional.
    #[default]
    Optional,
    /// Only who names it may use it without verification.
    OptionalWithList,
    /// Without verification it does not show.
    Required,
}

impl Protection {
    const ALL: [Self; 3] = [Self::Optional, Self::OptionalWithList, Self::Required];

    /// The number in authenticator data.
    pub fn level(self) -> u8 {
        match self {
            Self::Optional => 1,
            Self::OptionalWithList => 2,
            Self::Required => 3,
        }
    }

    /// What a number stands for.
    pub fn from_level(level: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.level() == level)
    }

    /// True if a credential shows in an operation: with verification or
    /// without, and named in a list or not.
    pub fn admits(self, verification: bool, listed: bool) -> bool {
        match self {
            Self::Optional => true,
            Self::OptionalWithList => verification || listed,
            Self::Required => verification,
        }
    }
}

impl Authenticator {
    pub(super) fn protect(&self, asked: &CreationExtensions, kept: &StoredExtensions) -> Entry {
        let is_output = asked.cred_protect.is_some() && self.supports(Extension::CredProtect);
        let level = i64::from(kept.protection.level());
        is_output.then(|| entry(Extension::CredProtect, Cbor::int(level)))
    }
}
