//! What travelled, as people read it: JSON with the JSON, CBOR and DER that is
//! wrapped in its strings taken apart.
//!
//! Nothing is mended: duplicates, order and odd encodings stay to be seen, CBOR
//! in the diagnostic notation of RFC 8949 §8. What cannot be read is shown as
//! octets, with the reason.

mod authenticator_data;
mod cbor;
mod der;
mod json;
mod shown;

use std::borrow::Cow;

use passrig_authenticator::wire::{Cbor, Der, Json, base64url};

use crate::outcome::Body;
use shown::Shown;

/// A body in lines.
pub(super) fn body(body: &Body) -> String {
    if let Some(base64) = &body.base64 {
        return binary(body, base64);
    }
    let text = body.text.trim();
    let parsed = Json::parse(text.as_bytes()).ok();
    let mut out = match parsed.filter(|json| matches!(json, Json::Array(_) | Json::Object(_))) {
        Some(json) => json::shown(&json, None).lines(),
        None => text
            .split('&')
            .map(member_of_form)
            .collect::<Option<Vec<_>>>()
            .map_or_else(|| text.to_owned(), |members| Shown::nested("", members, "").lines()),
    };
    if body.text.len() < body.length && is_cut(body) {
        out.push_str(&format!("\n… of {} octets, SHA-256 {}", body.length, body.sha256));
    }
    out
}

/// A body that is not a text: CBOR, if it is, else its bytes.
fn binary(body: &Body, base64: &str) -> String {
    let bytes = base64url::decode_lenient(base64).unwrap_or_default();
    let decoded = match bytes.is_empty() {
        true => None,
        false => Cbor::decode_prefix(&bytes).ok().filter(|(_, used)| *used == bytes.len()),
    };
    let (what, inside) = match decoded {
        Some((item, _)) => ("CBOR", cbor::shown(&item)),
        None => ("binary", Shown::Plain(shown::hex(&bytes))),
    };
    let mut out = Shown::holding(format!("{} bytes, {what}", body.length), inside).lines();
    if bytes.len() < body.length {
        out.push_str(&format!("\n… of {} bytes, SHA-256 {}", body.length, body.sha256));
    }
    out
}

/// A text, no matter how short its masked parts made it, ends where the log
/// cuts.
fn is_cut(body: &Body) -> bool {
    const SHOWN: usize = 8 << 10;
    body.text.len() + 4 > SHOWN
}

/// `name=value` of a form, if it is one.
fn member_of_form(pair: &str) -> Option<(String, Shown)> {
    let (name, _) = pair.split_once('=')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~%+[]*".contains(c);
    if name.is_empty() || !name.chars().all(plain) || pair.contains([' ', '\n']) {
        return None;
    }
    let (name, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
    let shown = json::text(&value, Some(&name));
    Some((format!("{name} = "), shown))
}

/// What octets hold that stand under this name, if that can be told.
fn octets(bytes: &[u8], name: Option<&str>) -> Option<Shown> {
    let name = name.map(squeezed).unwrap_or_default();
    let holding = |what: &str, inside: Shown| {
        Some(Shown::holding(format!("{} octets, {what}", bytes.len()), inside))
    };
    match &*name {
        "clientdatajson" | "clientdata" => return holding("JSON", json::octets(bytes)),
        "attestationobject" => return holding("CBOR", cbor::octets(bytes)),
        "authenticatordata" | "authdata" => {
            return holding("authenticator data", authenticator_data::shown(bytes));
        }
        _ => {}
    }
    let what = if name == "x5c" { "a certificate" } else { "DER" };
    // A SEQUENCE: signatures, public keys and certificates are.
    match (bytes.first(), Der::decode(bytes)) {
        (Some(0x30), Ok(der)) => holding(what, der::shown(&der)),
        _ => None,
    }
}

/// What base64 text holds that stands under this name, if that can be told.
fn base64(text: &str, name: Option<&str>) -> Option<Shown> {
    /// What is shorter holds nothing.
    const LEAST: usize = 12;
    let bytes = base64url::decode_lenient(text).ok().filter(|_| text.len() >= LEAST)?;
    let variant = match base64url::decode(text) {
        Ok(_) => "base64url",
        Err(_) if text.contains(['+', '/']) => "base64",
        Err(_) => "padded base64url",
    };
    octets(&bytes, name).map(|shown| shown.after(&format!("{variant} of ")))
}

/// The three parts of a JWS in its compact form, the first two as JSON.
fn jws(text: &str) -> Option<Shown> {
    let parts: Vec<_> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return None };
    let json = |part: &str| {
        let json = Json::parse(&base64url::decode(part).ok()?).ok()?;
        matches!(json, Json::Object(_)).then(|| json::shown(&json, None))
    };
    let inside = vec![
        ("header ".to_owned(), json(header)?),
        ("payload ".to_owned(), json(payload)?),
        ("signature ".to_owned(), Shown::Plain(shown::hex(&base64url::decode(signature).ok()?))),
    ];
    Some(Shown::nested("a JWS:", inside, ""))
}

/// A name without the marks by which adapters spell it differently.
fn squeezed(name: &str) -> Cow<'_, str> {
    let odd = |c: char| c.is_ascii_uppercase() || c == '_' || c == '-';
    match name.contains(odd) {
        false => Cow::Borrowed(name),
        true => name
            .chars()
            .filter(|c| *c != '_' && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect(),
    }
}

#[cfg(test)]
mod tests;
