//! Wrong on purpose: edits of plans and of finished artefacts.
//!
//! A [`Deviation`] is a list of [`Edit`]s, each at a [`Path`] that begins with
//! `plan` or with a stage of the workbench:
//!
//! ```
//! # use passrig_authenticator::deviation::{Deviation, Edit};
//! let edit: Edit = serde_json::from_value(serde_json::json!({
//!     "at": "client_data.origin.host", "prepend": "sub."
//! }))?;
//! let deviation = Deviation::new(vec![edit]);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! [`Bench`] is the workbench that carries a deviation out. It notices when an
//! edit changed nothing: such a ceremony is honest and tests nothing.

mod bench;
mod cbor;
mod container;
mod der;
mod edit;
mod json;
mod layout;
mod path;
mod plan;
mod text;
mod tree;
mod value;

pub use bench::{Bench, Effect};
pub use edit::{Edit, Encoding, Operation};
pub use path::{Path, Segment};
pub use plan::PlanMut;
pub use value::{Facts, NoFacts, Value};

/// A list of edits, carried out in order within each stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deviation {
    edits: Vec<Edit>,
}

impl Deviation {
    /// The deviation made of these edits; without any it is honest.
    pub fn new(edits: Vec<Edit>) -> Self {
        Self { edits }
    }

    /// Its edits.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }
}

/// Why an edit cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The path is no path.
    #[error("`{path}` is no path: {reason}")]
    Syntax {
        /// The text.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The path begins with nothing that a ceremony makes.
    #[error("`{0}` is neither `plan` nor a stage of the ceremony")]
    Stage(String),
    /// A place that the artefact does not have.
    #[error("there is no `{segment}` at {at}")]
    Place {
        /// The path so far.
        at: String,
        /// The segment that leads nowhere.
        segment: String,
        /// What is there instead.
        found: Vec<String>,
    },
    /// An operation that the place cannot take.
    #[error("`{operation}` does not apply to {kind}")]
    Operation {
        /// The operation.
        operation: &'static str,
        /// What the place holds.
        kind: &'static str,
    },
    /// A value that the place cannot take.
    #[error("the value does not fit: {0} is needed here")]
    Value(&'static str),
    /// A fact that nobody supplied.
    #[error("nothing is known of `{0}` in this ceremony")]
    Fact(String),
    /// A stage that the ceremony did not have.
    #[error("this ceremony makes no `{0}`")]
    NotReached(String),
}

impl Error {
    /// How to mend it, where that can be said.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Place { found, at, .. } if !found.is_empty() => {
                Some(format!("{at} has: {}", found.join(", ")))
            }
            Self::Stage(_) => {
                let stages = crate::workbench::Stage::ALL.map(|stage| stage.name());
                Some(format!("begin with one of: plan, {}", stages.join(", ")))
            }
            _ => None,
        }
    }

    /// A missing place; callers further up complete `at` with [`Error::under`].
    fn place(segment: &Segment, found: Vec<String>) -> Self {
        Self::Place { at: String::new(), segment: segment.to_string(), found }
    }

    /// The same error, seen from the container of `above`.
    fn under(mut self, above: &impl std::fmt::Display) -> Self {
        if let Self::Place { at, .. } = &mut self {
            let dot = if at.is_empty() || at.starts_with('[') { "" } else { "." };
            *at = format!("{above}{dot}{at}");
        }
        self
    }

    fn operation(operation: &Operation, kind: &'static str) -> Self {
        Self::Operation { operation: operation.name(), kind }
    }
}
