use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a check was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// The RP id or origin has no registrable domain (localhost).
    RegistrableDomain,
    /// The adapter cannot make a second account.
    TwoAccounts,
    /// The target does not ask for what the check needs, and the adapter
    /// cannot make it.
    Setting,
    /// After several tries the deviation still equals the honest ceremony.
    NotExpressible,
    /// The adapter has no flow for it.
    Flow,
    /// It takes long, and nobody asked for it.
    OptIn,
    /// The authenticator cannot do what the check needs.
    Authenticator,
    /// The target does not accept honest attestation statements of the format.
    Format,
    /// The target does not accept honest credentials for the algorithm, though
    /// it offers it.
    Algorithm,
    /// The target, or its page, does not have what the check is about.
    Feature,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RegistrableDomain => "registrable-domain",
            Self::TwoAccounts => "two-accounts",
            Self::Setting => "setting",
            Self::NotExpressible => "not-expressible",
            Self::Flow => "flow",
            Self::OptIn => "opt-in",
            Self::Authenticator => "authenticator",
            Self::Format => "format",
            Self::Algorithm => "algorithm",
            Self::Feature => "feature",
        })
    }
}

/// Why nothing can be concluded from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inconclusive {
    /// A step before the attempt went wrong.
    Setup,
    /// The answer matches neither `accepted` nor `refused` of the adapter.
    Unrecognised,
    /// The target told us to slow down, again and again.
    Throttled,
    /// An honest ceremony around the attempt was not accepted.
    Bracket,
    /// The honest part of a story was not accepted.
    Control,
    /// The run was stopped before.
    Interrupted,
}

impl fmt::Display for Inconclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setup => "setup",
            Self::Unrecognised => "unrecognised",
            Self::Throttled => "throttled",
            Self::Bracket => "bracket",
            Self::Control => "control",
            Self::Interrupted => "interrupted",
        })
    }
}
