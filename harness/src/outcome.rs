//! The result model: everything that a report is made of.

/// Implements `Display` with the name of a named enum.
macro_rules! display_names {
    ($($type:ident),+) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )+};
}
use display_names;

mod diagnosis;
mod exchange;
mod fail_on;
mod manner;
mod not_testable;
mod paint;
mod reason;
mod variant;
pub mod visible;

pub use diagnosis::Diagnosis;
pub use exchange::{Body, Exchange, Exchanges, Received, Sent, Transcript};
pub use fail_on::FailOn;
pub use manner::Manner;
pub use not_testable::NotTestable;
pub use paint::Paint;
pub use reason::{Inconclusive, Reason, Skip};
pub use variant::{Setting, SettingValue, Variant, VariantError};

use std::collections::BTreeMap;
use std::fmt;

use passrig_authenticator::{Ceremony, named_enum};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

named_enum! {
    /// The decision of an RP about a ceremony.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub enum Verdict {
        /// It took the credential.
        Accepted = "accepted",
        /// It did not.
        Refused = "refused",
    }
}

/// The reaction of a conformant RP to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// It takes the credential.
    Accepted,
    /// It does not.
    Refused,
    /// Either: the specification lets it choose, but not break.
    Survives,
}

impl Expectation {
    /// True if a conformant RP may do that.
    pub fn is_met_by(self, verdict: Verdict) -> bool {
        match self {
            Self::Accepted => verdict == Verdict::Accepted,
            Self::Refused => verdict == Verdict::Refused,
            Self::Survives => true,
        }
    }
}

impl From<Verdict> for Expectation {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted => Self::Accepted,
            Verdict::Refused => Self::Refused,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Survives => "survived",
        })
    }
}

named_enum! {
    /// The strength with which the specification asks for the expectation of a check. It decides
    /// the outcome of a divergence.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub enum Level {
        /// A step says so: a divergence is a *fail*.
        Must = "must",
        /// A step recommends it: a *warning*.
        Should = "should",
        /// The specification leaves it to the RP: a *note*.
        Policy = "policy",
        /// Strictness that no step demands: a *note*.
        Hardening = "hardening",
    }
}

impl Level {
    /// The outcome of a divergence from the expectation.
    pub fn divergence(self) -> Outcome {
        match self {
            Self::Must => Outcome::Fail,
            Self::Should => Outcome::Warn,
            Self::Policy | Self::Hardening => Outcome::Note,
        }
    }

    /// 0 is the strongest.
    pub fn rank(self) -> u8 {
        match self {
            Self::Must => 0,
            Self::Should => 1,
            Self::Policy => 2,
            Self::Hardening => 3,
        }
    }
}

named_enum! {
    /// The gain of an attacker from a divergence.
    #[derive(
        Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
    )]
    #[serde(rename_all = "lowercase")]
    pub enum Importance {
        /// Little by itself.
        Low = "low",
        /// A step of a larger attack, or a failure for users.
        Medium = "medium",
        /// An account, under conditions.
        High = "high",
        /// An account.
        Critical = "critical",
    }
}

named_enum! {
    /// The outcome of a check.
    #[derive(
        Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
    )]
    #[serde(rename_all = "lowercase")]
    pub enum Outcome {
        /// As expected.
        Pass = "pass",
        /// Against a *must*.
        Fail = "fail",
        /// Against a *should*, or a refusal that looks like a crash.
        Warn = "warn",
        /// Worth knowing; the specification leaves it open.
        Note = "note",
        /// Not sent, for a stated reason.
        Skipped = "skipped",
        /// Sent, and nothing can be concluded, for a stated reason.
        Inconclusive = "inconclusive",
        /// The target broke: a crash, a closed connection, a deadline.
        Error = "error",
    }
}

impl Outcome {
    /// True if something was concluded.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::Warn | Self::Note)
    }
}

named_enum! {
    /// The observation of a probe after an attempt, compared with just before it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub enum Effect {
        /// The credential is registered, or the session is signed in.
        Happened = "happened",
        /// It is not.
        Absent = "absent",
        /// No probe can see it; the RP's words decide.
        Unobserved = "unobserved",
    }
}

display_names!(Verdict, Level, Importance, Outcome, Effect);

/// One check's result, under one variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct CheckResult {
    /// The check's id.
    pub id: String,
    /// The ceremony of the attempt; in reports, the title begins with it.
    #[serde(skip)]
    pub ceremony: Option<Ceremony>,
    /// The attempt, as a title.
    pub title: String,
    /// The variant.
    #[schemars(with = "String")]
    pub variant: Variant,
    /// The level of the rule.
    pub level: Level,
    /// The gain of an attacker from a divergence.
    pub importance: Importance,
    /// The clause, such as `§7.1 step 9`.
    pub clause: String,
    /// The requirement's id, such as `REG-06`.
    pub requirement: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// The target's decision, if it was recognised.
    pub verdict: Option<Verdict>,
    /// The form of the target's answer.
    pub manner: Option<Manner>,
    /// The observation of a probe.
    pub effect: Effect,
    /// Why it was skipped, is inconclusive, or diverges: one of a closed list
    /// of words for the first two, and a sentence after it where there is more
    /// to say.
    #[schemars(with = "Option<String>")]
    pub reason: Option<Reason>,
    /// The reaction of a conformant RP.
    pub expected: Expectation,
    /// The reason why a failure was expected; it does not fail the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// From the first request of the attempt to the last, in milliseconds.
    pub duration_ms: f64,
}

impl CheckResult {
    /// True if the target did what a conformant RP does.
    pub fn is_as_expected(&self) -> bool {
        self.verdict.is_some_and(|verdict| self.expected.is_met_by(verdict))
    }

    /// True if there was no answer to judge, and requests or state of the target were observed.
    pub fn is_observed(&self) -> bool {
        self.manner == Some(Manner::Observed)
    }

    /// True if the target's words decided alone, since no probe could see the effect.
    pub fn is_unprobed(&self) -> bool {
        self.effect == Effect::Unobserved && self.verdict.is_some() && !self.is_observed()
    }

    /// The reason as reports have it.
    pub fn reason_text(&self) -> Option<String> {
        self.reason.as_ref().map(Reason::to_string)
    }
}

impl Serialize for CheckResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// The only place at which texts of a result are read as values.
impl<'de> Deserialize<'de> for CheckResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut result = Self::deserialize(deserializer)?;
        result.reason = result.reason.map(|reason| reason.of_outcome(result.outcome));
        // The first part of a check's ID is its ceremony.
        let name = result.id.split('.').next();
        let is_of = |ceremony: &Ceremony| name == Some(ceremony.name());
        result.ceremony =
            [Ceremony::Registration, Ceremony::Authentication].into_iter().find(is_of);
        Ok(result)
    }
}

/// The number of checks with each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Summary {
    pub pass: usize,
    pub fail: usize,
    pub warn: usize,
    pub note: usize,
    pub skipped: usize,
    pub inconclusive: usize,
    pub error: usize,
}

impl Summary {
    /// Counts results.
    pub fn of<'a>(results: impl IntoIterator<Item = &'a CheckResult>) -> Self {
        let mut summary = Self::default();
        for result in results {
            *summary.count_mut(result.outcome) += 1;
        }
        summary
    }

    /// The number of checks with this outcome.
    pub fn count(mut self, outcome: Outcome) -> usize {
        *self.count_mut(outcome)
    }

    fn count_mut(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Pass => &mut self.pass,
            Outcome::Fail => &mut self.fail,
            Outcome::Warn => &mut self.warn,
            Outcome::Note => &mut self.note,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Inconclusive => &mut self.inconclusive,
            Outcome::Error => &mut self.error,
        }
    }
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this shape.
    pub schema_version: u32,
    /// The program that made the report.
    pub tool: Tool,
    /// The seed.
    pub seed: String,
    /// The run id.
    pub run_id: String,
    /// The target.
    pub target: TargetInfo,
    /// The product whose authenticators all actors had, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator: Option<String>,
    /// The reason why the run stopped before its end, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The number of checks with each outcome.
    pub summary: Summary,
    /// Every check's result, in the catalogue's order.
    pub checks: Vec<CheckResult>,
    /// The causes that several failures have in common.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnoses: Vec<Diagnosis>,
    /// The expectations that are not needed or do not count.
    #[serde(rename = "amiss", default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<StaleExpectation>,
}

/// An expectation that is not needed or does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaleExpectation {
    /// The checks that it is about: an id, or a glob.
    pub check: String,
    /// The outcome that it expects, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Its reason.
    pub reason: String,
    /// The reason why it is not needed or does not count.
    pub staleness: Staleness,
}

named_enum! {
    /// The reason why an expectation is not needed or does not count.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub enum Staleness {
        /// Its checks were run, and none came to that. It fails the run.
        Unneeded = "unneeded",
        /// Its last day is over, so that it does not count.
        Expired = "expired",
    }
}

/// The program that made a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `passrig`
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Self { name: "passrig".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// The target of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetInfo {
    /// The URL that requests were sent to, or `built-in`.
    pub url: String,
    /// The origin of the emulated page.
    pub origin: String,
    /// The adapter's id.
    pub adapter: String,
    /// The values that the target asked for in honest ceremonies, per setting.
    pub observed: BTreeMap<String, String>,
}

/// The version of [`Report`]'s shape.
pub const SCHEMA_VERSION: u32 = 1;
