//! Golden files: the outcomes of an RP that differ from the default.
//!
//! The default of a check is `pass`, or `skipped` for a reason that the header declares. So a new check edits no golden
//! file unless an RP fails it. The lines are those of the library's duty first, then the application's: on a thin server
//! the latter test our own code.

mod skips;
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use passrig::catalogue::index::Owner;
use passrig::catalogue::{Catalogue, Check};
use passrig::outcome::{CheckResult, Effect, Outcome, Report, Summary};
use passrig_tests::rps;
use serde::{Deserialize, Serialize};

use self::skips::Skips;

const HEADER: &str = "\
# Checks whose outcome differs from the default: pass, or skipped for a reason in [skipped].
# Written by PASSRIG_BLESS=1; tests/rps/README.md explains the format.

";

/// A golden file: the declared skips, then the words of each check that differs from the default, by ID.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Golden {
    #[serde(default)]
    skipped: Skips,
    #[serde(default)]
    library: BTreeMap<String, String>,
    #[serde(default)]
    application: BTreeMap<String, String>,
}

/// The words of a check in a run, and the reason of the result.
pub(super) struct Found {
    words: String,
    reason: Option<String>,
}

/// A mistake in a golden file that needs no run to be seen.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mistake {
    #[error("invalid golden file: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("unknown check `{id}`; did you mean `{near}`?")]
    UnknownCheck { id: String, near: String },
    #[error("superfluous line `{id}`: `{words}` is the default; remove the line")]
    Superfluous { id: String, words: String },
    #[error("invalid line `{id}`: expected an outcome, found `{words}`")]
    UnknownOutcome { id: String, words: String },
    #[error(
        "invalid line `{id}`: the check is the duty of the {owner}; move the line to [{owner}]"
    )]
    OtherOwner { id: String, owner: &'static str },
    #[error(
        "invalid entry `{entry}` of [skipped] {reason}: the entry covers no check of the catalogue; remove it"
    )]
    UnknownNeed { reason: String, entry: String },
    #[error("expected the file as PASSRIG_BLESS=1 writes it, found another order or form")]
    Form,
}

/// A difference between a golden file and a run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Difference {
    #[error("{id}: expected {expected}, found {found}{why}")]
    Outcome { id: String, expected: String, found: String, why: String },
    #[error("stale line `{id}`: expected {expected}, found {found}, the default; remove the line")]
    StaleLine { id: String, expected: String, found: String },
    #[error("stale entry `{entry}` of [skipped] {reason}: no check is skipped for it; remove it")]
    StaleEntry { reason: String, entry: String },
    #[error("{id}: not yet run")]
    NotRun { id: String },
}

/// True if golden files are to be written anew.
pub(super) fn blessing() -> bool {
    std::env::var_os("PASSRIG_BLESS").is_some_and(|value| value == "1")
}

/// The outcomes of a run, by check ID.
pub(super) fn found(report: &Report) -> BTreeMap<String, Found> {
    let found = |result: &CheckResult| Found { words: words(result), reason: result.reason_text() };
    report.checks.iter().map(|result| (result.id.clone(), found(result))).collect()
}

/// The counts of a run, by owner.
pub(super) fn counts(report: &Report, catalogue: &Catalogue) -> String {
    let mut out = String::new();
    for owner in OWNERS {
        let is_own = |result: &&CheckResult| owner_of(&result.id, catalogue) == owner;
        let summary = Summary::of(report.checks.iter().filter(is_own));
        write!(out, " {owner}:").unwrap();
        for outcome in Outcome::ALL {
            write!(out, " {outcome} {}", summary.count(outcome)).unwrap();
        }
    }
    out
}

impl Golden {
    pub(super) fn read(name: &str) -> Self {
        let file = path(name);
        let text = std::fs::read_to_string(&file);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// The file if it exists: a new RP has none.
    pub(super) fn read_or_default(name: &str) -> Self {
        if path(name).exists() { Self::read(name) } else { Self::default() }
    }

    fn parse(text: &str) -> Result<Self, Mistake> {
        Ok(toml::from_str(text)?)
    }

    pub(super) fn write(&self, name: &str) {
        std::fs::write(path(name), self.text()).unwrap();
    }

    fn text(&self) -> String {
        format!("{HEADER}{}", toml::to_string_pretty(self).unwrap())
    }

    /// The file of a run. Declared skips stay as far as the run has them, and needs that explain the other skips are
    /// added.
    pub(super) fn of(found: &BTreeMap<String, Found>, known: &Self, catalogue: &Catalogue) -> Self {
        let (skipped, ran) = skipped_and_ran(found, catalogue);
        let mut golden = Self { skipped: known.skipped.renewed(&skipped, &ran), ..Self::default() };
        for (id, Found { words, .. }) in found {
            if !golden.is_default(id, words, catalogue) {
                let lines = match owner_of(id, catalogue) {
                    LIBRARY => &mut golden.library,
                    _ => &mut golden.application,
                };
                lines.insert(id.clone(), words.clone());
            }
        }
        golden
    }

    /// The differences between this file and a run of the whole catalogue.
    pub(super) fn differences(
        &self,
        found: &BTreeMap<String, Found>,
        catalogue: &Catalogue,
    ) -> Vec<Difference> {
        let mut differences = Vec::new();
        for check in &catalogue.checks {
            let id = check.id.clone();
            let line = self.lines().find(|(known, _)| **known == id).map(|(_, words)| words);
            let Some(Found { words, reason }) = found.get(&id) else {
                differences.push(Difference::NotRun { id });
                continue;
            };
            let is_default = self.is_default(&id, words, catalogue);
            let is_same = line.map_or(is_default, |line| line == words);
            // One run may lose a race that another one does not.
            let is_race =
                check.exclusive && is_decided(words) && line.is_none_or(|l| is_decided(l));
            if is_same || is_race {
                continue;
            }
            let found = words.clone();
            let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            differences.push(match line.cloned() {
                Some(expected) if is_default => Difference::StaleLine { id, expected, found },
                Some(expected) => Difference::Outcome { id, expected, found, why },
                None => Difference::Outcome { id, expected: DEFAULT.to_owned(), found, why },
            });
        }
        let (skipped, _) = skipped_and_ran(found, catalogue);
        let stale = self.skipped.stale(&skipped).into_iter().map(|(reason, entry)| {
            Difference::StaleEntry { reason: reason.to_owned(), entry: entry.to_owned() }
        });
        differences.extend(stale);
        differences
    }

    /// The mistakes in this file, whose text is given.
    fn mistakes(&self, text: &str, catalogue: &Catalogue) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (owner, lines) in [(LIBRARY, &self.library), (APPLICATION, &self.application)] {
            for (id, words) in lines {
                let (id, words) = (id.clone(), words.clone());
                if !catalogue.checks.iter().any(|check| check.id == id) {
                    let near = nearest(&id, catalogue);
                    mistakes.push(Mistake::UnknownCheck { id, near });
                } else if !Outcome::ALL.into_iter().any(|outcome| came_to(&words, outcome)) {
                    mistakes.push(Mistake::UnknownOutcome { id, words });
                } else if self.is_default(&id, &words, catalogue) {
                    mistakes.push(Mistake::Superfluous { id, words });
                } else if owner_of(&id, catalogue) != owner {
                    let owner = owner_of(&id, catalogue);
                    mistakes.push(Mistake::OtherOwner { id, owner });
                }
            }
        }
        let unknown = self.skipped.unknown(catalogue).into_iter().map(|(reason, entry)| {
            Mistake::UnknownNeed { reason: reason.to_owned(), entry: entry.to_owned() }
        });
        mistakes.extend(unknown);
        if mistakes.is_empty() && text != self.text() {
            mistakes.push(Mistake::Form);
        }
        mistakes
    }

    /// The checks that are a fail, a warning or a note, with their words; but no race that was run and not lost.
    pub(super) fn divergences(&self, catalogue: &Catalogue) -> Vec<(&str, &str)> {
        let diverges = |(id, words): &(&String, &String)| {
            let mut words = words.split(' ');
            match words.next() {
                Some("fail" | "warn") => true,
                Some("note") => {
                    let expected = catalogue.find(id).map(|check| check.expects.to_string());
                    words.next() != expected.as_deref()
                }
                _ => false,
            }
        };
        let lines = self.lines().filter(diverges);
        lines.map(|(id, words)| (id.as_str(), words.as_str())).collect()
    }

    fn is_default(&self, id: &str, words: &str, catalogue: &Catalogue) -> bool {
        came_to(words, Outcome::Pass)
            || catalogue
                .find(id)
                .zip(skip_reason(words))
                .is_some_and(|(check, reason)| self.skipped.cover(reason, check))
    }

    fn lines(&self) -> impl Iterator<Item = (&String, &String)> {
        self.library.iter().chain(&self.application)
    }
}

const LIBRARY: &str = "library";
const APPLICATION: &str = "application";
const OWNERS: [&str; 2] = [LIBRARY, APPLICATION];

/// The default, in messages.
const DEFAULT: &str = "pass or a declared skip";

fn owner_of(id: &str, catalogue: &Catalogue) -> &'static str {
    match catalogue.find(id).and_then(|check| catalogue.index.owner(check)) {
        Some(Owner::Application) => APPLICATION,
        _ => LIBRARY,
    }
}

/// The check ID that is most like this one.
fn nearest(id: &str, catalogue: &Catalogue) -> String {
    let likeness = |known: &&String| strsim::normalized_damerau_levenshtein(id, known);
    let ids = catalogue.checks.iter().map(|check| &check.id);
    let near = ids.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    near.cloned().unwrap_or_default()
}

/// The skipped checks with their reasons, and the checks that ran.
fn skipped_and_ran<'a>(
    found: &'a BTreeMap<String, Found>,
    catalogue: &'a Catalogue,
) -> (Vec<(&'a str, &'a Check)>, Vec<&'a Check>) {
    let mut skipped = Vec::new();
    let mut ran = Vec::new();
    for (id, Found { words, .. }) in found {
        let Some(check) = catalogue.find(id) else { continue };
        match skip_reason(words) {
            Some(reason) => skipped.push((reason, check)),
            None => ran.push(check),
        }
    }
    (skipped, ran)
}

fn skip_reason(words: &str) -> Option<&str> {
    words.strip_prefix(Outcome::Skipped.name())?.strip_prefix(' ')
}

fn came_to(words: &str, outcome: Outcome) -> bool {
    words.split(' ').next() == Some(outcome.name())
}

/// True for a race that was lost, or not lost in any round, whatever the last answer was: two requests at once may also
/// end in an error of the database.
fn is_decided(words: &str) -> bool {
    let mut decided = Outcome::ALL.into_iter().filter(|outcome| outcome.is_decided());
    decided.any(|outcome| came_to(words, outcome))
}

/// The outcome, verdict, manner and effect of a result: the parts that are equal in every run.
fn words(result: &CheckResult) -> String {
    let mut words = vec![result.outcome.to_string()];
    words.extend(result.verdict.map(|verdict| verdict.to_string()));
    words.extend(result.manner.map(|manner| manner.name().to_owned()));
    if result.effect != Effect::Unobserved {
        words.push(result.effect.to_string());
    }
    if !result.outcome.is_decided() {
        // The first word is of a closed list; what follows may differ.
        let reason = result.reason_text().unwrap_or_default();
        words.extend(reason.split(':').next().filter(|word| !word.is_empty()).map(str::to_owned));
    }
    words.join(" ")
}

fn path(name: &str) -> PathBuf {
    rps::dir(name).join("golden.toml")
}
