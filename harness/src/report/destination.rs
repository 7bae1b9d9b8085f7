//! `--report FORMAT=FILE`: what a report is made as, and where it goes.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Findings, html, json, junit, markdown, sarif};
use crate::storage;

/// A file that a report is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The format.
    pub format: ReportFormat,
    /// Where; `-` is standard output.
    pub file: PathBuf,
}

passrig_authenticator::named_enum! {
    /// The formats of reports.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum ReportFormat {
        /// The [`Report`](crate::outcome::Report) as it is; see [`json::schema`].
        Json = "json",
        /// For build servers; see [`junit`].
        Junit = "junit",
        /// For code scanners; see [`sarif`].
        Sarif = "sarif",
        /// For the summary of a job; see [`markdown`].
        Markdown = "markdown",
        /// For people, with every exchange; see [`html`].
        Html = "html",
    }
}

/// Why `FORMAT=FILE` means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// There is no `=`, or nothing after it.
    #[error("expected FORMAT=FILE, such as json=report.json")]
    Shape,
    /// There is no such format.
    #[error("there is no report format `{found}`; there are: {}", names())]
    Format {
        /// The text that was found.
        found: String,
    },
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let (format, file) = text.split_once('=').ok_or(DestinationError::Shape)?;
        if file.is_empty() {
            return Err(DestinationError::Shape);
        }
        let unknown = || DestinationError::Format { found: format.to_owned() };
        let format = ReportFormat::named(format).ok_or_else(unknown)?;
        Ok(Self { format, file: file.into() })
    }
}

impl Destination {
    /// Checks that the report can be written there, as far as that can be known
    /// before the run.
    pub fn probe(&self) -> io::Result<()> {
        storage::probe(&self.file)
    }

    /// The place for one of several reports: `report.json` becomes
    /// `report.NAME.json`.
    #[must_use]
    pub fn of(&self, name: &str) -> Self {
        Self { format: self.format, file: one_of_several(&self.file, name) }
    }

    /// True if the report is made from the log, too.
    pub fn shows_exchanges(&self) -> bool {
        self.format == ReportFormat::Html
    }

    /// The bytes of the report.
    pub fn render(&self, findings: &Findings<'_>) -> io::Result<Vec<u8>> {
        Ok(match self.format {
            ReportFormat::Json => json::render(findings.report)?,
            ReportFormat::Junit => junit::render(findings)?,
            ReportFormat::Sarif => sarif::render(findings)?,
            ReportFormat::Markdown => markdown::render(findings).into_bytes(),
            ReportFormat::Html => html::render(findings)?,
        })
    }
}

/// The place for one of several results: `run.jsonl` becomes `run.NAME.jsonl`.
#[must_use]
pub fn one_of_several(file: &Path, name: &str) -> PathBuf {
    // A device or a pipe takes all of them.
    if storage::is_stream(file) {
        return file.to_owned();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(match file.extension() {
        Some(extension) => format!("{stem}.{name}.{}", extension.to_string_lossy()),
        None => format!("{stem}.{name}"),
    })
}

fn names() -> String {
    ReportFormat::ALL.map(ReportFormat::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_exists() {
        let parsed = "json=out/a=b.json".parse();
        assert_eq!(
            parsed,
            Ok(Destination { format: ReportFormat::Json, file: "out/a=b.json".into() })
        );
        assert_eq!("json".parse::<Destination>(), Err(DestinationError::Shape));
        assert_eq!("json=".parse::<Destination>(), Err(DestinationError::Shape));
        insta::assert_snapshot!("pdf=out.pdf".parse::<Destination>().unwrap_err(), @"there is no report format `pdf`; there are: json, junit, sarif, markdown, html");
    }

    #[test]
    fn one_of_several_has_a_name_of_its_own() {
        let of = |text: &str| text.parse::<Destination>().unwrap().of("titan").file;
        assert_eq!(of("json=out/a.b.json"), PathBuf::from("out/a.b.titan.json"));
        assert_eq!(of("junit=report"), PathBuf::from("report.titan"));
        assert_eq!(of("json=-"), PathBuf::from("-"));
    }
}
