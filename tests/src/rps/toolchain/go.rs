//! Go, and modules by `go mod download` into its module cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Error, Program, Toolchain, ensure_version_by, read_lock_file, reason, run};

/// Exact versions with their hashes, dependencies included.
const LOCK_FILE: &str = "go.sum";
const BUILT: &str = ".build/relying-party";

pub(super) struct Go;

impl Toolchain for Go {
    fn mark(&self) -> &'static str {
        "go.mod"
    }

    /// The oldest Go that the modules are made for.
    fn ensure(&self) -> Result<(), Error> {
        ensure_version_by("version", "go", (1, 26))
    }

    /// Go knows by itself what there is to do.
    fn install(&self, dir: &Path) -> Result<(), Error> {
        let fetched = run(go(dir).args(["mod", "download"]), "go")?;
        if !fetched.status.success() {
            let reason = reason(&fetched, |line| line.starts_with("go: "));
            return Err(Error::Install { command: "go mod download", reason });
        }
        // Without the network from here on: whatever fails is the program's own.
        let built = run(
            go(dir).env("GOPROXY", "off").args(["build", "-buildvcs=false", "-o", BUILT, "."]),
            "go",
        )?;
        if built.status.success() {
            return Ok(());
        }
        Err(Error::Build { reason: reason(&built, |line| !line.starts_with('#')) })
    }

    /// There is no judge for the library table.
    fn command(&self, dir: &Path, _: Program) -> Command {
        Command::new(dir.join(BUILT))
    }

    fn packages(&self, dir: &Path) -> Result<Vec<(String, String)>, Error> {
        let lock = read_lock_file(dir, LOCK_FILE)?;
        let modules = lock.lines().filter_map(|line| {
            let mut words = line.split(' ');
            let (name, version) = (words.next()?, words.next()?);
            // Of a module that is not compiled in, only what it requires is named.
            (!version.ends_with("/go.mod")).then(|| (name.to_owned(), version.to_owned()))
        });
        Ok(modules.collect())
    }

    /// Where Go unpacks modules, one folder for each with its version.
    fn sources(&self, dir: &Path) -> Result<PathBuf, Error> {
        let output = run(go(dir).args(["env", "GOMODCACHE"]), "go")?;
        Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    }
}

/// Go in this folder, with nothing of the user's own settings that would change what is built.
fn go(dir: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(dir)
        .env("GOFLAGS", "-mod=readonly")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("CGO_ENABLED", "0");
    go
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_holds_what_is_wanted_with_hashes_and_names_no_registry() {
        let dir = crate::rps::dir("go-webauthn");
        let locked = Go.packages(&dir).unwrap();
        let manifest = read_lock_file(&dir, "go.mod").unwrap();
        let wanted = manifest.lines().filter_map(|line| line.strip_prefix('\t')?.split_once(' '));
        let mut count = 0;
        for (name, version) in wanted {
            let version = version.trim_end_matches(" // indirect");
            assert!(locked.contains(&(name.to_owned(), version.to_owned())), "{name} {version}");
            count += 1;
        }
        assert!(count > 0);
        let lock = read_lock_file(&dir, LOCK_FILE).unwrap();
        assert!(lock.lines().all(|line| line.contains(" h1:")) && !lock.contains("://"));
    }
}
