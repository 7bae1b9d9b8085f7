//! The steps of `docs/how-to-add.md`: a copy of the repository gets a check and a mutant, by edits of the files that the
//! document names and of no others, and passes the tests with Rust alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The documents whose steps are performed.
const DOCUMENTS: [&str; 2] = ["docs/how-to-add.md", "docs/adding-a-mutant.md"];

const CHAPTER: &str = "harness/catalogue/client-data.toml";
const CASE: &str = r#"
[[family.case]]
id = "port-of-the-walk"
sends = "client data from port 8445 of the RP's host"
deviation = [{ at = "client_data.origin.port", set = 8445 }]
"#;

const MUTANTS: &str = "harness/src/relying_party/mutant/origin.rs";
const ENTRY: &str = r#"        (BOTH, "port-of-the-walk", "accepts port 8445 of its host", Verify(port_of_the_walk)),
"#;
const FUNCTION: &str = r#"
fn port_of_the_walk(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| sent.strip_prefix(expected) == Some(":8445"))
}
"#;

#[test]
#[ignore = "builds a copy of the repository, which takes minutes; `.ci/long walk` runs it"]
fn a_check_and_a_mutant_are_added_in_the_files_that_the_document_names() {
    let walk = Walk::begin();
    walk.edit(CHAPTER, |text| {
        text.replacen("\n[[family.case]]\n", &format!("{CASE}\n[[family.case]]\n"), 1)
    });
    walk.edit(MUTANTS, |text| text.replacen("    ])\n", &format!("{ENTRY}    ])\n"), 1) + FUNCTION);

    walk.cargo(&["test", "-p", "passrig", "--lib", "catalogue"]);
    walk.cargo(&["test", "-p", "passrig", "--lib", "relying_party::"]);
    walk.cargo(&["run", "-p", "passrig", "--", "check", "--only", "*.origin.port-of-the-walk"]);
    // The matrix of mutants is the one file that a command writes.
    walk.cargo(&["test", "-p", "passrig", "--test", "self_proof"]);
    // Golden files hold differences only: the new check is not yet run there.
    walk.cargo(&["test", "-p", "passrig-tests", "--test", "real_rps", "golden::"]);

    let matrix = fs::read_to_string(walk.root().join("docs/mutants.md")).unwrap();
    for ceremony in ["registration", "authentication"] {
        assert!(matrix.contains(&format!("{ceremony}.origin.port-of-the-walk")), "{ceremony}");
    }
    let changed = walk.changed();
    assert_eq!(changed, ["docs/mutants.md", CHAPTER, MUTANTS]);
    let named: String =
        DOCUMENTS.iter().map(|path| fs::read_to_string(walk.root().join(path)).unwrap()).collect();
    for path in &changed {
        let folder = Path::new(path).parent().unwrap().to_str().unwrap();
        let file = Path::new(path).file_name().unwrap().to_str().unwrap();
        let is_named = named.contains(file) || named.contains(&format!("`{folder}`"));
        assert!(is_named, "{path} is not named in {DOCUMENTS:?}");
    }
}

/// A copy of the repository.
struct Walk {
    folder: TempDir,
    target: PathBuf,
    before: BTreeMap<String, Vec<u8>>,
}

impl Walk {
    /// Copies the files that Git knows or would add. Registry dependencies are those that are built already.
    fn begin() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(repository)
            .output()
            .unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        let folder = TempDir::with_prefix("passrig-walk-").unwrap();
        let mut before = BTreeMap::new();
        for path in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
            // A file that was deleted and not yet committed.
            let Ok(content) = fs::read(repository.join(path)) else { continue };
            let copy = folder.path().join(path);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::write(&copy, &content).unwrap();
            before.insert(path.to_owned(), content);
        }
        Self { folder, target: repository.join("target"), before }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn edit(&self, path: &str, edit: impl FnOnce(&str) -> String) {
        let file = self.root().join(path);
        let before = fs::read_to_string(&file).unwrap();
        let after = edit(&before);
        assert_ne!(before, after, "the edit of {path} has no effect");
        fs::write(file, after).unwrap();
    }

    /// Runs Cargo in the copy, with little optimisation.
    fn cargo(&self, arguments: &[&str]) {
        let (command, program) = arguments.split_first().unwrap();
        let status = Command::new(env!("CARGO"))
            .arg(command)
            .args(["--locked", "--quiet"])
            .args(["--config", "profile.dev.package.passrig.opt-level=0"])
            .args(program)
            .current_dir(self.root())
            .env("CARGO_TARGET_DIR", &self.target)
            .envs(arguments.contains(&"self_proof").then_some(("PASSRIG_BLESS", "1")))
            .env_remove("PASSRIG_REQUIRE_RPS")
            .status()
            .unwrap();
        assert!(status.success(), "cargo {}: {status}", arguments.join(" "));
    }

    /// The files that were changed or added.
    fn changed(&self) -> Vec<String> {
        let mut changed = Vec::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    // The log of `passrig check`, which Git ignores.
                    if !path.ends_with(".passrig") {
                        folders.push(path);
                    }
                    continue;
                }
                let name = path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
                if self.before.get(&name) != Some(&fs::read(&path).unwrap()) {
                    changed.push(name);
                }
            }
        }
        changed.sort();
        changed
    }
}
