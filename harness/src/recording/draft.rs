//! An adapter written down from what a recording shows.

mod names;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use passrig_authenticator::Ceremony;

use super::find::{CredentialPlace, FoundCeremony, JsonKey, OptionsAt, at, json_path};
use super::har::{HarBody, HarEntry};
use super::secrets::{RecordedSecrets, names_a_secret};
use super::source::{self, CaptureSource};
use super::toml::{key, literal, shown, text};
use super::verdicts::verdicts;
use names::{has_password, is_toml, last_name, of_credential, renames, secret_name, signs_up};

/// An adapter learnt from a recording, and the work that is left.
#[derive(Debug, Default)]
pub struct LearntAdapter {
    /// The adapter file.
    pub text: String,
    /// The findings, a line each.
    pub found: Vec<String>,
    /// The parts that need a look by hand.
    pub doubts: Vec<String>,
}

/// Writes the adapter.
pub(super) fn write(id: &str, entries: &[HarEntry], ceremonies: &[FoundCeremony]) -> LearntAdapter {
    let mut learnt = LearntAdapter::default();
    let home = ceremonies.first().and_then(|first| entries.get(first.finish));
    let Some(home) = home.map(|entry| entry.url.origin()) else { return learnt };
    let (captures, needed) = (BTreeMap::new(), BTreeSet::new());
    let secrets = RecordedSecrets::of(entries);
    let mut draft = AdapterDraft {
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

struct AdapterDraft<'e> {
    entries: &'e [HarEntry],
    home: url::Origin,
    /// Variables that a step captures: step, name, and where the value is.
    captures: BTreeMap<usize, Vec<(String, String)>>,
    /// The steps whose answers the flow that is being written repeats.
    needed: BTreeSet<usize>,
    csrf: Option<(String, String)>,
    secrets: RecordedSecrets,
    /// Variables that stand for secrets: the name, and the secret.
    variables: Vec<(String, String)>,
    /// The parts that an adapter cannot express, a line each.
    left_out: BTreeSet<String>,
}

impl AdapterDraft<'_> {
    fn ceremony(&mut self, found: &FoundCeremony, learnt: &mut LearntAdapter) -> String {
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
        // The request of the finish decides the captures of the steps before it.
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
        learnt: &mut LearntAdapter,
    ) -> String {
        let Some(entry) = self.entries.get(index) else { return String::new() };
        let mut out = self.head(flow, index, entry);
        match &entry.body {
            HarBody::Json(value) => {
                let body = self.value(index, value, &mut Vec::new(), None);
                let _ = writeln!(out, "json = {body}");
            }
            HarBody::Form(fields) => {
                let fields =
                    self.table(fields, |draft, name, value| draft.leaf(index, name, value));
                let _ = writeln!(out, "form = {fields}");
            }
            HarBody::Nothing | HarBody::Other => {}
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

    fn finish(&mut self, found: &FoundCeremony) -> String {
        let Some(entry) = self.entries.get(found.finish) else { return String::new() };
        let flow = match found.ceremony {
            Ceremony::Registration => "register",
            Ceremony::Authentication => "authenticate",
        };
        let mut out = self.head(flow, found.finish, entry);
        let mut renamed = None;
        match (&entry.body, &found.carried) {
            (
                HarBody::Json(value),
                CredentialPlace::Object(place) | CredentialPlace::Text(place),
            ) => {
                renamed = at(value, place).and_then(|credential| renames(&credential));
                let is_text = matches!(found.carried, CredentialPlace::Text(_));
                let place = Some((place.as_slice(), is_text));
                let body = self.value(found.finish, value, &mut Vec::new(), place);
                let _ = writeln!(out, "json = {body}");
            }
            (HarBody::Form(fields), carried) => {
                let fields = self.table(fields, |draft, name, value| match carried {
                    CredentialPlace::Field(field) if field == name => {
                        "\"{{credential}}\"".to_owned()
                    }
                    CredentialPlace::Fields => match of_credential(name) {
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
    fn head(&mut self, flow: &str, index: usize, entry: &HarEntry) -> String {
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

    /// A value of a body as TOML, with variables in the places of what varies.
    fn value(
        &mut self,
        index: usize,
        value: &Value,
        path: &mut Vec<JsonKey>,
        credential: Option<(&[JsonKey], bool)>,
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
                    path.push(JsonKey::Name(name.clone()));
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
                    path.push(JsonKey::Index(at));
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
        let CaptureSource { step, name, capture } =
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
                self.step(flow, *step, None, &mut LearntAdapter::default());
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
    fn accounts(&mut self, ceremonies: &[FoundCeremony], learnt: &mut LearntAdapter) -> String {
        let begins = ceremonies.iter().filter_map(|found| found.begin.as_ref()).map(|(at, _)| *at);
        let first = begins.min().unwrap_or_default();
        let with_password = self.entries.iter().enumerate().take(first).filter(|(_, entry)| {
            has_password(&entry.body) && entry.url.origin() == self.home && entry.status < 400
        });
        let (sign_ups, log_ins): (Vec<usize>, Vec<usize>) = with_password
            .map(|(index, _)| index)
            .partition(|index| self.entries.get(*index).is_some_and(signs_up));
        let mut out = String::new();
        // A user who has signed up may have to sign in before anything else.
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

    fn account(&mut self, flow: &str, own: &[usize], learnt: &mut LearntAdapter) -> String {
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
