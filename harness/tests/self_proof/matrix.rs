use std::fs;

use passrig::runner::Matrix;
use passrig::runner::matrix::{Extent, document::render};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mutants.md");

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

    let document = render(&matrix);
    if std::env::var_os("PASSRIG_BLESS").is_some_and(|value| value == "1") {
        fs::write(DOCUMENT, &document).unwrap();
    }
    let written = fs::read_to_string(DOCUMENT).unwrap_or_default();
    let changed = document.lines().zip(written.lines()).find(|(new, old)| new != old);
    assert!(
        document == written,
        "docs/mutants.md is not what `passrig rp --mutants --matrix` says; the first line that \
         differs: {changed:?}. If the new one is right, PASSRIG_BLESS=1 writes it"
    );
}
