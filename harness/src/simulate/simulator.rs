//! A running simulation: its people, its acts, and the steps in them.

mod record;

use std::sync::Arc;

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::DomException;
use passrig_authenticator::deviation::{Bench, Deviation, NoFacts};
use passrig_authenticator::device::Profile;

use self::record::missing;
use super::document::{Act, SimulationReport, StepAnswer};
use super::person::{Person, UserAction, answer, answer_to, browser, by, rp};
use super::rules::{self, Rule};
use super::{Options, Simulation, SimulationObserver};
use crate::actor::{Actor, Attempt, AttemptError, Known, Message, Result};
use crate::catalogue::{Catalogue, Check};
use crate::outcome::{CheckResult, NotTestable, Outcome, Setting, SettingValue, Verdict};
use crate::runner::SingleChecks;
use crate::scenarios::{Observations, deviation};
use crate::target_rp::adapter::SettingValues as Offer;
use crate::target_rp::{Begun, Flow, Log, Recognised};

/// A running simulation.
pub(super) struct Simulator<'a> {
    solo: SingleChecks,
    catalogue: Arc<Catalogue>,
    observer: &'a dyn SimulationObserver,
    report: SimulationReport,
    /// The name of the simulation in requests.
    check: String,
    /// The number of people so far.
    people: usize,
    /// The refusals of this act that honest ceremonies have not followed yet.
    unproved: Vec<(usize, Check, CheckResult)>,
    pub(super) log: Log,
}

/// The sentence about a step, by its outcome.
#[derive(Clone, Copy)]
pub(super) struct Meanings<'a> {
    /// The RP did as a conformant RP does.
    pub(super) good: &'a str,
    /// The RP did not.
    pub(super) bad: &'a str,
}

/// A response to options, or the refusal of the browser.
pub(super) type Response = Result<Message, DomException>;

impl<'a> Simulator<'a> {
    pub(super) async fn begin(
        simulation: &Simulation,
        options: &Options,
        target: Arc<crate::target_rp::Target>,
        observer: &'a dyn SimulationObserver,
    ) -> Result<(Self, Option<CheckResult>), NotTestable> {
        let Options { seed, run_id, variables, throttle_wait, .. } = options;
        let check = format!("simulate.{}", simulation.name);
        // Two simulations of one run have accounts of their own.
        let within = format!("{run_id}/{}", simulation.name);
        let (solo, forged) =
            SingleChecks::begin(target, seed, &within, variables.clone(), *throttle_wait, observer)
                .await?;
        let mut report = SimulationReport::empty(simulation, options, &solo.world().target);
        report.target.observed = solo.observed();
        observer.simulation_started(&report);
        let sim = Self {
            solo,
            catalogue: Arc::clone(&options.catalogue),
            observer,
            report,
            check,
            people: 0,
            unproved: Vec::new(),
            log: Log::new(),
        };
        Ok((sim, forged))
    }

    /// The report, at the end.
    pub(super) fn report(mut self) -> SimulationReport {
        let has_error = self.report.findings.iter().any(|one| one.outcome == Outcome::Error);
        if let Some(crash) = self.solo.crash().filter(|_| !has_error) {
            let action = by("The RP", "crashes during the story and comes back");
            let means = "Nothing in the story explains that. Users see errors meanwhile.";
            let seen = crash.reason_text().unwrap_or_default();
            let number = self.step(action, Some(rp(seen)), Some(crash.outcome), means, None);
            let why = "An RP that crashes keeps its users out.";
            self.record_finding(number, &crash, why, "Look at the log of the RP at that time.");
        }
        // An answer may quote a secret that was learnt after it.
        let steps = self.report.acts.iter_mut().flat_map(|act| &mut act.steps);
        for answer in steps.flat_map(|step| &mut step.answers) {
            answer.says = self.log.mask(&answer.says);
        }
        for finding in &mut self.report.findings {
            finding.seen = self.log.mask(&finding.seen);
        }
        self.report
    }

    /// An RP that accepts a forgery: no act would show more.
    pub(super) fn accepts_anything(&mut self, result: &CheckResult) {
        self.act("No story", "Before a story begins, somebody honest signs up and signs in.");
        let action = by("Mallory", format!("sends a forgery ({})", result.title));
        let means = "This RP accepts anything. No story would say more.";
        let number = self.step(action, answer_to(result), Some(result.outcome), means, None);
        let why = "Whoever wants is in every account.";
        let fix = "Verify responses: §7.1 and §7.2, step by step.";
        self.record_finding(number, result, why, fix);
    }

    /// The origin of the RP's pages.
    pub(super) fn origin(&self) -> &str {
        self.solo.world().target.origin()
    }

    /// True if the adapter has the flow.
    pub(super) fn has(&self, flow: Flow) -> bool {
        self.solo.world().target.adapter().has(flow)
    }

    /// Returns an error if the adapter lacks the flow.
    pub(super) fn needs(&self, flow: Flow) -> Result<()> {
        if self.has(flow) { Ok(()) } else { Err(AttemptError::NoFlow(flow)) }
    }

    /// True if a probe shows who is signed in.
    pub(super) fn sees_sessions(&self) -> bool {
        self.solo.probes().whoami
    }

    /// True if a probe lists passkeys.
    pub(super) fn sees_passkeys(&self) -> bool {
        self.solo.probes().list
    }

    /// An option of the RP in honest ceremonies, such as `authentication.user-verification`.
    pub(super) fn asked(&self, what: &str) -> Option<&str> {
        self.report.target.observed.get(what).map(String::as_str)
    }

    /// True if the RP asks for a password before the passkey.
    pub(super) fn has_second_factor(&self) -> bool {
        self.solo.world().target.adapter().sends(Flow::Authenticate, "password")
    }

    /// True if the adapter can choose the value.
    pub(super) fn can_choose(&self, setting: Setting, value: SettingValue) -> bool {
        let settings = &self.solo.world().target.adapter().settings;
        let offer = match setting {
            Setting::Login => &settings.login,
            Setting::Mediation => &settings.mediation,
            Setting::UserVerification => &settings.user_verification,
            _ => return false,
        };
        matches!(offer, Offer::Choose(values) if values.iter().any(|one| one == value.name()))
    }

    /// True if the RP refused a request since the log had this length.
    pub(super) fn objected_since(&self, length: usize) -> bool {
        let exchanges = self.log.exchanges();
        let mut answers = exchanges.iter().skip(length).filter_map(|one| one.response.as_ref());
        answers.any(|answer| (400..500).contains(&answer.status))
    }

    /// A person with a device, and with an account where that is a step of its own.
    pub(super) async fn person(
        &mut self,
        name: &'static str,
        device: &str,
        profile: Profile,
    ) -> Result<Person> {
        let seat = self.people;
        self.people += 1;
        let label = format!("{name}/{seat}");
        let (world, variant) = (self.solo.world(), self.solo.variant());
        let pool = world.target.adapter().account.pool.len().max(1);
        let mut actor =
            Actor::new(world, variant, &self.check, &label, profile).with_account(seat % pool);
        actor.set_up(&mut self.log).await?;
        Ok(Person { name, device: device.to_owned(), actor })
    }

    /// True if two people can have accounts.
    pub(super) fn has_two_accounts(&self) -> bool {
        self.solo.world().target.adapter().account.has_two()
    }

    /// Ada, with an account and a passkey on this device.
    pub(super) async fn enrolled(
        &mut self,
        device: &str,
        profile: Profile,
        does: &str,
        means: &str,
    ) -> Result<Person> {
        let mut ada = self.person("Ada", device, profile).await?;
        self.honest(&mut ada, Ceremony::Registration, does, means).await?;
        Ok(ada)
    }

    /// True in the first act.
    pub(super) fn is_in_first_act(&self) -> bool {
        self.report.acts.len() == 1
    }

    /// Begins an act.
    pub(super) fn act(&mut self, title: &str, about: &str) {
        let act = Act { title: title.to_owned(), about: about.to_owned(), steps: Vec::new() };
        self.observer.act_started(&act);
        self.report.acts.push(act);
    }

    /// Ends an act: records an error that stopped it. Refusals count only if an honest user is
    /// accepted after them.
    pub(super) async fn end(&mut self, performed: Result<()>) {
        if let Err(error) = performed {
            self.stopped(&error);
        }
        let unproved = std::mem::take(&mut self.unproved);
        if unproved.is_empty() {
            return;
        }
        let sound = self.solo.verify_honest(self.observer).await;
        let action =
            by("Somebody honest", "signs up and signs in, to show that the RP still works");
        match sound {
            Ok(()) => {
                let means = "The refusals in this act were meant for what was wrong, and for \
                             nothing else.";
                self.step(action, Some(rp("accepted")), Some(Outcome::Pass), means, None);
            }
            Err(what) => {
                let answer = Some(rp(what.clone()));
                let means = "The RP refuses honest people as well. Its refusals in this act prove \
                             nothing.";
                self.step(action, answer, Some(Outcome::Inconclusive), means, None);
                for (number, check, result) in unproved {
                    let result = SingleChecks::void(result, &what);
                    self.mark(number, result.outcome);
                    self.record_finding(number, &result, &check.why, &check.fix);
                }
            }
        }
    }

    /// Records the error that stops an act.
    fn stopped(&mut self, error: &AttemptError) {
        let action = by("The story", "cannot go on here");
        if let Some(lack) = missing(error) {
            let means = format!("{lack} That says nothing about the RP.");
            self.step(action, None, Some(Outcome::Skipped), &means, None);
            return;
        }
        let what = error.to_string();
        let means = "Something went wrong on the way that should have worked, so the rest of \
                     this act is not known.";
        let check = rules::ON_THE_WAY.check();
        let result = self.solo.judge(&check, &Err(error.clone()));
        let number = self.step(action, Some(rp(what)), Some(result.outcome), means, None);
        self.record_finding(number, &result, &check.why, &check.fix);
    }

    /// Records a step without a judgement.
    pub(super) fn note(
        &mut self,
        action: UserAction,
        answer: impl Into<Option<StepAnswer>>,
        means: &str,
    ) {
        self.step(action, answer.into(), None, means, None);
    }

    /// Records a step that passed.
    pub(super) fn passed(
        &mut self,
        action: UserAction,
        answer: impl Into<Option<StepAnswer>>,
        means: &str,
    ) {
        self.step(action, answer.into(), Some(Outcome::Pass), means, None);
    }

    /// Records a step that the adapter does not permit.
    pub(super) fn skipped(&mut self, action: UserAction, means: &str) {
        self.step(action, None, Some(Outcome::Skipped), means, None);
    }

    /// An honest ceremony that must be accepted for the act to go on.
    pub(super) async fn honest(
        &mut self,
        person: &mut Person,
        ceremony: Ceremony,
        does: &str,
        means: &str,
    ) -> Result<()> {
        let action = person.does(does);
        let probes = self.solo.probes();
        let attempt = person.actor.perform(ceremony, probes, &mut self.log).await?;
        if attempt.verdict.recognised != Recognised::Accepted {
            let throttled = attempt.throttled();
            return Err(AttemptError::Honest {
                ceremony,
                message: attempt.verdict.message,
                throttled,
                is_refused: attempt.verdict.recognised == Recognised::Refused,
            });
        }
        self.step(action, Some(answer(&attempt)), Some(Outcome::Pass), means, None);
        Ok(())
    }

    /// The answer of the person's browser to options: a response, or a refusal.
    pub(super) fn respond(person: &mut Person, begun: &Begun) -> Result<Response> {
        match person.actor.respond(begun) {
            Ok(message) => Ok(Ok(message)),
            Err(AttemptError::Client(exception)) => Ok(Err(exception)),
            Err(error) => Err(error),
        }
    }

    /// Sends a response in the person's session.
    pub(super) async fn send(
        &mut self,
        person: &mut Person,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt> {
        let honest = Deviation::default();
        let mut bench = Bench::new(&honest, &NoFacts);
        let probes = self.solo.probes();
        person.actor.send(begun, message, &mut bench, probes, &mut self.log).await
    }

    /// A ceremony of a person whose browser or device is not honest.
    pub(super) async fn deviates(
        &mut self,
        person: &mut Person,
        ceremony: Ceremony,
        edits: serde_json::Value,
    ) -> Result<Attempt> {
        let (deviation, none) = (deviation(edits)?, Known::default());
        let probes = self.solo.probes();
        person.actor.deviate(ceremony, &deviation, &none, probes, &mut self.log).await
    }

    /// Records the refusal of a browser that is right to refuse.
    pub(super) fn browser_refuses(
        &mut self,
        action: UserAction,
        exception: &DomException,
        means: &str,
    ) {
        self.step(action, Some(browser(exception)), Some(Outcome::Pass), means, None);
    }

    /// Records a step that a rule of the catalogue judges.
    pub(super) fn judged(
        &mut self,
        action: UserAction,
        id: &str,
        seen: Result<Attempt>,
        means: Meanings<'_>,
    ) {
        match self.catalogue.find(id).cloned() {
            Some(check) => self.judged_as(action, &check, seen, means),
            None => self.skipped(action, "The catalogue has no rule for it."),
        }
    }

    /// Records a step that a rule of simulations judges.
    pub(super) fn judged_by(
        &mut self,
        action: UserAction,
        rule: &Rule,
        seen: Result<Attempt>,
        means: Meanings<'_>,
    ) {
        self.judged_as(action, &rule.check(), seen, means);
    }

    fn judged_as(
        &mut self,
        action: UserAction,
        check: &Check,
        seen: Result<Attempt>,
        means: Meanings<'_>,
    ) {
        let answered = seen.as_ref().ok().map(answer);
        let seen = seen.map(Observations::of);
        let result = self.solo.judge(check, &seen);
        let answered = answered.or_else(|| answer_to(&result));
        let number = self.record(action, answered, &result, check, means, seen.err().as_ref());
        if result.outcome == Outcome::Pass && result.verdict == Some(Verdict::Refused) {
            self.unproved.push((number, check.clone(), result));
        }
    }

    /// Performs and records a check of the catalogue, between honest ceremonies and with
    /// accounts of its own.
    pub(super) async fn check(&mut self, action: UserAction, id: &str, means: Meanings<'_>) {
        let Some(check) = self.catalogue.find(id).cloned() else {
            return self.skipped(action, "The catalogue has no rule for it.");
        };
        let result = self.solo.check(&check, self.observer).await;
        let answered = answer_to(&result);
        self.record(action, answered, &result, &check, means, None);
    }
}
