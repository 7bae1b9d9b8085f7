//! The few literals of JavaScript that the specification's examples are made
//! of, as JSON: octets become arrays of numbers, and `ArrayBuffer`, which
//! stands for any, becomes `null`.

use serde_json::{Map, Value};

/// The objects of an example, each with the comment that it stands under.
pub(crate) fn objects(text: &str) -> Option<Vec<(String, Value)>> {
    let mut found = Vec::new();
    let mut comment = "";
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(line) = rest.strip_prefix("//") {
            let (line, after) = line.split_once('\n')?;
            (comment, rest) = (line.trim(), after.trim_start());
        } else {
            let (value, after) = value(rest)?;
            found.push((comment.to_owned(), value));
            rest = after;
        }
    }
    Some(found)
}

/// The value that a text begins with, and what follows.
fn value(text: &str) -> Option<(Value, &str)> {
    if let Some(inner) = text.strip_prefix('{') {
        let (members, rest) = list(inner, '}', |text| {
            let (name, rest) = name(text)?;
            let (value, rest) = value(rest.strip_prefix(':')?.trim_start())?;
            Some(((name, value), rest))
        })?;
        return Some((Value::Object(Map::from_iter(members)), rest));
    }
    for (constructor, width) in [("new Uint8Array([", 1), ("new Uint32Array([", 4)] {
        if let Some(inner) = text.strip_prefix(constructor) {
            let (numbers, rest) = list(inner, ']', number)?;
            // As on nearly all machines, the lowest octet comes first.
            let octets = numbers.iter().flat_map(|n| n.to_le_bytes().into_iter().take(width));
            return Some((octets.collect(), rest.strip_prefix(')')?.trim_start()));
        }
    }
    let (word, rest) = name(text)?;
    let value = match word.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "ArrayBuffer" => Value::Null,
        _ => return None,
    };
    Some((value, rest))
}

/// Items and commas up to the end; a comma may come last.
fn list<'a, T>(
    text: &'a str,
    end: char,
    item: impl Fn(&'a str) -> Option<(T, &'a str)>,
) -> Option<(Vec<T>, &'a str)> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix(end) {
            return Some((items, after.trim_start()));
        }
        let (next, after) = item(rest)?;
        items.push(next);
        rest = after.strip_prefix(',').unwrap_or(after).trim_start();
    }
}

/// A word, or a string.
fn name(text: &str) -> Option<(String, &str)> {
    let (name, rest) = match text.strip_prefix('"') {
        Some(inner) => inner.split_once('"')?,
        None => word(text)?,
    };
    Some((name.to_owned(), rest.trim_start()))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = word(text)?;
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    Some((number.ok()?, rest.trim_start()))
}

fn word(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    Some(text.split_at(end)).filter(|(word, _)| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn literals() {
        let text = "// One:\n{ a: { \"b-c\": new Uint8Array([1, 0x02]), }, d: true }\n\
                    // Two:\n{ e: new Uint32Array([0x04030201]) }\n{ f: ArrayBuffer }";
        let expected = [
            ("One:", json!({"a": {"b-c": [1, 2]}, "d": true})),
            ("Two:", json!({"e": [1, 2, 3, 4]})),
            ("Two:", json!({"f": null})),
        ];
        let expected = expected.map(|(comment, value)| (comment.to_owned(), value));
        assert_eq!(objects(text), Some(expected.to_vec()));
        for broken in ["{", "{ a }", "{ a: b }", "{ a: new Uint8Array([x]) }", "x", "// y"] {
            assert_eq!(objects(broken), None, "{broken}");
        }
    }
}
