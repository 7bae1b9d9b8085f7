//! Options from JSON: `parseCreationOptionsFromJSON()` (§5.1.8) and
//! `parseRequestOptionsFromJSON()` (§5.1.9).

use crate::wire::cose::Algorithm;
use crate::wire::extensions::ClientInputs;
use crate::wire::webidl::{Error, Input};

use super::{
    AuthenticatorSelection, CreationOptions, CredentialDescriptor, CredentialParameters,
    RequestOptions, RpEntity, UserEntity,
};

pub(super) fn creation(input: Input<'_>) -> Result<CreationOptions, Error> {
    let members = input.dictionary()?;
    Ok(CreationOptions {
        rp: members.required("rp", "an object", rp)?,
        user: members.required("user", "an object", user)?,
        challenge: members.required("challenge", "base64url", Input::bytes)?,
        pub_key_cred_params: members
            .required("pubKeyCredParams", "a list", |list| list.sequence(parameters))?,
        timeout: members.optional("timeout", Input::unsigned_long)?.map(u64::from),
        exclude_credentials: members.or_default("excludeCredentials", descriptors)?,
        authenticator_selection: members.optional("authenticatorSelection", selection)?,
        hints: members.or_default("hints", texts)?,
        attestation: members.optional("attestation", Input::text)?,
        attestation_formats: members.or_default("attestationFormats", texts)?,
        extensions: members.or_default("extensions", extensions)?,
    })
}

pub(super) fn request(input: Input<'_>) -> Result<RequestOptions, Error> {
    let members = input.dictionary()?;
    Ok(RequestOptions {
        challenge: members.required("challenge", "base64url", Input::bytes)?,
        timeout: members.optional("timeout", Input::unsigned_long)?.map(u64::from),
        rp_id: members.optional("rpId", Input::text)?,
        allow_credentials: members.or_default("allowCredentials", descriptors)?,
        user_verification: members.optional("userVerification", Input::text)?,
        hints: members.or_default("hints", texts)?,
        extensions: members.or_default("extensions", extensions)?,
    })
}

fn rp(input: Input<'_>) -> Result<RpEntity, Error> {
    let members = input.dictionary()?;
    Ok(RpEntity {
        id: members.optional("id", Input::text)?,
        name: members.required("name", "text", Input::text)?,
    })
}

fn user(input: Input<'_>) -> Result<UserEntity, Error> {
    let members = input.dictionary()?;
    Ok(UserEntity {
        id: members.required("id", "base64url", Input::bytes)?,
        name: members.required("name", "text", Input::text)?,
        display_name: members.required("displayName", "text", Input::text)?,
    })
}

fn parameters(input: Input<'_>) -> Result<CredentialParameters, Error> {
    let members = input.dictionary()?;
    let algorithm = members.required("alg", "a number", Input::long)?;
    Ok(CredentialParameters {
        kind: members.required("type", "text", Input::text)?,
        alg: Algorithm(algorithm.into()),
    })
}

fn descriptors(input: Input<'_>) -> Result<Vec<CredentialDescriptor>, Error> {
    input.sequence(|item| {
        let members = item.dictionary()?;
        Ok(CredentialDescriptor {
            kind: members.required("type", "text", Input::text)?,
            id: members.required("id", "base64url", Input::bytes)?,
            transports: members.or_default("transports", texts)?,
        })
    })
}

fn selection(input: Input<'_>) -> Result<AuthenticatorSelection, Error> {
    let members = input.dictionary()?;
    Ok(AuthenticatorSelection {
        authenticator_attachment: members.optional("authenticatorAttachment", Input::text)?,
        resident_key: members.optional("residentKey", Input::text)?,
        require_resident_key: members.or_default("requireResidentKey", Input::boolean)?,
        user_verification: members.optional("userVerification", Input::text)?,
    })
}

/// The inputs must be convertible; they stay as they were sent, since a client
/// of another version knows other extensions.
fn extensions(input: Input<'_>) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
    ClientInputs::convert(input)?;
    Ok(input.members())
}

fn texts(input: Input<'_>) -> Result<Vec<String>, Error> {
    input.sequence(Input::text)
}
