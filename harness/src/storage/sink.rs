//! Results that are written as they come.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::file::new_file;
use super::place::Place;

/// A stream that this process was started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standard {
    Output,
    Error,
}

impl Standard {
    /// Writes all of it. A reader that has closed the stream wants no more: this is not an error.
    pub(super) fn write(self, bytes: &[u8]) -> io::Result<()> {
        let written = match self {
            Self::Output => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Self::Error => io::stderr().write_all(bytes),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

/// An open file or stream.
#[derive(Debug)]
pub struct Sink(Inner);

#[derive(Debug)]
enum Inner {
    Standard(Standard),
    File(File),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Standard(stream) => stream.write(bytes).map(|()| bytes.len()),
            Inner::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Standard(_) => Ok(()),
            Inner::File(file) => file.flush(),
        }
    }
}

/// Opens what the path names. A regular file that is there becomes empty and keeps its mode; only
/// its owner can read a new one.
pub fn create(path: &Path) -> io::Result<Sink> {
    let inner = match Place::of(path)? {
        Place::Standard(stream) => Inner::Standard(stream),
        Place::Stream { path, is_descriptor } => Inner::File(open(&path, is_descriptor)?),
        Place::File { path, there } => Inner::File(match there {
            Some(_) => File::create(path)?,
            None => new_file(&path, super::Mode::Private)?,
        }),
    };
    Ok(Sink(inner))
}

/// Makes a file that only its owner can read. Fails if the name is taken, also by a symbolic link.
pub fn create_private(path: &Path) -> io::Result<Sink> {
    new_file(path, super::Mode::Private).map(|file| Sink(Inner::File(file)))
}

/// Opens a device, a FIFO or a descriptor. Opening a FIFO waits for its reader.
pub(super) fn open(path: &Path, is_descriptor: bool) -> io::Result<File> {
    // A descriptor's file belongs to the caller: its content stays.
    OpenOptions::new().write(true).append(is_descriptor).open(path)
}
