//! Members of JSON, also of JSON within a page, a script or a string.

use std::borrow::Cow;

use serde_json::Value;

use super::super::cut::beginning;
use super::super::names::{is_about, is_public, names_a_secret};
use super::super::secrets::Secrets;
use super::super::view::{Escape, View};
use super::markup;
use super::parameters::{Overlap, is_drawn};

/// How often JSON stands within a string of JSON.
const LEVELS: usize = 2;

/// Learns the members that are secret by their names.
pub(super) fn learn(json: &Value, secrets: &mut Secrets) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match names_a_secret(name) {
                    true => learn_all(value, secrets),
                    false => learn(value, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| learn(item, secrets)),
        _ => {}
    }
}

/// Learns the members of all JSON in a text, and the fields of pages in it.
pub(super) fn learn_text(text: &str, secrets: &mut Secrets) {
    let mut text = Cow::Borrowed(text);
    for _ in 0..=LEVELS {
        members(&text, secrets);
        if text.contains('<') {
            markup::learn(&text, secrets);
        }
        if !text.contains("\\\"") {
            return;
        }
        let Some(view) = View::of(text.as_bytes(), Escape::Backslash, false) else { return };
        text = Cow::Owned(String::from_utf8_lossy(&view.text).into_owned());
    }
}

fn members(text: &str, secrets: &mut Secrets) {
    let mut overlap = Overlap::of(text);
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('"')).map(|next| at + next + 1)
    {
        let Some(end) = end_of_string(text, start) else { return };
        at = end + 1;
        let rest = text.get(at..).unwrap_or_default().trim_start();
        let Some(value) = rest.strip_prefix(':') else { continue };
        let name = text.get(start..end).unwrap_or_default();
        let is_secret = match name.contains('\\') {
            true => names_a_secret(&unescaped(name)),
            false => names_a_secret(name),
        };
        if is_secret {
            let value = value.trim_start();
            let start = text.len() - value.len();
            if overlap.is_used_up(start) {
                continue;
            }
            let length = extent(value);
            if overlap.permits(&(start..start + length)) {
                learn_value(value.get(..length).unwrap_or_default(), secrets);
            }
        }
    }
}

/// The length of the value that the text begins with, as far as it is read.
fn extent(text: &str) -> usize {
    /// The most bytes of an object or a list: its values need much more memory than its text.
    const LARGEST: usize = 256 << 10;
    let first = text.bytes().next();
    match first {
        Some(b'"') => end_of_string(text, 1).map_or(text.len(), |end| end + 1),
        Some(b'\'') => text.get(1..).and_then(|rest| rest.find('\'')).map_or(1, |end| end + 2),
        Some(b'{' | b'[') => {
            let text = beginning(text, LARGEST);
            let (mut at, mut depth) = (0, 0_usize);
            loop {
                let marks = |b: &u8| matches!(b, b'"' | b'{' | b'[' | b'}' | b']');
                let Some(mark) = text.bytes().skip(at).position(|b| marks(&b)) else { break };
                at += mark + 1;
                match text.as_bytes().get(at - 1) {
                    Some(b'"') => match end_of_string(text, at) {
                        Some(end) => at = end + 1,
                        None => break,
                    },
                    Some(b'{' | b'[') => depth += 1,
                    _ => depth -= 1,
                }
                if depth == 0 {
                    return at;
                }
            }
            text.len()
        }
        _ => text.find([',', '}', ']', '"', ' ', '\n', '\r', '<']).unwrap_or(text.len()),
    }
}

/// Learns a secret value: JSON, or as much as can be read where it is cut or broken.
fn learn_value(text: &str, secrets: &mut Secrets) {
    if let Ok(value) = serde_json::from_str(text) {
        return learn_all(&value, secrets);
    }
    match text.as_bytes() {
        [b'"' | b'\'', ..] => secrets.learn(text.trim_matches(['"', '\''])),
        // The members are looked at one by one.
        [b'{', ..] => {}
        // Between the values may be anything.
        _ => {
            let items = text.split(['"', ',', '[', ']']).map(str::trim);
            items.filter(|item| is_drawn(item)).for_each(|item| secrets.learn(item));
        }
    }
}

/// The end of the string that begins there.
fn end_of_string(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(start..)?;
    let mut at = 0;
    loop {
        let next = bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        at += next;
        if bytes.get(at) == Some(&b'"') {
            return Some(start + at);
        }
        at += 2;
    }
}

fn unescaped(name: &str) -> String {
    let view = View::of(name.as_bytes(), Escape::Backslash, false);
    view.map_or_else(|| name.to_owned(), |view| String::from_utf8_lossy(&view.text).into_owned())
}

/// Learns all texts and numbers of a secret value; of an object, members that
/// are evidence or say something about the secret are left out.
pub(in super::super::super) fn learn_all(value: &Value, secrets: &mut Secrets) {
    match value {
        // A sentence about a password, such as why the target refuses one.
        Value::String(text) if text.split(' ').count() > 2 && text.ends_with('.') => {}
        Value::String(text) => secrets.learn(text),
        Value::Number(number) => secrets.learn(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| learn_all(item, secrets)),
        Value::Object(members) => {
            let secret = members.iter().filter(|(name, _)| !is_public(name) && !is_about(name));
            secret.for_each(|(_, value)| learn_all(value, secrets));
        }
        Value::Null | Value::Bool(_) => {}
    }
}
