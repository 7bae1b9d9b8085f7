//! A JSON parser that reads more than JSON, for `reading.rs`. It holds no mutants.

use passrig_authenticator::wire::Json;
use passrig_authenticator::wire::json::Number;

/// The extensions of JSON that the reader accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JsonExtensions {
    /// What JavaScript would read: comments, single quotes, names without
    /// quotes, commas at the end, more numbers and more space.
    pub(super) script: bool,
    /// Whatever stands behind the value.
    pub(super) trailing: bool,
    /// A value that ends too early.
    pub(super) unfinished: bool,
    /// Halves of surrogate pairs.
    pub(super) surrogates: bool,
}

impl JsonExtensions {
    /// Reads a text; `None` if it is too much to bear.
    pub(super) fn parse(self, text: &str) -> Option<Json> {
        let mut parser = Parser { lax: self, rest: text.chars().collect(), at: 0, depth: 0 };
        let value = parser.value()?;
        parser.space()?;
        (parser.peek().is_none() || self.trailing).then_some(value)
    }
}

struct Parser {
    lax: JsonExtensions,
    rest: Vec<char>,
    at: usize,
    depth: usize,
}

const DEEPEST: usize = 128;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn takes(&mut self, text: &str) -> bool {
        let end = self.at + text.chars().count();
        let same = |found: &[char]| found.iter().copied().eq(text.chars());
        let found = self.rest.get(self.at..end).is_some_and(same);
        if found {
            self.at = end;
        }
        found
    }

    fn space(&mut self) -> Option<()> {
        loop {
            let more = |c: char| self.lax.script && (c.is_whitespace() || c == '\u{feff}');
            if self.peek().is_some_and(|c| " \t\r\n".contains(c) || more(c)) {
                self.at += 1;
            } else if self.lax.script && self.takes("/*") {
                while !self.takes("*/") {
                    self.next()?;
                }
            } else {
                return Some(());
            }
        }
    }

    fn value(&mut self) -> Option<Json> {
        self.space()?;
        match self.peek()? {
            '{' => self.nested(Self::object),
            '[' => self.nested(Self::array),
            '"' => self.text('"').map(Json::String),
            '\'' if self.lax.script => self.text('\'').map(Json::String),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.at += 1;
        self.depth += 1;
        let value = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        value
    }

    /// Moves to the next item: `false` at the end of the list, `None` for a wrong separator.
    fn next_item(&mut self, close: char, is_first: bool) -> Option<bool> {
        self.space()?;
        match self.peek() {
            None => self.lax.unfinished.then_some(false),
            Some(c) if c == close => {
                self.at += 1;
                Some(false)
            }
            _ if is_first => Some(true),
            Some(',') => {
                self.at += 1;
                self.space()?;
                let ends = self.peek() == Some(close);
                self.at += usize::from(ends);
                if ends && !self.lax.script { None } else { Some(!ends) }
            }
            _ => None,
        }
    }

    fn array(&mut self) -> Option<Json> {
        let mut items = Vec::new();
        while self.next_item(']', items.is_empty())? {
            items.push(self.value()?);
        }
        Some(Json::Array(items))
    }

    fn object(&mut self) -> Option<Json> {
        let mut members = Vec::new();
        while self.next_item('}', members.is_empty())? {
            self.space()?;
            let name = match self.peek()? {
                '"' => self.text('"')?,
                '\'' if self.lax.script => self.text('\'')?,
                _ if self.lax.script => self.plain(),
                _ => return None,
            };
            self.space()?;
            if !self.takes(":") {
                return None;
            }
            members.push((name, self.value()?));
        }
        Some(Json::Object(members))
    }

    /// What no sign interrupts.
    fn plain(&mut self) -> String {
        let mut plain = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || "+-._$".contains(*c)) {
            plain.push(c);
            self.at += 1;
        }
        plain
    }

    fn word(&mut self) -> Option<Json> {
        let word = self.plain();
        match word.as_str() {
            "null" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            _ => match serde_json::from_str::<Number>(&word) {
                Ok(number) => Some(Json::Number(number)),
                Err(_) if self.lax.script => Some(Json::String(word)),
                Err(_) => None,
            },
        }
    }

    fn text(&mut self, quote: char) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next()? {
                c if c == quote => return Some(text),
                '\\' => text.push(self.escaped()?),
                c if c < ' ' && !self.lax.script => return None,
                c => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => match self.unit(4)? {
                high @ 0xd800..0xdc00 if self.takes("\\u") => {
                    let low = self.unit(4)?;
                    char::decode_utf16([high, low].map(|unit| unit as u16))
                        .next()?
                        .ok()
                        .or_else(|| self.half())?
                }
                unit => char::from_u32(unit).or_else(|| self.half())?,
            },
            'x' if self.lax.script => char::from_u32(self.unit(2)?)?,
            c if self.lax.script => c,
            _ => return None,
        })
    }

    fn half(&self) -> Option<char> {
        self.lax.surrogates.then_some('\u{fffd}')
    }

    fn unit(&mut self, digits: usize) -> Option<u32> {
        let text: String = self.rest.get(self.at..self.at + digits)?.iter().collect();
        self.at += digits;
        u32::from_str_radix(&text, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lax: JsonExtensions, text: &str) -> Option<Vec<u8>> {
        lax.parse(text).map(|json| json.render())
    }

    #[test]
    fn reads_json() {
        let text = r#"{"a":[1,-2.5,true,null,"x\n\u00e9\ud83d\ude00"],"b":{},"b":[]}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(JsonExtensions::default().parse(text), Some(json));
        for not in ["", "{", "[1,]", "{} {}", "{'a':1}", "\"\\ud800\"", "01", "NaN", "\"\n\""] {
            assert_eq!(read(JsonExtensions::default(), not), None, "{not}");
        }
    }

    #[test]
    fn and_more() {
        let script = JsonExtensions { script: true, ..JsonExtensions::default() };
        for text in ["/**/{'a':1,b:NaN,}", "\u{a0}[01,\"\n\",]", "\"\\x41\""] {
            assert!(read(script, text).is_some(), "{text}");
        }
        assert!(
            read(JsonExtensions { trailing: true, ..JsonExtensions::default() }, "{}{}").is_some()
        );
        assert!(
            read(JsonExtensions { unfinished: true, ..JsonExtensions::default() }, "{\"a\":[1")
                .is_some()
        );
        assert!(
            read(JsonExtensions { surrogates: true, ..JsonExtensions::default() }, "\"\\ud800\"")
                .is_some()
        );
        assert_eq!(read(script, &"[".repeat(100_000)), None);
    }
}
