//! Secrets that the user supplied with the adapter and the URL, and variables that are none.

use std::collections::BTreeSet;

use url::Url;

use super::adapter::{Act, Adapter, Body, Flow, Options, Part, Role, Step, Text, Value};
use super::inputs;
use super::redact::{self, Secrets, names_a_secret};

/// The secrets that stand in the adapter and in the URL of the target.
pub(super) fn secrets(adapter: &Adapter, base: &Url) -> Secrets {
    let mut secrets = Secrets::default();
    if let Some(password) = base.password() {
        secrets.give(password);
    }
    for (name, value) in adapter.account.pool.iter().flatten() {
        match name.as_str() {
            "password" => secrets.add(value),
            name if inputs::is_public(name) => {}
            _ => secrets.give(value),
        }
    }
    steps(adapter).for_each(|step| written(step, &mut secrets));
    secrets
}

/// The variables of which the adapter assembles options. A token against request forgery is a
/// secret even if it is one of them.
pub(super) fn assembled(adapter: &Adapter) -> BTreeSet<String> {
    let templates = steps(adapter).filter_map(|step| match &step.role {
        Role::Options { at: Options::Assembled(template), .. } => Some(template),
        _ => None,
    });
    let names = templates.flat_map(Value::variables).map(|variable| variable.name.clone());
    names.filter(|name| name != "password" && !names_a_secret(name)).collect()
}

fn steps(adapter: &Adapter) -> impl Iterator<Item = &Step> {
    Flow::ALL.into_iter().flat_map(|flow| adapter.steps(flow))
}

/// The secrets that a step has in its text.
fn written(step: &Step, secrets: &mut Secrets) {
    if let Act::Request { address, .. } = &step.act {
        for part in &address.text().0 {
            if let Part::Literal(literal) = part {
                redact::learn_url(literal, secrets);
            }
        }
    }
    let headers = step.headers.iter().map(|(name, text)| (name.as_str(), text));
    let query = step.query.iter().map(|(name, text)| (name.as_str(), text));
    for (name, text) in headers.chain(query) {
        give_literals(name, text, secrets);
    }
    match &step.body {
        Body::Json(value) | Body::Cbor(value) => members("", value, secrets),
        Body::Form(fields) | Body::Multipart(fields) => {
            fields.iter().for_each(|(name, text)| give_literals(name, text, secrets));
        }
        Body::Text(_) | Body::Empty => {}
    }
}

fn members(name: &str, value: &Value, secrets: &mut Secrets) {
    match value {
        Value::Text(text) => give_literals(name, text, secrets),
        Value::Array(items) => items.iter().for_each(|item| members(name, item, secrets)),
        Value::Object(all) => all.iter().for_each(|(name, value)| members(name, value, secrets)),
        Value::Number(number) if names_a_secret(name) => secrets.give(&number.to_string()),
        Value::Number(_) | Value::Bool(_) | Value::Whole(_) => {}
    }
}

/// A value without variables, under the name of a secret. The scheme of credentials is not one.
fn give_literals(name: &str, text: &Text, secrets: &mut Secrets) {
    if !names_a_secret(name) {
        return;
    }
    let [Part::Literal(literal)] = text.0.as_slice() else { return };
    secrets.give(literal);
    if let Some((_, credentials)) = literal.split_once(' ') {
        secrets.give(credentials);
    }
}
