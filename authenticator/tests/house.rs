//! Rules of the house that a compiler does not check.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file below a folder of `src`, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Asserts that no line of the code contains any of the words.
fn assert_free_of(sources: &[(PathBuf, String)], words: &[&str]) {
    for (path, text) in sources {
        for (number, line) in text.lines().enumerate() {
            for word in words {
                let path = path.display();
                assert!(!line.contains(word), "{path}:{}: `{word}` in {line}", number + 1);
            }
        }
    }
}

#[test]
fn device_and_client_know_nothing_of_deviations() {
    for folder in ["device", "client"] {
        assert_free_of(&sources(folder), &["deviation", "Deviation"]);
    }
}

#[test]
fn nothing_prints() {
    let words = ["println!", "print!", "eprintln!", "eprint!", "dbg!", "std::io"];
    assert_free_of(&sources(""), &words);
}

#[test]
fn effects_come_through_the_one_door() {
    let words = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env::",
        "SystemTime",
        "Instant",
        "getrandom",
        "thread_rng",
        "OsRng",
        "rand::",
    ];
    let mut sources = sources("");
    // The feature `rand` is a door of its own.
    sources.retain(|(path, _)| !path.ends_with("env/random.rs"));
    assert_free_of(&sources, &words);
}

#[test]
fn rooms_are_small() {
    for (path, text) in sources("") {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}
