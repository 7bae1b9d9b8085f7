//! From failures to their cause: checks that fail together on a mutant of the reference RP, and on
//! the target, have the fault of the mutant as their likely cause.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::Matrix;
use crate::catalogue::Catalogue;
use crate::outcome::{CheckResult, Diagnosis, Outcome};
use crate::relying_party::mutant::{self, MutantKind};

/// The signature of each mutant that has one: the checks that find it. The name of a mutant is
/// followed by an indented line for each family of checks: the beginning of their IDs, and the ends.
const SIGNATURES: &str = include_str!("diagnosis/signatures.txt");

/// The fewest failures that have a diagnosis.
const FEWEST: usize = 2;

/// One check of so many may pass for a reason of its own, although the target has the fault.
const EXCEPTIONS: usize = 20;

/// The causes of failures, the one that explains most of them first. No failure has two.
pub fn diagnoses(results: &[CheckResult]) -> Vec<Diagnosis> {
    let failed: BTreeSet<&str> = results.iter().filter_map(divergence).collect();
    if failed.len() < FEWEST {
        return Vec::new();
    }
    let severe: BTreeSet<&str> = results
        .iter()
        .filter(|result| matches!(result.outcome, Outcome::Fail | Outcome::Warn))
        .filter_map(divergence)
        .collect();
    let passed = results.iter().filter(|result| is_decided(result) && !result.is_divergence());
    let passed: BTreeSet<&str> = passed.map(|result| result.id.as_str()).collect();
    let mut candidates: Vec<_> = signatures(SIGNATURES)
        .into_iter()
        .filter_map(|(mutant, checks)| {
            let passes = checks.iter().filter(|id| passed.contains(id.as_str())).count();
            let is_contradicted = passes * EXCEPTIONS > checks.len();
            let explained: Vec<_> =
                checks.iter().filter(|id| failed.contains(id.as_str())).cloned().collect();
            // A few checks of many may fail for another reason.
            let is_enough = explained.len() >= FEWEST && explained.len() * 2 >= checks.len();
            (is_enough && !is_contradicted).then_some((mutant, checks.len(), explained))
        })
        .collect();
    // Of mutants that explain equally many failures, the one with the smallest signature is first.
    candidates.sort_by_key(|(_, size, explained)| (std::cmp::Reverse(explained.len()), *size));
    let mut diagnoses: Vec<Diagnosis> = Vec::new();
    for (name, _, explained) in candidates {
        let all = explained.len();
        let mut checks = explained;
        checks.retain(|id| !diagnoses.iter().any(|before| before.checks.contains(id)));
        let is_new = checks.len() >= FEWEST && checks.len() * 2 >= all;
        if !is_new || !checks.iter().any(|id| severe.contains(id.as_str())) {
            continue;
        }
        let Some(mutant) = mutant::by_id(name) else { continue };
        let area = name.split('.').next().unwrap_or_default();
        let sentence = format!("{area}: the RP {}", mutant.summary);
        diagnoses.push(Diagnosis { mutant: name.to_owned(), sentence, checks });
    }
    diagnoses
}

fn divergence(result: &CheckResult) -> Option<&str> {
    result.is_divergence().then_some(result.id.as_str())
}

/// True if the result is evidence for or against a cause. A crash is neither.
fn is_decided(result: &CheckResult) -> bool {
    let is_crash = result.outcome == Outcome::Warn && result.is_as_expected();
    result.outcome.is_decided() && result.verdict.is_some() && !is_crash
}

/// The mutants with the IDs of their checks.
fn signatures(text: &str) -> Vec<(&str, Vec<String>)> {
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("  "), all.last_mut()) {
            (Some(line), Some((_, checks))) => {
                let mut words = line.split(' ');
                let family = words.next().unwrap_or_default();
                checks.extend(words.map(|case| format!("{family}.{case}")));
            }
            _ => all.push((line, Vec::new())),
        }
    }
    all
}

/// The signatures of a kill matrix, as [`diagnoses`] reads them. Races and times depend on chance,
/// and a crash is its own diagnosis.
pub fn written_signatures(matrix: &Matrix, catalogue: &Catalogue) -> String {
    let mut out = String::new();
    let is_certain =
        |id: &&String| catalogue.find(id).is_some_and(|check| !check.exclusive && !check.times);
    for row in matrix.rows.iter().filter(|row| row.mutant.kind != MutantKind::Fragile) {
        let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let certain: Vec<_> = row.found_by.iter().filter(is_certain).collect();
        for id in &certain {
            let (family, case) = id.rsplit_once('.').unwrap_or_default();
            families.entry(family).or_default().push(case);
        }
        if certain.len() < FEWEST {
            continue;
        }
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}", row.mutant.id);
        for (family, cases) in families {
            let _ = writeln!(out, "  {family} {}", cases.join(" "));
        }
    }
    out
}

#[cfg(test)]
mod tests;
