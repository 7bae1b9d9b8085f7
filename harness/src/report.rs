//! Reports for people and programs: one file per format.
//!
//! Nothing here prints. A report is rendered to a string or written to a file;
//! what watches a run writes to what it was given.

mod comparison;
mod decoded;
mod destination;
mod findings;
pub mod html;
pub mod json;
pub mod junit;
pub mod log;
pub mod markdown;
mod observers;
pub mod progress;
mod replay;
mod results;
#[cfg(test)]
mod samples;
pub mod sarif;
pub mod terminal;
mod terminal_safe;

pub use comparison::Comparison;
pub use destination::{Destination, DestinationError, ReportFormat, one_of_several};
pub use findings::Findings;
pub use log::RunLog;
pub use observers::Observers;
pub use progress::Progress;
pub use replay::Replay;
pub use results::FinishedResults;
pub use terminal_safe::guarded;
