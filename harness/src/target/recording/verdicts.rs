use serde_json::Value;

use super::draft::text;
use super::har::Entry;

/// What the answer to an honest credential looked like, and what others may.
pub(super) fn verdicts(entry: &Entry) -> String {
    let status = entry.status;
    let flag = entry.json().and_then(|body| {
        ["verified", "ok", "success", "status"].into_iter().find_map(|name| {
            let value = body.get(name).filter(|value| value.is_boolean() || value.is_string())?;
            Some((name, value.clone()))
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
            format!(
                "accepted = [{{ status = [{status}], json = \"$.{name}\", equals = {value} }}]\n\
                 refused = [{refused}{other}] # check: what does a refusal look like?\n"
            )
        }
        (None, Some(location)) if (300..400).contains(&status) => {
            let place = location.split('?').next().unwrap_or_default();
            let place = place.rsplit_once("://").map_or(place, |(_, rest)| {
                rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
            });
            format!(
                "accepted = [{{ status = [{status}], header = \"location\", contains = {} }}]\n\
                 refused = [{refused}] # check: what does a refusal look like?\n",
                text(place)
            )
        }
        _ => format!(
            "accepted = [{{ status = [{status}] }}]\n\
             refused = [{refused}] # check: what does a refusal look like?\n"
        ),
    }
}
