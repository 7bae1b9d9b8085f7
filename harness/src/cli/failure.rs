//! Why a verb did not do what it was asked, and the exit code for that.

use std::io;
use std::path::PathBuf;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use textwrap::{WordSeparator, WordSplitter};

use super::visible_failure::Visible;
use crate::outcome::Paint;
use crate::runner;
use crate::storage::ReadError;
use crate::target_rp::adapter::LoadError;
use crate::target_rp::network::CaError;
use crate::toml_file::TomlMistake;
use crate::vectors;

/// The exit code of a bug in this program.
pub(super) const BUG: i32 = 101;
/// The exit code of wrong usage, and of a result that could not be written.
pub(super) const USAGE: u8 = 2;

/// Why a verb did not do what it was asked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(super) enum Failure {
    /// The arguments do not fit together, or name what does not exist.
    #[error("{what}")]
    Usage {
        what: String,
        #[help]
        help: Option<String>,
    },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Adapter(#[from] LoadError),
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toml(#[from] Box<TomlMistake>),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Read(#[from] ReadError),
    #[error("cannot write {}", file.display())]
    Write {
        file: PathBuf,
        source: io::Error,
        #[help]
        help: Option<&'static str>,
    },
    /// The operating system does not let us.
    #[error("{what}")]
    System { what: String, source: io::Error },
    /// The target cannot be judged at all.
    #[error("{what}")]
    NotTestable {
        what: String,
        #[help]
        help: Option<String>,
        /// Nobody answers there, whatever is sent.
        is_gone: bool,
    },
    /// A filter that no check passes.
    #[error("{what}")]
    NothingMatched {
        what: String,
        #[help]
        help: Option<String>,
    },
    /// Something that comes with the program is broken.
    #[error("passrig has a bug: {0}")]
    Bug(&'static str),
    /// The program panicked.
    #[error(transparent)]
    Panic(#[from] runner::Bug),
    /// A published vector that does not even come to be compared.
    #[error(transparent)]
    Vectors(#[from] vectors::Error),
    /// The catalogue that comes with the program has a mistake.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Catalogue(Box<TomlMistake>),
}

impl Failure {
    pub(super) fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), help: Some(help.into()) }
    }

    /// A file that cannot be written, and the fix, as far as the cause tells it.
    pub(super) fn write(file: impl Into<PathBuf>, source: io::Error) -> Self {
        use io::ErrorKind::{
            BrokenPipe, FileTooLarge, IsADirectory, NotADirectory, NotFound, PermissionDenied,
            QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let help = match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => {
                Some("free space there, or name a file on another disk")
            }
            NotFound => Some("make its folder, or name a file in another one"),
            NotADirectory => Some("name a file in a folder"),
            IsADirectory => Some("name a file, not a folder"),
            PermissionDenied | ReadOnlyFilesystem => Some("make it writable, or name another file"),
            BrokenPipe => Some("keep its reader until passrig has ended"),
            _ => None,
        };
        Self::Write { file: file.into(), source, help }
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. }
            | Self::Adapter(_)
            | Self::Ca(_)
            | Self::Toml(_)
            | Self::Read(_)
            | Self::Write { .. }
            | Self::System { .. } => USAGE,
            Self::Vectors(_) => 1,
            Self::NotTestable { .. } => 3,
            Self::NothingMatched { .. } => 4,
            Self::Bug(_) | Self::Panic(_) | Self::Catalogue(_) => 101,
        }
    }

    /// What people read.
    pub(super) fn render(&self, paint: Paint) -> String {
        let theme = match paint.colour {
            true => GraphicalTheme::unicode(),
            false => GraphicalTheme::unicode_nocolor(),
        };
        // Ids and commands are not broken: they are there to be copied.
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(paint.width)
            .with_break_words(false)
            .with_word_separator(WordSeparator::AsciiSpace)
            .with_word_splitter(WordSplitter::NoHyphenation);
        let mut out = String::new();
        match handler.render_report(&mut out, &Visible::new(self)) {
            Ok(()) => out,
            Err(_) => format!("{self}\n"),
        }
    }
}
