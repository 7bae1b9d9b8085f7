//! What installs and runs a relying party: the file that its folder holds says which.

mod cargo;
mod go;
mod maven;
mod node;
mod python;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::Error;

/// A language with its packages.
pub(super) trait Toolchain: Sync {
    /// The file that makes a folder one of this toolchain.
    fn mark(&self) -> &'static str;

    /// Fails unless this machine has it, new enough.
    fn ensure(&self) -> Result<(), Error>;

    /// Installs what the lock file names, unless that has been done. The folder is the caller's alone.
    fn install(&self, dir: &Path) -> Result<(), Error>;

    /// What runs a program of its folder, in it.
    fn command(&self, dir: &Path, program: Program) -> Command;

    /// The name and version of every package in the lock file.
    fn packages(&self, dir: &Path) -> Result<Vec<(String, String)>, Error>;

    /// Where the sources of the installed packages lie.
    fn sources(&self, dir: &Path) -> Result<PathBuf, Error>;
}

/// The programs that a folder may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    /// The relying party.
    Server,
    /// What judges ceremonies for the library table.
    Table,
}

static ALL: [&dyn Toolchain; 5] =
    [&node::Node, &python::Python, &cargo::Cargo, &go::Go, &maven::Maven];

/// The toolchain of a relying party's folder.
pub(super) fn of(dir: &Path) -> Result<&'static dyn Toolchain, Error> {
    let marked = |toolchain: &&&dyn Toolchain| dir.join(toolchain.mark()).is_file();
    ALL.iter().find(marked).copied().ok_or_else(|| Error::Unknown { dir: dir.to_owned() })
}

/// Installs the packages of a relying party.
///
/// Tests run in parallel, in several processes: one installs while the others wait for the file lock, which the
/// system releases even if its holder dies.
pub(super) fn install(toolchain: &dyn Toolchain, dir: &Path) -> Result<(), Error> {
    let guard = File::create(dir.join(".install-lock")).map_err(failed)?;
    guard.lock().map_err(failed)?;
    toolchain.install(dir)
}

/// Does something once for each state of the lock file: `stamp` is a copy of the one that was installed. It lies in
/// the folder of the installed packages, so whatever removes the one removes the other.
fn once(
    dir: &Path,
    lock_file: &str,
    stamp: &str,
    install: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let wanted = read_lock_file(dir, lock_file)?;
    let stamp = dir.join(stamp);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(&stamp, wanted).map_err(failed)
}

fn failed(source: io::Error) -> Error {
    Error::Install { command: "writing into its folder", reason: source.to_string() }
}

/// Fails unless the program can be run and is of this version (major, minor) or newer.
fn ensure_version(program: &'static str, wanted: (u32, u32)) -> Result<(), Error> {
    ensure_version_by("--version", program, wanted)
}

/// The same of a program that is asked in another way.
fn ensure_version_by(
    question: &str,
    program: &'static str,
    wanted: (u32, u32),
) -> Result<(), Error> {
    let output = run(Command::new(program).arg(question), program)?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match number(&found) {
        Some(number) if number >= wanted => Ok(()),
        _ => Err(Error::Outdated { program, wanted, found }),
    }
}

/// The first word that looks like a version: `v20.1.0`, `Python 3.11.7`, `cargo 1.95.0 (…)`, `go version go1.26.8 …`.
fn number(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches(char::is_alphabetic).split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

fn run(command: &mut Command, program: &'static str) -> Result<Output, Error> {
    command.stdin(Stdio::null()).output().map_err(|source| Error::Missing { program, source })
}

/// The lines that say why a command failed: on stderr, or on stdout, where Maven writes them.
fn reason(output: &Output, is_reason: impl Fn(&str) -> bool) -> String {
    let said = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text));
    let lines = said.iter().flat_map(|text| text.lines());
    let reasons: Vec<_> = lines.filter(|line| is_reason(line)).take(4).collect();
    if reasons.is_empty() { output.status.to_string() } else { reasons.join("; ") }
}

fn read_lock_file(dir: &Path, name: &str) -> Result<String, Error> {
    let path = dir.join(name);
    fs::read_to_string(&path).map_err(|error| Error::LockFile { path, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        assert_eq!(number("v20.18.1\n"), Some((20, 18)));
        assert_eq!(number("Python 3.11.7"), Some((3, 11)));
        assert_eq!(number("cargo 1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert_eq!(number("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(number("none"), None);
    }

    #[test]
    fn lock_files_pin_what_the_manifests_name_and_no_registry() {
        for entry in fs::read_dir(super::super::dir("")).unwrap() {
            let dir = entry.unwrap().path();
            let Ok(toolchain) = of(&dir) else { continue };
            let locked = toolchain.packages(&dir).unwrap();
            assert!(!locked.is_empty(), "{}", dir.display());
            assert!(locked.iter().all(|(name, version)| !name.is_empty() && !version.is_empty()));
        }
    }
}
