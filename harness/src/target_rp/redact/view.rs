//! A text as readers see it after its escapes are decoded, and where each byte comes from.

use std::ops::Range;

/// A way to write a byte or a character by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// `%2f`, also `%u002f`.
    Percent,
    /// As in forms: `+` is a space.
    Form,
    /// As in JSON and JavaScript: `\n`, `\u002f`, `\x2f`.
    Backslash,
    /// As in the quoted strings of HTTP headers: a backslash before the character itself.
    Quoted,
    /// As in HTML: `&amp;`, `&#38;`, `&#x26;`.
    Entity,
}

impl Escape {
    pub(super) const ALL: [Self; 5] =
        [Self::Percent, Self::Form, Self::Backslash, Self::Quoted, Self::Entity];

    fn starts(self, byte: u8) -> bool {
        match self {
            Self::Percent => byte == b'%',
            Self::Form => matches!(byte, b'%' | b'+'),
            Self::Backslash | Self::Quoted => byte == b'\\',
            Self::Entity => byte == b'&',
        }
    }

    /// Whether the text can have such an escape.
    fn is_in(self, text: &[u8]) -> bool {
        match self {
            Self::Percent => text.contains(&b'%'),
            Self::Form => text.contains(&b'+'),
            Self::Backslash | Self::Quoted => text.contains(&b'\\'),
            Self::Entity => text.contains(&b'&'),
        }
    }

    /// The character that the text begins with, and how many bytes it takes.
    fn read(self, text: &[u8]) -> Option<(Unit, usize)> {
        match self {
            Self::Form if text.first() == Some(&b'+') => Some((Unit::byte(b' '), 1)),
            Self::Percent | Self::Form => percent_escape(text),
            Self::Backslash => backslash(text),
            Self::Quoted => Some((Unit::byte(*text.get(1)?), 2)),
            Self::Entity => entity(text),
        }
    }

    /// Whether the text, which a cut ends, is the beginning of an escape.
    fn is_begun_by(self, text: &[u8]) -> bool {
        let rest = text.get(1..).unwrap_or_default();
        match self {
            Self::Percent | Self::Form => {
                let digits = rest.strip_prefix(b"u");
                let most = if digits.is_some() { 4 } else { 2 };
                let digits = digits.unwrap_or(rest);
                digits.len() < most && digits.iter().all(u8::is_ascii_hexdigit)
            }
            Self::Backslash => rest.len() < 12,
            Self::Quoted => rest.is_empty(),
            Self::Entity => {
                rest.len() < 12 && rest.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#')
            }
        }
    }
}

/// What an escape stands for.
#[derive(Clone, Copy, Debug)]
struct Unit {
    bytes: [u8; 4],
    length: usize,
}

impl Unit {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }
}

/// A decoded text.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) text: Vec<u8>,
    /// The places of the escapes: the range here, and in the source.
    escapes: Vec<(Range<usize>, Range<usize>)>,
    /// The length of the text that was decoded.
    whole: usize,
}

impl View {
    /// The text with these escapes decoded; `None` where it has none.
    pub(super) fn of(text: &[u8], escape: Escape, cut: bool) -> Option<Self> {
        if !escape.is_in(text) {
            return None;
        }
        let mut view =
            Self { text: Vec::with_capacity(text.len()), escapes: Vec::new(), whole: text.len() };
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = rest.iter().position(|byte| escape.starts(*byte)).unwrap_or(rest.len());
            let (copied, rest) = rest.split_at(plain);
            view.text.extend_from_slice(copied);
            at += plain;
            if rest.is_empty() {
                break;
            }
            // A number may go on behind the cut.
            if cut && escape == Escape::Entity && escape.is_begun_by(rest) {
                return Some(view);
            }
            match escape.read(rest) {
                Some((unit, length)) => {
                    let start = view.text.len();
                    view.text.extend(unit.bytes.iter().take(unit.length));
                    view.escapes.push((start..view.text.len(), at..at + length));
                    at += length;
                }
                None if cut && escape.is_begun_by(rest) => return Some(view),
                None => {
                    view.text.extend(rest.first());
                    at += 1;
                }
            }
        }
        (!view.escapes.is_empty()).then_some(view)
    }

    /// The range of the text before it was decoded.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        self.start(range.start)..self.end(range.end)
    }

    fn start(&self, at: usize) -> usize {
        let after = self.escapes.partition_point(|(here, _)| here.start <= at);
        match after.checked_sub(1).and_then(|before| self.escapes.get(before)) {
            Some((here, there)) if at < here.end => there.start,
            Some((here, there)) => there.end + (at - here.end),
            None => at,
        }
    }

    fn end(&self, at: usize) -> usize {
        if at >= self.text.len() {
            return self.whole;
        }
        let after = self.escapes.partition_point(|(here, _)| here.start < at);
        match after.checked_sub(1).and_then(|before| self.escapes.get(before)) {
            Some((here, there)) if at <= here.end => there.end,
            Some((here, there)) => there.end + (at - here.end),
            None => at,
        }
    }
}

fn percent_escape(text: &[u8]) -> Option<(Unit, usize)> {
    if let Some(digits) = text.get(2..6).filter(|_| text.get(1) == Some(&b'u')) {
        return Some((Unit::character(char::from_u32(hex(digits)?)?), 6));
    }
    let mut byte = [0];
    base16ct::mixed::decode(text.get(1..3)?, &mut byte).ok()?;
    Some((Unit::byte(u8::from_be_bytes(byte)), 3))
}

fn backslash(text: &[u8]) -> Option<(Unit, usize)> {
    let byte = match text.get(1)? {
        b'u' => return unicode(text),
        b'x' => {
            let digits = text.get(2..4)?;
            return Some((Unit::character(char::from_u32(hex(digits)?)?), 4));
        }
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        other => *other,
    };
    Some((Unit::byte(byte), 2))
}

/// `\u0073`, `\ud83d\udd11` or `\u{1f511}`.
fn unicode(text: &[u8]) -> Option<(Unit, usize)> {
    if text.get(2) == Some(&b'{') {
        let end = text.iter().take(12).position(|byte| *byte == b'}')?;
        return Some((Unit::character(char::from_u32(hex(text.get(3..end)?)?)?), end + 1));
    }
    let first = hex(text.get(2..6)?)?;
    if let Some(c) = char::from_u32(first) {
        return Some((Unit::character(c), 6));
    }
    let second =
        text.get(6..8).filter(|mark| *mark == b"\\u").and(text.get(8..12)).and_then(hex)?;
    let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let c = char::decode_utf16(units).next()?.ok()?;
    Some((Unit::character(c), 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_hex = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(text, 16).ok())?
}

/// A character reference of HTML (HTML §13.5).
fn entity(text: &[u8]) -> Option<(Unit, usize)> {
    /// The longest that is read, with its leading zeros.
    const LONGEST: usize = 40;
    let rest = text.get(1..)?;
    let digits_at = match rest {
        [b'#', b'x' | b'X', ..] => 2,
        [b'#', ..] => 1,
        _ => 0,
    };
    let name = rest.get(digits_at..)?;
    let length = name.iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let numeric = |digits: &[u8], radix| {
        let length = digits.iter().take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let text = std::str::from_utf8(digits.get(..length)?).ok()?;
        let c = char::from_u32(u32::from_str_radix(text, radix).ok()?)?;
        Some((Unit::character(c), length))
    };
    let name = name.get(..length)?;
    let (unit, length) = match digits_at {
        2 => numeric(name, 16)?,
        1 => numeric(name, 10)?,
        _ => (Unit::character(named(name)?), length),
    };
    let length = 1 + digits_at + length;
    let ends = usize::from(text.get(length) == Some(&b';'));
    Some((unit, length + ends))
}

/// The references that have a name and stand for a character of ASCII or Latin-1.
fn named(name: &[u8]) -> Option<char> {
    const ASCII: [(&str, char); 42] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("AMP", '&'),
        ("LT", '<'),
        ("GT", '>'),
        ("QUOT", '"'),
        ("Tab", '\t'),
        ("NewLine", '\n'),
        ("excl", '!'),
        ("num", '#'),
        ("dollar", '$'),
        ("percnt", '%'),
        ("lpar", '('),
        ("rpar", ')'),
        ("ast", '*'),
        ("midast", '*'),
        ("plus", '+'),
        ("comma", ','),
        ("period", '.'),
        ("sol", '/'),
        ("colon", ':'),
        ("semi", ';'),
        ("equals", '='),
        ("quest", '?'),
        ("commat", '@'),
        ("lsqb", '['),
        ("lbrack", '['),
        ("bsol", '\\'),
        ("rsqb", ']'),
        ("rbrack", ']'),
        ("Hat", '^'),
        ("lowbar", '_'),
        ("UnderBar", '_'),
        ("grave", '`'),
        ("lcub", '{'),
        ("lbrace", '{'),
        ("verbar", '|'),
        ("rcub", '}'),
        ("rbrace", '}'),
    ];
    /// From U+00A0 to U+00FF.
    const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy \
        reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 \
        frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml \
        Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
        Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil \
        egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde \
        ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
    let name = std::str::from_utf8(name).ok()?;
    let ascii = ASCII.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
    ascii.or_else(|| {
        let at = LATIN.split_ascii_whitespace().position(|known| known == name)?;
        char::from_u32(0xa0 + u32::try_from(at).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, escape: Escape) -> String {
        let view = View::of(text.as_bytes(), escape, false);
        String::from_utf8(view.map_or_else(|| text.into(), |view| view.text)).unwrap()
    }

    #[test]
    fn escapes_are_decoded() {
        for (text, escape, expected) in [
            ("a%2Fb%2f%zz%", Escape::Percent, "a/b/%zz%"),
            ("%u0073%C3%B6", Escape::Percent, "s\u{f6}"),
            ("a+b%20c", Escape::Form, "a b c"),
            (r#"\u0073\x65\/\"\\u"#, Escape::Backslash, r#"se/"\u"#),
            (r"\ud83d\udd11\u{1f511}\ud83d", Escape::Backslash, "\u{1f511}\u{1f511}\\ud83d"),
            (r#"\n\"\\"#, Escape::Quoted, r#"n"\"#),
            (
                "&amp;&lt;&#0000038;&#x26;&ouml;&plus;&nosuch;&",
                Escape::Entity,
                "&<&&\u{f6}+&nosuch;&",
            ),
        ] {
            assert_eq!(decoded(text, escape), expected, "{text}");
        }
    }

    #[test]
    fn ranges_lead_back() {
        let text = b"ab%2Fcd%C3%B6e";
        let view = View::of(text, Escape::Percent, false).unwrap();
        assert_eq!(view.text, "ab/cd\u{f6}e".as_bytes());
        assert_eq!(view.source(&(1..4)), 1..6);
        assert_eq!(view.source(&(2..3)), 2..5);
        assert_eq!(view.source(&(5..7)), 7..13);
        assert_eq!(view.source(&(7..8)), 13..14);
    }

    #[test]
    fn an_escape_that_is_cut_is_dropped() {
        let view = View::of(b"%73%65%6", Escape::Percent, true).unwrap();
        assert_eq!(view.text, b"se");
        assert_eq!(view.source(&(0..2)), 0..8);
    }
}
