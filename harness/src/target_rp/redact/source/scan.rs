//! Finds the values of secret names in a text that may be broken TOML or JSON.

use std::ops::Range;

use super::super::names::names_a_secret;

/// The places of the values, none of which splits a character.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    Scanner::new(text, 0..text.len(), false, &mut found).scan();
    found
}

/// A table, an array, or the part of a file below a header.
#[derive(Clone, Copy, Default)]
struct TomlScope {
    /// Every value in it is secret.
    is_secret: bool,
    is_array: bool,
    names: NameMeaning,
}

/// The meaning of names in a scope.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum NameMeaning {
    /// Names can name secrets.
    #[default]
    Usual,
    /// Values are names and places, not secrets.
    Places,
    /// `token` is the path of an endpoint.
    Oidc,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    /// The text is the content of a string or a comment, which can be a form, a URL or JSON.
    is_inner: bool,
    header: TomlScope,
    open: Vec<TomlScope>,
    /// The parts of a dotted key so far.
    key: Vec<&'a str>,
    /// True if the value of the name before is secret; unknown where no name stands before.
    value: Option<bool>,
    /// The scope of the table that follows a name.
    next: NameMeaning,
    found: &'a mut Vec<Range<usize>>,
}

impl<'a> Scanner<'a> {
    fn new(
        text: &'a str,
        range: Range<usize>,
        is_inner: bool,
        found: &'a mut Vec<Range<usize>>,
    ) -> Self {
        Self {
            text,
            at: range.start,
            end: range.end,
            is_inner,
            header: TomlScope::default(),
            open: Vec::new(),
            key: Vec::new(),
            value: None,
            next: NameMeaning::Usual,
            found,
        }
    }

    fn scan(mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\n' => {
                    if self.value == Some(false) {
                        self.value = None;
                    }
                    self.at += 1;
                }
                '{' if template(self.rest()).is_some() => {
                    self.at += template(self.rest()).unwrap_or(1);
                }
                '[' if self.is_header() => self.header(),
                '{' | '[' => self.enter(c == '['),
                '}' | ']' => {
                    // A sign that closes nothing is a mistake.
                    let closed = self.open.pop_if(|scope| scope.is_array == (c == ']'));
                    self.separate();
                    if closed.is_some_and(|scope| scope.is_secret) && !self.scope().is_secret {
                        self.tail();
                    }
                }
                ',' => self.separate(),
                '#' if !self.is_inner => {
                    let line = self.at + 1..self.line_end();
                    self.at = line.end;
                    match self.value == Some(true) || self.scope().is_secret {
                        true => self.mask(line),
                        false => self.inner(line),
                    }
                }
                '"' | '\'' => self.string(c),
                c if self.is_word(c) => self.word(),
                c => self.at += c.len_utf8(),
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn line_end(&self) -> usize {
        self.at + self.rest().find('\n').unwrap_or(self.rest().len())
    }

    fn scope(&self) -> TomlScope {
        self.open.last().copied().unwrap_or(self.header)
    }

    fn separate(&mut self) {
        self.at += 1;
        self.value = None;
        self.key.clear();
    }

    fn enter(&mut self, is_array: bool) {
        let scope = self.scope();
        let is_secret = self.value.unwrap_or(scope.is_secret);
        let names = if self.next == NameMeaning::Usual { scope.names } else { self.next };
        self.next = NameMeaning::Usual;
        self.open.push(TomlScope { is_secret, is_array, names });
        self.separate();
    }

    /// True if a header of TOML begins here.
    fn is_header(&self) -> bool {
        let before = self.text.get(..self.at).unwrap_or_default();
        let before = before.rsplit('\n').next().unwrap_or_default();
        let line = self.rest().lines().next().unwrap_or_default();
        let inner = line.trim_start_matches('[').split(']').next().unwrap_or_default();
        // An array that is not closed ends at a header.
        let is_bare = inner.starts_with(|c: char| c.is_ascii_alphabetic())
            && !inner.contains(['"', '\''])
            && !matches!(inner, "true" | "false" | "null");
        !self.is_inner
            && (self.open.is_empty() || is_bare)
            && before.trim().is_empty()
            && line.contains(']')
            && !inner.contains(['{', ',', '=', ':'])
    }

    fn header(&mut self) {
        let line = self.rest().get(..self.line_end() - self.at).unwrap_or_default();
        let end = line.find(']').unwrap_or(line.len());
        let inner = line.get(..end).unwrap_or_default().trim_matches('[');
        let names: Vec<&str> =
            inner.split('.').map(|name| name.trim().trim_matches(['"', '\''])).collect();
        let (is_secret, kind) = match names.as_slice() {
            ["csrf" | "policy", ..] | [.., "capture"] => (false, NameMeaning::Places),
            ["oidc", ..] => (false, NameMeaning::Oidc),
            // A flow can be called `otp`.
            ["flow", _, rest @ ..] => {
                (rest.iter().any(|name| names_a_secret(name)), NameMeaning::Usual)
            }
            names => (names.iter().any(|name| names_a_secret(name)), NameMeaning::Usual),
        };
        self.header = TomlScope { is_secret, is_array: false, names: kind };
        self.open.clear();
        self.key.clear();
        self.value = None;
        let closing = line.get(end..).unwrap_or_default();
        self.at += end + closing.len() - closing.trim_start_matches(']').len();
    }

    /// A quoted key or value.
    fn string(&mut self, mark: char) {
        let triple = mark.to_string().repeat(3);
        let is_triple = !self.is_inner && self.rest().starts_with(&triple);
        let length = if is_triple { 3 } else { 1 };
        let content = self.rest().get(length..).unwrap_or_default();
        let start = self.at + length;
        let mut is_escaped = false;
        let closing = content.char_indices().find(|(at, c)| {
            let is_end = match is_triple {
                true => content.get(*at..).is_some_and(|rest| rest.starts_with(&triple)),
                false => *c == mark || *c == '\n',
            };
            let is_end = is_end && (!is_escaped || *c == '\n');
            is_escaped = *c == '\\' && mark == '"' && !self.is_inner && !is_escaped;
            is_end
        });
        let end = start + closing.map_or(content.len(), |(at, _)| at);
        let is_closed = closing.is_some_and(|(_, c)| c == mark);
        let after = if is_closed { end + length } else { end };
        self.at = after;
        let content = self.text.get(start..end).unwrap_or_default();
        if self.value != Some(true) && !is_triple && self.is_key() {
            self.name(content.trim_end_matches('\\'));
        } else if self.takes_secret() {
            self.mask(start..end);
            self.tail();
        } else {
            self.inner(start..end);
        }
    }

    /// A bare key or value.
    fn word(&mut self) {
        let start = self.at;
        let length = self.rest().find(|c| !self.is_word(c)).unwrap_or(self.rest().len());
        self.at += length;
        let word = self.text.get(start..self.at).unwrap_or_default();
        if self.value != Some(true) && self.rest().starts_with("://") {
            self.authority();
        } else if self.value != Some(true) && self.is_key() {
            word.split('.').for_each(|name| self.key.push(name));
            self.name("");
        } else if self.takes_secret() {
            match word {
                "true" | "false" | "null" => {}
                _ if is_number(word) => {
                    self.mask(start..self.at);
                    self.tail();
                }
                _ => {
                    self.at = match self.is_inner {
                        true => start + self.text.get(start..self.line_end()).map_or(0, form_end),
                        false => self.line_end(),
                    };
                    self.mask(start..self.at);
                }
            }
        } else if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic") {
            self.credentials();
        }
    }

    /// Characters of a bare key or value.
    fn is_word(&self, c: char) -> bool {
        let ends = match c {
            '&' | ';' | '?' | '\\' | '<' | '>' => self.is_inner,
            '=' | ':' | ',' | '{' | '}' | '[' | ']' | '"' | '\'' => true,
            c => c.is_whitespace(),
        };
        !ends
    }

    /// True if a name ends here.
    fn is_key(&self) -> bool {
        let mut rest = self.rest().trim_start();
        if self.is_inner {
            rest = rest.trim_start_matches('\\').trim_start();
        }
        let is_dotted = self.rest().trim_start_matches([' ', '\t']).starts_with('.')
            || self.text.get(..self.at).is_some_and(|text| text.ends_with('.'));
        rest.starts_with(['=', ':']) || !self.is_inner && is_dotted
    }

    /// Takes the last part of a name, and the sign behind it.
    fn name(&mut self, part: &'a str) {
        self.key.push(part);
        let skipped = self.rest().len() - self.rest().trim_start_matches(is_between).len();
        let sign = self.rest().get(skipped..).unwrap_or_default();
        if !sign.starts_with(['=', ':']) {
            return;
        }
        self.at += skipped + 1;
        let scope = self.scope();
        let key = std::mem::take(&mut self.key);
        let key: Vec<&str> = key.into_iter().filter(|part| !part.is_empty()).collect();
        let is_capture = self.open.is_empty() && key.first() == Some(&"capture");
        self.next = if is_capture { NameMeaning::Places } else { NameMeaning::Usual };
        let is_secret = match scope.names {
            _ if is_capture => false,
            NameMeaning::Places => false,
            NameMeaning::Oidc if key == ["token"] => false,
            // The name of a variable of the environment.
            _ if key.last() == Some(&"env") => false,
            _ => scope.is_secret || key.iter().any(|name| names_a_secret(name)),
        };
        self.value = Some(is_secret);
    }

    fn takes_secret(&mut self) -> bool {
        self.key.clear();
        let scope = self.scope();
        self.value.take().unwrap_or(scope.is_secret)
    }

    /// Masks the rest of the line, unless the value has ended as a value does.
    fn tail(&mut self) {
        let rest = self.rest().trim_start_matches([' ', '\t', '\r', '\\']);
        let has_ended = rest.is_empty()
            || rest.starts_with(['\n', '#'])
            || rest.starts_with([',', '}', ']']) && (self.is_inner || !self.open.is_empty())
            || self.is_inner && rest.starts_with(['&', ';', '"', '\'', '<']);
        if !has_ended {
            let line = self.at..self.line_end();
            self.at = line.end;
            self.mask(line);
        }
    }

    /// The user and the password of a URL.
    fn authority(&mut self) {
        self.at += "://".len();
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "/\"'?#".contains(c));
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if let Some(at) = authority.rfind('@') {
            self.mask(self.at..self.at + at);
            self.at += at;
        }
    }

    /// The credentials behind the name of a scheme.
    fn credentials(&mut self) {
        /// A shorter word is prose.
        const SHORTEST: usize = 8;
        let rest = self.rest();
        let start = rest.len() - rest.trim_start_matches(' ').len();
        let rest = rest.get(start..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || "\"',".contains(c));
        let end = end.unwrap_or(rest.len());
        if start > 0 && end >= SHORTEST {
            self.mask(self.at + start..self.at + start + end);
            self.at += start + end;
        }
    }

    fn inner(&mut self, range: Range<usize>) {
        Scanner::new(self.text, range, true, self.found).scan();
    }

    /// Masks a range, up to the variables in it: their names are not secret.
    fn mask(&mut self, range: Range<usize>) {
        let mut start = range.start;
        let mut at = range.start;
        while let Some(rest) = self.text.get(at..range.end).filter(|rest| !rest.is_empty()) {
            match template(rest) {
                Some(length) => {
                    self.found.push(start..at);
                    at += length;
                    start = at;
                }
                None => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        self.found.push(start..range.end);
    }
}

/// True between a name and the sign behind it. A backslash escapes a quotation mark.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c == '\\'
}

/// The length of `{{name}}` at the start of the text.
fn template(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("{{")?;
    let end = inner.find("}}")?;
    let name = inner.get(..end)?.trim();
    let name = name.strip_suffix('?').unwrap_or(name);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let is_variable = !name.is_empty() && name.chars().all(is_name);
    is_variable.then_some(end + 4)
}

/// The length of a value in a form.
fn form_end(text: &str) -> usize {
    text.find('&').unwrap_or(text.len())
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}
