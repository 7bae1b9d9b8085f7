//! Android SafetyNet (§8.5): a JSON Web Signature (RFC 7515) of a service
//! that was switched off in 2025; statements from before live on.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use passrig_authenticator::keys;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{Cbor, Der};
use serde_json::Value;

use super::certificate::Chain;
use super::{Evidence, Finding, Statement, derive, refuse};

/// The service's host.
const SERVICE: &str = "attest.android.com";

/// A JWS in compact serialisation, with its certificates.
#[derive(Clone, Debug)]
pub(crate) struct Jws {
    pub(crate) chain: Chain,
    algorithm: String,
    payload: Value,
    signed: String,
    signature: Vec<u8>,
}

/// §8.5
pub(crate) fn syntax(e: &mut Evidence<'_>) -> Finding {
    derive(e, "android-safetynet", |statement| {
        statement.get("ver").and_then(Cbor::as_text).ok_or("ver is no text")?;
        let response = statement.get("response").and_then(Cbor::as_bytes);
        let response = response.ok_or("response is no octets")?;
        Ok(Statement::SafetyNet(Box::new(Jws::read(response)?)))
    })
}

/// §8.5: the response is what the service signed.
pub(crate) fn response(e: &Evidence<'_>) -> Finding {
    let Some(jws) = jws(e) else { return Ok(()) };
    let algorithm = match jws.algorithm.as_str() {
        "RS256" => Algorithm::RS256,
        "ES256" => Algorithm::ES256,
        other => return refuse(format!("the response is signed by `{other}`")),
    };
    let signature = match algorithm {
        Algorithm::ES256 => from_r_and_s(&jws.signature),
        _ => jws.signature.clone(),
    };
    let key = jws.chain.leaf.key(algorithm);
    let verified = key.and_then(|key| keys::verify(&key, jws.signed.as_bytes(), &signature));
    verified.or_else(|error| refuse(format!("the response: {error}")))
}

/// §8.5: it is for this ceremony.
pub(crate) fn nonce(e: &Evidence<'_>) -> Finding {
    let (Some(jws), Some(nonce)) = (jws(e), super::nonce(e)) else { return Ok(()) };
    if jws.payload.get("nonce") == Some(&Value::from(Base64::encode_string(&nonce))) {
        Ok(())
    } else {
        refuse("the response is for another ceremony")
    }
}

/// §8.5: it came from the service, about a device that it vouches for.
pub(crate) fn service(e: &Evidence<'_>) -> Finding {
    let Some(jws) = jws(e) else { return Ok(()) };
    if !jws.chain.leaf.is_for_host(SERVICE) {
        refuse(format!("the response does not come from {SERVICE}"))
    } else if jws.payload.get("ctsProfileMatch") != Some(&Value::Bool(true)) {
        refuse("the service does not vouch for the device")
    } else {
        Ok(())
    }
}

impl Jws {
    fn read(octets: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(octets).map_err(|_| "response is no text")?;
        let (signed, signature) = text.rsplit_once('.').ok_or("response is no JWS")?;
        let (header, payload) = signed.split_once('.').ok_or("response is no JWS")?;
        let octets = |part: &str| {
            Base64UrlUnpadded::decode_vec(part).map_err(|_| "response is not base64url")
        };
        let json = |part: &str| -> Result<Value, &'static str> {
            serde_json::from_slice(&octets(part)?).map_err(|_| "response is not made of JSON")
        };
        let header = json(header)?;
        let x5c = header.get("x5c").and_then(Value::as_array).ok_or("response has no x5c")?;
        let certificates: Vec<_> = x5c
            .iter()
            .map(|item| item.as_str().and_then(|text| Base64::decode_vec(text).ok()))
            .collect();
        Ok(Self {
            chain: Chain::of(certificates.iter().map(Option::as_deref))?,
            algorithm: header.get("alg").and_then(Value::as_str).unwrap_or_default().to_owned(),
            payload: json(payload)?,
            signed: signed.to_owned(),
            signature: octets(signature)?,
        })
    }
}

/// JOSE's form of an ECDSA signature in that of X.509; anything else comes out
/// as no signature.
fn from_r_and_s(signature: &[u8]) -> Vec<u8> {
    match signature.split_at_checked(32) {
        Some((r, s)) if s.len() == 32 => {
            Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render()
        }
        _ => Vec::new(),
    }
}

fn jws<'e>(e: &'e Evidence<'_>) -> Option<&'e Jws> {
    match &e.statement {
        Some(Statement::SafetyNet(jws)) => Some(jws),
        _ => None,
    }
}
