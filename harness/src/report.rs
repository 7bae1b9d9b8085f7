//! What people and programs read: one file per format.
//!
//! Nothing here prints. A report is rendered to a string or written to a file;
//! what watches a run writes to what it was given.

mod comparison;
mod decoded;
mod destination;
mod fan;
mod findings;
mod guard;
pub mod html;
pub mod json;
pub mod junit;
pub mod log;
pub mod markdown;
pub mod progress;
mod replay;
#[cfg(test)]
mod samples;
pub mod sarif;
mod tally;
pub mod terminal;

pub use comparison::Comparison;
pub use destination::{Destination, Format, Mistake, one_of_several};
pub use fan::Fan;
pub use findings::Findings;
pub use guard::guarded;
pub use log::Log;
pub use progress::Progress;
pub use replay::Replay;
pub use tally::Tally;
