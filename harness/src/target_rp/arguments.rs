//! Arguments of the command line that a text repeats.

use std::ops::Range;

use super::inputs;
use super::redact::{self, MASK, Secrets, names_a_secret};

/// The text without the secrets in the arguments that it repeats: passwords in URLs, values of
/// variables, and values under names of secrets. The arguments may be wrong in any way.
pub fn masked(text: &str, arguments: &[String]) -> String {
    let mut secrets = Secrets::default();
    let mut repeated = Vec::new();
    let before = std::iter::once("").chain(arguments.iter().map(String::as_str));
    for (before, argument) in before.zip(arguments) {
        let (flag, value) = match argument.split_once('=') {
            Some(pair) if argument.starts_with('-') => pair,
            _ => (before, argument.as_str()),
        };
        let mut shown = value.to_owned();
        if let Some(range) = userinfo(value) {
            secrets.give(value.get(range.clone()).unwrap_or_default());
            shown.replace_range(range, MASK);
        }
        if let Some(start) = named(value, flag == "--var") {
            secrets.give(value.get(start..).unwrap_or_default());
            shown = format!("{}{MASK}", value.get(..start).unwrap_or_default());
        }
        redact::learn_url(value, &mut secrets);
        repeated.push((value, redact::url(&shown, &secrets)));
    }
    repeated.retain(|(value, shown)| value != shown);
    // A value may be a part of another one.
    repeated.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    let text =
        repeated.iter().fold(text.to_owned(), |text, (value, shown)| text.replace(value, shown));
    secrets.mask(&text)
}

/// The beginning of the value in `NAME=VALUE` or `NAME: VALUE`, if the name is that of a secret or of
/// a variable.
fn named(argument: &str, is_variable: bool) -> Option<usize> {
    let at = argument.find(|c| c == '=' || c == ':' && !is_variable)?;
    let (name, rest) = (argument.get(..at)?.trim(), argument.get(at + 1..)?);
    let is_secret = match is_variable {
        true => !inputs::is_public(name),
        false => names_a_secret(name),
    };
    let value = rest.trim_start();
    (is_secret && !value.is_empty()).then(|| argument.len() - value.len())
}

/// The password of a URL, or a user that stands alone. A password with characters that a URL must
/// escape ends at the last `@`.
fn userinfo(argument: &str) -> Option<Range<usize>> {
    let end = argument.rfind('@')?;
    let before = argument.get(..end)?;
    let scheme = before.find("://").map(|at| at + "://".len());
    let start = scheme.unwrap_or(0);
    let colon = before.get(start..)?.find(':').map(|at| start + at + 1);
    let start = colon.or(scheme)?;
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_shows_its_secrets() {
        for (argument, shown) in [
            ("http://u:pw@h/x", "http://u:[masked]@h/x"),
            ("http://u:p/w d@h st", "http://u:[masked]@h st"),
            ("--rp=http://u:x@h", "--rp=http://u:[masked]@h"),
            ("http://t0ken@h", "http://[masked]@h"),
            ("u:pw@h:1", "u:[masked]@h:1"),
            ("http://h?a=b&token=x1", "http://h?a=b&token=[masked]"),
            ("password=p", "password=[masked]"),
            ("my password=pw", "my password=[masked]"),
            ("Authorization: Bearer x1", "Authorization: [masked]"),
            ("ann@h.test", "ann@h.test"),
            ("registration.*", "registration.*"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            let text = format!("error: invalid value '{argument}' for '--rp <URL>'\n");
            let expected = format!("error: invalid value '{shown}' for '--rp <URL>'\n");
            assert_eq!(masked(&text, &["check".to_owned(), argument.to_owned()]), expected);
        }
        for (name, shown) in [("a b", "[masked]"), ("user_id", "x1")] {
            let arguments = ["--var".to_owned(), format!("{name}=x1")];
            assert_eq!(masked(&format!("'{name}=x1'"), &arguments), format!("'{name}={shown}'"));
        }
        // A part of an argument, too.
        let arguments = ["http://u:hunter2@h:x/".to_owned()];
        assert_eq!(masked("no port in hunter2@h:x", &arguments), "no port in [masked]@h:x");
    }
}
