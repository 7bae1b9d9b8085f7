//! The relying party under test, reached through an adapter.
//!
//! A [`Target`] carries out the flows of an [`Adapter`] over a [`Transport`], as a browser would. A
//! ceremony is in two parts, [`Target::begin`] and [`Target::finish`], so that a check or a
//! simulation can begin it in one [`Session`] and finish it in another.

pub mod adapter;
mod answer;
pub mod arguments;
mod aside;
mod body;
mod call;
mod clock;
mod credential;
pub mod detect;
pub mod error;
mod extract;
pub mod guard;
mod inputs;
pub mod log;
mod masks;
pub mod network;
mod options;
pub(crate) mod page;
pub(crate) mod redact;
mod request;
pub mod session;
pub mod shim;
mod supplied;
pub mod transport;
pub mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::Value;
use url::Url;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{Json, Tree, base64url};
use passrig_authenticator::workbench::Workbench;

use crate::mail::Mailbox;
pub use adapter::{Adapter, Flow};
use adapter::{AdapterStep, BodyTemplate, MemberChange, StepRole};
use call::{CarriedCredential, FlowRun};
pub use clock::Clock;
pub use error::Error;
use error::{ErrorKind, FlowStep};
pub use inputs::Inputs;
pub use log::Log;
pub use masks::Masks;
pub use options::as_converted;
use page::LoadedPage;
use redact::Secrets;
pub use redact::SourceText as MaskedSource;
use request::{Payload, RequestDraft, Sender};
use session::Relation;
pub use session::Session;
pub use transport::Transport;
use transport::{HttpResponse, TransportError};
pub use verdict::{AnswerVerdict, Recognised};

/// The relying party under test.
#[derive(Clone)]
pub struct Target {
    adapter: Arc<Adapter>,
    base: Url,
    origin: String,
    transport: Arc<dyn Transport>,
    trusts_metadata: bool,
    mailbox: Option<Mailbox>,
    runs_programs: bool,
    names_checks: bool,
    /// Secrets that the user supplied: no log of this target shows them.
    secrets: Arc<Secrets>,
    /// Variables of which the adapter assembles options: evidence.
    assembled: Arc<BTreeSet<String>>,
}

/// The results of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowOutput {
    /// True if a user is signed in; absent if the flow does not ask that.
    pub signed_in: Option<bool>,
    /// The user, if the target names one.
    pub user: Option<String>,
    /// The account's credentials, if the flow lists them.
    pub credentials: Option<Vec<ListedCredential>>,
}

/// A credential as the target lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCredential {
    /// The credential id, as text.
    pub credential_id: String,
    /// The name under which it can be removed.
    pub record_id: String,
}

impl ListedCredential {
    /// True if this is the credential of that id.
    pub fn has_id(&self, id: &[u8]) -> bool {
        self.credential_id.trim_end_matches('=') == base64url::encode(id)
    }
}

/// A ceremony that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The ceremony.
    pub ceremony: Ceremony,
    /// The options, as the target sent them.
    pub options: Value,
    /// The variables captured on the way; correlation ids travel with the ceremony into whatever
    /// session finishes it.
    captures: BTreeMap<String, Value>,
    /// The page that was loaded last on the way.
    page: Option<LoadedPage>,
    next: usize,
}

/// A credential to send.
#[derive(Clone, Copy, Debug)]
pub struct SentCredential<'a> {
    /// The credential.
    pub credential: &'a Json,
    /// The credential of the same ceremony without the deviation, if there is one.
    pub honest: Option<&'a Json>,
}

impl<'a> From<&'a Json> for SentCredential<'a> {
    fn from(credential: &'a Json) -> Self {
        Self { credential, honest: None }
    }
}

/// The target's answer to a credential.
#[derive(Clone, Debug)]
pub struct CredentialAnswer {
    /// The meaning of the answer.
    pub verdict: AnswerVerdict,
    /// The answer itself.
    pub response: HttpResponse,
    /// The index of its exchange in the log.
    pub exchange: usize,
}

impl Target {
    /// A target at `base`, whose pages have `origin`; the two differ if the
    /// target is reached by another way than browsers take.
    pub fn new(
        adapter: Arc<Adapter>,
        base: Url,
        origin: impl Into<String>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let secrets = Arc::new(supplied::secrets(&adapter, &base));
        let assembled = Arc::new(supplied::assembled(&adapter));
        Self {
            secrets,
            assembled,
            adapter,
            base,
            origin: origin.into(),
            transport,
            trusts_metadata: false,
            mailbox: None,
            runs_programs: false,
            names_checks: false,
        }
    }

    /// Sets the mailbox in which the target's mail arrives.
    #[must_use]
    pub fn with_mailbox(self, mailbox: Mailbox) -> Self {
        Self { mailbox: Some(mailbox), ..self }
    }

    /// Lets the adapter run programs of this machine.
    #[must_use]
    pub fn that_runs_programs(self) -> Self {
        Self { runs_programs: true, ..self }
    }

    /// Names the check of each request: in the header `X-Passrig-Check`, and in the names
    /// that accounts display.
    #[must_use]
    pub fn that_names_checks(self) -> Self {
        Self { names_checks: true, ..self }
    }

    /// True if requests name their check. A target could behave well only under test by it.
    pub fn names_checks(&self) -> bool {
        self.names_checks
    }

    /// The check, if requests name it.
    fn check_name<'c>(&self, check: &'c str) -> Option<&'c str> {
        self.names_checks.then_some(check)
    }

    /// Masks these variables, which the user supplied, in logs.
    #[must_use]
    pub fn with_variables(self, variables: &[(String, String)]) -> Self {
        let mut secrets = Secrets::clone(&self.secrets);
        for (name, value) in variables {
            if name == "password" {
                secrets.add(value);
            } else if !inputs::is_public(name) && !self.assembles(name) {
                secrets.give(value);
            }
        }
        Self { secrets: Arc::new(secrets), ..self }
    }

    /// True if options are assembled of this variable.
    fn assembles(&self, name: &str) -> bool {
        self.assembled.contains(name)
    }

    /// A text without the secrets that the user supplied, such as the URL of the target.
    pub fn masked(&self, text: &str) -> String {
        redact::url(text, &self.secrets)
    }

    /// States that the target judges models of authenticators by the metadata that `passrig trust
    /// export` writes.
    #[must_use]
    pub fn with_metadata_trust(mut self) -> Self {
        self.trusts_metadata = true;
        self
    }

    /// True if it judges models of authenticators by our metadata.
    pub fn trusts_metadata(&self) -> bool {
        self.trusts_metadata
    }

    /// The adapter.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// True if time passes there no faster than here.
    pub fn has_real_clock(&self) -> bool {
        self.transport.clock().is_none()
    }

    /// Lets time pass at the target: by waiting, unless its clock can be put
    /// forward.
    pub async fn pass_time(&self, time: Duration) {
        match self.transport.clock() {
            Some(clock) => clock.advance(time),
            None => tokio::time::sleep(time).await,
        }
    }

    /// True if the target answers, whatever the answer is. A gateway that answers for a target that
    /// is gone does not count, nor does a connection that is closed at once; a slow server does.
    pub async fn is_reachable(&self) -> bool {
        let nobody = Sender {
            is_foreign: false,
            origin: self.origin.clone(),
            relation: Relation::SameOrigin,
            check: self.check_name("canary.is-there"),
            cookies: None,
            has_own_headers: false,
        };
        let draft = RequestDraft::new(Method::GET, self.base.clone(), Payload::Empty, nobody);
        let Ok(request) = request::sendable(&self.base, Tree::Layout(draft.into_layout())) else {
            return true;
        };
        match self.transport.send(request).await {
            Ok(answer) => !matches!(answer.status.as_u16(), 502..=504),
            Err(failure) => matches!(
                failure,
                TransportError::Deadline { .. }
                    | TransportError::TooLarge { .. }
                    | TransportError::Truncated { .. }
                    | TransportError::Undecodable { .. }
                    | TransportError::Forbidden(_)
                    | TransportError::NotHttp { .. }
            ),
        }
    }

    /// The answer of a url, with a session's cookies if one is named. Redirects are answers.
    pub async fn read(
        &self,
        url: &Url,
        session: Option<&Session>,
        inputs: &Inputs,
        log: &mut Log,
    ) -> Result<HttpResponse, Error> {
        let relation = Relation::SameOrigin;
        let reader = Sender {
            is_foreign: false,
            origin: self.origin.clone(),
            relation,
            check: self.check_name(inputs.check()),
            cookies: session.and_then(|session| session.cookie_header(url, relation)),
            has_own_headers: false,
        };
        let draft = RequestDraft::new(Method::GET, url.clone(), Payload::Empty, reader);
        let request = format!("GET {}", url.path());
        let place = FlowStep { flow: Flow::Authenticate, step: 0, request };
        let failed = |kind| Error { at: place.clone(), kind };
        let request = request::sendable(url, Tree::Layout(draft.into_layout()))
            .map_err(|reason| failed(ErrorKind::Unsendable(reason)))?;
        let start = Instant::now();
        let response = self.transport.send(request.clone()).await;
        log.share(&self.secrets);
        log.record(place.clone(), request, &response, start.elapsed());
        response.map_err(|failure| failed(failure.into()))
    }

    /// The origin of its pages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL at which it is reached.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Carries out a flow that is not a ceremony. One that the adapter does
    /// not have does nothing and finds out nothing.
    pub async fn run(
        &self,
        flow: Flow,
        session: &mut Session,
        inputs: &Inputs,
        log: &mut Log,
    ) -> Result<FlowOutput, Error> {
        let mut done = FlowOutput::default();
        let mut call = FlowRun::new(self, flow, session, inputs, log);
        for (index, step) in self.adapter.steps(flow).iter().enumerate() {
            if call.leaves_out(step) {
                // A client without a cookie or token to show is not signed in.
                if let StepRole::Whoami { .. } = step.role {
                    done.signed_in = Some(false);
                }
                continue;
            }
            let response = call.perform(index, step, None).await?;
            answer::probe(step, &call.answered(&response), &mut done)
                .map_err(|kind| call.error(index, kind))?;
        }
        Ok(done)
    }

    /// Carries out a ceremony up to the step that yields the options.
    pub async fn begin(
        &self,
        ceremony: Ceremony,
        session: &mut Session,
        inputs: &Inputs,
        log: &mut Log,
    ) -> Result<Begun, Error> {
        let flow = Flow::from(ceremony);
        let mut captures = BTreeMap::new();
        let mut call = FlowRun::new(self, flow, session, inputs, log);
        for (index, step) in self.adapter.steps(flow).iter().enumerate() {
            if call.leaves_out(step) {
                continue;
            }
            let response = call.perform(index, step, None).await?;
            for capture in &step.captures {
                let value = call.session.variable(&capture.name).cloned();
                captures.extend(value.map(|value| (capture.name.clone(), value)));
            }
            if let StepRole::Options { at, .. } = &step.role {
                let options =
                    call.options(at, &response).map_err(|kind| call.error(index, kind))?;
                if let Some(challenge) = options.get("challenge").and_then(Value::as_str) {
                    call.log.publish(challenge);
                }
                let page = call.session.loaded().cloned();
                return Ok(Begun { ceremony, options, captures, page, next: index + 1 });
            }
        }
        Err(call.nowhere())
    }

    /// True if each change of the credential changes the request: a step sends it whole, as JSON, and
    /// neither drops nor replaces a member.
    pub(crate) fn sends_whole_credential(&self, ceremony: Ceremony) -> bool {
        self.adapter.steps(Flow::from(ceremony)).iter().any(|step| {
            let StepRole::Credential(finish) = &step.role else { return false };
            let is_kept =
                |change| matches!(change, &MemberChange::Rename(_) | &MemberChange::Stringify);
            matches!(step.body, BodyTemplate::Json(_))
                && adapter::variables(step)
                    .any(|variable| variable.credential_path().is_some_and(str::is_empty))
                && finish.edits.iter().all(|edit| is_kept(&edit.change))
        })
    }

    /// Sends the credential and judges the answer. The request goes over the
    /// workbench as [`Stage::Request`]. Steps after it are taken only if the
    /// credential was accepted. A request that equals the one of the honest credential is not sent:
    /// the error is [`ErrorKind::EqualsHonest`].
    ///
    /// [`Stage::Request`]: passrig_authenticator::workbench::Stage::Request
    pub async fn finish(
        &self,
        begun: &Begun,
        session: &mut Session,
        inputs: &Inputs,
        credential: impl Into<SentCredential<'_>>,
        bench: &mut dyn Workbench,
        log: &mut Log,
    ) -> Result<CredentialAnswer, Error> {
        let SentCredential { credential, honest } = credential.into();
        let flow = Flow::from(begun.ceremony);
        let mut call = FlowRun::new(self, flow, session, inputs, log);
        call.resume(begun);
        let mut answer = None;
        let steps = self.adapter.steps(flow).iter().enumerate().skip(begun.next);
        let carries = |step: &AdapterStep| matches!(step.role, StepRole::Credential(_));
        // The request of one step alone decides nothing where another one carries the rest.
        let honest =
            honest.filter(|_| steps.clone().filter(|&(_, step)| carries(step)).count() == 1);
        for (index, step) in steps {
            if call.leaves_out(step) {
                continue;
            }
            let StepRole::Credential(finish) = &step.role else {
                call.perform(index, step, None).await?;
                continue;
            };
            let shaped = credential::shaped(credential, &finish.edits);
            let honest = honest.map(|honest| credential::shaped(honest, &finish.edits));
            let carried = CarriedCredential {
                credential: &shaped,
                honest: honest.as_ref(),
                bench: &mut *bench,
            };
            let response = call.perform(index, step, Some(carried)).await?;
            let verdict = verdict::judge(finish, &response, call.log);
            let accepted = verdict.recognised == Recognised::Accepted;
            let exchange = call.log.len().saturating_sub(1);
            if accepted {
                call.capture(index, step, &response)?;
            }
            answer = Some(CredentialAnswer { verdict, response, exchange });
            if !accepted {
                break;
            }
        }
        answer.ok_or_else(|| call.nowhere())
    }
}
