use std::fmt;

use serde::{Deserialize, Serialize};

/// One of WebAuthn's two ceremonies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ceremony {
    /// `create()`: a new credential for an account (§7.1).
    Registration,
    /// `get()`: the use of a credential (§7.2).
    Authentication,
}

impl Ceremony {
    /// The name in check ids and adapters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Authentication => "authentication",
        }
    }
}

impl fmt::Display for Ceremony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
