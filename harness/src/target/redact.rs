//! Secrets are masked by value: wherever they occur, in every form in which
//! they travel.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use memchr::memmem::Finder;
use passrig_authenticator::wire::base64url::Variant;

use super::percent;

const MASK: &str = "[masked]";

/// The values that nobody else may see.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// Every form of every secret; the longest is replaced first. Each is
    /// looked for in every text of a transcript, so its search is prepared.
    forms: BTreeMap<(Reverse<usize>, String), Finder<'static>>,
}

impl Secrets {
    /// Adds a secret. An empty one is none.
    pub(super) fn add(&mut self, secret: &str) {
        if secret.is_empty() || self.forms.contains_key(&key(secret.to_owned())) {
            return;
        }
        // Of a plain word most forms are the same.
        for form in forms(secret).into_iter().filter(|form| !form.is_empty()) {
            let entry = self.forms.entry(key(form));
            entry.or_insert_with_key(|(_, form)| Finder::new(form).into_owned());
        }
    }

    /// Adds all of another's.
    pub(super) fn join(&mut self, other: &Self) {
        self.forms.extend(other.forms.iter().map(|(form, finder)| (form.clone(), finder.clone())));
    }

    /// The text without any of them.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for ((_, form), finder) in &self.forms {
            if finder.find(text.as_bytes()).is_some() {
                text = text.replace(form.as_str(), MASK);
            }
        }
        text
    }
}

fn key(form: String) -> (Reverse<usize>, String) {
    (Reverse(form.len()), form)
}

/// The value itself, percent-encoded, in JSON, in hex, and in base64.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    // A plain word is the same in URLs, forms and JSON; most secrets are one.
    if !secret.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet)) {
        forms.extend(texts(secret));
    }
    forms.push(base16ct::lower::encode_string(secret.as_bytes()));
    forms.push(base16ct::upper::encode_string(secret.as_bytes()));
    forms.extend(base64(secret.as_bytes()));
    forms
}

/// Percent-encoded and in JSON.
fn texts(secret: &str) -> Vec<String> {
    let strict = percent::encode(secret, percent::UNRESERVED);
    let mut texts = vec![percent::lowered(&strict), strict];
    // As JavaScript's encodeURIComponent and as forms have it.
    texts.push(percent::encode(secret, "-._~!*'()"));
    texts.push(percent::encode(secret, "-._*").replace("%20", "+"));
    // Once, and as JSON that travels as a text inside JSON.
    for once in in_json_of_others(&in_json(secret)) {
        for text in [in_json(&once), once] {
            texts.push(text.replace('/', "\\/"));
            texts.push(text);
        }
    }
    texts
}

/// The text as it stands between the quotes of a JSON string.
fn in_json(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// JSON's text as it is, and as those write it who escape what HTML minds (Go),
/// what ASCII does not have (Python), or both.
fn in_json_of_others(text: &str) -> [String; 4] {
    let escaped = |is_odd: fn(char) -> bool| {
        let mut out = String::new();
        for c in text.chars() {
            if !is_odd(c) {
                out.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
        out
    };
    [
        text.to_owned(),
        escaped(|c| matches!(c, '<' | '>' | '&')),
        escaped(|c| !c.is_ascii()),
        escaped(|c| matches!(c, '<' | '>' | '&') || !c.is_ascii()),
    ]
}

/// Base64 in both alphabets, at each of the three positions that a value can
/// have in a longer text. Only the letters that depend on nothing else count.
fn base64(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    if secret.len() < 3 {
        return forms;
    }
    for before in 0..3usize {
        let padded: Vec<u8> =
            std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
        let head = (before * 8).div_ceil(6);
        let tail = padded.len() * 8 / 6;
        for variant in [Variant::Base64url, Variant::Base64Unpadded] {
            let text = variant.encode(&padded);
            forms.extend(text.get(head..tail).map(str::to_owned));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn in_every_form() {
        let mut secrets = Secrets::default();
        secrets.add("s/ e\"cr\u{e9}t");
        for text in [
            "s/ e\"cr\u{e9}t",
            "s%2F%20e%22cr%C3%A9t",
            "s%2f%20e%22cr%c3%a9t",
            "s%2F+e%22cr%C3%A9t",
            r#"s/ e\"crét"#,
            r#"s\/ e\"crét"#,
            r#"s/ e\\\"crét"#,
            r#"s/ e\"cr\u00e9t"#,
            r#"s\/ e\\\"cr\\u00e9t"#,
            "732f2065226372c3a974",
            "732F2065226372C3A974",
        ] {
            assert_eq!(secrets.mask(&format!("<{text}>")), "<[masked]>");
        }
    }

    #[test]
    fn in_json_that_minds_html() {
        let mut secrets = Secrets::default();
        secrets.add("a<b>&\u{1f511}");
        for text in [
            r"a\u003cb\u003e\u0026\u{1f511}".replace(r"\u{1f511}", "\u{1f511}"),
            r"a\u003cb\u003e\u0026\ud83d\udd11".to_owned(),
            r"a<b>&\ud83d\udd11".to_owned(),
        ] {
            assert_eq!(secrets.mask(&text), MASK, "{text}");
        }
    }

    #[test]
    fn the_longer_secret_wins() {
        let mut secrets = Secrets::default();
        secrets.add("token");
        secrets.add("token.signature");
        assert_eq!(secrets.mask("token.signature token"), "[masked] [masked]");
        secrets.add("");
        assert_eq!(secrets.mask("x"), "x");
    }

    #[test]
    fn a_plain_word_has_no_other_text() {
        let word = "Az09-._";
        assert!(texts(word).iter().all(|text| text == word));
    }

    proptest! {
        #[test]
        fn inside_base64(before: Vec<u8>, secret in "[a-zA-Z0-9]{12,40}", after: Vec<u8>) {
            let mut secrets = Secrets::default();
            secrets.add(&secret);
            let whole = [before, secret.clone().into_bytes(), after].concat();
            for variant in [Variant::Base64url, Variant::Base64, Variant::Base64urlPadded] {
                let masked = secrets.mask(&variant.encode(&whole));
                prop_assert!(masked.contains(MASK), "{masked}");
            }
        }
    }
}
