//! A file of the catalogue, and mistakes that point into it.

use std::ops::Range;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::de::DeserializeOwned;

use super::Check;
use crate::outcome::visible;

/// A mistake in a catalogue file.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
#[diagnostic(code(passrig::catalogue))]
pub struct Error {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

/// A file and its text.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn error(
        &self,
        message: String,
        span: Option<Range<usize>>,
        help: Option<String>,
    ) -> Box<Error> {
        Box::new(Error {
            message,
            source_code: NamedSource::new(self.file, self.text.to_owned()),
            span: span.map(Into::into),
            help,
        })
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Box<Error>> {
        toml::from_str(self.text)
            .map_err(|error| self.error(error.message().to_owned(), error.span(), None))
    }

    /// Refuses a check with a character in its texts that cannot be seen.
    pub(super) fn can_be_read(&self, check: &Check, span: Range<usize>) -> Result<(), Box<Error>> {
        let Check { id, sends, clause, requirement, why, fix, .. } = check;
        let texts = [id, sends, clause, why, fix].into_iter().chain(requirement);
        let hidden = texts.flat_map(|text| text.chars()).find(|c| visible::is_hidden(*c));
        let Some(hidden) = hidden else { return Ok(()) };
        let message = format!("invalid text: U+{:04X} cannot be seen", u32::from(hidden));
        let help = "write `id`, `sends`, `clause`, `why` and `fix` on one line each, without \
                    control characters and characters that hide others";
        Err(self.error(message, Some(span), Some(help.to_owned())))
    }

    /// Where a text first stands in quotation marks.
    pub(super) fn quoted(&self, text: &str) -> Option<Range<usize>> {
        let quoted = format!("\"{text}\"");
        self.text.find(&quoted).map(|at| at..at + quoted.len())
    }

    /// Where it last does.
    pub(super) fn last_quoted(&self, text: &str) -> Option<Range<usize>> {
        let quoted = format!("\"{text}\"");
        self.text.rfind(&quoted).map(|at| at..at + quoted.len())
    }
}
