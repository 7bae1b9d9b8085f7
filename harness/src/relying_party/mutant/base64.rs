//! Mutants that decode base64 that no browser writes, in any member of a response.

use serde_json::Value;

use super::{Mutant, MutantKind, repair_body};
use crate::relying_party::verify::Procedure::Derive;
use crate::relying_party::verify::{Evidence, StepResult, authentication, registration};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (&["7.1/3"], "padding-ignored", "ignores the padding of base64", Derive(|e| created(e, unpadded))),
        (&["7.2/3"], "padding-ignored", "ignores the padding of base64", Derive(|e| used(e, unpadded))),
        (&["7.1/3"], "any-alphabet", "reads base64 in either alphabet", Derive(|e| created(e, url_alphabet))),
        (&["7.2/3"], "any-alphabet", "reads base64 in either alphabet", Derive(|e| used(e, url_alphabet))),
        (&["7.1/3"], "space-ignored", "ignores white space in base64", Derive(|e| created(e, dense))),
        (&["7.2/3"], "space-ignored", "ignores white space in base64", Derive(|e| used(e, dense))),
        (&["7.1/3"], "foreign-ignored", "ignores what is not in the alphabet of base64", Derive(|e| created(e, known))),
        (&["7.2/3"], "foreign-ignored", "ignores what is not in the alphabet of base64", Derive(|e| used(e, known))),
        (&["7.1/3"], "bits-ignored", "ignores bits of base64 that belong to no octet", Derive(|e| created(e, even))),
        (&["7.2/3"], "bits-ignored", "ignores bits of base64 that belong to no octet", Derive(|e| used(e, even))),
    ])
}

/// Where the members of a response are that travel in base64.
pub(super) const MEMBERS: [&str; 8] = [
    "/id",
    "/rawId",
    "/response/clientDataJSON",
    "/response/attestationObject",
    "/response/authenticatorData",
    "/response/publicKey",
    "/response/signature",
    "/response/userHandle",
];

fn created(e: &mut Evidence<'_>, repair: fn(&str) -> String) -> StepResult {
    repair_body(e, registration::response, |body| repair_texts(body, repair))
}

fn used(e: &mut Evidence<'_>, repair: fn(&str) -> String) -> StepResult {
    repair_body(e, authentication::response, |body| repair_texts(body, repair))
}

fn repair_texts(body: &mut Value, repair: fn(&str) -> String) {
    for member in MEMBERS {
        if let Some(Value::String(text)) = body.pointer_mut(member) {
            *text = repair(text);
        }
    }
}

fn unpadded(text: &str) -> String {
    text.trim_end_matches('=').to_owned()
}

fn url_alphabet(text: &str) -> String {
    text.replace('+', "-").replace('/', "_")
}

fn dense(text: &str) -> String {
    text.split_whitespace().collect()
}

fn known(text: &str) -> String {
    text.chars().filter(|c| ALPHABET.contains(*c)).collect()
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The last character without the bits that stand for nothing.
fn even(text: &str) -> String {
    let spare = match text.len() % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    let mut text = text.to_owned();
    let last = text.pop();
    let place = last.and_then(|last| ALPHABET.find(last));
    let repaired = place.and_then(|place| ALPHABET.chars().nth(place - place % spare));
    text.extend(repaired.or(last));
    text
}
