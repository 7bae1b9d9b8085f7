//! The spellings of a secret that no escape reveals: hex and base64.
//!
//! Escapes (percent, JSON, HTML, quoted strings) are decoded in the text instead, see
//! [`super::view`].

/// The value in hex and in base64.
pub(super) fn encoded(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut forms = Vec::with_capacity(8);
    forms.push(hex(bytes, b"0123456789abcdef"));
    forms.push(hex(bytes, b"0123456789ABCDEF"));
    base64(bytes, &mut forms);
    // JSON in base64 holds the value as JSON has it.
    if bytes.iter().any(|byte| byte.is_ascii_control() || matches!(byte, b'"' | b'\\')) {
        let json = serde_json::Value::from(secret).to_string();
        let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        base64(inner.unwrap_or_default().as_bytes(), &mut forms);
    }
    forms
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let pair = [byte >> 4, byte & 15].map(|digit| digits.get(usize::from(digit)));
        text.extend_from_slice(&pair.map(|digit| digit.copied().unwrap_or_default()));
    }
    text
}

/// Base64 in both alphabets, at each of the three positions that a value can
/// have in a longer text. Only the letters that depend on nothing else count.
fn base64(secret: &[u8], forms: &mut Vec<Vec<u8>>) {
    if secret.len() < 3 {
        return;
    }
    // The first letters that depend on the value alone begin at bit 0, 4 or 2 of the value.
    for skipped in [0, 4, 2] {
        let (text, is_of_both) = letters(secret, skipped);
        if !is_of_both {
            let mut other = text.clone();
            for letter in &mut other {
                *letter = match *letter {
                    b'-' => b'+',
                    b'_' => b'/',
                    same => same,
                };
            }
            forms.push(other);
        }
        forms.push(text);
    }
}

/// The letters of base64url from this bit on, and whether base64 has them, too.
fn letters(bytes: &[u8], skipped: u32) -> (Vec<u8>, bool) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = Vec::with_capacity(bytes.len() * 4 / 3 + 1);
    let mut is_of_both = true;
    let (mut held, mut bits) = (0u32, 0u32);
    for (at, byte) in bytes.iter().enumerate() {
        held = held << 8 | u32::from(*byte);
        bits += if at == 0 { 8 - skipped } else { 8 };
        while bits >= 6 {
            bits -= 6;
            let value = (held >> bits) & 63;
            is_of_both &= value < 62;
            text.push(ALPHABET.get(value as usize).copied().unwrap_or_default());
        }
        held &= (1 << bits) - 1;
    }
    (text, is_of_both)
}
