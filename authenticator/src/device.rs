//! The authenticator: keys, credentials, and the two operations of §6.3.
//!
//! Each operation is split in two. *Planning* takes every decision and
//! consults the user; *performing* makes the bytes. Between the two a plan is
//! an ordinary value that the caller may look at, or alter.

mod counter;
mod credential;
pub mod extensions;
pub mod get_assertion;
pub mod make_credential;
mod product;
mod profile;
mod store;

pub use counter::Counting;
pub use credential::{Credential, User};
pub use profile::{Attachment, Profile};
pub use store::{Store, Tally};

use crate::keys;
use extensions::{Extension, PinPolicy};

/// Why an authenticator ends an operation without a result. The names are
/// those of §6.3.2 and §6.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No algorithm that was asked for can be made here.
    #[error("no requested algorithm is supported")]
    NotSupported,
    /// A discoverable credential or user verification cannot be had here.
    #[error("the authenticator cannot meet a requirement")]
    Constraint,
    /// An excluded credential is here, and the user let that be known.
    #[error("an excluded credential is on this authenticator")]
    InvalidState,
    /// The user refused, or no credential fits.
    #[error("refused, or no credential fits")]
    NotAllowed,
    /// The algorithm of a key is not compiled in.
    #[error(transparent)]
    NotCompiled(keys::Error),
    /// Something else.
    #[error("the operation cannot be done")]
    Unknown,
}

/// One authenticator: what it is like, and what it holds.
#[derive(Clone, Debug)]
pub struct Authenticator {
    name: String,
    profile: Profile,
    store: Store,
    pin_policy: PinPolicy,
}

impl Authenticator {
    /// An authenticator without credentials. The name tells apart what two
    /// authenticators draw from one environment.
    pub fn new(name: impl Into<String>, profile: Profile) -> Self {
        Self {
            name: name.into(),
            profile,
            store: Store::default(),
            pin_policy: PinPolicy::default(),
        }
    }

    /// What it is like.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Reaches it another way from now on: a passkey provider's phone by the
    /// hybrid transport, a device-bound one inside the machine.
    pub fn attach(&mut self, attachment: Attachment) {
        if self.profile.attachment == attachment {
            return;
        }
        self.profile.attachment = attachment;
        let transport = match attachment {
            Attachment::Platform => "internal",
            Attachment::CrossPlatform => "hybrid",
        };
        self.profile.transports = vec![transport.to_owned()];
    }

    /// Its discoverable credentials and counters.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The same, to import, alter or remove.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// What its administrator has set, to set it.
    pub fn pin_policy_mut(&mut self) -> &mut PinPolicy {
        &mut self.pin_policy
    }

    /// True if it knows that extension.
    pub fn supports(&self, extension: Extension) -> bool {
        self.profile.extensions.has(extension)
    }

    /// A label for what this authenticator draws.
    fn label(&self, what: &str) -> String {
        format!("{}/{what}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attachment_changes_only_transports() {
        let mut phone = Authenticator::new("phone", Profile::platform());
        phone.attach(Attachment::Platform);
        assert_eq!(phone.profile(), &Profile::platform());

        phone.attach(Attachment::CrossPlatform);
        let carried = Profile {
            attachment: Attachment::CrossPlatform,
            transports: vec!["hybrid".into()],
            ..Profile::platform()
        };
        assert_eq!(phone.profile(), &carried);
    }
}
