//! The kind of thing that a path names.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// As many symbolic links as the kernel follows.
const LINKS: usize = 40;

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
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

/// The thing that a path names, behind symbolic links.
pub(super) enum OutputPlace {
    /// A stream that this process was started with.
    Standard(Standard),
    /// A device, a FIFO or another open descriptor: written as it is.
    Stream {
        path: PathBuf,
        /// True if it is a descriptor of this process, which may be a regular file that its owner
        /// writes to as well.
        is_descriptor: bool,
    },
    /// A regular file, and its metadata unless the file is still to be made.
    File { path: PathBuf, there: Option<Metadata> },
}

impl OutputPlace {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Standard(Standard::Output));
        }
        let path = behind_links(path);
        match descriptor(&path) {
            Some(1) => return Ok(Self::Standard(Standard::Output)),
            Some(2) => return Ok(Self::Standard(Standard::Error)),
            Some(_) => return Ok(Self::Stream { path, is_descriptor: true }),
            None => {}
        }
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(there) if there.is_file() => Ok(Self::File { path, there: Some(there) }),
            Ok(_) => Ok(Self::Stream { path, is_descriptor: false }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Self::File { path, there: None })
            }
            Err(error) => Err(error),
        }
    }
}

/// Opens a device, a FIFO or a descriptor. Opening a FIFO waits for its reader.
pub(super) fn open(path: &Path, is_descriptor: bool) -> io::Result<File> {
    // A descriptor's file belongs to the caller: its content stays.
    OpenOptions::new().write(true).append(is_descriptor).open(path)
}

/// A place that cannot hold two results, in one spelling.
#[derive(Debug, PartialEq, Eq)]
enum PlaceIdentity {
    Standard(Standard),
    Descriptor(u32),
    Path(PathBuf),
}

impl OutputPlace {
    /// The identity of the place; `None` for a device.
    fn identity(self) -> Option<PlaceIdentity> {
        match self {
            Self::Standard(stream) => Some(PlaceIdentity::Standard(stream)),
            Self::Stream { path, .. } => match descriptor(&path) {
                Some(number) => Some(PlaceIdentity::Descriptor(number)),
                None => (!is_device(&path)).then(|| PlaceIdentity::Path(absolute(&path))),
            },
            Self::File { path, .. } => Some(PlaceIdentity::Path(absolute(&path))),
        }
    }
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|there| there.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device(_: &Path) -> bool {
    // Only devices are written as they are.
    true
}

/// The one spelling of a path. Hard links of one file have different ones: a file that is replaced
/// leaves its other names alone.
fn absolute(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = || {
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    };
    let known = fs::canonicalize(path).ok().or_else(made);
    known.or_else(|| std::path::absolute(path).ok()).unwrap_or_else(|| path.to_owned())
}

/// True if the path is written as it is, and not replaced.
pub fn is_stream(path: &Path) -> bool {
    matches!(OutputPlace::of(path), Ok(OutputPlace::Standard(_) | OutputPlace::Stream { .. }))
}

/// True if the path is `-`, or another name of standard output.
pub fn is_standard_output(path: &Path) -> bool {
    matches!(OutputPlace::of(path), Ok(OutputPlace::Standard(Standard::Output)))
}

/// True if only one of two results would be whole that are written to these paths: the paths name
/// one file, one stream of this process or one FIFO. A device takes any number of results.
pub fn share_a_place(one: &Path, other: &Path) -> bool {
    let places = (
        OutputPlace::of(one).map(OutputPlace::identity),
        OutputPlace::of(other).map(OutputPlace::identity),
    );
    matches!(places, (Ok(Some(one)), Ok(Some(other))) if one == other)
}

/// The regular file behind symbolic links; the path itself if it names something else.
pub fn file_of(path: &Path) -> PathBuf {
    match OutputPlace::of(path) {
        Ok(OutputPlace::File { path, .. }) => path,
        _ => path.to_owned(),
    }
}

/// Follows symbolic links up to a descriptor of this process: the link of a descriptor does not
/// name a file.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if descriptor(&path).is_some() {
            break;
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// The number of the descriptor of this process that the path names.
fn descriptor(path: &Path) -> Option<u32> {
    let path = path.to_str()?;
    match path {
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => {
            let number =
                path.strip_prefix("/proc/self/fd/").or_else(|| path.strip_prefix("/dev/fd/"))?;
            number.parse().ok()
        }
    }
}
