//! What the relying party remembers: accounts, credential records, sessions,
//! and the challenges that it issued.
//!
//! Nothing is ever forgotten about a challenge but its validity. The honest
//! steps look only at the session's own latest one; the rest is there for the
//! mutants that look further.

mod sign_in;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::options::Requirement;
use passrig_authenticator::wire::{Cbor, base64url};

use super::secret::{Codes, Password};

/// An account's user handle, 16 to 32 random bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UserHandle(pub(super) Vec<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionId(u64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) handle: UserHandle,
    pub(super) username: String,
}

/// A credential record (§4), as much of it as the steps need.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CredentialRecord {
    pub(super) id: Vec<u8>,
    pub(super) public_key: Cbor,
    pub(super) sign_count: u32,
    pub(super) transports: Vec<String>,
    pub(super) backup_eligible: bool,
    pub(super) backup_state: bool,
    pub(super) name: Option<String>,
}

/// What an accepted assertion changes in a record (§7.2 step 24).
pub(super) struct Update {
    pub(super) owner: UserHandle,
    pub(super) id: Vec<u8>,
    pub(super) sign_count: u32,
    pub(super) backup_state: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChallengeState {
    /// It waits for its answer.
    Live,
    /// The session asked for newer options of the same ceremony.
    Superseded,
    /// It was answered, rightly or wrongly.
    Used,
    Expired,
}

/// Options that were issued, and what the relying party must remember of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Issued {
    pub(super) session: SessionId,
    pub(super) ceremony: Ceremony,
    pub(super) state: ChallengeState,
    /// When, by the relying party's clock.
    pub(super) at: Duration,
    pub(super) challenge: Vec<u8>,
    pub(super) user_verification: Requirement,
    pub(super) attestation: String,
    pub(super) user: User,
    /// The AppID of its credentials of U2F days, for authentications, if it
    /// asks for them.
    pub(super) app_id: Option<String>,
    /// The `pubKeyCredParams`, for registrations.
    pub(super) algorithms: Vec<Algorithm>,
    /// True if the page creates without a dialogue (§5.1.3).
    pub(super) is_conditional: bool,
    /// True if a page that the relying party knows frames the ceremony.
    pub(super) is_framed: bool,
    /// The `allowCredentials`, for authentications.
    pub(super) allowed: Vec<Vec<u8>>,
}

impl Issued {
    /// True if client data with this challenge answer it.
    pub(super) fn is_answered_by(&self, challenge: &str) -> bool {
        base64url::encode(&self.challenge) == challenge
    }
}

/// The user that options were issued for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// This account, which a successful registration creates if it is new.
    Known(Account),
    /// A username was given that no account has.
    Unknown,
    /// Nobody was named: a discoverable credential shall tell.
    Unnamed,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    accounts: BTreeMap<UserHandle, Account>,
    names: HashMap<String, UserHandle>,
    /// Under owner and id, so that a relying party that does not mind
    /// duplicates (§7.1 step 26 left out) can hold them.
    records: BTreeMap<(UserHandle, Vec<u8>), CredentialRecord>,
    owners: HashMap<Vec<u8>, BTreeSet<UserHandle>>,
    /// Records that lists leave out, which only a mutant has.
    hidden: BTreeSet<(UserHandle, Vec<u8>)>,
    tokens: HashMap<String, SessionId>,
    tokens_of: HashMap<SessionId, Vec<String>>,
    signed_in: HashMap<SessionId, UserHandle>,
    /// Sessions whose password was right, and that wait for a passkey.
    half_signed_in: HashMap<SessionId, UserHandle>,
    /// The passkeys that sessions were signed in with.
    signed_in_with: HashMap<SessionId, (UserHandle, Vec<u8>)>,
    passwords: BTreeMap<UserHandle, Password>,
    codes: BTreeMap<UserHandle, Codes>,
    /// Failures in a row to sign in by password or code, and when the last one was.
    failures: HashMap<String, (u32, Duration)>,
    issued: Vec<Issued>,
    /// Where in `issued` each session's are, the oldest first.
    issued_to: HashMap<SessionId, Vec<usize>>,
    /// The same of each challenge, which only a mutant issues twice.
    issued_with: HashMap<Vec<u8>, Vec<usize>>,
    /// How many of `issued`, which are in the order of time, were found late.
    late: usize,
    sessions: u64,
    /// The user handles of accounts that were closed, which only a mutant reads.
    former: HashMap<String, UserHandle>,
    requests: HashMap<String, u64>,
}

impl Store {
    /// The number of the next request that carries this check id.
    pub(super) fn number(&mut self, check: &str) -> u64 {
        let next = self.requests.entry(check.to_owned()).or_default();
        let number = *next;
        *next += 1;
        number
    }

    pub(super) fn account(&self, handle: &UserHandle) -> Option<&Account> {
        self.accounts.get(handle)
    }

    pub(super) fn account_named(&self, username: &str) -> Option<&Account> {
        self.accounts.get(self.names.get(username)?)
    }

    pub(super) fn add_account(&mut self, account: Account) {
        self.names.insert(account.username.clone(), account.handle.clone());
        self.accounts.insert(account.handle.clone(), account);
    }

    /// Deletes an account: nobody is signed in to it any more.
    pub(super) fn close_account(&mut self, handle: &UserHandle, with_records: bool) {
        if let Some(account) = self.accounts.remove(handle) {
            self.names.remove(&account.username);
            self.former.insert(account.username, account.handle);
        }
        if with_records {
            self.records.retain(|(owner, _), _| owner != handle);
            self.owners.values_mut().for_each(|owners| {
                owners.remove(handle);
            });
        }
        self.signed_in.retain(|_, owner| owner != handle);
        self.half_signed_in.retain(|_, owner| owner != handle);
        self.passwords.remove(handle);
        self.codes.remove(handle);
    }

    /// The user handle of a closed account of that name.
    pub(super) fn former(&self, username: &str) -> Option<&UserHandle> {
        self.former.get(username)
    }

    pub(super) fn records_of(&self, owner: &UserHandle) -> impl Iterator<Item = &CredentialRecord> {
        let from_owner = self.records.range((owner.clone(), Vec::new())..);
        let of_owner = move |(key, _): &(&(UserHandle, Vec<u8>), _)| key.0 == *owner;
        let shown = |(key, _): &(&(UserHandle, Vec<u8>), _)| !self.hidden.contains(*key);
        from_owner.take_while(of_owner).filter(shown).map(|(_, record)| record)
    }

    pub(super) fn record(&self, owner: &UserHandle, id: &[u8]) -> Option<&CredentialRecord> {
        self.records.get(&(owner.clone(), id.to_vec()))
    }

    /// Every owner of a record with this id, and the record.
    pub(super) fn records_with(
        &self,
        id: &[u8],
    ) -> impl Iterator<Item = (&UserHandle, &CredentialRecord)> {
        let owners = self.owners.get(id).into_iter().flatten();
        owners.filter_map(move |owner| Some((owner, self.record(owner, id)?)))
    }

    pub(super) fn add_record(&mut self, owner: UserHandle, record: CredentialRecord) {
        self.owners.entry(record.id.clone()).or_default().insert(owner.clone());
        self.records.insert((owner, record.id.clone()), record);
    }

    pub(super) fn remove_record(
        &mut self,
        owner: &UserHandle,
        id: &[u8],
    ) -> Option<CredentialRecord> {
        if let Some(owners) = self.owners.get_mut(id) {
            owners.remove(owner);
        }
        self.records.remove(&(owner.clone(), id.to_vec()))
    }

    /// Takes a record from the lists, and nothing else.
    pub(super) fn hide_record(&mut self, owner: &UserHandle, id: &[u8]) {
        self.hidden.insert((owner.clone(), id.to_vec()));
    }

    pub(super) fn remove_records_with(&mut self, id: &[u8]) {
        for owner in self.owners.remove(id).unwrap_or_default() {
            self.records.remove(&(owner, id.to_vec()));
        }
    }

    /// True if there is such a record to be named.
    pub(super) fn name_record(&mut self, owner: &UserHandle, id: &[u8], name: String) -> bool {
        let record = self.records.get_mut(&(owner.clone(), id.to_vec()));
        record.map(|record| record.name = Some(name)).is_some()
    }

    /// Gives the record with this id a new key, if there is one.
    pub(super) fn replace_key(&mut self, new: &CredentialRecord) -> bool {
        let owner = self.owners.get(&new.id).and_then(BTreeSet::first);
        let key = owner.map(|owner| (owner.clone(), new.id.clone()));
        match key.and_then(|key| self.records.get_mut(&key)) {
            Some(record) => {
                record.public_key = new.public_key.clone();
                true
            }
            None => false,
        }
    }

    pub(super) fn update_record(&mut self, update: &Update) {
        if let Some(record) = self.records.get_mut(&(update.owner.clone(), update.id.clone())) {
            record.sign_count = update.sign_count;
            record.backup_state = update.backup_state;
        }
    }

    pub(super) fn session(&self, token: &str) -> Option<SessionId> {
        self.tokens.get(token).copied()
    }

    pub(super) fn open_session(&mut self, token: String) -> SessionId {
        self.sessions += 1;
        let session = SessionId(self.sessions);
        self.add_token(token, session);
        session
    }

    pub(super) fn signed_in(&self, session: SessionId) -> Option<&Account> {
        self.accounts.get(self.signed_in.get(&session)?)
    }

    pub(super) fn sign_in(&mut self, session: SessionId, account: UserHandle) {
        self.half_signed_in.remove(&session);
        self.signed_in_with.remove(&session);
        self.signed_in.insert(session, account);
    }

    pub(super) fn add_token(&mut self, token: String, session: SessionId) {
        self.tokens_of.entry(session).or_default().push(token.clone());
        self.tokens.insert(token, session);
    }

    pub(super) fn drop_tokens(&mut self, session: SessionId) {
        for token in self.tokens_of.remove(&session).unwrap_or_default() {
            // A mutant may have given it to another session meanwhile.
            if self.session(&token) == Some(session) {
                self.tokens.remove(&token);
            }
        }
    }

    pub(super) fn close_session(&mut self, session: SessionId) {
        self.drop_tokens(session);
        self.signed_in.remove(&session);
        self.half_signed_in.remove(&session);
        self.signed_in_with.remove(&session);
    }

    /// Remembers new options; older ones of that session and ceremony no
    /// longer count.
    pub(super) fn issue(&mut self, issued: Issued) {
        self.close_challenges(issued.session, issued.ceremony, ChallengeState::Superseded);
        let place = self.issued.len();
        self.issued_to.entry(issued.session).or_default().push(place);
        self.issued_with.entry(issued.challenge.clone()).or_default().push(place);
        self.issued.push(issued);
    }

    /// Gives up what was issued by then and has not been answered.
    pub(super) fn expire(&mut self, then: Duration) {
        while let Some(issued) = self.issued.get_mut(self.late).filter(|issued| issued.at <= then) {
            if issued.state == ChallengeState::Live {
                issued.state = ChallengeState::Expired;
            }
            self.late += 1;
        }
    }

    /// Spends the session's challenge: no second attempt at the same one.
    pub(super) fn consume(&mut self, session: SessionId, ceremony: Ceremony) {
        self.close_challenges(session, ceremony, ChallengeState::Used);
    }

    pub(super) fn pending(&self, session: SessionId, ceremony: Ceremony) -> Option<&Issued> {
        let latest = self.latest(session, ceremony);
        latest.filter(|issued| issued.state == ChallengeState::Live)
    }

    /// The session's newest options, answered or not.
    pub(super) fn latest(&self, session: SessionId, ceremony: Ceremony) -> Option<&Issued> {
        let places = self.issued_to.get(&session)?.iter().rev();
        let mut own = places.filter_map(|place| self.issued.get(*place));
        own.find(|issued| issued.ceremony == ceremony)
    }

    /// Makes a challenge good again, for the mutant that saw it good before.
    pub(super) fn reopen(&mut self, session: SessionId, challenge: &[u8]) {
        for place in self.issued_with.get(challenge).into_iter().flatten() {
            if let Some(issued) = self.issued.get_mut(*place).filter(|i| i.session == session) {
                issued.state = ChallengeState::Live;
            }
        }
    }

    fn close_challenges(&mut self, session: SessionId, ceremony: Ceremony, state: ChallengeState) {
        for place in self.issued_to.get(&session).into_iter().flatten() {
            let own = self.issued.get_mut(*place).filter(|issued| issued.ceremony == ceremony);
            if let Some(issued) = own.filter(|issued| issued.state == ChallengeState::Live) {
                issued.state = state;
            }
        }
    }

    /// All that was ever issued and that client data with this challenge answer,
    /// the oldest first.
    pub(super) fn answered_by(&self, challenge: &str) -> impl Iterator<Item = &Issued> {
        let octets = base64url::decode(challenge).unwrap_or_default();
        let places = self.issued_with.get(&octets).into_iter().flatten();
        let issued = places.filter_map(|place| self.issued.get(*place));
        issued.filter(move |issued| issued.is_answered_by(challenge))
    }

    pub(super) fn times_issued(&self) -> usize {
        self.issued.len()
    }
}
