//! Results that are written as they come.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::file::new_file;
use super::place::{OutputPlace, Standard, open};

/// An open file or stream.
#[derive(Debug)]
pub struct Sink(OpenOutput);

#[derive(Debug)]
enum OpenOutput {
    Standard(Standard),
    File(File),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            OpenOutput::Standard(stream) => stream.write(bytes).map(|()| bytes.len()),
            OpenOutput::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            OpenOutput::Standard(_) => Ok(()),
            OpenOutput::File(file) => file.flush(),
        }
    }
}

/// Opens what the path names. A regular file that is there becomes empty and keeps its mode; only
/// its owner can read a new one.
pub fn create(path: &Path) -> io::Result<Sink> {
    let inner = match OutputPlace::of(path)? {
        OutputPlace::Standard(stream) => OpenOutput::Standard(stream),
        OutputPlace::Stream { path, is_descriptor } => {
            OpenOutput::File(open(&path, is_descriptor)?)
        }
        OutputPlace::File { path, there } => OpenOutput::File(match there {
            Some(_) => File::create(path)?,
            None => new_file(&path, super::FileMode::Private)?,
        }),
    };
    Ok(Sink(inner))
}

/// Makes a file that only its owner can read. Fails if the name is taken, also by a symbolic link.
pub fn create_private(path: &Path) -> io::Result<Sink> {
    new_file(path, super::FileMode::Private).map(|file| Sink(OpenOutput::File(file)))
}
