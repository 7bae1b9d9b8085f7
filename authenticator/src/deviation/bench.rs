use super::container::Node;
use super::{Deviation, Edit, Error, Facts, PlanMut, Segment};
use crate::wire::Tree;
use crate::wire::cose::Algorithm;
use crate::workbench::{Stage, Workbench};

/// The workbench that carries a deviation out.
pub struct Bench<'a> {
    deviation: &'a Deviation,
    facts: &'a dyn Facts,
    /// One per edit: whether its place was reached.
    reached: Vec<bool>,
    changed: bool,
    /// What signs, as far as the plan says.
    signs: Algorithm,
    /// The first thing that went wrong, and with which edit.
    error: Option<(&'a Edit, Error)>,
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
        let signs = Algorithm::ES256;
        Self { deviation, facts, reached, changed: false, signs, error: None }
    }

    /// The deviation that it carries out.
    pub fn deviation(&self) -> &'a Deviation {
        self.deviation
    }

    /// Edits the plan, before anything is made of it.
    pub fn plan(&mut self, mut plan: PlanMut<'_>) {
        self.signs = plan.signs();
        let due = self.due("plan");
        if due.is_empty() {
            return;
        }
        let before = plan.snapshot();
        for (index, edit) in due {
            let operation = edit.operation.resolve(self.facts, self.signs);
            let result = operation.and_then(|operation| plan.edit(edit.at.within(), &operation));
            self.note(index, edit, result.map_err(|error| error.under(&"plan")));
        }
        plan.forget_idle();
        self.changed |= !plan.is(&before);
    }

    /// Whether anything differs from an honest ceremony so far.
    pub fn is_deviant(&self) -> bool {
        self.changed
    }

    /// What became of the deviation, once the ceremony is over.
    pub fn effect(&self) -> Result<Effect, Error> {
        if let Some((_, error)) = &self.error {
            return Err(error.clone());
        }
        if let Some(edit) = self.unreached() {
            let stage = edit.at.stage();
            let known = stage == "plan" || Stage::ALL.iter().any(|known| known.name() == stage);
            let stage = stage.to_owned();
            return Err(if known { Error::NotReached(stage) } else { Error::Stage(stage) });
        }
        Ok(if self.changed { Effect::Deviant } else { Effect::Honest })
    }

    /// The edit that [`Bench::effect`] found wrong, to point at where it is
    /// written.
    pub fn culprit(&self) -> Option<&'a Edit> {
        self.error.as_ref().map(|(edit, _)| *edit).or_else(|| self.unreached())
    }

    fn unreached(&self) -> Option<&'a Edit> {
        let mut edits = self.deviation.edits.iter().zip(&self.reached);
        edits.find(|(_, reached)| !**reached).map(|(edit, _)| edit)
    }

    /// The edits of a stage, each with its number.
    fn due(&self, stage: &str) -> Vec<(usize, &'a Edit)> {
        let edits = self.deviation.edits.iter().enumerate();
        edits.filter(|(_, edit)| edit.at.stage() == stage).collect()
    }

    fn note(&mut self, index: usize, edit: &'a Edit, result: Result<(), Error>) {
        if let Some(reached) = self.reached.get_mut(index) {
            *reached = true;
        }
        if let Err(error) = result {
            self.error.get_or_insert((edit, error));
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
        for (index, edit) in due {
            let path = descend(&edited, edit.at.within());
            let operation = edit.operation.resolve(self.facts, self.signs);
            let result = operation.and_then(|operation| edited.edit(&path, &operation));
            // Where the inner `response` was entered, it is named already.
            let entered = path.len() > edit.at.within().len();
            let placed = |error: Error| if entered { error } else { error.under(&stage) };
            self.note(index, edit, result.map_err(placed));
        }
        self.changed |= match stage {
            Stage::Request => !travels_alike(&edited, &artefact),
            _ => edited.render() != artefact.render(),
        };
        edited
    }
}

/// Whether two requests are the same to their receiver. Unlike those of
/// authenticator data, the names of their fields travel.
fn travels_alike(one: &Tree, other: &Tree) -> bool {
    match (one, other) {
        (Tree::Layout(one), Tree::Layout(other)) => {
            let mut pairs = one.fields.iter().zip(&other.fields);
            one.fields.len() == other.fields.len()
                && pairs.all(|(one, other)| one.0 == other.0 && travels_alike(&one.1, &other.1))
        }
        _ => one.octets() == other.octets(),
    }
}

/// The members of a credential's inner `response`, which paths reach without
/// naming it twice: `response.signature` is `response.response.signature`.
const INNER: [&str; 8] = [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "transports",
    "publicKey",
    "publicKeyAlgorithm",
    "signature",
    "userHandle",
];

fn descend(tree: &Tree, path: &[Segment]) -> Vec<Segment> {
    let means_inner = |first: &Segment| INNER.iter().any(|name| first.means(name));
    let is_credential = matches!(tree, Tree::Json(json) if json.member("response").is_some());
    let prefix = (is_credential && path.first().is_some_and(means_inner))
        .then(|| Segment::Name("response".to_owned()));
    prefix.into_iter().chain(path.iter().cloned()).collect()
}
