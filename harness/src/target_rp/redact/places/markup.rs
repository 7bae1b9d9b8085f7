//! Elements of pages: the values of `meta`, and of hidden fields of forms.

use html5gum::{DefaultEmitter, Token, Tokenizer};

use super::super::cut::beginning;
use super::super::names::{is_public, names_a_secret};
use super::super::secrets::Secrets;

pub(super) fn learn(page: &str, secrets: &mut Secrets) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    // The text of a field with the name of a secret follows.
    let mut is_text_secret = false;
    for Ok(token) in Tokenizer::new_with_emitter(beginning(page, LARGEST), emitter) {
        let tag = match token {
            Token::StartTag(tag) => tag,
            Token::String(text) if is_text_secret => {
                secrets.learn(String::from_utf8_lossy(&text).trim());
                continue;
            }
            Token::EndTag(_) => {
                is_text_secret = false;
                continue;
            }
            _ => continue,
        };
        let attribute = |wanted: &[u8]| {
            let mut all = tag.attributes.iter();
            let found = all.find(|(name, _)| ***name == *wanted);
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        let named = || attribute(b"name").or_else(|| attribute(b"property")).unwrap_or_default();
        match &**tag.name {
            b"meta" => {
                if let Some(content) = attribute(b"content").filter(|_| names_a_secret(&named())) {
                    secrets.learn(&content);
                }
            }
            b"textarea" | b"output" => is_text_secret = names_a_secret(&named()),
            b"input" | b"button" | b"param" | b"data" => {
                let name = named();
                let is_secret = names_a_secret(&name);
                let is_hidden =
                    attribute(b"type").is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"));
                if let Some(value) = attribute(b"value")
                    .filter(|value| is_secret || is_hidden && !is_public(&name) && is_code(value))
                {
                    secrets.learn(&value);
                }
            }
            _ => {}
        }
    }
}

const LARGEST: usize = 4 << 20;

/// True if a hidden value is a code rather than a word, a URL or a path.
fn is_code(value: &str) -> bool {
    const SHORTEST: usize = 16;
    let is_of_codes = |c: char| c.is_ascii_alphanumeric() || "-._~+/=%:|!*$@,".contains(c);
    let has = |kind: fn(char) -> bool| value.contains(kind);
    let is_mixed = has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_alphabetic());
    let is_of_one_piece = is_mixed && !has(|c| c.is_whitespace() || matches!(c, '{' | '<' | '['));
    value.len() >= SHORTEST
        && (value.chars().all(is_of_codes) || is_of_one_piece)
        && !value.contains("://")
        && !is_path(value)
}

/// True if a value is a path: a code may begin with a slash, too, but has no short parts.
fn is_path(value: &str) -> bool {
    const LONGEST: usize = 24;
    value.starts_with('/')
        && !value.contains(['+', '='])
        && value.split('/').all(|part| part.len() <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_other_values() {
        for code in
            ["abcdefghijklmnop", "1234567890123456", "h1dden+in/the+f0rm==", "/x8Qabcd+fghijkl="]
        {
            assert!(is_code(code), "{code}");
        }
        for other in [
            "short",
            "/account/settings/keys",
            "https://a.test/b",
            "{\"a\":1234567890123}",
            "a text with words",
        ] {
            assert!(!is_code(other), "{other}");
        }
    }
}
