use super::{Deviation, Error, Facts, PlanMut, Segment, layout};
use crate::wire::Tree;
use crate::workbench::{Stage, Workbench};

/// The workbench that carries a deviation out.
pub struct Bench<'a> {
    deviation: &'a Deviation,
    facts: &'a dyn Facts,
    /// One per edit: whether its place was reached.
    reached: Vec<bool>,
    changed: bool,
    error: Option<Error>,
}

/// What became of a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What travelled differs from what an honest ceremony sends.
    Deviant,
    /// Nothing changed: the edits put in place what was there already.
    Honest,
}

impl<'a> Bench<'a> {
    /// A bench for one ceremony.
    pub fn new(deviation: &'a Deviation, facts: &'a dyn Facts) -> Self {
        let reached = vec![false; deviation.edits.len()];
        Self { deviation, facts, reached, changed: false, error: None }
    }

    /// Edits the plan, before anything is made of it.
    pub fn plan(&mut self, mut plan: PlanMut<'_>) {
        let before = format!("{plan:?}");
        let keys_before = plan.signer().clone();
        for index in self.due("plan") {
            let Some(edit) = self.deviation.edits.get(index) else { continue };
            let result = edit
                .operation
                .resolve(self.facts)
                .and_then(|operation| plan.edit(edit.at.within(), &operation));
            self.note(index, result);
        }
        self.changed |= format!("{plan:?}") != before || *plan.signer() != keys_before;
    }

    /// Whether anything differs from an honest ceremony so far.
    pub fn is_deviant(&self) -> bool {
        self.changed
    }

    /// What became of the deviation, once the ceremony is over.
    pub fn effect(&self) -> Result<Effect, Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let edits = self.deviation.edits.iter().zip(&self.reached);
        if let Some((edit, _)) = edits.into_iter().find(|(_, reached)| !**reached) {
            let stage = edit.at.stage();
            let known = stage == "plan" || Stage::ALL.iter().any(|known| known.name() == stage);
            let stage = stage.to_owned();
            return Err(if known { Error::NotReached(stage) } else { Error::Stage(stage) });
        }
        Ok(if self.changed { Effect::Deviant } else { Effect::Honest })
    }

    /// The edits of a stage that have not been carried out yet.
    fn due(&self, stage: &str) -> Vec<usize> {
        let edits = self.deviation.edits.iter().enumerate();
        edits.filter(|(_, edit)| edit.at.stage() == stage).map(|(index, _)| index).collect()
    }

    fn note(&mut self, index: usize, result: Result<(), Error>) {
        if let Some(reached) = self.reached.get_mut(index) {
            *reached = true;
        }
        if let Err(mut error) = result {
            if let (Error::Place { at, segment, .. }, Some(edit)) =
                (&mut error, self.deviation.edits.get(index))
            {
                let whole = edit.at.to_string();
                let end = whole.find(segment.as_str()).unwrap_or(whole.len());
                *at = whole.get(..end).unwrap_or_default().trim_end_matches('.').to_owned();
            }
            self.error.get_or_insert(error);
        }
    }
}

impl Workbench for Bench<'_> {
    fn finish(&mut self, stage: Stage, artefact: Tree) -> Tree {
        let due = self.due(stage.name());
        if due.is_empty() {
            return artefact;
        }
        let mut edited = artefact.clone();
        for index in due {
            let Some(edit) = self.deviation.edits.get(index) else { continue };
            let path = descend(stage, edit.at.within());
            let result = edit
                .operation
                .resolve(self.facts)
                .and_then(|operation| layout::edit(&mut edited, &path, &operation));
            self.note(index, result);
        }
        self.changed |= edited.render() != artefact.render();
        edited
    }
}

/// The members of a credential's inner `response`, which paths reach without
/// naming it twice: `response.signature` is `response.response.signature`.
const INNER: [&str; 8] = [
    "client_data_json",
    "attestation_object",
    "authenticator_data",
    "transports",
    "public_key",
    "public_key_algorithm",
    "signature",
    "user_handle",
];

fn descend(stage: Stage, path: &[Segment]) -> Vec<Segment> {
    let inner = stage == Stage::Response
        && path.first().is_some_and(|first| {
            INNER.iter().any(|name| matches!(first, Segment::Name(text) if text == name))
        });
    let prefix = inner.then(|| Segment::Name("response".to_owned()));
    prefix.into_iter().chain(path.iter().cloned()).collect()
}
