//! Java, packages by Maven, and one source file that `java` compiles when it starts.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::{Error, Program, Toolchain, ensure_version, failed, once, read_lock_file, reason, run};

/// Every package, dependencies included, as `sha256sum` writes it. Maven has no such file, so what it has resolved is
/// compared with this one.
const LOCK_FILE: &str = "dependencies.lock";
const STAMP: &str = "target/passrig-installed.lock";
/// In the layout of a repository, so that a path tells group, artifact and version.
const PACKAGES: &str = "target/lib";
/// Those of all packages in one tree, as they are packaged.
const SOURCES: &str = "target/sources";
/// What else `java` is to be told, where a folder has it. A class path in there is in place of the packages'.
const ARGUMENTS: &str = "java.args";

pub(super) struct Maven;

impl Toolchain for Maven {
    fn mark(&self) -> &'static str {
        "pom.xml"
    }

    /// The oldest Java that the servers are written in, with its compiler, and the oldest Maven of the plugin.
    fn ensure(&self) -> Result<(), Error> {
        ensure_version("javac", (17, 0))?;
        ensure_version("mvn", (3, 6))
    }

    fn install(&self, dir: &Path) -> Result<(), Error> {
        once(dir, LOCK_FILE, STAMP, || {
            let target = dir.join("target");
            if target.is_dir() {
                fs::remove_dir_all(target).map_err(failed)?;
            }
            dependencies(dir, "copy", PACKAGES, &["-Dmdep.useRepositoryLayout=true"])?;
            locked(dir)?;
            let sources = ["-Dclassifier=sources", "-Dmdep.unpack.includes=**/*.java"];
            dependencies(dir, "unpack", SOURCES, &sources)?;
            match builds(&dir.join("pom.xml")).map_err(failed)? {
                true => maven(dir, "package", &[]),
                false => Ok(()),
            }
        })
    }

    fn command(&self, dir: &Path, program: Program) -> Command {
        let mut command = Command::new("java");
        command
            // For a short life on few cores.
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"])
            .arg("-cp")
            .arg(class_path(dir));
        let arguments = dir.join(ARGUMENTS);
        if arguments.is_file() {
            command.arg(format!("@{}", arguments.display()));
        }
        command.arg(dir.join(match program {
            Program::Server => "Server.java",
            Program::Table => "Table.java",
        }));
        command
    }

    fn packages(&self, dir: &Path) -> Result<Vec<(String, String)>, Error> {
        let lock = read_lock_file(dir, LOCK_FILE)?;
        let package = |path: &str| {
            let (folder, _) = path.rsplit_once('/')?;
            let (name, version) = folder.rsplit_once('/')?;
            let (group, artifact) = name.rsplit_once('/')?;
            Some((format!("{}:{artifact}", group.replace('/', ".")), version.to_owned()))
        };
        Ok(paths(&lock).filter_map(package).collect())
    }

    fn sources(&self, dir: &Path) -> Result<PathBuf, Error> {
        Ok(dir.join(SOURCES))
    }
}

/// Whether a product has to be unpacked or set up: this says so, or what it goes on from.
fn builds(pom: &Path) -> io::Result<bool> {
    let text = fs::read_to_string(pom)?;
    let parent = text.split_once("<relativePath>").and_then(|(_, rest)| rest.split_once('<'));
    match parent {
        _ if text.contains("<build>") => Ok(true),
        Some((path, _)) => builds(&pom.with_file_name(path)),
        None => Ok(false),
    }
}

/// Has Maven resolve what the folder's `pom.xml` needs when it runs.
fn dependencies(dir: &Path, goal: &str, into: &str, properties: &[&str]) -> Result<(), Error> {
    let goal =
        format!("org.apache.maven.plugins:maven-dependency-plugin:3.11.0:{goal}-dependencies");
    let into = format!("-DoutputDirectory={}", dir.join(into).display());
    maven(dir, &goal, &[&["-DincludeScope=runtime", &into], properties].concat())
}

fn maven(dir: &Path, goal: &str, properties: &[&str]) -> Result<(), Error> {
    let mut maven = Command::new("mvn");
    maven
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(dir.join("pom.xml"))
        .arg(goal)
        .args(properties)
        // Time limits, of Maven 3.8 and of later ones.
        .args(["-Dmaven.wagon.rto=60000", "-Daether.connector.requestTimeout=60000"]);
    let output = run(&mut maven, "mvn")?;
    if output.status.success() {
        return Ok(());
    }
    let reason = reason(&output, |line| line.contains("ERROR"));
    Err(Error::Install { command: "mvn", reason })
}

/// Fails unless the packages are those of the lock file, to the octet, and no others.
fn locked(dir: &Path) -> Result<(), Error> {
    let folder = dir.join(PACKAGES);
    let mut found = BTreeSet::new();
    for package in archives(&folder).map_err(failed)? {
        let digest: [u8; 32] = Sha256::digest(fs::read(&package).map_err(failed)?).into();
        let digest: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        let path = package.strip_prefix(&folder).unwrap_or(&package).display().to_string();
        found.insert(format!("{digest}  {}", path.replace('\\', "/")));
    }
    let lock = read_lock_file(dir, LOCK_FILE)?;
    let wanted = lock.lines().map(str::to_owned).collect();
    if found == wanted {
        return Ok(());
    }
    let only = |these: &BTreeSet<String>, those| {
        these.difference(those).cloned().collect::<Vec<_>>().join(", ")
    };
    let (found, wanted) = (only(&found, &wanted), only(&wanted, &found));
    let reason = format!("Maven resolves [{found}] where {LOCK_FILE} has [{wanted}]");
    Err(Error::Build { reason })
}

/// Libraries are jars; a product may come as a zip.
fn archives(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(archives(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "jar" || kind == "zip") {
            found.push(path);
        }
    }
    Ok(found)
}

fn paths(lock: &str) -> impl Iterator<Item = &str> {
    lock.lines().filter_map(|line| Some(line.split_once("  ")?.1))
}

/// The packages of the lock file, and no others. Without one there is nothing that could run.
fn class_path(dir: &Path) -> OsString {
    let lock = read_lock_file(dir, LOCK_FILE).unwrap_or_default();
    let jars = paths(&lock).map(|path| dir.join(PACKAGES).join(path));
    env::join_paths(jars).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_name_each_package_with_its_hash_and_no_registry() {
        let folders = fs::read_dir(crate::rps::dir("")).unwrap().map(|entry| entry.unwrap().path());
        let folders: Vec<_> = folders.filter(|dir| dir.join("pom.xml").is_file()).collect();
        assert!(folders.len() > 4, "found only {folders:?}");
        for dir in folders {
            let name = dir.display();
            let lock = read_lock_file(&dir, LOCK_FILE).unwrap();
            let packages = Maven.packages(&dir).unwrap();
            assert_eq!(packages.len(), lock.lines().count(), "{name}");
            let archive = |line: &str| line.ends_with(".jar") || line.ends_with(".zip");
            let hashed = |line: &str| line.find("  ") == Some(64) && archive(line);
            assert!(lock.lines().all(hashed), "{name}");
            let pom = fs::read_to_string(dir.join("pom.xml")).unwrap();
            assert!(!lock.contains("://") && !pom.contains("<repositor"), "{name}");
        }
    }

    #[test]
    fn a_second_version_is_set_up_as_the_first() {
        let builds = |name| builds(&crate::rps::dir(name).join("pom.xml")).unwrap();
        assert!(builds("keycloak") && builds("keycloak-26.4.0"));
        assert!(!builds("yubico-webauthn-server") && !builds("yubico-readme-2.8.1"));
    }

    #[test]
    fn a_path_tells_the_package() {
        let packages = Maven.packages(&crate::rps::dir("yubico-webauthn-server")).unwrap();
        let core = ("com.yubico:webauthn-server-core".to_owned(), "2.9.0".to_owned());
        assert!(packages.contains(&core), "{packages:?}");
    }
}
