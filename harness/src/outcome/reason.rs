use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Outcome;

/// The reason of a result that is not a plain pass. In reports, it is one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Reason {
    /// The check was not sent.
    Skipped {
        /// The cause.
        skip: Skip,
        /// More about it.
        detail: Option<String>,
    },
    /// Nothing can be concluded.
    Inconclusive {
        /// The cause.
        cause: Inconclusive,
        /// More about it.
        detail: Option<String>,
    },
    /// A divergence, an error or an observation in words, often the target's.
    Sentence(String),
}

impl Reason {
    /// The cause in the closed list of causes, if the reason has one.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::Skipped { skip, .. } => Some(skip.name()),
            Self::Inconclusive { cause, .. } => Some(cause.name()),
            Self::Sentence(_) => None,
        }
    }

    /// The reason with its text changed, to mask secrets or to make hidden characters visible.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let mut reason = self.clone();
        let text = match &mut reason {
            Self::Skipped { detail, .. } | Self::Inconclusive { detail, .. } => detail.as_mut(),
            Self::Sentence(text) => Some(text),
        };
        if let Some(text) = text {
            *text = change(text);
        }
        reason
    }

    /// The reason that a report states in a text; the outcome decides which list its word is of.
    pub(super) fn of_outcome(self, outcome: Outcome) -> Self {
        let text = self.to_string();
        let (word, detail) = match text.split_once(": ") {
            Some((word, detail)) => (word, Some(detail.to_owned())),
            None => (text.as_str(), None),
        };
        match (outcome, Skip::named(word), Inconclusive::named(word)) {
            (Outcome::Skipped, Some(skip), _) => Self::Skipped { skip, detail },
            (Outcome::Inconclusive, _, Some(cause)) => Self::Inconclusive { cause, detail },
            _ => self,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word().unwrap_or_default();
        match self {
            Self::Sentence(text) => f.write_str(text),
            Self::Skipped { detail: Some(text), .. }
            | Self::Inconclusive { detail: Some(text), .. } => write!(f, "{word}: {text}"),
            _ => f.write_str(word),
        }
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Sentence(text)
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.to_string()
    }
}

impl From<Skip> for Reason {
    fn from(skip: Skip) -> Self {
        Self::Skipped { skip, detail: None }
    }
}

passrig_authenticator::named_enum! {
    /// The cause for which a check was not sent.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum Skip {
        /// The RP ID or origin has no registrable domain (localhost, an address or an app).
        RegistrableDomain = "registrable-domain",
        /// The adapter cannot make a second account.
        TwoAccounts = "two-accounts",
        /// The target does not ask for what the check needs, and the adapter
        /// cannot make it.
        Setting = "setting",
        /// After several tries the deviation still equals the honest ceremony.
        NotExpressible = "not-expressible",
        /// The adapter has no flow for it.
        Flow = "flow",
        /// The check takes long, and the user did not ask for it.
        OptIn = "opt-in",
        /// The authenticator cannot do what the check needs.
        Authenticator = "authenticator",
        /// The target does not accept honest attestation statements of the format.
        Format = "format",
        /// The target does not accept honest credentials for the algorithm, though
        /// it offers the algorithm.
        Algorithm = "algorithm",
        /// The target accepts a plainer attempt with the same fault, and that is the finding.
        Implied = "implied",
        /// The target, or its page, does not have what the check is about.
        Feature = "feature",
    }
}

passrig_authenticator::named_enum! {
    /// The cause for which nothing can be concluded from an attempt.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum Inconclusive {
        /// A step before the attempt failed.
        Setup = "setup",
        /// The answer matches neither `accepted` nor `refused` of the adapter.
        Unrecognised = "unrecognised",
        /// The target asked for fewer requests, again and again.
        Throttled = "throttled",
        /// An honest ceremony around the attempt was not accepted.
        Bracket = "bracket",
        /// The honest part of a scenario was not accepted.
        Control = "control",
        /// The run was stopped before.
        Interrupted = "interrupted",
    }
}

super::display_names!(Skip, Inconclusive);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, outcome: Outcome) -> Reason {
        Reason::from(text.to_owned()).of_outcome(outcome)
    }

    #[test]
    fn a_text_is_read_by_its_outcome() {
        for detail in [None, Some(String::new()), Some("a: b".to_owned())] {
            let skipped = Skip::ALL.map(|skip| Reason::Skipped { skip, detail: detail.clone() });
            for reason in skipped {
                assert_eq!(read(&reason.to_string(), Outcome::Skipped), reason);
            }
            let causes = Inconclusive::ALL;
            let detail = &detail;
            let undecided =
                causes.map(|cause| Reason::Inconclusive { cause, detail: detail.clone() });
            for reason in undecided {
                assert_eq!(read(&reason.to_string(), Outcome::Inconclusive), reason);
            }
        }
        // A message of a target may begin with such a word.
        for (text, outcome) in [
            ("setting: no", Outcome::Fail),
            ("setup", Outcome::Error),
            ("settings: no", Outcome::Skipped),
            ("setting: no", Outcome::Inconclusive),
        ] {
            assert_eq!(read(text, outcome), Reason::Sentence(text.to_owned()));
        }
    }

    #[test]
    fn each_text_is_changed() {
        let detail = Some("secret".to_owned());
        for reason in [
            Reason::Skipped { skip: Skip::Setting, detail: detail.clone() },
            Reason::Inconclusive { cause: Inconclusive::Setup, detail },
            Reason::Sentence("secret".to_owned()),
        ] {
            let masked = reason.map(|text| text.replace("secret", "[masked]")).to_string();
            assert!(masked.ends_with("[masked]") && !masked.contains("secret"), "{masked}");
        }
    }
}
