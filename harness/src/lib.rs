//! A conformance harness for WebAuthn relying parties.

pub mod actor;
pub mod browser;
pub mod catalogue;
pub mod cli;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod mail;
mod near;
pub mod observer;
pub mod outcome;
pub mod page;
pub mod process;
mod quoting;
pub mod recording;
pub mod relying_party;
pub mod report;
pub mod runner;
#[cfg(test)]
mod samples;
pub mod scenarios;
pub mod simulate;
pub mod storage;
pub mod target_rp;
pub mod toml_file;
pub mod vectors;
