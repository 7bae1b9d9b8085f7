//! The behaviour of two builds of passrig, compared: requests and reports of runs with one seed and run ID.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Members of a report that differ from run to run.
const MEASURED: [&str; 1] = ["duration_ms"];
/// Members of a check's result that are sentences for humans.
const TEXTS: [&str; 2] = ["title", "reason"];
/// Members of a check's result that a real relying party decides.
const RESULT: [&str; 5] = ["outcome", "verdict", "manner", "effect", "reason"];

/// The scalars of a document by their place.
type Members = BTreeMap<String, Value>;

/// One run of one build.
#[derive(Debug)]
pub struct Run {
    /// The log, as JSON lines.
    pub log: String,
    /// The JSON report.
    pub report: Value,
}

/// Differences of behaviour, and changed sentences that may be intended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Differences, one line each.
    pub differences: Vec<String>,
    /// Sentences that were replaced, with the number of checks that they belong to.
    pub texts: BTreeMap<(String, String), usize>,
    /// How many requests or results are equal.
    pub equal: usize,
}

impl Comparison {
    /// Compares every request byte for byte, and the reports.
    ///
    /// Sentences are differences if `with_texts` is set, and otherwise only listed.
    ///
    /// # Errors
    ///
    /// If a line of a log is not JSON.
    pub fn of_runs(before: &Run, after: &Run, with_texts: bool) -> Result<Self, serde_json::Error> {
        let mut comparison = Self::default();
        comparison.requests(&requests(&before.log)?, &requests(&after.log)?);
        let [before, after] = [&before.report, &after.report].map(|report| members(report, ""));
        for (place, value) in &before {
            match after.get(place) {
                Some(other) if other == value => comparison.equal += 1,
                Some(other) if !with_texts && is_replaced_text(place, value, other) => {
                    comparison.replaced(value, other);
                }
                Some(other) => {
                    comparison.differences.push(format!("report: {place}: {value} is now {other}"));
                }
                None => {}
            }
        }
        comparison.absent(&before, &after, "missing");
        comparison.absent(&after, &before, "new");
        Ok(comparison)
    }

    /// Compares what each check of a run against a real relying party resulted in.
    ///
    /// Races are left out: a relying party may win or lose one.
    #[must_use]
    pub fn of_results(name: &str, before: &Value, after: &Value, with_texts: bool) -> Self {
        let mut comparison = Self::default();
        let [before, after] = [before, after].map(results);
        let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for id in ids {
            let (Some(old), Some(new)) = (before.get(id), after.get(id)) else {
                let side = if before.contains_key(id) { "before" } else { "after" };
                comparison.differences.push(format!("{name}: {id} is only in the report {side}"));
                continue;
            };
            let differing = RESULT.iter().filter(|member| old.get(**member) != new.get(**member));
            let mut is_equal = true;
            for member in differing {
                let [old, new] =
                    [old, new].map(|result| result.get(*member).unwrap_or(&Value::Null));
                if !with_texts && *member == "reason" && old.is_string() && new.is_string() {
                    comparison.replaced(old, new);
                } else {
                    is_equal = false;
                    let line = format!("{name}: {id}: {member}: {old} is now {new}");
                    comparison.differences.push(line);
                }
            }
            comparison.equal += usize::from(is_equal);
        }
        comparison
    }

    /// Members of one report that the other one lacks: a line for each check, or for each member that checks have.
    fn absent(&mut self, of: &Members, from: &Members, word: &str) {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for place in of.keys().filter(|place| !from.contains_key(*place)) {
            let parts = place.split_once('[').and_then(|(list, rest)| {
                rest.split_once(']').map(|(id, member)| (list, format!("{list}[{id}]"), member))
            });
            let place = match parts {
                None => place.clone(),
                Some((list, item, member)) => {
                    let next = from.range(item.clone()..).next();
                    let is_there = next.is_some_and(|(other, _)| other.starts_with(&item));
                    if is_there { format!("{list}[*]{member}") } else { item }
                }
            };
            *lines.entry(place).or_default() += 1;
        }
        let lines = lines.into_iter().map(|(place, count)| {
            let places =
                if place.contains("[*]") { format!(" in {count} of them") } else { String::new() };
            format!("report: {place} is {word}{places}")
        });
        self.differences.extend(lines);
    }

    fn requests(&mut self, before: &[(String, Value)], after: &[(String, Value)]) {
        for ((label, old), (other_label, new)) in before.iter().zip(after) {
            if label != other_label {
                let line = format!("{label} was here before, now {other_label}");
                self.differences.push(line);
                // The requests from here on have other partners.
                return;
            }
            let [old, new] = [old, new].map(|request| members(request, ""));
            let places: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            let differing = places.into_iter().find(|place| old.get(*place) != new.get(*place));
            let Some(place) = differing else {
                self.equal += 1;
                continue;
            };
            let [old, new] = [old.get(place), new.get(place)]
                .map(|value| value.map_or_else(|| "nothing".to_owned(), Value::to_string));
            self.differences.push(format!("{label}{place}: {}", apart(&old, &new)));
        }
        if before.len() != after.len() {
            let line = format!("requests: {} before, {} after", before.len(), after.len());
            self.differences.push(line);
        }
    }

    fn replaced(&mut self, old: &Value, new: &Value) {
        let [old, new] = [old, new].map(|text| text.as_str().unwrap_or_default().to_owned());
        *self.texts.entry((old, new)).or_default() += 1;
    }
}

/// Each reproducible request of a log, with the check, the flow and the step that it belongs to.
fn requests(log: &str) -> Result<Vec<(String, Value)>, serde_json::Error> {
    let mut requests = Vec::new();
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let text = |value: &Value, member: &str| match value.get(member) {
            Some(Value::String(text)) => text.clone(),
            value => value.map(Value::to_string).unwrap_or_default(),
        };
        let owner = match entry.get("check") {
            Some(check) => text(check, "id"),
            None => text(&entry, "ceremony"),
        };
        // Races and measurements of time are outside the promise that a seed fixes the bytes.
        if owner.ends_with(".race") || owner.ends_with("-by-time") {
            continue;
        }
        let exchanges = entry.get("exchanges").and_then(Value::as_array);
        for (index, exchange) in exchanges.into_iter().flatten().enumerate() {
            let (flow, step) = (text(exchange, "flow"), text(exchange, "step"));
            let label = format!("{owner}: request {} ({flow} {step})", index + 1);
            requests.push((label, exchange.get("request").cloned().unwrap_or_default()));
        }
    }
    Ok(requests)
}

/// Every scalar of a document, by its place; results of checks are placed by their ID.
fn members(value: &Value, place: &str) -> Members {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(name, _)| !MEASURED.contains(&name.as_str()))
            .flat_map(|(name, value)| members(value, &format!("{place}.{name}")))
            .collect(),
        Value::Array(items) => {
            let name = |index: usize, item: &Value| match item.get("id").and_then(Value::as_str) {
                Some(id) => id.to_owned(),
                None => index.to_string(),
            };
            let length = (format!("{place}.length"), Value::from(items.len()));
            let items = items.iter().enumerate().flat_map(|(index, item)| {
                members(item, &format!("{place}[{}]", name(index, item)))
            });
            items.chain([length]).collect()
        }
        scalar => BTreeMap::from([(place.to_owned(), scalar.clone())]),
    }
}

fn is_replaced_text(place: &str, old: &Value, new: &Value) -> bool {
    let member = place.rsplit('.').next().unwrap_or_default();
    TEXTS.contains(&member) && old.is_string() && new.is_string()
}

/// Two values from where they differ on.
fn apart(old: &str, new: &str) -> String {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let [old, new] = [old, new].map(|text| {
        let part: String = text.chars().skip(same.saturating_sub(20)).take(60).collect();
        if same > 20 { format!("…{part}") } else { part }
    });
    format!("{old} is now {new}")
}

/// The results of a report by the ID of their check, without those that differ from run to run.
fn results(report: &Value) -> BTreeMap<String, Map<String, Value>> {
    let checks = report.get("checks").and_then(Value::as_array);
    let results = checks.into_iter().flatten().filter_map(|check| {
        let id = check.get("id")?.as_str()?;
        let mut check = check.as_object()?.clone();
        // Of a large body a relying party may have read all, some or nothing when it answers.
        let is = |member: &str, text: &str| check.get(member).is_some_and(|value| value == text);
        if is("expected", "survives") && is("outcome", "pass") {
            check.retain(|member, _| member == "outcome");
        }
        (!id.ends_with(".race")).then(|| (id.to_owned(), check))
    });
    results.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(body: &str, reason: Value, outcome: &str) -> Run {
        let request = json!({ "method": "POST", "url": "/", "body": { "text": body } });
        let exchange =
            json!({ "flow": "register", "step": 1, "request": request, "duration_ms": 3 });
        let entry = json!({ "kind": "attempt", "check": { "id": "a.b" }, "exchanges": [exchange] });
        let check =
            json!({ "id": "a.b", "reason": reason, "outcome": outcome, "duration_ms": 0.1 });
        Run { log: entry.to_string(), report: json!({ "checks": [check] }) }
    }

    #[test]
    fn equal_runs_have_no_difference() {
        let [before, mut after] = [1, 2].map(|_| run("x", json!("r"), "pass"));
        after.report["checks"][0]["duration_ms"] = json!(7);
        let comparison = Comparison::of_runs(&before, &after, true).unwrap();
        assert_eq!((comparison.differences, comparison.equal), (vec![], 5));
    }

    #[test]
    fn differences_name_their_place() {
        let before = run("one and the same text: a", Value::Null, "pass");
        let after = run("one and the same text: b", json!("r"), "fail");
        let differences = Comparison::of_runs(&before, &after, false).unwrap().differences;
        insta::assert_snapshot!(differences.join("\n"), @r#"
        a.b: request 1 (register 1).body.text: … and the same text: a" is now … and the same text: b"
        report: .checks[a.b].outcome: "pass" is now "fail"
        report: .checks[a.b].reason: null is now "r"
        "#);
    }

    #[test]
    fn missing_and_new_requests_and_members_are_differences() {
        let before = run("a", Value::Null, "pass");
        let mut after = run("a", Value::Null, "pass");
        after.log.clear();
        after.report = json!({ "checks": [{ "id": "a.b", "cause": "c", "outcome": "pass" }] });
        let differences = Comparison::of_runs(&before, &after, false).unwrap().differences;
        insta::assert_snapshot!(differences.join("\n"), @r#"
        requests: 1 before, 0 after
        report: .checks[*].reason is missing in 1 of them
        report: .checks[*].cause is new in 1 of them
        "#);
    }

    #[test]
    fn requests_of_timing_checks_and_races_are_left_out() {
        for id in ["registration.challenge.race", "authentication.enumeration.failures-by-time"] {
            let [before, after] = ["a", "b"].map(|body| {
                let run = run(body, Value::Null, "pass");
                Run { log: run.log.replace("a.b", id), ..run }
            });
            let comparison = Comparison::of_runs(&before, &after, true).unwrap();
            assert_eq!(comparison.differences, Vec::<String>::new());
        }
    }

    #[test]
    fn replaced_sentences_are_listed_apart() {
        let [before, after] = ["old", "new"].map(|reason| run("a", json!(reason), "pass"));
        let comparison = Comparison::of_runs(&before, &after, false).unwrap();
        assert_eq!(comparison.differences, Vec::<String>::new());
        assert_eq!(comparison.texts, [(("old".to_owned(), "new".to_owned()), 1)].into());
        let strict = Comparison::of_runs(&before, &after, true).unwrap();
        assert_eq!(strict.differences.len(), 1, "{strict:?}");
    }

    #[test]
    fn results_of_real_relying_parties_are_compared_without_races() {
        let report = |outcome: &str, race: &str, manner: &str| {
            json!({ "checks": [
                { "id": "a", "outcome": outcome, "effect": "absent" },
                { "id": "a.race", "outcome": race },
                { "id": "large", "outcome": "pass", "expected": "survives", "manner": manner },
            ] })
        };
        let before = report("pass", "pass", "client-error");
        let after = report("fail", "warn", "server-error");
        let comparison = Comparison::of_results("rp", &before, &after, false);
        assert_eq!(comparison.differences, [r#"rp: a: outcome: "pass" is now "fail""#]);
        assert_eq!(comparison.equal, 1);
    }
}
