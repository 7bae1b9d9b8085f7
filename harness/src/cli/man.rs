use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use super::console::Console;
use super::failure::Failure;
use crate::storage::{self, FileMode};

/// Print the manual page, or write a page for every verb.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Write all pages into this folder: passrig.1, passrig-check.1 …
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  passrig man | man -l -
  passrig man --dir ~/.local/share/man/man1";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let pages = pages()?;
    match &args.dir {
        None => {
            let first = pages.first().map(|(_, text)| text.as_str());
            console.print(first.unwrap_or_default())?;
        }
        Some(folder) => {
            let failed = |file: &Path| {
                let file = file.to_owned();
                move |source| Failure::write(file, source)
            };
            fs::create_dir_all(folder).map_err(failed(folder))?;
            for (name, text) in &pages {
                let file = folder.join(name);
                let written = storage::write(&file, text.as_bytes(), FileMode::Shared);
                written.map_err(failed(&file))?;
            }
            console.print(&format!("{} pages in {}\n", pages.len(), folder.display()))?;
        }
    }
    Ok(0)
}

/// Every page under its file's name, that of the program first.
pub(super) fn pages() -> Result<Vec<(String, String)>, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    page(&command, &mut pages)?;
    Ok(pages)
}

fn page(command: &Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let man = Man::new(command.clone());
    let name = man.get_filename();
    let mut text = Vec::new();
    let what = "cannot write the manual".to_owned();
    man.render(&mut text).map_err(|source| Failure::System { what, source })?;
    pages.push((name, String::from_utf8_lossy(&text).into_owned()));
    command.get_subcommands().try_for_each(|verb| page(verb, pages))
}
