//! What a simulation comes to: acts, their steps, and findings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Options, Simulation};
use crate::outcome::visible::{self, Visible};
use crate::outcome::{FailOn, Importance, Level, Outcome, TargetInfo, Tool};
use crate::target_rp::Target;

/// The version of [`Story`]'s shape.
pub const SCHEMA_VERSION: u32 = 1;

/// A simulation that was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Story {
    /// The version of this shape.
    pub schema_version: u32,
    /// What played it.
    pub tool: Tool,
    /// The seed.
    pub seed: String,
    /// The run id.
    pub run_id: String,
    /// Whom it is about.
    pub target: TargetInfo,
    /// The simulation's name, such as `lost-device`.
    pub simulation: String,
    /// Its title.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// Why it was stopped before its end, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Who plays.
    pub cast: Vec<Role>,
    /// What happened.
    pub acts: Vec<Act>,
    /// Where the RP did otherwise than a sound one, or it remained open what it
    /// did.
    pub findings: Vec<Finding>,
}

/// Somebody who plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// The name.
    pub name: String,
    /// Who that is.
    pub part: String,
}

/// A part of the story, with accounts of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub about: String,
    /// What happened.
    pub steps: Vec<Step>,
}

/// Somebody does something, and it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Counted through the whole story, from 1.
    pub number: usize,
    /// Who.
    pub who: String,
    /// With which device, if with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// On a page of which origin, if on a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Does what.
    pub does: String,
    /// What was answered, and by whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// What it came to; absent where there is nothing to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What that means.
    pub means: String,
    /// The check by whose rule it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// Whose: `RP`, `browser`.
    pub by: String,
    /// What it was.
    pub says: String,
}

/// Where the RP did otherwise than a sound one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The step that shows it.
    pub step: usize,
    /// The check of the catalogue, or the rule of a simulation.
    pub id: String,
    /// What was tried.
    pub title: String,
    /// What it came to.
    pub outcome: Outcome,
    /// How strongly the source asks for it.
    pub level: Level,
    /// What an attacker gains.
    pub importance: Importance,
    /// The clause, such as `§7.2 step 12`.
    pub clause: String,
    /// What was seen.
    pub seen: String,
    /// What the rule is good for.
    pub why: String,
    /// How to mend it.
    pub fix: String,
}

impl Story {
    /// The story before anything of it was played.
    pub fn unplayed(simulation: &Simulation, options: &Options, target: &Target) -> Self {
        let role = |(name, part): &(&str, &str)| Role {
            name: (*name).to_owned(),
            part: (*part).to_owned(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            seed: options.seed.clone(),
            run_id: options.run_id.clone(),
            target: TargetInfo {
                url: target.masked(target.base().as_str()),
                origin: target.origin().to_owned(),
                adapter: target.adapter().id.clone(),
                observed: BTreeMap::new(),
            },
            simulation: simulation.name.to_owned(),
            title: simulation.title.to_owned(),
            question: simulation.question.to_owned(),
            stopped: None,
            cast: simulation.cast.iter().map(role).collect(),
            acts: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// 0 without findings that count, 1 with one.
    pub fn exit_code(&self, fail_on: FailOn) -> u8 {
        let counts = |one: &Finding| fail_on.reaches(one.outcome, one.level, one.importance);
        u8::from(self.findings.iter().any(counts))
    }

    /// Every step.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.acts.iter().flat_map(|act| &act.steps)
    }
}

fn line(text: &str) -> String {
    visible::line(text).into_owned()
}

fn maybe(text: Option<&String>) -> Option<String> {
    text.map(|text| line(text))
}

// Each type is taken apart, so that a new member does not compile until it stands here.

impl Story {
    /// The story with every foreign text made visible. Stories for people are
    /// made from this.
    pub(super) fn visible(&self) -> Self {
        let Self {
            schema_version,
            tool,
            seed,
            run_id,
            target,
            simulation,
            title,
            question,
            cast,
            acts,
            findings,
            stopped,
        } = self;
        Self {
            schema_version: *schema_version,
            tool: tool.visible(),
            seed: line(seed),
            run_id: line(run_id),
            target: target.visible(),
            simulation: line(simulation),
            title: line(title),
            question: line(question),
            cast: cast.iter().map(Role::visible).collect(),
            acts: acts.iter().map(Act::visible).collect(),
            findings: findings.iter().map(Finding::visible).collect(),
            stopped: stopped.as_deref().map(line),
        }
    }
}

impl Role {
    fn visible(&self) -> Self {
        let Self { name, part } = self;
        Self { name: line(name), part: line(part) }
    }
}

impl Act {
    pub(super) fn visible(&self) -> Self {
        let Self { title, about, steps } = self;
        let steps = steps.iter().map(Step::visible).collect();
        Self { title: line(title), about: line(about), steps }
    }
}

impl Step {
    pub(super) fn visible(&self) -> Self {
        let Self { number, who, device, domain, does, answers, outcome, means, check } = self;
        Self {
            number: *number,
            who: line(who),
            device: maybe(device.as_ref()),
            domain: maybe(domain.as_ref()),
            does: line(does),
            answers: answers.iter().map(Answer::visible).collect(),
            outcome: *outcome,
            means: line(means),
            check: maybe(check.as_ref()),
        }
    }
}

impl Answer {
    fn visible(&self) -> Self {
        let Self { by, says } = self;
        Self { by: line(by), says: line(says) }
    }
}

impl Finding {
    fn visible(&self) -> Self {
        let Self { step, id, title, outcome, level, importance, clause, seen, why, fix } = self;
        Self {
            step: *step,
            id: line(id),
            title: line(title),
            outcome: *outcome,
            level: *level,
            importance: *importance,
            clause: line(clause),
            seen: line(seen),
            why: line(why),
            fix: line(fix),
        }
    }
}
