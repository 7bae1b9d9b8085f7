//! Secrets are masked by value: wherever they occur, in every form in which
//! they travel.

use std::collections::BTreeSet;

use passrig_authenticator::wire::base64url::Variant;

use super::percent;

const MASK: &str = "[masked]";

/// The values that nobody else may see.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// Every form of every secret.
    forms: BTreeSet<String>,
    heads: Heads,
}

impl Secrets {
    /// Adds a secret. What has less than two octets is none.
    pub(super) fn add(&mut self, secret: &str) {
        if secret.len() < 2 || self.forms.contains(secret) {
            return;
        }
        self.extend(forms(secret));
    }

    /// Adds all of another's.
    pub(super) fn join(&mut self, other: &Self) {
        self.extend(other.forms.iter().cloned());
    }

    fn extend(&mut self, forms: impl IntoIterator<Item = String>) {
        for form in forms {
            if let Some(head) = form.as_bytes().first_chunk() {
                self.heads.add(*head);
                self.forms.insert(form);
            }
        }
    }

    /// The text without any of them.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = 0;
        while let Some((start, end)) = self.next(text.as_bytes(), rest) {
            masked.extend([text.get(rest..start).unwrap_or_default(), MASK]);
            rest = end;
        }
        masked.push_str(text.get(rest..).unwrap_or_default());
        masked
    }

    /// Where the next secret is from there on, with those that overlap it.
    fn next(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let heads = text.get(from..)?.windows(2).zip(from..);
        let mut begun = heads.filter(|(head, _)| self.heads.has(head));
        let (start, mut end) = begun.find_map(|(_, at)| Some((at, self.end(text, at)?)))?;
        let mut inside = start + 1;
        while inside < end {
            end = end.max(self.end(text, inside).unwrap_or_default());
            inside += 1;
        }
        Some((start, end))
    }

    /// Where the longest secret that begins there ends.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let here = text.get(at..)?;
        let begins = self.forms.iter().filter(|form| here.starts_with(form.as_bytes()));
        begins.map(|form| at + form.len()).max()
    }
}

/// With which two octets the forms begin. Every octet of every transcript is
/// looked at, and hardly any begins one.
#[derive(Clone)]
struct Heads(Box<[u64; 1024]>);

impl Heads {
    fn add(&mut self, head: [u8; 2]) {
        let (word, bit) = Self::place(head);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn has(&self, head: &[u8]) -> bool {
        let place = head.first_chunk().map(|head| Self::place(*head));
        place.is_some_and(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }

    /// Which bit of which word.
    fn place(head: [u8; 2]) -> (usize, u64) {
        let head = u16::from_be_bytes(head);
        (usize::from(head >> 6), 1 << (head & 63))
    }
}

impl Default for Heads {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
    }
}

impl std::fmt::Debug for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heads")
    }
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

/// Percent-encoded, in HTML and in JSON.
fn texts(secret: &str) -> Vec<String> {
    let strict = percent::encode(secret, percent::UNRESERVED);
    let mut texts = vec![percent::lowered(&strict), strict];
    // As JavaScript's encodeURIComponent and as forms have it.
    texts.push(percent::encode(secret, "-._~!*'()"));
    texts.push(percent::encode(secret, "-._*").replace("%20", "+"));
    for plain in in_html(secret) {
        // Once, and as JSON that travels as a text inside JSON.
        for once in in_json_of_others(&in_json(&plain)) {
            for text in [in_json(&once), once] {
                texts.push(text.replace('/', "\\/"));
                texts.push(text);
            }
        }
        texts.push(plain);
    }
    texts
}

/// The text as it is, and as pages have it: between tags, and as those write it
/// who escape for attributes as well, by name (Python has another number) or by
/// number.
fn in_html(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return all;
    }
    let [and, less, more] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;")];
    let quote = ('"', "&quot;");
    let numbers = [('&', "&#38;"), ('<', "&#60;"), ('>', "&#62;"), ('"', "&#34;"), ('\'', "&#39;")];
    let ways: [&[(char, &str)]; 4] = [
        &[and, less, more],
        &[and, less, more, quote, ('\'', "&#39;")],
        &[and, less, more, quote, ('\'', "&#x27;")],
        &numbers,
    ];
    all.extend(ways.map(|escapes| {
        let escape =
            |c| escapes.iter().find(|(from, _)| *from == c).map(|(_, to)| (*to).to_owned());
        text.chars().map(|c| escape(c).unwrap_or_else(|| c.to_string())).collect()
    }));
    all
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
    fn in_pages() {
        let mut secrets = Secrets::default();
        secrets.add("<a> & \"b'");
        for text in [
            "&lt;a&gt; &amp; \"b'",
            "&lt;a&gt; &amp; &quot;b&#39;",
            "&lt;a&gt; &amp; &quot;b&#x27;",
            "&#60;a&#62; &#38; &#34;b&#39;",
        ] {
            assert_eq!(secrets.mask(text), MASK, "{text}");
        }
    }

    #[test]
    fn the_longer_secret_wins() {
        let mut secrets = Secrets::default();
        secrets.add("token");
        secrets.add("token.signature");
        assert_eq!(secrets.mask("token.signature token"), "[masked] [masked]");
        for none in ["", "x"] {
            secrets.add(none);
        }
        assert_eq!(secrets.mask("x"), "x");
    }

    #[test]
    fn none_hides_a_part_of_another() {
        let mut secrets = Secrets::default();
        for secret in ["secret-one", "one-and-more", "more"] {
            secrets.add(secret);
        }
        assert_eq!(secrets.mask("<secret-one-and-more>"), "<[masked]>");
        assert_eq!(secrets.mask("<secret-onesecret-one>"), "<[masked][masked]>");
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
