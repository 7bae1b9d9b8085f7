use passrig_authenticator::wire::Json;

use super::shown::{Shown, quoted};

/// A value that stands under this name.
pub(super) fn shown(json: &Json, name: Option<&str>) -> Shown {
    match json.plain() {
        Json::Array(items) => {
            let inside = items.iter().map(|item| (String::new(), shown(item, name))).collect();
            Shown::nested("[", inside, "]")
        }
        Json::Object(members) => {
            let inside =
                members.iter().map(|(name, value)| label(name, shown(value, Some(name)))).collect();
            Shown::nested("{", inside, "}")
        }
        string @ (Json::String(_) | Json::Binary { .. }) => {
            text(&string.as_text().unwrap_or_default(), name)
        }
        other => Shown::Plain(String::from_utf8_lossy(&other.render()).into_owned()),
    }
}

/// A string that stands under this name, and what it holds.
pub(super) fn text(text: &str, name: Option<&str>) -> Shown {
    if text.starts_with(['{', '['])
        && let Ok(json @ (Json::Object(_) | Json::Array(_))) = Json::parse(text.as_bytes())
    {
        return Shown::holding("a text of JSON".to_owned(), shown(&json, None));
    }
    super::base64(text, name)
        .or_else(|| super::jws(text))
        .unwrap_or_else(|| Shown::Plain(quoted(text)))
}

/// Octets that ought to be JSON.
pub(super) fn octets(bytes: &[u8]) -> Shown {
    match Json::parse(bytes) {
        Ok(json) => shown(&json, None),
        Err(error) => match std::str::from_utf8(bytes) {
            Ok(text) => Shown::nested("", unreadable(&error, quoted(text)), ""),
            Err(_) => Shown::nested("", unreadable(&error, super::shown::hex(bytes)), ""),
        },
    }
}

/// What it is, and why it is not read.
pub(super) fn unreadable(error: &impl std::fmt::Display, instead: String) -> Vec<(String, Shown)> {
    vec![
        (String::new(), Shown::Plain(format!("not readable: {error}"))),
        (String::new(), Shown::Plain(instead)),
    ]
}

fn label(name: &str, value: Shown) -> (String, Shown) {
    (format!("{}: ", quoted(name)), value)
}
