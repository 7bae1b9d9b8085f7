//! The kill matrix as a document.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Matrix, Row};

/// The document, in Markdown: a section for each area, a list item for each
/// mutant, and below it the checks that find it.
pub fn render(matrix: &Matrix) -> String {
    let mut areas: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &matrix.rows {
        let area = row.mutant.id.split('.').next().unwrap_or_default();
        areas.entry(area).or_default().push(row);
    }
    let mut out = format!(
        "# Mutants, and the checks that find them\n\n\
         The reference RP with one thing wrong, {} times. Each is found by the checks below it, \
         and by no check\nthat does not name its step. Made by `passrig rp --mutants --matrix`; \
         a test compares.\n",
        matrix.rows.len()
    );
    for (area, rows) in areas {
        // Writing to a string does not fail.
        let _ = write!(out, "\n## {area}: {}\n\n", rows.len());
        for Row { mutant, found_by, .. } in rows {
            let steps = mutant.steps.join(", ");
            let _ = writeln!(out, "- **{}** ({steps}) {}", mutant.id, mutant.summary);
            for line in grouped(found_by) {
                let _ = writeln!(out, "  - {line}");
            }
        }
    }
    out
}

/// The checks of a family on one line.
fn grouped(ids: &[String]) -> Vec<String> {
    let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in ids {
        let (family, case) = id.rsplit_once('.').unwrap_or(("", id));
        families.entry(family).or_default().push(case);
    }
    families.iter().map(|(family, cases)| format!("{family}: {}", cases.join(", "))).collect()
}
