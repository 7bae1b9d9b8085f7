mod json;

use serde::{Deserialize, Serialize};

use self::json::CredentialJson;
use super::extensions::StoredExtensions;
use crate::keys::SigningKey;
use crate::wire::Flags;

/// A public key credential source (§4).
///
/// Its JSON has the members of WebDriver's Credential Parameters, which the DevTools protocol and
/// Playwright use as well, and more for the algorithm and the state of extensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "CredentialJson", into = "CredentialJson")]
pub struct Credential {
    /// The credential id.
    pub id: Vec<u8>,
    /// The private key.
    pub key: SigningKey,
    /// The relying party that it is scoped to.
    pub rp_id: String,
    /// The account; `None` for server-side credentials, which hold no more
    /// than their id can carry.
    pub user: Option<User>,
    /// The signature counter of the last operation.
    pub sign_count: u32,
    /// True if it may leave its authenticator. Fixed for ever.
    pub backup_eligible: bool,
    /// True if it has left its authenticator.
    pub backup_state: bool,
    /// What extensions keep with it.
    pub extensions: StoredExtensions,
}

impl Credential {
    /// The flags of an operation with this credential in which the user was
    /// present. BS never comes without BE (§6.1.3).
    pub(super) fn flags(&self, verified: bool) -> Flags {
        Flags::default()
            .with(Flags::UP, true)
            .with(Flags::UV, verified)
            .with(Flags::BE, self.backup_eligible)
            .with(Flags::BS, self.backup_eligible && self.backup_state)
    }
}

/// The account that a credential belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user handle.
    pub handle: Vec<u8>,
    /// The account's name, for people.
    pub name: String,
    /// The person's name, for people.
    pub display_name: String,
}
