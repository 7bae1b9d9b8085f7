//! Processes that passrig starts, and signals that end passrig.
//!
//! Every process has a group of its own, and the group ends with the value that stands for it.
//! Temporary folders are removed when their value is dropped. A second signal, a panic and the end
//! of the program remove everything that is left.

mod folder;
mod group;
mod left;
mod lines;
mod stop;

pub use folder::Folder;
pub use group::{ProcessGroup, end_group};
pub use left::clean_up;
pub use lines::{LineTooLong, StreamLines};
pub use stop::{Signal, end_at_once, signal, stopped};
