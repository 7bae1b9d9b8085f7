//! `passrig.toml`: the target, what the site demands, and what is known.

pub(super) mod baseline;
pub(super) mod document;
mod found;
mod today;

use std::path::{Path, PathBuf};

use found::Withheld;
pub(super) use today::today;

use super::failure::Failure;
use super::reach;
use crate::catalogue::Catalogue;
use crate::outcome::FailOn;
use crate::runner::expect::KnownFailure;
use crate::storage::{self, Limit};
use crate::toml_file::{TomlFile, TomlMistake};

/// The name of the file that is looked for in the current folder.
const FILE: &str = "passrig.toml";

#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The file with the target, the policy and the expectations; flags win
    /// over it [default: passrig.toml, if it is there, which then runs no program,
    /// reads no environment variable and no file of another folder, and reaches no
    /// other machine].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The content of the file; empty without a file.
#[derive(Debug, Default)]
pub(super) struct FileConfig {
    /// The file's text.
    pub(super) text: String,
    target: reach::Args,
    /// The settings of the target that need a flag.
    withheld: Vec<Withheld>,
    pub(super) fail_on: Option<FailOn>,
    pub(super) expectations: Vec<KnownFailure>,
}

#[derive(Clone, Copy)]
struct ConfigFile<'a> {
    file: &'a Path,
    toml: TomlFile<'a>,
    /// The command line names the file; one of the current folder can come from elsewhere.
    is_named: bool,
}

impl Args {
    /// The file that is meant, whether it is there or not.
    pub(super) fn file(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(FILE))
    }

    /// The arguments that lead to the same file.
    pub(super) fn arguments(&self) -> Option<Vec<String>> {
        let file = self.config.as_ref()?.display().to_string();
        Some(vec!["--config".to_owned(), file])
    }

    /// Reads the file. What it says about checks must fit the catalogue, whose
    /// levels its policy raises.
    pub(super) fn read(&self, catalogue: &mut Catalogue) -> Result<FileConfig, Failure> {
        let file = self.file();
        let is_named = self.config.is_some();
        let text = match is_named {
            true => storage::read_text(file, Limit::SETTINGS),
            false => {
                found::check_folder(file)?;
                storage::read_regular_text(file, Limit::SETTINGS)
            }
        };
        match text {
            Ok(text) => Ok(FileConfig::parse(file, text, is_named, catalogue)?),
            // A file that is named must be there.
            Err(error) if error.is_not_found() && !is_named => Ok(FileConfig::default()),
            Err(error) => Err(error.into()),
        }
    }
}

impl FileConfig {
    fn parse(
        file: &Path,
        text: String,
        is_named: bool,
        catalogue: &mut Catalogue,
    ) -> Result<Self, Box<TomlMistake>> {
        let name = file.display().to_string();
        let toml = TomlFile { name: &name, text: &text };
        document::parse(ConfigFile { file, toml, is_named }, catalogue)
    }

    /// The target, as the flags and for the rest the file say. A file that was only found cannot
    /// make every setting.
    pub(super) fn target(&mut self, flags: &reach::Args) -> Result<reach::Args, Failure> {
        for withheld in self.withheld.drain(..) {
            withheld.unless_given(flags)?;
        }
        Ok(flags.over(&self.target))
    }

    /// The target as the file alone names it, which is not to be reached without the flags.
    pub(super) fn named_target(&self) -> &reach::Args {
        &self.target
    }
}

/// What is wrong with a file of this text.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_text(
    file: &Path,
    text: String,
    catalogue: &mut Catalogue,
) -> Result<(), Box<dyn miette::Diagnostic + Send + Sync>> {
    FileConfig::parse(file, text, true, catalogue).map(|_| ()).map_err(|mistake| mistake as Box<_>)
}

#[cfg(test)]
mod tests;
