//! From what is written to what is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use http::{HeaderName, Method};
use serde_json::Value as JsonValue;
use toml::Spanned;

use passrig_authenticator::wire::Json;

use super::document::{self, Document, Node};
use super::{
    Account, Body, Capture, Change, Condition, Csrf, CsrfSource, Edit, Fault, Finish, Flow,
    Mistake, Mode, Profile, Query, Role, Setting, Settings, Source, StatusMatch, Step, Text, Value,
    Variable,
};

const USER_VERIFICATION: [&str; 3] = ["required", "preferred", "discouraged"];
const ATTESTATION: [&str; 4] = ["none", "indirect", "direct", "enterprise"];
const LOGIN: [&str; 2] = ["username", "discoverable"];

/// Variables that a caller or the harness sets.
const INPUTS: [&str; 8] = [
    "username",
    "display_name",
    "email",
    "password",
    "user_id",
    "origin",
    "setting.user_verification",
    "setting.attestation",
];
/// Variables of `remove`.
const REMOVAL: [&str; 2] = ["credential_id", "record_id"];

pub(super) fn profile(file: &str, text: &str) -> Result<Profile, Box<Mistake>> {
    let checked = parse(text).and_then(|document| {
        let names = Names::of(&document)?;
        Checker { names }.profile(document)
    });
    checked.map_err(|At(fault, span)| Box::new(Mistake::new(fault, span, file, &Arc::from(text))))
}

/// A fault and its place.
struct At(Fault, Range<usize>);

type Checked<T> = Result<T, At>;

fn parse(text: &str) -> Checked<Document> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        At(unknown_field(error.message()), span)
    })
}

/// The parser says which field it does not know in prose only.
fn unknown_field(message: &str) -> Fault {
    let quoted = |text: &str| -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let head = message.lines().next().unwrap_or_default();
    if let Some((found, known)) =
        head.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected"))
        && let Some(name) = quoted(found).pop()
    {
        return Fault::UnknownField { name, known: quoted(known) };
    }
    Fault::Toml(head.to_owned())
}

/// The variables that exist somewhere in the adapter.
struct Names(BTreeSet<String>);

impl Names {
    fn of(document: &Document) -> Checked<Self> {
        let mut names: BTreeSet<String> = INPUTS.iter().map(|name| (*name).to_owned()).collect();
        for (_, steps) in flows(document) {
            for name in steps.iter().flat_map(|step| step.get_ref().capture.keys()) {
                let text = name.get_ref();
                let fixed = INPUTS.contains(&text.as_str())
                    || REMOVAL.contains(&text.as_str())
                    || text.split('.').next() == Some("credential");
                if fixed {
                    return Err(At(Fault::CaptureName(text.clone()), name.span()));
                }
                if Text::parse(&format!("{{{{{text}}}}}")).is_err() {
                    return Err(At(Fault::VariableName(text.clone()), name.span()));
                }
                names.insert(text.clone());
            }
        }
        Ok(Self(names))
    }
}

fn flows(document: &Document) -> [(Flow, &Vec<Spanned<document::Step>>); 8] {
    [
        (Flow::Provision, &document.provision),
        (Flow::Login, &document.login),
        (Flow::Register, &document.register),
        (Flow::Authenticate, &document.authenticate),
        (Flow::List, &document.list),
        (Flow::Remove, &document.remove),
        (Flow::Whoami, &document.whoami),
        (Flow::Logout, &document.logout),
    ]
}

struct Checker {
    names: Names,
}

impl Checker {
    fn profile(&self, document: Document) -> Checked<Profile> {
        let settings = settings(&document.settings)?;
        let mut checked = BTreeMap::new();
        for (flow, steps) in flows(&document) {
            checked.insert(flow, self.flow(flow, steps)?);
        }
        self.settings_are_sent(&document, &settings, &checked)?;
        Ok(Profile {
            account: document.account.as_ref().map_or(Ok(Account::default()), account)?,
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
            settings,
            flows: checked,
        })
    }

    fn flow(&self, flow: Flow, steps: &[Spanned<document::Step>]) -> Checked<Vec<Step>> {
        let mut checked = Vec::new();
        let mut options = None;
        let mut credential = None;
        for (index, spanned) in steps.iter().enumerate() {
            let step = self.step(flow, spanned)?;
            let (place, second) = match &step.role {
                Role::Options(_) => (&mut options, Fault::TwoOptions(flow)),
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
        let (method, path) = self.request_line(flow, &step.request)?;
        let body = match (&step.json, &step.form) {
            (Some(_), Some(form)) => return Err(At(Fault::TwoBodies, form.span())),
            (Some(node), None) => Body::Json(self.value(flow, node)?),
            (None, Some(form)) => Body::Form(self.texts(flow, form.get_ref())?),
            (None, None) => Body::Empty,
        };
        let mut headers = Vec::new();
        for (name, value) in &step.headers {
            headers.push((header_name(name)?, self.text(flow, value)?));
        }
        let mut captures = Vec::new();
        for (name, source) in &step.capture {
            let source = match source.get_ref() {
                document::Source::Status => Source::Status,
                document::Source::Header(name) => Source::Header(name.to_lowercase()),
                document::Source::Cookie(name) => Source::Cookie(name.clone()),
                document::Source::Json(path) => Source::Json(query(path)?),
            };
            captures.push(Capture { name: name.get_ref().clone(), source });
        }
        let mut checked = Step {
            method,
            path,
            line: step.request.get_ref().clone(),
            query: self.texts(flow, &step.query)?,
            headers,
            body,
            follow: step.follow,
            captures,
            role: Role::Prepare(Vec::new()),
        };
        checked.role = role(flow, spanned, carries_credential(&checked))?;
        Ok(checked)
    }

    fn request_line(&self, flow: Flow, line: &Spanned<String>) -> Checked<(Method, Text)> {
        let wrong = || At(Fault::RequestLine(line.get_ref().clone()), line.span());
        let (method, path) = line.get_ref().split_once(' ').ok_or_else(wrong)?;
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let path = path.trim();
        if !known.contains(&method) || !path.starts_with('/') {
            return Err(wrong());
        }
        let text = self.template(flow, path, &line.span())?;
        if text.variables().any(|variable| variable.optional) {
            return Err(At(Fault::OptionalPath, line.span()));
        }
        Ok((Method::from_bytes(method.as_bytes()).map_err(|_| wrong())?, text))
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
                    let known = self.names.0.iter().cloned().collect();
                    let name = variable.get_ref().clone();
                    return Err(At(Fault::UnknownVariable { name, known }, variable.span()));
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

fn role(flow: Flow, spanned: &Spanned<document::Step>, carries_credential: bool) -> Checked<Role> {
    let step = spanned.get_ref();
    let misplaced = |field, span: Option<Range<usize>>, belongs| match span {
        Some(span) => Err(At(Fault::Misplaced { field, belongs }, span)),
        None => Ok(()),
    };
    let span = |place: &Option<Spanned<String>>| place.as_ref().map(Spanned::span);
    if flow != Flow::Whoami {
        let signed_in = step.signed_in.as_ref().map(Spanned::span);
        misplaced("signed_in", signed_in, "`whoami`")?;
        misplaced("user", span(&step.user), "`whoami`")?;
    }
    if flow != Flow::List {
        misplaced("credential_ids", span(&step.credential_ids), "`list`")?;
        misplaced("record_ids", span(&step.record_ids), "`list`")?;
    }
    if !flow.is_ceremony() {
        misplaced("options", span(&step.options), "`register` and `authenticate`")?;
    }
    if !carries_credential {
        let belongs = "the step that carries the credential";
        misplaced("credential", step.credential.as_ref().map(Spanned::span), belongs)?;
        misplaced("accepted", step.accepted.as_ref().map(Spanned::span), belongs)?;
        misplaced("refused", step.refused.as_ref().map(Spanned::span), belongs)?;
    }
    let expect = step.expect.as_ref();
    let other = carries_credential || step.signed_in.is_some();
    if let (true, Some(expect)) = (other, expect) {
        return misplaced("expect", Some(expect.span()), "steps that prepare others")
            .map(|()| Role::Prepare(Vec::new()));
    }
    if carries_credential {
        let finish = finish(spanned)?;
        misplaced("options", span(&step.options), "a step before this one")?;
        return Ok(Role::Credential(finish));
    }
    if let Some(path) = &step.options {
        return Ok(Role::Options(query(path)?));
    }
    if let Some(signed_in) = &step.signed_in {
        let user = step.user.as_ref().map(query).transpose()?;
        return Ok(Role::Whoami { signed_in: condition(signed_in)?, user });
    }
    if let Some(ids) = &step.credential_ids {
        let record_ids = step.record_ids.as_ref().map(query).transpose()?;
        return Ok(Role::List { credential_ids: query(ids)?, record_ids });
    }
    Ok(Role::Prepare(conditions(expect.map(Spanned::get_ref))?))
}

fn finish(spanned: &Spanned<document::Step>) -> Checked<Finish> {
    let step = spanned.get_ref();
    let missing = |name| At(Fault::NoConditions(name), heading(spanned));
    let some = |list: &&Spanned<Vec<_>>| !list.get_ref().is_empty();
    let accepted = step.accepted.as_ref().filter(some).ok_or_else(|| missing("accepted"))?;
    let refused = step.refused.as_ref().filter(some).ok_or_else(|| missing("refused"))?;
    let mut edits = Vec::new();
    if let Some(credential) = &step.credential {
        let credential = credential.get_ref();
        let names = |path: &Spanned<String>| path.get_ref().split('.').map(str::to_owned).collect();
        for path in &credential.drop {
            edits.push(Edit { path: names(path), change: Change::Drop });
        }
        for (path, value) in &credential.set {
            edits.push(Edit { path: names(path), change: Change::Set(Json::from(&plain(value))) });
        }
        // Last, so that every path above is written with the usual names.
        // Deeper members first, for the same reason.
        let mut renames: Vec<_> = credential.rename.iter().collect();
        renames.sort_by_key(|(path, _)| std::cmp::Reverse(path.get_ref().matches('.').count()));
        for (path, name) in renames {
            edits.push(Edit { path: names(path), change: Change::Rename(name.clone()) });
        }
    }
    Ok(Finish {
        edits,
        accepted: conditions(Some(accepted.get_ref()))?,
        refused: conditions(Some(refused.get_ref()))?,
    })
}

fn conditions(list: Option<&Vec<Spanned<document::Condition>>>) -> Checked<Vec<Condition>> {
    list.into_iter().flatten().map(condition).collect()
}

fn condition(spanned: &Spanned<document::Condition>) -> Checked<Condition> {
    let written = spanned.get_ref();
    let incomplete =
        |field, needs, span| Err(At(Fault::ConditionIncomplete { field, needs }, span));
    if let (Some(equals), None) = (&written.equals, &written.json) {
        return incomplete("equals", "json", equals.span());
    }
    if let (Some(contains), None) = (&written.contains, &written.header) {
        return incomplete("contains", "header", contains.span());
    }
    let mut status = Vec::new();
    for node in written.status.iter().flatten() {
        status.push(status_match(node)?);
    }
    let json = match &written.json {
        Some(path) => Some((query(path)?, written.equals.as_ref().map(plain))),
        None => None,
    };
    let header = match &written.header {
        Some(name) => {
            let contains = written.contains.as_ref().map(|text| text.get_ref().clone());
            Some((header_name(name)?.to_string(), contains))
        }
        None => None,
    };
    let condition = Condition { status, json, header, body: written.body.clone() };
    let empty = condition.status.is_empty()
        && condition.json.is_none()
        && condition.header.is_none()
        && condition.body.as_ref().is_none_or(String::is_empty);
    if empty {
        return Err(At(Fault::EmptyCondition, spanned.span()));
    }
    Ok(condition)
}

fn status_match(node: &Spanned<Node>) -> Checked<StatusMatch> {
    let (found, parsed) = match node.get_ref() {
        Node::Number(number) => {
            let code = number.as_u64().and_then(|code| u16::try_from(code).ok());
            let valid = code.filter(|code| (100..600).contains(code));
            (number.to_string(), valid.map(StatusMatch::Code))
        }
        Node::Text(text) => {
            let class = text.strip_suffix("xx").and_then(|digit| digit.parse().ok());
            let valid = class.filter(|class| (1..6).contains(class));
            (text.clone(), valid.map(StatusMatch::Class))
        }
        _ => ("this".to_owned(), None),
    };
    parsed.ok_or_else(|| At(Fault::HttpStatus(found), node.span()))
}

fn settings(written: &document::Settings) -> Checked<Settings> {
    let user_verification = written.user_verification.as_ref();
    let attestation = written.attestation.as_ref();
    let login = written.login.as_ref();
    Ok(Settings {
        user_verification: setting("user_verification", user_verification, &USER_VERIFICATION)?,
        attestation: setting("attestation", attestation, &ATTESTATION)?,
        login: setting("login", login, &LOGIN)?,
    })
}

fn setting(
    name: &'static str,
    written: Option<&Spanned<document::Setting>>,
    known: &[&str],
) -> Checked<Setting> {
    let Some(spanned) = written else { return Ok(Setting::Observed) };
    let value = |value: &Spanned<String>| {
        let found = value.get_ref().clone();
        if known.contains(&found.as_str()) {
            return Ok(found);
        }
        let known = known.iter().map(|known| (*known).to_owned()).collect();
        Err(At(Fault::SettingValue { setting: name, found, known }, value.span()))
    };
    match (&spanned.get_ref().choose, &spanned.get_ref().fixed) {
        (Some(values), None) if !values.is_empty() => {
            Ok(Setting::Choose(values.iter().map(value).collect::<Checked<_>>()?))
        }
        (None, Some(fixed)) => Ok(Setting::Fixed(value(fixed)?)),
        _ => Err(At(Fault::SettingForm, spanned.span())),
    }
}

fn account(spanned: &Spanned<document::Account>) -> Checked<Account> {
    let written = spanned.get_ref();
    let fault = match (written.mode, written.pool.len()) {
        (Mode::Pool, 0) => Some("a pool has at least one account"),
        (Mode::Fresh, 1..) => Some("fresh accounts are made, not listed"),
        (Mode::Single, 2..) => Some("`single` means one account"),
        _ => None,
    };
    if let Some(text) = fault {
        return Err(At(Fault::Accounts(text), spanned.span()));
    }
    let mut pool = Vec::new();
    for account in &written.pool {
        let mut inputs = BTreeMap::new();
        for (name, value) in account {
            let known: Vec<String> = INPUTS.iter().take(5).map(|name| (*name).to_owned()).collect();
            if !known.contains(name.get_ref()) {
                let name_found = name.get_ref().clone();
                return Err(At(Fault::UnknownField { name: name_found, known }, name.span()));
            }
            inputs.insert(name.get_ref().clone(), value.clone());
        }
        pool.push(inputs);
    }
    Ok(Account { mode: written.mode, max_credentials: written.max_credentials, pool })
}

fn query(path: &Spanned<String>) -> Checked<Query> {
    Query::parse(path.get_ref()).map_err(|error| {
        let rest = path.get_ref().get(error.position()..).unwrap_or_default();
        At(Fault::JsonPath(rest.to_owned()), path.span())
    })
}

fn header_name(name: &Spanned<String>) -> Checked<HeaderName> {
    HeaderName::from_bytes(name.get_ref().as_bytes())
        .map_err(|_| At(Fault::HeaderName(name.get_ref().clone()), name.span()))
}

/// The first line of a step, or its request line: a whole step is too much to
/// point at.
fn heading(step: &Spanned<document::Step>) -> Range<usize> {
    step.get_ref().request.span()
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
fn variables(step: &Step) -> impl Iterator<Item = &Variable> {
    let body = match &step.body {
        Body::Empty => Vec::new(),
        Body::Json(value) => value.variables(),
        Body::Form(fields) => fields.iter().flat_map(|(_, text)| text.variables()).collect(),
    };
    step.path
        .variables()
        .chain(step.query.iter().flat_map(|(_, text)| text.variables()))
        .chain(step.headers.iter().flat_map(|(_, text)| text.variables()))
        .chain(body)
}
