//! Where output goes, and how it looks there.

use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::ValueEnum;

use super::failure::Failure;
use crate::report::Paint;

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

    /// How results look.
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

    /// Prints a result. That nobody reads on (`passrig list | head`) is no
    /// trouble.
    pub(super) fn print(self, text: &str) -> Result<(), Failure> {
        if self.is_aside {
            complain(text);
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

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    // Without standard error there is nobody left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// What the environment says about colours (<https://no-color.org>).
fn wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
