//! The report of a simulation: acts, their steps, and findings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Options, Simulation};
use crate::outcome::{FailOn, Importance, Level, Outcome, TargetInfo, Tool, visible};
use crate::target_rp::Target;

/// The version of the shape of [`SimulationReport`].
pub const SCHEMA_VERSION: u32 = 1;

/// The report of a simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulationReport {
    /// The version of this shape.
    pub schema_version: u32,
    /// The tool that ran it.
    pub tool: Tool,
    /// The seed.
    pub seed: String,
    /// The run id.
    pub run_id: String,
    /// The target.
    pub target: TargetInfo,
    /// The simulation's name, such as `lost-device`.
    pub simulation: String,
    /// The title.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// The reason for a stop before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// The people.
    #[serde(rename = "cast")]
    pub participants: Vec<Participant>,
    /// The parts.
    pub acts: Vec<Act>,
    /// Differences from a conformant RP, and open questions.
    pub findings: Vec<Finding>,
}

/// A person of the simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// The name.
    pub name: String,
    /// The sentence about the person.
    pub part: String,
}

/// A part of the simulation, with accounts of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Act {
    /// The title.
    pub title: String,
    /// The situation.
    pub about: String,
    /// The steps.
    pub steps: Vec<SimulationStep>,
}

/// An action of a person, and the answers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SimulationStep {
    /// The number in the whole simulation, from 1.
    pub number: usize,
    /// The person.
    pub who: String,
    /// The device in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The origin of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The action.
    pub does: String,
    /// The answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<StepAnswer>,
    /// The outcome; absent where there is nothing to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The meaning of the outcome.
    pub means: String,
    /// The check that judged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

/// An answer to an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepAnswer {
    /// The party that answers: `RP`, `browser`.
    pub by: String,
    /// The answer in words.
    pub says: String,
}

/// A difference from a conformant RP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The step that shows it.
    pub step: usize,
    /// The check of the catalogue, or the rule of a simulation.
    pub id: String,
    /// The attempt.
    pub title: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The strength of the demand.
    pub level: Level,
    /// The gain of an attacker.
    pub importance: Importance,
    /// The clause, such as `§7.2 step 12`.
    pub clause: String,
    /// The observation.
    pub seen: String,
    /// The reason for the rule.
    pub why: String,
    /// The fix.
    pub fix: String,
}

impl SimulationReport {
    /// The report before the first act.
    pub fn empty(simulation: &Simulation, options: &Options, target: &Target) -> Self {
        let role = |(name, part): &(&str, &str)| Participant {
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
            participants: simulation.participants.iter().map(role).collect(),
            acts: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The exit code: 1 if a finding counts, else 0.
    pub fn exit_code(&self, fail_on: FailOn) -> u8 {
        let counts = |one: &Finding| fail_on.reaches(one.outcome, one.level, one.importance);
        u8::from(self.findings.iter().any(counts))
    }

    /// Every step.
    pub fn steps(&self) -> impl Iterator<Item = &SimulationStep> {
        self.acts.iter().flat_map(|act| &act.steps)
    }
}

/// The value with every foreign text made visible, for people to read.
pub(super) fn visible<T: Serialize + DeserializeOwned>(value: &T) -> serde_json::Result<T> {
    let mut json = serde_json::to_value(value)?;
    make_visible(&mut json);
    serde_json::from_value(json)
}

fn make_visible(json: &mut Value) {
    match json {
        Value::String(text) => *text = visible::line(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(make_visible),
        Value::Object(members) => {
            let shown = std::mem::take(members).into_iter().map(|(name, mut value)| {
                make_visible(&mut value);
                (visible::line(&name).into_owned(), value)
            });
            members.extend(shown);
        }
        _ => {}
    }
}
