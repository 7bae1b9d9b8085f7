use std::fs;

use passrig::runner::Matrix;
use passrig::runner::diagnosis::written_signatures;
use passrig::runner::matrix::{Extent, document::render};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mutants.md");

const SIGNATURES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/runner/diagnosis/signatures.txt");

/// Runs every check that a mutant answers in another way than the reference RP; with `PASSRIG_EVERY_RUN=1` the whole
/// catalogue on every mutant.
#[tokio::test(flavor = "multi_thread")]
async fn the_kill_matrix_is_closed_and_documented() {
    let extent = match std::env::var_os("PASSRIG_EVERY_RUN") {
        Some(_) => Extent::Whole,
        None => Extent::Differing,
    };
    let matrix = Matrix::of(&super::catalogue(), extent, |_, _| {}).await;
    let flaws: Vec<_> = matrix.flaws().iter().map(ToString::to_string).collect();
    assert!(flaws.is_empty(), "{flaws:#?}");

    let files = [
        (DOCUMENT, render(&matrix)),
        (SIGNATURES, written_signatures(&matrix, &super::catalogue())),
    ];
    for (file, text) in files {
        assert_written(file, &text);
    }
}

/// Panics unless the file has this text; with `PASSRIG_BLESS=1` the text is written.
fn assert_written(file: &str, text: &str) {
    if std::env::var_os("PASSRIG_BLESS").is_some_and(|value| value == "1") {
        fs::write(file, text).unwrap();
    }
    let written = fs::read_to_string(file).unwrap_or_default();
    let changed = text.lines().zip(written.lines()).find(|(new, old)| new != old);
    assert!(
        text == written,
        "{file} is not the kill matrix; the first line that differs: {changed:?}. If the new one \
         is right, PASSRIG_BLESS=1 writes it"
    );
}
