//! Rules of the house that the compiler does not know.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

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

/// Only `storage/` reads files: each reader has a limit, and none waits for a FIFO that the user did
/// not name.
#[test]
fn only_storage_reads_files() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let is_test = |file: &Path| file.ends_with("tests.rs") || file.iter().any(|n| n == "tests");
    let files: Vec<_> = rust_files(&source)
        .into_iter()
        .filter(|file| !file.starts_with(source.join("storage")) && !is_test(file))
        .collect();
    assert!(files.len() > 100, "found only {files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let program = text.split("\nmod tests {").next().unwrap();
        for (index, line) in program.lines().enumerate() {
            let place = format!("{}:{}", file.display(), index + 1);
            assert!(!reads(line), "{place} reads a file without a limit: {line}");
        }
    }
}

#[test]
fn reading_is_recognised() {
    for line in [
        "let text = std::fs::read_to_string(file)?;",
        "match fs::read(path) {",
        "BufReader::new(File::open(file)?)",
        "tokio::fs::read(file).await",
        "io::read_to_string(file)",
        "File::options().read(true)",
        "stream.read_to_string(&mut text)",
    ] {
        assert!(reads(line), "{line}");
    }
    for line in ["storage::read(file, limit)", "fs::read_dir(folder)", "fs::read_link(link)"] {
        assert!(!reads(line), "{line}");
    }
}

/// Whether the line reads a file, or a stream as text, without a limit.
fn reads(line: &str) -> bool {
    let ways = [
        "fs::read(",
        "read_to_string(",
        "File::open(",
        "tokio::fs",
        "File::open_buffered(",
        ".read(true)",
    ];
    ways.iter().any(|way| line.contains(way))
}

/// A contributor finds the file of a new mutant by its first line.
#[test]
fn each_file_of_mutants_says_which_mutants_belong_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/relying_party/mutant");
    let files = rust_files(&folder);
    assert!(files.len() > 20, "found only {files:?}");
    for file in files.iter().filter(|file| !file.ends_with("mod.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let says = header.starts_with("//! Mutants ") || header.ends_with("It holds no mutants.");
        assert!(says, "{} opens with: {header}", file.display());
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
