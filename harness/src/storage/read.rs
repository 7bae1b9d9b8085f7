//! The one reader of files: no file takes more memory than its kind may have.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The most bytes of a kind of file, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub(super) u64);

impl Limit {
    /// Settings, adapters, scripts, catalogues, certificates: files that people write.
    pub const SETTINGS: Self = Self(4);
    /// WebAuthn options and credentials.
    pub const MESSAGE: Self = Self(16);
    /// JSON reports.
    pub const REPORT: Self = Self(64);
    /// The passkeys of an authenticator.
    pub const STORE: Self = Self(64);
    /// One line of a log: an attempt with its exchanges.
    pub const LINE: Self = Self(64);
    /// Files of an export of trust.
    pub const EXPORT: Self = Self(64);
    /// Recordings of a browser.
    pub const RECORDING: Self = Self(256);

    fn bytes(self) -> u64 {
        self.0 << 20
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[allow(missing_docs, reason = "the messages say what each value means")]
#[non_exhaustive]
pub enum ReadError {
    #[error("cannot read {}", file.display())]
    System { file: PathBuf, source: io::Error },
    #[error("invalid file {}: expected at most {} MiB, found more", file.display(), limit.0)]
    #[diagnostic(help("name a smaller file"))]
    TooLarge { file: PathBuf, limit: Limit },
    #[error(
        "invalid line {line} of {}: expected at most {} MiB, found more", file.display(), limit.0
    )]
    #[diagnostic(help("name another file"))]
    LongLine { file: PathBuf, line: usize, limit: Limit },
    #[error("invalid file {}: expected a regular file, found {found}", file.display())]
    #[diagnostic(help("name a regular file"))]
    NotRegular { file: PathBuf, found: &'static str },
    #[error("invalid file {}: expected UTF-8, found other bytes", file.display())]
    #[diagnostic(help("save the file as UTF-8"))]
    NotText { file: PathBuf },
}

impl ReadError {
    /// Tells whether the file does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::System { source, .. } if source.kind() == ErrorKind::NotFound)
    }
}

/// The content of a file, a FIFO or a device that the user names.
pub fn read(path: &Path, limit: Limit) -> Result<Vec<u8>, ReadError> {
    read_from(open(path)?, path, limit)
}

/// The content of a file that the user did not name: it must be a regular file, so that reading
/// does not wait.
pub fn read_regular(path: &Path, limit: Limit) -> Result<Vec<u8>, ReadError> {
    read_from(open_regular(path)?, path, limit)
}

/// The rest of a stream. Errors call it by this name.
pub fn read_from(stream: impl Read, name: &Path, limit: Limit) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    // One byte more than the limit tells that the stream has more.
    let read = stream.take(limit.bytes() + 1).read_to_end(&mut bytes);
    read.map_err(|source| ReadError::System { file: name.to_owned(), source })?;
    match bytes.len() as u64 > limit.bytes() {
        true => Err(ReadError::TooLarge { file: name.to_owned(), limit }),
        false => Ok(bytes),
    }
}

/// The text of a file; see [`read`].
pub fn read_text(path: &Path, limit: Limit) -> Result<String, ReadError> {
    text(read(path, limit)?, path)
}

/// The text of a regular file; see [`read_regular`].
pub fn read_regular_text(path: &Path, limit: Limit) -> Result<String, ReadError> {
    text(read_regular(path, limit)?, path)
}

/// The text of these bytes of the file.
pub fn text(bytes: Vec<u8>, file: &Path) -> Result<String, ReadError> {
    String::from_utf8(bytes).map_err(|_| ReadError::NotText { file: file.to_owned() })
}

/// The lines of a file, each read when it is asked for.
pub struct FileLines {
    file: PathBuf,
    reader: BufReader<File>,
    limit: Limit,
    line: usize,
}

/// Opens a file for reading by lines.
pub fn lines(path: &Path, limit: Limit) -> Result<FileLines, ReadError> {
    Ok(FileLines { file: path.to_owned(), reader: BufReader::new(open(path)?), limit, line: 0 })
}

impl FileLines {
    /// The rest of the file, behind the lines that were read.
    pub fn rest(self, limit: Limit) -> Result<Vec<u8>, ReadError> {
        read_from(self.reader, &self.file, limit)
    }
}

impl Iterator for FileLines {
    type Item = Result<Vec<u8>, ReadError>;

    /// The next line without its end.
    fn next(&mut self) -> Option<Self::Item> {
        self.line += 1;
        let mut line = Vec::new();
        let most = self.limit.bytes() + 1;
        match (&mut self.reader).take(most).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) if line.last() == Some(&b'\n') => {
                line.pop();
                Some(Ok(line))
            }
            Ok(length) if length as u64 == most => Some(Err(ReadError::LongLine {
                file: self.file.clone(),
                line: self.line,
                limit: self.limit,
            })),
            Ok(_) => Some(Ok(line)),
            Err(source) => Some(Err(ReadError::System { file: self.file.clone(), source })),
        }
    }
}

fn open(path: &Path) -> Result<File, ReadError> {
    File::open(path).map_err(|source| ReadError::System { file: path.to_owned(), source })
}

fn open_regular(path: &Path) -> Result<File, ReadError> {
    let failed = |source| ReadError::System { file: path.to_owned(), source };
    // Opening a device can have effects.
    regular(path, &fs::metadata(path).map_err(failed)?)?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO that takes the place of the file now does not wait for its writer.
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path).map_err(failed)?;
    regular(path, &file.metadata().map_err(failed)?)?;
    Ok(file)
}

/// Refuses a file that is not a regular file.
fn regular(path: &Path, there: &fs::Metadata) -> Result<(), ReadError> {
    match there.is_file() {
        true => Ok(()),
        false => Err(ReadError::NotRegular { file: path.to_owned(), found: kind(there) }),
    }
}

fn kind(there: &fs::Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = there.file_type();
        if kind.is_fifo() {
            return "a FIFO";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    if there.is_dir() { "a folder" } else { "another kind of file" }
}
