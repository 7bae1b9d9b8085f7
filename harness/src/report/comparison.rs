//! The differences between two reports.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::terminal::words::{self, checks};
use crate::outcome::visible::{Visible, visible};
use crate::outcome::{
    CheckResult, FailOn, Outcome, Paint, Report, Summary, TargetInfo, Tool, Variant,
};

/// The version of [`Comparison`]'s shape.
const SCHEMA_VERSION: u32 = 1;

/// The differences of a report B from a report A.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Comparison {
    /// The version of this shape.
    pub schema_version: u32,
    /// The earlier run.
    pub a: Side,
    /// The later run.
    pub b: Side,
    /// The checks that make B fail and did not make A fail.
    pub worse: Vec<Change>,
    /// The checks that made A fail and do not make B fail.
    #[serde(rename = "mended")]
    pub fixed: Vec<Change>,
    /// The checks with another outcome that changes no exit code.
    pub changed: Vec<Change>,
    /// The number of checks with the same outcome.
    pub same: usize,
    /// The checks that only A has.
    pub only_a: Vec<Change>,
    /// The checks that only B has and that do not make it fail.
    pub only_b: Vec<Change>,
}

/// A run.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Side {
    /// The report's file.
    pub file: String,
    /// The program that made it.
    pub tool: Tool,
    /// The seed.
    pub seed: String,
    /// The run id.
    pub run_id: String,
    /// Whom it is about.
    pub target: TargetInfo,
    /// The product whose authenticators everybody had, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator: Option<String>,
    /// Why it stopped before its end, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The number of checks with each outcome.
    pub summary: Summary,
}

/// A check whose result has changed.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// The check's id.
    pub id: String,
    /// The variant, as B has it if it has the check.
    #[schemars(with = "String")]
    pub variant: Variant,
    /// The outcome in A.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Outcome>,
    /// The outcome in B.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Outcome>,
    /// The last reaction of the target.
    pub target: String,
}

impl Comparison {
    /// Compares. Which divergence makes a run fail is for `fail_on` to say.
    pub fn of(a: (&str, &Report), b: (&str, &Report), fail_on: FailOn) -> Self {
        let mut comparison = Self {
            schema_version: SCHEMA_VERSION,
            a: Side::of(a.0, a.1),
            b: Side::of(b.0, b.1),
            worse: Vec::new(),
            fixed: Vec::new(),
            changed: Vec::new(),
            same: 0,
            only_a: Vec::new(),
            only_b: Vec::new(),
        };
        for (before, after) in pairs(a.1, b.1) {
            comparison.sort(before, after, fail_on);
        }
        comparison
    }

    /// True if B is worse: it fails where A does not, or did not come to its end.
    pub fn is_worse(&self) -> bool {
        !self.worse.is_empty() || self.b.stopped.is_some() && self.a.stopped.is_none()
    }

    /// The comparison for people.
    pub fn render(&self, paint: Paint) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = self.visible().write(paint, &mut out);
        out
    }

    fn sort(&mut self, before: Option<&CheckResult>, after: Option<&CheckResult>, fail_on: FailOn) {
        let Some(change) = Change::of(before, after) else { return };
        let fails = |result: Option<&CheckResult>| result.is_some_and(|r| fail_on.counts(r));
        let list = match (before, after) {
            _ if fails(after) && !fails(before) => &mut self.worse,
            (Some(_), None) => &mut self.only_a,
            (None, _) => &mut self.only_b,
            (Some(_), Some(after)) if fails(before) && is_fixed(after) => &mut self.fixed,
            (Some(before), Some(after)) if before.outcome == after.outcome => {
                self.same += 1;
                return;
            }
            _ => &mut self.changed,
        };
        list.push(change);
    }

    fn write(&self, paint: Paint, out: &mut String) -> fmt::Result {
        for (name, side) in [("A", &self.a), ("B", &self.b)] {
            side.write(name, paint, out)?;
        }
        self.differences(paint, out)?;
        for (title, list) in [
            ("Worse", &self.worse),
            ("Fixed", &self.fixed),
            ("Otherwise different", &self.changed),
            ("Only in A", &self.only_a),
            ("Only in B", &self.only_b),
        ] {
            if !list.is_empty() {
                writeln!(out, "\n{}", paint.strong(&format!("{title}: {}", list.len())))?;
            }
            list.iter().try_for_each(|change| change.write(paint, out))?;
        }
        let verdict = paint.wrap(&self.verdict(), "", "");
        writeln!(out, "\n{}", paint.strong(&verdict))
    }

    /// The differences that make the two hard to compare.
    fn differences(&self, paint: Paint, out: &mut String) -> fmt::Result {
        let Self { a, b, .. } = self;
        let differences = [
            (
                a.target.url != b.target.url || a.target.adapter != b.target.adapter,
                "The targets differ.",
            ),
            (a.target.origin != b.target.origin, "The origins differ."),
            (
                a.target.observed != b.target.observed,
                "The targets asked for different things in honest ceremonies.",
            ),
            (a.authenticator != b.authenticator, "The authenticators differ."),
            (a.seed != b.seed, "The seeds differ: so do keys, edits and order."),
            (a.tool != b.tool, "The versions of passrig differ: so may its checks."),
        ];
        let shown: Vec<_> =
            differences.iter().filter(|(differs, _)| *differs).map(|(_, text)| *text).collect();
        match shown.is_empty() {
            true => Ok(()),
            false => writeln!(out, "\n{}", paint.wrap(&shown.join(" "), "", "")),
        }
    }

    fn verdict(&self) -> String {
        let count = |list: &[Change], what: &str| match list.len() {
            0 => String::new(),
            n => format!("; {n} {what}"),
        };
        let more = format!(
            "{}{}{}{}; {} as before",
            count(&self.fixed, "fixed"),
            count(&self.changed, "otherwise different"),
            count(&self.only_a, "only in A"),
            count(&self.only_b, "only in B"),
            self.same
        );
        match (self.worse.len(), &self.b.stopped, &self.a.stopped) {
            (0, Some(why), None) => format!("B is worse: it was stopped ({why}){more}."),
            (0, ..) if self.fixed.is_empty() => format!("B is no worse than A{more}."),
            (0, ..) => format!("B is better than A{more}."),
            (n, ..) => format!("B is worse than A: {} went wrong that did not{more}.", checks(n)),
        }
    }
}

impl Side {
    fn of(file: &str, report: &Report) -> Self {
        Self {
            file: file.to_owned(),
            tool: report.tool.clone(),
            seed: report.seed.clone(),
            run_id: report.run_id.clone(),
            target: report.target.clone(),
            authenticator: report.authenticator.clone(),
            stopped: report.stopped.clone(),
            summary: Summary::of(&report.checks),
        }
    }

    fn write(&self, name: &str, paint: Paint, out: &mut String) -> fmt::Result {
        let Self { file, target, seed, run_id, summary, .. } = self;
        writeln!(out, "{}", paint.strong(&paint.wrap(file, &format!("{name}  "), "   ")))?;
        let mut line = |text: &str| writeln!(out, "{}", paint.wrap(text, "   ", "   "));
        line(&format!("{}, adapter {}", target.url, target.adapter))?;
        line(&format!("seed {seed}, run id {run_id}"))?;
        if let Some(why) = &self.stopped {
            line(&format!("stopped before its end: {why}"))?;
        }
        let counts = Outcome::ALL.into_iter().filter(|outcome| summary.count(*outcome) > 0);
        let counts = counts.map(|o| paint.outcome(o, &format!("{} {o}", summary.count(o))));
        let counts: Vec<_> = counts.collect();
        writeln!(out, "   {}", counts.join(", "))
    }
}

impl Change {
    fn of(before: Option<&CheckResult>, after: Option<&CheckResult>) -> Option<Self> {
        let last = after.or(before)?;
        Some(Self {
            id: last.id.clone(),
            variant: last.variant.clone(),
            a: before.map(|result| result.outcome),
            b: after.map(|result| result.outcome),
            target: words::did(last),
        })
    }

    fn write(&self, paint: Paint, out: &mut String) -> fmt::Result {
        let word = |outcome: Outcome| paint.outcome(outcome, outcome.name());
        let outcomes: Vec<_> = [self.a, self.b].into_iter().flatten().map(word).collect();
        writeln!(out, "  {}  {}", outcomes.join(" → "), self.id)?;
        // That it is as it should be needs no words.
        let is_news = self.b.or(self.a).is_some_and(|outcome| outcome != Outcome::Pass);
        match is_news {
            true => writeln!(out, "{}", paint.wrap(&self.target, "    ", "    ")),
            false => Ok(()),
        }
    }
}

visible!(Comparison { a, b, worse, fixed, changed, only_a, only_b; schema_version, same });
visible!(Side { file, tool, seed, run_id, target, authenticator, stopped; summary });
visible!(Change { id, target; variant, a, b });

/// True if the check does not fail any more. A check that was not sent or not decided proves
/// nothing.
fn is_fixed(after: &CheckResult) -> bool {
    matches!(after.outcome, Outcome::Pass | Outcome::Warn | Outcome::Note) && after.known.is_none()
}

/// The results of each check in both, A's order first. Those of a check with
/// several variants are distinguished by them.
fn pairs<'a>(
    a: &'a Report,
    b: &'a Report,
) -> Vec<(Option<&'a CheckResult>, Option<&'a CheckResult>)> {
    let by_id = |report: &'a Report| {
        let mut all: BTreeMap<&str, Vec<&CheckResult>> = BTreeMap::new();
        for result in &report.checks {
            all.entry(&result.id).or_default().push(result);
        }
        all
    };
    let (before, mut later) = (by_id(a), by_id(b));
    let mut pairs = Vec::new();
    for result in &a.checks {
        let after = later.get_mut(result.id.as_str()).and_then(|after| {
            let is_one = after.len() == 1 && before.get(result.id.as_str())?.len() == 1;
            let fits = |other: &&CheckResult| is_one || other.variant == result.variant;
            let place = after.iter().position(fits)?;
            Some(after.remove(place))
        });
        pairs.push((Some(result), after));
    }
    // In B's order.
    let is_left = |result: &&CheckResult| {
        let left = later.get(result.id.as_str());
        left.is_some_and(|left| left.iter().any(|other| std::ptr::eq(*other, *result)))
    };
    pairs.extend(b.checks.iter().filter(is_left).map(|result| (None, Some(result))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn report(change: impl FnOnce(&mut Vec<CheckResult>)) -> Report {
        let mut report = samples::report();
        // One result of each check, and no two of one.
        report.checks.truncate(6);
        report.checks.remove(2);
        change(&mut report.checks);
        report.summary = Summary::of(&report.checks);
        report
    }

    fn compared(a: &Report, b: &Report) -> (Comparison, String) {
        let comparison = Comparison::of(("a.json", a), ("b.json", b), FailOn::default());
        let text = comparison.render(Paint::PLAIN);
        assert!(text.lines().all(|line| textwrap::core::display_width(line) <= 80), "{text}");
        (comparison, text)
    }

    fn turn(results: &mut [CheckResult], index: usize, outcome: Outcome) {
        results[index].outcome = outcome;
    }

    #[test]
    fn the_same_is_no_worse() {
        let report = report(|_| ());
        let (comparison, text) = compared(&report, &report);
        assert!(!comparison.is_worse());
        insta::assert_snapshot!(text, @r"
        A  a.json
           http://localhost:3000/, adapter fido-conformance
           seed 5eed, run id c0ffee
           2 fail, 1 warn, 1 note, 1 skipped
        B  b.json
           http://localhost:3000/, adapter fido-conformance
           seed 5eed, run id c0ffee
           2 fail, 1 warn, 1 note, 1 skipped

        B is no worse than A; 5 as before.
        ");
    }

    #[test]
    fn every_difference() {
        let a = report(|results| {
            turn(results, 1, Outcome::Pass);
            results.swap(0, 4);
            results.pop();
            let mut gone = samples::report().checks.remove(0);
            gone.id = "registration.retired".to_owned();
            results.push(gone);
            turn(results, 2, Outcome::Error);
        });
        let mut b = report(|results| turn(results, 3, Outcome::Pass));
        b.seed = "00ff".to_owned();
        b.target.url = "http://localhost:4000/".to_owned();
        let (comparison, text) = compared(&a, &b);
        assert!(comparison.is_worse());
        insta::assert_snapshot!(text, @r"
        A  a.json
           http://localhost:3000/, adapter fido-conformance
           seed 5eed, run id c0ffee
           1 pass, 1 fail, 1 note, 1 skipped, 1 error
        B  b.json
           http://localhost:4000/, adapter fido-conformance
           seed 00ff, run id c0ffee
           1 pass, 2 fail, 1 warn, 1 skipped

        The targets differ. The seeds differ: so do keys, edits and order.

        Worse: 2
          pass → fail  registration.origin.port
            accepted it (ok); no probe saw the effect
          fail  registration.origin.subdomain
            accepted it (ok); a probe found the credential registered

        Fixed: 1
          error → warn  registration.client-data.member-order
            refused it (named-server-error); a probe found no new credential (refusal
            looks like a crash)

        Otherwise different: 1
          note → pass  authentication.counter.same

        Only in A: 1
          fail  registration.retired
            accepted it (ok); a probe found the credential registered

        B is worse than A: 2 checks went wrong that did not; 1 fixed; 1 otherwise
        different; 1 only in A; 1 as before.
        ");
    }

    #[test]
    fn a_fixed_check_is_better() {
        let (a, b) = (report(|_| ()), report(|results| turn(results, 0, Outcome::Pass)));
        let (comparison, text) = compared(&a, &b);
        assert!(!comparison.is_worse() && text.contains("B is better than A"), "{text}");
        let (comparison, _) = compared(&b, &a);
        assert_eq!(comparison.worse.len(), 1);
    }

    #[test]
    fn a_check_that_is_not_sent_is_not_fixed() {
        let a = report(|_| ());
        let (comparison, _) = compared(&a, &report(|results| turn(results, 0, Outcome::Skipped)));
        assert_eq!((comparison.fixed.len(), comparison.changed.len()), (0, 1));
    }

    #[test]
    fn what_was_foreseen_is_not_worse() {
        let b = report(|results| results[0].known = Some("fixed next week".to_owned()));
        let (comparison, _) = compared(&report(|results| turn(results, 0, Outcome::Pass)), &b);
        assert_eq!((comparison.worse.len(), comparison.changed.len()), (0, 1));
    }

    #[test]
    fn a_run_that_did_not_end_is_worse() {
        let a = report(|_| ());
        let b = Report { stopped: Some("interrupted".to_owned()), ..report(|_| ()) };
        let (comparison, text) = compared(&a, &b);
        assert!(comparison.is_worse() && text.contains("it was stopped (interrupted)"), "{text}");
    }

    #[test]
    fn variants_are_told_apart() {
        let a = samples::report();
        let mut b = a.clone();
        b.checks.swap(1, 2);
        let (comparison, _) = compared(&a, &b);
        assert_eq!(comparison.same, a.checks.len());
        // One of each goes by another variant in another run.
        let b = report(|results| results[0].variant = Variant::Page);
        assert_eq!(compared(&report(|_| ()), &b).0.same, 5);
    }
}
