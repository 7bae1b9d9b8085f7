//! Files in TOML that people write: adapters, passrig.toml, the catalogue, scripts of pages.
//!
//! All of them are read here, so that one mistake has one answer: a sentence, the place with an
//! excerpt, and a hint.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::de::{Deserializer, Error};

use crate::near::{did_you_mean, did_you_mean_or_all};

/// A mistake in a file, its place, and how to fix it.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{fault}")]
pub struct TomlMistake {
    /// The mistake itself.
    pub fault: Fault,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: NamedSource<Arc<str>>,
    label: &'static str,
    #[label("{label}")]
    span: Option<SourceSpan>,
}

/// The kinds of mistakes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum Fault {
    #[error("invalid TOML: {0}")]
    Syntax(String),
    #[error("unknown key `{name}`")]
    UnknownKey { name: String, known: Vec<String> },
    #[error("missing key `{0}`")]
    MissingKey(String),
    #[error("expected {expected}, found {found}")]
    Value { expected: String, found: String },
    #[error("{0}")]
    Rule(String),
}

impl TomlMistake {
    /// The place, in bytes from the start of the file.
    pub fn span(&self) -> Range<usize> {
        self.span.map_or(0..0, |span| span.offset()..span.offset() + span.len())
    }

    /// Sets the words at the place of the mistake.
    pub(crate) fn labelled(mut self: Box<Self>, label: &'static str) -> Box<Self> {
        self.label = label;
        self
    }
}

/// A value and its place in the file. Its schema is that of the value.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Spanned<T>(toml::Spanned<T>);

impl<T> Spanned<T> {
    pub(crate) fn new(span: Range<usize>, value: T) -> Self {
        Self(toml::Spanned::new(span, value))
    }

    pub(crate) fn get_ref(&self) -> &T {
        self.0.get_ref()
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.0.span()
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TomlFile<'a> {
    /// The name that mistakes show.
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

impl TomlFile<'_> {
    /// Reads the text into a type.
    pub(crate) fn parse<T: DeserializeOwned>(self) -> Result<T, Box<TomlMistake>> {
        let deserializer = Deserializer::parse(self.text).map_err(|error| {
            let help = "write `key = value`, texts in quotes, and each key once in its table";
            let fault = Fault::Syntax(first_line(&error).to_owned());
            self.mistaken(fault, error.span(), Some(help.to_owned()))
        })?;
        T::deserialize(deserializer).map_err(|error| {
            let fault = fault(first_line(&error));
            let help = fault.help();
            let span = error.span().map(|span| self.within_line(span));
            self.mistaken(fault, span, help)
        })
    }

    /// A mistake that the types do not rule out.
    pub(crate) fn mistake(
        self,
        message: impl Into<String>,
        span: Option<Range<usize>>,
        help: Option<String>,
    ) -> Box<TomlMistake> {
        self.mistaken(Fault::Rule(message.into()), span, help)
    }

    fn mistaken(
        self,
        fault: Fault,
        span: Option<Range<usize>>,
        help: Option<String>,
    ) -> Box<TomlMistake> {
        let source_code = NamedSource::new(self.name, Arc::from(self.text)).with_language("toml");
        Box::new(TomlMistake {
            fault,
            help,
            source_code,
            label: "here",
            span: span.map(Into::into),
        })
    }

    /// The first line of a span: a table without a key can be the whole file.
    fn within_line(self, span: Range<usize>) -> Range<usize> {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        span.start..span.start + line.len()
    }

    /// The first place of a text in quotation marks.
    pub(crate) fn quoted(self, text: &str) -> Option<Range<usize>> {
        let quoted = format!("\"{text}\"");
        self.text.find(&quoted).map(|at| at..at + quoted.len())
    }

    /// The last place of a text in quotation marks.
    pub(crate) fn last_quoted(self, text: &str) -> Option<Range<usize>> {
        let quoted = format!("\"{text}\"");
        self.text.rfind(&quoted).map(|at| at..at + quoted.len())
    }
}

fn first_line(error: &Error) -> &str {
    error.message().lines().next().unwrap_or_default()
}

/// The kind of a mistake that serde describes in prose.
fn fault(message: &str) -> Fault {
    let (head, tail) = message.split_once(", expected ").unwrap_or((message, ""));
    let in_backticks = |text: &str| -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let name = || in_backticks(head).into_iter().next().unwrap_or_default();
    if head.starts_with("unknown field ") {
        return Fault::UnknownKey { name: name(), known: in_backticks(tail) };
    }
    if head.starts_with("missing field ") {
        return Fault::MissingKey(name());
    }
    let starts = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    let found = starts.iter().find_map(|start| head.strip_prefix(start));
    match found.filter(|_| !tail.is_empty()) {
        Some(found) => Fault::Value { expected: in_toml(tail), found: in_toml(found) },
        None => Fault::Rule(message.to_owned()),
    }
}

/// A type of serde in the words of TOML.
fn in_toml(text: &str) -> String {
    let word = match text {
        "sequence" | "a sequence" => "an array",
        "map" | "a map" => "a table",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "i8" | "i16" | "i32" | "i64" | "isize" => "an integer",
        _ if text.starts_with("struct ") => "a table",
        _ if text.starts_with("enum ") => "a string",
        _ => text,
    };
    word.to_owned()
}

impl Fault {
    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey { name, known } => Some(did_you_mean_or_all(name, known)),
            Self::MissingKey(name) => Some(format!("add `{name} = …` to this table")),
            Self::Value { expected, .. } if expected.contains("datetime") => {
                Some("write the date without quotes, such as 2030-12-31".to_owned())
            }
            Self::Value { expected, found } if expected == "a string" => {
                let is_scalar = found.contains('`');
                is_scalar.then(|| "write the value in quotes".to_owned())
            }
            Self::Value { expected, found }
                if found.starts_with("string ")
                    && ["a boolean", "a whole number", "an integer"].contains(&&**expected) =>
            {
                Some("write the value without quotes".to_owned())
            }
            Self::Value { expected, found } => {
                let known: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
                did_you_mean(found.trim_matches('`'), known)
            }
            Self::Syntax(_) | Self::Rule(_) => None,
        }
    }
}
