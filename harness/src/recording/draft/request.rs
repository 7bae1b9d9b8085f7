//! The parts of a request that can hold a secret.

use std::collections::BTreeSet;
use std::fmt::Write;

use http::HeaderName;
use percent_encoding::percent_decode_str;

use super::super::har::HarEntry;
use super::super::secrets::names_a_secret;
use super::super::source;
use super::super::toml::{key, literal, shown, text};
use super::{AdapterDraft, LearntAdapter};

impl AdapterDraft<'_> {
    /// A part of a path, without the parameters that browsers write there where they have no cookies.
    pub(super) fn segment(&mut self, index: usize, segment: &str) -> String {
        let mut parts = segment.split(';');
        let first = parts.next().unwrap_or_default();
        let decoded = percent_decode_str(first).decode_utf8_lossy().into_owned();
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
    pub(super) fn shown_path(&self, entry: &HarEntry) -> String {
        let segments = entry.url.path().split('/').map(|segment| {
            let segment = segment.split(';').next().unwrap_or_default();
            if self.secrets.are_in(segment) { "[secret]".to_owned() } else { shown(segment) }
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// An inline table of what each name is given. TOML allows each name once.
    pub(super) fn table(
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
    pub(super) fn variable(&mut self, name: &str, secret: &str) -> String {
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
    pub(super) fn variables(&self, steps: &str, learnt: &mut LearntAdapter) -> String {
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
    pub(super) fn headers(&mut self, index: usize, entry: &HarEntry) -> Vec<String> {
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
}
