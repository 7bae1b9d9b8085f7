//! The files that people write: what is wrong with them is told, and where.

use std::sync::OnceLock;

use miette::{Diagnostic, GraphicalReportHandler};
use passrig::catalogue::Catalogue;
use passrig::target_rp::Adapter;

/// An adapter. What can be read reads alike again.
pub fn adapter(text: &str) {
    let read = || Adapter::parse("adapter.toml", text);
    match read() {
        Ok(adapter) => {
            let again = read().map(|again| format!("{again:?}"));
            assert_eq!(again.ok(), Some(format!("{adapter:?}")));
        }
        Err(mistake) => {
            assert!(text.get(mistake.span()).is_some(), "{:?} is no place", mistake.span());
            told(&*mistake);
        }
    }
}

/// A chapter of the catalogue. Its deviations are rehearsed.
pub fn catalogue(text: &str) {
    let index = builtin().index.clone();
    let mut catalogue = Catalogue { checks: Vec::new(), page: Vec::new(), index };
    if let Err(error) = catalogue.add("chapter", "chapter.toml", text) {
        told(&*error);
    }
}

/// A `passrig.toml`.
pub fn configuration(text: &str) {
    if let Err(mistake) = passrig::fuzzing::configuration(text, &mut some_checks()) {
        told(&*mistake);
    }
}

fn builtin() -> &'static Catalogue {
    static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
    BUILTIN.get_or_init(|| Catalogue::builtin().expect("the catalogue"))
}

/// As many as a file can name without slowing everything down.
fn some_checks() -> Catalogue {
    let checks = builtin().checks.iter().step_by(40).cloned().collect();
    Catalogue { checks, page: builtin().page.clone(), index: builtin().index.clone() }
}

/// Whatever is said points into the file, and can be printed.
fn told(error: &dyn Diagnostic) {
    if let (Some(source), Some(labels)) = (error.source_code(), error.labels()) {
        for label in labels {
            assert!(source.read_span(label.inner(), 0, 0).is_ok(), "{label:?} is no place");
        }
    }
    let mut out = String::new();
    let told = GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut out, error);
    assert!(told.is_ok());
}
