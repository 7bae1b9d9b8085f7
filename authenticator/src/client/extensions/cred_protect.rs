//! `credentialProtectionPolicy` and its enforcement (CTAP 2.1 §12.1).

use crate::device::Profile;
use crate::device::extensions::{Extension, Protection};
use crate::wire::extensions::ClientInputs;

/// The policy; words unknown to a client mean none (§2.1.1).
pub(super) fn policy(inputs: &ClientInputs) -> Option<Protection> {
    match inputs.credential_protection_policy.as_deref()? {
        "userVerificationOptional" => Some(Protection::Optional),
        "userVerificationOptionalWithCredentialIDList" => Some(Protection::OptionalWithList),
        "userVerificationRequired" => Some(Protection::Required),
        _ => None,
    }
}

/// A policy that is enforced needs an authenticator that knows it, unless it
/// protects nothing.
pub(super) fn admits(inputs: &ClientInputs, profile: &Profile) -> bool {
    !inputs.enforce_credential_protection_policy
        || policy(inputs).unwrap_or_default() == Protection::Optional
        || profile.extensions.has(Extension::CredProtect)
}
