//! The stage of a simulation: acts, and what becomes of their steps.

use std::sync::Arc;

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::DomException;
use passrig_authenticator::deviation::{Bench, Deviation, NoFacts};
use passrig_authenticator::device::Profile;

use super::cast::{Line, Person, answer, answer_to, browser, rp, says};
use super::story::{Act, Answer, Finding, Step, Story};
use super::{Audience, Options, Simulation};
use crate::actor::{Actor, Attempt, Known, Message, Trouble};
use crate::catalogue::{Catalogue, Check};
use crate::outcome::{CheckResult, NotTestable, Outcome, Setting, Verdict};
use crate::runner::Solo;
use crate::scenarios::Observations;
use crate::target_rp::adapter::SettingValues as Offer;
use crate::target_rp::{Begun, Flow, Log, Recognised};

/// A simulation under way.
pub(super) struct Play<'a> {
    solo: Solo,
    catalogue: Arc<Catalogue>,
    audience: &'a dyn Audience,
    story: Story,
    /// What every request names.
    check: String,
    /// How many people have come so far.
    people: usize,
    /// The refusals of this act that honest ceremonies have not followed yet.
    unproved: Vec<(usize, Check, CheckResult)>,
    pub(super) log: Log,
}

/// What a step means, by what came of it.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    /// If the RP did what a sound one does.
    pub(super) good: &'a str,
    /// If it did not.
    pub(super) bad: &'a str,
}

/// What a browser made of options, or its refusal.
pub(super) type Response = Result<Message, DomException>;

impl<'a> Play<'a> {
    pub(super) async fn begin(
        simulation: &Simulation,
        options: &Options,
        target: Arc<crate::target_rp::Target>,
        audience: &'a dyn Audience,
    ) -> Result<(Self, Option<CheckResult>), NotTestable> {
        let Options { seed, run_id, variables, throttle_wait, .. } = options;
        let check = format!("simulate.{}", simulation.name);
        // Two simulations of one run have accounts of their own.
        let within = format!("{run_id}/{}", simulation.name);
        let (solo, forged) =
            Solo::begin(target, seed, &within, variables.clone(), *throttle_wait, audience).await?;
        let mut story = Story::unplayed(simulation, options, &solo.world().target);
        story.target.observed = solo.observed();
        audience.opened(&story);
        let play = Self {
            solo,
            catalogue: Arc::clone(&options.catalogue),
            audience,
            story,
            check,
            people: 0,
            unproved: Vec::new(),
            log: Log::new(),
        };
        Ok((play, forged))
    }

    /// The story, at its end.
    pub(super) fn story(mut self) -> Story {
        let has_error = self.story.findings.iter().any(|one| one.outcome == Outcome::Error);
        if let Some(crash) = self.solo.crash().filter(|_| !has_error) {
            let line = says("The RP", "crashes during the story and comes back");
            let means = "Nothing in the story explains that. Users see errors meanwhile.";
            let seen = crash.reason.clone().unwrap_or_default();
            let number = self.step(line, Some(rp(seen)), Some(crash.outcome), means, None);
            let why = "An RP that crashes keeps its users out.";
            self.find(number, &crash, why, "Look at the log of the RP at that time.");
        }
        // An answer may quote a secret that was learnt after it.
        let steps = self.story.acts.iter_mut().flat_map(|act| &mut act.steps);
        for answer in steps.flat_map(|step| &mut step.answers) {
            answer.says = self.log.mask(&answer.says);
        }
        for finding in &mut self.story.findings {
            finding.seen = self.log.mask(&finding.seen);
        }
        self.story
    }

    /// There is nothing to tell of an RP that lets everybody in.
    pub(super) fn accepts_anything(&mut self, result: &CheckResult) {
        self.act("No story", "Before a story begins, somebody honest signs up and signs in.");
        let line = says("Mallory", format!("sends a forgery ({})", result.title));
        let means = "This RP accepts anything. No story would say more.";
        let number = self.step(line, answer_to(result), Some(result.outcome), means, None);
        let why = "Whoever wants is in every account.";
        let fix = "Verify responses: §7.1 and §7.2, step by step.";
        self.find(number, result, why, fix);
    }

    /// The origin of the RP's pages.
    pub(super) fn origin(&self) -> &str {
        self.solo.world().target.origin()
    }

    /// Whether the RP's adapter has that flow.
    pub(super) fn has(&self, flow: Flow) -> bool {
        self.solo.world().target.adapter().has(flow)
    }

    /// Whether the RP has a flow, or the trouble that it has none.
    pub(super) fn needs(&self, flow: Flow) -> Result<(), Trouble> {
        if self.has(flow) { Ok(()) } else { Err(Trouble::NoFlow(flow)) }
    }

    /// Whether the session can be asked who is signed in.
    pub(super) fn sees_sessions(&self) -> bool {
        self.solo.probes().whoami
    }

    /// Whether passkeys are listed.
    pub(super) fn sees_passkeys(&self) -> bool {
        self.solo.probes().list
    }

    /// What the RP asks for in honest ceremonies, such as
    /// `authentication.user-verification`.
    pub(super) fn asked(&self, what: &str) -> Option<&str> {
        self.story.target.observed.get(what).map(String::as_str)
    }

    /// Whether the RP asks for a password on the way to the passkey.
    pub(super) fn asks_a_second_factor(&self) -> bool {
        self.solo.world().target.adapter().sends(Flow::Authenticate, "password")
    }

    /// Whether the adapter can ask for this.
    pub(super) fn can_choose(&self, setting: Setting, value: &str) -> bool {
        let settings = &self.solo.world().target.adapter().settings;
        let offer = match setting {
            Setting::Login => &settings.login,
            Setting::Mediation => &settings.mediation,
            Setting::UserVerification => &settings.user_verification,
            _ => return false,
        };
        matches!(offer, Offer::Choose(values) if values.iter().any(|one| one == value))
    }

    /// Whether the RP objected to something since the log was that long.
    pub(super) fn objected_since(&self, length: usize) -> bool {
        let exchanges = self.log.exchanges();
        let mut answers = exchanges.iter().skip(length).filter_map(|one| one.response.as_ref());
        answers.any(|answer| (400..500).contains(&answer.status))
    }

    /// Somebody with an account, where that is a step of its own, and a device.
    pub(super) async fn person(
        &mut self,
        name: &'static str,
        device: &str,
        profile: Profile,
    ) -> Result<Person, Trouble> {
        let seat = self.people;
        self.people += 1;
        let label = format!("{name}/{seat}");
        let (world, variant) = (self.solo.world(), self.solo.variant());
        let pool = world.target.adapter().account.pool.len().max(1);
        let mut actor =
            Actor::new(world, variant, &self.check, &label, profile).seated(seat % pool);
        actor.arrive(&mut self.log).await?;
        Ok(Person { name, device: device.to_owned(), actor })
    }

    /// Whether two people can have accounts.
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
    ) -> Result<Person, Trouble> {
        let mut ada = self.person("Ada", device, profile).await?;
        self.honest(&mut ada, Ceremony::Registration, does, means).await?;
        Ok(ada)
    }

    /// Whether the story has only begun.
    pub(super) fn is_in_first_act(&self) -> bool {
        self.story.acts.len() == 1
    }

    /// The curtain rises.
    pub(super) fn act(&mut self, title: &str, about: &str) {
        let act = Act { title: title.to_owned(), about: about.to_owned(), steps: Vec::new() };
        self.audience.began(&act);
        self.story.acts.push(act);
    }

    /// The curtain falls. If something kept the act from its end, that is told;
    /// if there were refusals, somebody honest shows what they are worth.
    pub(super) async fn end(&mut self, played: Result<(), Trouble>) {
        if let Err(trouble) = played {
            self.stopped(&trouble);
        }
        let unproved = std::mem::take(&mut self.unproved);
        if unproved.is_empty() {
            return;
        }
        let sound = self.solo.is_sound(self.audience).await;
        let line =
            says("Somebody honest", "signs up and signs in, to show that the RP still works");
        match sound {
            Ok(()) => {
                let means = "The refusals in this act were meant for what was wrong, and for \
                             nothing else.";
                self.step(line, Some(rp("accepted")), Some(Outcome::Pass), means, None);
            }
            Err(what) => {
                let answer = Some(rp(what.clone()));
                let means = "The RP refuses honest people as well. Its refusals in this act prove \
                             nothing.";
                self.step(line, answer, Some(Outcome::Inconclusive), means, None);
                for (number, check, result) in unproved {
                    let result = Solo::void(result, &what);
                    self.mark(number, result.outcome);
                    self.find(number, &result, &check.why, &check.fix);
                }
            }
        }
    }

    /// What keeps an act from going on.
    fn stopped(&mut self, trouble: &Trouble) {
        let line = says("The story", "cannot go on here");
        if let Some(lack) = lack(trouble) {
            let means = format!("{lack} That says nothing about the RP.");
            self.step(line, None, Some(Outcome::Skipped), &means, None);
            return;
        }
        let what = trouble.to_string();
        let means = "Something went wrong on the way that should have worked, so the rest of \
                     this act is not known.";
        let check = super::rules::ON_THE_WAY.check();
        let result = self.solo.judge(&check, &Err(trouble.clone()));
        let number = self.step(line, Some(rp(what)), Some(result.outcome), means, None);
        self.find(number, &result, &check.why, &check.fix);
    }

    /// Something that is only told.
    pub(super) fn tell(&mut self, line: Line, answer: impl Into<Option<Answer>>, means: &str) {
        self.step(line, answer.into(), None, means, None);
    }

    /// Something that went as it should.
    pub(super) fn good(&mut self, line: Line, answer: impl Into<Option<Answer>>, means: &str) {
        self.step(line, answer.into(), Some(Outcome::Pass), means, None);
    }

    /// Something that this RP's adapter does not permit.
    pub(super) fn left(&mut self, line: Line, means: &str) {
        self.step(line, None, Some(Outcome::Skipped), means, None);
    }

    /// An honest ceremony, which has to be accepted for the act to go on.
    pub(super) async fn honest(
        &mut self,
        person: &mut Person,
        ceremony: Ceremony,
        does: &str,
        means: &str,
    ) -> Result<(), Trouble> {
        let line = person.does(does);
        let probes = self.solo.probes();
        let attempt = person.actor.perform(ceremony, probes, &mut self.log).await?;
        if attempt.verdict.recognised != Recognised::Accepted {
            let throttled = attempt.throttled();
            return Err(Trouble::Honest { ceremony, message: attempt.verdict.message, throttled });
        }
        self.step(line, Some(answer(&attempt)), Some(Outcome::Pass), means, None);
        Ok(())
    }

    /// What the person's browser makes of options: a response, or a refusal of its
    /// own.
    pub(super) fn respond(person: &mut Person, begun: &Begun) -> Result<Response, Trouble> {
        match person.actor.respond(begun) {
            Ok(message) => Ok(Ok(message)),
            Err(Trouble::Client(exception)) => Ok(Err(exception)),
            Err(trouble) => Err(trouble),
        }
    }

    /// Sends a response in the person's session.
    pub(super) async fn send(
        &mut self,
        person: &mut Person,
        begun: &Begun,
        message: &Message,
    ) -> Result<Attempt, Trouble> {
        let honest = Deviation::default();
        let mut bench = Bench::new(&honest, &NoFacts);
        let probes = self.solo.probes();
        person.actor.send(begun, message, &mut bench, probes, &mut self.log).await
    }

    /// A ceremony of somebody whose browser or device is not honest.
    pub(super) async fn deviates(
        &mut self,
        person: &mut Person,
        ceremony: Ceremony,
        edits: serde_json::Value,
    ) -> Result<Attempt, Trouble> {
        // Written by us: that they can be read is a matter of tests.
        let edits = serde_json::from_value(edits).map_err(|_| Trouble::NotExpressible)?;
        let (deviation, nobody) = (Deviation::new(edits), Known::default());
        let probes = self.solo.probes();
        person.actor.deviate(ceremony, &deviation, &nobody, probes, &mut self.log).await
    }

    /// A browser that refuses, for a reason that is good.
    pub(super) fn browser_refuses(&mut self, line: Line, exception: &DomException, means: &str) {
        self.step(line, Some(browser(exception)), Some(Outcome::Pass), means, None);
    }

    /// A step that is judged by a rule of the catalogue.
    pub(super) fn judged(
        &mut self,
        line: Line,
        id: &str,
        seen: Result<Observations, Trouble>,
        means: Means<'_>,
    ) -> Option<Verdict> {
        match self.catalogue.find(id).cloned() {
            Some(check) => self.judged_by(line, &check, seen, means),
            None => {
                self.left(line, "The catalogue has no rule for it.");
                None
            }
        }
    }

    /// A step that is judged by any rule.
    pub(super) fn judged_by(
        &mut self,
        line: Line,
        check: &Check,
        seen: Result<Observations, Trouble>,
        means: Means<'_>,
    ) -> Option<Verdict> {
        let result = self.solo.judge(check, &seen);
        let answered = seen.as_ref().ok().map(|seen| answer(&seen.attempt));
        let answered = answered.or_else(|| answer_to(&result));
        let number = self.came_to(line, answered, &result, check, means, seen.err().as_ref());
        if result.outcome == Outcome::Pass && result.verdict == Some(Verdict::Refused) {
            self.unproved.push((number, check.clone(), result.clone()));
        }
        result.verdict
    }

    /// A check of the catalogue, told. It is performed between honest ceremonies
    /// of its own, by people of its own.
    pub(super) async fn check(&mut self, line: Line, id: &str, means: Means<'_>) {
        let Some(check) = self.catalogue.find(id).cloned() else {
            return self.left(line, "The catalogue has no rule for it.");
        };
        let result = self.solo.check(&check, self.audience).await;
        let answered = answer_to(&result);
        self.came_to(line, answered, &result, &check, means, None);
    }

    fn came_to(
        &mut self,
        line: Line,
        answered: Option<Answer>,
        result: &CheckResult,
        check: &Check,
        means: Means<'_>,
        trouble: Option<&Trouble>,
    ) -> usize {
        let skipped = || {
            let lack = trouble.and_then(lack);
            lack.unwrap_or_else(|| lacking(result.reason.as_deref().unwrap_or_default()))
        };
        let means = match result.outcome {
            Outcome::Pass => means.good.to_owned(),
            Outcome::Note if result.is_as_expected() => means.good.to_owned(),
            Outcome::Fail | Outcome::Warn | Outcome::Note => means.bad.to_owned(),
            Outcome::Skipped => format!("{} That says nothing about the RP.", skipped()),
            Outcome::Inconclusive => {
                "What the RP would have done is not known: this answer tells neither yes nor no."
                    .to_owned()
            }
            Outcome::Error => "The RP broke on it. That is no refusal.".to_owned(),
        };
        let id = Some(check.id.clone());
        let number = self.step(line, answered, Some(result.outcome), &means, id);
        self.find(number, result, &check.why, &check.fix);
        number
    }

    fn find(&mut self, step: usize, result: &CheckResult, why: &str, fix: &str) {
        let is_finding = match result.outcome {
            Outcome::Pass | Outcome::Skipped => false,
            Outcome::Note => !result.is_as_expected(),
            Outcome::Fail | Outcome::Warn | Outcome::Inconclusive | Outcome::Error => true,
        };
        if !is_finding {
            return;
        }
        let seen = match (result.verdict, &result.reason) {
            (Some(verdict), Some(reason)) => format!("{verdict} ({reason})"),
            (Some(verdict), None) => verdict.to_string(),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        let finding = Finding {
            step,
            id: result.id.clone(),
            title: result.title.clone(),
            outcome: result.outcome,
            level: result.level,
            importance: result.importance,
            clause: result.clause.clone(),
            seen,
            why: why.to_owned(),
            fix: fix.to_owned(),
        };
        self.audience.flaw(&finding);
        self.story.findings.push(finding);
    }

    fn step(
        &mut self,
        line: Line,
        answer: Option<Answer>,
        outcome: Option<Outcome>,
        means: &str,
        check: Option<String>,
    ) -> usize {
        let number = self.story.steps().count() + 1;
        let Line { who, device, domain, does } = line;
        let own = || self.origin().to_owned();
        let domain = domain.or_else(|| device.is_some().then(own));
        let step = Step {
            number,
            who,
            device,
            domain,
            does,
            answers: answer.into_iter().map(|one| self.masked(one)).collect(),
            outcome,
            means: self.log.mask(means),
            check,
        };
        self.audience.saw(&step);
        if let Some(act) = self.story.acts.last_mut() {
            act.steps.push(step);
        }
        number
    }

    fn masked(&self, answer: Answer) -> Answer {
        Answer { says: self.log.mask(&answer.says), ..answer }
    }

    fn mark(&mut self, number: usize, outcome: Outcome) {
        let mut steps = self.story.acts.iter_mut().flat_map(|act| &mut act.steps);
        if let Some(step) = steps.find(|step| step.number == number) {
            step.outcome = Some(outcome);
        }
    }
}

/// What the RP's adapter lacks, in a sentence, if that is the trouble.
fn lack(trouble: &Trouble) -> Option<String> {
    let flow = match trouble {
        Trouble::NoFlow(flow) => flow,
        Trouble::NoFeature(what) => return Some(format!("This RP has no {what}.")),
        Trouble::NotExpressible => {
            return Some("With this RP there is nothing to try here.".to_owned());
        }
        _ => return None,
    };
    let what = match flow {
        Flow::Recover => "way of recovery",
        Flow::Prepare => "way to prepare for a loss",
        Flow::Remove => "way to remove a passkey",
        Flow::Login => "sign-in without a passkey",
        Flow::List => "list of passkeys",
        Flow::Whoami => "way to ask who is signed in",
        Flow::Logout => "sign-out",
        Flow::Close => "way to close an account",
        _ => return Some(format!("This RP's profile has no `{flow}`.")),
    };
    Some(format!("This RP's profile has no {what} (`{flow}`)."))
}

/// The same for a check that was not sent.
fn lacking(reason: &str) -> String {
    let what = match reason {
        "registrable-domain" => "The RP's address has no relatives (localhost).",
        "two-accounts" => "This RP's profile has one account only, and it takes two.",
        "setting" => "This RP never asks for what it takes.",
        "flow" => "This RP's profile has no flow for it.",
        "feature" => "This RP does not have what it is about.",
        "opt-in" => "It takes minutes, and belongs into `passrig check`.",
        _ => "With this RP there is nothing to try here.",
    };
    what.to_owned()
}
