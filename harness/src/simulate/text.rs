//! A simulation as text for a terminal, piece by piece.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::document::{Act, Finding, SimulationReport, SimulationStep, visible};
use crate::outcome::{Outcome, Paint};

/// Columns before the parts of a step.
const INDENT: &str = "            ";

/// The text in place of a part that has no JSON.
const BUG: &str = "bug in passrig: a part of the report has no JSON\n";

/// The text of a simulation, piece by piece. It explains a term where the term first occurs.
pub struct SimulationText {
    paint: Paint,
    explained: BTreeSet<&'static str>,
    acts: usize,
}

impl SimulationText {
    /// The writer before the first piece.
    pub fn new(paint: Paint) -> Self {
        Self { paint, explained: BTreeSet::new(), acts: 0 }
    }

    /// The text of a whole report.
    pub fn whole(paint: Paint, report: &SimulationReport) -> String {
        let mut text = Self::new(paint);
        let mut out = text.header(report);
        for act in &report.acts {
            out += &text.act(act);
            for step in &act.steps {
                out += &text.step(step);
            }
        }
        out + &text.summary(report)
    }

    /// The question, and the people.
    pub fn header(&mut self, report: &SimulationReport) -> String {
        let Ok(report) = &visible(report) else { return BUG.to_owned() };
        let paint = self.paint;
        let mut out = format!("{}\n", paint.strong(&report.title));
        let _ = writeln!(out, "{}\n", paint.wrap(&report.question, "  ", "  "));
        for role in &report.participants {
            let name = format!("  {:10}", role.name);
            let _ = writeln!(out, "{}", self.labelled(&name, &role.part));
        }
        let rp = format!(
            "the site that people sign in to, the relying party: {} ({})",
            report.target.origin, report.target.adapter
        );
        let _ = writeln!(out, "{}", self.labelled("  RP        ", &rp));
        self.explained.insert("relying party");
        let all = format!("{} {rp}", report.question);
        out + &self.glossary(&all)
    }

    /// The beginning of an act.
    pub fn act(&mut self, act: &Act) -> String {
        let Ok(act) = &visible(act) else { return BUG.to_owned() };
        self.acts += 1;
        let title = self.paint.strong(&format!("Act {}: {}", self.acts, act.title));
        let about = self.paint.wrap(&act.about, "  ", "  ");
        let mut out = format!("\n{title}\n{about}\n");
        out += &self.glossary(&act.about);
        out
    }

    /// A step.
    pub fn step(&mut self, step: &SimulationStep) -> String {
        let Ok(step) = &visible(step) else { return BUG.to_owned() };
        let paint = self.paint;
        let device = step.device.iter().map(|device| format!(", with {device}"));
        let domain = step.domain.iter().map(|domain| format!(", on {domain}"));
        let who: String = [step.who.clone()].into_iter().chain(device).chain(domain).collect();
        let number = format!("  {:>2}  ", step.number);
        let mut out = format!("\n{}\n", paint.wrap(&paint.strong(&who), &number, "      "));
        let _ = writeln!(out, "{}", paint.wrap(&format!("{}.", step.does), "      ", "      "));
        for answer in &step.answers {
            let label = format!("      {:6}", answer.by);
            let label = if answer.by.len() > 5 { format!("      {} ", answer.by) } else { label };
            let _ = writeln!(out, "{}", self.labelled(&label, &answer.says));
        }
        let word = step.outcome.map_or("", word);
        let label = format!("      {word:6}");
        let painted = match step.outcome {
            Some(outcome) => paint.outcome(outcome, &label),
            None => label.clone(),
        };
        let wrapped = paint.wrap(&step.means, &label, INDENT);
        let rest = wrapped.strip_prefix(label.as_str()).unwrap_or(&wrapped);
        let _ = writeln!(out, "{painted}{rest}");
        out + &self.glossary(&format!("{} {}", step.does, step.means))
    }

    /// The findings.
    pub fn summary(&mut self, report: &SimulationReport) -> String {
        let Ok(report) = &visible(report) else { return BUG.to_owned() };
        let paint = self.paint;
        let title = match &report.stopped {
            Some(reason) => format!("Stopped before the end: {reason}"),
            None => "The end".to_owned(),
        };
        let mut out = format!("\n{}\n", paint.strong(&title));
        let count = |outcome| report.steps().filter(|s| s.outcome == Some(outcome)).count();
        let good = count(Outcome::Pass);
        let left = count(Outcome::Skipped);
        let found = report.findings.len();
        let verdict = match found {
            0 => "No findings".to_owned(),
            1 => "1 finding".to_owned(),
            _ => format!("{found} findings"),
        };
        let left = match left {
            0 => String::new(),
            1 => ", 1 could not be played".to_owned(),
            _ => format!(", {left} could not be played"),
        };
        let plural = if good == 1 { "step" } else { "steps" };
        let summary = format!("{verdict}; {good} {plural} went as they should{left}.");
        let _ = writeln!(out, "{}", paint.wrap(&summary, "  ", "  "));
        for finding in &report.findings {
            out += &self.finding(finding);
        }
        out
    }

    fn finding(&self, finding: &Finding) -> String {
        let paint = self.paint;
        let word = paint.outcome(finding.outcome, finding.outcome.name());
        let mut out = format!("\n{word}  {}\n", paint.strong(&finding.id));
        let rule = format!(
            "{}; level {}, importance {}",
            finding.clause, finding.level, finding.importance
        );
        for (label, text) in [
            ("tried", finding.title.as_str()),
            ("RP", finding.seen.as_str()),
            ("rule", rule.as_str()),
            ("why", finding.why.as_str()),
            ("fix", finding.fix.as_str()),
            ("step", finding.step.to_string().as_str()),
        ] {
            let _ = writeln!(out, "{}", self.labelled(&format!("  {label:10}"), text));
        }
        out
    }

    /// A faint label, and a text beside it.
    fn labelled(&self, label: &str, text: &str) -> String {
        let wrapped = self.paint.wrap(text, label, INDENT);
        let rest = wrapped.strip_prefix(label).unwrap_or(&wrapped);
        format!("{}{rest}", self.paint.faint(label))
    }

    /// The terms of this text that have not been explained yet.
    fn glossary(&mut self, text: &str) -> String {
        let text = text.to_lowercase();
        let mut out = String::new();
        for (word, meaning) in GLOSSARY {
            if text.contains(word) && self.explained.insert(word) {
                let line = format!("{word}: {meaning}");
                let line = self.paint.wrap(&line, "      * ", "        ");
                let _ = writeln!(out, "{}", self.paint.faint(&line));
            }
        }
        out
    }
}

/// The word before the meaning of a step.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "ok",
        Outcome::Fail => "fail",
        Outcome::Warn => "warn",
        Outcome::Note => "note",
        Outcome::Skipped => "--",
        Outcome::Inconclusive => "open",
        Outcome::Error => "error",
    }
}

/// Terms in lower case, and their meanings.
const GLOSSARY: &[(&str, &str)] = &[
    (
        "passkey",
        "a pair of keys in place of a password. The private one stays on the user's devices and \
         signs; the site has only the public one, with which it verifies. Nothing can be read out \
         loud, typed into a wrong page or stolen from the site.",
    ),
    ("security key", "a small device on USB or NFC that holds passkeys, which never leave it."),
    (
        "synced",
        "kept by a cloud (of Apple, Google, a password manager …), so that all devices of one \
         person have the passkey.",
    ),
    (
        "unlock",
        "to show the device who you are, with a finger, the face or a PIN. The specification \
         calls it user verification. Nothing of it leaves the device.",
    ),
    (
        "challenge",
        "a random number that the site sends, to be signed with the passkey: an old answer is \
         worth nothing.",
    ),
    (
        "origin",
        "scheme, host and port of a page. The browser writes it into every answer, and signs for \
         it: no page can lie about it.",
    ),
    (
        "rp id",
        "the domain that a passkey is for. Browsers offer it on pages of that domain and of the \
         hosts below, nowhere else.",
    ),
    (
        "counter",
        "a number that some devices put into each answer, one higher each time. Two devices with \
         one key count apart, and that can be seen.",
    ),
    (
        "session",
        "what the site remembers of a browser after somebody signed in, mostly by a cookie.",
    ),
    ("cookie", "a text that the browser sends along with every request to the site."),
    ("recovery code", "a text on paper that lets somebody in once, when all devices are gone."),
    (
        "related origins",
        "a list that a site publishes, of its other domains that may use its passkeys.",
    ),
    ("relay", "to hand on, in both directions, what two parties say to each other."),
    (
        "autofill",
        "the browser offers passkeys in a form's field, as it offers passwords. No dialogue opens \
         until the user picks one.",
    ),
    (
        "second factor",
        "something to be shown after the password: who knows the password alone is not let in.",
    ),
    ("frame", "a page within a page of, perhaps, another site."),
];
