//! The outcomes that are known, one line for each check: first those that are a library's duty, then, apart from them,
//! the application's. On a thin server the latter test our own lines.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use passrig::catalogue::Catalogue;
use passrig::catalogue::index::Owner;
use passrig::outcome::{CheckResult, Effect, Expectation, Outcome, Report};
use passrig_tests::rps;

/// A golden file.
pub(super) struct Golden {
    /// Each check's id with what it came to, in the file's order.
    checks: Vec<(String, String)>,
    text: String,
}

/// Whether golden files shall be written anew.
pub(super) fn blessing() -> bool {
    std::env::var_os("PASSRIG_BLESS").is_some_and(|value| value == "1")
}

impl Golden {
    pub(super) fn of(report: &Report, catalogue: &Catalogue) -> Self {
        let checks = report.checks.iter().map(|result| (result.id.clone(), words(result)));
        Self::written(checks.collect(), catalogue)
    }

    fn written(checks: Vec<(String, String)>, catalogue: &Catalogue) -> Self {
        let mut text = String::from(
            "# What passrig says of this relying party. Written by its test with PASSRIG_BLESS=1.\n",
        );
        let (library, application): (Vec<_>, Vec<_>) = checks.into_iter().partition(|(id, _)| {
            let check = catalogue.find(id);
            check.and_then(|check| catalogue.index.owner(check)) != Some(Owner::Application)
        });
        for (owner, checks) in [("library", &library), ("application", &application)] {
            writeln!(text, "\n[{owner}.counts]").unwrap();
            for outcome in Outcome::ALL {
                let count = checks.iter().filter(|(_, words)| came_to(words, outcome)).count();
                writeln!(text, "{outcome} = {count}").unwrap();
            }
            writeln!(text, "\n[{owner}.checks]").unwrap();
            for (id, words) in checks {
                writeln!(text, "\"{id}\" = \"{words}\"").unwrap();
            }
        }
        Self::parse(text)
    }

    /// The same with the other one's races: whether one is lost is no matter of every run.
    pub(super) fn with_races_of(&self, other: &Self, catalogue: &Catalogue) -> Self {
        let races = other.checks.iter().filter(|(id, words)| {
            let exclusive = catalogue.find(id).is_some_and(|check| check.exclusive);
            exclusive && is_decided_race(words)
        });
        let races: BTreeMap<_, _> = races.cloned().collect();
        let checks = self.checks.iter().map(|(id, words)| {
            let words = races.get(id).filter(|_| is_decided_race(words)).unwrap_or(words);
            (id.clone(), words.clone())
        });
        Self::written(checks.collect(), catalogue)
    }

    pub(super) fn read(name: &str) -> Self {
        let file = path(name);
        let text = std::fs::read_to_string(&file);
        Self::parse(text.unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    pub(super) fn write(&self, name: &str) {
        std::fs::write(path(name), &self.text).unwrap();
    }

    /// The checks that are a fail, a warning or a note, and what they came to; but no race that was run and not lost.
    pub(super) fn divergences(&self, catalogue: &Catalogue) -> Vec<(&str, &str)> {
        let diverges = |(id, came_to): &&(String, String)| {
            let mut words = came_to.split(' ');
            match words.next() {
                Some("fail" | "warn") => true,
                Some("note") => {
                    let expected = catalogue.find(id).map(|check| check.expects.to_string());
                    words.next() != expected.as_deref()
                }
                _ => false,
            }
        };
        let checks = self.checks.iter().filter(diverges);
        checks.map(|(id, words)| (id.as_str(), words.as_str())).collect()
    }

    /// What is different in the other one, a line for each; nothing if they are the same. `reason` is that of a check's
    /// new outcome.
    pub(super) fn differences<'a>(
        &self,
        found: &Self,
        reason: impl Fn(&str) -> Option<&'a str>,
    ) -> String {
        let why = |id| reason(id).map(|reason| format!(" ({reason})")).unwrap_or_default();
        let map = |golden: &Self| golden.checks.iter().cloned().collect::<BTreeMap<_, _>>();
        let (golden, new) = (map(self), map(found));
        let mut out = String::new();
        for (id, words) in &self.checks {
            match new.get(id) {
                Some(found) if found == words => {}
                Some(found) => writeln!(out, "  {id}: {words} → {found}{}", why(id)).unwrap(),
                None => writeln!(out, "  {id}: {words} → no such check").unwrap(),
            }
        }
        for (id, words) in found.checks.iter().filter(|(id, _)| !golden.contains_key(id)) {
            writeln!(out, "  {id}: new → {words}{}", why(id)).unwrap();
        }
        if out.is_empty() && self.text != found.text {
            out.push_str("  the same outcomes, but in another order or form\n");
        }
        out
    }

    /// Every file is written by [`Golden::of`]: a check is a line, its id in quotation marks.
    fn parse(text: String) -> Self {
        let check = |line: &str| {
            let (id, words) = line.strip_prefix('"')?.split_once("\" = ")?;
            Some((id.to_owned(), words.trim_matches('"').to_owned()))
        };
        let checks = text.lines().filter_map(check).collect();
        Self { checks, text }
    }
}

fn came_to(words: &str, outcome: Outcome) -> bool {
    words.split(' ').next() == Some(outcome.name())
}

/// A race that was lost, or not lost in any round, whatever the last one was answered with: two at once may also end in
/// the database's error.
fn is_decided_race(words: &str) -> bool {
    let mut decided = Outcome::ALL.into_iter().filter(|outcome| outcome.is_decided());
    decided.any(|outcome| came_to(words, outcome))
}

/// The outcome, and how it came to be: what is the same in every run.
fn words(result: &CheckResult) -> String {
    let mut words = vec![result.outcome.to_string()];
    // How it survived may differ: of a large body it may have read all, some or nothing.
    if result.expected == Expectation::Survives && result.outcome == Outcome::Pass {
        return words.concat();
    }
    words.extend(result.verdict.map(|verdict| verdict.to_string()));
    words.extend(result.manner.clone());
    if result.effect != Effect::Unobserved {
        words.push(result.effect.to_string());
    }
    if !result.outcome.is_decided() {
        // The first word is of a closed list; what follows may differ.
        let reason = result.reason.iter().filter_map(|reason| reason.split(':').next());
        words.extend(reason.map(str::to_owned));
    }
    words.join(" ")
}

fn path(name: &str) -> PathBuf {
    rps::dir(name).join("golden.toml")
}

#[test]
fn golden_files_are_toml() {
    for (name, _) in super::ALL {
        let golden = Golden::read(name);
        let table: toml::Table = golden.text.parse().unwrap();
        let mut seen = 0;
        for owner in ["library", "application"] {
            let checks = table[owner]["checks"].as_table().unwrap();
            let words: Vec<_> = checks.values().map(|words| words.as_str().unwrap()).collect();
            for outcome in Outcome::ALL {
                let count = words.iter().filter(|words| came_to(words, outcome)).count();
                let told = table[owner]["counts"][outcome.name()].as_integer();
                assert_eq!(told, i64::try_from(count).ok(), "{name}: {owner}, {outcome}");
            }
            seen += checks.len();
        }
        assert_eq!(seen, golden.checks.len(), "{name}");
    }
}

#[test]
fn differences_are_readable() {
    let golden = |lines: &str| Golden::parse(format!("[checks]\n{lines}"));
    let known = golden("\"a.b\" = \"pass refused\"\n\"a.c\" = \"fail accepted\"\n");
    let found = golden("\"a.b\" = \"fail accepted\"\n\"a.d\" = \"skipped setting\"\n");
    insta::assert_snapshot!(known.differences(&found, |id| (id == "a.b").then_some("signed in")), @"
    a.b: pass refused → fail accepted (signed in)
    a.c: fail accepted → no such check
    a.d: new → skipped setting
    ");
    assert_eq!(known.differences(&known, |_| None), "");
    assert_eq!(known.divergences(&Catalogue::default()), [("a.c", "fail accepted")]);
}

#[test]
fn a_race_may_end_in_the_databases_error() {
    let catalogue = Catalogue::builtin().unwrap();
    let came_to = |words: &str| {
        let check = ("authentication.sign-count.race".to_owned(), words.to_owned());
        Golden::written(vec![check], &catalogue)
    };
    let golden = came_to("warn refused server-error");
    let found = came_to("note accepted redirect").with_races_of(&golden, &catalogue);
    assert_eq!(golden.differences(&found, |_| None), "");
}
