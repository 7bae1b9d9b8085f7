//! The relying party under test, reached through an adapter.
//!
//! A [`Target`] carries out the flows of a [`Profile`] over a [`Transport`],
//! as a browser would. A ceremony is in two parts, [`Target::begin`] and
//! [`Target::finish`], so that a story can begin it in one [`Session`] and
//! finish it in another. What happens in between is none of its business.

mod answer;
mod aside;
mod clock;
mod credential;
pub mod detect;
pub mod error;
mod extract;
pub mod guard;
mod inputs;
pub mod log;
pub mod mailbox;
pub mod network;
mod page;
pub(crate) mod percent;
pub mod profile;
pub mod recording;
mod redact;
mod request;
pub mod session;
pub mod shim;
pub mod transport;
pub mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{Json, Tree, base64url};
use passrig_authenticator::workbench::{Honest, Stage, Workbench};

pub use clock::Clock;
pub use error::Error;
use error::{Kind, Place};
use extract::Answered;
pub use inputs::Inputs;
use inputs::{Scope, Unset};
pub use log::Log;
use mailbox::Mailbox;
use page::Page;
use profile::{Act, Address, Body, CsrfSource, Options, Role, Selector, Step, Text, Variable};
pub use profile::{Flow, Profile};
use request::{Draft, Payload, Sender};
use session::Relation;
pub use session::Session;
pub use transport::Transport;
use transport::{Failure, Response};
pub use verdict::{Manner, Recognised, Verdict};

/// Redirects that are followed at most.
const HOPS: usize = 10;

/// The relying party under test.
#[derive(Clone)]
pub struct Target {
    profile: Arc<Profile>,
    base: Url,
    origin: String,
    transport: Arc<dyn Transport>,
    believes_metadata: bool,
    mailbox: Option<Mailbox>,
    runs_programs: bool,
}

/// What a flow found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Whether somebody is signed in, if the flow asks that.
    pub signed_in: Option<bool>,
    /// Who, if the target tells.
    pub user: Option<String>,
    /// The account's credentials, if the flow lists them.
    pub credentials: Option<Vec<Listed>>,
}

/// A credential as the target lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The credential id, as text.
    pub credential_id: String,
    /// The name under which it can be removed.
    pub record_id: String,
}

impl Listed {
    /// Whether this is the credential of that id.
    pub fn has_id(&self, id: &[u8]) -> bool {
        self.credential_id.trim_end_matches('=') == base64url::encode(id)
    }
}

/// A ceremony that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// Which one.
    pub ceremony: Ceremony,
    /// The options, as the target sent them.
    pub options: Value,
    /// What was captured on the way; correlation ids travel with the ceremony
    /// into whatever session finishes it.
    captures: BTreeMap<String, Value>,
    /// The page that was loaded last on the way.
    page: Option<Page>,
    next: usize,
}

/// The target's answer to a credential.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it means.
    pub verdict: Verdict,
    /// What it was.
    pub response: Response,
    /// Which exchange of the log it is.
    pub exchange: usize,
}

impl Target {
    /// A target at `base`, whose pages have `origin`; the two differ if the
    /// target is reached by another way than browsers take.
    pub fn new(
        profile: Arc<Profile>,
        base: Url,
        origin: impl Into<String>,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self {
            profile,
            base,
            origin: origin.into(),
            transport,
            believes_metadata: false,
            mailbox: None,
            runs_programs: false,
        }
    }

    /// The same, whose mail arrives here.
    #[must_use]
    pub fn with_mailbox(self, mailbox: Mailbox) -> Self {
        Self { mailbox: Some(mailbox), ..self }
    }

    /// The same, whose adapter may run programs of this machine.
    #[must_use]
    pub fn that_runs_programs(self) -> Self {
        Self { runs_programs: true, ..self }
    }

    /// The same, which judges models of authenticators by the metadata that
    /// `passrig trust export` writes.
    #[must_use]
    pub fn that_believes_in_our_metadata(mut self) -> Self {
        self.believes_metadata = true;
        self
    }

    /// Whether it judges models of authenticators by our metadata.
    pub fn believes_in_our_metadata(&self) -> bool {
        self.believes_metadata
    }

    /// The adapter.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether time passes there no faster than here.
    pub fn takes_its_time(&self) -> bool {
        self.transport.clock().is_none()
    }

    /// Lets time pass at the target: by waiting, unless its clock can be put
    /// forward.
    pub async fn let_pass(&self, time: Duration) {
        match self.transport.clock() {
            Some(clock) => clock.put_forward(time),
            None => tokio::time::sleep(time).await,
        }
    }

    /// Whether anybody answers there, whatever the answer is. A gateway that
    /// answers for a target that is gone does not count, nor does a connection
    /// that is closed at once; somebody who takes their time does.
    pub async fn is_there(&self) -> bool {
        let nobody = Sender {
            is_foreign: false,
            origin: self.origin.clone(),
            relation: Relation::SameOrigin,
            check: "canary.is-there",
            cookies: None,
            has_own_headers: false,
        };
        let draft = Draft::new(Method::GET, self.base.clone(), Payload::Empty, nobody);
        let Ok(request) = request::sendable(&self.base, Tree::Layout(draft.into_layout())) else {
            return true;
        };
        match self.transport.send(request).await {
            Ok(answer) => !matches!(answer.status.as_u16(), 502..=504),
            Err(failure) => matches!(
                failure,
                Failure::Deadline { .. }
                    | Failure::TooLarge { .. }
                    | Failure::Truncated { .. }
                    | Failure::Forbidden(_)
                    | Failure::NotHttp { .. }
            ),
        }
    }

    /// What is at a url, with a session's cookies if one is named. Redirects
    /// are answers.
    pub async fn read(
        &self,
        url: &Url,
        session: Option<&Session>,
        inputs: &Inputs,
        log: &mut Log,
    ) -> Result<Response, Error> {
        let relation = Relation::SameOrigin;
        let reader = Sender {
            is_foreign: false,
            origin: self.origin.clone(),
            relation,
            check: inputs.check(),
            cookies: session.and_then(|session| session.cookie_header(url, relation)),
            has_own_headers: false,
        };
        let draft = Draft::new(Method::GET, url.clone(), Payload::Empty, reader);
        let request = format!("GET {}", url.path());
        let place = Place { flow: Flow::Authenticate, step: 0, request };
        let failed = |kind| Error { at: place.clone(), kind };
        let request = request::sendable(url, Tree::Layout(draft.into_layout()))
            .map_err(|reason| failed(Kind::Unsendable(reason)))?;
        let start = Instant::now();
        let response = self.transport.send(request.clone()).await;
        log.record(place.clone(), request, &response, start.elapsed());
        response.map_err(|failure| failed(failure.into()))
    }

    /// The origin of its pages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where it is reached.
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
    ) -> Result<Done, Error> {
        let mut done = Done::default();
        let mut call = Call::new(self, flow, session, inputs, log);
        for (index, step) in self.profile.steps(flow).iter().enumerate() {
            if call.leaves_out(step) {
                // Whoever holds nothing to show is nobody.
                if let Role::Whoami { .. } = step.role {
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
        let mut call = Call::new(self, flow, session, inputs, log);
        for (index, step) in self.profile.steps(flow).iter().enumerate() {
            if call.leaves_out(step) {
                continue;
            }
            let response = call.perform(index, step, None).await?;
            for capture in &step.captures {
                let value = call.session.variable(&capture.name).cloned();
                captures.extend(value.map(|value| (capture.name.clone(), value)));
            }
            if let Role::Options { at, .. } = &step.role {
                let options =
                    call.options(at, &response).map_err(|kind| call.error(index, kind))?;
                let page = call.session.loaded().cloned();
                return Ok(Begun { ceremony, options, captures, page, next: index + 1 });
            }
        }
        Err(call.nowhere())
    }

    /// Whether two credentials differ in what is sent of them.
    pub fn tells_apart(&self, ceremony: Ceremony, one: &Json, other: &Json) -> bool {
        self.profile.steps(Flow::from(ceremony)).iter().any(|step| {
            let Role::Credential(finish) = &step.role else { return false };
            let [one, other] =
                [one, other].map(|credential| credential::shaped(credential, &finish.edits));
            let mut paths = profile::variables(step).filter_map(Variable::credential_path);
            paths.any(|path| inputs::member(&one, path) != inputs::member(&other, path))
        })
    }

    /// Sends the credential and judges the answer. The request goes over the
    /// workbench as [`Stage::Request`]. Steps after it are taken only if the
    /// credential was accepted.
    pub async fn finish(
        &self,
        begun: &Begun,
        session: &mut Session,
        inputs: &Inputs,
        credential: &Json,
        bench: &mut dyn Workbench,
        log: &mut Log,
    ) -> Result<Answer, Error> {
        let flow = Flow::from(begun.ceremony);
        let mut call = Call::new(self, flow, session, inputs, log);
        call.go_on(begun);
        let mut answer = None;
        let steps = self.profile.steps(flow).iter().enumerate().skip(begun.next);
        for (index, step) in steps {
            if call.leaves_out(step) {
                continue;
            }
            let Role::Credential(finish) = &step.role else {
                call.perform(index, step, None).await?;
                continue;
            };
            let shaped = credential::shaped(credential, &finish.edits);
            let carried = Carried { credential: &shaped, bench: &mut *bench };
            let response = call.perform(index, step, Some(carried)).await?;
            let verdict = verdict::judge(finish, &response, &call.log.masked(&response));
            let accepted = verdict.recognised == Recognised::Accepted;
            let exchange = call.log.len().saturating_sub(1);
            if accepted {
                call.capture(index, step, &response)?;
            }
            answer = Some(Answer { verdict, response, exchange });
            if !accepted {
                break;
            }
        }
        answer.ok_or_else(|| call.nowhere())
    }
}

/// A flow under way.
struct Call<'a> {
    target: &'a Target,
    flow: Flow,
    session: &'a mut Session,
    inputs: &'a Inputs,
    log: &'a mut Log,
    /// What the ceremony captured when it began, until it is captured anew.
    begun: BTreeMap<String, Value>,
    /// The page that was loaded when the ceremony began, until another is.
    page: Option<Page>,
    /// Where the last request ended, after redirects.
    landed: Url,
}

/// What only the step that carries the credential has.
struct Carried<'a> {
    credential: &'a Json,
    bench: &'a mut dyn Workbench,
}

impl<'a> Call<'a> {
    fn new(
        target: &'a Target,
        flow: Flow,
        session: &'a mut Session,
        inputs: &'a Inputs,
        log: &'a mut Log,
    ) -> Self {
        let landed = target.base.clone();
        let begun = BTreeMap::new();
        let mut call = Self { target, flow, session, inputs, log, begun, page: None, landed };
        call.hide_secrets();
        call
    }

    /// Goes on with a ceremony that was begun before.
    fn go_on(&mut self, begun: &Begun) {
        self.begun = begun.captures.clone();
        self.page = begun.page.clone();
        self.hide_secrets();
    }

    /// Sends a step's request. Unless the step carries the credential, the
    /// answer has to be a good one, and what it yields is captured.
    async fn perform(
        &mut self,
        index: usize,
        step: &Step,
        carried: Option<Carried<'_>>,
    ) -> Result<Response, Error> {
        let judged = carried.is_some();
        let response = self.send(index, step, carried).await?;
        if !judged {
            answer::expected(step, &response, self.log).map_err(|kind| self.error(index, kind))?;
            self.capture(index, step, &response)?;
        }
        Ok(response)
    }

    /// Sends the request and, if the step says so, follows where it leads.
    async fn send(
        &mut self,
        index: usize,
        step: &Step,
        carried: Option<Carried<'_>>,
    ) -> Result<Response, Error> {
        if let Some(response) = self.aside(index, step).await? {
            return Ok(response);
        }
        let credential = carried.as_ref().map(|carried| carried.credential);
        let draft = self.draft(step, credential).map_err(|kind| self.error(index, kind))?;
        if draft.asks_first {
            self.ask(index, &draft).await?;
        }
        let mut honest = Honest;
        let bench = match carried {
            Some(carried) => carried.bench,
            None => &mut honest,
        };
        let mut url = draft.url.clone();
        let mut again = step.follow.then(|| draft.again());
        let mut artefact = bench.finish(Stage::Request, Tree::Layout(draft.into_layout()));
        for _ in 0..=HOPS {
            let response = self.exchange(index, &url, artefact).await?;
            let arrived = self.has_arrived(&response);
            let leads = response.status.is_redirection() && !arrived;
            let location = response.header(header::LOCATION);
            let (Some(location), Some(before)) = (location, again.filter(|_| leads)) else {
                self.land(url, &response);
                return Ok(response);
            };
            let target = url.join(location).ok().filter(|url| url.scheme().starts_with("http"));
            let Some(target) = target else {
                let location = self.log.mask(location);
                return Err(self.error(index, Kind::Redirect(location)));
            };
            url = target;
            let next = self.redirected(before, response.status, url.clone());
            again = Some(next.again());
            artefact = Tree::Layout(next.into_layout());
        }
        Err(self.error(index, Kind::Redirects(HOPS)))
    }

    /// Whether a redirect leads to the application that somebody signed in for;
    /// the code that it brings is kept.
    fn has_arrived(&mut self, response: &Response) -> bool {
        let Some(redirect_uri) = &self.target.profile.redirect_uri else { return false };
        let location = response.header(header::LOCATION).unwrap_or_default();
        if !location.starts_with(redirect_uri.as_str()) {
            return false;
        }
        let url = Url::parse(location).ok();
        let code = url.and_then(|url| {
            url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
        });
        if let Some(code) = code {
            self.begun.remove("oidc.code");
            self.session.set("oidc.code", Value::from(code));
            self.hide_secrets();
        }
        true
    }

    /// Where a request ended, and the page that is shown there.
    fn land(&mut self, url: Url, response: &Response) {
        if response.is_html() {
            self.page = None;
            self.session.load(Page { url: url.clone(), text: response.text().into_owned() });
        }
        self.landed = url;
    }

    /// The page that was loaded last.
    fn loaded(&self) -> Option<&Page> {
        self.page.as_ref().or(self.session.loaded())
    }

    /// An answer with all that may be looked at.
    fn answered<'s>(&'s self, response: &'s Response) -> Answered<'s> {
        Answered {
            response,
            url: &self.landed,
            session: self.session,
            base: &self.target.base,
            log: self.log,
        }
    }

    /// The options of a ceremony.
    fn options(&self, at: &Options, response: &Response) -> Result<Value, Kind> {
        match at {
            Options::Found(source) => answer::options(source, &self.answered(response)),
            Options::Assembled(template) => {
                let assembled = self.scope(None).json(template);
                let assembled = assembled.map_err(|Unset(name)| Kind::Unset(name))?;
                let assembled = assembled.and_then(|json| json.into_value().ok());
                Ok(assembled.unwrap_or_default())
            }
        }
    }

    /// What comes by another way than from the target: a mail, or the words of a
    /// program.
    async fn aside(&mut self, index: usize, step: &Step) -> Result<Option<Response>, Error> {
        let scope = self.scope(None);
        let filled = |text: &Text| match scope.text(text) {
            Ok(text) => Ok(text.unwrap_or_default()),
            Err(Unset(name)) => Err(self.error(index, Kind::Unset(name))),
        };
        let said = match &step.act {
            Act::Request { .. } | Act::Submit(_) => return Ok(None),
            Act::Mail(to) => {
                let to = filled(to)?;
                let mailbox = self.target.mailbox.as_ref();
                let mailbox = mailbox.ok_or_else(|| self.error(index, Kind::NoMailbox))?;
                match mailbox.next(&to, aside::PATIENCE).await {
                    Some(text) => text,
                    None => {
                        let kind = Kind::NoMail { to, after: aside::PATIENCE };
                        return Err(self.error(index, kind));
                    }
                }
            }
            Act::Run(words) => {
                let words = words.iter().map(filled).collect::<Result<Vec<_>, _>>()?;
                if !self.target.runs_programs {
                    return Err(self.error(index, Kind::MayNotRun(step.line.clone())));
                }
                let said = aside::run(&words).await;
                said.map_err(|reason| {
                    self.error(index, Kind::Program { command: step.line.clone(), reason })
                })?
            }
        };
        Ok(Some(aside::as_answer(said)))
    }

    /// Asks whether a foreign page may send a request (CORS). If not, a browser
    /// does not send it.
    async fn ask(&mut self, index: usize, draft: &Draft) -> Result<(), Error> {
        let question = draft.preflight(self.sender(&draft.url, false));
        let artefact = Tree::Layout(question.into_layout());
        let response = self.exchange(index, &draft.url, artefact).await?;
        let says = |name, value: &str| {
            let header = response.header(name).unwrap_or_default();
            header.split(',').any(|item| item.trim().eq_ignore_ascii_case(value))
        };
        let origin = self.session.page().map(|page| page.origin().ascii_serialization());
        let permitted = response.status.is_success()
            && origin.is_some_and(|o| says(header::ACCESS_CONTROL_ALLOW_ORIGIN, &o))
            && says(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
            && says(header::ACCESS_CONTROL_ALLOW_METHODS, draft.method.as_str());
        if permitted { Ok(()) } else { Err(self.error(index, Kind::Preflight)) }
    }

    /// One request and its answer.
    async fn exchange(
        &mut self,
        index: usize,
        url: &Url,
        artefact: Tree,
    ) -> Result<Response, Error> {
        let request = request::sendable(url, artefact)
            .map_err(|reason| self.error(index, Kind::Unsendable(reason)))?;
        let start = Instant::now();
        let response = self.target.transport.send(request.clone()).await;
        self.log.record(self.place(index), request, &response, start.elapsed());
        let response = response.map_err(|failure| self.error(index, failure.into()))?;
        let relation = self.relation(url);
        self.session.keep_cookies(url, &response.headers, relation);
        for cookie in session::offered(&response.headers).filter(|cookie| is_long(&&**cookie)) {
            self.log.hide(&cookie);
        }
        Ok(response)
    }

    /// Whether the step waits for a variable that nothing has set, or is of no
    /// use once one is set.
    fn leaves_out(&self, step: &Step) -> bool {
        let scope = self.scope(None);
        step.when.as_ref().is_some_and(|variable| !scope.has(variable))
            || step.unless.as_ref().is_some_and(|variable| scope.has(variable))
    }

    fn scope<'s>(&'s self, credential: Option<&'s Json>) -> Scope<'s> {
        Scope {
            inputs: self.inputs,
            settings: &self.target.profile.settings,
            origin: &self.target.origin,
            begun: &self.begun,
            session: self.session,
            credential,
        }
    }

    fn draft(&self, step: &Step, credential: Option<&Json>) -> Result<Draft, Kind> {
        let scope = self.scope(credential);
        let unset = |Unset(name)| Kind::Unset(name);
        let (method, mut url, payload) = match &step.act {
            Act::Request { method, address } => {
                (method.clone(), self.url(&scope, address)?, payload(&scope, &step.body)?)
            }
            Act::Submit(selector) => self.submission(&scope, selector, &step.body)?,
            Act::Mail(_) | Act::Run(_) => return Err(Kind::Unsendable("it is none".to_owned())),
        };
        for (name, text) in &step.query {
            if let Some(value) = scope.text(text).map_err(unset)? {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let sender = self.sender(&url, !step.headers.is_empty());
        let mut draft = Draft::new(method, url, payload, sender);
        self.add_csrf(&mut draft);
        for (name, text) in &step.headers {
            if let Some(value) = scope.text(text).map_err(unset)? {
                draft.set(name.to_string(), value);
            }
        }
        Ok(draft)
    }

    fn url(&self, scope: &Scope<'_>, address: &Address) -> Result<Url, Kind> {
        let unset = |Unset(name)| Kind::Unset(name);
        let base = &self.target.base;
        let url = match address {
            Address::Path(text) => {
                let path = scope.path(text).map_err(unset)?;
                let base = base.as_str().trim_end_matches('/');
                Url::parse(&format!("{base}{}{path}", self.target.profile.prefix))
            }
            Address::Url(text) => {
                let url = scope.url(text).map_err(unset)?;
                self.loaded().map_or(base, |page| &page.url).join(&url)
            }
        };
        let url = url.map_err(|error| Kind::Unsendable(error.to_string()))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            scheme => Err(Kind::Unsendable(format!("`{scheme}:` is no URL of a request"))),
        }
    }

    /// A form of the page as a browser sends it, filled in by the adapter.
    fn submission(
        &self,
        scope: &Scope<'_>,
        selector: &Selector,
        body: &Body,
    ) -> Result<(Method, Url, Payload), Kind> {
        let no_form = |found: String| Kind::NoForm { selector: selector.to_string(), found };
        let page = self.loaded().ok_or_else(|| no_form("no page was loaded".to_owned()))?;
        let Some(form) = page::form(page, selector) else {
            return Err(no_form(page::forms(&self.log.mask(&page.text))));
        };
        let filled = match body {
            Body::Form(fields) | Body::Multipart(fields) => {
                scope.fields(fields).map_err(|Unset(name)| Kind::Unset(name))?
            }
            Body::Empty | Body::Json(_) | Body::Cbor(_) | Body::Text(_) => Vec::new(),
        };
        // A page of another site cannot read what the form holds, nor what its action has in the query, such as a
        // code of the session.
        let foreign = self.relation(&form.action) == Relation::CrossSite;
        let named = |name: &String| filled.iter().any(|(filled, _)| filled == name);
        let held = form.fields.into_iter();
        let is_kept = |field: &page::Field| !foreign || !field.is_hidden;
        let held = held.filter(|field| is_kept(field) && !named(&field.name));
        let mut fields: Vec<_> = held.map(|field| (field.name, field.value)).collect();
        fields.extend(filled.iter().cloned());
        let mut url = form.action;
        if !form.is_post {
            url.query_pairs_mut().clear().extend_pairs(&fields);
            return Ok((Method::GET, url, Payload::Empty));
        }
        let multipart = form.is_multipart || matches!(body, Body::Multipart(_));
        if foreign {
            url.set_query(None);
        }
        let payload = match multipart {
            true => Payload::multipart(&fields),
            false => Payload::form(&fields),
        };
        Ok((Method::POST, url, payload))
    }

    fn sender(&self, url: &Url, has_own_headers: bool) -> Sender<'_> {
        let relation = self.relation(url);
        let page = self.session.page().map(|page| page.origin().ascii_serialization());
        Sender {
            is_foreign: page.is_some() && relation != Relation::SameOrigin,
            origin: page.unwrap_or_else(|| self.target.origin.clone()),
            relation,
            check: self.inputs.check(),
            cookies: self.session.cookie_header(url, relation),
            has_own_headers,
        }
    }

    /// The request after a redirect, as browsers change it (Fetch §4.4).
    fn redirected(
        &self,
        (method, payload): (Method, Payload),
        status: StatusCode,
        url: Url,
    ) -> Draft {
        let keeps =
            matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if keeps {
            let sender = self.sender(&url, false);
            let mut draft = Draft::new(method, url, payload, sender);
            self.add_csrf(&mut draft);
            return draft;
        }
        let sender = self.sender(&url, false);
        Draft::new(Method::GET, url, Payload::Empty, sender)
    }

    /// The token goes to the target only, and only where it is asked for. A
    /// page of another site could neither read nor send it.
    fn add_csrf(&self, draft: &mut Draft) {
        let Some(csrf) = &self.target.profile.csrf else { return };
        let home = session::is_same_origin(&draft.url, &self.target.base);
        let foreign = self.relation(&draft.url) == Relation::CrossSite;
        if session::is_safe(&draft.method) || !home || foreign {
            return;
        }
        let token = match &csrf.source {
            CsrfSource::Cookie(name) => self.session.cookie(name, &draft.url).map(str::to_owned),
            CsrfSource::Variable(name) => self.session.variable(name).map(answer::plain_text),
        };
        if let Some(token) = token {
            draft.set(csrf.header.to_string(), token);
        }
    }

    /// How the page relates to what it asks. Our own pages are those of the
    /// target, by whatever way it is reached.
    fn relation(&self, url: &Url) -> Relation {
        let home = session::is_same_origin(url, &self.target.base);
        match self.session.page() {
            None if home => Relation::SameOrigin,
            None => Relation::between(&self.target.base, url),
            Some(page) => match Url::parse(&self.target.origin) {
                Ok(origin) if home => Relation::between(page, &origin),
                _ => Relation::between(page, url),
            },
        }
    }

    fn capture(&mut self, index: usize, step: &Step, response: &Response) -> Result<(), Error> {
        for capture in &step.captures {
            let value = answer::capture(capture, &self.answered(response))
                .map_err(|kind| self.error(index, kind))?;
            self.begun.remove(&capture.name);
            match value {
                Some(value) => self.session.set(&capture.name, value),
                None => self.session.unset(&capture.name),
            }
        }
        for name in &step.forgets {
            self.begun.remove(name);
            self.session.unset(name);
        }
        if !step.captures.is_empty() {
            self.hide_secrets();
        }
        Ok(())
    }

    /// Whatever is known by now must not be shown.
    fn hide_secrets(&mut self) {
        let captured = self.begun.iter().chain(self.session.variables());
        let texts = captured.filter_map(|(_, value)| value.as_str());
        for secret in texts.chain(self.session.cookie_values()).filter(is_long) {
            self.log.hide(secret);
        }
        if let Some(password) = self.inputs.value("password") {
            self.log.hide(password);
        }
    }

    fn place(&self, index: usize) -> Place {
        let step = self.target.profile.steps(self.flow).get(index);
        let request = step.map(|step| step.line.clone()).unwrap_or_default();
        Place { flow: self.flow, step: index + 1, request }
    }

    fn error(&self, index: usize, kind: Kind) -> Error {
        Error { at: self.place(index), kind }
    }

    /// The adapter has no such flow.
    fn nowhere(&self) -> Error {
        let at = Place { flow: self.flow, step: 0, request: String::new() };
        Error { at, kind: Kind::NoFlow }
    }
}

/// Short values are no secrets, and masking them would make transcripts
/// unreadable.
fn is_long(value: &&str) -> bool {
    const SHORTEST: usize = 6;
    value.len() >= SHORTEST
}

/// What a request of its own carries.
fn payload(scope: &Scope<'_>, body: &Body) -> Result<Payload, Kind> {
    let filled = match body {
        Body::Empty => Ok(Payload::Empty),
        Body::Json(value) => {
            scope.json(value).map(|json| json.map_or(Payload::Empty, Payload::Json))
        }
        Body::Cbor(value) => scope.json(value).map(|json| {
            json.map_or(Payload::Empty, |json| Payload::Cbor(credential::as_cbor(&json)))
        }),
        Body::Form(fields) => scope.fields(fields).map(|fields| Payload::form(&fields)),
        Body::Multipart(fields) => scope.fields(fields).map(|fields| Payload::multipart(&fields)),
        Body::Text(text) => scope.text(text).map(|text| text.map_or(Payload::Empty, Payload::Text)),
    };
    filled.map_err(|Unset(name)| Kind::Unset(name))
}
