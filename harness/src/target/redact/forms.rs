//! The spellings of a secret that no escape reveals: hex and base64.
//!
//! Escapes (percent, JSON, HTML, quoted strings) are decoded in the text instead, see
//! [`super::view`].

use passrig_authenticator::wire::base64url::Variant;

/// The value itself, in hex, and in base64.
pub(super) fn of(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    forms.push(base16ct::lower::encode_string(secret.as_bytes()));
    forms.push(base16ct::upper::encode_string(secret.as_bytes()));
    forms.extend(base64(secret.as_bytes()));
    // JSON in base64 holds the value as JSON has it.
    let json = in_json(secret);
    if json != secret {
        forms.extend(base64(json.as_bytes()));
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The text as it stands between the quotes of a JSON string.
fn in_json(text: &str) -> String {
    if !text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b'"' | b'\\')) {
        return text.to_owned();
    }
    let json = serde_json::Value::from(text).to_string();
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Base64 in both alphabets, at each of the three positions that a value can
/// have in a longer text. Only the letters that depend on nothing else count.
fn base64(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    if secret.len() < 3 {
        return forms;
    }
    for before in 0..3usize {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        let head = (before * 8).div_ceil(6);
        let tail = padded.len() * 8 / 6;
        let text = Variant::Base64url.encode(&padded);
        let Some(text) = text.get(head..tail) else { continue };
        if text.contains(['-', '_']) {
            forms.push(text.replace('-', "+").replace('_', "/"));
        }
        forms.push(text.to_owned());
    }
    forms
}
