//! Steps of §7.2 alone.

use std::sync::LazyLock;

use passrig_authenticator::keys::{self, SigningKey};
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{AuthenticationResponse, AuthenticatorData, Cbor, Flags, cose};
use sha2::{Digest, Sha256};

use super::{Evidence, StepResult, form, refuse, shared};
use crate::relying_party::store::User;

/// §7.2 step 3
pub(crate) fn response(e: &mut Evidence<'_>) -> StepResult {
    let response: AuthenticationResponse = shared::response(e.body, "assertion")?;
    let finding = shared::public_key(&response.kind, response.id == response.raw_id);
    e.assertion = Some(response);
    finding
}

/// §7.2 step 5
pub(crate) fn allow_list(e: &Evidence<'_>) -> StepResult {
    let (Some(assertion), Some(issued)) = (&e.assertion, e.issued()) else { return Ok(()) };
    if issued.allowed.is_empty() || issued.allowed.contains(&assertion.raw_id.0) {
        Ok(())
    } else {
        refuse("the credential is not one of those that were asked for")
    }
}

/// §7.2 step 6, when the user was identified before the ceremony.
pub(crate) fn named_user(e: &Evidence<'_>) -> StepResult {
    let Some(assertion) = &e.assertion else { return Ok(()) };
    let account = match e.issued().map(|issued| &issued.user) {
        Some(User::Known(account)) => account,
        Some(User::Unknown) => return refuse("there is no such account"),
        Some(User::Unnamed) | None => return Ok(()),
    };
    if e.store.record(&account.handle, assertion.raw_id.as_ref()).is_none() {
        return refuse("the account has no such credential");
    }
    if e.user_handle().is_none_or(|handle| handle == account.handle) {
        Ok(())
    } else {
        refuse("the user handle is not the account's")
    }
}

/// §7.2 step 6, when the user was not identified before the ceremony.
pub(crate) fn user_handle(e: &Evidence<'_>) -> StepResult {
    let Some(assertion) = &e.assertion else { return Ok(()) };
    if names_user(e) {
        return Ok(());
    }
    let Some(handle) = e.user_handle() else {
        return refuse("nobody was named, and there is no user handle");
    };
    match e.store.record(&handle, assertion.raw_id.as_ref()) {
        Some(_) => Ok(()),
        None => refuse("the user handle names no account with this credential"),
    }
}

/// True if the options were for a named user.
pub(crate) fn names_user(e: &Evidence<'_>) -> bool {
    e.issued().is_some_and(|issued| issued.user != User::Unnamed)
}

/// §7.2 step 15 is the first to read them.
pub(crate) fn authenticator_data(e: &mut Evidence<'_>) -> StepResult {
    let Some(assertion) = &e.assertion else { return Ok(()) };
    match AuthenticatorData::decode(assertion.response.authenticator_data.as_ref()) {
        Ok(data) => {
            form::authenticator_data(&data)?;
            e.authenticator_data = Some(data);
        }
        Err(error) => return refuse(format!("the authenticator data do not decode: {error}")),
    }
    Ok(())
}

/// §7.2 step 19
pub(crate) fn backup_eligible(e: &Evidence<'_>) -> StepResult {
    let (Some(data), Some((_, record))) = (&e.authenticator_data, e.record()) else {
        return Ok(());
    };
    if data.flags.has(Flags::BE) == record.backup_eligible {
        Ok(())
    } else {
        refuse("backup eligibility is not what it was at registration")
    }
}

/// §7.2 steps 20 and 21
pub(crate) fn signature(e: &Evidence<'_>) -> StepResult {
    let (Some(assertion), Some(message)) = (&e.assertion, signed(e)) else { return Ok(()) };
    let verified = |key: &Cbor| {
        let key = match cose::Key::from_cbor(key) {
            Ok(key) => key,
            Err(error) => return refuse(format!("the registered key is unusable: {error}")),
        };
        match keys::verify(&key, &message, assertion.response.signature.as_ref()) {
            Ok(()) => Ok(()),
            Err(error) => refuse(error.to_string()),
        }
    };
    match e.record() {
        Some((_, record)) => verified(&record.public_key),
        // Whether there is a record at all is a matter of step 6, and not to be
        // told from how quickly this goes (§14.6.2).
        None => {
            let _ = DECOY.as_ref().map(verified);
            Ok(())
        }
    }
}

/// The key of nobody's credential.
static DECOY: LazyLock<Option<Cbor>> = LazyLock::new(|| {
    let key = SigningKey::from_bytes(Algorithm::ES256, &[1; 32]);
    key.ok().map(|key| key.public_key().to_cbor())
});

/// What an assertion signs: the authenticator data and the hash of the client
/// data, both as they arrived.
pub(crate) fn signed(e: &Evidence<'_>) -> Option<Vec<u8>> {
    let data = e.assertion.as_ref()?.response.authenticator_data.as_ref();
    Some([data, &Sha256::digest(e.client_data_json()?)].concat())
}

/// §7.2 step 22. The reaction is this relying party's own: it refuses.
pub(crate) fn sign_count(e: &Evidence<'_>) -> StepResult {
    let (Some(data), Some((_, record))) = (&e.authenticator_data, e.record()) else {
        return Ok(());
    };
    match (data.sign_count, record.sign_count) {
        (0, 0) => Ok(()),
        (sent, stored) if sent > stored => Ok(()),
        (sent, stored) => refuse(format!("the signature counter went from {stored} to {sent}")),
    }
}
