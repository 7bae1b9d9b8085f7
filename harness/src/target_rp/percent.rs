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

/// The octets that a text stands for; a `%` without two digits is itself.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, tail @ ..]) => digits(*high, *low).map(|byte| (byte, tail)),
            _ => None,
        };
        rest = match escaped {
            Some((octet, tail)) => {
                octets.push(octet);
                tail
            }
            None => {
                octets.push(*first);
                after
            }
        };
    }
    octets
}

/// The byte that two hexadecimal digits stand for.
pub(super) fn digits(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases() {
        let encoded = encode("a/b~ \u{e9}", UNRESERVED);
        assert_eq!(encoded, "a%2Fb~%20%C3%A9");
    }
}
