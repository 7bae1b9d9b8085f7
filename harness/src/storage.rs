//! The one reader of files, and the one writer of results: reports, logs, stores of passkeys,
//! settings and exports.
//!
//! Each kind of file has a limit, and a file that the user did not name must be a regular file.
//!
//! A regular file is replaced as a whole and keeps its mode and owner: a reader sees the old
//! content or the new content. A symbolic link stays, and the file behind it is replaced. Anything
//! else (a device, a FIFO, standard output) is written as it is.

mod file;
mod folder;
mod place;
mod read;
mod sink;
#[cfg(test)]
mod tests;

pub use file::{FileMode, probe, write, write_new};
pub use folder::private_folder;
pub use place::{file_of, is_standard_output, is_stream, share_a_place};
pub use read::{
    FileLines, Limit, ReadError, lines, read, read_from, read_regular, read_regular_text,
    read_text, text,
};
pub use sink::{Sink, create, create_private};
