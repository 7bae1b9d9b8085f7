//! What the relying party draws: all of it from its seed.

use passrig_authenticator::wire::base64url;

use super::caller::Caller;
use super::store::{Store, UserHandle};
use super::{RelyingParty, secret};

impl RelyingParty {
    pub(super) fn draws(&self, store: &mut Store, caller: &Caller) -> RequestDraws<'_> {
        let number = store.number(&caller.check);
        RequestDraws { rp: self, prefix: format!("{}/{number}", caller.check) }
    }
}

pub(super) struct RequestDraws<'a> {
    rp: &'a RelyingParty,
    prefix: String,
}

impl RequestDraws<'_> {
    pub(super) fn draw(&self, what: &str, len: usize) -> Vec<u8> {
        self.rp.seed.derive(&format!("{}/{what}", self.prefix), len)
    }

    /// §13.4.3: 32 bytes.
    pub(super) fn challenge(&self) -> Vec<u8> {
        self.draw("challenge", 32)
    }

    /// 16 to 32 bytes: clients and databases must not rely on one length. No length is divisible by three, so that
    /// each user handle has a padded form in base64.
    pub(super) fn user_handle(&self) -> UserHandle {
        let extra = self.draw("user-length", 1).first().copied().unwrap_or_default() % 17;
        let length = 16 + usize::from(extra);
        UserHandle(self.draw("user", length + usize::from(length.is_multiple_of(3))))
    }

    pub(super) fn token(&self) -> String {
        base64url::encode(&self.draw("session", 32))
    }

    pub(super) fn salt(&self) -> Vec<u8> {
        self.draw("salt", 16)
    }

    pub(super) fn recovery_codes(&self) -> Vec<String> {
        secret::codes(|number| self.draw(&format!("code/{number}"), secret::CODE_LENGTH))
    }
}
