use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One set of settings that the adapter chooses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Variant {
    /// The settings that are chosen, each with its value; none is the default.
    Chosen(BTreeMap<Setting, SettingValue>),
    /// A page in a browser, which chooses for itself.
    Page,
}

impl Variant {
    /// The variant in which these settings have these values.
    pub fn new(settings: impl IntoIterator<Item = (Setting, SettingValue)>) -> Self {
        Self::Chosen(settings.into_iter().collect())
    }

    /// The value that is chosen for a setting.
    pub fn setting(&self, setting: Setting) -> Option<SettingValue> {
        match self {
            Self::Chosen(settings) => settings.get(&setting).copied(),
            Self::Page => None,
        }
    }

    /// The variant with another choice.
    #[must_use]
    pub fn with(&self, setting: Setting, value: SettingValue) -> Self {
        let mut other = self.clone();
        if let Self::Chosen(settings) = &mut other {
            settings.insert(setting, value);
        }
        other
    }

    /// True if nothing is chosen.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Variant {
    fn default() -> Self {
        Self::new([])
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page => f.write_str("page"),
            Self::Chosen(settings) if settings.is_empty() => f.write_str("default"),
            Self::Chosen(settings) => {
                let pairs = settings.iter().map(|(setting, value)| format!("{setting}={value}"));
                f.write_str(&pairs.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// The error of a text that does not name a variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `default`, `page` or SETTING=VALUE as a variant, found `{0}`")]
pub struct VariantError(String);

impl TryFrom<String> for Variant {
    type Error = VariantError;

    fn try_from(text: String) -> Result<Self, VariantError> {
        let pair = |pair: &str| {
            let (setting, value) = pair.split_once('=')?;
            Some((Setting::named(setting)?, SettingValue::named(value)?))
        };
        match text.as_str() {
            "default" => Ok(Self::default()),
            "page" => Ok(Self::Page),
            _ => {
                let settings: Option<_> = text.split(' ').map(pair).collect();
                settings.map(Self::Chosen).ok_or(VariantError(text))
            }
        }
    }
}

impl From<Variant> for String {
    fn from(variant: Variant) -> Self {
        variant.to_string()
    }
}

passrig_authenticator::named_enum! {
    /// A choice that a target can make in its options.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum Setting {
        /// `required`, `preferred` or `discouraged`.
        UserVerification = "user-verification",
        /// The attestation conveyance: `none` or `direct`.
        Attestation = "attestation",
        /// The user at the beginning of an authentication: `username` (known) or
        /// `discoverable` (not known).
        Login = "login",
        /// The algorithms that registration options list: `every` one that there is.
        Algorithms = "algorithms",
        /// The mediation that the page asks for: `optional` or `conditional`.
        Mediation = "mediation",
        /// The RP expects to be framed or not: `none` or `expected`.
        Framing = "framing",
    }
}

impl Setting {
    /// The default value, where the options do not state one.
    pub fn default_value(self) -> Option<SettingValue> {
        match self {
            Self::UserVerification | Self::Attestation | Self::Login | Self::Algorithms => None,
            Self::Mediation => Some(SettingValue::Optional),
            Self::Framing => Some(SettingValue::None),
        }
    }
}

passrig_authenticator::named_enum! {
    /// A value of a [`Setting`]. Variants run in the alphabetical order of these names.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    #[allow(missing_docs)]
    pub enum SettingValue {
        Conditional = "conditional",
        Direct = "direct",
        Discouraged = "discouraged",
        Discoverable = "discoverable",
        Enterprise = "enterprise",
        Every = "every",
        Expected = "expected",
        Indirect = "indirect",
        None = "none",
        Optional = "optional",
        Preferred = "preferred",
        Required = "required",
        Username = "username",
    }
}

super::display_names!(Setting, SettingValue);
