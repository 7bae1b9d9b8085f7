//! A conformance harness for WebAuthn relying parties.

pub mod actor;
pub mod browser;
pub mod catalogue;
pub mod cli;
#[cfg(fuzzing)]
pub mod fuzzing;
mod near;
pub mod outcome;
pub mod page;
pub mod process;
mod quoting;
pub mod relying_party;
pub mod report;
pub mod runner;
pub mod scenarios;
pub mod simulate;
pub mod storage;
pub mod target;
pub mod toml_file;
pub mod vectors;
