//! `--fail-on LEVEL[:IMPORTANCE]`.

use serde::de::DeserializeOwned;

use crate::outcome::{FailOn, Importance, Level};

pub(super) fn parse(text: &str) -> Result<FailOn, String> {
    let (level, importance) = match text.split_once(':') {
        Some((level, importance)) => (level, Some(importance)),
        None => (text, None),
    };
    let level: Level =
        word(level).ok_or("expected must, should, policy or hardening".to_owned())?;
    let importance = match importance {
        None => FailOn::default().importance,
        Some(importance) => word::<Importance>(importance)
            .ok_or("expected low, medium, high or critical after the colon".to_owned())?,
    };
    Ok(FailOn { level, importance })
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_and_importance() {
        let parsed = parse("should:low").unwrap();
        assert_eq!((parsed.level, parsed.importance), (Level::Should, Importance::Low));
        let parsed = parse("policy").unwrap();
        assert_eq!((parsed.level, parsed.importance), (Level::Policy, Importance::Medium));
        for wrong in ["", "never", "must:", "must:grave", "MUST"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
