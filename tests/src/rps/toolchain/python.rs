//! Python, and packages by `pip install` into a virtual environment of the folder's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Error, Program, Toolchain, ensure_version, failed, once, read_lock_file, reason, run};

/// Exact versions with their hashes, dependencies included; made of `requirements.in`.
const LOCK_FILE: &str = "requirements.txt";
const ENVIRONMENT: &str = ".venv";
const STAMP: &str = ".venv/passrig-installed.txt";

pub(super) struct Python;

impl Toolchain for Python {
    fn mark(&self) -> &'static str {
        "server.py"
    }

    /// The oldest Python that the packages run on.
    fn ensure(&self) -> Result<(), Error> {
        ensure_version("python3", (3, 10))
    }

    fn install(&self, dir: &Path) -> Result<(), Error> {
        once(dir, LOCK_FILE, STAMP, || {
            step(
                Command::new("python3").args(["-m", "venv", "--clear"]).arg(dir.join(ENVIRONMENT)),
                "python3 -m venv",
            )?;
            step(
                Command::new(python(dir))
                    .args(["-m", "pip", "install", "--require-hashes", "--no-deps"])
                    .args(["--quiet", "--disable-pip-version-check", "--no-input"])
                    .args(["--timeout=60", "--retries=1", "--requirement"])
                    .arg(dir.join(LOCK_FILE)),
                "pip install",
            )
        })
    }

    fn command(&self, dir: &Path, program: Program) -> Command {
        let mut command = Command::new(python(dir));
        // Nothing of the user's own packages and settings.
        command.args(["-I", "-u"]).arg(dir.join(match program {
            Program::Server => self.mark(),
            Program::Table => "table.py",
        }));
        command
    }

    fn packages(&self, dir: &Path) -> Result<Vec<(String, String)>, Error> {
        let lock = read_lock_file(dir, LOCK_FILE)?;
        let pinned = lock.lines().filter_map(|line| {
            let (name, version) = line.trim_end_matches([' ', '\\']).split_once("==")?;
            Some((name.to_owned(), version.to_owned()))
        });
        Ok(pinned.collect())
    }

    /// `lib/python3.N/site-packages` of the environment, and `Lib\site-packages` on Windows.
    fn sources(&self, dir: &Path) -> Result<PathBuf, Error> {
        let environment = dir.join(ENVIRONMENT);
        let versions = fs::read_dir(environment.join("lib")).map_err(failed)?;
        let folders = versions.filter_map(Result::ok).map(|entry| entry.path());
        let mut folders = folders.map(|version| version.join("site-packages"));
        let windows = || environment.join("lib").join("site-packages");
        Ok(folders.find(|path| path.is_dir()).unwrap_or_else(windows))
    }
}

fn python(dir: &Path) -> PathBuf {
    let path = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    dir.join(ENVIRONMENT).join(path)
}

fn step(command: &mut Command, name: &'static str) -> Result<(), Error> {
    let output = run(command, "python3")?;
    if output.status.success() {
        return Ok(());
    }
    let reason = reason(&output, |line| line.starts_with("ERROR:") || line.contains("ensurepip"));
    Err(Error::Install { command: name, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_hold_what_is_wanted_with_hashes_and_name_no_registry() {
        for name in ["py-webauthn", "python-fido2", "django-otp-webauthn"] {
            let dir = crate::rps::dir(name);
            let locked = Python.packages(&dir).unwrap();
            for wanted in read_lock_file(&dir, "requirements.in").unwrap().lines() {
                let (package, version) = wanted.split_once("==").unwrap();
                assert!(locked.contains(&(package.to_owned(), version.to_owned())), "{wanted}");
            }
            let lock = read_lock_file(&dir, LOCK_FILE).unwrap();
            assert!(lock.matches("--hash=sha256:").count() >= locked.len());
            assert!(!lock.contains("://") && !lock.contains("index-url"), "{name}");
        }
    }
}
