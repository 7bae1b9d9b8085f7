//! `CHANGELOG-verdicts.toml` is the difference between the last release and the catalogue.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use passrig::catalogue::{Catalogue, Check};
use serde::Deserialize;

/// The list.
const CHANGES: &str = include_str!("../../../CHANGELOG-verdicts.toml");
/// ID, level, importance and clause of each check of the last release.
const RELEASED: &str = include_str!("released.txt");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    #[serde(default)]
    change: Vec<Change>,
    #[serde(default)]
    new: Vec<Checks>,
    #[serde(default)]
    removed: Vec<Checks>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    checks: Vec<String>,
    member: String,
    /// Absent if the checks did not have the member.
    before: Option<String>,
    after: String,
    /// The sentence for users whose build has another result.
    users: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checks {
    checks: Vec<String>,
    users: String,
}

fn all(catalogue: &Catalogue) -> impl Iterator<Item = &Check> {
    catalogue.checks.iter().chain(&catalogue.page)
}

fn member(check: &Check, name: &str) -> Option<String> {
    match name {
        "level" => Some(check.level.to_string()),
        "importance" => Some(check.importance.to_string()),
        "clause" => Some(check.clause.clone()),
        "implied_by" => check.implied_by.clone(),
        "importance_for_owner" => check.importance_for_owner.map(|one| one.to_string()),
        other => panic!("no check has the member `{other}`"),
    }
}

/// Level, importance and clause of each check of the last release.
fn released() -> BTreeMap<&'static str, [&'static str; 3]> {
    let line = |line: &'static str| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap();
        (next(), [next(), next(), next()])
    };
    RELEASED.lines().map(line).collect()
}

#[test]
fn every_row_is_as_the_catalogue_says() {
    let (catalogue, changes) = (Catalogue::builtin().unwrap(), changes());
    let mut wrong = Vec::new();
    for change in &changes.change {
        for id in &change.checks {
            let check = catalogue
                .find(id)
                .unwrap_or_else(|| panic!("expected a check with the ID {id}, found none"));
            let found = member(check, &change.member);
            if found.as_deref() != Some(change.after.as_str()) || change.before == found {
                wrong.push(format!("{id}: {}: {}, not {found:?}", change.member, change.after));
            }
        }
        assert!(!change.users.is_empty(), "{:?}", change.checks);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for checks in changes.new.iter().chain(&changes.removed) {
        assert!(!checks.users.is_empty(), "{:?}", checks.checks);
    }
}

#[test]
fn every_change_since_the_last_release_is_listed() {
    let (catalogue, changes, released) = (Catalogue::builtin().unwrap(), changes(), released());
    let mut listed: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
    for change in &changes.change {
        for id in &change.checks {
            let before = listed.insert((id, &change.member), change.before.as_deref());
            assert!(before.is_none(), "{id} has two rows for {}", change.member);
        }
    }
    let mut expected = BTreeMap::new();
    for check in all(&catalogue) {
        let Some(before) = released.get(check.id.as_str()) else { continue };
        for (name, before) in ["level", "importance", "clause"].into_iter().zip(before) {
            if member(check, name).as_deref() != Some(*before) {
                expected.insert((check.id.as_str(), name), Some(*before));
            }
        }
    }
    listed.retain(|(_, member), _| ["level", "importance", "clause"].contains(member));
    assert_eq!(listed, expected);

    let ids: BTreeSet<&str> = all(&catalogue).map(|check| check.id.as_str()).collect();
    let known: BTreeSet<&str> = released.keys().copied().collect();
    let of = |lists: &'static str| {
        let changes = self::changes();
        let lists = if lists == "new" { changes.new } else { changes.removed };
        lists.into_iter().flat_map(|list| list.checks).collect::<BTreeSet<String>>()
    };
    let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<BTreeSet<String>>();
    assert_eq!(of("new"), owned(ids.difference(&known).copied().collect()));
    assert_eq!(of("removed"), owned(known.difference(&ids).copied().collect()));
}

fn changes() -> Changes {
    toml::from_str(CHANGES).unwrap()
}
