//! Secrets by their places: headers, parameters, members and fields whose names say so.

mod json;
mod literals;
mod markup;
mod parameters;

use std::borrow::Cow;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use passrig_authenticator::wire::base64url;

pub(in super::super) use self::json::learn_all;
use self::parameters::Context;
use super::names::{may_name_a_secret, names_a_secret};
use super::secrets::{MASK, Secrets};
use crate::target_rp::transport::HttpResponse;

/// Schemes that stand before the credentials of an `Authorization` header.
const SCHEMES: [&str; 8] =
    ["basic", "bearer", "digest", "dpop", "token", "apikey", "negotiate", "hawk"];

/// Learns what the headers of a request or of an answer hold.
pub(in super::super) fn learn_headers(headers: &HeaderMap, secrets: &mut Secrets) {
    for (name, value) in headers {
        let kind = HeaderKind::of(name);
        if kind == HeaderKind::Plain {
            continue;
        }
        let text = text_of(value);
        match kind {
            HeaderKind::Plain => {}
            HeaderKind::Cookies => {
                text.split(';').for_each(|pair| secrets.learn(pair_of(pair).1));
            }
            HeaderKind::SetCookie => {
                secrets.learn(pair_of(text.split(';').next().unwrap_or_default()).1)
            }
            HeaderKind::Credentials => learn_credentials(&text, secrets),
            HeaderKind::Secret => secrets.learn(after_scheme(&text).1),
            HeaderKind::Url => parameters::learn(&text, Context::Redirect, secrets),
            HeaderKind::Other => {
                parameters::learn(&text, Context::Text, secrets);
                literals::learn(&text, secrets);
            }
        }
    }
}

/// Learns what an answer holds.
pub(in super::super) fn learn_response(response: &HttpResponse, secrets: &mut Secrets) {
    learn_headers(&response.headers, secrets);
    let body = response.body();
    if body.is_empty() {
        return;
    }
    // A body that is not the CBOR that it claims to be is learnt as text.
    if response.is_cbor()
        && let Some(json) = response.json()
    {
        json::learn(json, secrets);
        return;
    }
    if body.contains(&b'@') {
        parameters::learn_passwords(&response.text(), Context::Text, secrets);
    }
    if !may_name_a_secret(body) {
        return;
    }
    let text = response.text();
    json::learn_text(&text, secrets);
    parameters::learn(&text, Context::Text, secrets);
    literals::learn(&text, secrets);
}

/// Learns what the fields of a form hold that is sent.
pub(in super::super) fn learn_form(body: &[u8], secrets: &mut Secrets) {
    if may_name_a_secret(body) {
        parameters::learn(&String::from_utf8_lossy(body), Context::Form, secrets);
    }
}

pub(in super::super) fn learn_url(url: &str, secrets: &mut Secrets) {
    parameters::learn(url, Context::Url, secrets);
}

/// A URL with the secrets in it masked, however short they are.
pub(in super::super) fn url(url: &str, secrets: &Secrets) -> String {
    secrets.mask(&parameters::masked(url, Context::Url))
}

/// A URL to which an answer leads, or a text with such URLs, with the secrets in it masked.
pub(in super::super) fn redirect(text: &str, secrets: &Secrets) -> String {
    secrets.mask(&parameters::masked(text, Context::Redirect))
}

/// The value of a header with the secrets in it masked, however short they are.
pub(in super::super) fn header(
    name: &HeaderName,
    value: &HeaderValue,
    secrets: &Secrets,
) -> String {
    let text = text_of(value);
    let masked = match HeaderKind::of(name) {
        HeaderKind::Plain => return secrets.mask(&text),
        HeaderKind::Cookies => {
            let pairs: Vec<_> = text.split(';').map(masked_pair).collect();
            pairs.join(";")
        }
        HeaderKind::SetCookie => match text.split_once(';') {
            Some((pair, attributes)) => format!("{};{attributes}", masked_pair(pair)),
            None => masked_pair(&text),
        },
        HeaderKind::Credentials | HeaderKind::Secret => {
            let (scheme, value) = after_scheme(&text);
            let mask = if value.is_empty() { "" } else { MASK };
            format!("{scheme}{mask}")
        }
        HeaderKind::Url => parameters::masked(&text, Context::Redirect),
        HeaderKind::Other => parameters::masked(&text, Context::Text),
    };
    secrets.mask(&masked)
}

/// The value as text. Valid UTF-8 is read many bytes at once.
fn text_of(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value.as_bytes()),
    }
}

/// The syntax of the value of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderKind {
    Plain,
    Cookies,
    SetCookie,
    Credentials,
    Secret,
    Url,
    Other,
}

impl HeaderKind {
    fn of(name: &HeaderName) -> Self {
        match *name {
            header::ACCEPT
            | header::ACCEPT_ENCODING
            | header::ACCEPT_LANGUAGE
            | header::CACHE_CONTROL
            | header::CONNECTION
            | header::CONTENT_LENGTH
            | header::CONTENT_TYPE
            | header::DATE
            | header::HOST
            | header::ORIGIN
            | header::SERVER
            | header::TRANSFER_ENCODING
            | header::USER_AGENT
            | header::VARY => Self::Plain,
            header::COOKIE => Self::Cookies,
            header::SET_COOKIE => Self::SetCookie,
            header::AUTHORIZATION | header::PROXY_AUTHORIZATION => Self::Credentials,
            header::LOCATION
            | header::CONTENT_LOCATION
            | header::REFERER
            | header::LINK
            | header::REFRESH => Self::Url,
            _ if is_of_a_secret(name.as_str()) => Self::Secret,
            _ => Self::Other,
        }
    }
}

fn is_of_a_secret(header: &str) -> bool {
    match header {
        "sec-fetch-site" | "sec-fetch-mode" | "sec-fetch-dest" | "x-passrig-check" => false,
        _ => {
            let is_about =
                ["timeout", "expires", "expiry", "name"].iter().any(|end| header.ends_with(end));
            let bare = header.strip_prefix("x-").unwrap_or(header);
            names_a_secret(bare) || header.contains("session") && !is_about
        }
    }
}

/// Name and value; a cookie without a name is all value.
fn pair_of(pair: &str) -> (&str, &str) {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    (name, value.trim())
}

fn masked_pair(pair: &str) -> String {
    let (name, value) = pair_of(pair);
    let space: String = pair.chars().take_while(|c| *c == ' ').collect();
    match (name.trim(), value) {
        (_, "") => pair.to_owned(),
        ("", _) if !pair.contains('=') => format!("{space}{MASK}"),
        _ => format!("{name}={MASK}"),
    }
}

/// The scheme with what follows it, and the rest.
fn after_scheme(text: &str) -> (&str, &str) {
    let scheme = text.split(' ').next().unwrap_or_default();
    let is_known = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    match text.get(scheme.len() + 1..) {
        Some(rest) if is_known => {
            let rest = rest.trim_start();
            text.split_at(text.len() - rest.len())
        }
        _ => ("", text.trim()),
    }
}

/// The credentials, and the password among those of the scheme Basic.
fn learn_credentials(text: &str, secrets: &mut Secrets) {
    let (scheme, value) = after_scheme(text);
    secrets.learn(value);
    if scheme.trim().eq_ignore_ascii_case("digest") {
        let quoted = value.split(',').filter_map(|part| part.split_once('='));
        for (name, value) in quoted {
            if matches!(name.trim(), "response" | "cnonce") {
                secrets.learn(value.trim_matches(['"', ' ']));
            }
        }
    }
    let decoded = base64url::decode_lenient(value).ok().and_then(|it| String::from_utf8(it).ok());
    let decoded = decoded.filter(|_| scheme.trim().eq_ignore_ascii_case("basic"));
    if let Some((_, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
        secrets.learn(password);
    }
}
