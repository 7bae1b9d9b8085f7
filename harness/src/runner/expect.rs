//! Known failures, and the last day on which each counts.

use std::fmt;

use crate::catalogue::Check;
use crate::outcome::{CheckResult, Outcome, Report, StaleExpectation, Staleness};

use crate::catalogue::glob::matches;

/// An entry of the list: these checks do not pass, for this reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// An id, or a glob.
    pub check: String,
    /// Their outcome; if absent, any but pass.
    pub outcome: Option<Outcome>,
    /// The reason for which that is accepted for now.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Option<Date>,
}

/// A day, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: u16,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 to 31.
    pub day: u8,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl KnownFailure {
    /// True if it is about this check.
    pub fn concerns(&self, id: &str) -> bool {
        matches(&self.check, id)
    }

    /// True if it covers this result.
    pub fn covers(&self, result: &CheckResult) -> bool {
        !matches!(result.outcome, Outcome::Pass | Outcome::Skipped)
            && self.outcome.is_none_or(|outcome| outcome == result.outcome)
            && self.concerns(&result.id)
    }

    /// True if it no longer counts.
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }

    /// The reason why it is of no use, if that can be known: everything among `checks`
    /// that it is about was run, something was decided, and nothing needed it. A
    /// part of the checks proves nothing about an entry for all of them.
    pub fn staleness(
        &self,
        checks: &[Check],
        results: &[CheckResult],
        today: Date,
    ) -> Option<Staleness> {
        let about = || results.iter().filter(|result| self.concerns(&result.id));
        if self.is_expired(today) {
            return about().next().map(|_| Staleness::Expired);
        }
        let all = checks.iter().filter(|check| self.concerns(&check.id));
        let complete = all.into_iter().all(|check| about().any(|result| result.id == check.id));
        let decided = about().any(|result| result.outcome.is_decided());
        let used = about().any(|result| self.covers(result));
        (complete && decided && !used).then_some(Staleness::Unneeded)
    }
}

/// Compares a report on some of these checks, or all, with what was expected:
/// every result that was foreseen gets the reason, and every entry that is of no
/// use is listed.
pub fn settle(report: &mut Report, expectations: &[KnownFailure], checks: &[Check], today: Date) {
    for result in &mut report.checks {
        let mut valid = expectations.iter().filter(|entry| !entry.is_expired(today));
        let entry = valid.find(|entry| entry.covers(result));
        result.known = entry.map(|entry| entry.reason.clone());
    }
    let stale = expectations.iter().filter_map(|entry| {
        let staleness = entry.staleness(checks, &report.checks, today)?;
        let KnownFailure { check, outcome, reason, .. } = entry.clone();
        Some(StaleExpectation { check, outcome, reason, staleness })
    });
    report.stale = stale.collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::FailOn;
    use crate::samples;

    const TODAY: Date = Date { year: 2026, month: 5, day: 17 };

    fn entry(check: &str, outcome: Option<Outcome>) -> KnownFailure {
        KnownFailure { check: check.to_owned(), outcome, reason: "known".to_owned(), expires: None }
    }

    /// A report of these checks, with what each came to.
    fn report(results: &[(&str, Outcome)]) -> Report {
        let sample = samples::report();
        let template = sample.checks[0].clone();
        let result = |(id, outcome): &(&str, Outcome)| CheckResult {
            id: (*id).to_owned(),
            outcome: *outcome,
            ..template.clone()
        };
        Report { checks: results.iter().map(result).collect(), ..sample }
    }

    const SUBDOMAIN: &str = "registration.origin.subdomain";
    const PORT: &str = "registration.origin.port";

    fn settled(results: &[(&str, Outcome)], entries: &[KnownFailure]) -> (Vec<bool>, u8, Report) {
        let mut report = report(results);
        settle(&mut report, entries, &samples::catalogue().checks, TODAY);
        let known = report.checks.iter().map(|result| result.known.is_some()).collect();
        (known, FailOn::default().exit_code(&report), report)
    }

    #[test]
    fn what_was_foreseen_does_not_fail() {
        use Outcome::{Error, Fail, Inconclusive};
        for outcome in [Fail, Error, Inconclusive] {
            let (known, code, _) = settled(&[(PORT, outcome)], &[entry(PORT, None)]);
            assert_eq!((known, code), (vec![true], 0), "{outcome}");
            let (known, code, _) = settled(&[(PORT, outcome)], &[]);
            assert_eq!((known, code), (vec![false], 1), "{outcome}");
        }
    }

    #[test]
    fn a_pinned_outcome_is_no_other() {
        let entries = [entry(PORT, Some(Outcome::Fail))];
        let (known, code, report) = settled(&[(PORT, Outcome::Error)], &entries);
        assert_eq!((known, code), (vec![false], 1));
        // Nothing was decided, so that nothing is proven about the entry.
        assert!(report.stale.is_empty());
        let (_, code, report) = settled(&[(PORT, Outcome::Warn)], &entries);
        assert_eq!((report.stale[0].staleness, code), (Staleness::Unneeded, 1));
    }

    #[test]
    fn an_unexpected_pass_fails() {
        let (_, code, report) = settled(&[(PORT, Outcome::Pass)], &[entry(PORT, None)]);
        assert_eq!((report.stale[0].staleness, code), (Staleness::Unneeded, 1));
    }

    #[test]
    fn a_glob_is_needed_if_one_check_needs_it() {
        let entries = [entry("registration.origin", None)];
        let all = [(SUBDOMAIN, Outcome::Pass), (PORT, Outcome::Fail)];
        let (known, code, report) = settled(&all, &entries);
        assert_eq!((known, code, report.stale.len()), (vec![false, true], 0, 0));
    }

    #[test]
    fn a_part_of_the_checks_proves_nothing_about_the_rest() {
        let glob = [entry("registration.origin", None)];
        let (_, code, report) = settled(&[(SUBDOMAIN, Outcome::Pass)], &glob);
        assert_eq!((code, report.stale.len()), (0, 0));
        // Not run at all, or not sent.
        for results in [&[(SUBDOMAIN, Outcome::Pass)][..], &[(PORT, Outcome::Skipped)]] {
            let (_, code, report) = settled(results, &[entry(PORT, None)]);
            assert_eq!((code, report.stale.len()), (0, 0));
        }
        // A check that cannot be sent to this target is not a part that is still to come.
        let rest = [(SUBDOMAIN, Outcome::Skipped), (PORT, Outcome::Pass)];
        assert_eq!(settled(&rest, &glob).1, 1);
    }

    #[test]
    fn an_expired_entry_does_not_count_and_is_listed() {
        let on = |day| KnownFailure { expires: Some(Date { day, ..TODAY }), ..entry(PORT, None) };
        let (known, code, report) = settled(&[(PORT, Outcome::Fail)], &[on(16)]);
        assert_eq!((known, code), (vec![false], 1));
        assert_eq!(report.stale[0].staleness, Staleness::Expired);
        let (known, code, report) = settled(&[(PORT, Outcome::Fail)], &[on(17)]);
        assert_eq!((known, code, report.stale.len()), (vec![true], 0, 0));
        // By itself it is a remark.
        assert_eq!(settled(&[(PORT, Outcome::Pass)], &[on(16)]).1, 0);
        assert_eq!(settled(&[(SUBDOMAIN, Outcome::Pass)], &[on(16)]).2.stale.len(), 0);
    }
}
