//! The settings that a file of the current folder cannot make.
//!
//! A folder can come from elsewhere, and passrig.toml with it. A file that the command line does
//! not name starts no program, reads no environment variable and reaches no other machine.

use std::ops::Range;

use super::Mistake;
use super::mistake::Source;
use crate::cli::reach;
use crate::quoting::quoted;
use crate::target::guard::Place;

/// A setting that counts only if the command line names the file.
#[derive(Debug)]
pub(in crate::cli) struct Withheld {
    setting: Setting,
    mistake: Box<Mistake>,
}

/// Such a setting. Each has a flag, which wins over the file.
#[derive(Debug)]
pub(super) enum Setting {
    /// The RP is a program.
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
}

impl Withheld {
    pub(super) fn new(source: Source<'_>, setting: Setting, span: Range<usize>) -> Self {
        let message = format!("expected --config to name a file that {}", setting.effect());
        let help =
            format!("give {},\nor --config passrig.toml if you trust this file", setting.flag());
        Self { mistake: source.mistake(message, Some(span), Some(help)), setting }
    }

    /// The mistake, unless a flag makes the setting.
    pub(super) fn unless_given(self, flags: &reach::Args) -> Result<(), Box<Mistake>> {
        match self.setting.is_given(flags) {
            true => Ok(()),
            false => Err(self.mistake),
        }
    }
}

impl Setting {
    fn effect(&self) -> String {
        match self {
            Self::Program => "runs a program as the RP".to_owned(),
            Self::RemoteRp => "names an RP outside this machine".to_owned(),
            Self::RemotePlace => "connects to a place outside this machine".to_owned(),
            Self::AllowRun => "lets an adapter run programs".to_owned(),
            Self::Restart => "runs a command to restart the RP".to_owned(),
            Self::AllowHost(_) => "allows a host outside this machine".to_owned(),
            Self::Environment(name) => format!("sends an environment variable as `{name}`"),
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
        }
    }

    fn is_given(&self, flags: &reach::Args) -> bool {
        match self {
            Self::Program | Self::RemoteRp => flags.rp.is_some(),
            Self::RemotePlace => flags.connect_to.is_some(),
            Self::AllowRun => flags.allow_run,
            Self::Restart => flags.restart.is_some(),
            Self::AllowHost(host) => {
                let allowed = flags.allow_host.iter().filter_map(|flag| flag.parse::<Place>().ok());
                host.parse().is_ok_and(|host| allowed.into_iter().any(|flag| flag.covers(&host)))
            }
            Self::Environment(name) => flags.var.iter().any(|var| var.name == *name),
        }
    }
}
