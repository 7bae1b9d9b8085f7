//! Secrets that the user supplied with the adapter and the URL, and variables that are none.

use std::collections::BTreeSet;

use url::Url;

use super::adapter::{
    Adapter, AdapterStep, BodyTemplate, Flow, OptionsSource, Part, StepAction, StepRole, Text,
    ValueTemplate,
};
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
        StepRole::Options { at: OptionsSource::Assembled(template), .. } => Some(template),
        _ => None,
    });
    let names = templates.flat_map(ValueTemplate::variables).map(|variable| variable.name.clone());
    names.filter(|name| name != "password" && !names_a_secret(name)).collect()
}

fn steps(adapter: &Adapter) -> impl Iterator<Item = &AdapterStep> {
    Flow::ALL.into_iter().flat_map(|flow| adapter.steps(flow))
}

fn written(step: &AdapterStep, secrets: &mut Secrets) {
    if let StepAction::Request { address, .. } = &step.act {
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
        BodyTemplate::Json(value) | BodyTemplate::Cbor(value) => members("", value, secrets),
        BodyTemplate::Form(fields) | BodyTemplate::Multipart(fields) => {
            fields.iter().for_each(|(name, text)| give_literals(name, text, secrets));
        }
        BodyTemplate::Text(_) | BodyTemplate::Empty => {}
    }
}

fn members(name: &str, value: &ValueTemplate, secrets: &mut Secrets) {
    match value {
        ValueTemplate::Text(text) => give_literals(name, text, secrets),
        ValueTemplate::Array(items) => items.iter().for_each(|item| members(name, item, secrets)),
        ValueTemplate::Object(all) => {
            all.iter().for_each(|(name, value)| members(name, value, secrets))
        }
        ValueTemplate::Number(number) if names_a_secret(name) => secrets.give(&number.to_string()),
        ValueTemplate::Number(_) | ValueTemplate::Bool(_) | ValueTemplate::Whole(_) => {}
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
