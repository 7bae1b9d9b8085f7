//! `create()`: §5.1.3.

use serde_json::{Map, Value};

use super::{Client, DomException, Generation, Name, collect, json, rp_id};
use crate::device::{Attachment, Authenticator, Error, User, make_credential};
use crate::keys;
use crate::wire::json::Json;
use crate::wire::options::Requirement;
use crate::wire::response::AttestationResponse;
use crate::wire::{ClientData, CreationOptions, RegistrationResponse};
use crate::workbench::{Stage, Workbench};

/// Every decision about a registration, before a byte is made.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePlan {
    /// What the client collects.
    pub client_data: ClientData,
    /// Which of the client's authenticators makes the credential.
    pub authenticator: usize,
    /// What the authenticator decided.
    pub device: make_credential::MakeCredentialPlan,
    /// Extension outputs of the client.
    pub extension_results: Map<String, Value>,
}

impl Client {
    /// Takes every decision, in the order of §5.1.3, and lets the
    /// authenticator take its own.
    pub fn plan_create(&mut self, options: &CreationOptions) -> Result<CreatePlan, DomException> {
        if self.top_origin.is_some() && !self.activation {
            let message = "create() in a cross-origin frame needs a gesture of the user.";
            return Err(DomException::new(Name::NotAllowed, message));
        }
        if !(1..=64).contains(&options.user.id.0.len()) {
            let message = "The user id must have between 1 and 64 octets.";
            return Err(DomException::new(Name::Type, message));
        }
        let rp_id = rp_id::resolve(&self.origin, options.rp.id.as_deref())?;
        let extensions = self.creation_extensions(options)?;
        let algorithms = options.algorithms();
        if algorithms.is_empty() {
            let message = "None of pubKeyCredParams is of type public-key.";
            return Err(DomException::new(Name::NotSupported, message));
        }
        let excluded = options.exclude_credentials.iter().filter(|d| d.kind == "public-key");
        let excluded: Vec<&[u8]> = excluded.map(|descriptor| descriptor.id.as_ref()).collect();
        let is_level_2 = self.generation == Generation::Level2;
        let formats: Vec<&str> = match options.attestation.as_deref() {
            Some("indirect" | "direct" | "enterprise") if is_level_2 => Vec::new(),
            Some("indirect" | "direct" | "enterprise") => {
                options.attestation_formats.iter().map(String::as_str).collect()
            }
            // Words unknown to a client mean none as well (step 22.7).
            _ => vec!["none"],
        };
        let user = User {
            handle: options.user.id.0.clone(),
            name: options.user.name.clone(),
            display_name: options.user.display_name.clone(),
        };

        // Errors other than InvalidStateError are the authenticator's own
        // affair: the client goes on to the next one (step 22).
        for index in self.eligible(options) {
            let Some(profile) = self.authenticators.get(index).map(Authenticator::profile) else {
                continue;
            };
            let (stores, verifies_users) = (profile.discoverable, profile.user_verification);
            let discoverable = match options.resident_key() {
                Requirement::Required => true,
                Requirement::Preferred => stores,
                Requirement::Discouraged => false,
            };
            if extensions.as_ref().is_some_and(|asked| !asked.admits(profile, discoverable)) {
                continue;
            }
            let must_verify = extensions.as_ref().is_some_and(|asked| asked.verify(profile));
            let request = make_credential::MakeCredentialRequest {
                rp_id: &rp_id,
                user: user.clone(),
                algorithms: &algorithms,
                exclude: &excluded,
                discoverable,
                verification: must_verify || verifies(options.user_verification(), verifies_users),
                formats: &formats,
                enterprise: options.attestation.as_deref() == Some("enterprise"),
                app_id_exclude: None,
                extensions: None,
            };
            let planned =
                self.ask_device(index, options.timeout, |device, env| match &extensions {
                    None => Ok((device.plan_make_credential(&request, env)?, Map::new())),
                    Some(asked) => asked.plan(request, device, env),
                });
            let (mut device, extension_results) = match planned {
                Ok(planned) => planned,
                Err(Error::InvalidState) => {
                    let message = "The authenticator holds one of the excluded credentials.";
                    return Err(DomException::new(Name::InvalidState, message));
                }
                Err(error @ Error::NotCompiled(_)) => {
                    return Err(DomException::new(Name::Unknown, error.to_string()));
                }
                Err(_) => continue,
            };
            if is_level_2 && formats == ["none"] {
                device.aaguid = [0; 16];
            }
            let client_data = self.client_data("webauthn.create", options.challenge.as_ref());
            return Ok(CreatePlan { client_data, authenticator: index, device, extension_results });
        }
        let message = "No authenticator could make the credential, or the user refused.";
        Err(DomException::new(Name::NotAllowed, message))
    }

    /// Gives the authenticator of a plan a certified attestation key, also where
    /// its model has none: so the plan can be set to any statement format.
    pub fn certify(&mut self, plan: &mut CreatePlan) {
        let attestation = &mut plan.device.attestation;
        if attestation.attester.is_none()
            && let Some(authenticator) = self.authenticators.get(plan.authenticator)
        {
            attestation.attester = authenticator.attester(self.env.as_mut()).ok();
        }
    }

    /// The authenticators that the selection criteria admit (step 22).
    fn eligible(&self, options: &CreationOptions) -> Vec<usize> {
        let selection = options.authenticator_selection.as_ref();
        let attachment =
            selection.and_then(|s| Attachment::parse(s.authenticator_attachment.as_deref()?));
        let admitted = self.authenticators.iter().enumerate().filter(|(_, authenticator)| {
            let profile = authenticator.profile();
            attachment.is_none_or(|wanted| wanted == profile.attachment)
                && (options.resident_key() != Requirement::Required || profile.discoverable)
                && (options.user_verification() != Requirement::Required
                    || profile.user_verification)
        });
        admitted.map(|(index, _)| index).collect()
    }

    /// Makes the bytes; each finished artefact goes over the workbench.
    pub fn perform_create(&mut self, plan: CreatePlan, bench: &mut dyn Workbench) -> Json {
        let CreatePlan { client_data, authenticator, device, extension_results } = plan;
        let (client_data_json, hash) = collect(&client_data, bench);
        let id = device.credential.id.clone();
        let key = device.credential.key.public_key();
        let Some(authenticator) = self.authenticators.get_mut(authenticator) else {
            return Json::Null;
        };
        let made = authenticator.make_credential(device, &hash, bench);
        let profile = authenticator.profile();
        let mut transports = profile.transports.clone();
        transports.sort();
        transports.dedup();
        let response = RegistrationResponse {
            id: id.clone().into(),
            raw_id: id.into(),
            kind: "public-key".to_owned(),
            authenticator_attachment: Some(profile.attachment.as_str().to_owned()),
            client_extension_results: extension_results,
            response: AttestationResponse {
                client_data_json: client_data_json.into(),
                attestation_object: made.attestation_object.into(),
                authenticator_data: Some(made.authenticator_data.into()),
                transports,
                public_key: keys::subject_public_key_info(&key).map(Into::into),
                public_key_algorithm: Some(key.algorithm()),
            },
        };
        json(bench.finish(Stage::Response, response.tree()))
    }
}

/// Whether the user will be verified (§5.1.3 step 22.4, §5.1.4.2).
pub(super) fn verifies(requirement: Requirement, able: bool) -> bool {
    match requirement {
        Requirement::Required => true,
        Requirement::Preferred => able,
        Requirement::Discouraged => false,
    }
}
