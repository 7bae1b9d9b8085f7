//! The result model. All that is reported is made of these.

mod exchange;
mod fail_on;
mod manner;
mod not_testable;
mod paint;
mod reason;
mod variant;
pub mod visible;

pub use exchange::{Body, Exchange, Exchanges, Received, Sent, Transcript};
pub use fail_on::FailOn;
pub use manner::Manner;
pub use not_testable::NotTestable;
pub use paint::Paint;
pub use reason::{Inconclusive, Skip};
pub use variant::{Setting, Variant};

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an RP did with a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It took the credential.
    Accepted,
    /// It did not.
    Refused,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        })
    }
}

/// What a sound RP does with an attempt.
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
    /// Whether a sound RP may do that.
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

/// How strongly the specification asks for what a check expects. It decides
/// what a divergence is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A step says so: a divergence is a *fail*.
    Must,
    /// A step recommends it: a *warning*.
    Should,
    /// The specification leaves it to the RP: a *note*.
    Policy,
    /// Strictness that no step demands: a *note*.
    Hardening,
}

impl Level {
    /// What a divergence from the expectation is called.
    pub fn divergence(self) -> Outcome {
        match self {
            Self::Must => Outcome::Fail,
            Self::Should => Outcome::Warn,
            Self::Policy | Self::Hardening => Outcome::Note,
        }
    }
}

impl Level {
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

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Policy => "policy",
            Self::Hardening => "hardening",
        })
    }
}

/// What an attacker gains from a divergence.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Importance {
    /// Little by itself.
    Low,
    /// A step of a larger attack, or trouble for users.
    Medium,
    /// An account, under conditions.
    High,
    /// An account.
    Critical,
}

impl fmt::Display for Importance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// What a check came to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As expected.
    Pass,
    /// Against a *must*.
    Fail,
    /// Against a *should*, or a refusal that looks like a crash.
    Warn,
    /// Worth knowing; the specification leaves it open.
    Note,
    /// Not sent, for a stated reason.
    Skipped,
    /// Sent, and nothing can be concluded, for a stated reason.
    Inconclusive,
    /// The target broke: a crash, a closed connection, a deadline.
    Error,
}

impl Outcome {
    /// Every outcome, in the order of summaries.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Note,
        Self::Skipped,
        Self::Inconclusive,
        Self::Error,
    ];

    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Note => "note",
            Self::Skipped => "skipped",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        }
    }

    /// Whether something was concluded.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::Warn | Self::Note)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a probe saw after an attempt, compared with just before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The credential is registered, or the session is signed in.
    Happened,
    /// It is not.
    Absent,
    /// No probe can tell; the RP's words decide.
    Unobserved,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Happened => "happened",
            Self::Absent => "absent",
            Self::Unobserved => "unobserved",
        })
    }
}

/// One check's result, under one variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// The check's id.
    pub id: String,
    /// What was sent, as a title.
    pub title: String,
    /// The variant's name.
    pub variant: String,
    /// How strongly the specification asks for it.
    pub level: Level,
    /// What an attacker gains from a divergence.
    pub importance: Importance,
    /// The clause, such as `§7.1 step 9`.
    pub clause: String,
    /// The requirement's id, such as `REG-06`.
    pub requirement: Option<String>,
    /// What it came to.
    pub outcome: Outcome,
    /// What the target did, if it did anything that was recognised.
    pub verdict: Option<Verdict>,
    /// How it did that, such as `client-error`.
    pub manner: Option<String>,
    /// What a probe saw.
    pub effect: Effect,
    /// Why it was skipped, is inconclusive, or diverges: one of a closed list
    /// of words for the first two, and a sentence after it where there is more
    /// to say.
    pub reason: Option<String>,
    /// What a sound RP does.
    pub expected: Expectation,
    /// Why it was foreseen that it does not pass; it does not fail the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// From the first request of the attempt to the last, in milliseconds.
    pub duration_ms: f64,
}

impl CheckResult {
    /// Whether the target did what a sound RP does.
    pub fn is_as_expected(&self) -> bool {
        self.verdict.is_some_and(|verdict| self.expected.is_met_by(verdict))
    }
}

/// How many checks came to what.
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

    /// How many came to this.
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
    /// What made the report.
    pub tool: Tool,
    /// The seed.
    pub seed: String,
    /// The run id.
    pub run_id: String,
    /// Whom it is about.
    pub target: TargetInfo,
    /// The product whose authenticators everybody had, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator: Option<String>,
    /// Why the run stopped before its end, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// How many checks came to what.
    pub summary: Summary,
    /// Every check's result, in the catalogue's order.
    pub checks: Vec<CheckResult>,
    /// The expectations that are of no use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amiss: Vec<Amiss>,
}

/// An expectation that is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Amiss {
    /// The checks that it is about: an id, or a glob.
    pub check: String,
    /// What they were to come to, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Its reason.
    pub reason: String,
    /// What is wrong with it.
    pub staleness: Staleness,
}

/// What is wrong with an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Staleness {
    /// Its checks were run, and none came to that. It fails the run.
    Unneeded,
    /// Its last day is over, so that it does not count.
    Expired,
}

/// What made a report.
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

/// Whom a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetInfo {
    /// Where requests went, or `built-in`.
    pub url: String,
    /// The origin of the emulated page.
    pub origin: String,
    /// The adapter's id.
    pub adapter: String,
    /// What the target asked for in honest ceremonies, per setting.
    pub observed: BTreeMap<String, String>,
}

/// The version of [`Report`]'s shape.
pub const SCHEMA_VERSION: u32 = 1;
