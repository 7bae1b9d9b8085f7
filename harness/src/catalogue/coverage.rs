//! The rows of the [`Index`] that the checks cover.

use serde::Serialize;

use super::index::{FidoTest, Flaw, GapReason, Group, Index, Requirement, Row};
use super::{Catalogue, Check};

/// The groups whose rows must each have a check or a reason: registration and
/// authentication.
const CEREMONIES: [&str; 2] = ["REG", "AUT"];

/// Every row with its checks.
#[derive(Debug, Serialize)]
pub struct Coverage<'a> {
    /// The number of checks.
    pub checks: usize,
    /// Rules.
    pub requirements: Vec<Covered<'a, Requirement>>,
    /// Tests of FIDO's tool.
    pub fido: Vec<Covered<'a, FidoTest>>,
    /// Flaws.
    pub flaws: Vec<Covered<'a, Flaw>>,
    /// The clauses that rules or checks name.
    pub clauses: Vec<Clause<'a>>,
}

/// A group of rows.
#[derive(Debug, Serialize)]
pub struct Covered<'a, T> {
    /// The group's id.
    pub id: &'a str,
    /// The subject of its rows.
    pub title: &'a str,
    /// Its rows.
    pub rows: Vec<CoveredRow<'a, T>>,
}

/// A row and the checks about it.
#[derive(Debug, Serialize)]
pub struct CoveredRow<'a, T> {
    /// The id that is unique among all rows of its kind.
    pub key: String,
    /// The row of the index.
    pub row: &'a T,
    /// Its coverage.
    pub state: CoverageState,
    /// The ids of the checks.
    pub checks: Vec<&'a str>,
    /// The reason for none.
    #[serde(flatten)]
    pub gap: Option<Gap<'a>>,
}

/// A clause and the checks about it.
#[derive(Debug, Serialize)]
pub struct Clause<'a> {
    /// The clause, such as `§7.1 step 9`.
    pub clause: &'a str,
    /// The ids of the checks.
    pub checks: Vec<&'a str>,
}

/// The reason for a row without a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Gap<'a> {
    /// The reason.
    pub reason: GapReason,
    /// The reason at more length.
    pub why: &'a str,
}

/// The coverage of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageState {
    /// It has a check.
    Covered,
    /// It has none, for a stated reason.
    Excused,
    /// It has neither.
    Open,
}

impl<'a> Coverage<'a> {
    /// Counts the catalogue's checks against its index.
    pub fn of(catalogue: &'a Catalogue) -> Self {
        let Catalogue { checks, index, .. } = catalogue;
        Self {
            checks: checks.len(),
            requirements: covered(&index.requirements, checks, index),
            fido: covered(&index.fido, checks, index),
            flaws: covered(&index.flaws, checks, index),
            clauses: clauses(checks, index),
        }
    }

    /// True if every rule about a ceremony has a check or a reason.
    pub fn is_complete(&self) -> bool {
        let ceremonies = self.requirements.iter().filter(|group| CEREMONIES.contains(&group.id));
        ceremonies.flat_map(|group| &group.rows).all(|row| row.state != CoverageState::Open)
    }
}

impl<T> Covered<'_, T> {
    /// The number of rows in that state.
    pub fn count(&self, state: CoverageState) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }
}

fn covered<'a, T: Row>(
    groups: &'a [Group<T>],
    checks: &'a [Check],
    index: &'a Index,
) -> Vec<Covered<'a, T>> {
    let covered_row = |group: &Group<T>, row: &'a T| {
        let key = row.key(&group.id);
        let about = checks.iter().filter(|check| row.is_tested_by(check));
        let checks: Vec<_> = about.map(|check| check.id.as_str()).collect();
        let gap = index.uncovered.iter().find(|uncovered| uncovered.fits::<T>(&key));
        let gap = gap.map(|gap| Gap { reason: gap.reason, why: &gap.why });
        let gap = gap.filter(|_| checks.is_empty());
        let state = match (checks.is_empty(), gap) {
            (false, _) => CoverageState::Covered,
            (true, Some(_)) => CoverageState::Excused,
            (true, None) => CoverageState::Open,
        };
        CoveredRow { key, row, state, checks, gap }
    };
    let of_group = |group: &'a Group<T>| Covered {
        id: &group.id,
        title: &group.title,
        rows: group.rows.iter().map(|row| covered_row(group, row)).collect(),
    };
    groups.iter().map(of_group).collect()
}

/// The clauses in the order of the rules. A check is about its own clause and
/// about that of its requirement.
fn clauses<'a>(checks: &'a [Check], index: &'a Index) -> Vec<Clause<'a>> {
    let required = |check: &'a Check| {
        let requirement = index.requirement(check.requirement.as_deref()?)?;
        Some(requirement.clause.as_str())
    };
    let rules = index.requirements.iter().flat_map(|group| &group.rows);
    let named = rules.map(|row| &row.clause).chain(checks.iter().map(|check| &check.clause));
    let mut clauses: Vec<Clause> = Vec::new();
    for clause in named {
        if clauses.iter().any(|known| known.clause == clause) {
            continue;
        }
        let about = checks
            .iter()
            .filter(|check| check.clause == *clause || required(check) == Some(clause.as_str()));
        let checks = about.map(|check| check.id.as_str()).collect();
        clauses.push(Clause { clause, checks });
    }
    clauses
}
