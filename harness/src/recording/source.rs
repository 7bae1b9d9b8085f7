//! Where a value of a request comes from: the earlier answer that has it.

use regex::Regex;
use url::Origin;

use super::find::{JsonKey, json_path, visit};
use super::har::HarEntry;
use super::toml::text;
use crate::target_rp::adapter::Selector;
use crate::target_rp::page::Elements;
use serde_json::Value;

/// Values that are shorter may be the same by chance.
const TELLING: usize = 8;
/// In a page everything may stand somewhere: only what nobody would write there.
const TOKEN: usize = 16;

/// The most characters of a name that become the name of a variable.
const LONGEST: usize = 40;

/// An answer, and how a value is had from it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CaptureSource {
    /// Which request's.
    pub(super) step: usize,
    /// The name of the value there.
    pub(super) name: String,
    /// As `capture` has it.
    pub(super) capture: String,
}

/// The last answer before this request that has the value.
pub(super) fn find(before: &[HarEntry], home: &Origin, value: &str) -> Option<CaptureSource> {
    if value.len() < TELLING {
        return None;
    }
    let earlier = before.iter().enumerate().rev();
    earlier.filter(|(_, entry)| entry.url.origin() == *home).find_map(|(step, entry)| {
        let (name, capture) = match entry.json() {
            Some(body) => in_json(&body, value)?,
            None if entry.is_page() && is_token(value) => in_page(&entry.answer, value)?,
            None => return None,
        };
        Some(CaptureSource { step, name: variable(&name), capture })
    })
}

/// The last request before this one whose answer sets a cookie to this value.
pub(super) fn cookie(before: &[HarEntry], value: &str) -> Option<(usize, String)> {
    before.iter().enumerate().rev().find_map(|(step, entry)| {
        let (name, _) = entry.sets_cookies().find(|(_, set)| same_text(set, value))?;
        Some((step, name.to_owned()))
    })
}

fn in_json(body: &Value, wanted: &str) -> Option<(String, String)> {
    let mut found: Option<Vec<JsonKey>> = None;
    visit(body, &mut Vec::new(), &mut |path, value| {
        if found.is_none() && value.as_str() == Some(wanted) {
            found = Some(path.to_vec());
        }
    });
    let path = found?;
    let name = path.iter().rev().find_map(|key| match key {
        JsonKey::Name(name) => Some(name.clone()),
        JsonKey::Index(_) => None,
    });
    Some((name.unwrap_or_else(|| "value".to_owned()), text(&json_path(&path))))
}

/// In a field, a `meta` tag, or somewhere in a script.
fn in_page(page: &str, wanted: &str) -> Option<(String, String)> {
    for element in Elements::of(page).iter() {
        let attribute = match element.name.as_str() {
            "input" => "value",
            "meta" => "content",
            _ => continue,
        };
        let has = |attribute: &str| element.attributes.get(attribute);
        if has(attribute).is_some_and(|value| value == wanted)
            && let Some(name) = has("name")
        {
            let selector = format!("{}[name={name}]", element.name);
            if Selector::parse(&selector).is_err() || name.contains(['"', '\'']) {
                continue;
            }
            let selector = text(&selector);
            let capture = format!("{{ html = {selector}, attribute = \"{attribute}\" }}");
            return Some((name.clone(), capture));
        }
    }
    // Called as the member of an object that it is.
    let called = r#"["']?([A-Za-z_][\w-]*)["']?\s*[:=]\s*(["'])"#;
    let here = Regex::new(&format!("{called}{}", regex::escape(wanted))).ok()?;
    let found = here.captures(page)?;
    let (whole, name, quote) = (found.get(0)?, found.get(1)?, found.get(2)?);
    let lead = whole.as_str().strip_suffix(wanted)?;
    let pattern = format!("{}([^{}]+)", regex::escape(lead), quote.as_str());
    Some((name.as_str().to_owned(), format!("{{ regex = {} }}", text(&pattern))))
}

/// True if this is nothing that a person would write.
fn is_token(value: &str) -> bool {
    let has = |is: fn(char) -> bool| value.contains(is);
    value.len() >= TOKEN
        && has(|c| c.is_ascii_digit())
        && has(|c| c.is_ascii_alphabetic())
        && !has(char::is_whitespace)
}

/// Cookies may be percent-encoded.
fn same_text(cookie: &str, value: &str) -> bool {
    let decoded = url::form_urlencoded::parse(format!("x={cookie}").as_bytes())
        .next()
        .map(|(_, decoded)| decoded.into_owned());
    value.len() >= TELLING && (cookie == value || decoded.as_deref() == Some(value))
}

/// A variable's name for what a recording calls so.
pub(super) fn variable(name: &str) -> String {
    let mut out = String::new();
    let mut after_capital = false;
    for c in name.trim_start_matches('_').chars().take(LONGEST) {
        match c {
            c if c.is_ascii_uppercase() => {
                out.extend(
                    (!out.is_empty() && !after_capital && !out.ends_with('_')).then_some('_'),
                );
                out.push(c.to_ascii_lowercase());
            }
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ => out.push('_'),
        }
        after_capital = c.is_ascii_uppercase();
    }
    // A variable of ours is not to be hidden.
    match out.as_str() {
        "" => "value".to_owned(),
        "username" | "display_name" | "email" | "password" | "user_id" | "credential"
        | "credential_id" | "record_id" | "origin" | "oidc" | "setting" | "text" | "item" => {
            format!("their_{out}")
        }
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_pages() {
        let token = "3kq-9Zx_T0aB7cD1";
        for (page, capture) in [
            (
                format!("<p><input type=hidden name='_csrf' value='{token}'>"),
                r#"{ html = "input[name=_csrf]", attribute = "value" }"#,
            ),
            (
                format!("<meta content={token} name=csrf-token>"),
                r#"{ html = "meta[name=csrf-token]", attribute = "content" }"#,
            ),
            (
                format!(r#"<script>start({{"X-CSRF-TOKEN" : "{token}"}}, "")</script>"#),
                r#"{ regex = '"X\-CSRF\-TOKEN" : "([^"]+)' }"#,
            ),
            (format!("<script>token = '{token}';</script>"), r#"{ regex = "token = '([^']+)" }"#),
        ] {
            assert_eq!(in_page(&page, token).unwrap().1, capture);
        }
        assert_eq!(in_page(&format!("<p>{token}"), token), None);
        assert!(
            is_token(token) && !is_token("webauthn-register") && !is_token("my key of 2026 is")
        );
    }

    #[test]
    fn variables_are_called_as_their_values_are() {
        for (name, called) in [
            ("ticketId", "ticket_id"),
            ("X-CSRF-TOKEN", "x_csrf_token"),
            ("_csrf", "csrf"),
            ("email", "their_email"),
        ] {
            assert_eq!(variable(name), called);
        }
    }
}
