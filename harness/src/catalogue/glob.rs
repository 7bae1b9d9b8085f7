//! Patterns over ids, in which `*` stands for any text.

/// True if the glob matches `id`. A glob without `*` also matches everything
/// below it: `registration.origin` means `registration.origin.*`.
pub fn matches(glob: &str, id: &str) -> bool {
    if !glob.contains('*') {
        return id.strip_prefix(glob).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    }
    let mut parts = glob.split('*');
    let Some(mut rest) = parts.next().and_then(|first| id.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, id, expected) in [
            ("registration.origin.suffix", "registration.origin.suffix", true),
            ("registration.origin", "registration.origin.suffix", true),
            ("registration.orig", "registration.origin.suffix", false),
            ("*.origin.*", "registration.origin.suffix", true),
            ("*.suffix", "registration.origin.suffix", true),
            ("reg*x", "registration.origin.suffix", true),
            ("reg*z", "registration.origin.suffix", false),
            ("*", "a", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches(glob, id), expected, "{glob} {id}");
        }
    }
}
