//! Where output goes, and how it looks there.

use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::failure::Failure;
use crate::outcome::Paint;
use crate::report::{guarded, json};

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Even into files and pipes.
    Always,
    /// Nowhere.
    Never,
}

/// Standard output and standard error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Console {
    colour: Colour,
    /// Whether results go to standard error, because standard output is a report.
    is_aside: bool,
}

impl Console {
    pub(super) fn new(colour: Colour) -> Self {
        Self { colour, is_aside: false }
    }

    /// The console that prints results on standard error.
    #[must_use]
    pub(super) fn on_standard_error(self) -> Self {
        Self { is_aside: true, ..self }
    }

    /// The look of results.
    pub(super) fn paint(self) -> Paint {
        match self.is_aside {
            true => self.errors(),
            false => self.painted(io::stdout().is_terminal()),
        }
    }

    /// How texts on standard error look.
    pub(super) fn errors(self) -> Paint {
        self.painted(io::stderr().is_terminal())
    }

    /// Prints a result that has no colours.
    pub(super) fn print(self, text: &str) -> Result<(), Failure> {
        self.write(&guarded(text, false))
    }

    /// Prints a result whose colours were made with [`Self::paint`]. Foreign
    /// texts in it were made visible before, or they could set colours too.
    pub(super) fn print_painted(self, text: &str) -> Result<(), Failure> {
        self.write(&guarded(text, self.paint().colour))
    }

    /// Prints a value as JSON, for programs.
    pub(super) fn print_json(self, value: &impl Serialize) -> Result<(), Failure> {
        let what = || "cannot write JSON".to_owned();
        let text =
            json::pretty(value).map_err(|source| Failure::System { what: what(), source })?;
        self.print(&(text + "\n"))
    }

    /// Writes a text with colours, made with [`Self::errors`], to standard error.
    pub(super) fn complain_painted(self, text: &str) {
        say(&guarded(text, self.errors().colour));
    }

    /// A reader that stops early (`passrig list | head`) is not an error.
    fn write(self, text: &str) -> Result<(), Failure> {
        if self.is_aside {
            say(text);
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::System { what: "cannot print".to_owned(), source: error })
            }
            _ => Ok(()),
        }
    }

    fn painted(self, terminal: bool) -> Paint {
        let colour = match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && wanted(),
        };
        Paint { colour, ..Paint::PLAIN }
    }
}

/// Writes a text without colours to standard error.
pub(super) fn complain(text: &str) {
    say(&guarded(text, false));
}

fn say(text: &str) {
    // Without standard error there is nobody left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// What the environment says about colours (<https://no-color.org>).
fn wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
