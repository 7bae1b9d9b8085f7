//! The reference relying party with one thing wrong.
//!
//! A mutant puts other functions in the place of steps; nothing else in the
//! relying party knows about it, but for flaws of order (`Flow`). Where
//! a step is only judged more loosely, the honest ceremony still passes.

mod attestation;
mod base64;
mod challenge;
mod coverage;
mod credential;
mod der;
mod encoding;
mod flow;
mod forgiving;
mod key;
mod lapse;
mod lax_json;
mod metadata;
mod origin;
mod reading;
mod shape;
mod signature;
mod simple;
mod story;
mod strict;
mod weak;

pub(super) use lapse::Lapse;
use reading::Reading;
pub(super) use shape::copied_key;
pub use story::of_stories;
use weak::Weakness;

use passrig_authenticator::Ceremony;
use serde_json::Value;

use super::verify::{Evidence, Finding, Kind as StepKind, Run, STEPS, Step};

/// A flaw.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its name: ceremony, step, flaw.
    pub id: String,
    /// The steps that it gets wrong.
    pub steps: Vec<&'static str>,
    /// In what manner.
    pub kind: Kind,
    /// What it does, in a sentence.
    pub summary: String,
    instead: Vec<(&'static str, Run)>,
    flow: Option<Flow>,
}

/// In what manner a mutant is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The step is not there.
    LeftOut,
    /// The step is there, and accepts what it must not.
    WrongVersion,
    /// The steps are right, and what is done about them is not.
    Flow,
    /// The step refuses what it must accept.
    TooStrict,
    /// The step breaks on what it may accept or refuse.
    Fragile,
}

/// What a relying party may do wrong around its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// It acts on a response that violates this step alone, although it says
    /// that it refused.
    ActsOnRefused(&'static str),
    /// A new record displaces every other one with its id.
    OverwritesDuplicates,
    /// A new record's key displaces that of the one with its id.
    ReplacesKeys,
    /// The account of a refused registration is made all the same.
    KeepsAccounts,
    /// A registration is for the account that the body names.
    UserFromBody,
    /// A record changes even if the signature does not verify.
    UpdatesUnverified,
    /// Counters are stored at registration, and never again.
    ForgetsCounters,
    /// The counter of a registration is stored as zero.
    CountsFromZero,
    /// A counter is stored only if it is the next number.
    CountsByOne,
    /// Of two responses that arrive together, both see the challenge of this
    /// ceremony before either takes it.
    ReadsBeforeTaking(Ceremony),
    /// The key that a registration leaves is the unsigned copy.
    BelievesCopies,
    /// The id that a registration leaves is the one beside the attestation.
    BelievesIds,
    /// Requests are read as no JSON parser reads them.
    Reads(Ceremony, Reading),
    /// Requests of a kind break the server.
    Breaks(Ceremony, Weakness),
    /// It is wrong around the ceremonies.
    Around(Lapse),
}

/// Every mutant that a check finds.
pub fn all() -> Vec<Mutant> {
    let left_out =
        STEPS.iter().filter(|step| step.kind() == StepKind::Verify).map(Mutant::left_out);
    left_out
        .chain(simple::all())
        .chain(origin::all())
        .chain(challenge::all())
        .chain(signature::all())
        .chain(der::all())
        .chain(coverage::all())
        .chain(encoding::all())
        .chain(key::all())
        .chain(attestation::all())
        .chain(metadata::all())
        .chain(credential::all())
        .chain(forgiving::all())
        .chain(flow::all())
        .chain(strict::all())
        .chain(lapse::all())
        .chain(base64::all())
        .chain(reading::all())
        .chain(shape::all())
        .chain(weak::all())
        .collect()
}

/// The mutant of that name.
pub fn by_id(id: &str) -> Option<Mutant> {
    all().into_iter().chain(of_stories()).find(|mutant| mutant.id == id)
}

impl Mutant {
    fn left_out(step: &Step) -> Self {
        let summary = format!("does not establish that {}", step.title);
        Self::new(step, "left-out", Kind::LeftOut, summary, Run::Verify(|_| Ok(())))
    }

    /// A mutant for each of these steps, with the same function in its place.
    fn each(steps: &[&'static str], kind: Kind, flaw: &str, summary: &str, run: Run) -> Vec<Self> {
        let steps = STEPS.iter().filter(|s| steps.contains(&s.id) && s.kind() == run.kind());
        steps.map(|step| Self::new(step, flaw, kind, summary.to_owned(), run)).collect()
    }

    fn new(step: &Step, flaw: &str, kind: Kind, summary: String, run: Run) -> Self {
        Self {
            id: format!("{}.{}.{flaw}", step.area(), step.name),
            steps: vec![step.id],
            kind,
            summary,
            instead: vec![(step.id, run)],
            flow: None,
        }
    }

    /// With another step in another version too.
    fn and(mut self, step: &'static str, run: Run) -> Self {
        self.steps.push(step);
        self.instead.push((step, run));
        self
    }

    /// With a flaw of order too.
    fn with_flow(mut self, flow: Flow) -> Self {
        self.flow = Some(flow);
        self
    }

    /// What the mutant does in the place of a step.
    pub(super) fn instead_of(&self, step: &Step) -> Option<Run> {
        let same = |(id, run): &&(&str, Run)| *id == step.id && run.kind() == step.kind();
        self.instead.iter().find(same).map(|(_, run)| *run)
    }

    pub(super) fn flow(&self) -> Option<Flow> {
        self.flow
    }

    pub(super) fn lapse(&self) -> Option<Lapse> {
        match self.flow {
            Some(Flow::Around(lapse)) => Some(lapse),
            _ => None,
        }
    }
}

impl Flow {
    /// Whether a response that violates these steps is acted upon all the
    /// same.
    pub(super) fn acts_on(self, violated: &[&str]) -> bool {
        matches!(self, Self::ActsOnRefused(step) if violated == [step])
    }

    /// What it makes of a request that others would read otherwise.
    pub(super) fn reads(self, ceremony: Ceremony, octets: Option<&[u8]>) -> Option<Value> {
        match self {
            Self::Reads(own, reading) if own == ceremony => reading.read(octets?),
            _ => None,
        }
    }

    /// Whether the request breaks the server.
    pub(super) fn breaks_over(self, octets: Option<&[u8]>, e: &Evidence<'_>) -> bool {
        match self {
            Self::Breaks(ceremony, weakness) => {
                ceremony == e.ceremony && weakness.is_met_by(octets, e)
            }
            _ => false,
        }
    }
}

/// The honest finding, unless the looser rule is content.
fn loosely(
    e: &Evidence<'_>,
    honest: fn(&Evidence<'_>) -> Finding,
    rule: impl FnOnce(&Evidence<'_>) -> bool,
) -> Finding {
    match honest(e) {
        Err(_) if rule(e) => Ok(()),
        finding => finding,
    }
}

/// The honest step, and if it refuses the same with a body that was mended.
fn body_mended(
    e: &mut Evidence<'_>,
    honest: fn(&mut Evidence<'_>) -> Finding,
    mend: impl FnOnce(&mut Value),
) -> Finding {
    honest(e).or_else(|_| {
        let mut body = e.body.clone();
        mend(&mut body);
        let mut mended = Evidence { body: &body, ..e.clone() };
        let finding = honest(&mut mended);
        (e.registration, e.assertion) = (mended.registration, mended.assertion);
        finding
    })
}
