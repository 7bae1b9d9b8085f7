//! Wrong on purpose: edits of plans and of finished artefacts.
//!
//! A [`Deviation`] is a list of [`Edit`]s. Each has one [`Operation`] at one
//! [`Path`], which begins with `plan` or with a [stage] of the workbench:
//!
//! - `plan.sign_count`: an intention, before any byte is made;
//! - `client_data.origin.host`: a member, and a component of its text;
//! - `authenticator_data.flags.up`: a bit of a field;
//! - `statement.x5c[0]`: an item of a list;
//! - `certificate.extensions[2.5.29.19].critical`: a part of the attestation
//!   certificate before its authority signs it, an extension by its identifier;
//! - `signature.r.tag`: the identifier byte of an ASN.1 element;
//! - `pub_area.unique.x`, `cert_info.magic`: fields of what a TPM says;
//! - `…credential_public_key.crv`, `…credential_public_key[-1]`: a COSE label
//!   by its name or number;
//! - `response.client_data_json`: bytes after signing; with `.text` below
//!   them, the base64url that they travel in.
//!
//! `snake_case` means the `camelCase` of WebAuthn's members.
//!
//! [`Bench`] is the workbench that carries a deviation out. It notices when an
//! edit changed nothing: such a ceremony is honest and tests nothing.
//!
//! ```
//! use passrig_authenticator::Client;
//! use passrig_authenticator::deviation::{Bench, Deviation, Effect, NoFacts, PlanMut};
//! use passrig_authenticator::wire::CreationOptions;
//! # use serde_json::json;
//! # let options = CreationOptions::parse(&json!({
//! #     "rp": {"id": "example.org", "name": "Example"},
//! #     "user": {"id": "MTIzNA", "name": "ada", "displayName": "Ada"},
//! #     "challenge": "Y2hhbGxlbmdl",
//! #     "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
//! # }))?;
//! let edit = json!({"at": "client_data.origin.host", "prepend": "sub."});
//! let deviation = Deviation::new(vec![serde_json::from_value(edit)?]);
//!
//! let mut bench = Bench::new(&deviation, &NoFacts);
//! let mut browser = Client::new("https://login.example.org")?;
//! let mut plan = browser.plan_create(&options)?;
//! bench.plan(PlanMut::Create(&mut plan));
//! let response = browser.perform_create(plan, &mut bench);
//! assert_eq!(bench.effect(), Ok(Effect::Deviant));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `arbitrary`, fuzz targets draw deviations: no edit to four
//! of them, mostly at places that ceremonies have.
//!
#![cfg_attr(feature = "arbitrary", doc = "```")]
#![cfg_attr(not(feature = "arbitrary"), doc = "```ignore")]
//! use arbitrary::{Arbitrary, Unstructured};
//! use passrig_authenticator::Ceremony;
//! use passrig_authenticator::deviation::Deviation;
//!
//! let bytes = b"the bytes of a fuzzer, instead of this text";
//! let drawn = <(Ceremony, Deviation)>::arbitrary(&mut Unstructured::new(bytes));
//! assert!(drawn?.1.edits().len() <= 4);
//! # Ok::<(), arbitrary::Error>(())
//! ```
//!
//! [stage]: crate::workbench::Stage

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod bench;
mod cbor;
mod container;
mod der;
mod edit;
mod group;
mod json;
mod layout;
mod path;
mod plan;
mod text;
mod tree;
mod value;

pub use bench::{Bench, Effect};
pub use edit::{Edit, Encoding, Operation};
pub use group::Group;
pub use path::{Path, Segment};
pub use plan::{PlanMut, another_key};
pub use value::{Facts, NoFacts, Value};

use crate::attestation::Format;

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

    /// The number of bytes, items or levels of the largest value that an edit sets or adds, or the
    /// larger number that such a value announces as CBOR.
    pub fn size(&self) -> u64 {
        let values = self.edits.iter().filter_map(|edit| edit.operation.value());
        values.map(Value::size).max().unwrap_or_default()
    }

    /// The attestation statement format that the plan is set to, if it is.
    pub fn format(&self) -> Option<Format> {
        self.edits.iter().rev().find_map(|edit| match &edit.operation {
            Operation::Set(value) if edit.at.to_string() == "plan.format" => {
                Format::named(&value.text().ok()?)
            }
            _ => None,
        })
    }
}

/// Why an edit cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
    /// The way to fix it, where one is known.
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
