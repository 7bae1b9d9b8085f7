//! Mutants that read JSON as no browser does: the client data, and the body around them (§7.1
//! steps 3 and 6, §7.2 steps 3 and 9).

use std::borrow::Cow;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::Json;
use serde_json::Value;

use super::lax_json::JsonExtensions;
use super::{Mutant, MutantKind};
use crate::relying_party::behaviour::Behaviour;
use crate::relying_party::verify::Procedure::Derive;
use crate::relying_party::verify::{AttemptAudit, Evidence, StepResult, examine, shared};

/// Of two members with one name in a body, the first counts.
#[derive(Debug)]
struct FirstOfTwo(Ceremony);

impl Behaviour for FirstOfTwo {
    fn body<'a>(&self, of: Ceremony, bytes: Option<&[u8]>, parsed: &'a Value) -> Cow<'a, Value> {
        let json = bytes.filter(|_| of == self.0).and_then(|bytes| Json::parse(bytes).ok());
        let first = json.and_then(|json| first_of_two(json).into_value().ok());
        first.map_or(Cow::Borrowed(parsed), Cow::Owned)
    }

    fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
        examine(evidence, &[])
    }
}

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let client_data = Mutant::list(MutantKind::WrongVersion, [
        (&["7.1/6", "7.2/9"], "script", "reads client data as JavaScript would, not as JSON", Derive(|e| read(e, JsonExtensions { script: true, ..JsonExtensions::default() }))),
        (&["7.1/6", "7.2/9"], "trailing-ignored", "reads client data as far as their first value goes", Derive(|e| read(e, JsonExtensions { trailing: true, ..JsonExtensions::default() }))),
        (&["7.1/6", "7.2/9"], "unfinished", "closes what is open at the end of client data", Derive(|e| read(e, JsonExtensions { unfinished: true, ..JsonExtensions::default() }))),
        (&["7.1/6", "7.2/9"], "half-characters", "replaces halves of characters in client data, and drops them from the origin", Derive(half_characters)),
    ]);
    let first = "reads the first of two members of a name";
    let bodies = [
        Mutant::flow("registration.response.first-of-two-members", &["7.1/3", "7.1/7", "7.1/13"], first, FirstOfTwo(Ceremony::Registration)),
        Mutant::flow("authentication.response.first-of-two-members", &["7.2/3", "7.2/6a", "7.2/10", "7.2/15", "7.2/21"], first, FirstOfTwo(Ceremony::Authentication)),
    ];
    client_data.into_iter().chain(bodies).collect()
}

fn first_of_two(json: Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.into_iter().map(first_of_two).collect()),
        Json::Object(members) => {
            let mut first: Vec<(String, Json)> = Vec::new();
            for (name, value) in members {
                if !first.iter().any(|(known, _)| *known == name) {
                    first.push((name, first_of_two(value)));
                }
            }
            Json::Object(first)
        }
        other => other,
    }
}

/// Reads client data as the honest step does, or else in its own way.
fn read(e: &mut Evidence<'_>, lax: JsonExtensions) -> StepResult {
    shared::client_data(e).or_else(|violation| {
        let text = e.client_data_json().map(|octets| {
            let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
            String::from_utf8_lossy(octets).into_owned()
        });
        match text.and_then(|text| lax.parse(&text)) {
            Some(json @ Json::Object(_)) => e.client_data = Some(json),
            _ => return Err(violation),
        }
        Ok(())
    })
}

fn half_characters(e: &mut Evidence<'_>) -> StepResult {
    if shared::client_data(e).is_ok() {
        return Ok(());
    }
    read(e, JsonExtensions { surrogates: true, ..JsonExtensions::default() })?;
    if let Some(Json::Object(members)) = &mut e.client_data {
        for (_, value) in members.iter_mut().filter(|(name, _)| name == "origin") {
            if let Json::String(text) = value {
                text.retain(|c| c != '\u{fffd}');
            }
        }
    }
    Ok(())
}
