use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::cli::near::did_you_mean;

/// A mistake in `passrig.toml`: what it is, where, and how to mend it.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(in crate::cli) struct Mistake {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

impl Mistake {
    /// The parser's message about another file in TOML.
    pub(in crate::cli) fn toml(file: &Path, text: &str, error: &toml::de::Error) -> Box<Self> {
        Source { file, text, is_named: true }.toml(error)
    }
}

/// The file that is read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
    /// The command line names the file; one of the current folder can come from elsewhere.
    pub(super) is_named: bool,
}

impl Source<'_> {
    pub(super) fn mistake(
        self,
        message: impl Into<String>,
        span: Option<Range<usize>>,
        help: Option<String>,
    ) -> Box<Mistake> {
        let name = self.file.display().to_string();
        Box::new(Mistake {
            message: message.into(),
            source_code: NamedSource::new(name, self.text.to_owned()).with_language("toml"),
            span: span.map(Into::into),
            help,
        })
    }

    /// What the parser has to say. It names the fields that it knows in prose.
    pub(super) fn toml(self, error: &toml::de::Error) -> Box<Mistake> {
        let message = error.message().lines().next().unwrap_or_default();
        let help = match message.strip_prefix("unknown field ") {
            Some(rest) => {
                let mut quoted = rest.split('`').skip(1).step_by(2);
                let found = quoted.next().unwrap_or_default();
                let known: Vec<_> = quoted.collect();
                did_you_mean(found, known.iter().copied())
            }
            None if message.contains("datetime") => {
                Some("a date has no quotes: expires = 2030-12-31".to_owned())
            }
            None => None,
        };
        self.mistake(message, error.span(), help)
    }
}
