//! `--catalogue`: checks of the user's own beside those of the program.

use std::path::PathBuf;

use super::failure::Failure;
use crate::catalogue::Catalogue;
use crate::storage::{self, Limit};

/// Which catalogue.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Also the checks in this file, written as those of the program are; its
    /// name is their chapter. May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Which checks")]
    catalogue: Vec<PathBuf>,
}

/// The program's checks. A mistake in them is a bug.
pub(super) fn builtin() -> Result<Catalogue, Failure> {
    Catalogue::builtin().map_err(Failure::Catalogue)
}

impl Args {
    /// The program's checks and the user's, each of which is rehearsed.
    pub(super) fn read(&self) -> Result<Catalogue, Failure> {
        let mut catalogue = builtin()?;
        for file in &self.catalogue {
            let text = storage::read_text(file, Limit::SETTINGS)?;
            let chapter = file.file_stem().unwrap_or_default().to_string_lossy();
            let name = file.display().to_string();
            catalogue.add(&chapter, &name, &text)?;
        }
        Ok(catalogue)
    }

    /// The arguments that lead to the same files.
    pub(super) fn arguments(&self) -> Vec<Vec<String>> {
        let flag = |file: &PathBuf| vec!["--catalogue".to_owned(), file.display().to_string()];
        self.catalogue.iter().map(flag).collect()
    }
}
