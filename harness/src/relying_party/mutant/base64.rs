//! Base64 that is read as no browser writes it.

use serde_json::Value;

use super::{Kind, Mutant, body_mended};
use crate::relying_party::verify::Run::Derive;
use crate::relying_party::verify::{Evidence, Finding, authentication, registration};

/// How a response is read.
type Read = fn(&mut Evidence<'_>) -> Finding;

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws: [(&str, &str, Read, Read); 5] = [
        ("padding-ignored", "ignores the padding of base64", |e| created(e, unpadded), |e| used(e, unpadded)),
        ("any-alphabet", "reads base64 in either alphabet", |e| created(e, url_alphabet), |e| used(e, url_alphabet)),
        ("space-ignored", "ignores white space in base64", |e| created(e, dense), |e| used(e, dense)),
        ("foreign-ignored", "ignores what is not in the alphabet of base64", |e| created(e, known), |e| used(e, known)),
        ("bits-ignored", "ignores bits of base64 that belong to no octet", |e| created(e, even), |e| used(e, even)),
    ];
    let each = |(flaw, summary, created, used)| {
        let of = |step, run| Mutant::each(&[step], Kind::WrongVersion, flaw, summary, Derive(run));
        of("7.1/3", created).into_iter().chain(of("7.2/3", used))
    };
    flaws.into_iter().flat_map(each).collect()
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

fn created(e: &mut Evidence<'_>, mend: fn(&str) -> String) -> Finding {
    body_mended(e, registration::response, |body| mend_texts(body, mend))
}

fn used(e: &mut Evidence<'_>, mend: fn(&str) -> String) -> Finding {
    body_mended(e, authentication::response, |body| mend_texts(body, mend))
}

fn mend_texts(body: &mut Value, mend: fn(&str) -> String) {
    for member in MEMBERS {
        if let Some(Value::String(text)) = body.pointer_mut(member) {
            *text = mend(text);
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
    let mended = place.and_then(|place| ALPHABET.chars().nth(place - place % spare));
    text.extend(mended.or(last));
    text
}
