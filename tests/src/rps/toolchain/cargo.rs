//! A crate of its own, outside this workspace, with its own lock file.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Error, Program, Toolchain, ensure_version, read_lock_file, reason, run};

const LOCK_FILE: &str = "Cargo.lock";

pub(super) struct Cargo;

impl Toolchain for Cargo {
    fn mark(&self) -> &'static str {
        LOCK_FILE
    }

    fn ensure(&self) -> Result<(), Error> {
        ensure_version("cargo", (1, 89))
    }

    /// Cargo knows by itself what there is to do.
    fn install(&self, dir: &Path) -> Result<(), Error> {
        let fetched = run(cargo(dir, "fetch").arg("--quiet"), "cargo")?;
        if !fetched.status.success() {
            let reason =
                reason(&fetched, |line| line.starts_with("error") || line.contains("unable"));
            return Err(Error::Install { command: "cargo fetch", reason });
        }
        // Without the network from here on: whatever fails is the crate's own.
        let built =
            run(cargo(dir, "build").args(["--offline", "--quiet"]).args(target(dir)), "cargo")?;
        if built.status.success() {
            return Ok(());
        }
        Err(Error::Build { reason: reason(&built, |line| line.starts_with("error")) })
    }

    fn command(&self, dir: &Path, program: Program) -> Command {
        // Not by `cargo run`, which stays between this process and the server on some systems.
        let name = match program {
            Program::Server => "relying-party",
            Program::Table => "table",
        };
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        Command::new(dir.join("target/debug").join(name))
    }

    fn packages(&self, dir: &Path) -> Result<Vec<(String, String)>, Error> {
        let unreadable = |reason: String| Error::LockFile { path: dir.join(LOCK_FILE), reason };
        let lock: toml::Table = read_lock_file(dir, LOCK_FILE)?
            .parse()
            .map_err(|error: toml::de::Error| unreadable(error.to_string()))?;
        let packages = lock
            .get("package")
            .and_then(toml::Value::as_array)
            .ok_or_else(|| unreadable("no packages".to_owned()))?;
        let text = |package: &toml::Value, key| Some(package.get(key)?.as_str()?.to_owned());
        Ok(packages
            .iter()
            .filter_map(|package| Some((text(package, "name")?, text(package, "version")?)))
            .collect())
    }

    /// Where cargo unpacks the registry's crates, one folder for each with its version.
    fn sources(&self, dir: &Path) -> Result<PathBuf, Error> {
        let output =
            run(cargo(dir, "metadata").args(["--format-version=1", "--offline"]), "cargo")?;
        let unpacked = || {
            let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
            let packages = metadata.get("packages")?.as_array()?;
            let of_registry =
                |package: &&Value| package.get("source").is_some_and(Value::is_string);
            let manifest = packages.iter().find(of_registry)?.get("manifest_path")?.as_str()?;
            Some(Path::new(manifest).parent()?.parent()?.to_owned())
        };
        unpacked().ok_or_else(|| Error::LockFile {
            path: dir.join(LOCK_FILE),
            reason: "cargo metadata names no package of a registry".to_owned(),
        })
    }
}

fn cargo(dir: &Path, command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg(command).arg("--locked").arg("--manifest-path").arg(dir.join("Cargo.toml"));
    cargo
}

/// A folder of its own, wherever the caller's build goes.
fn target(dir: &Path) -> [PathBuf; 2] {
    ["--target-dir".into(), dir.join("target")]
}
