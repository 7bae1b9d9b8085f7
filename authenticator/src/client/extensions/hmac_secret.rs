//! `hmac-secret` from the client's side: the platform's part of the key
//! agreement, and the inputs `hmacCreateSecret` and `hmacGetSecret`
//! (CTAP 2.1 §12.5).

use base16ct::lower as hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Extension, HmacSecret, device, is_true, signed};
use crate::client::{DomException, Name};
use crate::device::extensions::PrfValues;
use crate::device::{Authenticator, get_assertion, make_credential};
use crate::env::Env;
use crate::pin_uv_auth::{KeyAgreement, SharedSecret};
use crate::wire::Cbor;
use crate::wire::base64url;
use crate::wire::extensions::{ClientInputs, HmacGetSecret};

/// What a client and an authenticator share for one ceremony, once there is
/// something to hide.
pub(super) struct Session<'a> {
    pub(super) authenticator: &'a Authenticator,
    challenge: &'a [u8],
    secret: Option<SharedSecret>,
}

impl<'a> Session<'a> {
    pub(super) fn new(authenticator: &'a Authenticator, challenge: &'a [u8]) -> Self {
        Self { authenticator, challenge, secret: None }
    }

    /// Agrees on a secret, and encrypts the salts under it.
    pub(super) fn input(&mut self, salts: &PrfValues, env: &mut dyn Env) -> Option<HmacSecret> {
        let ceremony = hex::encode_string(&Sha256::digest(self.challenge));
        let own = KeyAgreement::draw(&format!("client/{ceremony}/platform-key"), env)?;
        let peer = self.authenticator.key_agreement(env)?.public_key();
        let protocol = self.authenticator.profile().pin_uv_auth_protocol;
        let secret = own.agree(protocol, &peer)?;
        let label = format!("client/{ceremony}/salt-iv");
        let salt_enc = secret.encrypt(&salts.to_bytes(), &label, env)?;
        let salt_auth = secret.authenticate(&salt_enc);
        self.secret = Some(secret);
        Some(HmacSecret { key_agreement: own.public_key(), salt_enc, salt_auth, protocol })
    }

    /// What came back for the salts.
    pub(super) fn values(&self, outputs: Option<&Cbor>, extension: Extension) -> Option<PrfValues> {
        let output = signed(outputs, extension)?.as_bytes()?;
        PrfValues::from_bytes(&self.secret.as_ref()?.decrypt(output)?)
    }
}

pub(super) fn check_use(inputs: &ClientInputs) -> Result<(), DomException> {
    match &inputs.hmac_get_secret {
        Some(asked) if salts(asked).is_none() => {
            Err(DomException::new(Name::Type, "The salts of hmacGetSecret have 32 octets each."))
        }
        _ => Ok(()),
    }
}

fn salts(asked: &HmacGetSecret) -> Option<PrfValues> {
    let second = asked.salt2.as_ref().map(|salt| salt.0.as_slice().try_into());
    Some(PrfValues {
        first: asked.salt1.0.as_slice().try_into().ok()?,
        second: second.transpose().ok()?,
    })
}

/// Asks for an evaluation, unless `prf` does already.
pub(super) fn ask_use(
    inputs: &ClientInputs,
    asked: &mut device::AssertionExtensions,
    session: &mut Session<'_>,
    env: &mut dyn Env,
) {
    let able = session.authenticator.supports(Extension::HmacSecret);
    if let (Some(input), None, true) = (&inputs.hmac_get_secret, &inputs.prf, able) {
        asked.hmac_secret = salts(input).and_then(|salts| session.input(&salts, env));
    }
}

pub(super) fn creation_output(
    inputs: &ClientInputs,
    plan: &make_credential::MakeCredentialPlan,
) -> Option<Value> {
    let able = signed(plan.extensions.as_ref(), Extension::HmacSecret).is_some_and(is_true);
    inputs.hmac_create_secret.then(|| json!(able))
}

pub(super) fn use_output(
    inputs: &ClientInputs,
    plan: &get_assertion::GetAssertionPlan,
    session: &Session<'_>,
) -> Option<Value> {
    inputs.hmac_get_secret.as_ref().filter(|_| inputs.prf.is_none())?;
    let values = session.values(plan.extensions.as_ref(), Extension::HmacSecret)?;
    Some(members(&values, "output1", "output2"))
}

/// An object of one value or two.
pub(super) fn members(values: &PrfValues, first: &str, second: &str) -> Value {
    let mut object = Map::new();
    object.insert(first.to_owned(), json!(base64url::encode(&values.first)));
    if let Some(value) = &values.second {
        object.insert(second.to_owned(), json!(base64url::encode(value)));
    }
    Value::Object(object)
}
