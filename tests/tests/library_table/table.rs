//! The committed minimum.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One library's part of the table.
pub(crate) struct Table {
    /// Below the installed packages.
    folder: String,
    /// Each ends in `: FILE, `WORDS``.
    reasons: Vec<String>,
    cells: BTreeMap<(String, String), Cell>,
}

/// What is known of an algorithm in a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// `yes`: the library accepts it.
    Accepted,
    /// A letter: it does not, for a reason of its own.
    Blank { reason: String },
    /// A letter of which the reason begins with `runtime:`: it depends on the machine.
    Depends,
    /// `-`: the format knows no such keys.
    Meaningless,
}

impl Table {
    /// A part begins with `[LIBRARY] FOLDER`, then come a line of columns, lines of algorithms, and reasons.
    pub(crate) fn committed(library: &str) -> Self {
        let text = include_str!("../library_table.txt");
        let head = format!("[{library}]");
        let part = text.split("\n\n\n").find(|part| part.trim_start().starts_with(&head));
        let part = part.unwrap_or_else(|| panic!("the table has no {library}"));
        let mut lines = part.lines().map(str::trim).filter(|line| !line.is_empty());
        let folder = lines.next().unwrap().trim_start_matches(&head).trim().to_owned();
        let columns: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        let (rows, reasons): (Vec<&str>, Vec<&str>) = lines.partition(|line| is_row(line));
        let reasons: BTreeMap<&str, &str> =
            reasons.iter().map(|line| line.split_once(": ").expect("LETTER: reason")).collect();
        let mut cells = BTreeMap::new();
        let mut used = Vec::new();
        for row in rows {
            let mut words = row.split_whitespace();
            let algorithm = words.next().unwrap();
            let words: Vec<&str> = words.collect();
            assert_eq!(words.len(), columns.len(), "{library}: {row}");
            for (column, word) in columns.iter().zip(words) {
                let cell = match word {
                    "yes" => Cell::Accepted,
                    "-" => Cell::Meaningless,
                    letter => {
                        used.push(letter);
                        let reason = reasons.get(letter);
                        let reason = reason.unwrap_or_else(|| panic!("{library}: no {letter}:"));
                        match reason.strip_prefix("runtime: ") {
                            Some(_) => Cell::Depends,
                            None => Cell::Blank { reason: (*reason).to_owned() },
                        }
                    }
                };
                cells.insert((algorithm.to_owned(), (*column).to_owned()), cell);
            }
        }
        for letter in reasons.keys() {
            assert!(used.contains(letter), "{library}: {letter}: is the reason of no cell");
        }
        let reasons = reasons.into_values().map(str::to_owned).collect();
        Self { folder, reasons, cells }
    }

    /// Each reason is a limit that the library's source shows.
    pub(crate) fn assert_reasons_are_seen_in(&self, sources: &Path) {
        for reason in &self.reasons {
            let place = reason.strip_suffix('`').and_then(|rest| rest.rsplit_once(": "));
            let place = place.and_then(|(_, place)| place.split_once(", `"));
            let (file, words) = place.unwrap_or_else(|| panic!("no place: {reason}"));
            let path = sources.join(&self.folder).join(file);
            let text = fs::read_to_string(&path);
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(text.contains(words), "{} does not say `{words}`", path.display());
        }
    }

    pub(crate) fn cell(&self, algorithm: &str, column: &str) -> Cell {
        let key = (algorithm.to_owned(), column.to_owned());
        self.cells.get(&key).cloned().unwrap_or(Cell::Meaningless)
    }

    /// How many cells say something.
    pub(crate) fn cells(&self) -> usize {
        self.cells.values().filter(|cell| **cell != Cell::Meaningless).count()
    }
}

/// Reasons begin with a letter and a colon.
fn is_row(line: &str) -> bool {
    line.as_bytes().get(1) != Some(&b':')
}
