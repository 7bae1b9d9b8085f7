//! Rules of the house that the compiler does not know.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;
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

/// The most lines of a file of Rust.
const LONGEST_FILE: usize = 500;

/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

#[test]
fn files_have_at_most_500_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["harness", "authenticator", "vectors", "tests", "fuzz", "bench"];
    let files: Vec<_> = folders.iter().flat_map(|folder| rust_files(&root.join(folder))).collect();
    assert!(files.len() > 500, "found only {} files", files.len());
    let mut long = Vec::new();
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if lines > LONGEST_FILE && LONG_FILES.iter().all(|(long, _)| *long != name) {
            long.push(format!("{name} has {lines} lines"));
        }
    }
    assert!(long.is_empty(), "split these files by concern: {long:#?}");
}

/// The most lines that stand in two places without a reason.
const PASSAGE: usize = 10;

/// No passage stands twice, unless a comment begins with `// Stands twice:` just before one of the
/// two places and says why.
#[test]
fn no_passage_stands_twice() {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [harness.join("src"), harness.join("../authenticator/src")];
    let files: Vec<_> = folders.iter().flat_map(|folder| rust_files(folder)).collect();
    let sources: Vec<_> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let lines: Vec<_> = sources.iter().map(|text| code_lines(text)).collect();
    let mut first = HashMap::new();
    let mut repeated = Vec::new();
    for (file, lines) in lines.iter().enumerate() {
        let mut goes_on = false;
        for passage in lines.windows(PASSAGE + 1) {
            let place = (file, passage[0].0);
            let words: Vec<_> = passage.iter().map(|(_, line)| *line).collect();
            let before = *first.entry(words).or_insert(place);
            let begins = before != place && !goes_on;
            goes_on = before != place;
            let places = [place, before];
            if begins && !places.iter().any(|(file, line)| is_excused(&sources[*file], *line)) {
                repeated
                    .push(places.map(|(file, line)| format!("{}:{line}", files[file].display())));
            }
        }
    }
    assert!(repeated.is_empty(), "these passages stand twice: {repeated:#?}");
}

/// The lines of a text that say something, with their numbers. Punctuation alone, comments and
/// imports say nothing that another place could share.
fn code_lines(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let is_code = |line: &str| {
        line.contains(char::is_alphanumeric)
            && !["//", "use ", "pub use "].iter().any(|start| line.starts_with(start))
    };
    lines.filter(|(_, line)| is_code(line)).collect()
}

/// Whether a comment just before this line says why the passage stands twice.
fn is_excused(text: &str, number: usize) -> bool {
    let before: Vec<_> = text.lines().take(number).collect();
    before.iter().rev().take(5).any(|line| line.trim().starts_with("// Stands twice:"))
}

#[test]
fn passages_are_recognised() {
    let text = "use a::b;\n// A comment\nlet a = 1;\n}\n\nlet b = 2;\n";
    assert_eq!(code_lines(text), [(3, "let a = 1;"), (6, "let b = 2;")]);
    assert!(is_excused("// Stands twice: because\nlet a = 1;", 2));
    assert!(!is_excused("// Another comment\nlet a = 1;", 2));
}

/// The Rust files of a folder, without those that a build makes.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found =
        entries.filter(|path| !path.ends_with("target")).flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
