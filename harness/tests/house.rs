//! Rules of the house that the compiler does not know.

use std::fs;
use std::path::{Path, PathBuf};

/// Only the command line prints.
#[test]
fn nothing_below_the_command_line_prints() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let exempt = [source.join("cli"), source.join("main.rs")];
    let files: Vec<_> = rust_files(&source)
        .into_iter()
        .filter(|file| !exempt.iter().any(|above| file.starts_with(above)))
        .collect();
    assert!(files.len() > 20, "found only {files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (index, line) in text.lines().enumerate() {
            let place = format!("{}:{}", file.display(), index + 1);
            assert!(!prints(line), "{place} prints: {line}");
        }
    }
}

#[test]
fn printing_is_recognised() {
    for line in ["println!(\"a\");", "    eprint!(\"a\");", "let x = dbg!(y);", "std::print!()"] {
        assert!(prints(line), "{line}");
    }
    for line in ["bar.println(text)", "writeln!(sink)", "my_println!()", "// the fingerprint!"] {
        assert!(!prints(line), "{line}");
    }
}

/// Whether one of the printing macros stands in the line.
fn prints(line: &str) -> bool {
    ["println!", "print!", "eprintln!", "eprint!", "dbg!"].iter().any(|name| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        line.match_indices(name).any(|(at, _)| !line[..at].ends_with(word))
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
