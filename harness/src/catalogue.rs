//! The checks, as data: `catalogue/*.toml`, one file a chapter.
//!
//! A *family* explains a rule once; its *cases* each send one thing. A case of
//! a family for both ceremonies makes two checks.

pub mod coverage;
mod document;
mod facts;
pub mod glob;
pub mod index;
mod load;
mod rehearsal;
mod scenario;

pub use facts::FACTS;
pub use index::Index;
pub use scenario::Scenario;

use std::collections::BTreeSet;

use passrig_authenticator::Ceremony;
use passrig_authenticator::attestation::Format;
use passrig_authenticator::deviation::Deviation;
use passrig_authenticator::device::Profile;
use passrig_authenticator::wire::cose::Algorithm;
use schemars::JsonSchema;
use serde::Serialize;

use crate::outcome::{
    CheckResult, Effect, Expectation, Importance, Level, Outcome, Setting, SettingValue, Variant,
};
use crate::target_rp::Flow;

/// All checks, in the order of their files, and the index that they are counted against.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The checks; ids are unique.
    pub checks: Vec<Check>,
    /// The checks of a page in a browser, which no request can make.
    pub page: Vec<Check>,
    /// The rules, known tests and known flaws that the checks are about.
    pub index: Index,
}

/// A check: an attempt, the expected verdict, and the reason.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// The id, such as `registration.origin.subdomain`.
    pub id: String,
    /// The chapter: the file's name, such as `client-data`.
    pub chapter: String,
    /// The family, such as `origin`.
    pub family: String,
    /// The ceremony under test.
    #[schemars(with = "String")]
    pub ceremony: Ceremony,
    /// The attempt.
    pub sends: String,
    /// The verdict of a conformant RP.
    pub expects: Expectation,
    /// The steps that the attempt violates, such as `7.1/9`; empty for what
    /// must be accepted. An attempt that must only be survived violates the steps
    /// for which the reference RP refuses it, if it does.
    pub violates: BTreeSet<String>,
    /// The steps that the check puts to the test without violating them: those
    /// of an accepted ceremony, or rules about more than one response.
    pub exercises: BTreeSet<String>,
    /// The clause, such as `§7.1 step 9`.
    pub clause: String,
    /// The requirement's id.
    pub requirement: Option<String>,
    /// The strength of the demand.
    pub level: Level,
    /// The gain of an attacker from a divergence.
    pub importance: Importance,
    /// The importance where a probe sees that the owner of the credential is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importance_for_owner: Option<Importance>,
    /// The ID of a plainer check. If the target accepts the attempt of that check, too, the finding of
    /// this check follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implied_by: Option<String>,
    /// The reason for the rule.
    pub why: String,
    /// The fix of an RP that breaks it.
    pub fix: String,
    /// The conditions under which the check is sent.
    pub needs: Vec<Need>,
    /// The kind of authenticator that performs it.
    pub authenticator: Product,
    /// The algorithm of its credential, if the check depends on it; options have to offer it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub algorithm: Option<Algorithm>,
    /// True for a race: it runs alone, several times.
    pub exclusive: bool,
    /// True if the account may be of no use once the RP accepts: where no other account can be
    /// made, the check comes last.
    pub spoils: bool,
    /// True if it lets time pass: it runs alone, and only if the user asks for it.
    pub waits: bool,
    /// True if it times many answers: it runs alone, and only if the user asks for it.
    pub times: bool,
    /// The way in which it is performed.
    #[serde(skip)]
    pub action: Action,
}

/// The way in which a check is performed.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// One ceremony that deviates.
    Deviation(Deviation),
    /// More than one ceremony.
    Scenario(Scenario),
    /// An observation of a page in a browser.
    Page,
}

/// A condition under which a check is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The RP id is a registrable domain, so that relatives of it exist.
    RegistrableDomain,
    /// The host of the RP is a domain, not an address, so that other hosts contain its name.
    Domain,
    /// The adapter can make a second account.
    TwoAccounts,
    /// In this ceremony the target asks for this, such as
    /// `user-verification=required`.
    Setting(Setting, SettingValue),
    /// The adapter has this flow: `probe=…` for one that only looks, `flow=…`
    /// for one that does something.
    Flow(Flow),
    /// Registration options do not list this COSE algorithm.
    NotOffered(i64),
    /// In this ceremony the target asks for this extension.
    Extension(String),
    /// In this ceremony the target does not ask for this extension.
    NoExtension(String),
    /// The target judges models of authenticators by our metadata.
    Metadata,
}

/// The kinds of authenticators that checks ask for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// A passkey provider: synchronised, does not count.
    #[default]
    Platform,
    /// A security key: device-bound, counts.
    Roaming,
}

impl Product {
    /// Its profile.
    pub fn profile(self) -> Profile {
        match self {
            Self::Platform => Profile::platform(),
            Self::Roaming => Profile::roaming(),
        }
    }
}

/// The JSON schema of a catalogue file.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(document::File)
}

impl Catalogue {
    /// The check with that id.
    pub fn find(&self, id: &str) -> Option<&Check> {
        self.checks.iter().chain(&self.page).find(|check| check.id == id)
    }

    /// True if only checks of a page fit. A glob that also fits other checks is about those.
    pub fn is_about_page(&self, fits: impl Fn(&Check) -> bool) -> bool {
        !self.checks.iter().any(&fits) && self.page.iter().any(fits)
    }
}

/// The size of a value, in bytes, items or levels, from which on a check is taxing.
const TAXING: u64 = 4096;

impl Check {
    /// True if the attempt can stop or block a server without limits: the check demands only that the
    /// target survives, or a value of the attempt is large, deeply nested, or announces more bytes
    /// than follow.
    pub fn is_taxing(&self) -> bool {
        let is_large = match &self.action {
            Action::Deviation(deviation) => deviation.size() >= TAXING,
            Action::Scenario(_) | Action::Page => false,
        };
        is_large || self.expects == Expectation::Survives
    }

    /// True if the check is about that step.
    pub fn concerns(&self, step: &str) -> bool {
        self.violates.contains(step) || self.exercises.contains(step)
    }

    /// The attestation statement format that the attempt is in, if it is in one
    /// of its own: a refusal counts only where the target accepts honest
    /// statements of that format.
    pub fn format(&self) -> Option<Format> {
        match &self.action {
            Action::Deviation(deviation) if self.expects == Expectation::Refused => {
                deviation.format().filter(|format| *format != Format::None)
            }
            _ => None,
        }
    }

    /// The algorithm of the honest ceremonies around the attempt, if it is one
    /// of its own. A scenario about an algorithm stands among others, since it tests that the
    /// target accepts the algorithm.
    pub fn shared_algorithm(&self) -> Option<Algorithm> {
        match &self.action {
            Action::Deviation(_) => self.algorithm,
            Action::Scenario(_) | Action::Page => None,
        }
    }

    /// A heading of one line.
    pub fn title(&self) -> String {
        format!("{}: {}", self.ceremony, self.sends)
    }

    /// Its result before anything is sent.
    pub fn result(&self, variant: Variant) -> CheckResult {
        CheckResult {
            id: self.id.clone(),
            ceremony: Some(self.ceremony),
            title: self.title(),
            variant,
            level: self.level,
            importance: self.importance,
            clause: self.clause.clone(),
            requirement: self.requirement.clone(),
            outcome: Outcome::Inconclusive,
            verdict: None,
            manner: None,
            effect: Effect::Unobserved,
            reason: None,
            expected: self.expects,
            known: None,
            duration_ms: 0.0,
        }
    }
}
