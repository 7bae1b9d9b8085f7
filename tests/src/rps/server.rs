//! The process of one relying party.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Error, certificate};

/// How long a server may take until it listens. The largest needs 20 s of a processor.
const DEADLINE: Duration = Duration::from_secs(240);
const KEPT_LINES: usize = 40;

/// A server that is listening. Dropping it stops it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) port: u16,
    stderr: Tail,
    _process: Process,
}

impl Server {
    /// Starts the server, and waits until it says that it listens.
    pub(super) fn start(
        mut command: Command,
        dir: &Path,
        certificate: &certificate::Files,
        roots: &Path,
    ) -> Result<Self, Error> {
        command
            .current_dir(dir)
            .env("PORT", "0")
            .env("TLS_CERT", &certificate.certificate)
            .env("TLS_KEY", &certificate.key)
            // Whom to trust in attestation, for those that ask.
            .env("ATTESTATION_ROOTS", roots)
            .env("NO_COLOR", "1")
            // The server ends when this pipe is closed, so none outlives a test that is killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        let mut child = command
            .spawn()
            .map_err(|error| Error::Start { reason: error.to_string(), stderr: String::new() })?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("both are pipes, by the lines above");
        };
        let process = Process(child);
        let (lines, stderr) = (follow(stdout), Tail::follow(stderr));

        let reason = match lines.recv_timeout(DEADLINE) {
            Ok(line) => match line.strip_prefix("listening ").and_then(|port| port.parse().ok()) {
                Some(port) => return Ok(Self { port, stderr, _process: process }),
                None => format!("it said `{line}` instead of `listening PORT`"),
            },
            Err(RecvTimeoutError::Timeout) => {
                format!("it did not listen within {} s", DEADLINE.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => "it ended".to_owned(),
        };
        drop(process);
        Err(Error::Start { reason, stderr: stderr.into_text() })
    }

    /// The last lines that it wrote to stderr.
    pub(super) fn stderr(&self) -> String {
        self.stderr.text()
    }
}

/// A child process that is ended and waited for when it is dropped.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The end of what a process writes to stderr. It is read all the time, so that the process never blocks on it.
#[derive(Debug)]
struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: JoinHandle<()>,
}

impl Tail {
    fn follow(stream: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == KEPT_LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        Self { lines, reader }
    }

    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Everything, once the process has ended.
    fn into_text(self) -> String {
        let Self { lines, reader } = self;
        let _ = reader.join();
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("\n  {line}")).collect()
    }
}

/// The lines of a process's stdout, as they come.
fn follow(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Read to the end even when nobody listens any more, so that the process never blocks on it.
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}
