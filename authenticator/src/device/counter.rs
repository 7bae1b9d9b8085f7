use serde::{Deserialize, Serialize};

/// How an authenticator counts signatures (§6.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// Not at all: the counter is 0 for ever.
    #[default]
    Never,
    /// Each credential by itself, from 0 at its making.
    PerCredential,
    /// All operations of the authenticator together.
    Global,
}
