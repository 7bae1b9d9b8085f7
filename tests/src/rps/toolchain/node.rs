//! Node, and packages by `npm ci`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Error, Program, Toolchain, ensure_version, once, read_lock_file, reason, run};

const LOCK_FILE: &str = "package-lock.json";
const STAMP: &str = "node_modules/.passrig-installed.json";

pub(super) struct Node;

impl Toolchain for Node {
    fn mark(&self) -> &'static str {
        "server.js"
    }

    /// The oldest Node that the packages run on, and any npm.
    fn ensure(&self) -> Result<(), Error> {
        ensure_version("node", (20, 0))?;
        ensure_version("npm", (0, 0))
    }

    fn install(&self, dir: &Path) -> Result<(), Error> {
        once(dir, LOCK_FILE, STAMP, || npm_ci(dir))
    }

    fn command(&self, dir: &Path, program: Program) -> Command {
        let mut command = Command::new("node");
        command
            .arg(dir.join(match program {
                Program::Server => self.mark(),
                Program::Table => "table.js",
            }))
            // As such servers are run. In a test environment better-auth would leave out its origin checks.
            .env("NODE_ENV", "production")
            .env_remove("TEST")
            .env_remove("NODE_OPTIONS");
        command
    }

    fn packages(&self, dir: &Path) -> Result<Vec<(String, String)>, Error> {
        let unreadable = |reason: String| Error::LockFile { path: dir.join(LOCK_FILE), reason };
        let lock: Value = serde_json::from_str(&read_lock_file(dir, LOCK_FILE)?)
            .map_err(|error| unreadable(error.to_string()))?;
        let entries = lock
            .get("packages")
            .and_then(Value::as_object)
            .ok_or_else(|| unreadable("no packages".to_owned()))?;
        Ok(entries
            .iter()
            .filter_map(|(path, package)| {
                let (_, name) = path.rsplit_once("node_modules/")?;
                Some((name.to_owned(), package.get("version")?.as_str()?.to_owned()))
            })
            .collect())
    }

    /// They lie in the folder itself, and are named from there.
    fn sources(&self, dir: &Path) -> Result<PathBuf, Error> {
        Ok(dir.to_owned())
    }
}

fn npm_ci(dir: &Path) -> Result<(), Error> {
    let mut npm = Command::new("npm");
    npm.current_dir(dir)
        // Time limits are npm's own: for each request, and few repetitions.
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--fetch-timeout=60000", "--fetch-retries=1"]);
    let output = run(&mut npm, "npm")?;
    if output.status.success() {
        return Ok(());
    }
    let reason = reason(&output, |line| line.starts_with("npm error"));
    Err(Error::Install { command: "npm ci", reason })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn all() -> Vec<PathBuf> {
        let root = fs::read_dir(crate::rps::dir("")).unwrap();
        let folders = root.map(|entry| entry.unwrap().path());
        folders.filter(|path| path.join(Node.mark()).is_file()).collect()
    }

    #[test]
    fn manifests_name_exact_versions_that_the_lock_files_hold() {
        for dir in all() {
            let manifest = fs::read_to_string(dir.join("package.json")).unwrap();
            let manifest: Value = serde_json::from_str(&manifest).unwrap();
            let locked = Node.packages(&dir).unwrap();
            for (name, version) in manifest["dependencies"].as_object().unwrap() {
                let wanted = (name.clone(), version.as_str().unwrap().to_owned());
                assert!(locked.contains(&wanted), "{}: {wanted:?}", dir.display());
            }
        }
    }

    #[test]
    fn lock_files_name_no_registry() {
        for dir in all() {
            let lock = read_lock_file(&dir, LOCK_FILE).unwrap();
            assert!(!lock.contains("\"resolved\""), "{}", dir.display());
        }
    }
}
