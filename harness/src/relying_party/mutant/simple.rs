//! Mutants of the steps that compare one value or a flag, and mutants that continue after a
//! decoding error. A step with a file of its own, such as `origin.rs`, has its mutants there.

use passrig_authenticator::attestation::Format;
use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::{AuthenticatorData, Flags};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::signature::from_subject_public_key_info;
use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::{Derive, Verify};
use crate::relying_party::verify::{Evidence, StepResult, authentication, registration, shared};

const TYPE: &[&str] = &["7.1/7", "7.2/10"];
const RP_ID_HASH: &[&str] = &["7.1/14", "7.2/15"];
const USER_PRESENT: &[&str] = &["7.1/15", "7.2/16"];
const USER_VERIFIED: &[&str] = &["7.1/16", "7.2/17"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws = Mutant::list(MutantKind::WrongVersion, [
        (&["7.1/3"], "error-accepted", "goes on without a response that it cannot read", Derive(|e| ignore_failure(e, registration::response))),
        (&["7.1/6", "7.2/9"], "error-accepted", "goes on without client data that it cannot read", Derive(|e| ignore_failure(e, shared::client_data))),
        (&["7.1/13"], "from-copies", "falls back on the unsigned copies beside the attestation object", Derive(from_copies)),
        (&["7.2/3"], "error-accepted", "goes on without a response that it cannot read", Derive(|e| ignore_failure(e, authentication::response))),
        (&["7.2/15"], "error-accepted", "goes on without authenticator data that it cannot read", Derive(|e| ignore_failure(e, authentication::authenticator_data))),
        (&["7.1/13"], "trailing-ignored", "reads authenticator data as far as it understands them", Derive(created_trailing_ignored)),
        (&["7.2/15"], "trailing-ignored", "reads authenticator data as far as it understands them", Derive(used_trailing_ignored)),
        (TYPE, "prefix", "takes every type that starts with `webauthn.`", Verify(type_prefix)),
        (TYPE, "case-insensitive", "compares without regard to case", Verify(type_case_insensitive)),
        (RP_ID_HASH, "parent-domain", "takes the hash of the RP id's parent domain", Verify(rp_id_parent)),
        (RP_ID_HASH, "subdomain", "takes the hash of a domain under its RP id", Verify(rp_id_subdomain)),
        (RP_ID_HASH, "origin", "takes the hash of its origin", Verify(rp_id_origin)),
        (&["7.2/15"], "app-id-unclaimed", "takes the hash of the AppID that it asked for, whatever the client says", Verify(|e| app_id(e, |e, sent| asked(e).is_some_and(|asked| sent == hash(asked))))),
        (&["7.2/15"], "app-id-optional", "takes the hash of the RP id although the client says that the AppID was used", Verify(|e| app_id(e, |e, sent| sent == hash(&e.config.rp_id)))),
        (&["7.2/15"], "app-id-any", "takes every hash if the client says that an AppID was used", Verify(|e| app_id(e, |e, _| claims_app_id(e)))),
        (&["7.2/15"], "app-id-truthy", "takes every word about the AppID for a yes", Verify(|e| app_id(e, |e, sent| says_app_id(e) && asked(e).is_some_and(|asked| sent == hash(asked))))),
        (&["7.1/14"], "app-id-any", "takes every hash if the client says that an AppID was used", Verify(|e| app_id(e, |e, _| claims_app_id(e)))),
        (USER_PRESENT, "verified-instead", "takes verification for presence", Verify(verified_is_present)),
        (&["7.1/15"], "conditional-in-reply", "believes a reply that says that it was conditional", Verify(conditional_in_reply)),
        (USER_VERIFIED, "present-instead", "takes presence for verification", Verify(present_is_verified)),
        (&["7.1/21"], "case-insensitive", "compares without regard to case", Verify(format_case_insensitive)),
    ]);
    flaws.into_iter().chain(gaps_filled()).collect()
}

/// Reads a missing member as an empty one, and an empty one as no objection.
fn gaps_filled() -> impl Iterator<Item = Mutant> {
    let summary = "goes on with what there is of a response";
    Mutant::each(&["7.1/3"], MutantKind::WrongVersion, "gaps-filled", summary, Derive(fill_gaps))
        .into_iter()
        .map(|mutant| mutant.and("7.1/6", Derive(|e| ignore_failure(e, shared::client_data))))
        .map(|mutant| mutant.and("7.1/13", Derive(from_copies)))
}

fn fill_gaps(e: &mut Evidence<'_>) -> StepResult {
    let mut body = e.body.clone();
    if let Some(response) = body.get_mut("response").and_then(Value::as_object_mut) {
        for member in ["clientDataJSON", "attestationObject"] {
            let value = response.entry(member).or_insert(Value::Null);
            if !value.is_string() {
                *value = Value::from("");
            }
        }
    }
    e.registration = serde_json::from_value(body).ok();
    e.registration.as_ref().map_or_else(|| registration::response(&mut e.clone()), |_| Ok(()))
}

/// The authenticator data, the key and the id stand beside the attestation
/// object once more, unsigned (§5.1).
fn from_copies(e: &mut Evidence<'_>) -> StepResult {
    if registration::attestation_object(e).is_ok() {
        return Ok(());
    }
    let Some(registration) = &e.registration else { return Ok(()) };
    let decode = |bytes: &[u8]| AuthenticatorData::decode(bytes).ok();
    let object = e.attestation_object.as_ref();
    let inside = object.and_then(|object| decode(&object.authenticator_data));
    let beside = || decode(registration.response.authenticator_data.as_ref()?.as_ref());
    let mut data = inside.or_else(beside);
    if let Some(data) = &mut data
        && data.attested.is_none()
    {
        let key = registration.response.public_key.as_ref();
        let key = key.and_then(|key| from_subject_public_key_info(key.as_ref()));
        data.attested = key.map(|key| AttestedCredentialData {
            aaguid: [0; 16],
            credential_id: registration.id.0.clone(),
            public_key: key.to_cbor(),
        });
    }
    e.authenticator_data = data;
    Ok(())
}

fn created_trailing_ignored(e: &mut Evidence<'_>) -> StepResult {
    registration::attestation_object(e).or_else(|violation| {
        let object = e.attestation_object.as_ref();
        let data = object.and_then(|object| longest_prefix(&object.authenticator_data));
        e.authenticator_data = data.filter(|data| data.attested.is_some());
        e.authenticator_data.as_ref().map_or(Err(violation), |_| Ok(()))
    })
}

fn used_trailing_ignored(e: &mut Evidence<'_>) -> StepResult {
    authentication::authenticator_data(e).or_else(|violation| {
        let assertion = e.assertion.as_ref();
        e.authenticator_data =
            assertion.and_then(|a| longest_prefix(a.response.authenticator_data.as_ref()));
        e.authenticator_data.as_ref().map_or(Err(violation), |_| Ok(()))
    })
}

/// The longest beginning of the bytes that are authenticator data.
pub(super) fn longest_prefix(bytes: &[u8]) -> Option<AuthenticatorData> {
    (0..bytes.len()).rev().find_map(|end| AuthenticatorData::decode(bytes.get(..end)?).ok())
}

fn ignore_failure(e: &mut Evidence<'_>, honest: fn(&mut Evidence<'_>) -> StepResult) -> StepResult {
    honest(e).or(Ok(()))
}

fn type_prefix(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::kind, |e| e.text("type").is_some_and(|sent| sent.starts_with("webauthn.")))
}

fn type_case_insensitive(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::kind, |e| {
        let expected = shared::expected_kind(e.ceremony);
        e.text("type").is_some_and(|sent| sent.eq_ignore_ascii_case(expected))
    })
}

/// Takes the hash of any of these too.
fn hash_of(e: &Evidence<'_>, also: impl IntoIterator<Item = String>) -> StepResult {
    loosely(e, shared::rp_id_hash, |e| {
        let sent = e.authenticator_data.as_ref().map(|data| data.rp_id_hash);
        also.into_iter().any(|text| sent == Some(Sha256::digest(text).into()))
    })
}

fn rp_id_parent(e: &Evidence<'_>) -> StepResult {
    hash_of(e, e.config.rp_id.split_once('.').map(|(_, parent)| parent.to_owned()))
}

/// A hash does not tell what it is of, so this knows a few domains by name.
fn rp_id_subdomain(e: &Evidence<'_>) -> StepResult {
    let rp_id = &e.config.rp_id;
    let named = ["sub", "www", "login", "app", "evil"].map(|label| format!("{label}.{rp_id}"));
    let hosts = e.config.origins.iter().filter_map(|origin| Url::parse(origin).ok());
    let hosts = hosts.filter_map(|url| url.host_str().map(str::to_owned));
    hash_of(e, named.into_iter().chain(hosts))
}

fn rp_id_origin(e: &Evidence<'_>) -> StepResult {
    hash_of(e, e.config.origins.clone())
}

/// Takes what the rule says of the hash.
fn app_id(e: &Evidence<'_>, rule: fn(&Evidence<'_>, [u8; 32]) -> bool) -> StepResult {
    loosely(e, shared::rp_id_hash, |e| {
        e.authenticator_data.as_ref().is_some_and(|data| rule(e, data.rp_id_hash))
    })
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn asked<'a>(e: &Evidence<'a>) -> Option<&'a str> {
    e.issued()?.app_id.as_deref()
}

fn output<'a>(e: &Evidence<'a>) -> Option<&'a Value> {
    e.body.pointer("/clientExtensionResults/appid")
}

fn claims_app_id(e: &Evidence<'_>) -> bool {
    output(e) == Some(&Value::Bool(true))
}

fn says_app_id(e: &Evidence<'_>) -> bool {
    output(e).is_some_and(Value::is_string)
}

fn has_flag(e: &Evidence<'_>, flag: u8) -> bool {
    e.authenticator_data.as_ref().is_some_and(|data| data.flags.has(flag))
}

fn verified_is_present(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::user_present, |e| has_flag(e, Flags::UV))
}

fn conditional_in_reply(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::user_present, |e| {
        e.body.get("mediation").and_then(Value::as_str) == Some("conditional")
    })
}

fn present_is_verified(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::user_verified, |e| has_flag(e, Flags::UP))
}

fn format_case_insensitive(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::format, |e| {
        let format = e.attestation_object.as_ref().map(|object| object.fmt.as_str());
        let same = |known: &str| format.is_some_and(|sent| sent.eq_ignore_ascii_case(known));
        Format::identifiers().any(same)
    })
}
