//! The public API of the libraries is that of `public-api.txt` beside each crate's `Cargo.toml`.
//!
//! `PASSRIG_BLESS=1` writes the files; a line that disappears from one is a breaking change, which `CHANGELOG.md` names.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sources;
mod surface;

use std::fs;
use std::path::Path;

#[test]
fn the_authenticators_api_is_as_recorded() {
    is_as_recorded("authenticator");
}

#[test]
fn the_harness_api_is_as_recorded() {
    is_as_recorded("harness");
}

#[test]
fn the_vectors_api_is_as_recorded() {
    is_as_recorded("vectors");
}

fn is_as_recorded(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let recorded = folder.join("public-api.txt");
    let found = surface::of(&sources::read(&folder.join("src/lib.rs"))).join("\n") + "\n";
    if std::env::var_os("PASSRIG_BLESS").is_some() {
        fs::write(&recorded, found).unwrap();
        return;
    }
    let text = fs::read_to_string(&recorded).unwrap();
    let (old, new): (Vec<_>, Vec<_>) = (text.lines().collect(), found.lines().collect());
    let missing = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}\n"));
    let added = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}\n"));
    let differences: String = missing.chain(added).collect();
    assert!(
        text == found,
        "expected the API of {}, found\n{differences}If the change is intended, run the test with PASSRIG_BLESS=1, \
         and describe each line with `-` in CHANGELOG.md.",
        recorded.display()
    );
}
