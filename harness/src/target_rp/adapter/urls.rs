use url::Url;

use super::{Adapter, Address, Part, StepAction};

impl Adapter {
    /// The URLs of other places that the requests name: those that stand in the adapter itself, and
    /// those in these variables of the user where a request goes to one.
    pub fn urls(&self, variables: &[(String, String)]) -> Vec<Url> {
        let steps = self.flows.values().flatten();
        let heads = steps.filter_map(|step| match &step.act {
            StepAction::Request { address: Address::Url(text), .. } => text.0.first(),
            _ => None,
        });
        let texts = heads.filter_map(|head| match head {
            Part::Literal(text) => Some(text.as_str()),
            Part::Variable(variable) => {
                let given = variables.iter().find(|(name, _)| *name == variable.name);
                given.map(|(_, value)| value.as_str())
            }
        });
        texts.filter_map(|text| Url::parse(text).ok()).collect()
    }
}
