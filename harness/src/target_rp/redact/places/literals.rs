//! Quoted values with a name before them: in scripts, attributes and headers.

use super::super::names::names_a_secret;
use super::super::secrets::Secrets;
use super::parameters::{is_drawn, name_before};

/// Learns quoted values that are secret by their names, such as `csrfToken = 'x'`.
pub(super) fn learn(text: &str, secrets: &mut Secrets) {
    let mut at = 0;
    let is_quote = |c| matches!(c, '"' | '\'');
    while let Some(quote) =
        text.get(at..).and_then(|rest| rest.find(is_quote)).map(|next| at + next)
    {
        at = quote + 1;
        if !assigned(text, quote).is_some_and(names_a_secret) {
            continue;
        }
        let Some((mark, rest)) = text.get(quote..).and_then(|rest| rest.split_at_checked(1)) else {
            return;
        };
        let Some(value) = rest.find(mark).and_then(|end| rest.get(..end)) else { continue };
        at += value.len() + 1;
        // Sentences and words are for readers: labels, and the names of fields.
        if is_drawn(value) && !value.contains(char::is_whitespace) {
            secrets.learn(value);
        }
    }
}

/// The name to which the value that begins there is assigned.
fn assigned(text: &str, quote: usize) -> Option<&str> {
    let mark = back_over_spaces(text, quote).checked_sub(1)?;
    if !matches!(text.as_bytes().get(mark), Some(b'=' | b':')) {
        return None;
    }
    let mut end = back_over_spaces(text, mark);
    let before = end.checked_sub(1)?;
    if matches!(text.as_bytes().get(before), Some(b'"' | b'\'')) {
        end = before;
    }
    name_before(text, end)
}

fn back_over_spaces(text: &str, at: usize) -> usize {
    const MOST: usize = 4;
    let before = text.as_bytes().get(..at).unwrap_or_default().iter().rev();
    at - before.take(MOST).take_while(|byte| **byte == b' ').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_a_name_are_secret() {
        let mut secrets = Secrets::default();
        learn(
            "window.csrfToken = 'abc123';<p data-token=\"def456\">{'api_key': 'ghi789'} \
             Newauth realm=\"a1b2c3\", token=\"jkl012\" {password: \"Enter the password\"}",
            &mut secrets,
        );
        let shown = secrets.mask("abc123 def456 ghi789 a1b2c3 jkl012 Enter the password");
        assert_eq!(shown, "[masked] [masked] [masked] a1b2c3 [masked] Enter the password");
    }
}
