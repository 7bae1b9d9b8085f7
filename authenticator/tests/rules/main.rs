//! The rules of client and device, and what deviations do to them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod any_edits;
mod attestation;
mod attestation_formats;
mod ceremonies;
mod chains;
mod client_create;
mod client_get;
mod device;
mod edits;
mod extensions;
mod generations;
mod products;
mod support;
mod wrong_edits;
