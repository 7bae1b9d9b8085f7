//! Values of a recording that an adapter must not hold.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::find::{JsonKey, visit};
use super::har::{HarBody, HarEntry};
use crate::target_rp::page::Elements;
use crate::target_rp::redact;

/// A value that is shorter is a secret only where its name says so.
const TELLING: usize = 4;
/// A value of this length does not occur in another text by chance.
const UNIQUE: usize = 8;

/// The secrets that the requests and answers of a recording hold.
#[derive(Debug, Default)]
pub(super) struct RecordedSecrets(BTreeSet<String>);

impl RecordedSecrets {
    pub(super) fn of(entries: &[HarEntry]) -> Self {
        let mut secrets = Self::default();
        for entry in entries {
            secrets.learn(entry);
        }
        secrets
    }

    /// True if a text is or has a secret, as it stands there or percent-encoded.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8_lossy();
        is_jwt(text) || [text, &decoded].into_iter().any(|text| self.has(text))
    }

    fn has(&self, text: &str) -> bool {
        self.0.contains(text)
            || self.0.iter().any(|secret| secret.len() >= UNIQUE && text.contains(secret.as_str()))
    }

    fn learn(&mut self, entry: &HarEntry) {
        for (name, value) in entry.url.query_pairs() {
            self.add_if(&name, &value);
        }
        if let Some(password) = entry.url.password() {
            self.add(&percent_decode_str(password).decode_utf8_lossy());
        }
        for segment in entry.url.path().split('/') {
            for (name, value) in segment.split(';').filter_map(|part| part.split_once('=')) {
                self.add_if(name, value);
            }
        }
        for (name, value) in entry.headers.iter().chain(&entry.answer_headers) {
            match name.as_str() {
                // Each cookie is one.
                "cookie" => self.cookies(value.split(';')),
                "set-cookie" => {}
                _ if names_a_secret(name) => self.header(value),
                _ => {}
            }
        }
        self.cookies(entry.sets_cookies().map(|(_, value)| value));
        match &entry.body {
            HarBody::Form(fields) => {
                fields.iter().for_each(|(name, value)| self.add_if(name, value))
            }
            HarBody::Json(value) => self.json(value),
            HarBody::Nothing | HarBody::Other => {}
        }
        match entry.json() {
            Some(answer) => self.json(&answer),
            None if entry.is_page() => self.page(&entry.answer),
            None => {}
        }
    }

    fn cookies<'c>(&mut self, cookies: impl Iterator<Item = &'c str>) {
        for cookie in cookies {
            let value = cookie.split_once('=').map_or(cookie, |(_, value)| value).trim();
            // Shorter ones are settings, such as a language.
            if value.len() >= UNIQUE {
                self.add(value);
            }
        }
    }

    /// The value, its part after the scheme, and the password of `Basic`.
    fn header(&mut self, value: &str) {
        self.add(value);
        let Some((scheme, rest)) = value.split_once(' ') else { return };
        self.add(rest.trim());
        if scheme.eq_ignore_ascii_case("basic")
            && let Ok(bytes) = Base64::decode_vec(rest.trim())
            && let Some((_, password)) = String::from_utf8_lossy(&bytes).split_once(':')
        {
            self.add(password);
        }
    }

    fn json(&mut self, value: &Value) {
        visit(value, &mut Vec::new(), &mut |path, value| {
            let is_secret =
                path.iter().any(|key| matches!(key, JsonKey::Name(name) if names_a_secret(name)));
            match value {
                Value::String(text) if is_secret => self.add(text),
                Value::Number(number) if is_secret => self.add(&number.to_string()),
                _ => {}
            }
        });
    }

    /// Fields and `meta` tags.
    fn page(&mut self, page: &str) {
        for element in Elements::of(page).iter() {
            let of = |name: &str| element.attributes.get(name);
            let value = match element.name.as_str() {
                "input" => of("value"),
                "meta" => of("content"),
                _ => None,
            };
            if let (Some(name), Some(value)) = (of("name"), value) {
                self.add_if(name, value);
            }
        }
    }

    fn add_if(&mut self, name: &str, value: &str) {
        if names_a_secret(name) {
            self.add(value);
        }
    }

    fn add(&mut self, value: &str) {
        let is_word = matches!(value, "true" | "false" | "null" | "none");
        if value.len() >= TELLING && !is_word {
            self.0.insert(value.to_owned());
        }
    }
}

/// True if the name of a member, field, header or cookie says that its value is a secret. A code is
/// one in a request: what is masked as a code in logs would hide error codes of answers too.
pub(super) fn names_a_secret(name: &str) -> bool {
    const CODES: [&str; 8] = ["auth", "backup", "email", "login", "mfa", "otp", "security", "sms"];
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let kind = plain.strip_suffix("codes").or_else(|| plain.strip_suffix("code"));
    let is_code =
        kind.is_some_and(|kind| kind.is_empty() || CODES.iter().any(|known| kind.ends_with(known)));
    is_code || plain == "mfa" || redact::names_a_secret(name)
}

/// True if this is a JSON Web Token.
fn is_jwt(text: &str) -> bool {
    let part = |part: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        part.chars().all(letter)
    };
    let text = text.trim().trim_start_matches("Bearer ");
    text.starts_with("eyJ") && text.split('.').count() >= 3 && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mark_secrets() {
        for name in [
            "password",
            "new_password",
            "Passwd",
            "X-API-Key",
            "accessToken",
            "client_secret",
            "csrfmiddlewaretoken",
            "PHPSESSID",
            "otp",
            "PIN",
            "code",
            "smsCode",
            "recovery_codes",
            "Authorization",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "username",
            "challenge",
            "authenticatorAttachment",
            "authenticatorData",
            "signature",
            "country_code",
            "postcode",
            "shipping",
            "rawId",
            "publicKey",
            "userHandle",
            "encoding",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
