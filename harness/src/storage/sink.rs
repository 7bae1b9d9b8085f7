//! Results that are written as they come.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::file::new_file;
use super::place::{Place, Standard, open};

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
