//! The two ceremonies from the relying party's side: options out, results in.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::options::{
    AuthenticatorSelection, CredentialDescriptor, Requirement, UserEntity,
};
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::caller::Caller;
use super::draws::RequestDraws;
use super::effect::StoreChange;
use super::policy::{self, RequestedOptions};
use super::store::{Account, ChallengeState, Issued, SessionId, Store, User, UserHandle};
use super::verify::{AttemptAudit, Evidence, Step, Violation, examine};
use super::{RelyingParty, audit};

/// An answer, and the session token that goes with it if it is new.
#[derive(Debug)]
pub(super) struct Granted<T> {
    pub(super) answer: T,
    pub(super) token: Option<String>,
}

#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) refused: Option<String>,
    pub(super) crashed: bool,
    /// True if the credential is registered.
    pub(super) is_known: bool,
    /// The steps that it violates, whatever became of it.
    pub(super) audit: Vec<&'static str>,
}

/// Why options are not given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    #[error("the account `{0}` exists, and this session is not signed in to it")]
    NotSignedIn(String),
}

/// The body of `POST /attestation/options`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegistrationRequest {
    username: String,
    display_name: Option<String>,
    authenticator_selection: Option<AuthenticatorSelection>,
    attestation: Option<String>,
    /// `every` asks for all that the relying party could verify.
    algorithms: Option<String>,
    mediation: Option<String>,
    framing: Option<String>,
    #[serde(default)]
    extensions: Map<String, Value>,
}

/// The body of `POST /assertion/options`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthenticationRequest {
    username: Option<String>,
    user_verification: Option<String>,
    mediation: Option<String>,
    framing: Option<String>,
    #[serde(default)]
    extensions: Map<String, Value>,
}

impl RelyingParty {
    /// Options for a new credential: of a new account, or of the one that the
    /// session is signed in to.
    pub(super) fn registration_options(
        &self,
        caller: &Caller,
        request: RegistrationRequest,
    ) -> Result<Granted<CreationOptions>, Denied> {
        let mut store = self.store();
        let draws = self.draws(&mut store, caller);
        let session = caller.token.as_deref().and_then(|token| store.session(token));
        let account = match store.account_named(&request.username) {
            None => {
                let name = request.username.clone();
                let handle = self.behaviour.user_handle(draws.user_handle(), &name, &store);
                Account { handle, username: name }
            }
            Some(account) => {
                let signed_in = session.and_then(|session| store.signed_in(session));
                if signed_in != Some(account) {
                    return Err(Denied::NotSignedIn(request.username));
                }
                account.clone()
            }
        };
        let is_new = store.account(&account.handle).is_none();
        let exclude = descriptors(&store, &account.handle);
        let (session, token) = open_session(&mut store, session, &draws);
        let issued = Issued {
            session,
            ceremony: Ceremony::Registration,
            state: ChallengeState::Live,
            at: self.clock.now(),
            challenge: self.behaviour.challenge(draws.challenge(), store.times_issued()),
            user_verification: requirement(
                request
                    .authenticator_selection
                    .as_ref()
                    .and_then(|s| s.user_verification.as_deref()),
            ),
            attestation: request.attestation.unwrap_or_else(|| "none".to_owned()),
            user: User::Known(account.clone()),
            app_id: None,
            algorithms: self.config.offered(request.algorithms.as_deref()),
            is_conditional: request.mediation.as_deref() == Some("conditional"),
            is_framed: request.framing.as_deref() == Some("expected"),
            allowed: Vec::new(),
        };
        let user = UserEntity {
            id: account.handle.0.into(),
            display_name: request.display_name.unwrap_or_else(|| account.username.clone()),
            name: account.username,
        };
        let requested = RequestedOptions {
            selection: request.authenticator_selection,
            attestation: issued.attestation.clone(),
            algorithms: issued.algorithms.clone(),
            extensions: request.extensions,
        };
        let challenge = issued.challenge.clone();
        store.issue(issued);
        let mut answer =
            policy::creation_options(&self.config, user, challenge, exclude, requested);
        self.behaviour.creation_options(&mut answer, is_new);
        Ok(Granted { answer, token })
    }

    /// Options for the use of a credential: of the account that is named, or
    /// of any.
    pub(super) fn authentication_options(
        &self,
        caller: &Caller,
        request: AuthenticationRequest,
    ) -> Granted<RequestOptions> {
        let mut store = self.store();
        let draws = self.draws(&mut store, caller);
        let session = caller.token.as_deref().and_then(|token| store.session(token));
        let challenge = self.behaviour.challenge(draws.challenge(), store.times_issued());
        // Whose password was right is whose passkey must be next.
        let half = session.and_then(|session| store.half_signed_in(session));
        let named = || request.username.as_deref().and_then(|name| store.account_named(name));
        let account = half.or_else(named);
        let mut allow = account.map(|a| descriptors(&store, &a.handle)).unwrap_or_default();
        if let (Some(username), true) = (&request.username, allow.is_empty()) {
            allow.push(self.decoy(username, &challenge));
        }
        let is_alone = half.is_none();
        let user = match (account, &request.username) {
            (Some(account), _) => User::Known(account.clone()),
            (None, Some(_)) => User::Unknown,
            (None, None) => User::Unnamed,
        };
        let (session, token) = open_session(&mut store, session, &draws);
        // Where two factors are wanted, a passkey alone has to be both.
        let verification = match self.config.second_factor && is_alone {
            true => Requirement::Required,
            false => requirement(request.user_verification.as_deref()),
        };
        // No credential of U2F days is discoverable.
        let named = user != User::Unnamed;
        let app_id = self.config.app_id.clone().filter(|_| named);
        store.issue(Issued {
            session,
            ceremony: Ceremony::Authentication,
            state: ChallengeState::Live,
            at: self.clock.now(),
            challenge: challenge.clone(),
            user_verification: verification,
            attestation: String::new(),
            user: user.clone(),
            app_id: app_id.clone(),
            algorithms: Vec::new(),
            is_conditional: request.mediation.as_deref() == Some("conditional"),
            is_framed: request.framing.as_deref() == Some("expected"),
            allowed: allow.iter().map(|descriptor| descriptor.id.0.clone()).collect(),
        });
        let (verification, mut extensions) = (verification.as_str(), request.extensions);
        if let Some(app_id) = app_id {
            extensions.insert("appid".to_owned(), app_id.into());
        }
        let mut answer =
            policy::request_options(&self.config, challenge, allow, verification, extensions);
        self.behaviour.request_options(&mut answer, &user);
        Granted { answer, token }
    }

    /// True if an account has the requested name.
    pub(super) fn knows(&self, request: &AuthenticationRequest) -> bool {
        let name = request.username.as_deref();
        name.is_none_or(|name| self.store().account_named(name).is_some())
    }

    /// Judges a response and acts on the judgement. `bytes` is `None` for a body
    /// beyond the size limit.
    pub(super) async fn result(
        &self,
        ceremony: Ceremony,
        caller: &Caller,
        bytes: Option<&[u8]>,
    ) -> Granted<Judgement> {
        // What is not JSON is no response either, which is for the steps to say.
        let parsed: Value =
            bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let early = self.behaviour.read_early(self, ceremony, caller).await;
        let mut store = self.store();
        let draws = self.draws(&mut store, caller);
        let mut session = caller.token.as_deref().and_then(|token| store.session(token));
        if let Some((early, challenge)) = early {
            session = Some(early);
            store.reopen(early, &challenge);
        }
        let lifetime = self.behaviour.challenge_lifetime(self.config.challenge_lifetime);
        if let Some(then) = self.clock.now().checked_sub(lifetime) {
            store.expire(then);
        }
        let evidence = Evidence::new(
            ceremony,
            &self.config,
            &self.trust,
            &store,
            session,
            caller.origin.as_deref(),
            &parsed,
        );
        let evidence = Evidence { check: &caller.check, ..evidence };
        let specified = examine(evidence.clone(), &[]);
        let audit = audit::ids(&specified.violated);
        let crashed = self.behaviour.crashes(bytes, &evidence);
        let body = self.behaviour.body(ceremony, bytes, &parsed);
        let AttemptAudit { evidence, violated } =
            self.behaviour.examine(Evidence { body: &body, ..evidence }, specified);
        let is_known = evidence.record().is_some();
        let first = violated.first();
        let mut refused = first.map(|(step, violation)| self.reason(ceremony, step, violation));
        let ids = audit::ids(&violated);
        let effect = match !crashed && self.behaviour.acts_on(&ids) {
            true => StoreChange::of(&evidence, &*self.behaviour),
            false => self.behaviour.effect_of_refused(&evidence, &ids),
        };
        if let Some(session) = session {
            store.consume(session, ceremony);
        }
        let mut token = None;
        match effect.map(|effect| effect.apply(&mut store, session, &*self.behaviour, &draws)) {
            Some(Ok(new_token)) => token = new_token,
            Some(Err(taken)) => refused = refused.or_else(|| Some(taken.to_string())),
            None => {}
        }
        Granted { answer: Judgement { refused, crashed, is_known, audit }, token }
    }

    /// A credential ID that looks real and stays the same, for a name without an
    /// account: options do not reveal who has an account (§14.6.2).
    fn decoy(&self, username: &str, challenge: &[u8]) -> CredentialDescriptor {
        let label = self.behaviour.decoy_label(username, challenge);
        let id = self.seed.derive(&format!("decoy/{label}"), 32);
        policy::descriptor(&id, &["internal".to_owned()])
    }

    /// The message of a refusal.
    fn reason(&self, ceremony: Ceremony, step: &Step, violation: &Violation) -> String {
        match ceremony {
            Ceremony::Authentication => self.behaviour.sign_in_failure(step, violation),
            Ceremony::Registration => format!("{}: {violation}", step.clause),
        }
    }
}

fn descriptors(store: &Store, owner: &UserHandle) -> Vec<CredentialDescriptor> {
    let records = store.records_of(owner);
    records.map(|record| policy::descriptor(&record.id, &record.transports)).collect()
}

fn open_session(
    store: &mut Store,
    session: Option<SessionId>,
    draws: &RequestDraws<'_>,
) -> (SessionId, Option<String>) {
    match session {
        Some(session) => (session, None),
        None => {
            let token = draws.token();
            (store.open_session(token.clone()), Some(token))
        }
    }
}

/// A requirement as a client reads it: preferred unless stated.
fn requirement(text: Option<&str>) -> Requirement {
    Requirement::parse(text).unwrap_or(Requirement::Preferred)
}
