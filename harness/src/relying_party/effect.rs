//! What responses change: the accounts, the credential records, and who is
//! signed in.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{Flags, base64url};

use super::draws::Draws;
use super::mutant::{self, Flow, Lapse};
use super::store::{Account, Record, Session, Store, Update, UserHandle};
use super::verify::Evidence;

/// What an accepted response changes.
pub(super) enum Effect {
    /// §7.1 step 27: the account, if it is new, and the credential record.
    Register { account: Account, record: Option<Record> },
    /// §7.2 step 24: the account is signed in, and the record follows.
    SignIn { user: UserHandle, update: Option<Update> },
}

/// What a mutant changes although it refuses.
pub(super) enum Leftover {
    Account(Account),
    Record(UserHandle, Record),
}

impl Leftover {
    pub(super) fn of(e: &Evidence<'_>, flow: Flow, violated: &[&str]) -> Option<Self> {
        match flow {
            Flow::KeepsAccounts => Some(Self::Account(e.registrant()?.clone())),
            Flow::UpdatesUnverified if violated.contains(&"7.2/21") => {
                let (owner, record) = e.record()?;
                let data = e.authenticator_data.as_ref()?;
                let record = Record {
                    sign_count: data.sign_count,
                    backup_eligible: data.flags.has(Flags::BE),
                    backup_state: data.flags.has(Flags::BS),
                    ..record.clone()
                };
                Some(Self::Record(owner.clone(), record))
            }
            _ => None,
        }
    }

    pub(super) fn apply(self, store: &mut Store) {
        match self {
            Self::Account(account) => store.add_account(account),
            Self::Record(owner, record) => store.add_record(owner, record),
        }
    }
}

/// The account whose user handle stands in the body.
fn account_in_body<'a>(e: &Evidence<'a>) -> Option<&'a Account> {
    let handle = e.body.get("userId")?.as_str()?;
    e.store.account(&UserHandle(base64url::decode(handle).ok()?))
}

/// The one reason to refuse a registration that no step knows.
#[derive(Debug, thiserror::Error)]
#[error("the username `{0}` was taken in the meantime")]
pub(super) struct Taken(String);

impl Effect {
    /// Nothing, if nobody can be told whom it would be for: then a mutant
    /// accepts in words only.
    pub(super) fn of(e: &Evidence<'_>, flow: Option<Flow>) -> Option<Self> {
        match e.ceremony {
            Ceremony::Registration => {
                let named = (flow == Some(Flow::UserFromBody)).then(|| account_in_body(e));
                let account = named.flatten().or_else(|| e.registrant())?.clone();
                let mut record = record(e);
                if let (Some(record), Some(flow)) = (&mut record, flow) {
                    misremember(record, flow, e);
                }
                Some(Self::Register { account, record })
            }
            Ceremony::Authentication => {
                let mut update = update(e);
                if let (Some(update), Some((_, record))) = (&mut update, e.record()) {
                    let stored = record.sign_count;
                    let keeps = match flow {
                        Some(Flow::ForgetsCounters) => true,
                        Some(Flow::CountsByOne) => update.sign_count != stored.wrapping_add(1),
                        _ => false,
                    };
                    if keeps {
                        update.sign_count = stored;
                    }
                }
                Some(Self::SignIn { user: e.user()?, update })
            }
        }
    }

    /// Applies it. Whoever becomes signed in gets a new token.
    pub(super) fn apply(
        self,
        store: &mut Store,
        session: Option<Session>,
        flow: Option<Flow>,
        draws: &Draws<'_>,
    ) -> Result<Option<String>, Taken> {
        let (user, passkey) = match self {
            Self::Register { account, record } => {
                let is_new = store.account(&account.handle).is_none();
                if is_new && store.account_named(&account.username).is_some() {
                    return Err(Taken(account.username));
                }
                let user = account.handle.clone();
                let passkey = record.as_ref().map(|record| (user.clone(), record.id.clone()));
                store.add_account(account);
                if let Some(record) = record {
                    if flow == Some(Flow::ReplacesKeys) && store.replace_key(&record) {
                        return Ok(None);
                    }
                    if flow == Some(Flow::OverwritesDuplicates) {
                        store.remove_records_with(&record.id);
                    }
                    store.add_record(user.clone(), record);
                }
                if !is_new {
                    return Ok(None);
                }
                (user, passkey)
            }
            Self::SignIn { user, update } => {
                if let Some(update) = &update {
                    store.update_record(update);
                }
                (user, update.map(|update| (update.owner, update.id)))
            }
        };
        let token = draws.token();
        let known = session.is_some();
        let session = session.unwrap_or_else(|| store.open_session(token.clone()));
        store.sign_in(session, user);
        if let Some((owner, id)) = passkey {
            store.signed_in_with(session, owner, id);
        }
        match flow {
            Some(Flow::Around(Lapse::TokenKept)) if known => return Ok(None),
            Some(Flow::Around(Lapse::TokenLives)) => {}
            // A token that was planted before is worth nothing afterwards.
            _ => store.drop_tokens(session),
        }
        store.add_token(token.clone(), session);
        Ok(Some(token))
    }
}

/// §7.1 step 27
pub(super) fn record(e: &Evidence<'_>) -> Option<Record> {
    let data = e.authenticator_data.as_ref()?;
    let attested = data.attested.as_ref()?;
    Some(Record {
        id: attested.credential_id.clone(),
        public_key: attested.public_key.clone(),
        sign_count: data.sign_count,
        transports: e.registration.as_ref()?.response.transports.clone(),
        backup_eligible: data.flags.has(Flags::BE),
        backup_state: data.flags.has(Flags::BS),
        name: None,
    })
}

/// What mutants store in the place of what was attested.
fn misremember(record: &mut Record, flow: Flow, e: &Evidence<'_>) {
    let Some(sent) = &e.registration else { return };
    match flow {
        Flow::CountsFromZero => record.sign_count = 0,
        Flow::BelievesIds => record.id.clone_from(&sent.id.0),
        Flow::BelievesCopies => {
            if let Some(key) = mutant::copied_key(sent) {
                record.public_key = key;
            }
        }
        _ => {}
    }
}

/// §7.2 step 24
fn update(e: &Evidence<'_>) -> Option<Update> {
    let data = e.authenticator_data.as_ref()?;
    let (owner, record) = e.record()?;
    Some(Update {
        owner: owner.clone(),
        id: record.id.clone(),
        sign_count: data.sign_count,
        backup_state: data.flags.has(Flags::BS),
    })
}
