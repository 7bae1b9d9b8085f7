use serde_json::Value;

use super::har::HarEntry;
use super::secrets::RecordedSecrets;
use super::toml::text;

/// A longer text is not the name of an outcome.
const LONGEST: usize = 32;

/// The conditions of the answer to an honest credential, and of other answers.
pub(super) fn verdicts(entry: &HarEntry, secrets: &RecordedSecrets) -> String {
    let status = entry.status;
    let flag = entry.json().and_then(|body| {
        ["verified", "ok", "success", "status"].into_iter().find_map(|name| {
            let value = body.get(name)?;
            let is_outcome = match value {
                Value::String(text) => text.len() <= LONGEST && !secrets.are_in(text),
                value => value.is_boolean(),
            };
            is_outcome.then(|| (name, value.clone()))
        })
    });
    let refused = "{ status = [400, 401, 403, 404, 409, 422] }";
    match (flag, entry.answer_header("location")) {
        (Some((name, value)), _) => {
            let other = match value {
                Value::Bool(true) => {
                    format!(", {{ status = [{status}], json = \"$.{name}\", equals = false }}")
                }
                _ => String::new(),
            };
            let value = value.as_str().map_or_else(|| value.to_string(), text);
            format!(
                "accepted = [{{ status = [{status}], json = \"$.{name}\", equals = {value} }}]\n\
                 refused = [{refused}{other}] # check: what does a refusal look like?\n"
            )
        }
        (None, Some(location)) if (300..400).contains(&status) => {
            let place = location.split(['?', '#', ';']).next().unwrap_or_default();
            let place = place.rsplit_once("://").map_or(place, |(_, rest)| {
                rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
            });
            let place = before_secrets(place, secrets);
            format!(
                "accepted = [{{ status = [{status}], header = \"location\", contains = {} }}]\n\
                 refused = [{refused}] # check: what does a refusal look like?\n",
                text(&place)
            )
        }
        _ => format!(
            "accepted = [{{ status = [{status}] }}]\n\
             refused = [{refused}] # check: what does a refusal look like?\n"
        ),
    }
}

/// The beginning of a path that has no secret in it.
fn before_secrets(path: &str, secrets: &RecordedSecrets) -> String {
    let segments = path.split('/').take_while(|segment| !secrets.are_in(segment));
    let place = segments.collect::<Vec<_>>().join("/");
    if place.is_empty() { "/".to_owned() } else { place }
}
