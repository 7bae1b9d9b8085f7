//! From what is written to what is meant.

mod flows;
mod oidc;
mod role;
mod settings;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use http::{HeaderName, Method};
use serde_json::Value as JsonValue;
use url::Url;

use super::document::{self, AdapterDocument, Node};
use super::mistake::AdapterFault;
use super::{
    Accounts, Adapter, AdapterStep, Address, BodyTemplate, Capture, Csrf, CsrfSource, Flow, Part,
    SettingValues, Settings, StepAction, StepRole, Text, ValueTemplate, Variable,
};
use crate::toml_file::{Spanned, TomlFile, TomlMistake};

/// Variables that name a user.
const ACCOUNT: [&str; 5] = ["username", "display_name", "email", "password", "user_id"];
/// Variables that the harness sets.
const HARNESS: [&str; 6] = [
    "origin",
    "setting.user_verification",
    "setting.attestation",
    "setting.algorithms",
    "setting.mediation",
    "setting.framing",
];
/// Variables of `remove`.
const REMOVAL: [&str; 2] = ["credential_id", "record_id"];

pub(super) fn adapter(name: &str, text: &str) -> Result<Adapter, Box<TomlMistake>> {
    let file = TomlFile { name, text };
    let mut document: AdapterDocument = file.parse()?;
    let checked = KnownVariables::of(&document).and_then(|names| {
        let oidc = document.oidc.take().map(Spanned::into_inner);
        Checker { names, oidc }.adapter(document)
    });
    checked.map_err(|At(fault, span)| {
        let mistake = file.mistake(fault.to_string(), Some(span), Some(fault.help()));
        mistake.labelled(fault.label())
    })
}

struct At(AdapterFault, Range<usize>);

type Checked<T> = Result<T, At>;

/// The variables that exist somewhere in the adapter.
struct KnownVariables(BTreeSet<String>);

impl KnownVariables {
    fn of(document: &AdapterDocument) -> Checked<Self> {
        let always = ACCOUNT.iter().chain(&HARNESS);
        let mut names: BTreeSet<String> = always.map(|name| (*name).to_owned()).collect();
        if document.oidc.is_some() {
            names.extend(oidc::VARIABLES.map(str::to_owned));
        }
        let captured = flows::steps(document).flat_map(|step| step.get_ref().capture.keys());
        for name in captured.chain(&document.variables) {
            let text = name.get_ref();
            let fixed = ACCOUNT.contains(&text.as_str())
                || HARNESS.contains(&text.as_str())
                || REMOVAL.contains(&text.as_str())
                || matches!(text.split('.').next(), Some("credential" | "oidc"));
            if fixed {
                return Err(At(AdapterFault::CaptureName(text.clone()), name.span()));
            }
            if Text::parse(&format!("{{{{{text}}}}}")).is_err() {
                return Err(At(AdapterFault::VariableName(text.clone()), name.span()));
            }
            names.insert(text.clone());
        }
        Ok(Self(names))
    }
}

struct Checker {
    names: KnownVariables,
    oidc: Option<document::OidcTable>,
}

impl Checker {
    fn adapter(&self, document: AdapterDocument) -> Checked<Adapter> {
        let settings = settings::settings(&document.settings)?;
        let mut checked = BTreeMap::new();
        flows::have_names(&document)?;
        for flow in Flow::ALL {
            checked.insert(flow, self.flow(flow, &flows::expanded(&document, flow)?)?);
        }
        self.settings_are_sent(&document, &settings, &checked)?;
        Ok(Adapter {
            account: document
                .account
                .as_ref()
                .map_or(Ok(Accounts::default()), settings::account)?,
            redirect_uri: self.oidc.as_ref().map(|oidc| oidc.redirect_uri.get_ref().clone()),
            csrf: document.csrf.as_ref().map(|csrf| self.csrf(csrf)).transpose()?,
            prefix: match &document.prefix {
                Some(prefix) if !prefix.get_ref().starts_with('/') => {
                    return Err(At(
                        AdapterFault::RequestLine(prefix.get_ref().clone()),
                        prefix.span(),
                    ));
                }
                Some(prefix) => prefix.get_ref().trim_end_matches('/').to_owned(),
                None => String::new(),
            },
            id: document.id.into_inner(),
            name: document.name,
            status: document.status,
            embedder: document.embedder,
            settings,
            flows: checked,
        })
    }

    fn flow(
        &self,
        flow: Flow,
        steps: &[&Spanned<document::StepTable>],
    ) -> Checked<Vec<AdapterStep>> {
        let mut checked = Vec::new();
        let mut options = None;
        let mut credential = None;
        for (index, spanned) in steps.iter().enumerate() {
            let step = self.step(flow, spanned)?;
            let (place, second) = match &step.role {
                StepRole::Options { .. } => (&mut options, AdapterFault::TwoOptions(flow)),
                StepRole::Credential(_) => (&mut credential, AdapterFault::TwoCredentials(flow)),
                _ => (&mut None, AdapterFault::CredentialFirst),
            };
            if place.replace(index).is_some() {
                return Err(At(second, heading(spanned)));
            }
            checked.push(step);
        }
        let fault = match (options, credential) {
            (None, _) => AdapterFault::NoOptions(flow),
            (_, None) => AdapterFault::NoCredential(flow),
            (Some(options), Some(credential)) if credential < options => {
                AdapterFault::CredentialFirst
            }
            _ => return Ok(checked),
        };
        match steps.first() {
            Some(first) if flow.is_ceremony() => Err(At(fault, heading(first))),
            _ => Ok(checked),
        }
    }

    fn step(&self, flow: Flow, spanned: &Spanned<document::StepTable>) -> Checked<AdapterStep> {
        let step = spanned.get_ref();
        let mut checked = match (&step.oidc, &step.request, &step.submit) {
            (Some(kind), None, None) => self.oidc_step(flow, kind)?,
            (Some(kind), ..) => return Err(At(AdapterFault::Act, kind.span())),
            (None, ..) => {
                let (act, line) = self.act(flow, spanned)?;
                AdapterStep { line, body: self.body(flow, step)?, ..AdapterStep::new(act) }
            }
        };
        checked.when = self.variable(flow, step.when.as_ref())?;
        checked.unless = self.variable(flow, step.unless.as_ref())?;
        checked.query.extend(self.texts(flow, &step.query)?);
        for (name, value) in &step.headers {
            checked.headers.push((header_name(name)?, self.text(flow, value)?));
        }
        checked.follow |= step.follow;
        for (name, source) in &step.capture {
            let source = source::source(source)?;
            checked.captures.push(Capture { name: name.get_ref().clone(), source });
        }
        checked.forgets = self.known(&step.forget)?;
        let assembled = step.assemble.as_ref().map(|node| self.value(flow, node)).transpose()?;
        checked.role = role::role(flow, spanned, carries_credential(&checked), assembled)?;
        Ok(checked)
    }

    /// The action of a step, and the words for it.
    fn act(
        &self,
        flow: Flow,
        spanned: &Spanned<document::StepTable>,
    ) -> Checked<(StepAction, String)> {
        let step = spanned.get_ref();
        match (&step.request, &step.submit, &step.mail, &step.run) {
            (Some(line), None, None, None) => {
                let (method, address) = self.request_line(flow, line)?;
                Ok((StepAction::Request { method, address }, line.get_ref().clone()))
            }
            (None, Some(form), None, None) => {
                let line = format!("submit {}", form.get_ref());
                Ok((StepAction::Submit(source::selector(form)?), line))
            }
            (None, None, Some(to), None) => {
                let line = format!("mail to {}", to.get_ref());
                Ok((StepAction::Mail(self.text(flow, to)?), line))
            }
            (None, None, None, Some(words)) if !words.get_ref().is_empty() => {
                let words = words.get_ref();
                let texts =
                    words.iter().map(|word| self.text(flow, word)).collect::<Checked<_>>()?;
                let line: Vec<&str> = words.iter().map(|word| word.get_ref().as_str()).collect();
                Ok((StepAction::Run(texts), format!("run {}", line.join(" "))))
            }
            _ => Err(At(AdapterFault::Act, heading(spanned))),
        }
    }

    fn body(&self, flow: Flow, step: &document::StepTable) -> Checked<BodyTemplate> {
        let bodies = [
            step.json.as_ref().map(Spanned::span),
            step.cbor.as_ref().map(Spanned::span),
            step.form.as_ref().map(Spanned::span),
            step.multipart.as_ref().map(Spanned::span),
            step.text.as_ref().map(Spanned::span),
        ];
        if let Some(second) = bodies.into_iter().flatten().nth(1) {
            return Err(At(AdapterFault::TwoBodies, second));
        }
        if let Some(node) = &step.json {
            return Ok(BodyTemplate::Json(self.value(flow, node)?));
        }
        if let Some(node) = &step.cbor {
            return Ok(BodyTemplate::Cbor(self.value(flow, node)?));
        }
        if let Some(form) = &step.form {
            return Ok(BodyTemplate::Form(self.texts(flow, form.get_ref())?));
        }
        if let Some(fields) = &step.multipart {
            return Ok(BodyTemplate::Multipart(self.texts(flow, fields.get_ref())?));
        }
        if let Some(text) = &step.text {
            return Ok(BodyTemplate::Text(self.text(flow, text)?));
        }
        Ok(BodyTemplate::Empty)
    }

    /// The name of a variable, without braces.
    fn variable(&self, flow: Flow, name: Option<&Spanned<String>>) -> Checked<Option<Variable>> {
        let Some(name) = name else { return Ok(None) };
        let text = self.template(flow, &format!("{{{{{}?}}}}", name.get_ref()), &name.span())?;
        let wrong = || At(AdapterFault::VariableName(name.get_ref().clone()), name.span());
        text.whole().cloned().map(Some).ok_or_else(wrong)
    }

    /// Variables that exist.
    fn known(&self, names: &[Spanned<String>]) -> Checked<Vec<String>> {
        let known = |name: &Spanned<String>| match self.names.0.contains(name.get_ref()) {
            true => Ok(name.get_ref().clone()),
            false => Err(At(self.unknown(name.get_ref()), name.span())),
        };
        names.iter().map(known).collect()
    }

    fn unknown(&self, name: &str) -> AdapterFault {
        let known = self.names.0.iter().cloned().collect();
        AdapterFault::UnknownVariable { name: name.to_owned(), known }
    }

    fn request_line(&self, flow: Flow, line: &Spanned<String>) -> Checked<(Method, Address)> {
        let wrong = || At(AdapterFault::RequestLine(line.get_ref().clone()), line.span());
        let (method, path) = line.get_ref().split_once(' ').ok_or_else(wrong)?;
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let path = path.trim();
        let begins = ["/", "{{", "http://", "https://"];
        if !known.contains(&method) || !begins.iter().any(|begin| path.starts_with(begin)) {
            return Err(wrong());
        }
        let text = self.template(flow, path, &line.span())?;
        if text.variables().any(|variable| variable.optional) {
            return Err(At(AdapterFault::OptionalPath, line.span()));
        }
        let address = match text.0.first() {
            Some(Part::Variable(_)) => Address::Url(text),
            Some(Part::Literal(head)) if !head.starts_with('/') => {
                // The host and port of the URL are literal: the guard has to know them.
                let after = head.split_once("://").map(|(_, after)| after).unwrap_or_default();
                let ends = after.contains(['/', '?', '#']) || text.0.len() == 1;
                let has_host = Url::parse(head).is_ok_and(|url| url.has_host());
                if !ends || !has_host {
                    return Err(wrong());
                }
                Address::Url(text)
            }
            _ => Address::Path(text),
        };
        Ok((Method::from_bytes(method.as_bytes()).map_err(|_| wrong())?, address))
    }

    fn texts(
        &self,
        flow: Flow,
        texts: &BTreeMap<String, Spanned<String>>,
    ) -> Checked<Vec<(String, Text)>> {
        texts.iter().map(|(name, text)| Ok((name.clone(), self.text(flow, text)?))).collect()
    }

    fn text(&self, flow: Flow, text: &Spanned<String>) -> Checked<Text> {
        self.template(flow, text.get_ref(), &text.span())
    }

    fn template(&self, flow: Flow, source: &str, span: &Range<usize>) -> Checked<Text> {
        let at = |fault| At(fault, span.clone());
        let text = Text::parse(source).map_err(|error| at(AdapterFault::template(error)))?;
        for Variable { name, .. } in text.variables() {
            let credential = name.split('.').next() == Some("credential");
            let removal = REMOVAL.contains(&name.as_str());
            if (credential && !flow.is_ceremony()) || (removal && flow != Flow::Remove) {
                return Err(at(AdapterFault::VariableElsewhere { name: name.clone() }));
            }
            if !credential && !removal && !self.names.0.contains(name) {
                let mut known: Vec<String> = self.names.0.iter().cloned().collect();
                known.extend(flow.is_ceremony().then(|| "credential".to_owned()));
                if flow == Flow::Remove {
                    known.extend(REMOVAL.map(str::to_owned));
                }
                return Err(at(AdapterFault::UnknownVariable { name: name.clone(), known }));
            }
        }
        Ok(text)
    }

    fn value(&self, flow: Flow, node: &Spanned<Node>) -> Checked<ValueTemplate> {
        Ok(match node.get_ref() {
            Node::Number(number) => ValueTemplate::Number(number.clone()),
            Node::Bool(value) => ValueTemplate::Bool(*value),
            Node::Text(source) => {
                let text = self.template(flow, source, &node.span())?;
                match text.whole() {
                    Some(variable) => ValueTemplate::Whole(variable.clone()),
                    None => ValueTemplate::Text(text),
                }
            }
            Node::Array(items) => ValueTemplate::Array(
                items.iter().map(|item| self.value(flow, item)).collect::<Checked<_>>()?,
            ),
            Node::Table(members) => ValueTemplate::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.value(flow, member)?)))
                    .collect::<Checked<_>>()?,
            ),
        })
    }

    fn csrf(&self, spanned: &Spanned<document::CsrfTable>) -> Checked<Csrf> {
        let csrf = spanned.get_ref();
        let source = match (&csrf.cookie, &csrf.variable) {
            (Some(cookie), None) => CsrfSource::Cookie(cookie.clone()),
            (None, Some(variable)) => {
                if !self.names.0.contains(variable.get_ref()) {
                    return Err(At(self.unknown(variable.get_ref()), variable.span()));
                }
                CsrfSource::Variable(variable.get_ref().clone())
            }
            _ => return Err(At(AdapterFault::CsrfSource, spanned.span())),
        };
        Ok(Csrf { source, header: header_name(&csrf.header)? })
    }

    /// A setting that can be chosen must reach the target, or variants would differ in name only.
    fn settings_are_sent(
        &self,
        document: &AdapterDocument,
        settings: &Settings,
        flows: &BTreeMap<Flow, Vec<AdapterStep>>,
    ) -> Checked<()> {
        let sent = |flow: Flow, name: &str| {
            let steps = flows.get(&flow).map_or(&[][..], Vec::as_slice);
            steps.iter().flat_map(variables).find(|variable| variable.name == name)
        };
        let written = &document.settings;
        for (setting, name, place) in [
            (&settings.user_verification, "user_verification", &written.user_verification),
            (&settings.attestation, "attestation", &written.attestation),
            (&settings.algorithms, "algorithms", &written.algorithms),
            (&settings.mediation, "mediation", &written.mediation),
            (&settings.framing, "framing", &written.framing),
        ] {
            let variable = format!("setting.{name}");
            let unsent = Flow::ALL.iter().all(|flow| sent(*flow, &variable).is_none());
            if let (SettingValues::Choose(_), Some(place), true) = (setting, place, unsent) {
                return Err(At(AdapterFault::SettingUnsent(name), place.span()));
            }
        }
        let Some(place) = &written.login else { return Ok(()) };
        let discoverable = settings.login.values().iter().any(|value| value == "discoverable");
        match sent(Flow::Authenticate, "username") {
            Some(variable) if discoverable && !variable.optional => {
                Err(At(AdapterFault::UsernameDemanded, place.span()))
            }
            None if settings.login.values().len() > 1 => {
                Err(At(AdapterFault::SettingUnsent("login"), place.span()))
            }
            _ => Ok(()),
        }
    }
}

fn header_name(name: &Spanned<String>) -> Checked<HeaderName> {
    HeaderName::from_bytes(name.get_ref().as_bytes())
        .map_err(|_| At(AdapterFault::HeaderName(name.get_ref().clone()), name.span()))
}

/// The first line of a step, or its request line: a whole step is too much to
/// point at.
fn heading(step: &Spanned<document::StepTable>) -> Range<usize> {
    let written = step.get_ref();
    let line = written.flow.as_ref().or(written.request.as_ref());
    let line = line.or(written.submit.as_ref()).or(written.mail.as_ref());
    line.map_or_else(|| step.span(), Spanned::span)
}

fn plain(node: &Spanned<Node>) -> JsonValue {
    match node.get_ref() {
        Node::Text(text) => JsonValue::String(text.clone()),
        Node::Number(number) => JsonValue::Number(number.clone()),
        Node::Bool(value) => JsonValue::Bool(*value),
        Node::Array(items) => JsonValue::Array(items.iter().map(plain).collect()),
        Node::Table(members) => {
            members.iter().map(|(name, member)| (name.clone(), plain(member))).collect()
        }
    }
}

fn carries_credential(step: &AdapterStep) -> bool {
    variables(step).any(|variable| variable.credential_path().is_some())
}

/// Every variable that a step's request uses.
pub(in crate::target_rp) fn variables(step: &AdapterStep) -> impl Iterator<Item = &Variable> {
    let body = match &step.body {
        BodyTemplate::Empty => Vec::new(),
        BodyTemplate::Json(value) | BodyTemplate::Cbor(value) => value.variables(),
        BodyTemplate::Form(fields) | BodyTemplate::Multipart(fields) => {
            fields.iter().flat_map(|(_, text)| text.variables()).collect()
        }
        BodyTemplate::Text(text) => text.variables().collect(),
    };
    let asked: Vec<&Text> = match &step.act {
        StepAction::Request { address, .. } => vec![address.text()],
        StepAction::Submit(_) => Vec::new(),
        StepAction::Mail(to) => vec![to],
        StepAction::Run(words) => words.iter().collect(),
    };
    step.when
        .iter()
        .chain(&step.unless)
        .chain(asked.into_iter().flat_map(Text::variables))
        .chain(step.query.iter().flat_map(|(_, text)| text.variables()))
        .chain(step.headers.iter().flat_map(|(_, text)| text.variables()))
        .chain(body)
}
