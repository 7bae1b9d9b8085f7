//! Flows of adapters against relying parties in the same process.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod answers;
mod detect;
mod flows;
mod network;
mod pages;
mod sessions;
mod story;
