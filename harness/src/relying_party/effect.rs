//! What responses change: the accounts, the credential records, and who is
//! signed in.

pub(super) mod change;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::Flags;

pub(super) use change::{StoreChange, record};

use super::behaviour::Behaviour;
use super::draws::RequestDraws;
use super::store::{SessionId, Store, Update};
use super::verify::Evidence;

/// The one reason to refuse a registration that no step knows.
#[derive(Debug, thiserror::Error)]
#[error("the username `{0}` was taken in the meantime")]
pub(super) struct Conflict(String);

impl StoreChange {
    /// The effect of an accepted response. `None` if the response names no account: a mutant
    /// then accepts in words only.
    pub(super) fn of(e: &Evidence<'_>, behaviour: &dyn Behaviour) -> Option<Self> {
        Some(match e.ceremony {
            Ceremony::Registration => Self::Register {
                account: behaviour.registrant(e)?.clone(),
                record: behaviour.record(e),
            },
            Ceremony::Authentication => {
                Self::SignIn { user: e.user()?, update: update(e, behaviour) }
            }
        })
    }

    /// Applies the effect. A sign-in returns a new token.
    pub(super) fn apply(
        self,
        store: &mut Store,
        session: Option<SessionId>,
        behaviour: &dyn Behaviour,
        draws: &RequestDraws<'_>,
    ) -> Result<Option<String>, Conflict> {
        let (user, passkey) = match self {
            Self::Register { account, record } => {
                let is_new = store.account(&account.handle).is_none();
                if is_new && store.account_named(&account.username).is_some() {
                    return Err(Conflict(account.username));
                }
                let user = account.handle.clone();
                let passkey = record.as_ref().map(|record| (user.clone(), record.id.clone()));
                store.add_account(account);
                let is_added =
                    record.is_none_or(|record| behaviour.add_record(store, user.clone(), record));
                if !is_added || !is_new {
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
            Self::Account(account) => {
                store.add_account(account);
                return Ok(None);
            }
            Self::Record(owner, record) => {
                store.add_record(owner, record);
                return Ok(None);
            }
        };
        let token = draws.token();
        let is_new_session = session.is_none();
        let session = session.unwrap_or_else(|| store.open_session(token.clone()));
        store.sign_in(session, user);
        if let Some((owner, id)) = passkey {
            store.signed_in_with(session, owner, id);
        }
        Ok(behaviour.replace_token(store, session, token, is_new_session))
    }
}

/// §7.2 step 24
fn update(e: &Evidence<'_>, behaviour: &dyn Behaviour) -> Option<Update> {
    let data = e.authenticator_data.as_ref()?;
    let (owner, record) = e.record()?;
    Some(Update {
        owner: owner.clone(),
        id: record.id.clone(),
        sign_count: behaviour.sign_count(record.sign_count, data.sign_count),
        backup_state: data.flags.has(Flags::BS),
    })
}
