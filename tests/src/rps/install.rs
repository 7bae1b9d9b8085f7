//! Node, and the packages of one relying party: `npm ci`, once for each lock file.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Error;

/// The oldest Node that the packages in `tests/rps/` run on.
const NODE: u32 = 20;

/// A copy of the lock file that was installed. Whatever changes the one changes the other.
const STAMP: &str = "node_modules/.passrig-installed.json";
const LOCK_FILE: &str = "package-lock.json";

/// Fails unless `node` and `npm` can be run, and Node is new enough.
pub(super) fn ensure_node() -> Result<(), Error> {
    let found = version("node")?;
    version("npm")?;
    let major: Option<u32> =
        found.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    match major {
        Some(major) if major >= NODE => Ok(()),
        _ => Err(Error::Outdated { wanted: NODE, found }),
    }
}

fn version(program: &'static str) -> Result<String, Error> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::Missing { program, source })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Installs what the lock file names, unless that has been done.
///
/// Tests run in parallel, in several processes: one installs while the others wait for the file lock, which the
/// system releases even if its holder dies.
pub(super) fn ensure_packages(dir: &Path) -> Result<(), Error> {
    let wanted = read_lock_file(dir)?;
    let failed = |source: io::Error| Error::Install { reason: source.to_string() };
    let guard = File::create(dir.join(".install-lock")).map_err(failed)?;
    guard.lock().map_err(failed)?;

    let stamp = dir.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    npm_ci(dir)?;
    fs::write(&stamp, wanted).map_err(failed)
}

fn npm_ci(dir: &Path) -> Result<(), Error> {
    let output = Command::new("npm")
        // Time limits are npm's own: for each request, and few repetitions.
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--fetch-timeout=60000",
            "--fetch-retries=1",
        ])
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::Missing { program: "npm", source })?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let reason = stderr
        .lines()
        .filter(|line| line.starts_with("npm error"))
        .take(4)
        .collect::<Vec<_>>()
        .join("; ");
    Err(Error::Install {
        reason: if reason.is_empty() { output.status.to_string() } else { reason },
    })
}

/// The name and version of every package in the lock file.
pub(super) fn packages(dir: &Path) -> Result<Vec<(String, String)>, Error> {
    let unreadable = |reason: String| Error::LockFile { path: dir.join(LOCK_FILE), reason };
    let lock: Value = serde_json::from_str(&read_lock_file(dir)?)
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

fn read_lock_file(dir: &Path) -> Result<String, Error> {
    let path = dir.join(LOCK_FILE);
    fs::read_to_string(&path).map_err(|error| Error::LockFile { path, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn all() -> Vec<PathBuf> {
        let folders =
            fs::read_dir(super::super::dir("")).unwrap().map(|entry| entry.unwrap().path());
        folders.filter(|path| path.is_dir()).collect()
    }

    #[test]
    fn manifests_name_exact_versions_that_the_lock_files_hold() {
        for dir in all() {
            let manifest = fs::read_to_string(dir.join("package.json")).unwrap();
            let manifest: Value = serde_json::from_str(&manifest).unwrap();
            let locked = packages(&dir).unwrap();
            for (name, version) in manifest["dependencies"].as_object().unwrap() {
                let wanted = (name.clone(), version.as_str().unwrap().to_owned());
                assert!(locked.contains(&wanted), "{}: {wanted:?}", dir.display());
            }
        }
    }

    #[test]
    fn lock_files_name_no_registry() {
        for dir in all() {
            let lock = read_lock_file(&dir).unwrap();
            assert!(!lock.contains("\"resolved\""), "{}", dir.display());
        }
    }
}
