use super::entry::HtmlResult;
use crate::catalogue::Check;
use crate::outcome::{CheckResult, Outcome, Summary};
use crate::report::findings::{Shown, by_chapter};

/// The checks of a chapter.
pub(super) struct Chapter<'a> {
    pub(super) name: String,
    /// The number of results with each outcome of the run.
    pub(super) counts: Vec<(Outcome, usize)>,
    pub(super) total: usize,
    pub(super) rules: Vec<RuleResults<'a>>,
}

/// Checks that have their reasons in common.
pub(super) struct RuleResults<'a> {
    pub(super) check: Option<&'a Check>,
    pub(super) entries: Vec<HtmlResult>,
}

/// Every chapter, in the catalogue's order.
pub(super) fn all<'a>(findings: &Shown<'a>, outcomes: &[Outcome]) -> Vec<Chapter<'a>> {
    let chapter = |(name, results): (&str, Vec<(usize, &CheckResult)>)| {
        let summary = Summary::of(results.iter().map(|(_, result)| *result));
        Chapter {
            name: name.to_owned(),
            counts: outcomes.iter().map(|outcome| (*outcome, summary.count(*outcome))).collect(),
            total: results.len(),
            rules: rules(findings, &results),
        }
    };
    let chapters = by_chapter(&findings.report.checks, findings.catalogue);
    chapters.into_iter().map(chapter).collect()
}

fn rules<'a>(findings: &Shown<'a>, results: &[(usize, &CheckResult)]) -> Vec<RuleResults<'a>> {
    let mut rules: Vec<RuleResults<'a>> = Vec::new();
    for (index, result) in results {
        let check = findings.catalogue.find(&result.id);
        let entry = HtmlResult::of(findings, *index, result);
        let is_same = |rule: &&mut RuleResults<'a>| match (rule.check, check) {
            (Some(known), Some(check)) => known.why == check.why && known.fix == check.fix,
            (known, check) => known.is_none() && check.is_none(),
        };
        match rules.iter_mut().rev().find(is_same) {
            Some(rule) => rule.entries.push(entry),
            None => rules.push(RuleResults { check, entries: vec![entry] }),
        }
    }
    rules
}
