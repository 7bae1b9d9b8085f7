//! The settings that a file of the current folder cannot make.
//!
//! A folder can come from elsewhere, and passrig.toml with it. A file that the command line does
//! not name starts no program, reads no environment variable, reads no file of another folder and
//! reaches no other machine.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::ConfigFile;
use crate::cli::failure::Failure;
use crate::cli::reach;
use crate::quoting::quoted;
use crate::target_rp::guard::HostPort;
use crate::toml_file::TomlMistake;

/// A setting that counts only if the command line names the file.
#[derive(Debug)]
pub(in crate::cli) struct Withheld {
    setting: WithheldSetting,
    mistake: Box<TomlMistake>,
}

/// Such a setting. Each has a flag, which wins over the file.
#[derive(Debug)]
pub(super) enum WithheldSetting {
    Program,
    /// The RP is not on this machine.
    RemoteRp,
    /// The place to connect to is not on this machine.
    RemotePlace,
    /// The adapter runs programs.
    AllowRun,
    /// A command starts the RP again.
    Restart,
    /// A host can be elsewhere.
    AllowHost(String),
    /// A variable comes from the environment.
    Environment(String),
    /// The adapter is not a regular file of the folder.
    Adapter(ForeignFile),
    /// The certificates are not in a regular file of the folder.
    Ca(ForeignFile),
}

/// A file that a found passrig.toml cannot name: an error about its content would print it.
#[derive(Debug)]
pub(super) struct ForeignFile {
    written: String,
    /// The file behind symbolic links.
    file: PathBuf,
    is_outside: bool,
}

impl ForeignFile {
    /// The file, unless it is a regular file in the folder of `config`. A file that does not
    /// exist has no content.
    pub(super) fn of(config: &Path, written: &str) -> Option<Self> {
        let folder = match config.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = fs::canonicalize(folder.join(written)).ok()?;
        let is_outside = !fs::canonicalize(folder).is_ok_and(|folder| file.starts_with(folder));
        let is_regular = fs::metadata(&file).is_ok_and(|there| there.is_file());
        let is_foreign = is_outside || !is_regular;
        is_foreign.then(|| Self { written: written.to_owned(), file, is_outside })
    }

    fn effect(&self, key: &str) -> String {
        let Self { written, file, is_outside } = self;
        let file = match file == Path::new(written) {
            true => format!("`{written}`"),
            false => format!("`{written}` ({})", file.display()),
        };
        match is_outside {
            true => format!("names {file} as `{key}`, a file outside its folder"),
            false => format!("names {file} as `{key}`, which is not a regular file"),
        }
    }
}

/// Refuses a found passrig.toml that leads out of the current folder.
pub(super) fn check_folder(config: &Path) -> Result<(), Failure> {
    let Some(foreign) = ForeignFile::of(config, &config.display().to_string()) else {
        return Ok(());
    };
    let ForeignFile { file, is_outside, .. } = foreign;
    let found = match is_outside {
        true => format!("a link to {}", file.display()),
        false => "another kind of file".to_owned(),
    };
    let name = config.display();
    Err(Failure::usage(
        format!("invalid file {name}: expected a regular file of this folder, found {found}"),
        format!("give --config {name} if you trust this file"),
    ))
}

impl Withheld {
    pub(super) fn new(
        source: ConfigFile<'_>,
        setting: WithheldSetting,
        span: Range<usize>,
    ) -> Self {
        let message = format!("expected --config to name a file that {}", setting.effect());
        let help =
            format!("give {},\nor --config passrig.toml if you trust this file", setting.flag());
        Self { mistake: source.toml.mistake(message, Some(span), Some(help)), setting }
    }

    /// The mistake, unless a flag makes the setting.
    pub(super) fn unless_given(self, flags: &reach::Args) -> Result<(), Box<TomlMistake>> {
        match self.setting.is_given(flags) {
            true => Ok(()),
            false => Err(self.mistake),
        }
    }
}

impl WithheldSetting {
    fn effect(&self) -> String {
        match self {
            Self::Program => "runs a program as the RP".to_owned(),
            Self::RemoteRp => "names an RP outside this machine".to_owned(),
            Self::RemotePlace => "connects to a place outside this machine".to_owned(),
            Self::AllowRun => "lets an adapter run programs".to_owned(),
            Self::Restart => "runs a command to restart the RP".to_owned(),
            Self::AllowHost(_) => "allows a host outside this machine".to_owned(),
            Self::Environment(name) => format!("sends an environment variable as `{name}`"),
            Self::Adapter(file) => file.effect("adapter"),
            Self::Ca(file) => file.effect("ca"),
        }
    }

    fn flag(&self) -> String {
        match self {
            Self::Program => "--rp exec:COMMAND".to_owned(),
            Self::RemoteRp => "--rp URL".to_owned(),
            Self::RemotePlace => "--connect-to HOST:PORT".to_owned(),
            Self::AllowRun => "--allow-run".to_owned(),
            Self::Restart => "--restart COMMAND".to_owned(),
            Self::AllowHost(host) => format!("--allow-host {}", quoted(host)),
            Self::Environment(name) => format!("--var {name}"),
            Self::Adapter(_) => "--adapter FILE".to_owned(),
            Self::Ca(_) => "--ca FILE".to_owned(),
        }
    }

    fn is_given(&self, flags: &reach::Args) -> bool {
        match self {
            Self::Program | Self::RemoteRp => flags.rp.is_some(),
            Self::RemotePlace => flags.connect_to.is_some(),
            Self::AllowRun => flags.allow_run,
            Self::Restart => flags.restart.is_some(),
            Self::AllowHost(host) => {
                let allowed =
                    flags.allow_host.iter().filter_map(|flag| flag.parse::<HostPort>().ok());
                host.parse().is_ok_and(|host| allowed.into_iter().any(|flag| flag.covers(&host)))
            }
            Self::Environment(name) => flags.var.iter().any(|var| var.name == *name),
            Self::Adapter(_) => flags.adapter.is_some(),
            Self::Ca(_) => flags.ca.is_some() || flags.insecure,
        }
    }
}
