//! `largeBlob` (§10.1.5).

use serde_json::{Value, json};

use crate::client::{DomException, Name};
use crate::device::Profile;
use crate::device::extensions::{Extension, LargeBlobAction, LargeBlobOutcome};
use crate::wire::base64url;
use crate::wire::extensions::ClientInputs;
use crate::wire::options::CredentialDescriptor;

pub(super) fn check_creation(inputs: &ClientInputs) -> Result<(), DomException> {
    match &inputs.large_blob {
        Some(asked) if asked.read.is_some() || asked.write.is_some() => {
            Err(not_supported("A large blob is neither read nor written with a registration."))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_use(
    inputs: &ClientInputs,
    allowed: &[CredentialDescriptor],
) -> Result<(), DomException> {
    let Some(asked) = &inputs.large_blob else {
        return Ok(());
    };
    if asked.support.is_some() {
        return Err(not_supported("Support of large blobs is asked for with a registration."));
    }
    if asked.read.is_some() && asked.write.is_some() {
        return Err(not_supported("A large blob is either read or written."));
    }
    if asked.write.is_some() && allowed.len() != 1 {
        return Err(not_supported("To write a large blob, allow exactly one credential."));
    }
    Ok(())
}

fn not_supported(message: &str) -> DomException {
    DomException::new(Name::NotSupported, message)
}

/// Where large blobs are required, others need not apply.
pub(super) fn admits(inputs: &ClientInputs, profile: &Profile, discoverable: bool) -> bool {
    let support = inputs.large_blob.as_ref().and_then(|asked| asked.support.as_deref());
    support != Some("required") || discoverable && profile.extensions.has(Extension::LargeBlob)
}

/// What an assertion is to do.
pub(super) fn action(inputs: &ClientInputs) -> Option<LargeBlobAction> {
    let asked = inputs.large_blob.as_ref()?;
    match &asked.write {
        Some(blob) => Some(LargeBlobAction::Write(blob.0.clone())),
        None => (asked.read == Some(true)).then_some(LargeBlobAction::Read),
    }
}

pub(super) fn output(outcome: Option<&LargeBlobOutcome>) -> Option<Value> {
    Some(match outcome? {
        LargeBlobOutcome::Supported(supported) => json!({ "supported": supported }),
        LargeBlobOutcome::Read(None) => json!({}),
        LargeBlobOutcome::Read(Some(blob)) => json!({ "blob": base64url::encode(blob) }),
        LargeBlobOutcome::Written(written) => json!({ "written": written }),
    })
}
