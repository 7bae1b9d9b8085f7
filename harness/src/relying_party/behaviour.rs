//! The decisions of the reference RP beside the table of steps. Each method names the rule and, by
//! default, follows it. A [mutant](super::mutant) overrides the methods that it gets wrong.

use std::borrow::Cow;
use std::fmt::Debug;
use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde_json::Value;

use super::caller::Caller;
use super::effect::change::{self, StoreChange};
use super::http::answer;
use super::store::{Account, CredentialRecord, SessionId, Store, User, UserHandle};
use super::verify::{AttemptAudit, Evidence, Step, Violation};
use super::{Config, RelyingParty};

/// A session and the challenge that it has to answer, read before the store is locked for the
/// response.
pub(super) type EarlyRead<'a> =
    Pin<Box<dyn Future<Output = Option<(SessionId, Vec<u8>)>> + Send + 'a>>;

/// The outcome of a request to remove a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Done,
    /// Nothing else signs in to the account, and the request does not confirm.
    ToBeConfirmed,
    /// The account has no such credential.
    Unknown,
}

/// The reference RP without a flaw.
#[derive(Debug)]
pub(super) struct Conformant;

impl Behaviour for Conformant {}

/// The decisions, in the order of a request's life.
pub(super) trait Behaviour: Debug + Send + Sync {
    // Options (§5.4, §5.5).

    /// §13.4.3: a challenge is random and never repeats. `issued` challenges came before.
    fn challenge(&self, drawn: Vec<u8>, _issued: usize) -> Vec<u8> {
        drawn
    }

    /// §14.6.1: the user handle of a new account is random.
    fn user_handle(&self, drawn: UserHandle, _name: &str, _store: &Store) -> UserHandle {
        drawn
    }

    /// §14.6.2: the text that the credential ID for an unknown name is derived from. One name has
    /// one credential ID.
    fn decoy_label(&self, name: &str, _challenge: &[u8]) -> String {
        name.to_owned()
    }

    /// §5.4: creation options follow the policy and the request.
    fn creation_options(&self, _options: &mut CreationOptions, _is_new_account: bool) {}

    /// §5.5: request options follow the policy and the request.
    fn request_options(&self, _options: &mut RequestOptions, _user: &User) {}

    /// §14.6.2: an unknown name receives options as a known one does.
    fn refuses_unknown_names(&self) -> bool {
        false
    }

    /// §14.6.2: options take equally long for known and unknown names.
    fn options_delay(&self, _is_known: bool) -> Option<Duration> {
        None
    }

    // Responses (§7.1, §7.2).

    /// §15.1, §5.1.4: a challenge lives as long as configured.
    fn challenge_lifetime(&self, configured: Duration) -> Duration {
        configured
    }

    /// §7.1 step 8, §7.2 step 11: a challenge is read and consumed in one operation, so that
    /// nothing is read before the store is locked.
    fn read_early<'a>(
        &'a self,
        _rp: &'a RelyingParty,
        _ceremony: Ceremony,
        _caller: &'a Caller,
    ) -> EarlyRead<'a> {
        Box::pin(ready(None))
    }

    /// §7.1 step 3, §7.2 step 3: the body is read as `JSON.parse` reads it. `bytes` is `None` for a
    /// body beyond the size limit.
    fn body<'a>(&self, _: Ceremony, _bytes: Option<&[u8]>, parsed: &'a Value) -> Cow<'a, Value> {
        Cow::Borrowed(parsed)
    }

    /// True if the server fails with status 500. No request causes that.
    fn crashes(&self, _bytes: Option<&[u8]>, _evidence: &Evidence<'_>) -> bool {
        false
    }

    /// §7.1, §7.2: the examination by the steps. `specified` is the result of the steps in the
    /// table.
    fn examine<'a>(&self, _: Evidence<'a>, specified: AttemptAudit<'a>) -> AttemptAudit<'a> {
        specified
    }

    /// §7.1 step 29, §7.2 step 25: a response has its effect if it violates no step.
    fn acts_on(&self, violated: &[&str]) -> bool {
        violated.is_empty()
    }

    /// §7.1 step 29, §7.2 step 25: a refused response has no effect.
    fn effect_of_refused(
        &self,
        _evidence: &Evidence<'_>,
        _violated: &[&str],
    ) -> Option<StoreChange> {
        None
    }

    /// §7.1 step 27: the credential belongs to the account that the options were issued for.
    fn registrant<'a>(&self, evidence: &Evidence<'a>) -> Option<&'a Account> {
        evidence.registrant()
    }

    /// §7.1 step 27: the credential record holds the attested values.
    fn record(&self, evidence: &Evidence<'_>) -> Option<CredentialRecord> {
        change::record(evidence)
    }

    /// §7.1 step 27: a record is added beside all others. `false` ends the registration.
    fn add_record(&self, store: &mut Store, owner: UserHandle, record: CredentialRecord) -> bool {
        store.add_record(owner, record);
        true
    }

    /// §7.2 step 24: the signature counter to store.
    fn sign_count(&self, _stored: u32, received: u32) -> u32 {
        received
    }

    /// §14.6.2: the message of a refused sign-in contains no reason.
    fn sign_in_failure(&self, _step: &Step, _violation: &Violation) -> String {
        "the sign-in failed".to_owned()
    }

    /// §14.6.2: results take equally long for known and unknown credentials.
    fn result_delay(&self, _is_known: bool) -> Option<Duration> {
        None
    }

    // Sessions.

    /// ASVS 7.2.4: a sign-in replaces every token of the session. The caller receives the new one.
    fn replace_token(
        &self,
        store: &mut Store,
        session: SessionId,
        token: String,
        _is_new_session: bool,
    ) -> Option<String> {
        store.drop_tokens(session);
        store.add_token(token.clone(), session);
        Some(token)
    }

    /// ASVS 3.3.1, 3.3.2, 3.3.4: scripts and other sites do not reach the session's cookie, and the
    /// cookie travels over encrypted connections only where the pages do.
    fn cookie_attributes(&self, is_encrypted: bool) -> String {
        let secure = if is_encrypted { "; Secure" } else { "" };
        format!("; HttpOnly; SameSite=Lax{secure}; Path=/")
    }

    /// ASVS 3.5.1: requests of other sites have no effect.
    fn accepts_other_sites(&self) -> bool {
        false
    }

    /// ASVS 3.5.1: the response to a CORS preflight permits nothing.
    fn cors_preflight(&self, _origin: &str) -> Option<Response> {
        None
    }

    /// ASVS 7.4.1: a sign-out ends the session on the server.
    fn sign_out(&self, store: &mut Store, session: SessionId) {
        store.close_session(session);
    }

    // Passwords and recovery codes.

    /// A right password is half of a sign-in where a passkey has to follow.
    fn sign_in_half(&self, store: &mut Store, session: SessionId, user: UserHandle) {
        store.sign_in_half(session, user);
    }

    /// A recovery code is valid once.
    fn spend_code(&self, store: &mut Store, owner: &UserHandle, hash: &[u8]) -> bool {
        store.spend_code(owner, hash)
    }

    /// A recovery code replaces the passkey and not the password.
    fn recovery_requires_password(&self) -> bool {
        true
    }

    // Credentials and accounts.

    /// ASVS 8.2.1: a caller who is not signed in removes no credential.
    fn remove_signed_out(&self, _store: &mut Store, _id: &[u8]) -> bool {
        false
    }

    /// §13.4.6, ASVS 8.2.2: users remove their own credentials.
    fn remove(
        &self,
        store: &mut Store,
        session: SessionId,
        owner: &UserHandle,
        id: &[u8],
        is_confirmed: bool,
    ) -> Removal {
        if !is_confirmed && self.requires_confirmation(store, owner, id) {
            return Removal::ToBeConfirmed;
        }
        if store.remove_record(owner, id).is_none() {
            return Removal::Unknown;
        }
        self.end_sessions(store, session, owner, id);
        Removal::Done
    }

    /// The last way to sign in to an account is removed only if the request confirms it.
    fn requires_confirmation(&self, store: &Store, owner: &UserHandle, id: &[u8]) -> bool {
        store.is_last_way(owner, id)
    }

    /// ASVS 7.4.3: the removal of a credential ends the other sessions that it began.
    fn end_sessions(&self, store: &mut Store, own: SessionId, owner: &UserHandle, id: &[u8]) {
        store.close_sessions_with(owner, id, own);
    }

    /// §7.2 step 6: the credentials of an account are closed with it.
    fn close_account(&self, store: &mut Store, handle: &UserHandle) {
        store.close_account(handle, true);
    }

    // Related origins (§5.11).

    /// §5.11: the RP's own origins and the related ones.
    fn related_origins(&self, config: &Config) -> Vec<String> {
        config.origins.iter().chain(&config.related_origins).cloned().collect()
    }

    /// §5.11: every caller receives the origins as JSON, without a redirect.
    fn related_origins_response(&self, origins: &[String], _is_signed_in: bool) -> Response {
        answer::related_origins(origins)
    }
}
