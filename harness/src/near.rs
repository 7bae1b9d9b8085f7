//! The names that a reader may have meant.

/// The likeness from which on a name is mentioned.
const ALIKE: f64 = 0.6;
/// The most by which a name may be less alike than the likeliest one.
const CLOSE: f64 = 0.1;
/// The most names that are mentioned.
const MANY: usize = 4;

/// The names that are like the wanted one, the likeliest first.
pub(crate) fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.trim_matches(['*', '.']).to_lowercase();
    let mut scored: Vec<_> =
        names.into_iter().map(|name| (likeness(&wanted, name), name)).collect();
    let best = scored.iter().map(|(score, _)| *score).fold(ALIKE + CLOSE, f64::max);
    scored.retain(|(score, _)| *score >= best - CLOSE);
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.truncate(MANY);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// A question for them, if there are any.
pub(crate) fn did_you_mean<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let near = near(wanted, names);
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(", ")))
}

/// The question, or all the names of a short list.
pub(crate) fn did_you_mean_or_all<T: AsRef<str>>(wanted: &str, names: &[T]) -> String {
    let names = || names.iter().map(AsRef::as_ref);
    let all = || format!("expected one of: {}", names().collect::<Vec<_>>().join(", "));
    did_you_mean(wanted, names()).unwrap_or_else(all)
}

/// From 0 to 1. Ids have segments, of which people leave out the first.
fn likeness(wanted: &str, name: &str) -> f64 {
    if wanted.is_empty() {
        return 0.0;
    }
    if name.contains(wanted) {
        return 1.0;
    }
    let tail = name.split_once('.').map_or(name, |(_, tail)| tail);
    let whole = strsim::normalized_damerau_levenshtein(wanted, name);
    whole.max(strsim::normalized_damerau_levenshtein(wanted, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_closest_name() {
        let ids =
            ["registration.origin.subdomain", "authentication.uv.absent", "registration.type"];
        assert_eq!(near("origin.subdomian", ids), ["registration.origin.subdomain"]);
        assert_eq!(near("*.uv.*", ids), ["authentication.uv.absent"]);
        assert_eq!(near("registration", ids), [ids[0], ids[2]]);
        assert!(near("counter", ids).is_empty() && near("*", ids).is_empty());
    }
}
