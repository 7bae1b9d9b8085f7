//! The two ceremonies from the relying party's side: options out, results in.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::options::{
    AuthenticatorSelection, CredentialDescriptor, Requirement, UserEntity,
};
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::draws::Draws;
use super::effect::{Effect, Leftover};
use super::mutant::{Flow, Lapse, Mutant};
use super::policy::{self, Wishes};
use super::store::{Account, Issued, Session, State, Store, User, UserHandle};
use super::verify::{Evidence, Examination, Step, Violation, examine};
use super::{RelyingParty, audit};

/// Where a request comes from.
#[derive(Debug, Default)]
pub(super) struct Caller {
    /// The session token that it carried.
    pub(super) token: Option<String>,
    /// The check that it belongs to: what is drawn for it depends on nothing
    /// that other checks do.
    pub(super) check: String,
    /// Its `Origin` header.
    pub(super) origin: Option<String>,
}

/// An answer, and the session token that goes with it if it is new.
#[derive(Debug)]
pub(super) struct Granted<T> {
    pub(super) answer: T,
    pub(super) token: Option<String>,
}

/// What became of a result.
#[derive(Debug)]
pub(super) struct Judgement {
    /// Why it was refused, if it was.
    pub(super) refused: Option<String>,
    /// Whether it broke over it, as mutants do.
    pub(super) broke: bool,
    /// Whether the credential is registered.
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
                let inherits = self.lapse() == Some(Lapse::ClosedInherited);
                let former = store.former(&name).filter(|_| inherits).cloned();
                let honest = former.unwrap_or_else(|| draws.user_handle());
                let lapse = self.lapse();
                let handle = lapse.map_or(honest.clone(), |lapse| lapse.user_handle(honest, &name));
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
            state: State::Live,
            at: self.clock.now(),
            challenge: self.challenge(&store, &draws),
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
        let wishes = Wishes {
            selection: request.authenticator_selection,
            attestation: issued.attestation.clone(),
            algorithms: issued.algorithms.clone(),
            extensions: request.extensions,
        };
        let challenge = issued.challenge.clone();
        store.issue(issued);
        let mut answer = policy::creation_options(&self.config, user, challenge, exclude, wishes);
        if let Some(lapse) = self.lapse() {
            lapse.creation(&mut answer, is_new);
        }
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
        let challenge = self.challenge(&store, &draws);
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
            state: State::Live,
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
        if let Some(lapse) = self.lapse() {
            lapse.request(&mut answer, &user);
        }
        Granted { answer, token }
    }

    /// Whether somebody has the name that is asked for.
    pub(super) fn knows(&self, request: &AuthenticationRequest) -> bool {
        let name = request.username.as_deref();
        name.is_none_or(|name| self.store().account_named(name).is_some())
    }

    /// Judges a response and acts on the judgement. There are no octets if
    /// there were more than anybody reads.
    pub(super) async fn result(
        &self,
        ceremony: Ceremony,
        caller: &Caller,
        octets: Option<&[u8]>,
    ) -> Granted<Judgement> {
        // What is not JSON is no response either, which is for the steps to say.
        let body: &Value =
            &octets.and_then(|octets| serde_json::from_slice(octets).ok()).unwrap_or_default();
        let seen = self.look_early(ceremony, caller).await;
        let mut store = self.store();
        let draws = self.draws(&mut store, caller);
        let mut session = caller.token.as_deref().and_then(|token| store.session(token));
        if let Some((early, challenge)) = seen {
            session = Some(early);
            store.revive(early, &challenge);
        }
        if let Some(then) = self.clock.now().checked_sub(self.config.challenge_lifetime) {
            store.expire(then);
        }
        if let (Some(Lapse::ConditionalShort), Some(then)) =
            (self.lapse(), self.clock.now().checked_sub(MINUTE))
        {
            store.expire(then);
        }
        let evidence = Evidence::new(
            ceremony,
            &self.config,
            &self.trust,
            &store,
            session,
            caller.origin.as_deref(),
            body,
        );
        let honest = examine(evidence.clone(), None);
        let flow = self.mutant.as_ref().and_then(Mutant::flow);
        let misread = flow.and_then(|flow| flow.reads(ceremony, octets));
        let broke = flow.is_some_and(|flow| flow.breaks_over(octets, &evidence));
        let audit = audit::ids(&honest.violated);
        let Examination { evidence, violated } = match &self.mutant {
            Some(mutant) => {
                let body = misread.as_ref().unwrap_or(body);
                examine(Evidence { body, ..evidence }, Some(mutant))
            }
            None => honest,
        };
        let is_known = evidence.record().is_some();
        let first = violated.first();
        let mut refused = first.map(|(step, violation)| self.reason(ceremony, step, violation));
        let ids = audit::ids(&violated);
        let acts = !broke && violated.is_empty() || flow.is_some_and(|flow| flow.acts_on(&ids));
        let effect = acts.then(|| Effect::of(&evidence, flow)).flatten();
        let leftover = flow.filter(|_| !acts).and_then(|flow| Leftover::of(&evidence, flow, &ids));
        if let Some(session) = session {
            store.consume(session, ceremony);
        }
        if let Some(leftover) = leftover {
            leftover.apply(&mut store);
        }
        let mut token = None;
        match effect.map(|effect| effect.apply(&mut store, session, flow, &draws)) {
            Some(Ok(new_token)) => token = new_token,
            Some(Err(taken)) => refused = refused.or_else(|| Some(taken.to_string())),
            None => {}
        }
        Granted { answer: Judgement { refused, broke, is_known, audit }, token }
    }

    /// Nothing, but for the mutant that reads challenges before it takes them:
    /// what the session has to answer, once a second response has read it too
    /// or is not to be expected any more.
    async fn look_early(&self, ceremony: Ceremony, caller: &Caller) -> Option<(Session, Vec<u8>)> {
        let flow = self.mutant.as_ref().and_then(Mutant::flow);
        if flow != Some(Flow::ReadsBeforeTaking(ceremony)) {
            return None;
        }
        let seen = {
            let store = self.store();
            let session = store.session(caller.token.as_deref()?)?;
            (session, store.pending(session, ceremony)?.challenge.clone())
        };
        self.meetings.meet(seen.0).await;
        Some(seen)
    }

    /// A credential id that looks real and stays the same, for a name that
    /// has none: who has an account is nobody's business (§14.6.2).
    fn decoy(&self, username: &str, challenge: &[u8]) -> CredentialDescriptor {
        let honest = || username.to_owned();
        let label = self.lapse().map_or_else(honest, |lapse| lapse.decoy(username, challenge));
        let id = self.seed.derive(&format!("decoy/{label}"), 32);
        policy::descriptor(&id, &["internal".to_owned()])
    }

    fn challenge(&self, store: &Store, draws: &Draws<'_>) -> Vec<u8> {
        let honest = draws.draw("challenge", 32);
        match self.lapse() {
            Some(lapse) => lapse.challenge(honest, store.times_issued()),
            None => honest,
        }
    }

    /// What is said about a refusal. Why a sign-in failed is nobody's business
    /// either (§14.6.2).
    fn reason(&self, ceremony: Ceremony, step: &Step, violation: &Violation) -> String {
        let tells = self.lapse() == Some(Lapse::FailuresTold);
        match ceremony {
            Ceremony::Authentication if !tells => "the sign-in failed".to_owned(),
            _ => format!("{}: {violation}", step.clause),
        }
    }
}

/// How long the mutant waits that forgets too early.
const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

fn descriptors(store: &Store, owner: &UserHandle) -> Vec<CredentialDescriptor> {
    let records = store.records_of(owner);
    records.map(|record| policy::descriptor(&record.id, &record.transports)).collect()
}

fn open_session(
    store: &mut Store,
    session: Option<Session>,
    draws: &Draws<'_>,
) -> (Session, Option<String>) {
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
