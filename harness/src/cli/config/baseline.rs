//! Writing expectations, without touching anything else in the file.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use crate::catalogue::Catalogue;
use crate::outcome::{CheckResult, FailOn, Report, Staleness};
use crate::report::terminal::words;
use crate::runner::expect::{Date, KnownFailure};

/// The file's new text, and what has changed in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Baseline {
    pub(in crate::cli) text: String,
    pub(in crate::cli) added: usize,
    pub(in crate::cli) updated: usize,
    pub(in crate::cli) removed: usize,
}

/// The outcomes of a run, and those that were expected.
pub(in crate::cli) struct BaselineInput<'a> {
    pub(in crate::cli) report: &'a Report,
    pub(in crate::cli) catalogue: &'a Catalogue,
    pub(in crate::cli) expectations: &'a [KnownFailure],
    pub(in crate::cli) fail_on: FailOn,
    pub(in crate::cli) today: Date,
}

enum EntryChange {
    Stays,
    Goes,
    Changes(KnownFailure),
}

impl BaselineInput<'_> {
    /// Everything that fails the run becomes an expectation; what is not needed
    /// goes. An entry that still holds keeps its words, and so do its
    /// neighbours.
    pub(in crate::cli) fn write(&self, text: &str) -> Result<Baseline, toml_edit::TomlError> {
        let mut document: DocumentMut = text.parse()?;
        let mut entries = match document.remove("expect").map(Item::into_array_of_tables) {
            Some(Ok(entries)) => entries,
            _ => ArrayOfTables::new(),
        };
        let mut baseline = Baseline::default();
        let mut valid: Vec<KnownFailure> = Vec::new();
        let mut kept = ArrayOfTables::new();
        for (table, entry) in std::mem::take(&mut entries).into_iter().zip(self.expectations) {
            let mut table = table;
            match self.change(entry) {
                EntryChange::Stays => valid.push(entry.clone()),
                EntryChange::Goes => {
                    baseline.removed += 1;
                    continue;
                }
                EntryChange::Changes(new) => {
                    baseline.updated += 1;
                    match new.outcome {
                        Some(outcome) => set(&mut table, "outcome", outcome.name()),
                        None => drop(table.remove("outcome")),
                    }
                    if new.expires.is_none() {
                        table.remove("expires");
                    }
                    valid.push(new);
                }
            }
            kept.push(table);
        }
        for result in self.report.checks.iter().filter(|result| self.fail_on.counts(result)) {
            let expectable = self.catalogue.find(&result.id).is_some();
            if expectable && !valid.iter().any(|entry| entry.covers(result)) {
                kept.push(table(result));
                baseline.added += 1;
            }
        }
        if !kept.is_empty() {
            document.insert("expect", Item::ArrayOfTables(kept));
        }
        baseline.text = document.to_string();
        Ok(baseline)
    }

    fn change(&self, entry: &KnownFailure) -> EntryChange {
        let results = &self.report.checks;
        let counted = results
            .iter()
            .filter(|result| entry.concerns(&result.id) && self.fail_on.counts(result));
        match entry.staleness(&self.catalogue.checks, results, self.today) {
            // It is written anew, with the same reason, as long as it is true.
            Some(Staleness::Expired) if results.iter().any(|result| entry.covers(result)) => {
                EntryChange::Changes(KnownFailure { expires: None, ..entry.clone() })
            }
            Some(Staleness::Expired) => EntryChange::Goes,
            stale if !results.iter().any(|result| entry.covers(result)) => {
                match (counted.into_iter().next(), stale) {
                    (Some(other), _) => EntryChange::Changes(KnownFailure {
                        outcome: Some(other.outcome),
                        ..entry.clone()
                    }),
                    (None, Some(_)) => EntryChange::Goes,
                    (None, None) => EntryChange::Stays,
                }
            }
            _ => EntryChange::Stays,
        }
    }
}

fn table(result: &CheckResult) -> Table {
    let mut table = Table::new();
    table.insert("check", value(result.id.as_str()));
    table.insert("outcome", value(result.outcome.name()));
    table.insert("reason", value(words::unexplained(result)));
    table
}

/// Sets a value, and leaves what stands around it.
fn set(table: &mut Table, name: &str, text: &str) {
    let mut new = toml_edit::Value::from(text);
    if let Some(old) = table.get(name).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    table.insert(name, Item::Value(new));
}
