//! The log of a run: JSON lines, each written as soon as it is known, so that
//! an interrupted run loses nothing.
//!
//! The first line says what ran against whom. Each attempt is a line as soon as
//! it was made, with every exchange and its result if the controls around it
//! are accepted; when these are known, each check is a line with its
//! result. The last line says how the run ended; a file without it is of a run
//! that was cut off.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use passrig_authenticator::Ceremony;
use serde::{Deserialize, Serialize};

use super::json;
use crate::catalogue::Check;
use crate::observer::Observer;
use crate::outcome::{
    CheckResult, Exchange, NotTestable, Report, SCHEMA_VERSION, Summary, TargetInfo, Tool,
    Transcript, Variant,
};
use crate::storage::{self, Limit, ReadError, Sink};

/// Where logs are kept unless the user names a file.
pub const FOLDER: &str = ".passrig";

/// An open log.
pub struct RunLog<W> {
    inner: Mutex<Inner<W>>,
}

struct Inner<W> {
    sink: W,
    /// The first error in writing, until the log ends: an observer cannot return it.
    first_error: Option<io::Error>,
    /// True if the last line is written.
    has_ended: bool,
}

/// A line. Every line of a log is one of these.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line<'a> {
    Run(&'a Header),
    Notice { text: &'a str },
    // A control; the format has the older word.
    Twin { ceremony: Ceremony, exchanges: &'a [Exchange] },
    Attempt { check: &'a CheckResult, attempt: Option<usize>, exchanges: &'a [Exchange] },
    Check { check: &'a CheckResult },
    NotTestable { what: &'a str, exchanges: &'a [Exchange] },
    End { summary: &'a Summary, stopped: Option<&'a str> },
}

/// The program, the target and the settings of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Header {
    /// The version of the lines' shape.
    pub schema_version: u32,
    /// The program that made the log.
    pub tool: Tool,
    /// The seed.
    pub seed: String,
    /// The run id.
    pub run_id: String,
    /// Whom it is about.
    pub target: TargetInfo,
}

impl Header {
    /// The header of a run by this program.
    pub fn new(seed: String, run_id: String, target: TargetInfo) -> Self {
        Self { schema_version: SCHEMA_VERSION, tool: Tool::this(), seed, run_id, target }
    }
}

impl RunLog<Sink> {
    /// Begins a log in a file; an older one of that name is replaced.
    pub fn create(file: &Path, header: &Header) -> io::Result<Self> {
        Ok(Self::begin(storage::create(file)?, header))
    }
}

impl<W: Write + Send> RunLog<W> {
    /// Begins a log.
    pub fn begin(sink: W, header: &Header) -> Self {
        let log = Self { inner: Mutex::new(Inner { sink, first_error: None, has_ended: false }) };
        log.append(&Line::Run(header));
        log
    }

    /// Ends the log of a run that judged something. Returns the first error
    /// in writing the log.
    pub fn end(&self, summary: &Summary, stopped: Option<&str>) -> io::Result<()> {
        self.append(&Line::End { summary, stopped });
        self.close()
    }

    /// Ends the log of a run that judged nothing.
    pub fn end_untested(&self, error: &NotTestable) -> io::Result<()> {
        let exchanges = error.transcript.exchanges();
        self.append(&Line::NotTestable { what: &error.what, exchanges });
        self.close()
    }

    fn append(&self, line: &Line<'_>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // An attempt that was running when the run was interrupted may end later.
        if inner.first_error.is_none() && !inner.has_ended {
            inner.first_error = inner.write(line).err();
        }
    }

    fn close(&self) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.has_ended = true;
        inner.first_error.take().map_or(Ok(()), Err)
    }
}

impl<W: Write> Inner<W> {
    /// Writes a line at once, and in one piece.
    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut text = json::line(line)?;
        text.push(b'\n');
        self.sink.write_all(&text)?;
        self.sink.flush()
    }
}

impl<W: Write + Send> Observer for RunLog<W> {
    fn notice(&self, text: &str) {
        self.append(&Line::Notice { text });
    }

    fn control_accepted(&self, ceremony: Ceremony, transcript: &Transcript) {
        self.append(&Line::Twin { ceremony, exchanges: transcript.exchanges() });
    }

    fn attempted(&self, _: &Check, check: &CheckResult, transcript: &Transcript) {
        let (attempt, exchanges) = (transcript.attempt, transcript.exchanges());
        self.append(&Line::Attempt { check, attempt, exchanges });
    }

    fn finished(&self, _: &Check, check: &CheckResult, _: &Transcript) {
        self.append(&Line::Check { check });
    }

    fn found(&self, check: &CheckResult) {
        self.append(&Line::Check { check });
    }
}

/// Opens the log of a run at its default place, for its owner alone. The log of
/// an earlier run of the same id stays, except where the runs cannot differ.
pub fn default_file(folder: &Path, run_id: &str, repeatable: bool) -> io::Result<(PathBuf, Sink)> {
    storage::private_folder(folder)?;
    let first = folder.join(format!("{run_id}.jsonl"));
    if repeatable {
        match fs::remove_file(&first) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let later = (2_u32..).map(|n| folder.join(format!("{run_id}-{n}.jsonl")));
    for file in std::iter::once(first).chain(later) {
        match storage::create_private(&file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|sink| (file, sink)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The results in a log, wherever it was cut off, or in a JSON report.
pub fn results(file: &Path) -> Result<Vec<CheckResult>, ReadError> {
    #[derive(Deserialize)]
    struct Decided {
        check: CheckResult,
    }
    #[derive(Deserialize)]
    struct LogLine {
        #[allow(dead_code, reason = "every line of a log has it, and no report")]
        kind: String,
    }
    let mut lines = storage::lines(file, Limit::LINE)?;
    let Some(first) = lines.next().transpose()? else { return Ok(Vec::new()) };
    // A log is read by lines: it can be larger than the memory.
    if serde_json::from_slice::<LogLine>(&first).is_ok() {
        let decided = lines.filter_map(|line| match line {
            Ok(line) => serde_json::from_slice::<Decided>(&line).ok().map(|line| Ok(line.check)),
            Err(error) => Some(Err(error)),
        });
        return decided.collect();
    }
    let report = [first, vec![b'\n'], lines.rest(Limit::REPORT)?].concat();
    Ok(match serde_json::from_slice::<Report>(&report) {
        Ok(report) => report.checks,
        // The beginning of the log is lost.
        Err(_) => {
            let lines = report.split(|byte| *byte == b'\n');
            let decided = lines.filter_map(|line| serde_json::from_slice::<Decided>(line).ok());
            decided.map(|line| line.check).collect()
        }
    })
}

/// The exchanges of the last attempt at each check, by its id and variant.
pub type Transcripts = HashMap<(String, Variant), Transcript>;

/// What the attempts in a log were, wherever it was cut off. What cannot be
/// read twice, such as a pipe, has none.
pub fn transcripts(file: &Path) -> Result<Transcripts, ReadError> {
    #[derive(Deserialize)]
    struct Attempt {
        check: CheckResult,
        attempt: Option<usize>,
        exchanges: Vec<Exchange>,
    }
    let mut transcripts = Transcripts::new();
    if fs::metadata(file).is_ok_and(|there| !there.is_file()) {
        return Ok(transcripts);
    }
    for line in storage::lines(file, Limit::LINE)? {
        if let Ok(Attempt { check, attempt, exchanges }) = serde_json::from_slice(&line?) {
            transcripts.insert((check.id, check.variant), Transcript::new(exchanges, attempt));
        }
    }
    Ok(transcripts)
}

/// The latest log in the folder.
pub fn latest(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        // Reading a FIFO would wait for its writer.
        let Ok(there) = file.metadata() else { continue };
        if there.is_file() {
            logs.push((there.modified()?, file));
        }
    }
    Ok(logs.into_iter().max().map(|(_, file)| file))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::report::samples;

    /// A sink that can be looked into, and that fills up.
    #[derive(Clone)]
    struct Disk(Arc<Mutex<Vec<u8>>>, usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            if disk.len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(space: usize) -> (Vec<u8>, io::Result<()>) {
        let disk = Disk(Arc::default(), space);
        let report = samples::report();
        let header = Header::new(report.seed, report.run_id, report.target);
        let log = RunLog::begin(disk.clone(), &header);
        let catalogue = samples::catalogue();
        let transcript = samples::transcript();
        log.notice("slowing down");
        for result in &report.checks {
            let check = catalogue.find(&result.id).unwrap();
            log.attempted(check, result, &transcript);
            log.finished(check, result, &transcript);
        }
        let ended = log.end(&report.summary, None);
        let bytes = disk.0.lock().unwrap().clone();
        (bytes, ended)
    }

    fn kinds(bytes: &[u8]) -> Vec<String> {
        let whole = bytes.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n"));
        let parsed = whole.map(|line| serde_json::from_slice::<Value>(line).unwrap());
        parsed.map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_run_is_written_in_lines() {
        let (bytes, ended) = written(usize::MAX);
        ended.unwrap();
        let kinds = kinds(&bytes);
        let checks = samples::report().checks.len();
        assert_eq!(kinds.len(), 2 * checks + 3);
        assert_eq!(kinds[..4], ["run", "notice", "attempt", "check"]);
        assert_eq!(kinds.last().unwrap(), "end");

        let line: Value =
            serde_json::from_slice(bytes.split(|b| *b == b'\n').nth(2).unwrap()).unwrap();
        let result: CheckResult = serde_json::from_value(line["check"].clone()).unwrap();
        assert_eq!(result, samples::report().checks[0]);
        assert_eq!(line["exchanges"][0]["request"]["method"], "POST");
    }

    #[test]
    fn is_readable_wherever_it_is_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (bytes, _) = written(usize::MAX);
        for cut in 0..bytes.len() {
            let lines = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            assert_eq!(kinds(&bytes[..cut]).len(), lines);
            fs::write(file.path(), &bytes[..cut]).unwrap();
            // The first two lines are no checks; a last one may lack only its end.
            assert!(results(file.path()).unwrap().len() + 2 >= lines.min(12), "{cut}");
        }
    }

    #[test]
    fn a_full_disk_is_reported_at_the_end() {
        let (bytes, ended) = written(2000);
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(bytes.ends_with(b"\n"));
    }

    #[test]
    fn keeps_what_earlier_runs_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join(FOLDER);
        let name = |repeatable| {
            let (file, _) = default_file(&folder, "a", repeatable).unwrap();
            file.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!([name(false), name(false), name(true)], ["a.jsonl", "a-2.jsonl", "a.jsonl"]);
        assert_eq!(fs::read_to_string(folder.join(".gitignore")).unwrap(), "*\n");
    }
}
