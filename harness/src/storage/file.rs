//! Files that are written as a whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::place::{OutputPlace, open};

/// The readers of a new file. A file that is replaced keeps its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// As the umask says.
    Shared,
    /// Its owner alone. The content is on the disk before it takes the place of the old content.
    Private,
}

/// Writes to what the path names.
pub fn write(path: &Path, bytes: &[u8], mode: FileMode) -> io::Result<()> {
    match OutputPlace::of(path)? {
        OutputPlace::Standard(stream) => stream.write(bytes),
        OutputPlace::Stream { path, is_descriptor } => {
            let mut stream = open(&path, is_descriptor)?;
            stream.write_all(bytes)?;
            stream.flush()
        }
        OutputPlace::File { path, there } => replace(&path, there.as_ref(), bytes, mode),
    }
}

/// Writes to what the path names, unless that is a file that is there.
pub fn write_new(path: &Path, bytes: &[u8], mode: FileMode) -> io::Result<()> {
    match OutputPlace::of(path)? {
        OutputPlace::File { .. } if fs::symlink_metadata(path).is_ok() => {
            Err(ErrorKind::AlreadyExists.into())
        }
        OutputPlace::File { path, .. } => {
            let mut draft = draft(&path, mode)?;
            draft.as_file_mut().write_all(bytes)?;
            draft.persist_noclobber(&path).map(drop).map_err(|error| error.error)
        }
        OutputPlace::Standard(_) | OutputPlace::Stream { .. } => write(path, bytes, mode),
    }
}

/// Checks that the path can be written to, as far as that can be known before.
pub fn probe(path: &Path) -> io::Result<()> {
    match OutputPlace::of(path)? {
        OutputPlace::File { path, there } => match draft(&path, FileMode::Private) {
            Ok(_) => Ok(()),
            // The file can be written to where its folder cannot.
            Err(_) if there.is_some() => OpenOptions::new().append(true).open(path).map(drop),
            Err(error) => Err(error),
        },
        // Opening a FIFO would wait for its reader.
        OutputPlace::Standard(_) | OutputPlace::Stream { .. } => Ok(()),
    }
}

/// Makes a file whose name was free; a symbolic link at the name is not followed.
pub(super) fn new_file(path: &Path, mode: FileMode) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(bits(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

fn replace(path: &Path, there: Option<&Metadata>, bytes: &[u8], mode: FileMode) -> io::Result<()> {
    // A file that is there keeps its mode: until it has it, the draft is its owner's alone.
    let first = if there.is_some() { FileMode::Private } else { mode };
    let mut draft = match draft(path, first) {
        Ok(draft) => draft,
        Err(error) if there.is_some() && is_fixed(&error) => return overwrite(path, bytes),
        Err(error) => return Err(error),
    };
    draft.as_file_mut().write_all(bytes)?;
    if let Some(there) = there {
        keep(draft.as_file(), there)?;
    }
    if mode == FileMode::Private {
        draft.as_file().sync_all()?;
    }
    match draft.persist(path) {
        Ok(_) => Ok(()),
        Err(error) if is_fixed(&error.error) => overwrite(path, bytes),
        Err(error) => Err(error.error),
    }
}

/// True if a file that may be writable cannot be replaced: its folder is not writable, or it is
/// mounted into a container.
fn is_fixed(error: &io::Error) -> bool {
    use ErrorKind::{PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | ResourceBusy)
}

fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).truncate(true).open(path)?.write_all(bytes)
}

/// A file beside this one, under a name that cannot be foretold and that was free.
fn draft(path: &Path, mode: FileMode) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    builder.prefix(".passrig-").suffix(".tmp").rand_bytes(12);
    builder.make_in(folder.unwrap_or(Path::new(".")), |draft| new_file(draft, mode))
}

/// Gives a draft the owner and the mode of the file that it replaces.
#[cfg(unix)]
fn keep(draft: &File, there: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let made = draft.metadata()?;
    if (made.uid(), made.gid()) != (there.uid(), there.gid()) {
        // Only the superuser can give a file away; the content matters more.
        let _ = fchown(draft, Some(there.uid()), Some(there.gid()));
    }
    draft.set_permissions(there.permissions())
}

#[cfg(not(unix))]
fn keep(draft: &File, there: &Metadata) -> io::Result<()> {
    draft.set_permissions(there.permissions())
}

#[cfg(unix)]
fn bits(mode: FileMode) -> u32 {
    match mode {
        FileMode::Shared => 0o666,
        FileMode::Private => 0o600,
    }
}
