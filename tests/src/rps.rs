//! The real relying parties of `tests/rps/`: installed at first use, started on a free port, stopped on drop.
//!
//! They need Node, Python, Cargo or Go, as the file in their folder says. Where that is missing, [`start`] says that it skips
//! and returns `None`, so that the tests pass with nothing but Rust installed; with `PASSRIG_REQUIRE_RPS=1` it panics
//! instead.

mod certificate;
mod server;
mod toolchain;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use passrig_authenticator::attestation::pki::Authority;
use passrig_authenticator::env::Seeded;
use tempfile::TempDir;

use self::server::Server;
use self::toolchain::Program;

/// The host that every relying party here is configured for.
pub const HOST: &str = "login.passrig.test";

/// Held while a server starts.
static STARTING: Mutex<()> = Mutex::new(());

/// Starts the relying party of this folder name.
///
/// `None`, after a line on stderr, when this machine cannot run it.
///
/// # Panics
///
/// When it can run but does not come up, and with `PASSRIG_REQUIRE_RPS=1` whenever it does not come up.
#[must_use]
pub fn start(name: &str) -> Option<Running> {
    or_skip(name, Running::launch(name))
}

/// What judges ceremonies with a library, for the library table: installed, not yet started.
#[derive(Debug)]
pub struct Judge {
    /// What runs it.
    pub command: Command,
    /// Where the sources of its packages lie.
    pub sources: PathBuf,
}

/// The judge of this folder name.
///
/// `None`, after a line on stderr, when this machine cannot run it.
///
/// # Panics
///
/// When it could run but cannot be installed, and with `PASSRIG_REQUIRE_RPS=1` whenever it cannot.
#[must_use]
pub fn judge(name: &str) -> Option<Judge> {
    let installed = || {
        let dir = dir(name);
        let toolchain = toolchain::of(&dir)?;
        toolchain.ensure()?;
        toolchain::install(toolchain, &dir)?;
        let command = toolchain.command(&dir, Program::Table);
        Ok(Judge { command, sources: toolchain.sources(&dir)? })
    };
    or_skip(name, installed())
}

fn or_skip<T>(name: &str, result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) if error.is_the_machines() && !required() => {
            // Not `eprintln`: of a test that passes, nobody would see it.
            let _ = writeln!(io::stderr(), "skipped: {name} {error}");
            None
        }
        Err(error) => panic!("{name} {error}"),
    }
}

/// Whether this program is there; without it a test skips, and says so.
///
/// # Panics
///
/// With `PASSRIG_REQUIRE_RPS=1`, when it is not.
#[must_use]
pub fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(found || !required(), "{program} cannot be run");
    if !found {
        let _ = writeln!(io::stderr(), "skipped: {program} cannot be run");
    }
    found
}

/// A relying party that is listening. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// The folder name below `tests/rps/`.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Where the sources of its packages lie: its folder, `site-packages`, the crates of the registry, or Go's modules.
    pub sources: PathBuf,
    /// The origin it is configured for.
    pub url: String,
    /// Where it listens in fact: `127.0.0.1:PORT`.
    pub connect_to: String,
    /// The throw-away authority that signed its certificate, as PEM.
    pub ca: PathBuf,
    /// The key of its certificate, as [`passrig::browser::pin`] has it.
    pub pin: String,
    /// Every package of its lock file, with its version.
    pub packages: Vec<(String, String)>,
    server: Server,
    _tls: TempDir,
}

impl Running {
    /// The last lines that the server wrote to stderr.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.server.stderr()
    }

    fn launch(name: &str) -> Result<Self, Error> {
        let dir = dir(name);
        let toolchain = toolchain::of(&dir)?;
        toolchain.ensure()?;
        toolchain::install(toolchain, &dir)?;

        let tls = TempDir::with_prefix("passrig-rp-").map_err(Error::TempDir)?;
        let certificate = certificate::issue(HOST, tls.path())?;
        let roots = roots(tls.path()).map_err(Error::TempDir)?;
        let command = toolchain.command(&dir, Program::Server);
        // Some servers use all cores for a minute while they start: two at a time would take twice as long, and time out.
        let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let server = Server::start(command, &dir, &certificate, &roots)?;
        drop(starting);
        Ok(Self {
            name: name.to_owned(),
            url: format!("https://{HOST}"),
            connect_to: format!("127.0.0.1:{}", server.port),
            ca: certificate.ca,
            pin: certificate.pin,
            packages: toolchain.packages(&dir)?,
            sources: toolchain.sources(&dir)?,
            dir,
            server,
            _tls: tls,
        })
    }
}

/// A folder with the roots of attestation that the catalogue's authenticators are certified by, in DER: those that
/// `passrig trust export` writes.
fn roots(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join("roots");
    fs::create_dir(&folder)?;
    for (number, root) in Authority::roots(&mut Seeded::new("")).iter().enumerate() {
        fs::write(folder.join(format!("{number}.der")), root.certificate())?;
    }
    Ok(folder)
}

/// The folder of a relying party, whether it is installed or not.
#[must_use]
pub fn dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rps").join(name)
}

/// Whether a test fails where it would skip: `PASSRIG_REQUIRE_RPS=1`.
#[must_use]
pub fn required() -> bool {
    env::var_os("PASSRIG_REQUIRE_RPS").is_some_and(|value| value == "1")
}

/// Why a relying party did not come up. Each message goes on from its name.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("needs {program}, which cannot be run: {source}")]
    Missing { program: &'static str, source: io::Error },
    #[error("needs {program} {}.{} or newer, found {found}", wanted.0, wanted.1)]
    Outdated { program: &'static str, wanted: (u32, u32), found: String },
    #[error("could not be installed by `{command}`: {reason}")]
    Install { command: &'static str, reason: String },
    #[error("could not be built: {reason}")]
    Build { reason: String },
    #[error("is no relying party: {dir} has no server")]
    Unknown { dir: PathBuf },
    #[error("has no lock file that can be read, {path}: {reason}")]
    LockFile { path: PathBuf, reason: String },
    #[error("could not be given a folder for its certificate: {0}")]
    TempDir(#[source] io::Error),
    #[error("could not be given a certificate: {0}")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("did not start: {reason}{stderr}")]
    Start { reason: String, stderr: String },
}

impl Error {
    /// Whether the machine is the reason (no toolchain, no network), and not the relying party or its launcher.
    fn is_the_machines(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Outdated { .. } | Self::Install { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_machine_is_a_reason_to_skip() {
        let missing = Error::Missing { program: "node", source: io::ErrorKind::NotFound.into() };
        let outdated =
            Error::Outdated { program: "node", wanted: (20, 0), found: "v18.20.8".to_owned() };
        let reason = "npm error network request failed".to_owned();
        let install = Error::Install { command: "npm ci", reason };
        let build = Error::Build { reason: "error: expected one of `!` or `::`".to_owned() };
        let start = Error::Start {
            reason: "it ended".to_owned(),
            stderr: "\n  SyntaxError: Unexpected token".to_owned(),
        };

        insta::assert_snapshot!(missing, @"needs node, which cannot be run: entity not found");
        insta::assert_snapshot!(outdated, @"needs node 20.0 or newer, found v18.20.8");
        insta::assert_snapshot!(install, @"could not be installed by `npm ci`: npm error network request failed");
        insta::assert_snapshot!(start, @"
        did not start: it ended
          SyntaxError: Unexpected token
        ");
        assert!(
            missing.is_the_machines() && outdated.is_the_machines() && install.is_the_machines()
        );
        assert!(!start.is_the_machines() && !build.is_the_machines());
    }

    #[test]
    fn an_unknown_name_is_never_skipped() {
        let error = Running::launch("nobody").unwrap_err();
        assert!(matches!(error, Error::Unknown { .. }) && !error.is_the_machines(), "{error}");
    }
}
