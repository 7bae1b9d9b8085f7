use std::collections::BTreeMap;
use std::fmt;

use crate::catalogue::Setting;

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

/// The probes that this run has seen in both states, and therefore trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// The list of credentials.
    pub list: bool,
    /// Who is signed in.
    pub whoami: bool,
}

impl Probes {
    /// Every probe, trusted or not: to find out which can be.
    pub const ALL: Self = Self { list: true, whoami: true };
}
