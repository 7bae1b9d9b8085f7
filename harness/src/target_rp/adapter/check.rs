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
use toml::Spanned;
use url::Url;

use super::document::{self, Document, Node};
use super::mistake::Fault;
use super::{
    Account, Act, Adapter, Address, Body, Capture, Csrf, CsrfSource, Flow, Part, Role, Setting,
    Settings, Step, Text, Value, Variable,
};
use crate::toml_file::{Mistake, TomlFile};

/// Variables that say who somebody is.
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

pub(super) fn adapter(name: &str, text: &str) -> Result<Adapter, Box<Mistake>> {
    let file = TomlFile { name, text };
    let mut document: Document = file.parse()?;
    let checked = Names::of(&document).and_then(|names| {
        let oidc = document.oidc.take().map(Spanned::into_inner);
        Checker { names, oidc }.adapter(document)
    });
    checked.map_err(|At(fault, span)| {
        let mistake = file.mistake(fault.to_string(), Some(span), Some(fault.help()));
        mistake.labelled(fault.label())
    })
}

/// A fault and its place.
struct At(Fault, Range<usize>);

type Checked<T> = Result<T, At>;

/// The variables that exist somewhere in the adapter.
struct Names(BTreeSet<String>);

impl Names {
    fn of(document: &Document) -> Checked<Self> {
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
                return Err(At(Fault::CaptureName(text.clone()), name.span()));
            }
            if Text::parse(&format!("{{{{{text}}}}}")).is_err() {
                return Err(At(Fault::VariableName(text.clone()), name.span()));
            }
            names.insert(text.clone());
        }
        Ok(Self(names))
    }
}

struct Checker {
    names: Names,
    oidc: Option<document::Oidc>,
}

impl Checker {
    fn adapter(&self, document: Document) -> Checked<Adapter> {
        let settings = settings::settings(&document.settings)?;
        let mut checked = BTreeMap::new();
        flows::have_names(&document)?;
        for flow in Flow::ALL {
            checked.insert(flow, self.flow(flow, &flows::expanded(&document, flow)?)?);
        }
        self.settings_are_sent(&document, &settings, &checked)?;
        Ok(Adapter {
            account: document.account.as_ref().map_or(Ok(Account::default()), settings::account)?,
            redirect_uri: self.oidc.as_ref().map(|oidc| oidc.redirect_uri.get_ref().clone()),
            csrf: document.csrf.as_ref().map(|csrf| self.csrf(csrf)).transpose()?,
            prefix: match &document.prefix {
                Some(prefix) if !prefix.get_ref().starts_with('/') => {
                    return Err(At(Fault::RequestLine(prefix.get_ref().clone()), prefix.span()));
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

    fn flow(&self, flow: Flow, steps: &[&Spanned<document::Step>]) -> Checked<Vec<Step>> {
        let mut checked = Vec::new();
        let mut options = None;
        let mut credential = None;
        for (index, spanned) in steps.iter().enumerate() {
            let step = self.step(flow, spanned)?;
            let (place, second) = match &step.role {
                Role::Options { .. } => (&mut options, Fault::TwoOptions(flow)),
                Role::Credential(_) => (&mut credential, Fault::TwoCredentials(flow)),
                _ => (&mut None, Fault::CredentialFirst),
            };
            if place.replace(index).is_some() {
                return Err(At(second, heading(spanned)));
            }
            checked.push(step);
        }
        let fault = match (options, credential) {
            (None, _) => Fault::NoOptions(flow),
            (_, None) => Fault::NoCredential(flow),
            (Some(options), Some(credential)) if credential < options => Fault::CredentialFirst,
            _ => return Ok(checked),
        };
        match steps.first() {
            Some(first) if flow.is_ceremony() => Err(At(fault, heading(first))),
            _ => Ok(checked),
        }
    }

    fn step(&self, flow: Flow, spanned: &Spanned<document::Step>) -> Checked<Step> {
        let step = spanned.get_ref();
        let mut checked = match (&step.oidc, &step.request, &step.submit) {
            (Some(kind), None, None) => self.oidc_step(flow, kind)?,
            (Some(kind), ..) => return Err(At(Fault::Act, kind.span())),
            (None, ..) => {
                let (act, line) = self.act(flow, spanned)?;
                Step { line, body: self.body(flow, step)?, ..Step::new(act) }
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

    /// What is asked, and the words for it.
    fn act(&self, flow: Flow, spanned: &Spanned<document::Step>) -> Checked<(Act, String)> {
        let step = spanned.get_ref();
        match (&step.request, &step.submit, &step.mail, &step.run) {
            (Some(line), None, None, None) => {
                let (method, address) = self.request_line(flow, line)?;
                Ok((Act::Request { method, address }, line.get_ref().clone()))
            }
            (None, Some(form), None, None) => {
                let line = format!("submit {}", form.get_ref());
                Ok((Act::Submit(source::selector(form)?), line))
            }
            (None, None, Some(to), None) => {
                let line = format!("mail to {}", to.get_ref());
                Ok((Act::Mail(self.text(flow, to)?), line))
            }
            (None, None, None, Some(words)) if !words.get_ref().is_empty() => {
                let words = words.get_ref();
                let texts =
                    words.iter().map(|word| self.text(flow, word)).collect::<Checked<_>>()?;
                let line: Vec<&str> = words.iter().map(|word| word.get_ref().as_str()).collect();
                Ok((Act::Run(texts), format!("run {}", line.join(" "))))
            }
            _ => Err(At(Fault::Act, heading(spanned))),
        }
    }

    fn body(&self, flow: Flow, step: &document::Step) -> Checked<Body> {
        let bodies = [
            step.json.as_ref().map(Spanned::span),
            step.cbor.as_ref().map(Spanned::span),
            step.form.as_ref().map(Spanned::span),
            step.multipart.as_ref().map(Spanned::span),
            step.text.as_ref().map(Spanned::span),
        ];
        if let Some(second) = bodies.into_iter().flatten().nth(1) {
            return Err(At(Fault::TwoBodies, second));
        }
        if let Some(node) = &step.json {
            return Ok(Body::Json(self.value(flow, node)?));
        }
        if let Some(node) = &step.cbor {
            return Ok(Body::Cbor(self.value(flow, node)?));
        }
        if let Some(form) = &step.form {
            return Ok(Body::Form(self.texts(flow, form.get_ref())?));
        }
        if let Some(fields) = &step.multipart {
            return Ok(Body::Multipart(self.texts(flow, fields.get_ref())?));
        }
        if let Some(text) = &step.text {
            return Ok(Body::Text(self.text(flow, text)?));
        }
        Ok(Body::Empty)
    }

    /// The name of a variable, without braces.
    fn variable(&self, flow: Flow, name: Option<&Spanned<String>>) -> Checked<Option<Variable>> {
        let Some(name) = name else { return Ok(None) };
        let text = self.template(flow, &format!("{{{{{}?}}}}", name.get_ref()), &name.span())?;
        let wrong = || At(Fault::VariableName(name.get_ref().clone()), name.span());
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

    fn unknown(&self, name: &str) -> Fault {
        let known = self.names.0.iter().cloned().collect();
        Fault::UnknownVariable { name: name.to_owned(), known }
    }

    fn request_line(&self, flow: Flow, line: &Spanned<String>) -> Checked<(Method, Address)> {
        let wrong = || At(Fault::RequestLine(line.get_ref().clone()), line.span());
        let (method, path) = line.get_ref().split_once(' ').ok_or_else(wrong)?;
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let path = path.trim();
        let begins = ["/", "{{", "http://", "https://"];
        if !known.contains(&method) || !begins.iter().any(|begin| path.starts_with(begin)) {
            return Err(wrong());
        }
        let text = self.template(flow, path, &line.span())?;
        if text.variables().any(|variable| variable.optional) {
            return Err(At(Fault::OptionalPath, line.span()));
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
        let text = Text::parse(source).map_err(|error| at(Fault::template(error)))?;
        for Variable { name, .. } in text.variables() {
            let credential = name.split('.').next() == Some("credential");
            let removal = REMOVAL.contains(&name.as_str());
            if (credential && !flow.is_ceremony()) || (removal && flow != Flow::Remove) {
                return Err(at(Fault::VariableElsewhere { name: name.clone() }));
            }
            if !credential && !removal && !self.names.0.contains(name) {
                let mut known: Vec<String> = self.names.0.iter().cloned().collect();
                known.extend(flow.is_ceremony().then(|| "credential".to_owned()));
                if flow == Flow::Remove {
                    known.extend(REMOVAL.map(str::to_owned));
                }
                return Err(at(Fault::UnknownVariable { name: name.clone(), known }));
            }
        }
        Ok(text)
    }

    fn value(&self, flow: Flow, node: &Spanned<Node>) -> Checked<Value> {
        Ok(match node.get_ref() {
            Node::Number(number) => Value::Number(number.clone()),
            Node::Bool(value) => Value::Bool(*value),
            Node::Text(source) => {
                let text = self.template(flow, source, &node.span())?;
                match text.whole() {
                    Some(variable) => Value::Whole(variable.clone()),
                    None => Value::Text(text),
                }
            }
            Node::Array(items) => Value::Array(
                items.iter().map(|item| self.value(flow, item)).collect::<Checked<_>>()?,
            ),
            Node::Table(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.value(flow, member)?)))
                    .collect::<Checked<_>>()?,
            ),
        })
    }

    fn csrf(&self, spanned: &Spanned<document::Csrf>) -> Checked<Csrf> {
        let csrf = spanned.get_ref();
        let source = match (&csrf.cookie, &csrf.variable) {
            (Some(cookie), None) => CsrfSource::Cookie(cookie.clone()),
            (None, Some(variable)) => {
                if !self.names.0.contains(variable.get_ref()) {
                    return Err(At(self.unknown(variable.get_ref()), variable.span()));
                }
                CsrfSource::Variable(variable.get_ref().clone())
            }
            _ => return Err(At(Fault::CsrfSource, spanned.span())),
        };
        Ok(Csrf { source, header: header_name(&csrf.header)? })
    }

    /// What can be chosen must reach the target, or variants would differ in
    /// name only.
    fn settings_are_sent(
        &self,
        document: &Document,
        settings: &Settings,
        flows: &BTreeMap<Flow, Vec<Step>>,
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
            if let (Setting::Choose(_), Some(place), true) = (setting, place, unsent) {
                return Err(At(Fault::SettingUnsent(name), place.span()));
            }
        }
        let Some(place) = &written.login else { return Ok(()) };
        let discoverable = settings.login.values().iter().any(|value| value == "discoverable");
        match sent(Flow::Authenticate, "username") {
            Some(variable) if discoverable && !variable.optional => {
                Err(At(Fault::UsernameDemanded, place.span()))
            }
            None if settings.login.values().len() > 1 => {
                Err(At(Fault::SettingUnsent("login"), place.span()))
            }
            _ => Ok(()),
        }
    }
}

fn header_name(name: &Spanned<String>) -> Checked<HeaderName> {
    HeaderName::from_bytes(name.get_ref().as_bytes())
        .map_err(|_| At(Fault::HeaderName(name.get_ref().clone()), name.span()))
}

/// The first line of a step, or its request line: a whole step is too much to
/// point at.
fn heading(step: &Spanned<document::Step>) -> Range<usize> {
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

fn carries_credential(step: &Step) -> bool {
    variables(step).any(|variable| variable.credential_path().is_some())
}

/// Every variable that a step's request uses.
pub(in crate::target_rp) fn variables(step: &Step) -> impl Iterator<Item = &Variable> {
    let body = match &step.body {
        Body::Empty => Vec::new(),
        Body::Json(value) | Body::Cbor(value) => value.variables(),
        Body::Form(fields) | Body::Multipart(fields) => {
            fields.iter().flat_map(|(_, text)| text.variables()).collect()
        }
        Body::Text(text) => text.variables().collect(),
    };
    let asked: Vec<&Text> = match &step.act {
        Act::Request { address, .. } => vec![address.text()],
        Act::Submit(_) => Vec::new(),
        Act::Mail(to) => vec![to],
        Act::Run(words) => words.iter().collect(),
    };
    step.when
        .iter()
        .chain(&step.unless)
        .chain(asked.into_iter().flat_map(Text::variables))
        .chain(step.query.iter().flat_map(|(_, text)| text.variables()))
        .chain(step.headers.iter().flat_map(|(_, text)| text.variables()))
        .chain(body)
}
