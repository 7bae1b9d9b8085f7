//! An adapter written down from what a recording shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use http::HeaderName;
use serde_json::Value;

use passrig_authenticator::Ceremony;

use super::find::{Carried, Found, Key, OptionsAt, at, json_path, member};
use super::har::{Body, Entry};
use super::secrets::{Secrets, names_a_secret};
use super::source::{self, Source};
use super::toml::{key, literal, shown, text};
use super::verdicts::verdicts;
use crate::target::percent;

/// What was learnt, and what is left to do.
#[derive(Debug, Default)]
pub struct Learnt {
    /// The adapter file.
    pub text: String,
    /// What was found, a line each.
    pub found: Vec<String>,
    /// What has to be looked at by hand.
    pub doubts: Vec<String>,
}

/// Writes the adapter.
pub(super) fn write(id: &str, entries: &[Entry], ceremonies: &[Found]) -> Learnt {
    let mut learnt = Learnt::default();
    let home = ceremonies.first().and_then(|first| entries.get(first.finish));
    let Some(home) = home.map(|entry| entry.url.origin()) else { return learnt };
    let (captures, needed) = (BTreeMap::new(), BTreeSet::new());
    let secrets = Secrets::of(entries);
    let mut draft = Draft {
        entries,
        home,
        captures,
        needed,
        csrf: None,
        secrets,
        variables: Vec::new(),
        left_out: BTreeSet::new(),
    };
    let mut flows = String::new();
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        let Some(found) = ceremonies.iter().rev().find(|found| found.ceremony == ceremony) else {
            learnt.doubts.push(format!("the recording has no {ceremony}"));
            continue;
        };
        flows.push_str(&draft.ceremony(found, &mut learnt));
    }
    let accounts = draft.accounts(ceremonies, &mut learnt);
    let named = flows.contains("{{username") || flows.contains("{{email");
    let known = named || ceremonies.iter().any(|found| found.lists_credentials);
    let login = if known { "username" } else { "discoverable" };
    let mode = match (accounts.contains("[[provision]]"), accounts.contains("[[login]]")) {
        (false, true) => {
            "\"pool\"\npool = [{ username = \"ann\", password = \"…\" }] # check: two test accounts"
        }
        // Nobody says who it is: they are all the same one.
        (false, false) if !named => "\"single\"",
        _ => "\"fresh\"",
    };
    let variables = draft.variables(&format!("{accounts}{flows}"), &mut learnt);
    learnt.doubts.extend(std::mem::take(&mut draft.left_out));
    let csrf = draft.csrf.map(|(cookie, header)| {
        learnt.found.push(format!(
            "the token against forgery: cookie {}, header {}",
            shown(&cookie),
            shown(&header)
        ));
        format!("[csrf]\ncookie = {}\nheader = {}\n\n", text(&cookie), text(&header))
    });
    learnt.text = format!(
        "# Learnt from a recording by `passrig adapter from-har`. Look at what is marked\n\
         # `check:`, then run `passrig adapter test`.\n\
         id = {id}\nname = {id}\nstatus = \"untested\"\n{variables}\n\
         [account]\nmode = {mode}\n\n\
         [settings]\nlogin = {{ fixed = \"{login}\" }}\n\n{csrf}{accounts}{flows}",
        id = text(id),
        csrf = csrf.unwrap_or_default(),
    );
    learnt.doubts.push(
        "probes: a recording does not tell how to see who is signed in (`whoami`) and which \
         passkeys there are (`list`); add them, or words decide alone"
            .to_owned(),
    );
    learnt
}

struct Draft<'e> {
    entries: &'e [Entry],
    home: url::Origin,
    /// Variables that a step captures: step, name, and where the value is.
    captures: BTreeMap<usize, Vec<(String, String)>>,
    /// The steps whose answers the flow that is being written repeats.
    needed: BTreeSet<usize>,
    csrf: Option<(String, String)>,
    secrets: Secrets,
    /// Variables that stand for secrets: the name, and the secret.
    variables: Vec<(String, String)>,
    /// What an adapter cannot say, a line each.
    left_out: BTreeSet<String>,
}

impl Draft<'_> {
    fn ceremony(&mut self, found: &Found, learnt: &mut Learnt) -> String {
        let flow = match found.ceremony {
            Ceremony::Registration => "register",
            Ceremony::Authentication => "authenticate",
        };
        let Some((begin, options)) = &found.begin else {
            learnt.doubts.push(format!(
                "{flow}: no answer has the challenge {}; the options are computed elsewhere",
                shown(&found.challenge)
            ));
            return String::new();
        };
        // What the finish sends decides what the steps before it capture.
        self.needed.clear();
        let finish = self.finish(found);
        let mut out = String::new();
        for step in self.closure(flow, &[*begin]) {
            let options = (step == *begin).then_some(options);
            if step < found.finish {
                out.push_str(&self.step(flow, step, options, learnt));
            }
        }
        out.push_str(&finish);
        if let (Some(begin), Some(end)) = (self.entries.get(*begin), self.entries.get(found.finish))
        {
            learnt.found.push(format!(
                "{flow}: options from {} {}, credential to {} {}",
                begin.method,
                self.shown_path(begin),
                end.method,
                self.shown_path(end)
            ));
        }
        out
    }

    fn step(
        &mut self,
        flow: &str,
        index: usize,
        options: Option<&OptionsAt>,
        learnt: &mut Learnt,
    ) -> String {
        let Some(entry) = self.entries.get(index) else { return String::new() };
        let mut out = self.head(flow, index, entry);
        match &entry.body {
            Body::Json(value) => {
                let body = self.value(index, value, &mut Vec::new(), None);
                let _ = writeln!(out, "json = {body}");
            }
            Body::Form(fields) => {
                let fields =
                    self.table(fields, |draft, name, value| draft.leaf(index, name, value));
                let _ = writeln!(out, "form = {fields}");
            }
            Body::Nothing | Body::Other => {}
        }
        if let Some(captures) = self.captures.get(&index) {
            let captures: Vec<String> =
                captures.iter().map(|(name, source)| format!("{name} = {source}")).collect();
            let _ = writeln!(out, "capture = {{ {} }}", captures.join(", "));
        }
        match options {
            Some(OptionsAt::Json(paths)) => {
                let paths: Vec<String> = paths.iter().map(|path| text(&json_path(path))).collect();
                let _ = match paths.as_slice() {
                    [one] => writeln!(out, "options = {one}"),
                    several => writeln!(out, "options = {{ json = [{}] }}", several.join(", ")),
                };
            }
            Some(OptionsAt::Page) => {
                learnt.doubts.push(format!(
                    "{flow}: the options are in a page ({}): write `assemble` with a capture for \
                     each member, or `options = {{ html = …, json = … }}`",
                    self.shown_path(entry)
                ));
                out.push_str("options = \"$\" # check: they are in a page\n");
            }
            None => {}
        }
        out.push('\n');
        out
    }

    fn finish(&mut self, found: &Found) -> String {
        let Some(entry) = self.entries.get(found.finish) else { return String::new() };
        let flow = match found.ceremony {
            Ceremony::Registration => "register",
            Ceremony::Authentication => "authenticate",
        };
        let mut out = self.head(flow, found.finish, entry);
        let mut renamed = None;
        match (&entry.body, &found.carried) {
            (Body::Json(value), Carried::Object(place) | Carried::Text(place)) => {
                renamed = at(value, place).and_then(|credential| renames(&credential));
                let is_text = matches!(found.carried, Carried::Text(_));
                let place = Some((place.as_slice(), is_text));
                let body = self.value(found.finish, value, &mut Vec::new(), place);
                let _ = writeln!(out, "json = {body}");
            }
            (Body::Form(fields), carried) => {
                let fields = self.table(fields, |draft, name, value| match carried {
                    Carried::Field(field) if field == name => "\"{{credential}}\"".to_owned(),
                    Carried::Fields => match of_credential(name) {
                        Some(path) => text(&format!("{{{{credential.{path}}}}}")),
                        None => draft.leaf(found.finish, name, value),
                    },
                    _ => draft.leaf(found.finish, name, value),
                });
                let _ = writeln!(out, "form = {fields}");
            }
            _ => {}
        }
        if let Some(renamed) = renamed {
            let _ = writeln!(out, "credential = {{ rename = {{ {renamed} }} }}");
        }
        out.push_str(&verdicts(entry, &self.secrets));
        out.push('\n');
        out
    }

    /// `[[flow]]` and the request line.
    fn head(&mut self, flow: &str, index: usize, entry: &Entry) -> String {
        let path: Vec<String> =
            entry.url.path().split('/').map(|segment| self.segment(index, segment)).collect();
        let mut out = format!("[[{flow}]]\n");
        let _ =
            writeln!(out, "request = {}", text(&format!("{} {}", entry.method, path.join("/"))));
        let query: Vec<(String, String)> = entry.url.query_pairs().into_owned().collect();
        if !query.is_empty() {
            let query = self.table(&query, |draft, name, value| draft.leaf(index, name, value));
            let _ = writeln!(out, "query = {query}");
        }
        let headers = self.headers(index, entry);
        if !headers.is_empty() {
            let _ = writeln!(out, "headers = {{ {} }}", headers.join(", "));
        }
        out
    }

    /// A part of a path, without the parameters that browsers write there where they have no cookies.
    fn segment(&mut self, index: usize, segment: &str) -> String {
        let mut parts = segment.split(';');
        let first = parts.next().unwrap_or_default();
        let decoded = String::from_utf8_lossy(&percent::decode(first)).into_owned();
        let first = match self.repeated(index, first) {
            Some(variable) => format!("{{{{{variable}}}}}"),
            None if self.secrets.are_in(first) => {
                let variable = self.variable("path_token", &decoded);
                format!("{{{{{variable}}}}}")
            }
            None => first.replace("{{", "{{\"{{\"}}"),
        };
        let is_secret = |part: &str| {
            let name = part.split('=').next().unwrap_or_default();
            names_a_secret(name) || self.secrets.are_in(part)
        };
        let rest: Vec<&str> = parts.filter(|part| !is_secret(part)).collect();
        [&[first.as_str()][..], &rest].concat().join(";")
    }

    /// The path of a request as people may see it.
    fn shown_path(&self, entry: &Entry) -> String {
        let segments = entry.url.path().split('/').map(|segment| {
            let segment = segment.split(';').next().unwrap_or_default();
            if self.secrets.are_in(segment) { "[secret]".to_owned() } else { shown(segment) }
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// An inline table of what each name is given. TOML allows each name once.
    fn table(
        &mut self,
        members: &[(String, String)],
        mut write: impl FnMut(&mut Self, &str, &str) -> String,
    ) -> String {
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for (name, value) in members {
            if self.secrets.are_in(name) {
                self.left_out.insert("a member whose name is a secret was left out".to_owned());
            } else if seen.insert(name) {
                out.push(format!("{} = {}", key(name), write(self, name, value)));
            } else {
                self.left_out
                    .insert(format!("only the first `{}` of several is sent", shown(name)));
            }
        }
        format!("{{ {} }}", out.join(", "))
    }

    /// The variable for a secret that no earlier answer has.
    fn variable(&mut self, name: &str, secret: &str) -> String {
        if let Some((known, _)) = self.variables.iter().find(|(_, known)| known == secret) {
            return known.clone();
        }
        let name = source::variable(name);
        let is_taken = |name: &String| {
            let captured = self.captures.values().flatten().any(|(known, _)| known == name);
            captured || self.variables.iter().any(|(known, _)| known == name)
        };
        let mut names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}_{n}")));
        let name = names.find(|name| !is_taken(name)).unwrap_or(name);
        self.variables.push((name.clone(), secret.to_owned()));
        name
    }

    /// The line that declares the variables that the steps use, and how to set them.
    fn variables(&self, steps: &str, learnt: &mut Learnt) -> String {
        let used = self.variables.iter().map(|(name, _)| name.as_str());
        let used: Vec<&str> =
            used.filter(|name| steps.contains(&format!("{{{{{name}}}}}"))).collect();
        if used.is_empty() {
            return String::new();
        }
        let mut out = String::new();
        for name in &used {
            let line = format!("{name}: the recorded value is a secret; set --var {name}");
            let _ = writeln!(out, "# check: {line}");
            learnt.doubts.push(line);
        }
        let names: Vec<String> = used.iter().map(|name| text(name)).collect();
        let _ = writeln!(out, "variables = [{}]", names.join(", "));
        out
    }

    /// Headers that a browser does not send by itself; a token from a cookie is
    /// one for all requests.
    fn headers(&mut self, index: usize, entry: &Entry) -> Vec<String> {
        let mut headers = Vec::new();
        let mut seen = BTreeSet::new();
        for (name, value) in &entry.headers {
            let is_sendable = HeaderName::from_bytes(name.as_bytes()).is_ok();
            if !is_sendable || self.secrets.are_in(name) || !seen.insert(name) {
                continue;
            }
            let is_own = name.starts_with("x-") || name == "authorization" || name.contains("csrf");
            if !is_own {
                continue;
            }
            let before = self.entries.get(..index).unwrap_or_default();
            if let Some((step, cookie)) = source::cookie(before, value) {
                self.needed.insert(step);
                self.csrf = Some((cookie, name.clone()));
                continue;
            }
            let (scheme, rest) = match value.split_once(' ') {
                Some((scheme @ ("Bearer" | "Basic" | "DPoP" | "Token"), rest))
                    if name == "authorization" =>
                {
                    (format!("{scheme} "), rest)
                }
                _ => (String::new(), value.as_str()),
            };
            let written = match self.repeated(index, rest) {
                Some(variable) => format!("\"{}{{{{{variable}}}}}\"", scheme),
                None if names_a_secret(name) || self.secrets.are_in(value) => {
                    let variable = self.variable(name, value);
                    format!("\"{{{{{variable}}}}}\"")
                }
                None if name == "x-requested-with" => literal(value),
                None => continue,
            };
            headers.push(format!("{} = {written}", key(name)));
        }
        headers
    }

    /// A value of a body as TOML, with variables in the places of what varies.
    fn value(
        &mut self,
        index: usize,
        value: &Value,
        path: &mut Vec<Key>,
        credential: Option<(&[Key], bool)>,
    ) -> String {
        if let Some((place, is_text)) = credential
            && place == path.as_slice()
        {
            return match is_text {
                true => "\"{{credential|text}}\"".to_owned(),
                false => "\"{{credential}}\"".to_owned(),
            };
        }
        match value {
            Value::Object(members) => {
                let mut out = Vec::new();
                for (name, member) in members.iter().filter(|(_, member)| !member.is_null()) {
                    if self.secrets.are_in(name) {
                        self.left_out
                            .insert("a member whose name is a secret was left out".to_owned());
                        continue;
                    }
                    path.push(Key::Name(name.clone()));
                    out.push(format!(
                        "{} = {}",
                        key(name),
                        self.value(index, member, path, credential)
                    ));
                    path.pop();
                }
                format!("{{ {} }}", out.join(", "))
            }
            Value::Array(items) => {
                let mut out = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    if item.is_null() {
                        self.left_out
                            .insert("TOML has no null: an item of a list was left out".to_owned());
                        continue;
                    }
                    path.push(Key::Index(at));
                    out.push(self.value(index, item, path, credential));
                    path.pop();
                }
                format!("[{}]", out.join(", "))
            }
            Value::String(leaf) => {
                let name = secret_name(path).or_else(|| last_name(path)).unwrap_or_default();
                self.leaf(index, name, leaf)
            }
            Value::Number(number) => {
                let number = number.to_string();
                match secret_name(path) {
                    Some(name) => self.leaf(index, name, &number),
                    None if self.secrets.are_in(&number) => self.leaf(index, "number", &number),
                    None if is_toml(&number) => number,
                    None => {
                        let line =
                            format!("{number}: TOML has no such number; it is sent as a text");
                        self.left_out.insert(line);
                        text(&number)
                    }
                }
            }
            other => other.to_string(),
        }
    }

    /// A text of a request: a variable, if it repeats what an answer said, is
    /// somebody's name or a secret; else as it is.
    fn leaf(&mut self, index: usize, name: &str, value: &str) -> String {
        let plain = name.to_ascii_lowercase().replace(['_', '-'], "");
        let known = match plain.as_str() {
            "username" | "user" | "login" | "loginname" | "identifier" => Some("username"),
            "email" | "mail" => Some("email"),
            "displayname" => Some("display_name"),
            "passwd" | "pwd" => Some("password"),
            _ if plain.contains("password") => Some("password"),
            _ => None,
        };
        let is_empty = value.is_empty();
        match known.map(str::to_owned).or_else(|| self.repeated(index, value)) {
            Some(variable) => format!("\"{{{{{variable}}}}}\""),
            None if !is_empty && (names_a_secret(name) || self.secrets.are_in(value)) => {
                let variable = self.variable(name, value);
                format!("\"{{{{{variable}}}}}\"")
            }
            None => literal(value),
        }
    }

    /// The variable that a value can be had from: an earlier answer has it.
    fn repeated(&mut self, index: usize, value: &str) -> Option<String> {
        let Source { step, name, capture } =
            source::find(self.entries.get(..index)?, &self.home, value)?;
        self.needed.insert(step);
        let captures = self.captures.entry(step).or_default();
        if let Some((known, _)) = captures.iter().find(|(_, known)| *known == capture) {
            return Some(known.clone());
        }
        // Two values of an answer may be called the same.
        let taken = captures.iter().filter(|(known, _)| known.starts_with(&name)).count()
            + self.variables.iter().filter(|(known, _)| known.starts_with(&name)).count();
        let name = if taken == 0 { name } else { format!("{name}_{}", taken + 1) };
        captures.push((name.clone(), capture));
        Some(name)
    }

    /// The steps of a flow: these, and those whose answers they repeat, as far as
    /// somebody else may take them again.
    fn closure(&mut self, flow: &str, own: &[usize]) -> Vec<usize> {
        let first = own.first().copied().unwrap_or_default();
        let mut steps: BTreeSet<usize> = own.iter().copied().collect();
        loop {
            for step in &steps {
                // Only for what it needs.
                self.step(flow, *step, None, &mut Learnt::default());
            }
            let before = steps.len();
            let is_get =
                |step: &usize| self.entries.get(*step).is_some_and(|entry| entry.method == "GET");
            steps.extend(self.needed.iter().filter(|step| **step >= first || is_get(step)));
            if steps.len() == before {
                return steps.into_iter().collect();
            }
        }
    }

    /// Requests with a password before the first ceremony: they make an account or
    /// sign in.
    fn accounts(&mut self, ceremonies: &[Found], learnt: &mut Learnt) -> String {
        let begins = ceremonies.iter().filter_map(|found| found.begin.as_ref()).map(|(at, _)| *at);
        let first = begins.min().unwrap_or_default();
        let with_password = self.entries.iter().enumerate().take(first).filter(|(_, entry)| {
            has_password(&entry.body) && entry.url.origin() == self.home && entry.status < 400
        });
        let (sign_ups, log_ins): (Vec<usize>, Vec<usize>) = with_password
            .map(|(index, _)| index)
            .partition(|index| self.entries.get(*index).is_some_and(signs_up));
        let mut out = String::new();
        // Whoever has signed up may have to sign in before anything else.
        if let Some(start) = sign_ups.first() {
            let after = log_ins.iter().filter(|index| *index > start);
            let mut own: Vec<usize> = sign_ups.iter().chain(after).copied().collect();
            own.sort_unstable();
            out.push_str(&self.account("provision", &own, learnt));
        }
        if let Some(last) = log_ins.last() {
            out.push_str(&self.account("login", &[*last], learnt));
        }
        out
    }

    fn account(&mut self, flow: &str, own: &[usize], learnt: &mut Learnt) -> String {
        self.needed.clear();
        let mut out = String::new();
        for step in self.closure(flow, own) {
            out.push_str(&self.step(flow, step, None, learnt));
        }
        let lines = own.iter().filter_map(|step| self.entries.get(*step));
        let lines: Vec<_> =
            lines.map(|entry| format!("{} {}", entry.method, self.shown_path(entry))).collect();
        learnt.found.push(format!("{flow}: {}", lines.join(", ")));
        out
    }
}

/// The outermost name on the way to a value that says that the value is a secret.
fn secret_name(path: &[Key]) -> Option<&str> {
    path.iter().find_map(|key| match key {
        Key::Name(name) if names_a_secret(name) => Some(name.as_str()),
        _ => None,
    })
}

fn last_name(path: &[Key]) -> Option<&str> {
    match path.last() {
        Some(Key::Name(name)) => Some(name),
        _ => None,
    }
}

/// Whether TOML has this number.
fn is_toml(number: &str) -> bool {
    number.parse::<i64>().is_ok() || number.contains(['.', 'e', 'E'])
}

fn has_password(body: &Body) -> bool {
    match body {
        Body::Form(fields) => fields.iter().any(|(name, _)| is_password(name)),
        Body::Json(value) => {
            value.as_object().is_some_and(|members| members.keys().any(|name| is_password(name)))
        }
        Body::Nothing | Body::Other => false,
    }
}

fn signs_up(entry: &Entry) -> bool {
    let path = entry.url.path().to_ascii_lowercase();
    let words = ["sign-up", "signup", "sign_up", "register", "registration", "join"];
    words.iter().any(|word| path.contains(word))
}

fn is_password(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("passw")
}

/// Members of the response that are written otherwise than usual.
fn renames(credential: &Value) -> Option<String> {
    const NAMES: [&str; 5] =
        ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    let renamed: Vec<String> = NAMES
        .into_iter()
        .filter_map(|name| {
            let (written, _) = member(credential, name)?;
            (written != name).then(|| format!("\"response.{name}\" = {}", text(written)))
        })
        .collect();
    (!renamed.is_empty()).then(|| renamed.join(", "))
}

/// The member of a credential that a form's field is called after.
fn of_credential(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "id" | "credentialid" | "publickeycredentialid" => "id",
        "rawid" => "rawId",
        "type" => "type",
        "clientdatajson" => "response.clientDataJSON",
        "attestationobject" => "response.attestationObject",
        "authenticatordata" => "response.authenticatorData",
        "signature" => "response.signature",
        "userhandle" => "response.userHandle",
        _ => return None,
    })
}
