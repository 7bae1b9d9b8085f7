use std::fmt::{self, Write};

use super::{Terminal, words};
use crate::catalogue::Check;
use crate::outcome::{CheckResult, Diagnosis};

/// Columns before the texts.
const INDENT: &str = "            ";

/// Writes failures: what was sent, what the target did, what the clause
/// demands, what it means for users, how to mend it, how to see it again.
pub(super) struct Diagnostics<'a> {
    all: &'a Terminal<'a>,
    /// The checks whose rule has been explained already: cases of a family
    /// share their reasons.
    explained: Vec<&'a Check>,
}

impl<'a> Diagnostics<'a> {
    pub(super) fn new(all: &'a Terminal<'a>) -> Self {
        Self { all, explained: Vec::new() }
    }

    /// Writes the common cause of these failures, each on a line, and the first of them in full.
    pub(super) fn diagnose(
        &mut self,
        diagnosis: &Diagnosis,
        explained: &[&CheckResult],
        out: &mut String,
    ) -> fmt::Result {
        let Some((first, _)) = explained.split_first() else { return Ok(()) };
        let paint = self.all.paint;
        let text = words::diagnosis(diagnosis, explained.len());
        writeln!(out, "\n{}", paint.strong(&paint.wrap(&text, "", "  ")))?;
        for result in explained {
            let word = paint.outcome(result.outcome, result.outcome.name());
            writeln!(out, "  {word}  {}", result.id)?;
        }
        self.write(first, out)
    }

    pub(super) fn write(&mut self, result: &CheckResult, out: &mut String) -> fmt::Result {
        let Terminal { catalogue, replay, paint, .. } = *self.all;
        let word = paint.outcome(result.outcome, result.outcome.name());
        writeln!(out, "\n{word}  {}", paint.strong(&result.id))?;
        self.line(out, "sent", &result.title)?;
        self.line(out, "variant", &result.variant.to_string())?;
        self.line(out, "target", &words::did(result))?;
        self.line(out, "demanded", &words::demanded(result))?;
        let check = catalogue.find(&result.id);
        if let Some(check) = check {
            if let Some(owner) = catalogue.index.owner(check) {
                self.line(out, "duty", words::duty(owner))?;
            }
            self.rule(out, check)?;
        }
        // A result that is not in the catalogue comes without `--only`, at the beginning of a run.
        let only = check.map(|check| check.id.as_str());
        let command = replay.lines(only, paint.width.saturating_sub(INDENT.len()));
        self.line(out, "replay", &command.join("\n"))
    }

    fn rule(&mut self, out: &mut String, check: &'a Check) -> fmt::Result {
        let same = |known: &&&Check| known.why == check.why && known.fix == check.fix;
        if let Some(known) = self.explained.iter().find(same) {
            let text = format!("as for {}", known.id);
            return self.line(out, "why, fix", &text);
        }
        self.explained.push(check);
        self.line(out, "why", &check.why)?;
        self.line(out, "fix", &check.fix)
    }

    fn line(&self, out: &mut String, label: &str, text: &str) -> fmt::Result {
        let paint = self.all.paint;
        let label = format!("  {label:10}");
        let wrapped = paint.wrap(text, INDENT, INDENT);
        let rest = wrapped.get(INDENT.len()..).unwrap_or_default();
        writeln!(out, "{}{rest}", paint.faint(&label))
    }
}
