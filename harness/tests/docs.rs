//! The documentation for contributors: paths exist, links lead somewhere, commands and variables are those of the repository.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Documents whose paths start at the root of the repository.
const FOR_CONTRIBUTORS: [&str; 5] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/how-to-add.md",
    "harness/catalogue/README.md",
];
const FOLDERS: [&str; 8] =
    [".ci/", "authenticator/", "bench/", "docs/", "fuzz/", "harness/", "tests/", "vectors/"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The code of a document: lines of fenced blocks, and spans between backticks.
fn code(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, part) in document.split("```").enumerate() {
        if index % 2 == 1 {
            found.extend(part.lines().skip(1).map(str::to_owned));
        } else {
            let spans = part.split('`').skip(1).step_by(2);
            found.extend(spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    found
}

#[test]
fn paths_exist() {
    let mut missing = Vec::new();
    for document in FOR_CONTRIBUTORS {
        for word in code(&text(document)).iter().flat_map(|code| code.split_whitespace()) {
            let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
            // A word in capitals stands for a name of the reader's.
            let is_pattern = word.split(['/', '-', '.']).any(|part| {
                part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()) && part != "README"
            });
            if is_path && !is_pattern && !repository().join(word).exists() {
                missing.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "paths that do not exist:\n{}", missing.join("\n"));
}

#[test]
fn links_lead_to_files() {
    let mut missing = Vec::new();
    for document in FOR_CONTRIBUTORS.into_iter().chain(["README.md", "docs/ci.md"]) {
        let folder = repository().join(document).parent().unwrap().to_owned();
        for link in text(document).split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() && !folder.join(file).exists() {
                missing.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(missing.is_empty(), "links that lead nowhere:\n{}", missing.join("\n"));
}

#[test]
fn test_commands_name_tests_that_exist() {
    let mut count = 0;
    for document in FOR_CONTRIBUTORS {
        for command in code(&text(document)) {
            let words: Vec<_> = command.split_whitespace().collect();
            let Some(start) = words.iter().position(|word| *word == "cargo") else { continue };
            let after = |flag: &str| {
                let pairs = words[start..].windows(2).filter(move |pair| pair[0] == flag);
                pairs.map(|pair| pair[1].to_owned()).collect::<Vec<_>>()
            };
            for package in after("-p") {
                let folder = match package.as_str() {
                    "passrig" => "harness",
                    other => other.strip_prefix("passrig-").unwrap(),
                };
                for test in after("--test") {
                    let tests = repository().join(folder).join("tests");
                    let files =
                        [tests.join(format!("{test}.rs")), tests.join(&test).join("main.rs")];
                    assert!(
                        files.iter().any(|file| file.is_file()),
                        "{document}: {command}: {test}"
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count > 20, "found {count} tests");
}

#[test]
fn every_test_of_the_repository_has_a_command() {
    let named = text("CONTRIBUTING.md");
    for folder in ["harness", "tests"] {
        for entry in fs::read_dir(repository().join(folder).join("tests")).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.is_dir() && path.join("main.rs").is_file()
                || path.extension().is_some_and(|extension| extension == "rs");
            let name = path.file_stem().unwrap().to_string_lossy();
            let command = format!("--test {name}");
            assert!(!is_test || named.contains(&command), "CONTRIBUTING.md lacks `{command}`");
        }
    }
}

#[test]
fn commands_of_passrig_have_these_verbs_and_flags() {
    let mut count = 0;
    for document in FOR_CONTRIBUTORS {
        for command in code(&text(document)) {
            let command = command.replace("cargo run -- ", "passrig ");
            let mut words = command.split_whitespace();
            let (Some("passrig"), Some(verb)) = (words.next(), words.next()) else { continue };
            let program = env!("CARGO_BIN_EXE_passrig");
            let output = Command::new(program).args([verb, "--help"]).output().unwrap();
            assert!(output.status.success(), "{document}: {command}: {verb} is not a verb");
            let help = String::from_utf8(output.stdout).unwrap();
            for word in words.take_while(|word| !word.starts_with('#')) {
                let is_known = help.split([' ', ',', '\n', '[', '=']).any(|known| known == word);
                assert!(!word.starts_with("--") || is_known, "{document}: {command}: {word}");
            }
            count += 1;
        }
    }
    assert!(count >= 6, "found {count} commands");
}

#[test]
fn environment_variables_are_described() {
    let described = variables(&text("CONTRIBUTING.md"));
    let mut used = BTreeSet::new();
    for folder in ["harness/src", "harness/tests", "tests/src", "tests/tests", ".ci"] {
        for file in files(&repository().join(folder)) {
            used.extend(variables(&fs::read_to_string(file).unwrap_or_default()));
        }
    }
    used.extend(variables(&text("action.yml")));
    // A test's example of a variable that nobody sets.
    used.remove("PASSRIG_NOT_THERE");
    assert_eq!(described, used);
}

fn variables(text: &str) -> BTreeSet<String> {
    let prefix = concat!("PASSRIG", "_");
    let found = text.match_indices(prefix).map(|(at, _)| {
        let end = |c: char| !c.is_ascii_uppercase() && c != '_';
        let rest = &text[at..];
        rest[..rest.find(end).unwrap_or(rest.len())].to_owned()
    });
    found.filter(|name| name.len() > prefix.len()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
