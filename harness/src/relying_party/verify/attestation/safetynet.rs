//! Android SafetyNet (§8.5): a JSON Web Signature (RFC 7515) of a service
//! that was switched off in 2025; statements from before live on.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use passrig_authenticator::wire::Cbor;
use serde_json::Value;

use super::jws::Jws;
use super::{Evidence, Statement, StepResult, derive, refuse};

/// The service's host.
const SERVICE: &str = "attest.android.com";

/// §8.5
pub(crate) fn syntax(e: &mut Evidence<'_>) -> StepResult {
    derive(e, "android-safetynet", |statement| {
        let version = statement.get("ver").and_then(Cbor::as_text).ok_or("ver is no text")?;
        if version.is_empty() {
            return Err("ver is empty");
        }
        let response = statement.get("response").and_then(Cbor::as_bytes);
        let response = response.ok_or("response is no octets")?;
        Ok(Statement::SafetyNet(Box::new(Jws::read(response)?)))
    })
}

/// §8.5: the response is what the service signed.
pub(crate) fn response(e: &Evidence<'_>) -> StepResult {
    let Some(jws) = jws(e) else { return Ok(()) };
    jws.verify().or_else(|reason| refuse(format!("the response: {reason}")))
}

/// §8.5: it is for this ceremony.
pub(crate) fn nonce(e: &Evidence<'_>) -> StepResult {
    let (Some(jws), Some(nonce)) = (jws(e), super::nonce(e)) else { return Ok(()) };
    if jws.payload.get("nonce") == Some(&Value::from(Base64::encode_string(&nonce))) {
        Ok(())
    } else {
        refuse("the response is for another ceremony")
    }
}

/// §8.5: it came from the service, about a device that it vouches for.
pub(crate) fn service(e: &Evidence<'_>) -> StepResult {
    let Some(jws) = jws(e) else { return Ok(()) };
    if !jws.chain.leaf.is_for_host(SERVICE) {
        refuse(format!("the response does not come from {SERVICE}"))
    } else if jws.payload.get("ctsProfileMatch") != Some(&Value::Bool(true)) {
        refuse("the service does not vouch for the device")
    } else if is_of_the_future(e) {
        refuse("the response was made after it arrived")
    } else {
        Ok(())
    }
}

/// How old a response may be is for each RP to say, but it is not to be younger
/// than nothing.
pub(crate) fn is_of_the_future(e: &Evidence<'_>) -> bool {
    let made = jws(e).and_then(|jws| jws.payload.get("timestampMs")?.as_u64());
    made.is_some_and(|made| Duration::from_millis(made) > e.date)
}

fn jws<'e>(e: &'e Evidence<'_>) -> Option<&'e Jws> {
    match &e.statement {
        Some(Statement::SafetyNet(jws)) => Some(jws),
        _ => None,
    }
}
