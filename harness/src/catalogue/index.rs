//! The tables that the checks are counted against, as data: `catalogue/index/*.toml`.
//!
//! The rules of the specification, the tests of FIDO's conformance tool, the
//! flaws that relying parties are known for, and why some of them have no check.

use std::collections::HashSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Catalogue, Check, glob};
use crate::outcome::{Level, Verdict};
use crate::toml_file::{TomlFile, TomlMistake};

/// All rows, in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The rules.
    pub requirements: Vec<Group<Requirement>>,
    /// The tests of FIDO's conformance tool, by suite.
    pub fido: Vec<Group<FidoTest>>,
    /// The known flaws.
    pub flaws: Vec<Group<Flaw>>,
    /// The reason for rows without a check.
    pub uncovered: Vec<Uncovered>,
}

/// Rows that belong together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group<T> {
    /// The beginning of the IDs of its rows; the name of a suite.
    pub id: String,
    /// The subject of the rows.
    pub title: String,
    /// The rows.
    pub rows: Vec<T>,
}

/// A rule: a row of the table that checks are written from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The id, such as `REG-06`.
    pub id: String,
    /// Where it stands.
    pub clause: String,
    /// The strength of the demand, unless a check states another one.
    pub level: Level,
    /// The party that must fulfil it.
    pub owner: Owner,
    /// The fact that the RP must establish.
    pub title: String,
    /// A remark about its level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A test of FIDO's conformance tool, as far as it is publicly known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FidoTest {
    /// The id within the suite, such as `F-14`.
    pub id: String,
    /// In which of the known lists it stands.
    pub generation: Generation,
    /// The party that must fulfil the rule behind it.
    pub owner: Owner,
    /// The verdict that the tool demands.
    pub expects: Verdict,
    /// The attempt, in short.
    pub sends: String,
    /// Ids or globs of our checks.
    #[serde(default, skip_serializing)]
    pub checks: Vec<String>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A class of flaws that real relying parties had.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flaw {
    /// The id, such as `challenge.reuse`.
    pub id: String,
    /// The error of such an RP.
    pub title: String,
    /// The party that must prevent it.
    pub owner: Owner,
    /// The sources: advisories, issues, studies.
    pub source: String,
    /// The share of sites that had it, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Ids or globs of our checks.
    #[serde(default, skip_serializing)]
    pub checks: Vec<String>,
}

/// So many sites of so many.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Those that had the flaw.
    pub sites: u32,
    /// Those that were tried.
    pub of: u32,
}

/// The reason for rows without a check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uncovered {
    /// The reason.
    pub reason: GapReason,
    /// The reason at more length.
    pub why: String,
    /// Ids or globs of requirements.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// `SUITE/ID` or globs of FIDO's tests.
    #[serde(default)]
    pub fido: Vec<String>,
    /// Ids or globs of flaws.
    #[serde(default)]
    pub flaws: Vec<String>,
}

impl Uncovered {
    /// True if it is about the row with that key.
    pub(super) fn fits<T: Row>(&self, key: &str) -> bool {
        T::patterns(self).iter().any(|pattern| glob::matches(pattern, key))
    }
}

/// The party that must fulfil a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The WebAuthn library's: it can be established from the response and
    /// what the RP expects.
    Library,
    /// The application's: it takes accounts, sessions, storage or policy.
    Application,
}

/// In which list a test of FIDO's tool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Generation {
    /// In both.
    #[serde(rename = "both")]
    Both,
    /// Only in that of 2021.
    #[serde(rename = "2021")]
    Of2021,
    /// Only in that of tool 1.9.
    #[serde(rename = "1.9")]
    Of1_9,
}

passrig_authenticator::named_enum! {
    /// The closed list of reasons for having no check.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum GapReason {
        /// It is an honest ceremony, such as every run performs around each attempt.
        #[serde(rename = "honest-twins")]
        HonestControls = "honest-twins",
        /// Only a browser could break or notice it.
        ClientOnly = "client-only",
        /// It leaves no trace in the answers of an RP.
        NotOverHttp = "not-over-http",
        /// The product around the ceremony decides; there is nothing common to send.
        ProductSpecific = "product-specific",
        /// The specification or the tool no longer has it, or no product uses it.
        Outdated = "outdated",
        /// The tool demands it, the specification does not, or says the contrary.
        ToolOnly = "tool-only",
    }
}

impl GapReason {
    /// The meaning.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::HonestControls => "an honest ceremony, as around each attempt",
            Self::ClientOnly => "only a browser could break or notice it",
            Self::NotOverHttp => "it leaves no trace in what an RP answers",
            Self::ProductSpecific => "nothing common to all products could be sent",
            Self::Outdated => "no longer in the specification, the tool or the field",
            Self::ToolOnly => "the tool demands what the specification does not",
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row of a table that checks can be about.
pub trait Row {
    /// The id that is unique among all rows of its kind.
    fn key(&self, group: &str) -> String;

    /// True if the check is about it.
    fn is_tested_by(&self, check: &Check) -> bool {
        self.globs().iter().any(|glob| glob::matches(glob, &check.id))
    }

    /// The ids and globs of checks that it states itself.
    fn globs(&self) -> &[String];

    /// The patterns of uncovered rows of its kind.
    fn patterns(uncovered: &Uncovered) -> &[String];
}

impl Row for Requirement {
    fn key(&self, _: &str) -> String {
        self.id.clone()
    }

    fn is_tested_by(&self, check: &Check) -> bool {
        check.requirement.as_ref() == Some(&self.id)
    }

    fn globs(&self) -> &[String] {
        &[]
    }

    fn patterns(uncovered: &Uncovered) -> &[String] {
        &uncovered.requirements
    }
}

impl Row for FidoTest {
    fn key(&self, group: &str) -> String {
        format!("{group}/{}", self.id)
    }

    fn globs(&self) -> &[String] {
        &self.checks
    }

    fn patterns(uncovered: &Uncovered) -> &[String] {
        &uncovered.fido
    }
}

impl Row for Flaw {
    fn key(&self, _: &str) -> String {
        self.id.clone()
    }

    fn globs(&self) -> &[String] {
        &self.checks
    }

    fn patterns(uncovered: &Uncovered) -> &[String] {
        &uncovered.flaws
    }
}

impl Index {
    /// The rows that come with the program.
    pub fn builtin() -> Result<Self, Box<TomlMistake>> {
        Files::BUILTIN.read()
    }

    /// The requirement with that id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().flat_map(|group| &group.rows).find(|row| row.id == id)
    }

    /// The party that must fulfil the rule of the check.
    pub fn owner(&self, check: &Check) -> Option<Owner> {
        Some(self.requirement(check.requirement.as_deref()?)?.owner)
    }

    /// The tests of FIDO's tool that the check covers, as `SUITE/ID`.
    pub fn fido_of(&self, check: &Check) -> impl Iterator<Item = String> {
        self.fido.iter().flat_map(move |suite| {
            let same = suite.rows.iter().filter(move |test| test.is_tested_by(check));
            same.map(|test| test.key(&suite.id))
        })
    }

    /// The flaws that the check finds.
    pub fn flaws_of(&self, check: &Check) -> impl Iterator<Item = &Flaw> {
        let all = self.flaws.iter().flat_map(|group| &group.rows);
        all.filter(move |flaw| flaw.is_tested_by(check))
    }
}

/// The files that an index is read from.
pub(super) struct Files<'a> {
    requirements: TomlFile<'a>,
    fido: TomlFile<'a>,
    flaws: TomlFile<'a>,
    uncovered: TomlFile<'a>,
}

impl Files<'static> {
    pub(super) const BUILTIN: Self = Self {
        requirements: TomlFile {
            name: "index/requirements.toml",
            text: include_str!("../../catalogue/index/requirements.toml"),
        },
        fido: TomlFile {
            name: "index/fido.toml",
            text: include_str!("../../catalogue/index/fido.toml"),
        },
        flaws: TomlFile {
            name: "index/flaws.toml",
            text: include_str!("../../catalogue/index/flaws.toml"),
        },
        uncovered: TomlFile {
            name: "index/uncovered.toml",
            text: include_str!("../../catalogue/index/uncovered.toml"),
        },
    };
}

impl Files<'_> {
    pub(super) fn read(&self) -> Result<Index, Box<TomlMistake>> {
        let index = Index {
            requirements: groups(self.requirements)?,
            fido: groups(self.fido)?,
            flaws: groups(self.flaws)?,
            uncovered: self.uncovered.parse::<UncoveredFile>()?.uncovered,
        };
        self.patterns_exist(&index.requirements, &index)?;
        self.patterns_exist(&index.fido, &index)?;
        self.patterns_exist(&index.flaws, &index)?;
        Ok(index)
    }

    /// That every check which a row names exists.
    pub(super) fn prove(&self, catalogue: &Catalogue) -> Result<(), Box<TomlMistake>> {
        globs_match(self.fido, &catalogue.index.fido, &catalogue.checks)?;
        globs_match(self.flaws, &catalogue.index.flaws, &catalogue.checks)
    }

    fn patterns_exist<T: Row>(
        &self,
        groups: &[Group<T>],
        index: &Index,
    ) -> Result<(), Box<TomlMistake>> {
        let keys: Vec<_> = keys(groups).collect();
        for pattern in index.uncovered.iter().flat_map(T::patterns) {
            if !keys.iter().any(|key| glob::matches(pattern, key)) {
                let message = format!("no row is called `{pattern}`");
                let help = "it is the id of a row, or a glob with `*`; for FIDO, SUITE/ID";
                let here = self.uncovered.quoted(pattern);
                return Err(self.uncovered.mistake(message, here, Some(help.to_owned())));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<T> {
    group: Vec<Group<T>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncoveredFile {
    uncovered: Vec<Uncovered>,
}

fn groups<T: Row + serde::de::DeserializeOwned>(
    file: TomlFile,
) -> Result<Vec<Group<T>>, Box<TomlMistake>> {
    let groups = file.parse::<File<T>>()?.group;
    let mut known = HashSet::new();
    if let Some(twice) = keys(&groups).find(|key| !known.insert(key.clone())) {
        let id = twice.rsplit('/').next().unwrap_or(&twice);
        let message = format!("the id `{twice}` is taken");
        let help = "ids are stable and never used twice".to_owned();
        return Err(file.mistake(message, file.last_quoted(id), Some(help)));
    }
    Ok(groups)
}

fn keys<T: Row>(groups: &[Group<T>]) -> impl Iterator<Item = String> {
    groups.iter().flat_map(|group| group.rows.iter().map(|row| row.key(&group.id)))
}

fn globs_match<T: Row>(
    file: TomlFile,
    groups: &[Group<T>],
    checks: &[Check],
) -> Result<(), Box<TomlMistake>> {
    let globs = groups.iter().flat_map(|group| &group.rows).flat_map(|row| row.globs());
    for glob in globs {
        if !checks.iter().any(|check| glob::matches(glob, &check.id)) {
            let message = format!("no check is called `{glob}`");
            let help = "it is the id of a check, or a glob with `*`".to_owned();
            return Err(file.mistake(message, file.quoted(glob), Some(help)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
