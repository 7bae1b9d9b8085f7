//! SARIF 2.1.0, which code scanners show.
//!
//! A check is a rule; each failure is a result. There is no source to
//! point at: the location is the target. What was known before is suppressed
//! with its reason.

use std::io;

use serde::Serialize;
use serde_json::{Value, json};

use super::Findings;
use super::findings::Shown;
use super::json::pretty;
use crate::catalogue::Check;
use crate::outcome::{CheckResult, Importance, Outcome, Variant};

/// The report as SARIF.
pub fn render(findings: &Findings<'_>) -> io::Result<Vec<u8>> {
    let findings = &findings.shown();
    let report = &findings.report;
    let mut rules: Vec<&Check> = Vec::new();
    let mut results = Vec::new();
    for result in findings.wrong() {
        let index = findings.check(result).map(|check| {
            rules.iter().position(|known| known.id == check.id).unwrap_or_else(|| {
                rules.push(check);
                rules.len() - 1
            })
        });
        results.push(self::result(findings, result, index));
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": report.tool.name,
                (version(&report.tool.version)): report.tool.version,
                "rules": rules.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": format!("passrig/{}/", report.target.adapter) },
            "invocations": [invocation(findings)],
            "properties": { "seed": report.seed, "runId": report.run_id, "target": report.target },
            "results": results,
        }],
    });
    Ok((pretty(&log)? + "\n").into_bytes())
}

/// The member that a version stands in: a semantic one has a member of its own
/// (§3.19.12).
fn version(version: &str) -> &'static str {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers = core.split('.').filter(|part| part.parse::<u32>().is_ok()).count();
    let is_known = |c: char| c.is_ascii_alphanumeric() || "-+.".contains(c);
    match numbers == 3 && core.matches('.').count() == 2 && version.chars().all(is_known) {
        true => "semanticVersion",
        false => "version",
    }
}

/// A text as a message, which neither links nor has placeholders.
///
/// Brackets would make a link (§3.11.6), braces a placeholder (§3.11.5). A
/// backslash counts before a bracket only, so it is doubled there only.
fn message(text: &str) -> Value {
    let mut out = String::with_capacity(text.len());
    let mut backslashes = 0;
    for c in text.chars() {
        match c {
            '[' | ']' => out.push_str(&"\\".repeat(backslashes + 1)),
            '{' | '}' => out.push(c),
            _ => {}
        }
        out.push(c);
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
    }
    json!({ "text": out })
}

fn invocation(findings: &Shown<'_>) -> Value {
    let stopped = &findings.report.stopped;
    let notification = |text: &String| json!({ "level": "error", "message": message(text) });
    json!({
        "executionSuccessful": stopped.is_none(),
        "toolExecutionNotifications": stopped.iter().map(notification).collect::<Vec<_>>(),
    })
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": message(&check.title()),
        "fullDescription": message(&check.why),
        "help": message(&format!("{}\n{}", check.why, check.fix)),
        "properties": {
            "clause": check.clause,
            "requirement": check.requirement,
            "level": check.level,
            "importance": check.importance,
            "security-severity": severity(check.importance),
            "tags": ["security", "webauthn", check.ceremony, check.family],
        },
    })
}

fn result(findings: &Shown<'_>, result: &CheckResult, rule: Option<usize>) -> Value {
    let location = json!({ "fullyQualifiedName": findings.report.target.url, "kind": "resource" });
    let suppression = |why: &String| json!({ "kind": "external", "justification": why });
    json!({
        "ruleId": result.id,
        // -1: the result of the preflight is in no catalogue.
        "ruleIndex": rule.map_or(json!(-1), Value::from),
        "kind": if result.outcome.is_decided() { "fail" } else { "review" },
        "level": level(result.outcome),
        "message": message(&findings.message(result)),
        "locations": [{
            // Viewers demand a file: the settings of the run are the nearest.
            "physicalLocation": { "artifactLocation": { "uri": "passrig.toml" } },
            "logicalLocations": [location],
        }],
        // Equal for this finding in another run.
        "partialFingerprints": { "passrig/v1": format!("{}/{}", result.id, result.variant) },
        "properties": Properties {
            outcome: result.outcome,
            variant: &result.variant,
            counts: findings.fail_on.counts(result),
        },
        // All results have it, or none (§3.27.23).
        "suppressions": result.known.iter().map(suppression).collect::<Vec<_>>(),
    })
}

#[derive(Serialize)]
struct Properties<'a> {
    outcome: Outcome,
    variant: &'a Variant,
    counts: bool,
}

/// Only what is of kind `fail` may have a level (§3.27.10).
fn level(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "error",
        Outcome::Warn => "warning",
        Outcome::Note => "note",
        Outcome::Pass | Outcome::Skipped | Outcome::Inconclusive | Outcome::Error => "none",
    }
}

/// On the scale of CVSS, as GitHub reads it.
fn severity(importance: Importance) -> &'static str {
    match importance {
        Importance::Low => "3.0",
        Importance::Medium => "5.5",
        Importance::High => "8.0",
        Importance::Critical => "9.5",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn rendered() -> Value {
        let (report, catalogue) = (samples::expected_report(), samples::catalogue());
        let replay = samples::replay();
        let findings = samples::findings(&report, &catalogue, &replay);
        serde_json::from_slice(&render(&findings).unwrap()).unwrap()
    }

    /// The demands of the format on the members that are there.
    #[test]
    fn has_the_shape() {
        let schema = json!({
            "type": "object",
            "required": ["version", "runs"],
            "properties": { "version": { "const": "2.1.0" }, "runs": { "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": { "properties": { "driver": {
                        "required": ["name", "rules"],
                        "properties": { "rules": { "uniqueItems": true, "items": {
                            "required": ["id"],
                            "not": { "required": ["helpUri"] },
                            "properties": {
                                "shortDescription": { "required": ["text"] },
                                "fullDescription": { "required": ["text"] },
                                "help": { "required": ["text"] },
                            },
                        }}},
                    }}},
                    "invocations": { "items": { "required": ["executionSuccessful"] } },
                    "results": { "items": {
                        "required": ["message", "ruleId"],
                        "properties": {
                            "kind": { "enum": ["fail", "review"] },
                            "level": { "enum": ["none", "note", "warning", "error"] },
                            "message": { "required": ["text"] },
                            "suppressions": { "items": {
                                "required": ["kind"],
                                "properties": { "kind": { "enum": ["inSource", "external"] } },
                            }},
                            "partialFingerprints": { "additionalProperties": { "type": "string" } },
                        },
                        "if": { "properties": { "kind": { "const": "review" } } },
                        "then": { "properties": { "level": { "const": "none" } } },
                    }},
                },
            }}},
        });
        let log = rendered();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn a_rule_and_its_result() {
        let log = rendered();
        let run = &log["runs"][0];
        insta::assert_json_snapshot!(run["tool"]["driver"]["rules"][0], @r#"
        {
          "id": "registration.origin.subdomain",
          "shortDescription": {
            "text": "registration: client data whose origin is a subdomain of the RP's, scheme and port kept"
          },
          "fullDescription": {
            "text": "A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys."
          },
          "help": {
            "text": "A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.\nCompare the whole origin with the list you serve; do not match parts of it."
          },
          "properties": {
            "clause": "§7.1 step 9",
            "requirement": "REG-06",
            "level": "must",
            "importance": "high",
            "security-severity": "8.0",
            "tags": [
              "security",
              "webauthn",
              "registration",
              "origin"
            ]
          }
        }
        "#);
        insta::assert_json_snapshot!(run["results"][0], @r#"
        {
          "ruleId": "registration.origin.subdomain",
          "ruleIndex": 0,
          "kind": "fail",
          "level": "error",
          "message": {
            "text": "Sent: registration: client data whose origin is a subdomain of the RP's, scheme and port kept.\nThe target accepted it (ok); a probe found the credential registered.\nDemanded: §7.1 step 9 (REG-06): must be refused.\nWhy: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.\nFix: Compare the whole origin with the list you serve; do not match parts of it."
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "passrig.toml"
                }
              },
              "logicalLocations": [
                {
                  "fullyQualifiedName": "http://localhost:3000/",
                  "kind": "resource"
                }
              ]
            }
          ],
          "partialFingerprints": {
            "passrig/v1": "registration.origin.subdomain/default"
          },
          "properties": {
            "outcome": "fail",
            "variant": "default",
            "counts": false
          },
          "suppressions": [
            {
              "kind": "external",
              "justification": "mended with the next release"
            }
          ]
        }
        "#);
    }
}
