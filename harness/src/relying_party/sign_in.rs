//! Signing in without a passkey: by password, which may be half of it, and by
//! recovery code.

use std::time::Duration;

use serde::Deserialize;

use super::RelyingParty;
use super::caller::Caller;
use super::ceremony::Granted;
use super::draws::RequestDraws;
use super::secret::{Codes, Password};
use super::store::{Account, SessionId, Store, UserHandle};

/// How long a password is at least, in characters.
const SHORTEST: usize = 8;

/// How long passwords and names are at most, in bytes.
const LONGEST: usize = 256;

/// The body of `POST /password/sign-up` and `POST /password/sign-in`.
#[derive(Debug, Deserialize)]
pub(super) struct PasswordRequest {
    username: String,
    password: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecoveryRequest {
    username: String,
    code: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignedIn {
    Fully,
    /// A passkey has to follow.
    Half,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the username has to have 1 to {LONGEST} octets, and a letter or digit in it")]
    Name,
    #[error(
        "the password has to have at least {SHORTEST} characters, and at most {LONGEST} octets"
    )]
    Password,
    #[error("the username `{0}` is taken")]
    Taken(String),
    /// Neither which part was wrong is said nor whether the account is there (§14.6.2).
    #[error("the sign-in failed")]
    Failed,
    #[error("too many sign-ins of this account failed, it is closed for {} seconds", .0.as_secs() + 1)]
    Paused(Duration),
}

impl RelyingParty {
    /// A new account with a password, to which the session is signed in.
    pub(super) fn sign_up(
        &self,
        caller: &Caller,
        request: PasswordRequest,
    ) -> Result<Granted<SignedIn>, Refused> {
        let PasswordRequest { username, password } = request;
        if username.len() > LONGEST || !username.chars().any(char::is_alphanumeric) {
            return Err(Refused::Name);
        }
        if password.chars().count() < SHORTEST || password.len() > LONGEST {
            return Err(Refused::Password);
        }
        let mut store = self.store();
        if store.account_named(&username).is_some() {
            return Err(Refused::Taken(username));
        }
        let draws = self.draws(&mut store, caller);
        let handle = draws.user_handle();
        store.add_account(Account { handle: handle.clone(), username });
        store.set_password(handle.clone(), Password::new(&password, draws.salt()));
        Ok(enter(&mut store, caller, handle, &draws))
    }

    /// Signs in by password: half, if a passkey has to follow.
    pub(super) fn sign_in_by_password(
        &self,
        caller: &Caller,
        request: &PasswordRequest,
    ) -> Result<Granted<SignedIn>, Refused> {
        let name = request.username.as_str();
        let (handle, password) = {
            let store = self.store();
            self.is_open(&store, name)?;
            let handle = store.account_named(name).map(|account| account.handle.clone());
            let password = handle.as_ref().and_then(|handle| store.password(handle)).cloned();
            (handle, password.unwrap_or_else(Password::decoy))
        };
        // It takes long, and nobody else shall wait for it.
        let is_right = password.is(&request.password);
        let mut store = self.store();
        let known = handle.filter(|handle| is_right && store.account(handle).is_some());
        let Some(handle) = known else { return Err(self.failed(&mut store, name)) };
        store.note_success(name);
        let draws = self.draws(&mut store, caller);
        let has_passkeys = store.records_of(&handle).next().is_some();
        Ok(match self.config.second_factor && has_passkeys {
            true => self.enter_half(&mut store, caller, handle, &draws),
            false => enter(&mut store, caller, handle, &draws),
        })
    }

    /// Half a sign-in, in a session that nobody had before. Whoever is signed
    /// in to the account already is asked again, and stays so.
    fn enter_half(
        &self,
        store: &mut Store,
        caller: &Caller,
        user: UserHandle,
        draws: &RequestDraws<'_>,
    ) -> Granted<SignedIn> {
        let own = own_session(store, caller);
        let stays = own.filter(|own| store.signed_in(*own).is_some_and(|a| a.handle == user));
        let token = draws.token();
        let session = match stays {
            Some(session) => {
                store.drop_tokens(session);
                store.add_token(token.clone(), session);
                session
            }
            None => begin(store, own, token.clone()),
        };
        self.behaviour.sign_in_half(store, session, user);
        Granted { answer: SignedIn::Half, token: Some(token) }
    }

    /// Signs in by a recovery code, which is spent. It stands for the passkey:
    /// where the password comes first, it must have come.
    pub(super) fn recover(
        &self,
        caller: &Caller,
        request: &RecoveryRequest,
    ) -> Result<Granted<SignedIn>, Refused> {
        let name = request.username.as_str();
        let (handle, codes) = {
            let store = self.store();
            self.is_open(&store, name)?;
            let handle = store.account_named(name).map(|account| account.handle.clone());
            let handle = handle.filter(|handle| self.may_recover(&store, caller, handle));
            let codes = handle.as_ref().and_then(|handle| store.codes(handle)).cloned();
            (handle, codes.unwrap_or_else(Codes::decoy))
        };
        let found = codes.find(&request.code);
        let mut store = self.store();
        let recovered = handle.zip(found).filter(|(handle, hash)| {
            store.account(handle).is_some() && self.behaviour.spend_code(&mut store, handle, hash)
        });
        let Some((handle, _)) = recovered else { return Err(self.failed(&mut store, name)) };
        store.note_success(name);
        let draws = self.draws(&mut store, caller);
        Ok(enter(&mut store, caller, handle, &draws))
    }

    /// New recovery codes for the account, in the place of all others.
    pub(super) fn recovery_codes(&self, caller: &Caller, owner: UserHandle) -> Vec<String> {
        let mut store = self.store();
        let draws = self.draws(&mut store, caller);
        let codes = draws.recovery_codes();
        store.set_codes(owner, Codes::new(&codes, draws.salt()));
        codes
    }

    fn may_recover(&self, store: &Store, caller: &Caller, handle: &UserHandle) -> bool {
        let half = || store.half_signed_in(own_session(store, caller)?);
        !self.config.second_factor
            || !self.behaviour.recovery_requires_password()
            || store.password(handle).is_none()
            || half().is_some_and(|account| account.handle == *handle)
    }

    fn is_open(&self, store: &Store, name: &str) -> Result<(), Refused> {
        store.pause(name, self.clock.now()).map_or(Ok(()), |pause| Err(Refused::Paused(pause)))
    }

    fn failed(&self, store: &mut Store, name: &str) -> Refused {
        store.note_failure(name, self.clock.now());
        Refused::Failed
    }
}

/// Signs in, in a session that nobody had before.
fn enter(
    store: &mut Store,
    caller: &Caller,
    user: UserHandle,
    draws: &RequestDraws<'_>,
) -> Granted<SignedIn> {
    let token = draws.token();
    let own = own_session(store, caller);
    let session = begin(store, own, token.clone());
    store.sign_in(session, user);
    Granted { answer: SignedIn::Fully, token: Some(token) }
}

/// A session in the place of another.
fn begin(store: &mut Store, old: Option<SessionId>, token: String) -> SessionId {
    if let Some(old) = old {
        store.close_session(old);
    }
    store.open_session(token)
}

fn own_session(store: &Store, caller: &Caller) -> Option<SessionId> {
    store.session(caller.token.as_deref()?)
}
