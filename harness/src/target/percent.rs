//! Percent-encoding.

/// What never needs it beside letters and digits (RFC 3986 §2.3).
pub(super) const UNRESERVED: &str = "-._~";

/// The text with everything escaped but letters, digits and `plain`.
pub(super) fn encode(text: &str, plain: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || plain.as_bytes().contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// The same with escapes in small letters.
pub(super) fn lowered(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (escape, rest) in parts.filter_map(|part| part.split_at_checked(2)) {
        out.push('%');
        out.push_str(&escape.to_ascii_lowercase());
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases() {
        let encoded = encode("a/b~ \u{e9}", UNRESERVED);
        assert_eq!(encoded, "a%2Fb~%20%C3%A9");
        assert_eq!(lowered(&encoded), "a%2fb~%20%c3%a9");
        assert_eq!(lowered("plain"), "plain");
    }
}
