//! The actions of a user on a page, step by step.

use serde::Deserialize;

use crate::toml_file::{TomlFile, TomlMistake};

/// One thing that somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ScriptStepTable")]
pub enum ScriptStep {
    /// Goes to a URL, or to a path of the page's origin.
    Goto(String),
    /// Clicks on what a selector stands for, once it is there.
    Click(String),
    /// Types a text into a field.
    Fill(String, String),
    /// Waits until the page shows that.
    Wait(String),
    /// Picks the passkey that a field offers (conditional mediation).
    Autofill,
}

/// `[[step]]` of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// In order.
    #[serde(default)]
    pub step: Vec<ScriptStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptStepTable {
    goto: Option<String>,
    click: Option<String>,
    fill: Option<String>,
    with: Option<String>,
    wait: Option<String>,
    #[serde(default)]
    autofill: bool,
}

/// A variable of a script without a value.
#[derive(Debug, thiserror::Error)]
#[error("unknown variable `{{{{{name}}}}}`; expected one of: {known}")]
pub struct UnknownVariable {
    /// The name.
    pub name: String,
    /// The names that have a value.
    pub known: String,
}

impl TryFrom<ScriptStepTable> for ScriptStep {
    type Error = &'static str;

    fn try_from(written: ScriptStepTable) -> Result<Self, Self::Error> {
        let ScriptStepTable { goto, click, fill, with, wait, autofill } = written;
        match (goto, click, fill, with, wait, autofill) {
            (Some(url), None, None, None, None, false) => Ok(Self::Goto(url)),
            (None, Some(selector), None, None, None, false) => Ok(Self::Click(selector)),
            (None, None, Some(selector), Some(text), None, false) => Ok(Self::Fill(selector, text)),
            (None, None, None, None, Some(selector), false) => Ok(Self::Wait(selector)),
            (None, None, None, None, None, true) => Ok(Self::Autofill),
            // In the words of serde, for which a step is one type.
            (None, None, Some(_), None, None, false) => Err("missing field `with`"),
            (None, None, None, Some(_), None, false) => Err("missing field `fill`"),
            _ => Err(
                "a step has one of `goto`, `click`, `fill` and `with`, `wait`, `autofill = true`",
            ),
        }
    }
}

impl Script {
    /// Reads a script. `file` is the name that mistakes show.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<TomlMistake>> {
        TomlFile { name: file, text }.parse()
    }

    /// The steps with values in the places of `{{names}}`.
    pub fn filled(
        &self,
        variables: &[(String, String)],
    ) -> Result<Vec<ScriptStep>, UnknownVariable> {
        let fill = |text: &str| filled(text, variables);
        let steps = self.step.iter().map(|step| {
            Ok(match step {
                ScriptStep::Goto(url) => ScriptStep::Goto(fill(url)?),
                ScriptStep::Fill(selector, text) => ScriptStep::Fill(selector.clone(), fill(text)?),
                other => other.clone(),
            })
        });
        steps.collect()
    }
}

fn filled(text: &str, variables: &[(String, String)]) -> Result<String, UnknownVariable> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, beyond)) = after.split_once("}}") else { break };
        let name = name.trim();
        let Some((_, value)) = variables.iter().find(|(known, _)| known == name) else {
            let known: Vec<&str> = variables.iter().map(|(known, _)| known.as_str()).collect();
            return Err(UnknownVariable { name: name.to_owned(), known: known.join(", ") });
        };
        out.push_str(before);
        out.push_str(value);
        rest = beyond;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read_and_filled() {
        let script = "
            [[step]]
            fill = '#name'
            with = '{{ username }}!'
            [[step]]
            click = 'text=Sign in'
            [[step]]
            autofill = true";
        let variables = [("username".to_owned(), "ann".to_owned())];
        assert_eq!(
            Script::parse("steps.toml", script).unwrap().filled(&variables).unwrap(),
            [
                ScriptStep::Fill("#name".to_owned(), "ann!".to_owned()),
                ScriptStep::Click("text=Sign in".to_owned()),
                ScriptStep::Autofill,
            ]
        );
        let error = Script::parse("steps.toml", script).unwrap().filled(&[]).unwrap_err();
        assert_eq!(error.to_string(), "unknown variable `{{username}}`; expected one of: ");
        for wrong in ["[[step]]", "[[step]]\ngoto = '/'\nclick = 'a'"] {
            let error = Script::parse("steps.toml", wrong).unwrap_err().to_string();
            assert!(error.contains("a step has one of"), "{error}");
        }
    }
}
