//! A flow under way: its steps are carried out one after another.

mod draft;

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, header};
use serde_json::Value;
use url::Url;

use passrig_authenticator::wire::{Json, Tree};
use passrig_authenticator::workbench::{Stage, Workbench};

use super::adapter::{AdapterStep, Flow, OptionsSource, StepAction, Text};
use super::error::{Error, ErrorKind, FlowStep};
use super::extract::AnswerContext;
use super::inputs::{self, Inputs, Unset};
use super::log::Log;
use super::page::LoadedPage;
use super::request::{self, RequestDraft};
use super::session::Session;
use super::transport::HttpResponse;
use super::{Begun, Target, answer, aside};

/// Redirects that are followed at most.
const HOPS: usize = 10;

/// A flow under way.
pub(super) struct FlowRun<'a> {
    target: &'a Target,
    flow: Flow,
    pub(super) session: &'a mut Session,
    inputs: &'a Inputs,
    pub(super) log: &'a mut Log,
    /// Variables that the ceremony captured when it began, until they are captured anew.
    begun: BTreeMap<String, Value>,
    /// The page that was loaded when the ceremony began, until another is.
    page: Option<LoadedPage>,
    /// The URL at which the last request ended, after redirects.
    url: Url,
}

/// The credential, for the step that carries it.
pub(super) struct CarriedCredential<'a> {
    pub(super) credential: &'a Json,
    /// The credential without the deviation, whose request must be another one.
    pub(super) honest: Option<&'a Json>,
    pub(super) bench: &'a mut dyn Workbench,
}

impl<'a> FlowRun<'a> {
    pub(super) fn new(
        target: &'a Target,
        flow: Flow,
        session: &'a mut Session,
        inputs: &'a Inputs,
        log: &'a mut Log,
    ) -> Self {
        let url = target.base.clone();
        let begun = BTreeMap::new();
        let mut call = Self { target, flow, session, inputs, log, begun, page: None, url };
        call.hide_secrets();
        call
    }

    /// Goes on with a ceremony that was begun before.
    pub(super) fn resume(&mut self, begun: &Begun) {
        self.begun = begun.captures.clone();
        self.page = begun.page.clone();
        self.hide_secrets();
    }

    /// Sends a step's request. Unless the step carries the credential, the
    /// answer has to be a good one, and what it yields is captured.
    pub(super) async fn perform(
        &mut self,
        index: usize,
        step: &AdapterStep,
        carried: Option<CarriedCredential<'_>>,
    ) -> Result<HttpResponse, Error> {
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
        step: &AdapterStep,
        carried: Option<CarriedCredential<'_>>,
    ) -> Result<HttpResponse, Error> {
        if let Some(response) = self.aside(index, step).await? {
            return Ok(response);
        }
        let credential = carried.as_ref().map(|carried| carried.credential);
        let draft = self.draft(step, credential).map_err(|kind| self.error(index, kind))?;
        if draft.asks_first {
            self.ask(index, &draft).await?;
        }
        let honest = carried.as_ref().and_then(|carried| carried.honest);
        // If the honest credential makes no request, there is none to be equal to.
        let honest = honest.and_then(|credential| self.draft(step, Some(credential)).ok());
        let mut url = draft.url.clone();
        let mut again = step.follow.then(|| draft.again());
        let mut artefact = Tree::Layout(draft.into_layout());
        if let Some(carried) = carried {
            artefact = carried.bench.finish(Stage::Request, artefact);
        }
        let mut request = self.request(index, &url, artefact)?;
        if let Some(honest) = honest {
            let url = honest.url.clone();
            let honest = self.request(index, &url, Tree::Layout(honest.into_layout()))?;
            if request::are_equal(&request, &honest) {
                return Err(self.error(index, ErrorKind::EqualsHonest));
            }
        }
        for _ in 0..=HOPS {
            let response = self.exchange(index, &url, request).await?;
            let is_final = self.take_code(&response);
            let leads = response.status.is_redirection() && !is_final;
            let location = response.header(header::LOCATION);
            let (Some(location), Some(before)) = (location, again.filter(|_| leads)) else {
                self.load_page(url, &response);
                return Ok(response);
            };
            let target = url.join(location).ok().filter(|url| url.scheme().starts_with("http"));
            let Some(target) = target else {
                let location = self.log.quoted_url(location);
                return Err(self.error(index, ErrorKind::Redirect(location)));
            };
            url = target;
            let next = self.redirected(before, response.status, url.clone());
            again = Some(next.again());
            request = self.request(index, &url, Tree::Layout(next.into_layout()))?;
        }
        Err(self.error(index, ErrorKind::Redirects(HOPS)))
    }

    /// True if a redirect leads to the application that the user signed in for; the code that it
    /// brings is kept.
    fn take_code(&mut self, response: &HttpResponse) -> bool {
        let Some(redirect_uri) = &self.target.adapter.redirect_uri else { return false };
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

    /// Records the URL at which a request ended, and the page that is shown there.
    fn load_page(&mut self, url: Url, response: &HttpResponse) {
        if response.is_html() {
            self.page = None;
            self.session.load(LoadedPage { url: url.clone(), text: response.text().into_owned() });
        }
        self.url = url;
    }

    fn loaded(&self) -> Option<&LoadedPage> {
        self.page.as_ref().or(self.session.loaded())
    }

    /// An answer with everything that can be read of it.
    pub(super) fn answered<'s>(&'s self, response: &'s HttpResponse) -> AnswerContext<'s> {
        AnswerContext {
            response,
            url: &self.url,
            session: self.session,
            base: &self.target.base,
            log: self.log,
        }
    }

    pub(super) fn options(
        &self,
        at: &OptionsSource,
        response: &HttpResponse,
    ) -> Result<Value, ErrorKind> {
        match at {
            OptionsSource::Found(source) => answer::options(source, &self.answered(response)),
            OptionsSource::Assembled(template) => {
                let assembled = self.scope(None).json(template);
                let assembled = assembled.map_err(|Unset(name)| ErrorKind::Unset(name))?;
                let assembled = assembled.and_then(|json| json.into_value().ok());
                Ok(assembled.unwrap_or_default())
            }
        }
    }

    /// A value from another source than the target: a mail, or the output of a program.
    async fn aside(
        &mut self,
        index: usize,
        step: &AdapterStep,
    ) -> Result<Option<HttpResponse>, Error> {
        let scope = self.scope(None);
        let filled = |text: &Text| match scope.text(text) {
            Ok(text) => Ok(text.unwrap_or_default()),
            Err(Unset(name)) => Err(self.error(index, ErrorKind::Unset(name))),
        };
        let said = match &step.act {
            StepAction::Request { .. } | StepAction::Submit(_) => return Ok(None),
            StepAction::Mail(to) => {
                let to = filled(to)?;
                let mailbox = self.target.mailbox.as_ref();
                let mailbox = mailbox.ok_or_else(|| self.error(index, ErrorKind::NoMailbox))?;
                match mailbox.next(&to, aside::TIMEOUT).await {
                    Some(text) => text,
                    None => {
                        let kind = ErrorKind::NoMail { to, after: aside::TIMEOUT };
                        return Err(self.error(index, kind));
                    }
                }
            }
            StepAction::Run(words) => {
                let words = words.iter().map(filled).collect::<Result<Vec<_>, _>>()?;
                if !self.target.runs_programs {
                    return Err(self.error(index, ErrorKind::MayNotRun(step.line.clone())));
                }
                let said = aside::run(&words).await;
                said.map_err(|reason| {
                    self.error(index, ErrorKind::Program { command: step.line.clone(), reason })
                })?
            }
        };
        Ok(Some(aside::as_answer(said)))
    }

    /// Asks whether a foreign page may send a request (CORS). If not, a browser
    /// does not send it.
    async fn ask(&mut self, index: usize, draft: &RequestDraft) -> Result<(), Error> {
        let question = draft.preflight(self.sender(&draft.url, false));
        let question = self.request(index, &draft.url, Tree::Layout(question.into_layout()))?;
        let response = self.exchange(index, &draft.url, question).await?;
        let says = |name, value: &str| {
            let header = response.header(name).unwrap_or_default();
            header.split(',').any(|item| item.trim().eq_ignore_ascii_case(value))
        };
        let origin = self.session.page().map(|page| page.origin().ascii_serialization());
        let permitted = response.status.is_success()
            && origin.is_some_and(|o| says(header::ACCESS_CONTROL_ALLOW_ORIGIN, &o))
            && says(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
            && says(header::ACCESS_CONTROL_ALLOW_METHODS, draft.method.as_str());
        if permitted { Ok(()) } else { Err(self.error(index, ErrorKind::Preflight)) }
    }

    fn request(&self, index: usize, url: &Url, artefact: Tree) -> Result<Request<Bytes>, Error> {
        request::sendable(url, artefact)
            .map_err(|reason| self.error(index, ErrorKind::Unsendable(reason)))
    }

    /// One request and its answer.
    async fn exchange(
        &mut self,
        index: usize,
        url: &Url,
        request: Request<Bytes>,
    ) -> Result<HttpResponse, Error> {
        let start = Instant::now();
        let response = self.target.transport.send(request.clone()).await;
        self.log.record(self.place(index), request, &response, start.elapsed());
        let response = response.map_err(|failure| self.error(index, failure.into()))?;
        let relation = self.relation(url);
        self.session.keep_cookies(url, &response.headers, relation);
        Ok(response)
    }

    /// True if the step waits for a variable that nothing has set, or is of no
    /// use once one is set.
    pub(super) fn leaves_out(&self, step: &AdapterStep) -> bool {
        let scope = self.scope(None);
        step.when.as_ref().is_some_and(|variable| !scope.has(variable))
            || step.unless.as_ref().is_some_and(|variable| scope.has(variable))
    }

    pub(super) fn capture(
        &mut self,
        index: usize,
        step: &AdapterStep,
        response: &HttpResponse,
    ) -> Result<(), Error> {
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

    /// Masks all secrets that are known by now.
    fn hide_secrets(&mut self) {
        self.log.share(&self.target.secrets);
        for (name, value) in self.inputs.all() {
            match inputs::names_a_user(name) {
                true => self.log.publish(value),
                false if name == "password" => self.log.hide(value),
                false if inputs::is_public(name) || self.target.assembles(name) => {}
                false => self.log.hide_given(value),
            }
        }
        for (name, value) in self.begun.iter().chain(self.session.variables()) {
            if !self.target.assembles(name) {
                self.log.learn_all(value);
            }
        }
        for value in self.session.cookie_values() {
            self.log.learn(value);
        }
    }

    fn place(&self, index: usize) -> FlowStep {
        let step = self.target.adapter.steps(self.flow).get(index);
        let request = step.map(|step| step.line.clone()).unwrap_or_default();
        FlowStep { flow: self.flow, step: index + 1, request }
    }

    pub(super) fn error(&self, index: usize, kind: ErrorKind) -> Error {
        Error { at: self.place(index), kind }
    }

    /// The adapter has no such flow.
    pub(super) fn nowhere(&self) -> Error {
        let at = FlowStep { flow: self.flow, step: 0, request: String::new() };
        Error { at, kind: ErrorKind::NoFlow }
    }
}
