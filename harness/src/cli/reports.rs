//! Writing the results of a run: one that cannot be written stops none of the others.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::console::Console;
use super::failure::{Failure, USAGE};
use crate::process::{self, stopped};
use crate::report::{Destination, Findings};
use crate::storage::{self, FileMode};

/// How long the reader of a pipe is waited for after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// A file that a verb writes or has read, with the arguments that name it.
pub(super) type Named = (String, PathBuf);

/// The files of reports.
pub(super) fn named(destinations: &[Destination]) -> impl Iterator<Item = Named> {
    destinations.iter().map(|Destination { format, file }| {
        (format!("--report {}={}", format.name(), file.display()), file.clone())
    })
}

/// Fails if two files are one: only the content that is written last would be left.
pub(super) fn distinct(files: impl IntoIterator<Item = Named>) -> Result<(), Failure> {
    let mut before: Vec<Named> = Vec::new();
    for (argument, file) in files {
        if let Some((other, _)) = before.iter().find(|one| storage::share_a_place(&one.1, &file)) {
            let what = format!("invalid {argument}: its file is that of {other}");
            return Err(Failure::usage(what, "name a file of its own for each"));
        }
        before.push((argument, file));
    }
    Ok(())
}

/// Asks before the run whether the reports can be written.
pub(super) fn probe(destinations: &[Destination]) -> Result<(), Failure> {
    destinations.iter().try_for_each(|destination| {
        destination.probe().map_err(|source| Failure::write(&destination.file, source))
    })
}

/// A console that leaves standard output to a report that is written there.
pub(super) fn beside<'a>(console: Console, files: impl IntoIterator<Item = &'a Path>) -> Console {
    match files.into_iter().any(storage::is_standard_output) {
        true => console.on_standard_error(),
        false => console,
    }
}

/// Writes every report, files first: the reader of a pipe may never come.
pub(super) async fn write(destinations: &[Destination], findings: &Findings<'_>) -> Vec<Failure> {
    let (streams, files): (Vec<_>, Vec<_>) =
        destinations.iter().partition(|destination| storage::is_stream(&destination.file));
    let mut unwritten = Vec::new();
    for destination in files.into_iter().chain(streams) {
        let written = match destination.render(findings) {
            Ok(bytes) => deliver(&destination.file, bytes).await,
            Err(error) => Err(error),
        };
        unwritten.extend(written.err().map(|error| Failure::write(&destination.file, error)));
    }
    unwritten
}

/// Writes a result. Where that waits for a reader, a signal ends the wait.
pub(super) async fn deliver(file: &Path, bytes: Vec<u8>) -> io::Result<()> {
    if !storage::is_stream(file) {
        return storage::write(file, &bytes, FileMode::Shared);
    }
    let (sender, written) = oneshot::channel();
    let path: PathBuf = file.to_owned();
    // Not one of the runtime's threads: the program does not wait for it.
    std::thread::Builder::new().spawn(move || {
        let _ = sender.send(storage::write(&path, &bytes, FileMode::Shared));
    })?;
    tokio::select! {
        written = written => written.unwrap_or(Err(io::ErrorKind::BrokenPipe.into())),
        () = async { stopped().await; sleep(GRACE).await } => {
            Err(io::Error::other("interrupted before its reader had read it"))
        }
    }
}

/// Reports every result that could not be written. The exit code is that of the signal that ended
/// the program, else that of the verdict, or 2 if that was 0.
pub(super) fn settle(code: u8, unwritten: Vec<Failure>, console: Console) -> u8 {
    let code = match process::signal() {
        Some(signal) => signal.exit_code(),
        None if code == 0 && !unwritten.is_empty() => USAGE,
        None => code,
    };
    for failure in unwritten {
        console.complain_painted(&failure.render(console.errors()));
    }
    code
}
