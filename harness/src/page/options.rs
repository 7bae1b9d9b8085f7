//! Options as the server sent them, and as the page's script passes them on.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::extensions::ClientInputs;
use serde_json::{Map, Value};

use crate::recording;
use crate::target_rp::as_converted;

/// The members that mean something to a client (§5.4, §5.5).
const MEMBERS: [&str; 14] = [
    "rp",
    "user",
    "pubKeyCredParams",
    "timeout",
    "excludeCredentials",
    "authenticatorSelection",
    "attestation",
    "attestationFormats",
    "hints",
    "extensions",
    "rpId",
    "allowCredentials",
    "userVerification",
    "challenge",
];

/// Which members a call has otherwise than the last answer with its challenge;
/// `None` if no answer has it.
pub(super) fn altered(
    answers: &[String],
    ceremony: Ceremony,
    called: &Value,
) -> Option<Vec<String>> {
    let challenge = called.get("challenge")?.as_str()?;
    let mut answers = answers.iter().rev();
    let mut sent = answers.find_map(|answer| recording::options_in(answer, challenge))?;
    // A server's options may be in an encoding of its own.
    if let Ok(converted) = as_converted(ceremony, &sent) {
        sent = converted;
    }
    if let Some(extensions) = sent.get_mut("extensions").and_then(Value::as_object_mut) {
        // The conversion of a call drops all others.
        extensions.retain(|name, _| ClientInputs::IDENTIFIERS.contains(&name.as_str()));
    }
    let of = |options: &Value, member: &str| options.get(member).cloned().unwrap_or_default();
    let differs = |member: &&&str| !same(&of(&sent, member), &of(called, member));
    Some(MEMBERS.iter().filter(differs).map(|member| (*member).to_owned()).collect())
}

/// True if a client sees the same in both. What is empty or the default may be
/// left out; bytes may be written in several ways.
fn same(sent: &Value, called: &Value) -> bool {
    match (sent, called) {
        (Value::Object(some), Value::Object(others)) => {
            let names = some.keys().chain(others.keys());
            let of = |members: &Map<String, Value>, name: &str| {
                members.get(name).cloned().unwrap_or_default()
            };
            names.into_iter().all(|name| same(&of(some, name), &of(others, name)))
        }
        (Value::Array(some), Value::Array(others)) if !some.is_empty() && !others.is_empty() => {
            some.len() == others.len() && some.iter().zip(others).all(|(a, b)| same(a, b))
        }
        (Value::String(sent), Value::String(called)) => {
            let octets = |text: &str| base64url::decode_lenient(text).ok();
            sent == called
                || octets(called).is_some_and(|octets_called| {
                    octets(sent).as_ref() == Some(&octets_called)
                        || sent.as_bytes() == octets_called
                })
        }
        (sent, called) => sent == called || (is_default(sent) && is_default(called)),
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        // The defaults of §5.4 and §5.4.4.
        Value::String(word) => matches!(word.as_str(), "" | "none" | "preferred"),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_default),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_options_in_other_spellings_are_equal() {
        let sent = json!({
            "status": "ok",
            "publicKey": {
                "challenge": "YWJjZGVmZ2hpag==",
                "user": { "id": "ann", "name": "Ann" },
                "userVerification": "required",
                "allowCredentials": [],
                "app": 1,
            },
        });
        let answers = ["<p>".to_owned(), sent.to_string()];
        let mut called = json!({
            "challenge": "YWJjZGVmZ2hpag",
            "user": { "id": "YW5u", "name": "Ann" },
            "userVerification": "required",
            "attestation": "none",
            "hints": [],
        });
        assert_eq!(altered(&answers, Ceremony::Authentication, &called), Some(vec![]));
        // A client converts the options first, and ignores extensions that it does not know.
        let unusual = json!({
            "challenge": "YWJjZGVmZ2hpag",
            "rpId": 7,
            "timeout": "60000",
            "extensions": { "credProps": true, "later": [1] },
        });
        let converted = json!({
            "challenge": "YWJjZGVmZ2hpag",
            "rpId": "7",
            "timeout": 60000,
            "extensions": { "credProps": true },
        });
        let unusual = [unusual.to_string()];
        assert_eq!(altered(&unusual, Ceremony::Authentication, &converted), Some(vec![]));
        called["userVerification"] = "discouraged".into();
        called["hints"] = json!(["client-device"]);
        let found = altered(&answers, Ceremony::Authentication, &called).unwrap();
        assert_eq!(found, ["hints", "userVerification"]);
        called["challenge"] = "b3RoZXI".into();
        assert_eq!(altered(&answers, Ceremony::Authentication, &called), None);
    }
}
