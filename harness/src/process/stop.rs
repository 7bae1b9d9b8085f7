//! Signals that ask the program to end.
//!
//! A thread of its own waits for them, so that a second one also ends a program that is at work or
//! that waits for a reader.

use std::future::pending;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::left::clean_up;

/// A signal that asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The end of a job or of a service.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

impl Signal {
    /// 128 and the number of the signal, as shells have it.
    pub fn exit_code(self) -> u8 {
        128 + self.number()
    }

    /// Why the run did not come to its end.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted",
            Self::Terminate => "interrupted by SIGTERM",
            Self::HangUp => "interrupted by SIGHUP",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::HangUp => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }
}

static FIRST: OnceLock<Option<watch::Receiver<Option<Signal>>>> = OnceLock::new();

/// True if the first signal ends the program.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

/// The first signal, once it has come. The signals end the program by themselves until this is
/// called for the first time.
pub async fn stopped() -> Signal {
    let Some(receiver) = FIRST.get_or_init(|| listen().ok()) else { return pending().await };
    let mut receiver = receiver.clone();
    let first = receiver.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
    match first {
        Some(signal) => signal,
        None => pending().await,
    }
}

/// The first signal, if it has come.
pub fn signal() -> Option<Signal> {
    FIRST.get()?.as_ref().and_then(|receiver| *receiver.borrow())
}

/// From now on the first signal ends the program: it waits for the Enter key.
pub fn end_at_once() {
    AT_ONCE.store(true, Ordering::SeqCst);
}

/// Starts the thread; it listens when this returns.
fn listen() -> io::Result<watch::Receiver<Option<Signal>>> {
    let (sender, receiver) = watch::channel(None);
    let (ready, is_ready) = mpsc::channel();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        match runtime.and_then(|runtime| SignalListener::new(&runtime).map(|it| (runtime, it))) {
            Ok((runtime, mut listener)) => {
                let _ = ready.send(Ok(()));
                runtime.block_on(async {
                    loop {
                        let signal = listener.next().await;
                        let is_second = sender.send_replace(Some(signal)).is_some();
                        if is_second || AT_ONCE.load(Ordering::SeqCst) {
                            clean_up();
                            std::process::exit(signal.exit_code().into());
                        }
                    }
                });
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    })?;
    is_ready.recv().unwrap_or(Err(io::ErrorKind::BrokenPipe.into())).map(|()| receiver)
}

#[cfg(unix)]
struct SignalListener(Vec<(Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl SignalListener {
    fn new(runtime: &Runtime) -> io::Result<Self> {
        let _context = runtime.enter();
        let mut all = Vec::new();
        for signal in [Signal::Interrupt, Signal::Terminate, Signal::HangUp] {
            // `nohup passrig …` outlives its terminal.
            if signal == Signal::HangUp && is_ignored(signal) {
                continue;
            }
            let kind = tokio::signal::unix::SignalKind::from_raw(signal.number().into());
            all.push((signal, tokio::signal::unix::signal(kind)?));
        }
        Ok(Self(all))
    }

    async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (signal, stream) in &mut self.0 {
                if stream.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*signal);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

/// True if the parent has asked for the signal to be ignored, as far as the system tells.
#[cfg(unix)]
fn is_ignored(signal: Signal) -> bool {
    use crate::storage::{Limit, read_text};
    use std::path::Path;
    let status = read_text(Path::new("/proc/self/status"), Limit::SETTINGS).unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let set = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    set.is_some_and(|set| set >> (signal.number() - 1) & 1 == 1)
}

#[cfg(not(unix))]
struct SignalListener;

#[cfg(not(unix))]
impl SignalListener {
    fn new(runtime: &Runtime) -> io::Result<Self> {
        let _context = runtime.enter();
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => pending().await,
        }
    }
}
