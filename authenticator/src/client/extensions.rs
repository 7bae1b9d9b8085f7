//! Client extensions (§9.4, §10.1, CTAP 2.3 §12): what they make of a page's
//! inputs, what they ask of an authenticator, and what the page gets.

mod app_id;
mod cred_props;
mod cred_protect;
mod hmac_secret;
mod large_blob;
mod prf;

use serde_json::{Map, Value, json};

use super::{Client, DomException, Generation};
use crate::device::extensions::{self as device, Extension, HmacSecret};
use crate::device::{Authenticator, Error, Profile, get_assertion, make_credential};
use crate::env::Env;
use crate::wire::cbor::Item;
use crate::wire::extensions::ClientInputs;
use crate::wire::{Cbor, CreationOptions, RequestOptions, base64url};
use hmac_secret::Session;

/// The inputs of a registration.
pub(super) struct CreationInputs {
    inputs: ClientInputs,
    /// The AppID of `appidExclude`.
    app_id: Option<String>,
    /// Tells this ceremony's draws from those of others.
    challenge: Vec<u8>,
}

/// The inputs of an authentication.
pub(super) struct RequestInputs {
    inputs: ClientInputs,
    /// The AppID of `appid`.
    app_id: Option<String>,
    challenge: Vec<u8>,
}

impl Client {
    /// Reads what a registration asks of extensions, if anything (§5.1.3
    /// step 12).
    pub(super) fn creation_extensions(
        &self,
        options: &CreationOptions,
    ) -> Result<Option<CreationInputs>, DomException> {
        if options.extensions.is_empty() {
            return Ok(None);
        }
        let inputs = self.known(ClientInputs::parse(&options.extensions)?);
        prf::check_creation(&inputs)?;
        large_blob::check_creation(&inputs)?;
        let app_id = inputs.appid_exclude.as_deref();
        let app_id = app_id.map(|id| app_id::authorise(id, &self.origin)).transpose()?;
        Ok(Some(CreationInputs { inputs, app_id, challenge: options.challenge.0.clone() }))
    }

    /// Reads what an authentication asks of extensions, if anything
    /// (§5.1.4.1 step 9).
    pub(super) fn use_extensions(
        &self,
        options: &RequestOptions,
    ) -> Result<Option<RequestInputs>, DomException> {
        if options.extensions.is_empty() {
            return Ok(None);
        }
        let inputs = self.known(ClientInputs::parse(&options.extensions)?);
        prf::check_use(&inputs, &options.allow_credentials)?;
        hmac_secret::check_use(&inputs)?;
        large_blob::check_use(&inputs, &options.allow_credentials)?;
        let app_id = inputs.appid.as_deref();
        let app_id = app_id.map(|id| app_id::authorise(id, &self.origin)).transpose()?;
        Ok(Some(RequestInputs { inputs, app_id, challenge: options.challenge.0.clone() }))
    }

    /// Level 2 had no `prf`.
    fn known(&self, mut inputs: ClientInputs) -> ClientInputs {
        if self.generation == Generation::Level2 {
            inputs.prf = None;
        }
        inputs
    }
}

impl CreationInputs {
    /// Whether an authenticator can do what must be done.
    pub(super) fn admits(&self, profile: &Profile, discoverable: bool) -> bool {
        cred_protect::admits(&self.inputs, profile)
            && large_blob::admits(&self.inputs, profile, discoverable)
    }

    /// Whether they verify the user whatever the options say: `prf` is about
    /// the function that goes with verification (§10.1.4).
    pub(super) fn verify(&self, profile: &Profile) -> bool {
        prf::evaluates(&self.inputs) && prf::verifies(profile, Extension::HmacSecretMc)
    }

    /// Lets the authenticator take its decisions, with what extensions ask of
    /// it, and tells what the page gets.
    pub(super) fn plan(
        &self,
        request: make_credential::MakeCredentialRequest<'_>,
        authenticator: &Authenticator,
        env: &mut dyn Env,
    ) -> Result<(make_credential::MakeCredentialPlan, Map<String, Value>), Error> {
        let session = &mut Session::new(authenticator, &self.challenge);
        let mut asked = device::CreationExtensions {
            cred_blob: self.inputs.cred_blob.clone().map(|blob| blob.0),
            cred_protect: cred_protect::policy(&self.inputs),
            hmac_secret: self.inputs.hmac_create_secret,
            large_blob: self.inputs.large_blob.is_some(),
            min_pin_length: self.inputs.min_pin_length,
            third_party_payment: self.inputs.third_party_payment,
            uvm: self.inputs.uvm,
            ..device::CreationExtensions::default()
        };
        prf::ask_creation(&self.inputs, &mut asked, session, env);
        let app_id_exclude = self.app_id.as_deref();
        let request = make_credential::MakeCredentialRequest {
            app_id_exclude,
            extensions: Some(&asked),
            ..request
        };
        let plan = authenticator.plan_make_credential(&request, env)?;

        let signed = |extension| signed(plan.extensions.as_ref(), extension);
        let outputs = [
            ("appidExclude", self.app_id.is_some().then_some(json!(true))),
            ("credBlob", signed(Extension::CredBlob).map(|kept| json!(is_true(kept)))),
            ("credProps", cred_props::output(&self.inputs, request.discoverable)),
            ("hmacCreateSecret", hmac_secret::creation_output(&self.inputs, &plan)),
            ("largeBlob", large_blob::output(plan.unsigned.large_blob.as_ref())),
            ("prf", prf::creation_output(&self.inputs, &plan, session)),
            ("uvm", signed(Extension::Uvm).map(methods)),
        ];
        let outputs = present(outputs);
        Ok((plan, outputs))
    }
}

impl RequestInputs {
    /// Lets the authenticator take its decisions, with what extensions ask of
    /// it, and tells what the page gets.
    pub(super) fn plan(
        &self,
        request: get_assertion::GetAssertionRequest<'_>,
        authenticator: &Authenticator,
        env: &mut dyn Env,
    ) -> Result<(get_assertion::GetAssertionPlan, Map<String, Value>), Error> {
        let session = &mut Session::new(authenticator, &self.challenge);
        let must_verify = prf::evaluates(&self.inputs)
            && prf::verifies(authenticator.profile(), Extension::HmacSecret);
        let verification = request.verification || must_verify;
        let request = get_assertion::GetAssertionRequest { verification, ..request };
        let by_app_id = self.app_id.as_deref().filter(|id| {
            let scoped = get_assertion::GetAssertionRequest { rp_id: id, ..request.clone() };
            authenticator.choose(&request, env).is_none()
                && authenticator.choose(&scoped, env).is_some()
        });
        let rp_id = by_app_id.unwrap_or(request.rp_id);
        let request = get_assertion::GetAssertionRequest { rp_id, ..request };
        let mut asked = device::AssertionExtensions {
            cred_blob: self.inputs.get_cred_blob,
            large_blob: large_blob::action(&self.inputs),
            third_party_payment: self.inputs.third_party_payment,
            uvm: self.inputs.uvm,
            ..device::AssertionExtensions::default()
        };
        prf::ask_use(&self.inputs, &request, &mut asked, session, env);
        hmac_secret::ask_use(&self.inputs, &mut asked, session, env);
        let request = get_assertion::GetAssertionRequest { extensions: Some(&asked), ..request };
        let plan = authenticator.plan_get_assertion(&request, env)?;

        let signed = |extension| signed(plan.extensions.as_ref(), extension);
        let blob = signed(Extension::CredBlob).and_then(Cbor::as_bytes);
        let outputs = [
            ("appid", self.app_id.as_ref().map(|_| json!(by_app_id.is_some()))),
            ("getCredBlob", blob.map(|blob| json!(base64url::encode(blob)))),
            ("hmacGetSecret", hmac_secret::use_output(&self.inputs, &plan, session)),
            ("largeBlob", large_blob::output(plan.unsigned.large_blob.as_ref())),
            ("prf", prf::use_output(&self.inputs, &plan, session)),
            ("uvm", signed(Extension::Uvm).map(methods)),
        ];
        let outputs = present(outputs);
        Ok((plan, outputs))
    }
}

/// The outputs that there are.
fn present<const N: usize>(outputs: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let present = outputs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.collect()
}

/// What an authenticator says of an extension in what it signs.
fn signed(outputs: Option<&Cbor>, extension: Extension) -> Option<&Cbor> {
    outputs?.get(extension.identifier())
}

fn is_true(output: &Cbor) -> bool {
    *output == Cbor::bool(true)
}

/// Rows of numbers.
fn methods(output: &Cbor) -> Value {
    let items = |array: &Cbor| match &array.item {
        Item::Array(items) => items.clone(),
        _ => Vec::new(),
    };
    let numbers = |row| items(&row).iter().filter_map(Cbor::as_int).collect::<Vec<_>>();
    items(output).into_iter().map(numbers).collect()
}
