//! The layers of both crates: a module imports modules below it, and no circle of files exists
//! inside a module.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// The modules of the crate passrig, the lowest first.
const HARNESS: &[&str] = &[
    "quoting",
    "near",
    "toml_file",
    "storage",
    "process",
    "outcome",
    "mail",
    "target_rp",
    "catalogue",
    "relying_party",
    "vectors",
    "browser",
    "observer",
    "samples",
    "report",
    "actor",
    "recording",
    "scenarios",
    "runner",
    "simulate",
    "page",
    "cli",
    "fuzzing",
];

/// The modules of the crate passrig-authenticator, the lowest first.
const AUTHENTICATOR: &[&str] = &[
    "named",
    "ceremony",
    "wire",
    "env",
    "workbench",
    "keys",
    "attestation",
    "pin_uv_auth",
    "device",
    "client",
    "deviation",
];

/// Modules that stand side by side: neither imports the other, whatever the order says.
const APART: &[(&str, &str)] = &[
    ("report", "runner"),
    ("report", "simulate"),
    ("report", "target_rp"),
    ("page", "simulate"),
    ("page", "runner"),
    ("vectors", "browser"),
];

#[test]
fn modules_import_those_below_them() {
    for (crate_folder, order) in [("harness", HARNESS), ("authenticator", AUTHENTICATOR)] {
        let files = files(crate_folder);
        let modules: BTreeSet<_> = files.keys().filter_map(|path| path.first()).collect();
        for module in &modules {
            assert!(order.contains(&module.as_str()), "{module} has no layer");
        }
        for module in order {
            assert!(modules.contains(&(*module).to_owned()), "{module} is a layer without files");
        }
        let mut wrong = BTreeSet::new();
        for (path, text) in &files {
            for used in uses(path, text, &files) {
                let [Some(from), Some(to)] = [path, &used].map(|path| path.first()) else {
                    continue;
                };
                let rank = |name: &String| order.iter().position(|known| known == name);
                let is_apart = |(one, other): &(&str, &str)| {
                    (from == one && to == other) || (from == other && to == one)
                };
                if from != to && (rank(from) < rank(to) || APART.iter().any(is_apart)) {
                    wrong.insert(format!("{} imports {}", path.join("::"), used.join("::")));
                }
            }
        }
        assert!(wrong.is_empty(), "{crate_folder}:\n{}", Vec::from_iter(wrong).join("\n"));
    }
}

/// A file may use its parent and its children; apart from that no file reaches itself again.
#[test]
fn files_make_no_circle() {
    for crate_folder in ["harness", "authenticator"] {
        let files = files(crate_folder);
        let mut edges: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
        for (path, text) in &files {
            for used in uses(path, text, &files) {
                let is_family = path.starts_with(&used) || used.starts_with(path);
                if !is_family && let Some((used, _)) = files.get_key_value(&used) {
                    edges.entry(path).or_default().insert(used);
                }
            }
        }
        let circles: Vec<_> = edges.keys().filter_map(|start| circle(start, &edges)).collect();
        assert!(circles.is_empty(), "{crate_folder}:\n{}", circles.join("\n"));
    }
}

/// The shortest way from a file back to itself.
fn circle(
    start: &Vec<String>,
    edges: &BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>>,
) -> Option<String> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in &ways {
            for next in edges.get(way.last()?).into_iter().flatten() {
                let way: Vec<_> = way.iter().copied().chain([*next]).collect();
                if *next == start {
                    let names: Vec<_> = way.iter().map(|path| path.join("::")).collect();
                    return Some(names.join(" -> "));
                }
                if seen.insert(*next) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

/// Every source file of a crate with its path as a module; the root has none.
fn files(crate_folder: &str) -> BTreeMap<Vec<String>, TokenStream> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_folder).join("src");
    let mut found = BTreeMap::new();
    for file in rust_files(&source) {
        let inner = file.strip_prefix(&source).unwrap().with_extension("");
        let path: Vec<_> = inner.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if path == ["lib"] || path == ["main"] {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        found.insert(path, text.parse().unwrap());
    }
    assert!(found.len() > 50, "found only {} files", found.len());
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The files that a file names in paths that begin with `crate` or `super`, in imports and
/// elsewhere. A name that is no file counts for the file in which it stands.
fn uses(
    path: &[String],
    text: &TokenStream,
    files: &BTreeMap<Vec<String>, TokenStream>,
) -> BTreeSet<Vec<String>> {
    let mut found = Vec::new();
    collect(text, path, &mut found);
    let file_of = |mut path: Vec<String>| {
        while !path.is_empty() && !files.contains_key(&path) {
            path.pop();
        }
        path
    };
    found.into_iter().map(file_of).filter(|used| !used.is_empty() && used != path).collect()
}

/// Collects paths from tokens; `here` is the module in which they stand.
fn collect(text: &TokenStream, here: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<_> = text.clone().into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            // A module inside the file is one level deeper.
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(group))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    let inner: Vec<_> = here.iter().cloned().chain([name.to_string()]).collect();
                    collect(&group.stream(), &inner, found);
                    at += 3;
                    continue;
                }
            }
            TokenTree::Ident(word) if word == "crate" || word == "super" => {
                let is_first = !matches!(at.checked_sub(1).map(|at| &tokens[at]),
                    Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
                if is_first {
                    at = follow(&tokens, at, here, found);
                    continue;
                }
            }
            TokenTree::Group(group) => collect(&group.stream(), here, found),
            _ => {}
        }
        at += 1;
    }
}

/// Follows the path that begins there, and tells where it ends.
fn follow(
    tokens: &[TokenTree],
    from: usize,
    here: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = here.to_vec();
    let mut at = from;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) if word == "crate" => path.clear(),
            Some(TokenTree::Ident(word)) if word == "super" => drop(path.pop()),
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            Some(TokenTree::Group(group)) => {
                branches(&group.stream(), &path, found);
                return at + 1;
            }
            _ => break,
        }
        let is_joined = [1, 2].iter().all(|ahead| {
            matches!(tokens.get(at + ahead), Some(TokenTree::Punct(mark)) if mark.as_char() == ':')
        });
        if !is_joined {
            at += 1;
            break;
        }
        at += 3;
    }
    found.push(path);
    at
}

/// The paths within the braces of an import.
fn branches(text: &TokenStream, above: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<_> = text.clone().into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    for branch in tokens.split(is_comma) {
        if !branch.is_empty() {
            follow(branch, 0, above, found);
        }
    }
}

#[test]
fn paths_are_recognised() {
    let text = "
        use super::{b, c::{D, e::F}};
        use crate::g;
        fn h() { super::super::i::j(); }
        mod tests { use super::*; use crate::k::L; }
    ";
    let mut found = Vec::new();
    collect(&text.parse().unwrap(), &["a".to_owned(), "x".to_owned()], &mut found);
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::b", "a::c::D", "a::c::e::F", "g", "i::j", "a::x", "k::L"]);
}
