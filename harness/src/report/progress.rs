//! Progress while a run lasts.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal_safe::guarded;
use crate::catalogue::Check;
use crate::observer::Observer;
use crate::outcome::visible::{self, Visible};
use crate::outcome::{CheckResult, Outcome, Paint, Reason, Summary, Transcript};

/// The time between two lines where there is no terminal.
pub const EVERY: Duration = Duration::from_secs(5);

/// Shows the progress of a run.
pub struct Progress(Mutex<ProgressState>);

struct ProgressState {
    total: usize,
    done: Vec<CheckResult>,
    view: ProgressView,
    /// The style of a line for each check, if there is one.
    each: Option<Paint>,
}

enum ProgressView {
    Bar(ProgressBar),
    Lines { sink: Box<dyn Write + Send>, every: Duration, last: Instant },
}

impl Progress {
    /// A bar on the terminal that standard error is.
    pub fn bar() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_message("reaching the target");
        Self::new(ProgressView::Bar(bar))
    }

    /// Plain lines, at most one in so much time.
    pub fn lines(sink: impl Write + Send + 'static, every: Duration) -> Self {
        Self::new(ProgressView::Lines { sink: Box::new(sink), every, last: Instant::now() })
    }

    /// Shows each check when it is decided, too.
    #[must_use]
    pub fn verbose(self, paint: Paint) -> Self {
        self.state().each = Some(paint);
        self
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let ProgressView::Bar(bar) = &self.state().view {
            bar.finish_and_clear();
        }
    }

    fn new(view: ProgressView) -> Self {
        Self(Mutex::new(ProgressState { total: 0, done: Vec::new(), view, each: None }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, ProgressState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProgressState {
    fn so_far(&self) -> String {
        let summary = Summary::of(&self.done);
        let bad = [("fail", summary.fail), ("error", summary.error)];
        let counts = bad.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}"));
        counts.collect::<Vec<_>>().join(", ")
    }
}

impl ProgressView {
    fn line(&mut self, text: &str, colour: bool) {
        let text = guarded(text, colour);
        match self {
            Self::Bar(bar) => bar.println(text),
            // A run does not fail if its progress cannot be written.
            Self::Lines { sink, .. } => drop(writeln!(sink, "{text}")),
        }
    }
}

/// A check on a line: what it came to, how long it took, and how.
fn line(result: &CheckResult, paint: Paint) -> String {
    let outcome = paint.outcome(result.outcome, &format!("{:12}", result.outcome.name()));
    let how = match (&result.manner, &result.reason) {
        (Some(manner), _) => manner.name(),
        (None, _) if result.outcome == Outcome::Error => "broke",
        (None, reason) => reason.as_ref().and_then(Reason::word).unwrap_or_default(),
    };
    format!("{outcome} {:>5.0} ms  {}  {}", result.duration_ms, result.id, paint.faint(how))
}

impl Observer for Progress {
    fn started(&self, total: usize) {
        let mut state = self.state();
        state.total = total;
        if let ProgressView::Bar(bar) = &state.view {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
            bar.set_message("");
        }
    }

    fn notice(&self, text: &str) {
        self.state().view.line(&visible::line(text), false);
    }

    fn finished(&self, _: &Check, result: &CheckResult, _: &Transcript) {
        let state = &mut *self.state();
        state.done.push(result.clone());
        let so_far = state.so_far();
        let count = state.done.len();
        if let Some(paint) = state.each {
            state.view.line(&line(&result.visible(), paint), paint.colour);
        }
        match &mut state.view {
            ProgressView::Bar(bar) => {
                bar.set_message(so_far);
                bar.inc(1);
            }
            ProgressView::Lines { sink, every, last }
                if state.each.is_none() && last.elapsed() >= *every =>
            {
                *last = Instant::now();
                let comma = if so_far.is_empty() { "" } else { ": " };
                drop(writeln!(sink, "{count} of {} checks{comma}{so_far}", state.total));
            }
            ProgressView::Lines { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::samples;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn shown(every: Duration, verbose: Option<Paint>) -> String {
        let sink = Sink::default();
        let progress = Progress::lines(sink.clone(), every);
        let progress = match verbose {
            Some(paint) => progress.verbose(paint),
            None => progress,
        };
        let (report, catalogue) = (samples::report(), samples::catalogue());
        progress.started(report.checks.len());
        progress.notice("slowing down");
        for result in &report.checks {
            let check = catalogue.find(&result.id).unwrap();
            progress.finished(check, result, &Transcript::default());
        }
        progress.clear();
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_for_each_check() {
        let text = shown(Duration::ZERO, Some(Paint::PLAIN));
        insta::assert_snapshot!(text, @r"
        slowing down
        fail             2 ms  registration.origin.subdomain  ok
        fail             2 ms  registration.origin.port  ok
        pass             2 ms  registration.origin.port  client-error
        warn             2 ms  registration.client-data.member-order  named-server-error
        note             2 ms  authentication.counter.same  ok
        skipped          2 ms  authentication.uv.absent  setting
        inconclusive     2 ms  registration.origin.subdomain  unrecognised
        inconclusive     2 ms  registration.origin.port  unrecognised
        inconclusive     2 ms  authentication.counter.same  bracket
        error            2 ms  authentication.uv.absent  broke
        ");
        let coloured = shown(Duration::ZERO, Some(Paint { colour: true, ..Paint::PLAIN }));
        assert!(coloured.contains("\u{1b}[31;1mfail        \u{1b}[0m"), "{coloured:?}");
    }

    #[test]
    fn a_notice_is_one_line_and_no_command() {
        let sink = Sink::default();
        let progress = Progress::lines(sink.clone(), Duration::ZERO);
        progress.notice("::error::\n\u{1b}[2J\u{202e}");
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, ": :error::␊␛[2J\\u{202e}\n");
    }

    #[test]
    fn now_and_then_a_line() {
        assert_eq!(shown(Duration::from_secs(3600), None), "slowing down\n");
        let text = shown(Duration::ZERO, None);
        assert!(text.ends_with("10 of 10 checks: 2 fail, 1 error\n"), "{text}");
    }
}
