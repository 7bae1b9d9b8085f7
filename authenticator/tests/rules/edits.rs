//! Every operation of a deviation at every kind of place.

mod binary;
mod fields;
mod json;

use std::fmt::Write as _;

use passrig_authenticator::deviation::{Bench, Deviation, Effect, NoFacts};
use passrig_authenticator::wire::Tree;
use passrig_authenticator::workbench::{Stage, Workbench};

use crate::support::edit;

/// What each edit, taken alone, makes of an artefact. `.` is the whole.
fn table(stage: Stage, artefact: &Tree, show: fn(&Tree) -> String, edits: &str) -> String {
    let mut out = String::new();
    for line in edits.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let within = match line.strip_prefix('.') {
            Some(operation) => operation.to_owned(),
            None if line.starts_with('[') => line.to_owned(),
            None => format!(".{line}"),
        };
        let deviation = Deviation::new(vec![edit(&format!("{stage}{within}")).unwrap()]);
        let mut bench = Bench::new(&deviation, &NoFacts);
        let edited = bench.finish(stage, artefact.clone());
        let result = match bench.effect() {
            Ok(Effect::Deviant) if edited.render().is_empty() => "(empty)".to_owned(),
            Ok(Effect::Deviant) => show(&edited),
            Ok(Effect::Honest) => "(nothing changed)".to_owned(),
            Err(error) => format!("({error})"),
        };
        writeln!(out, "{line} → {result}").unwrap();
    }
    out
}

fn text(tree: &Tree) -> String {
    String::from_utf8_lossy(&tree.render()).replace('\u{feff}', "⟨BOM⟩")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn hexadecimal(tree: &Tree) -> String {
    hex(&tree.render())
}
