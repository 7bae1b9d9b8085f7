//! `prf` (§10.1.4), over `hmac-secret` where the authenticator knows it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::hmac_secret::{Session, members};
use super::{Extension, device, is_true, signed};
use crate::client::{DomException, Name};
use crate::device::extensions::PrfValues;
use crate::device::{Profile, get_assertion, make_credential};
use crate::env::Env;
use crate::wire::base64url;
use crate::wire::extensions::{self, ClientInputs};
use crate::wire::options::CredentialDescriptor;

pub(super) fn check_creation(inputs: &ClientInputs) -> Result<(), DomException> {
    match &inputs.prf {
        Some(asked) if asked.eval_by_credential.is_some() => {
            let message = "prf.evalByCredential has no meaning in a registration.";
            Err(DomException::new(Name::NotSupported, message))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_use(
    inputs: &ClientInputs,
    allowed: &[CredentialDescriptor],
) -> Result<(), DomException> {
    let by_credential = inputs.prf.as_ref().and_then(|asked| asked.eval_by_credential.as_ref());
    let mut keys = by_credential.into_iter().flat_map(|inputs| inputs.keys()).peekable();
    if keys.peek().is_some() && allowed.is_empty() {
        let message = "prf.evalByCredential needs credentials in allowCredentials.";
        return Err(DomException::new(Name::NotSupported, message));
    }
    let is_allowed = |key: &String| {
        let id = base64url::decode(key).ok().filter(|id| !id.is_empty());
        id.is_some_and(|id| allowed.iter().any(|descriptor| descriptor.id.0 == id))
    };
    match keys.find(|key| !is_allowed(key)) {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("The key `{key}` of prf.evalByCredential is no id in allowCredentials.");
            Err(DomException::new(Name::Syntax, message))
        }
    }
}

/// Whether there is anything to evaluate at.
pub(super) fn evaluates(inputs: &ClientInputs) -> bool {
    let asked = inputs.prf.as_ref();
    asked.is_some_and(|asked| {
        asked.eval.is_some() || asked.eval_by_credential.as_ref().is_some_and(|e| !e.is_empty())
    })
}

/// Whether the authenticator evaluates for a verified user, by that extension.
/// The other function of `hmac-secret` is not `prf`'s.
pub(super) fn verifies(profile: &Profile, extension: Extension) -> bool {
    let has = |extension| profile.extensions.has(extension);
    has(Extension::HmacSecret) && has(extension) && profile.user_verification
}

pub(super) fn ask_creation(
    inputs: &ClientInputs,
    asked: &mut device::CreationExtensions,
    session: &mut Session<'_>,
    env: &mut dyn Env,
) {
    let Some(input) = &inputs.prf else {
        return;
    };
    let salts = input.eval.as_ref().map(salts);
    if session.authenticator.supports(Extension::HmacSecret) {
        asked.hmac_secret = true;
        let verifies = verifies(session.authenticator.profile(), Extension::HmacSecretMc);
        let salts = salts.filter(|_| verifies);
        asked.hmac_secret_mc = salts.and_then(|salts| session.input(&salts, env));
    } else {
        asked.prf = Some(salts);
    }
}

pub(super) fn ask_use(
    inputs: &ClientInputs,
    request: &get_assertion::GetAssertionRequest<'_>,
    asked: &mut device::AssertionExtensions,
    session: &mut Session<'_>,
    env: &mut dyn Env,
) {
    let Some(input) = &inputs.prf else {
        return;
    };
    let by_credential = input.eval_by_credential.as_ref().filter(|inputs| !inputs.is_empty());
    let own = by_credential.and_then(|inputs| {
        let credential = session.authenticator.choose(request, env)?;
        inputs.get(&base64url::encode(&credential.id))
    });
    let Some(salts) = own.or(input.eval.as_ref()).map(salts) else {
        return;
    };
    if session.authenticator.supports(Extension::HmacSecret) {
        if verifies(session.authenticator.profile(), Extension::HmacSecret) {
            asked.hmac_secret = session.input(&salts, env);
        }
    } else {
        asked.prf = Some(salts);
    }
}

/// A page's inputs are kept apart from those of other callers of
/// `hmac-secret`.
fn salts(inputs: &extensions::PrfValues) -> PrfValues {
    let salt = |input: &[u8]| Sha256::digest([b"WebAuthn PRF\0", input].concat()).into();
    PrfValues {
        first: salt(&inputs.first.0),
        second: inputs.second.as_ref().map(|second| salt(&second.0)),
    }
}

pub(super) fn creation_output(
    inputs: &ClientInputs,
    plan: &make_credential::MakeCredentialPlan,
    session: &Session<'_>,
) -> Option<Value> {
    inputs.prf.as_ref()?;
    let outputs = plan.extensions.as_ref();
    let enabled =
        plan.unsigned.prf_enabled || signed(outputs, Extension::HmacSecret).is_some_and(is_true);
    let mut output = json!({ "enabled": enabled });
    let values = session.values(outputs, Extension::HmacSecretMc);
    add_results(&mut output, values.as_ref().or(plan.unsigned.prf_results.as_ref()));
    Some(output)
}

pub(super) fn use_output(
    inputs: &ClientInputs,
    plan: &get_assertion::GetAssertionPlan,
    session: &Session<'_>,
) -> Option<Value> {
    inputs.prf.as_ref()?;
    let mut output = json!({});
    let values = session.values(plan.extensions.as_ref(), Extension::HmacSecret);
    add_results(&mut output, values.as_ref().or(plan.unsigned.prf_results.as_ref()));
    Some(output)
}

fn add_results(output: &mut Value, values: Option<&PrfValues>) {
    if let (Some(output), Some(values)) = (output.as_object_mut(), values) {
        output.insert("results".to_owned(), members(values, "first", "second"));
    }
}
