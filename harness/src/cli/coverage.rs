use std::collections::BTreeMap;

use super::catalogue;
use super::console::Console;
use super::failure::Failure;
use crate::catalogue::coverage::{Clause, Coverage, CoverageState, Covered, CoveredRow};
use crate::catalogue::index::GapReason;
use crate::outcome::Paint;
use crate::report;
use crate::report::terminal::words;

/// Show which rules, known tests and known flaws the checks cover.
///
/// What has no check has a reason from a closed list. The exit code is 1 if a
/// rule about registration or authentication (§7.1, §7.2) has neither.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Show every row with its checks.
    #[arg(long)]
    rows: bool,

    /// As JSON: every row, with everything that is known about it.
    #[arg(long, conflicts_with = "rows")]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  passrig coverage
  passrig coverage --rows | less
  passrig coverage --json | jq '.requirements[].rows[] | select(.state == \"open\").key'";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let catalogue = catalogue::builtin()?;
    let coverage = Coverage::of(&catalogue);
    let page = CoverageText { coverage: &coverage, paint: console.paint() };
    let text = match args {
        Args { json: true, .. } => json(&coverage)?,
        Args { rows: true, .. } => page.rows(),
        _ => page.summary(),
    };
    console.print_painted(&text)?;
    Ok(u8::from(!coverage.is_complete()))
}

fn json(coverage: &Coverage) -> Result<String, Failure> {
    let what = "cannot write the coverage as JSON".to_owned();
    let text = report::json::pretty(coverage);
    Ok(text.map_err(|source| Failure::System { what, source })? + "\n")
}

pub(super) struct CoverageText<'a> {
    pub(super) coverage: &'a Coverage<'a>,
    pub(super) paint: Paint,
}

impl CoverageText<'_> {
    /// A line for each group, and why rows have no check.
    pub(super) fn summary(&self) -> String {
        let Coverage { checks, requirements, fido, flaws, clauses } = self.coverage;
        let mut out = format!("{}\n", words::checks(*checks));
        self.table(&mut out, "Requirements", requirements);
        self.table(&mut out, "FIDO's conformance tests", fido);
        self.table(&mut out, "Known flaws", flaws);
        let tested = clauses.iter().filter(|clause| !clause.checks.is_empty()).count();
        out += &format!("\nClauses: {tested} of {} have a check\n", clauses.len());
        for section in ["§7.1", "§7.2"] {
            self.section(&mut out, section);
        }
        self.reasons(&mut out);
        self.open(&mut out);
        out
    }

    /// Every row with its checks, or with why it has none.
    pub(super) fn rows(&self) -> String {
        let mut out = String::new();
        self.list(&mut out, &self.coverage.requirements, |row| {
            format!("{}, {}: {}", row.clause, row.level, row.title)
        });
        self.list(&mut out, &self.coverage.fido, |test| {
            format!("{}: {}", test.expects, test.sends)
        });
        self.list(&mut out, &self.coverage.flaws, |flaw| match flaw.rate {
            Some(rate) => format!("{} ({} of {} sites)", flaw.title, rate.sites, rate.of),
            None => flaw.title.clone(),
        });
        for Clause { clause, checks } in &self.coverage.clauses {
            out += &format!("{clause}: {}\n", words::checks(checks.len()));
        }
        out
    }

    fn table<T>(&self, out: &mut String, title: &str, groups: &[Covered<T>]) {
        let head = format!("{title:49}   rows  covered  excused  open");
        *out += &format!("\n{}\n", self.paint.strong(&head));
        let states = [CoverageState::Covered, CoverageState::Excused, CoverageState::Open];
        let mut line = |title: &str, rows: usize, counts: [usize; 3]| {
            let [covered, excused, open] = counts;
            *out += &format!("  {title:47} {rows:>6} {covered:>8} {excused:>8} {open:>5}\n");
        };
        let mut totals = [0; 3];
        for group in groups {
            let counts = states.map(|state| group.count(state));
            line(group.title, group.rows.len(), counts);
            totals.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        }
        line("all", totals.iter().sum(), totals);
    }

    fn section(&self, out: &mut String, section: &str) {
        let prefix = format!("{section} step ");
        let clauses = self.coverage.clauses.iter();
        let steps = clauses.filter_map(|clause| {
            Some((clause.clause.strip_prefix(&prefix)?, clause.checks.is_empty()))
        });
        let (without, with): (Vec<_>, Vec<_>) = steps.partition(|(_, untested)| *untested);
        let all = without.len() + with.len();
        let mut text = format!("{section}: {} of {all} steps", with.len());
        if !without.is_empty() {
            let without: Vec<_> = without.into_iter().map(|(step, _)| step).collect();
            text += &format!(", without {}", without.join(", "));
        }
        *out += &format!("{}\n", self.paint.wrap(&text, "  ", "    "));
    }

    fn reasons(&self, out: &mut String) {
        let mut counts: BTreeMap<GapReason, usize> = BTreeMap::new();
        let Coverage { requirements, fido, flaws, .. } = self.coverage;
        let reasons = gaps(requirements).chain(gaps(fido)).chain(gaps(flaws));
        reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
        if !counts.is_empty() {
            *out += "\nExcused:\n";
        }
        for (reason, count) in counts {
            *out += &format!("  {count:>4}  {reason}: {}\n", reason.meaning());
        }
    }

    fn open(&self, out: &mut String) {
        let Coverage { requirements, fido, flaws, .. } = self.coverage;
        let keys: Vec<_> = open(requirements).chain(open(fido)).chain(open(flaws)).collect();
        if keys.is_empty() {
            *out += "\nEvery row has a check or a reason for having none.\n";
            return;
        }
        *out += "\nOpen, with neither check nor reason:\n";
        for key in keys {
            *out += &format!("  {key}\n");
        }
    }

    fn list<T>(&self, out: &mut String, groups: &[Covered<T>], told: impl Fn(&T) -> String) {
        for group in groups {
            let title = format!("{}: {}", group.id, group.title);
            *out += &format!("{}\n", self.paint.strong(&self.paint.wrap(&title, "", "  ")));
            for CoveredRow { key, row, checks, gap, .. } in &group.rows {
                let key = key.rsplit('/').next().unwrap_or(key);
                let text = format!("{key}  {}", told(row));
                *out += &format!("{}\n", self.paint.wrap(&text, "  ", "      "));
                for check in checks {
                    *out += &format!("      {check}\n");
                }
                let why = match gap {
                    Some(gap) => format!("{}: {}", gap.reason, gap.why),
                    None if checks.is_empty() => "open: neither check nor reason".to_owned(),
                    None => continue,
                };
                let why = self.paint.wrap(&why, "      ", "        ");
                *out += &format!("{}\n", self.paint.faint(&why));
            }
            *out += "\n";
        }
    }
}

fn gaps<T>(groups: &[Covered<T>]) -> impl Iterator<Item = GapReason> {
    groups.iter().flat_map(|group| &group.rows).filter_map(|row| Some(row.gap?.reason))
}

fn open<'a, T>(groups: &'a [Covered<'_, T>]) -> impl Iterator<Item = &'a str> {
    let rows = groups.iter().flat_map(|group| &group.rows);
    rows.filter(|row| row.state == CoverageState::Open).map(|row| row.key.as_str())
}
