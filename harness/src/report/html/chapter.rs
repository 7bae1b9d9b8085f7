use super::entry::Entry;
use crate::catalogue::Check;
use crate::outcome::{CheckResult, Outcome, Summary};
use crate::report::findings::Shown;

/// The checks of a chapter.
pub(super) struct Chapter<'a> {
    pub(super) name: String,
    /// How many came to each outcome of the run.
    pub(super) counts: Vec<(Outcome, usize)>,
    pub(super) total: usize,
    pub(super) rules: Vec<Rule<'a>>,
}

/// Checks that have their reasons in common.
pub(super) struct Rule<'a> {
    pub(super) check: Option<&'a Check>,
    pub(super) entries: Vec<Entry>,
}

/// Every chapter, in the catalogue's order.
pub(super) fn all<'a>(findings: &Shown<'a>, outcomes: &[Outcome]) -> Vec<Chapter<'a>> {
    let mut chapters: Vec<(&str, Vec<(usize, &CheckResult)>)> = Vec::new();
    for (index, result) in findings.report.checks.iter().enumerate() {
        let name = findings.catalogue.find(&result.id).map_or("other", |check| &check.chapter);
        match chapters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, results)) => results.push((index, result)),
            None => chapters.push((name, vec![(index, result)])),
        }
    }
    let chapter = |(name, results): (&str, Vec<(usize, &CheckResult)>)| {
        let summary = Summary::of(results.iter().map(|(_, result)| *result));
        Chapter {
            name: name.to_owned(),
            counts: outcomes.iter().map(|outcome| (*outcome, summary.count(*outcome))).collect(),
            total: results.len(),
            rules: rules(findings, &results),
        }
    };
    chapters.into_iter().map(chapter).collect()
}

fn rules<'a>(findings: &Shown<'a>, results: &[(usize, &CheckResult)]) -> Vec<Rule<'a>> {
    let mut rules: Vec<Rule<'a>> = Vec::new();
    for (index, result) in results {
        let check = findings.catalogue.find(&result.id);
        let entry = Entry::of(findings, *index, result);
        let is_same = |rule: &&mut Rule<'a>| match (rule.check, check) {
            (Some(known), Some(check)) => known.why == check.why && known.fix == check.fix,
            (known, check) => known.is_none() && check.is_none(),
        };
        match rules.iter_mut().rev().find(is_same) {
            Some(rule) => rule.entries.push(entry),
            None => rules.push(Rule { check, entries: vec![entry] }),
        }
    }
    rules
}
