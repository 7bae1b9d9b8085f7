//! Licences, sources and versions of the dependencies: what `deny.toml` states holds without cargo-deny, too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn toml(path: &str) -> toml::Table {
    fs::read_to_string(repository().join(path)).unwrap().parse().unwrap()
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let rules = toml("deny.toml");
    let names = |list: &toml::Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let allowed = names(&rules["licenses"]["allow"]);
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--all-features"])
        .current_dir(repository())
        .output()
        .unwrap();
    if !metadata.status.success() {
        // Packages of other platforms are downloaded by `cargo fetch` only.
        eprintln!("skipped: {}", String::from_utf8_lossy(&metadata.stderr));
        return;
    }
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 200, "found {} packages", packages.len());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let mut allowed = allowed.clone();
        for exception in rules["licenses"]["exceptions"].as_array().unwrap() {
            if exception["crate"].as_str() == Some(name) {
                allowed.extend(names(&exception["allow"]));
            }
        }
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(
            is_allowed(licence, &allowed),
            "{name}: expected a licence of deny.toml, found {licence}"
        );
    }
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let rules = toml("deny.toml");
    let registries = rules["sources"]["allow-registry"].as_array().unwrap();
    for folder in ["", "bench", "fuzz"] {
        let lock = toml(&Path::new(folder).join("Cargo.lock").to_string_lossy());
        for package in lock["package"].as_array().unwrap() {
            let Some(source) = package.get("source") else { continue };
            let source = source.as_str().unwrap().strip_prefix("registry+");
            let is_known = registries.iter().any(|known| known.as_str() == source);
            assert!(is_known, "{folder}: {package} comes from another place");
            for banned in rules["bans"]["deny"].as_array().unwrap() {
                assert_ne!(package["name"], banned["crate"], "{folder}: {}", banned["reason"]);
            }
        }
    }
}

#[test]
fn packages_have_licence_texts_and_a_readme() {
    let root = repository();
    for package in ["authenticator", "harness", "vectors"] {
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let [own, common] = [root.join(package).join(licence), root.join(licence)]
                .map(|file| fs::read_to_string(file).unwrap());
            assert_eq!(own, common, "{package}/{licence}");
        }
        let manifest = toml(&format!("{package}/Cargo.toml"));
        let manifest = &manifest["package"];
        for key in ["description", "license", "repository", "keywords", "categories", "readme"] {
            assert!(manifest.get(key).is_some(), "{package}/Cargo.toml has no `{key}`");
        }
        assert!(root.join(package).join(manifest["readme"].as_str().unwrap()).is_file());
        assert!(manifest["metadata"]["docs"]["rs"].is_table(), "{package}");
    }
}

/// Whether the alternatives of an SPDX expression include one that consists of allowed licences.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = text.split_whitespace().collect();
    either(&mut words.as_slice(), allowed)
}

fn either(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut result = both(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        result |= both(words, allowed);
    }
    result
}

fn both(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut result = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        result &= one(words, allowed);
    }
    result
}

fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let result = either(words, allowed);
            *words = &words[1..];
            result
        }
        [name, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(&format!("{name} WITH {exception}"))
        }
        [name, rest @ ..] => {
            *words = rest;
            allowed.contains(*name)
        }
        [] => false,
    }
}

#[test]
fn expressions_are_read() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    for good in ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR MIT", "ISC AND (GPL-3.0 OR MIT)"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["none", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH x", "ISC AND (GPL-3.0 OR X)"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
