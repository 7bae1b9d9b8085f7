//! A conformance harness for WebAuthn relying parties.
//!
//! The command `passrig` is the usual way to run it. The library runs the catalogue inside a test
//! in Rust, without a process and without a socket:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use passrig::target_rp::transport::{InProcess, Limits};
//! use passrig::target_rp::adapter;
//! use passrig::{Catalogue, Observer, Options, Outcome, Target};
//!
//! struct Silent;
//! impl Observer for Silent {}
//!
//! # async fn test(app: axum::Router) -> Result<(), Box<dyn std::error::Error>> {
//! let origin = "https://login.example.com";
//! let adapter = adapter::named("simplewebauthn-example").ok_or("unknown adapter")?;
//! let transport = Arc::new(InProcess::new(app, Limits::default()));
//! let target = Target::new(adapter, origin.parse()?, origin, transport);
//! let options = Options::new(Arc::new(Catalogue::builtin()?), "a seed");
//! let report = passrig::run(&options, Arc::new(target), Arc::new(Silent)).await?;
//! assert_eq!(report.summary.count(Outcome::Fail), 0);
//! # Ok(())
//! # }
//! ```
//!
//! The items of this page and of the modules below are the public API. Hidden modules are there for
//! the tests of the repository, and change without notice.

#[doc(hidden)]
pub mod actor;
#[doc(hidden)]
pub mod browser;
pub mod catalogue;
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod mail;
mod near;
pub mod observer;
pub mod outcome;
#[doc(hidden)]
pub mod page;
#[doc(hidden)]
pub mod process;
mod quoting;
#[doc(hidden)]
pub mod recording;
pub mod relying_party;
#[doc(hidden)]
pub mod report;
pub mod runner;
#[cfg(test)]
mod samples;
#[doc(hidden)]
pub mod scenarios;
pub mod simulate;
#[doc(hidden)]
pub mod storage;
pub mod target_rp;
#[doc(hidden)]
pub mod toml_file;
#[doc(hidden)]
pub mod vectors;

pub use catalogue::Catalogue;
pub use observer::Observer;
pub use outcome::{Outcome, Report};
pub use runner::{Options, run};
pub use target_rp::Target;
