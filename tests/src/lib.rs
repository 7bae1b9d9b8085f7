//! What the end-to-end tests of passrig share.
//!
//! It is no test itself: the tests are in `tests/`, the real relying parties that they start in `rps/`.

pub mod browser;
pub mod comparison;
pub mod har;
pub mod rps;
pub mod tricks;
