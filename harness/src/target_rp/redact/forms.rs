//! The spellings of a secret that no escape reveals: hex and base64.
//!
//! Escapes (percent, JSON, HTML, quoted strings) are decoded in the text instead, see
//! [`super::view`].

/// The bytes of a value by which the value is known in these spellings: no two secrets or pieces of
/// evidence begin with the same ones by chance.
const KNOWN_BY: usize = 24;

/// The value in hex and in base64, one after the other: the beginning, and the length of the whole.
pub(super) fn each(secret: &str, mut form: impl FnMut(&[u8], usize)) {
    let mut text = Vec::with_capacity(2 * KNOWN_BY);
    let beginning = beginning(secret.as_bytes());
    let mut digits = [0; 2 * KNOWN_BY];
    for encode in [base16ct::lower::encode, base16ct::upper::encode] {
        // The buffer is long enough for the beginning of any value.
        form(encode(beginning, &mut digits).unwrap_or_default(), secret.len() * 2);
    }
    base64(secret.as_bytes(), &mut text, &mut form);
    // JSON in base64 holds the value as JSON has it.
    if secret.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b'"' | b'\\')) {
        let json = serde_json::Value::from(secret).to_string();
        let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        base64(inner.unwrap_or_default().as_bytes(), &mut text, &mut form);
    }
}

fn beginning(bytes: &[u8]) -> &[u8] {
    bytes.get(..KNOWN_BY).unwrap_or(bytes)
}

/// Base64 in both alphabets, at each of the three positions that a value can
/// have in a longer text. Only the letters that depend on nothing else count.
fn base64(secret: &[u8], text: &mut Vec<u8>, form: &mut impl FnMut(&[u8], usize)) {
    if secret.len() < 3 {
        return;
    }
    // The first letters that depend on the value alone begin at bit 0, 4 or 2 of the value.
    for skipped in [0, 4, 2] {
        text.clear();
        let is_of_both = letters(beginning(secret), skipped, text);
        let whole = (secret.len() * 8 - skipped as usize) / 6;
        form(text, whole);
        if is_of_both {
            continue;
        }
        for letter in text.iter_mut() {
            *letter = match *letter {
                b'-' => b'+',
                b'_' => b'/',
                same => same,
            };
        }
        form(text, whole);
    }
}

/// Writes the letters of base64url from this bit on; true if base64 has them, too.
fn letters(bytes: &[u8], skipped: u32, text: &mut Vec<u8>) -> bool {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
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
    is_of_both
}
