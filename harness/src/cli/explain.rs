use std::fmt::Write;

use super::catalogue;
use super::console::Console;
use super::failure::Failure;
use crate::catalogue::{Action, Catalogue, Check, Need, Product};
use crate::near::did_you_mean;
use crate::outcome::{Expectation, Paint};
use crate::relying_party::verify::StepKind;
use crate::relying_party::{Mutant, STEPS, Step, mutant};
use crate::report::Replay;
use crate::report::terminal::words;

/// Explain a check, a step of the specification, or a mutant.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The id of a check, as `passrig list` shows it; of a step, such as 7.1/9;
    /// or of a mutant, as `passrig rp --mutants` shows it.
    id: String,

    #[command(flatten)]
    catalogue: catalogue::Args,
}

const EXAMPLES: &str = "\
Examples:
  passrig explain registration.origin.subdomain
  passrig explain 7.1/9          the step, and the checks that violate it
  passrig explain authentication.origin.left-out";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let catalogue = args.catalogue.read()?;
    console.print_painted(&explain(&args.id, &catalogue, console.paint())?)?;
    Ok(0)
}

/// Everything that has this id: a check and a mutant may share one.
pub(super) fn explain(id: &str, catalogue: &Catalogue, paint: Paint) -> Result<String, Failure> {
    let mutants = mutant::all();
    let explainer = Explainer { catalogue, mutants: &mutants, paint };
    let check = catalogue.find(id).map(|check| explainer.check(check));
    let step = STEPS.iter().find(|step| step.id == id).map(|step| explainer.step(step));
    let mutant =
        mutants.iter().find(|mutant| mutant.id == id).map(|mutant| explainer.mutant(mutant));
    let parts: Vec<_> = [check, step, mutant].into_iter().flatten().collect();
    if parts.is_empty() {
        let names = catalogue.checks.iter().map(|check| check.id.as_str());
        let names = names.chain(STEPS.iter().map(|step| step.id));
        let names = names.chain(mutants.iter().map(|mutant| mutant.id.as_str()));
        let help = did_you_mean(id, names)
            .unwrap_or_else(|| "`passrig list` shows every check".to_owned());
        return Err(Failure::usage(format!("nothing is called `{id}`"), help));
    }
    Ok(parts.join("\n"))
}

struct Explainer<'a> {
    catalogue: &'a Catalogue,
    mutants: &'a [Mutant],
    paint: Paint,
}

impl Explainer<'_> {
    fn check(&self, check: &Check) -> String {
        let requirement = check.requirement.as_ref().map(|id| format!(" ({id})"));
        let mut page = ExplanationText::new(self.paint, "check", &check.id);
        page.line("sends", &check.title());
        page.line(
            "demanded",
            &format!(
                "{}{}: {}",
                check.clause,
                requirement.unwrap_or_default(),
                words::demand(check.level, check.expects)
            ),
        );
        page.line("level", &format!("{}, importance {}", check.level, check.importance));
        let index = &self.catalogue.index;
        page.list(
            "duty",
            index.owner(check).map(|owner| words::duty(owner).to_owned()).into_iter(),
        );
        let says_nothing = |id: &String| format!("{id}, if the target accepts that as well");
        page.list("implied by", check.implied_by.iter().map(says_nothing));
        page.list("violates", check.violates.iter().map(|id| title(id)));
        page.list("exercises", check.exercises.iter().map(|id| title(id)));
        page.line("why", &check.why);
        page.line("fix", &check.fix);
        page.list(
            "flaws",
            index.flaws_of(check).map(|flaw| format!("{}: {}", flaw.id, flaw.title)),
        );
        page.list("FIDO", index.fido_of(check));
        let waits =
            check.waits.then(|| "time to wait: --expiry SECONDS, if there is an --rp".to_owned());
        let times = "many answers to time: --timing, if there is an --rp";
        let times = check.times.then(|| times.to_owned());
        page.list("needs", check.needs.iter().map(need).chain(waits).chain(times));
        page.line(
            "performs",
            match check.authenticator {
                Product::Platform => "a passkey provider: synchronised, does not count",
                Product::Roaming => "a security key: device-bound, counts",
            },
        );
        if let Some(algorithm) = check.algorithm {
            page.line("algorithm", &format!("{algorithm}, which the options have to offer"));
        }
        if let Action::Scenario(scenario) = &check.action {
            page.line("story", scenario.name());
        }
        let by_itself = || Replay::default().lines(Some(&check.id), self.paint.width).join("\n");
        page.line(
            "run it",
            &match &check.action {
                Action::Page => "passrig page URL".to_owned(),
                _ => by_itself(),
            },
        );
        page.text
    }

    fn step(&self, step: &Step) -> String {
        let mut page = ExplanationText::new(self.paint, "step", step.id);
        page.line("clause", &format!("{}, {}", step.clause, step.area()));
        page.line("holds", step.title);
        page.line(
            "kind",
            match step.kind() {
                StepKind::Derive => "derive: it makes a value for later steps",
                StepKind::Verify => "verify: it judges, without side effects",
                StepKind::Flow => "flow: it is about what happens in which order",
            },
        );
        let checks = self.catalogue.checks.iter().filter(|check| check.concerns(step.id));
        page.list("checks", checks.map(|check| check.id.clone()));
        let mutants = self.mutants.iter().filter(|mutant| mutant.steps.contains(&step.id));
        page.list("mutants", mutants.map(|mutant| mutant.id.clone()));
        page.text
    }

    fn mutant(&self, mutant: &Mutant) -> String {
        let mut page = ExplanationText::new(self.paint, "mutant", &mutant.id);
        page.line("flaw", &mutant.summary);
        page.line(
            "kind",
            match mutant.kind {
                mutant::MutantKind::LeftOut => "the step is left out",
                mutant::MutantKind::WrongVersion => "the step accepts what it must not",
                mutant::MutantKind::Flow => "the steps are right, what is done about them is not",
                mutant::MutantKind::TooStrict => "the step refuses what it must accept",
                mutant::MutantKind::Fragile => "the step breaks on what it may accept or refuse",
            },
        );
        page.list("steps", mutant.steps.iter().map(|id| title(id)));
        let concerned = self.catalogue.checks.iter().filter(|check| concerned_with(check, mutant));
        page.list("concerned", concerned.map(|check| check.id.clone()));
        page.line("serve it", &format!("passrig rp --mutant {}", mutant.id));
        page.text
    }
}

/// Whether the check is about the mutant's steps, so that it may find it out.
fn concerned_with(check: &Check, mutant: &Mutant) -> bool {
    let kind_fits = match check.expects {
        Expectation::Accepted => mutant.kind == mutant::MutantKind::TooStrict,
        Expectation::Refused => {
            !matches!(mutant.kind, mutant::MutantKind::TooStrict | mutant::MutantKind::Fragile)
        }
        Expectation::Survives => mutant.kind == mutant::MutantKind::Fragile,
    };
    kind_fits && mutant.steps.iter().any(|step| check.concerns(step))
}

fn title(step: &str) -> String {
    match STEPS.iter().find(|known| known.id == step) {
        Some(known) => format!("{step}: {}", known.title),
        None => step.to_owned(),
    }
}

fn need(need: &Need) -> String {
    match need {
        Need::RegistrableDomain => "an origin with a registrable domain, not localhost".to_owned(),
        Need::Domain => "an origin with a domain, not an address".to_owned(),
        Need::TwoAccounts => "two accounts".to_owned(),
        Need::Setting(setting, value) => format!("{} {value}", setting.name()),
        Need::Flow(flow) => format!("an adapter with `{flow}`"),
        Need::Extension(name) => format!("options with the extension {name}"),
        Need::NoExtension(name) => format!("options without the extension {name}"),
        Need::Metadata => {
            "an RP that judges authenticators by our metadata (--metadata)".to_owned()
        }
        Need::NotOffered(algorithm) => format!("options without the algorithm {algorithm}"),
    }
}

struct ExplanationText {
    paint: Paint,
    text: String,
}

impl ExplanationText {
    /// Columns before the texts.
    const INDENT: &str = "           ";

    fn new(paint: Paint, kind: &str, id: &str) -> Self {
        Self { paint, text: format!("{kind} {}\n\n", paint.strong(id)) }
    }

    fn line(&mut self, label: &str, text: &str) {
        let wrapped = self.paint.wrap(text, Self::INDENT, Self::INDENT);
        let rest = wrapped.get(Self::INDENT.len()..).unwrap_or_default();
        let label = self.paint.faint(&format!("{label:11}"));
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{label}{rest}");
    }

    /// A line for each; nothing if there are none.
    fn list(&mut self, label: &str, items: impl Iterator<Item = String>) {
        for (index, item) in items.enumerate() {
            self.line(if index == 0 { label } else { "" }, &item);
        }
    }
}
