/// A text in which everything can be seen: control characters and those that
/// turn the direction of writing are replaced, but for ends of lines.
///
/// It still has to be escaped for HTML.
pub(super) fn plain(text: &str) -> String {
    let shown = text.chars().map(|c| match c {
        '\n' => c,
        // The pictures that Unicode has for them.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(' '),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
            char::REPLACEMENT_CHARACTER
        }
        // No character: browsers mend them, each in its own way.
        '\u{fdd0}'..='\u{fdef}' => char::REPLACEMENT_CHARACTER,
        c if u32::from(c) & 0xfffe == 0xfffe => char::REPLACEMENT_CHARACTER,
        c => c,
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_seen() {
        assert_eq!(
            plain("a\u{0}\u{1b}[2J\r\nb\u{202e}c\u{ffff}\u{85}"),
            "a␀␛[2J␍\nb\u{fffd}c\u{fffd}\u{fffd}"
        );
        assert_eq!(plain("Grüße 🔑"), "Grüße 🔑");
    }
}
