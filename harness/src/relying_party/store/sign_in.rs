//! What the store knows of signing in without a passkey, and of sessions that
//! are to end with theirs.

use std::time::Duration;

use super::{Account, SessionId, Store, UserHandle};
use crate::relying_party::secret::{Codes, Password};

/// So many failures in a row are human.
const FAILURES: u32 = 10;

/// How long nobody may try after more of them.
const PAUSE: Duration = Duration::from_secs(60);

impl Store {
    pub(in crate::relying_party) fn password(&self, owner: &UserHandle) -> Option<&Password> {
        self.passwords.get(owner)
    }

    pub(in crate::relying_party) fn set_password(&mut self, owner: UserHandle, new: Password) {
        self.passwords.insert(owner, new);
    }

    pub(in crate::relying_party) fn codes(&self, owner: &UserHandle) -> Option<&Codes> {
        self.codes.get(owner)
    }

    /// New codes in the place of all others.
    pub(in crate::relying_party) fn set_codes(&mut self, owner: UserHandle, new: Codes) {
        self.codes.insert(owner, new);
    }

    /// Uses up a code, if nobody did so in the meantime.
    pub(in crate::relying_party) fn spend_code(&mut self, owner: &UserHandle, hash: &[u8]) -> bool {
        self.codes.get_mut(owner).is_some_and(|codes| codes.spend(hash))
    }

    /// True if the account has a way to sign in without a passkey.
    fn has_another_way(&self, owner: &UserHandle) -> bool {
        self.passwords.contains_key(owner) || self.codes(owner).is_some_and(|c| c.left() > 0)
    }

    pub(in crate::relying_party) fn is_last_way(&self, owner: &UserHandle, id: &[u8]) -> bool {
        let mut others = self.records_of(owner).filter(|record| record.id != id);
        let is_there = self.record(owner, id).is_some();
        is_there && others.next().is_none() && !self.has_another_way(owner)
    }

    /// The account whose password was right in this session, and that waits for
    /// a passkey.
    pub(in crate::relying_party) fn half_signed_in(&self, session: SessionId) -> Option<&Account> {
        self.accounts.get(self.half_signed_in.get(&session)?)
    }

    pub(in crate::relying_party) fn sign_in_half(
        &mut self,
        session: SessionId,
        account: UserHandle,
    ) {
        self.half_signed_in.insert(session, account);
    }

    /// Remembers which passkey the session was signed in with.
    pub(in crate::relying_party) fn signed_in_with(
        &mut self,
        session: SessionId,
        owner: UserHandle,
        id: Vec<u8>,
    ) {
        self.signed_in_with.insert(session, (owner, id));
    }

    /// Ends the sessions that were signed in with this passkey, but for one.
    pub(in crate::relying_party) fn close_sessions_with(
        &mut self,
        owner: &UserHandle,
        id: &[u8],
        but: SessionId,
    ) {
        let with_it = |(_, with): &(&SessionId, &(UserHandle, Vec<u8>))| {
            let (whose, which) = with;
            whose == owner && which == id
        };
        let sessions: Vec<_> =
            self.signed_in_with.iter().filter(with_it).map(|(session, _)| *session).collect();
        for session in sessions.into_iter().filter(|session| *session != but) {
            self.close_session(session);
        }
    }

    /// How long nobody may try to sign in by this name; whether somebody has it
    /// makes no difference.
    pub(in crate::relying_party) fn pause(&self, name: &str, now: Duration) -> Option<Duration> {
        let (failures, last) = self.failures.get(name)?;
        let end = last.saturating_add(PAUSE);
        (*failures >= FAILURES && now < end).then(|| end.saturating_sub(now))
    }

    pub(in crate::relying_party) fn note_failure(&mut self, name: &str, now: Duration) {
        let (failures, last) = self.failures.entry(name.to_owned()).or_default();
        (*failures, *last) = (failures.saturating_add(1), now);
    }

    pub(in crate::relying_party) fn note_success(&mut self, name: &str) {
        self.failures.remove(name);
    }
}
