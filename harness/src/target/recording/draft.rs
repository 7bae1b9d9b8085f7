//! An adapter written down from what a recording shows.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use passrig_authenticator::Ceremony;

use super::find::{Carried, Found, Key, OptionsAt, json_path, member, visit};
use super::har::{Body, Entry};

/// Values that are shorter may be the same by chance.
const TELLING: usize = 8;

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
    let mut draft = Draft { entries, home, steps: BTreeMap::new(), csrf: None };
    let mut flows = String::new();
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        let Some(found) = ceremonies.iter().rev().find(|found| found.ceremony == ceremony) else {
            learnt.doubts.push(format!("the recording has no {ceremony}"));
            continue;
        };
        flows.push_str(&draft.ceremony(found, &mut learnt));
    }
    let accounts = draft.accounts(ceremonies, &mut learnt);
    let discoverable = !flows.contains("{{username") && !flows.contains("{{email");
    let login = if discoverable { "discoverable" } else { "username" };
    let csrf = draft.csrf.map(|(cookie, header)| {
        learnt.found.push(format!("the token against forgery: cookie {cookie}, header {header}"));
        format!("[csrf]\ncookie = {}\nheader = {}\n\n", text(&cookie), text(&header))
    });
    learnt.text = format!(
        "# Learnt from a recording by `passrig adapter from-har`. Look at what is marked\n\
         # `check:`, then run `passrig adapter test`.\n\
         id = {id}\nname = {id}\nstatus = \"untested\"\n\n\
         [account]\nmode = {mode}\n\n\
         [settings]\nlogin = {{ fixed = \"{login}\" }}\n\n{csrf}{accounts}{flows}",
        id = text(id),
        mode = if accounts.contains("[[login]]") {
            "\"pool\"\npool = [{ username = \"ann\", password = \"…\" }] # check: two test accounts"
        } else {
            "\"fresh\""
        },
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
    steps: BTreeMap<usize, Vec<(String, String)>>,
    csrf: Option<(String, String)>,
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
                found.challenge
            ));
            return String::new();
        };
        // What the finish sends decides what the steps before it capture.
        let finish = self.finish(found);
        let mut steps = self.between(*begin, found.finish, flow);
        let first = steps.first().copied().unwrap_or(*begin);
        let mut out = String::new();
        steps.retain(|step| *step > first || *step == *begin);
        for step in &steps {
            let options = (*step == *begin).then_some(options);
            out.push_str(&self.step(flow, *step, options, learnt));
        }
        out.push_str(&finish);
        if let (Some(begin), Some(end)) = (self.entries.get(*begin), self.entries.get(found.finish))
        {
            learnt.found.push(format!(
                "{flow}: options from {} {}, credential to {} {}",
                begin.method,
                begin.url.path(),
                end.method,
                end.url.path()
            ));
        }
        out
    }

    /// The steps that a ceremony needs: the one with the options, and those whose
    /// answers a later one repeats.
    fn between(&self, begin: usize, finish: usize, _: &str) -> Vec<usize> {
        let captured = self.steps.range(..finish).map(|(step, _)| *step);
        let mut steps: Vec<usize> = captured.filter(|step| *step >= begin).collect();
        steps.push(begin);
        steps.sort_unstable();
        steps.dedup();
        steps
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
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| {
                        format!("{} = {}", key(name), self.leaf(index, name, value))
                    })
                    .collect();
                let _ = writeln!(out, "form = {{ {} }}", fields.join(", "));
            }
            Body::Nothing | Body::Other => {}
        }
        if let Some(captures) = self.steps.get(&index) {
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
                    entry.url.path()
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
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| {
                        let value = match carried {
                            Carried::Field(field) if field == name => {
                                "\"{{credential}}\"".to_owned()
                            }
                            Carried::Fields => match of_credential(name) {
                                Some(path) => text(&format!("{{{{credential.{path}}}}}")),
                                None => self.leaf(found.finish, name, value),
                            },
                            _ => self.leaf(found.finish, name, value),
                        };
                        format!("{} = {value}", key(name))
                    })
                    .collect();
                let _ = writeln!(out, "form = {{ {} }}", fields.join(", "));
            }
            _ => {}
        }
        if let Some(renamed) = renamed {
            let _ = writeln!(out, "credential = {{ rename = {{ {renamed} }} }}");
        }
        out.push_str(&verdicts(entry));
        out.push('\n');
        out
    }

    /// `[[flow]]` and the request line.
    fn head(&mut self, flow: &str, index: usize, entry: &Entry) -> String {
        let path: Vec<String> = entry
            .url
            .path()
            .split('/')
            .map(|segment| match self.repeated(index, segment) {
                Some(variable) => format!("{{{{{variable}}}}}"),
                None => segment.to_owned(),
            })
            .collect();
        let mut out = format!("[[{flow}]]\n");
        let _ =
            writeln!(out, "request = {}", text(&format!("{} {}", entry.method, path.join("/"))));
        let query: Vec<String> = entry
            .url
            .query_pairs()
            .map(|(name, value)| format!("{} = {}", key(&name), self.leaf(index, &name, &value)))
            .collect();
        if !query.is_empty() {
            let _ = writeln!(out, "query = {{ {} }}", query.join(", "));
        }
        let headers = self.headers(index, entry);
        if !headers.is_empty() {
            let _ = writeln!(out, "headers = {{ {} }}", headers.join(", "));
        }
        out
    }

    /// Headers that a browser does not send by itself; a token from a cookie is
    /// one for all requests.
    fn headers(&mut self, index: usize, entry: &Entry) -> Vec<String> {
        let mut headers = Vec::new();
        for (name, value) in &entry.headers {
            let is_own = name.starts_with("x-") || name == "authorization" || name.contains("csrf");
            if !is_own {
                continue;
            }
            let cookie = self.entries.iter().take(index).flat_map(Entry::sets_cookies);
            let cookie = cookie.into_iter().find(|(_, set)| same_text(set, value));
            if let Some((cookie, _)) = cookie {
                self.csrf = Some((cookie.to_owned(), name.clone()));
                continue;
            }
            let bearer = value.strip_prefix("Bearer ");
            match self.repeated(index, bearer.unwrap_or(value)) {
                Some(variable) if bearer.is_some() => {
                    headers.push(format!("{name} = \"Bearer {{{{{variable}}}}}\""));
                }
                Some(variable) => headers.push(format!("{name} = \"{{{{{variable}}}}}\"")),
                None if name.starts_with("x-requested") => {
                    headers.push(format!("{name} = {}", text(value)));
                }
                None => {}
            }
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
                    path.push(Key::Index(at));
                    out.push(self.value(index, item, path, credential));
                    path.pop();
                }
                format!("[{}]", out.join(", "))
            }
            Value::String(leaf) => {
                let name = match path.last() {
                    Some(Key::Name(name)) => name.clone(),
                    _ => String::new(),
                };
                self.leaf(index, &name, leaf)
            }
            other => other.to_string(),
        }
    }

    /// A text of a request: a variable, if it repeats what an answer said or is
    /// somebody's name; else as it is.
    fn leaf(&mut self, index: usize, name: &str, value: &str) -> String {
        let plain = name.to_ascii_lowercase().replace(['_', '-'], "");
        let known = match plain.as_str() {
            "username" | "user" | "login" | "loginname" | "identifier" => Some("username"),
            "email" | "mail" => Some("email"),
            "password" | "passwd" | "passwordconfirm" | "password1" | "password2" => {
                Some("password")
            }
            "displayname" => Some("display_name"),
            _ => None,
        };
        match known.map(str::to_owned).or_else(|| self.repeated(index, value)) {
            Some(variable) => format!("\"{{{{{variable}}}}}\""),
            None => text(value),
        }
    }

    /// The variable that a value can be had from: an earlier answer has it.
    fn repeated(&mut self, index: usize, value: &str) -> Option<String> {
        if value.len() < TELLING {
            return None;
        }
        let earlier = self.entries.iter().enumerate().take(index).rev();
        let found = earlier.filter(|(_, entry)| entry.url.origin() == self.home).find_map(
            |(step, entry)| {
                let path = place_of(&entry.json()?, value)?;
                let name = match path.iter().rev().find_map(|key| match key {
                    Key::Name(name) => Some(name),
                    Key::Index(_) => None,
                }) {
                    Some(name) => snake(name),
                    None => "value".to_owned(),
                };
                Some((step, name, text(&json_path(&path))))
            },
        );
        let (step, name, source) = found?;
        let captures = self.steps.entry(step).or_default();
        if !captures.iter().any(|(known, _)| *known == name) {
            captures.push((name.clone(), source));
        }
        Some(name)
    }

    /// Requests with a password before the first ceremony: they make an account or
    /// sign in.
    fn accounts(&mut self, ceremonies: &[Found], learnt: &mut Learnt) -> String {
        let first = ceremonies.iter().filter_map(|found| found.begin.as_ref()).map(|(at, _)| *at);
        let Some(first) = first.min() else { return String::new() };
        let mut out = String::new();
        for index in 0..first {
            let Some(entry) = self.entries.get(index) else { continue };
            let has_password = match &entry.body {
                Body::Form(fields) => fields.iter().any(|(name, _)| is_password(name)),
                Body::Json(value) => value
                    .as_object()
                    .is_some_and(|members| members.keys().any(|name| is_password(name))),
                Body::Nothing | Body::Other => false,
            };
            if !has_password || entry.url.origin() != self.home || entry.status >= 400 {
                continue;
            }
            let path = entry.url.path().to_ascii_lowercase();
            let signs_up = ["sign-up", "signup", "sign_up", "register", "registration", "join"];
            let flow = match signs_up.iter().any(|word| path.contains(word)) {
                true => "provision",
                false => "login",
            };
            learnt.found.push(format!("{flow}: {} {}", entry.method, entry.url.path()));
            out.push_str(&self.step(flow, index, None, learnt));
        }
        out
    }
}

fn is_password(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("passw")
}

/// What the answer to an honest credential looked like, and what others may.
fn verdicts(entry: &Entry) -> String {
    let status = entry.status;
    let flag = entry.json().and_then(|body| {
        ["verified", "ok", "success", "status"].into_iter().find_map(|name| {
            let value = body.get(name).filter(|value| value.is_boolean() || value.is_string())?;
            Some((name, value.clone()))
        })
    });
    let refused = "{ status = [400, 401, 403, 404, 409, 422] }";
    match (flag, entry.answer_header("location")) {
        (Some((name, value)), _) => {
            let other = match value {
                Value::Bool(true) => {
                    format!(", {{ status = [{status}], json = \"$.{name}\", equals = false }}")
                }
                _ => String::new(),
            };
            format!(
                "accepted = [{{ status = [{status}], json = \"$.{name}\", equals = {value} }}]\n\
                 refused = [{refused}{other}] # check: what does a refusal look like?\n"
            )
        }
        (None, Some(location)) if (300..400).contains(&status) => {
            let place = location.split('?').next().unwrap_or_default();
            let place = place.rsplit_once("://").map_or(place, |(_, rest)| {
                rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
            });
            format!(
                "accepted = [{{ status = [{status}], header = \"location\", contains = {} }}]\n\
                 refused = [{refused}] # check: what does a refusal look like?\n",
                text(place)
            )
        }
        _ => format!(
            "accepted = [{{ status = [{status}] }}]\n\
             refused = [{refused}] # check: what does a refusal look like?\n"
        ),
    }
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

fn at(value: &Value, path: &[Key]) -> Option<Value> {
    let mut found = value;
    for key in path {
        found = match key {
            Key::Name(name) => found.get(name)?,
            Key::Index(index) => found.get(index)?,
        };
    }
    match found {
        Value::String(inner) => serde_json::from_str(inner).ok(),
        other => Some(other.clone()),
    }
}

/// Where an answer has this text.
fn place_of(body: &Value, wanted: &str) -> Option<Vec<Key>> {
    let mut place = None;
    visit(body, &mut Vec::new(), &mut |path, value| {
        if place.is_none() && value.as_str() == Some(wanted) {
            place = Some(path.to_vec());
        }
    });
    place
}

/// Cookies may be percent-encoded.
fn same_text(cookie: &str, value: &str) -> bool {
    let decoded = url::form_urlencoded::parse(format!("x={cookie}").as_bytes())
        .next()
        .map(|(_, decoded)| decoded.into_owned());
    value.len() >= TELLING && (cookie == value || decoded.as_deref() == Some(value))
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_uppercase() => {
                out.extend((!out.is_empty()).then_some('_'));
                out.push(c.to_ascii_lowercase());
            }
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ => out.push('_'),
        }
    }
    // What a variable of ours is called is not to be hidden.
    match out.as_str() {
        "username" | "email" | "password" | "credential" | "origin" => format!("their_{out}"),
        _ => out,
    }
}

/// A text as TOML has it, which is as JSON has it but for some escapes.
fn text(value: &str) -> String {
    toml_edit::Value::from(value).to_string()
}

fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => text(name),
    }
}
