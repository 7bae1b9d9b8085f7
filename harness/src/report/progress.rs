//! Progress while a run lasts.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::catalogue::Check;
use crate::outcome::{CheckResult, Summary};
use crate::runner::{Observer, Transcript};

/// How often a line is written where there is no terminal.
pub const EVERY: Duration = Duration::from_secs(5);

/// Tells how far a run is.
pub struct Progress(Mutex<State>);

struct State {
    total: usize,
    done: Vec<CheckResult>,
    face: Face,
}

enum Face {
    Bar(ProgressBar),
    Lines { sink: Box<dyn Write + Send>, every: Duration, last: Instant },
}

impl Progress {
    /// A bar on the terminal that standard error is.
    pub fn bar() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_message("reaching the target");
        Self::new(Face::Bar(bar))
    }

    /// Plain lines, at most one in so much time.
    pub fn lines(sink: impl Write + Send + 'static, every: Duration) -> Self {
        Self::new(Face::Lines { sink: Box::new(sink), every, last: Instant::now() })
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Face::Bar(bar) = &self.state().face {
            bar.finish_and_clear();
        }
    }

    fn new(face: Face) -> Self {
        Self(Mutex::new(State { total: 0, done: Vec::new(), face }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn so_far(&self) -> String {
        let summary = Summary::of(&self.done);
        let bad = [("fail", summary.fail), ("error", summary.error)];
        let told = bad.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

impl Observer for Progress {
    fn started(&self, total: usize) {
        let mut state = self.state();
        state.total = total;
        if let Face::Bar(bar) = &state.face {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
            bar.set_message("");
        }
    }

    fn notice(&self, text: &str) {
        match &mut self.state().face {
            Face::Bar(bar) => bar.println(text),
            // A run does not fail because nobody reads its progress.
            Face::Lines { sink, .. } => drop(writeln!(sink, "{text}")),
        }
    }

    fn finished(&self, _: &Check, result: &CheckResult, _: &Transcript) {
        let state = &mut *self.state();
        state.done.push(result.clone());
        let so_far = state.so_far();
        let count = state.done.len();
        match &mut state.face {
            Face::Bar(bar) => {
                bar.set_message(so_far);
                bar.inc(1);
            }
            Face::Lines { sink, every, last } if last.elapsed() >= *every => {
                *last = Instant::now();
                let comma = if so_far.is_empty() { "" } else { ": " };
                drop(writeln!(sink, "{count} of {} checks{comma}{so_far}", state.total));
            }
            Face::Lines { .. } => {}
        }
    }
}
