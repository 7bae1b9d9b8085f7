//! Targets that are not well, and arguments that are wrong: what the program
//! says, whom it blames, what it keeps, and its exit code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod answers;
mod canaries;
mod checks;
mod expiry;
mod interrupted;
mod reach;
mod reasons;
mod restarts;
mod run;
mod server;
mod timing;
mod usage;
