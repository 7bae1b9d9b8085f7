use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// One set of settings that the adapter chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variant {
    settings: BTreeMap<Setting, String>,
}

impl Variant {
    /// The variant in which these settings have these values.
    pub fn new(settings: impl IntoIterator<Item = (Setting, String)>) -> Self {
        Self { settings: settings.into_iter().collect() }
    }

    /// What a setting is chosen to be.
    pub fn setting(&self, setting: Setting) -> Option<&str> {
        self.settings.get(&setting).map(String::as_str)
    }

    /// The same with another choice.
    #[must_use]
    pub fn with(&self, setting: Setting, value: &str) -> Self {
        let mut other = self.clone();
        other.settings.insert(setting, value.to_owned());
        other
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.settings.is_empty() {
            return f.write_str("default");
        }
        let pairs: Vec<String> = self
            .settings
            .iter()
            .map(|(setting, value)| format!("{}={value}", setting.name()))
            .collect();
        f.write_str(&pairs.join(" "))
    }
}

/// What a target can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// `required`, `preferred` or `discouraged`.
    UserVerification,
    /// The attestation conveyance: `none` or `direct`.
    Attestation,
    /// Who the user is at the beginning of an authentication: `username`
    /// (known) or `discoverable` (not).
    Login,
    /// Which algorithms registration options list: `every` one that there is.
    Algorithms,
    /// How the page asks: `optional` or `conditional`.
    Mediation,
    /// Whether the RP expects to be framed: `none` or `expected`.
    Framing,
}

impl Setting {
    /// What it is unless somebody says otherwise, where no options tell.
    pub fn unless_said(self) -> Option<&'static str> {
        match self {
            Self::UserVerification | Self::Attestation | Self::Login | Self::Algorithms => None,
            Self::Mediation => Some("optional"),
            Self::Framing => Some("none"),
        }
    }

    /// The word in catalogue and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserVerification => "user-verification",
            Self::Attestation => "attestation",
            Self::Login => "login",
            Self::Algorithms => "algorithms",
            Self::Mediation => "mediation",
            Self::Framing => "framing",
        }
    }
}
