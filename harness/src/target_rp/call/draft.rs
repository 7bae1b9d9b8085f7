//! The request of a step, filled in and signed as a browser would.

use http::{Method, StatusCode};
use url::Url;

use passrig_authenticator::wire::Json;

use super::FlowRun;
use crate::target_rp::adapter::{
    AdapterStep, Address, BodyTemplate, CsrfSource, Part, Selector, StepAction, StepRole,
};
use crate::target_rp::credential::BinaryNames;
use crate::target_rp::error::ErrorKind;
use crate::target_rp::inputs::{TemplateScope, Unset};
use crate::target_rp::request::{Payload, RequestDraft, Sender};
use crate::target_rp::session::{self, Relation};
use crate::target_rp::{answer, page};

impl FlowRun<'_> {
    pub(super) fn scope<'s>(&'s self, credential: Option<&'s Json>) -> TemplateScope<'s> {
        TemplateScope {
            inputs: self.inputs,
            settings: &self.target.adapter.settings,
            origin: &self.target.origin,
            begun: &self.begun,
            session: self.session,
            credential,
        }
    }

    pub(super) fn draft(
        &self,
        step: &AdapterStep,
        credential: Option<&Json>,
    ) -> Result<RequestDraft, ErrorKind> {
        let scope = self.scope(credential);
        let unset = |Unset(name)| ErrorKind::Unset(name);
        let (method, mut url, payload) = match &step.act {
            StepAction::Request { method, address } => {
                (method.clone(), self.url(&scope, address)?, payload(&scope, step)?)
            }
            StepAction::Submit(selector) => self.submission(&scope, selector, &step.body)?,
            StepAction::Mail(_) | StepAction::Run(_) => {
                return Err(ErrorKind::Unsendable("it is none".to_owned()));
            }
        };
        for (name, text) in &step.query {
            if let Some(value) = scope.text(text).map_err(unset)? {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let sender = self.sender(&url, !step.headers.is_empty());
        let mut draft = RequestDraft::new(method, url, payload, sender);
        self.add_csrf(&mut draft);
        for (name, text) in &step.headers {
            if let Some(value) = scope.text(text).map_err(unset)? {
                draft.set(name.to_string(), value);
            }
        }
        Ok(draft)
    }

    fn url(&self, scope: &TemplateScope<'_>, address: &Address) -> Result<Url, ErrorKind> {
        let unset = |Unset(name)| ErrorKind::Unset(name);
        let base = &self.target.base;
        let url = match address {
            Address::Path(text) => {
                let path = scope.path(text).map_err(unset)?;
                let base = base.as_str().trim_end_matches('/');
                Url::parse(&format!("{base}{}{path}", self.target.adapter.prefix))
            }
            Address::Url(text) => {
                let is_literal = matches!(text.0.first(), Some(Part::Literal(_)));
                let url = if is_literal { scope.path(text) } else { scope.url(text) };
                let url = url.map_err(unset)?;
                self.loaded().map_or(base, |page| &page.url).join(&url)
            }
        };
        let url = url.map_err(|error| ErrorKind::Unsendable(error.to_string()))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            scheme => Err(ErrorKind::Unsendable(format!("`{scheme}:` is no URL of a request"))),
        }
    }

    /// A form of the page as a browser sends it, filled in by the adapter.
    fn submission(
        &self,
        scope: &TemplateScope<'_>,
        selector: &Selector,
        body: &BodyTemplate,
    ) -> Result<(Method, Url, Payload), ErrorKind> {
        let no_form = |found: String| ErrorKind::NoForm { selector: selector.to_string(), found };
        let page = self.loaded().ok_or_else(|| no_form("no page was loaded".to_owned()))?;
        let Some(form) = page::form(page, selector) else {
            return Err(no_form(self.log.quoted(&page::forms(&page.text))));
        };
        let filled = match body {
            BodyTemplate::Form(fields) | BodyTemplate::Multipart(fields) => {
                scope.fields(fields).map_err(|Unset(name)| ErrorKind::Unset(name))?
            }
            BodyTemplate::Empty
            | BodyTemplate::Json(_)
            | BodyTemplate::Cbor(_)
            | BodyTemplate::Text(_) => Vec::new(),
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
        let multipart = form.is_multipart || matches!(body, BodyTemplate::Multipart(_));
        if foreign {
            url.set_query(None);
        }
        let payload = match multipart {
            true => Payload::multipart(&fields),
            false => Payload::form(&fields),
        };
        Ok((Method::POST, url, payload))
    }

    pub(super) fn sender(&self, url: &Url, has_own_headers: bool) -> Sender<'_> {
        let relation = self.relation(url);
        let page = self.session.page().map(|page| page.origin().ascii_serialization());
        Sender {
            is_foreign: page.is_some() && relation != Relation::SameOrigin,
            origin: page.unwrap_or_else(|| self.target.origin.clone()),
            relation,
            check: self.target.check_name(self.inputs.check()),
            cookies: self.session.cookie_header(url, relation),
            has_own_headers,
        }
    }

    /// The request after a redirect, as browsers change it (Fetch §4.4).
    pub(super) fn redirected(
        &self,
        (method, payload): (Method, Payload),
        status: StatusCode,
        url: Url,
    ) -> RequestDraft {
        let keeps =
            matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if keeps {
            let sender = self.sender(&url, false);
            let mut draft = RequestDraft::new(method, url, payload, sender);
            self.add_csrf(&mut draft);
            return draft;
        }
        let sender = self.sender(&url, false);
        RequestDraft::new(Method::GET, url, Payload::Empty, sender)
    }

    /// The token goes to the target only, and only where it is asked for. A
    /// page of another site could neither read nor send it.
    fn add_csrf(&self, draft: &mut RequestDraft) {
        let Some(csrf) = &self.target.adapter.csrf else { return };
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

    /// The relation of the page to the URL of its request. Our own pages are those of the target,
    /// by whatever way it is reached.
    pub(super) fn relation(&self, url: &Url) -> Relation {
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
}

/// The payload of a request of its own.
fn payload(scope: &TemplateScope<'_>, step: &AdapterStep) -> Result<Payload, ErrorKind> {
    let filled = match &step.body {
        BodyTemplate::Empty => Ok(Payload::Empty),
        BodyTemplate::Json(value) => {
            scope.json(value).map(|json| json.map_or(Payload::Empty, Payload::Json))
        }
        BodyTemplate::Cbor(value) => {
            let binary = BinaryNames::of(match &step.role {
                StepRole::Credential(finish) => finish.edits.as_slice(),
                _ => &[],
            });
            let cbor = scope.cbor("", value, &binary);
            cbor.map(|cbor| cbor.map_or(Payload::Empty, Payload::Cbor))
        }
        BodyTemplate::Form(fields) => scope.fields(fields).map(|fields| Payload::form(&fields)),
        BodyTemplate::Multipart(fields) => {
            scope.fields(fields).map(|fields| Payload::multipart(&fields))
        }
        BodyTemplate::Text(text) => {
            scope.text(text).map(|text| text.map_or(Payload::Empty, Payload::Text))
        }
    };
    filled.map_err(|Unset(name)| ErrorKind::Unset(name))
}
