//! Mutants that crash on a response that they may accept or refuse.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::cbor::Item;
use passrig_authenticator::wire::{AttestationObject, AuthenticatorData, Cbor, Json, base64url};
use serde_json::Value;

use super::{Mutant, MutantKind};
use crate::relying_party::behaviour::Behaviour;
use crate::relying_party::verify::{Evidence, STEPS};

/// Decides if a request makes the server crash. A body beyond the size limit has no bytes.
type CrashCondition = fn(Option<&[u8]>, &Evidence<'_>) -> bool;

#[derive(Debug)]
struct CrashesIf(Ceremony, CrashCondition);

impl Behaviour for CrashesIf {
    fn crashes(&self, bytes: Option<&[u8]>, evidence: &Evidence<'_>) -> bool {
        evidence.ceremony == self.0 && (self.1)(bytes, evidence)
    }
}

/// For each ceremony the step that the mutant is named after, and the other steps whose checks can
/// find it.
const RESPONSE: &[&[&str]] = &[
    &["7.1/3", "7.1/6", "7.1/7", "7.1/13", "7.1/25"],
    &["7.2/3", "7.2/5", "7.2/6a", "7.2/9", "7.2/15", "7.2/21"],
];
const CLIENT_DATA: &[&[&str]] = &[&["7.1/6"], &["7.2/9"]];
const EXTENSIONS: &[&[&str]] = &[&["7.1/28", "7.1/3", "7.1/13"], &["7.2/23", "7.2/3", "7.2/15"]];

/// The last part of the ID, the steps for each ceremony, the summary, and the condition.
type CrashRow = (&'static str, &'static [&'static [&'static str]], &'static str, CrashCondition);

#[rustfmt::skip]
const ENTRIES: &[CrashRow] = &[
    ("breaks-on-syntax", RESPONSE, "breaks on a request that is no JSON", |bytes, _| bytes.is_some_and(|bytes| serde_json::from_slice::<Value>(bytes).is_err())),
    ("breaks-on-depth", RESPONSE, "breaks on a request that nests too deep", |bytes, _| bytes.is_some_and(|bytes| bytes.windows(DEEP).any(|run| run == [b'['; DEEP]))),
    ("breaks-on-size", RESPONSE, "breaks on a request that is large", |bytes, _| bytes.is_none_or(|bytes| bytes.len() > LARGE)),
    ("breaks-on-duplicates", RESPONSE, "breaks on a request with two members of one name", |bytes, _| bytes.and_then(|bytes| Json::parse(bytes).ok()).is_some_and(has_twice)),
    ("breaks-on-types", RESPONSE, "breaks on a member of another type than it reads", |_, e| has_other_types(e.body)),
    ("breaks", CLIENT_DATA, "breaks on client data that are unlike all others", |_, e| are_unlike(e)),
    ("breaks-on-unknown", EXTENSIONS, "breaks on results of an extension that it does not know", |_, e| outputs(e).iter().any(|(name, _)| !is_known(name))),
    ("breaks-on-types", EXTENSIONS, "breaks on results of an extension that are of another type", |_, e| outputs(e).iter().any(|(name, value)| is_odd(name, value))),
    ("breaks-on-absence", EXTENSIONS, "breaks if there are no results of an extension that it asked for", |_, e| lacks_output(e)),
    ("breaks-on-unknown-signed", EXTENSIONS, "breaks on signed outputs of an extension that it does not know", |_, e| signed(e).iter().any(|(name, _)| name.as_text().is_none_or(|name| !is_known(name)))),
    ("breaks-on-types-signed", EXTENSIONS, "breaks on signed outputs of an extension that are of another type", |_, e| signed(e).iter().any(|(name, value)| name.as_text().is_some_and(|name| is_odd_signed(name, value, e.ceremony)))),
];

pub(super) fn all() -> Vec<Mutant> {
    let each = |(flaw, ceremonies, summary, condition): &'static CrashRow| {
        ceremonies.iter().filter_map(move |steps| {
            let first = STEPS.iter().find(|step| steps.first() == Some(&step.id))?;
            let id = format!("{}.{}.{flaw}", first.area(), first.name);
            let crash = CrashesIf(first.ceremony()?, *condition);
            Some(Mutant { kind: MutantKind::Fragile, ..Mutant::flow(id, steps, summary, crash) })
        })
    };
    ENTRIES.iter().flat_map(each).collect()
}

/// True if the results of an extension that the RP asked for are missing.
fn lacks_output(e: &Evidence<'_>) -> bool {
    let (asked, name) = match e.ceremony {
        Ceremony::Registration => (true, "credProps"),
        Ceremony::Authentication => (e.issued().is_some_and(|i| i.app_id.is_some()), "appid"),
    };
    let results = e.body.get("clientExtensionResults").and_then(Value::as_object);
    asked && results.is_some_and(|results| !results.contains_key(name))
}

const DEEP: usize = 1000;
const LARGE: usize = 60_000;

fn has_twice(json: Json) -> bool {
    match json {
        Json::Array(items) => items.into_iter().any(has_twice),
        Json::Object(members) => {
            let names = || members.iter().map(|(name, _)| name);
            let twice = |name: &String| names().filter(|other| *other == name).count() > 1;
            names().any(twice) || members.into_iter().any(|(_, value)| has_twice(value))
        }
        _ => false,
    }
}

/// Members that browsers may leave out, and that hold something else.
fn has_other_types(body: &Value) -> bool {
    let attachment = body.get("authenticatorAttachment");
    let transports = body.pointer("/response/transports");
    let are_texts =
        |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    let algorithm = body.pointer("/response/publicKeyAlgorithm");
    let copies = ["/response/publicKey", "/response/authenticatorData"].map(|at| body.pointer(at));
    let is_base64 = |value: &Value| value.as_str().is_some_and(|t| base64url::decode(t).is_ok());
    body.is_object()
        && (attachment.is_some_and(|value| !value.is_string())
            || transports.is_some_and(|value| !are_texts(value))
            || algorithm.is_some_and(|value| !value.is_i64())
            || body.get("response").is_some_and(Value::is_object)
                && body.pointer("/response/signature").is_none()
                && copies.into_iter().flatten().any(|value| !is_base64(value))
            || body.get("clientExtensionResults").is_none()
                && body.pointer("/response/clientDataJSON").is_some())
}

/// Client data that do not parse, or with members that nobody knows and that
/// are odd.
fn are_unlike(e: &Evidence<'_>) -> bool {
    let sent = e.body.pointer("/response/clientDataJSON").and_then(Value::as_str);
    let Some(octets) = sent.and_then(|text| base64url::decode(text).ok()) else { return false };
    match Json::parse_utf8_decoded(&octets) {
        Ok(Json::Object(members)) => {
            let unknown = || members.iter().filter(|(name, _)| !KNOWN_MEMBERS.contains(&&**name));
            let is_odd = |(name, value): &(String, Json)| {
                let twice = unknown().filter(|(other, _)| other == name).count() > 1;
                let has_nul = value.as_text().is_some_and(|text| text.contains('\0'));
                twice || has_nul || name == "__proto__"
            };
            unknown().any(is_odd)
        }
        Ok(_) => false,
        Err(_) => true,
    }
}

const KNOWN_MEMBERS: [&str; 5] = ["type", "challenge", "origin", "crossOrigin", "topOrigin"];

fn outputs(e: &Evidence<'_>) -> Vec<(String, Value)> {
    let results = e.body.get("clientExtensionResults").and_then(Value::as_object);
    results.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn signed(e: &Evidence<'_>) -> Vec<(Cbor, Cbor)> {
    let member = |name: &str| base64url::decode(e.body.get("response")?.get(name)?.as_str()?).ok();
    let data = match e.ceremony {
        Ceremony::Registration => member("attestationObject")
            .and_then(|object| Some(AttestationObject::decode(&object).ok()?.authenticator_data)),
        Ceremony::Authentication => member("authenticatorData"),
    };
    let data = data.and_then(|data| AuthenticatorData::decode(&data).ok());
    match data.and_then(|data| data.extensions) {
        Some(Cbor { item: Item::Map(entries), .. }) => entries,
        _ => Vec::new(),
    }
}

/// All that there was until now.
const KNOWN: [&str; 15] = [
    "appid",
    "appidExclude",
    "credProps",
    "prf",
    "largeBlob",
    "credProtect",
    "minPinLength",
    "hmac-secret",
    "hmac-secret-mc",
    "hmacCreateSecret",
    "hmacGetSecret",
    "credBlob",
    "getCredBlob",
    "uvm",
    "thirdPartyPayment",
];

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// True if results of a known extension are not as they are defined.
fn is_odd(name: &str, value: &Value) -> bool {
    let is = |name: &str, rule: fn(&Value) -> bool| value.get(name).is_none_or(rule);
    let is_octets = |value: &Value| value.as_str().is_some_and(|t| base64url::decode(t).is_ok());
    let is_prf_value = |value: &Value| {
        let octets = value.as_str().and_then(|text| base64url::decode(text).ok());
        octets.is_some_and(|octets| octets.len() == 32)
    };
    !match name {
        "appid" | "appidExclude" | "credBlob" | "hmacCreateSecret" => value.is_boolean(),
        "credProps" => value.is_object() && is("rk", Value::is_boolean),
        "prf" => {
            let results = value.get("results");
            let fit = |results: &Value| {
                ["first", "second"].iter().all(|name| results.get(name).is_none_or(is_prf_value))
            };
            value.is_object() && is("enabled", Value::is_boolean) && results.is_none_or(fit)
        }
        "largeBlob" => {
            let blob = value.get("blob");
            let flags = is("supported", Value::is_boolean) && is("written", Value::is_boolean);
            value.is_object() && flags && blob.is_none_or(is_octets)
        }
        "uvm" => value.is_array(),
        _ => true,
    }
}

/// The same of what authenticators sign.
fn is_odd_signed(name: &str, value: &Cbor, ceremony: Ceremony) -> bool {
    let is_bool = matches!(value.item, Item::Simple(20 | 21));
    let octets = value.as_bytes().map(<[u8]>::len);
    !match (name, ceremony) {
        ("credProtect", _) => matches!(value.as_int(), Some(1..=3)),
        ("minPinLength", _) => matches!(value.as_int(), Some(4..=63)),
        ("hmac-secret", Ceremony::Registration) => is_bool,
        ("hmac-secret" | "hmac-secret-mc", _) => matches!(octets, Some(32 | 48 | 64 | 80)),
        ("credBlob", Ceremony::Registration) => is_bool,
        ("credBlob", Ceremony::Authentication) => octets.is_some_and(|octets| octets <= 32),
        ("uvm", _) => matches!(value.item, Item::Array(_)),
        ("prf", _) => false,
        _ => true,
    }
}
