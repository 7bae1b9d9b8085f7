//! `get()`: §5.1.4.

use serde_json::{Map, Value};

use super::create::verifies;
use super::{Client, DomException, Name, collect, json, rp_id};
use crate::device::get_assertion;
use crate::wire::json::Json;
use crate::wire::response::AssertionResponse;
use crate::wire::{AuthenticationResponse, ClientData, RequestOptions};
use crate::workbench::{Stage, Workbench};

/// Every decision about an authentication, before a byte is made.
#[derive(Clone, Debug, PartialEq)]
pub struct GetPlan {
    /// What the client collects.
    pub client_data: ClientData,
    /// Which of the client's authenticators answers.
    pub authenticator: usize,
    /// What the authenticator decided.
    pub device: get_assertion::GetAssertionPlan,
    /// Extension outputs of the client.
    pub extension_results: Map<String, Value>,
}

impl Client {
    /// Takes every decision, in the order of §5.1.4, and lets the
    /// authenticators take their own; the first that can answer does.
    pub fn plan_get(&mut self, options: &RequestOptions) -> Result<GetPlan, DomException> {
        let rp_id = rp_id::resolve(&self.origin, options.rp_id.as_deref())?;
        let known = options.allow_credentials.iter().filter(|d| d.kind == "public-key");
        let allow: Vec<&[u8]> = known.map(|descriptor| descriptor.id.as_ref()).collect();
        if allow.is_empty() && !options.allow_credentials.is_empty() {
            // An empty list would mean something else (§5.8.3).
            let message = "None of allowCredentials is of type public-key.";
            return Err(DomException::new(Name::NotSupported, message));
        }
        let extensions = self.use_extensions(options)?;
        let authenticators = std::mem::take(&mut self.authenticators);
        let planned = authenticators.iter().enumerate().find_map(|(index, authenticator)| {
            let able = authenticator.profile().user_verification;
            let verification = verifies(options.user_verification(), able);
            let (rp_id, allow) = (&rp_id, &allow);
            let request =
                get_assertion::GetAssertionRequest { rp_id, allow, verification, extensions: None };
            let env = &mut self.timed(options.timeout);
            let (device, results) = match &extensions {
                None => (authenticator.plan_get_assertion(&request, env).ok()?, Map::new()),
                Some(asked) => asked.plan(request, authenticator, env).ok()?,
            };
            Some((index, device, results))
        });
        self.authenticators = authenticators;
        let (authenticator, device, extension_results) = planned.ok_or_else(|| {
            let message = "No authenticator holds a fitting credential, or the user refused.";
            DomException::new(Name::NotAllowed, message)
        })?;
        let client_data = self.client_data("webauthn.get", options.challenge.as_ref());
        Ok(GetPlan { client_data, authenticator, device, extension_results })
    }

    /// Makes the bytes; each finished artefact goes over the workbench.
    pub fn perform_get(&mut self, plan: &GetPlan, bench: &mut dyn Workbench) -> Json {
        let (client_data_json, hash) = collect(&plan.client_data, bench);
        let Some(authenticator) = self.authenticators.get_mut(plan.authenticator) else {
            return Json::Null;
        };
        let made = authenticator.get_assertion(&plan.device, &hash, bench);
        let id = &plan.device.credential.id;
        let attachment = authenticator.profile().attachment;
        let response = AuthenticationResponse {
            id: id.clone().into(),
            raw_id: id.clone().into(),
            kind: "public-key".to_owned(),
            authenticator_attachment: Some(attachment.as_str().to_owned()),
            client_extension_results: plan.extension_results.clone(),
            response: AssertionResponse {
                client_data_json: client_data_json.into(),
                authenticator_data: made.authenticator_data.into(),
                signature: made.signature.into(),
                user_handle: plan.device.user_handle.clone().map(Into::into),
            },
        };
        json(bench.finish(Stage::Response, response.tree()))
    }
}
