//! Ceremonies of an actor: from the options of the target to its answer.

use super::{Actor, Attempt, AttemptError, Known, Message, NotExpressible, Probes, Result};
use crate::outcome::{Effect, Setting, SettingValue};
use crate::target_rp::error::ErrorKind;
use crate::target_rp::{Begun, CredentialAnswer, Flow, Log, Recognised, Session};
use passrig_authenticator::Ceremony;
use passrig_authenticator::client::{Client, create, get};
use passrig_authenticator::deviation::{self, Bench, Deviation, PlanMut};
use passrig_authenticator::device::Attachment;
use passrig_authenticator::wire::extensions::ClientInputs;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use passrig_authenticator::workbench::Honest;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;
use url::Url;

/// The number of ceremonies of a deviation that changes nothing. Every second signature has a high
/// s already: with so many ceremonies, a check of it is skipped once in sixteen million runs.
const TRIES: usize = 24;

impl Actor {
    /// Begins a ceremony: the RP's options.
    pub async fn begin(&mut self, ceremony: Ceremony, log: &mut Log) -> Result<Begun> {
        let discoverable = self.variant.setting(Setting::Login) == Some(SettingValue::Discoverable);
        let inputs = match ceremony {
            Ceremony::Authentication if discoverable => {
                Cow::Owned(self.inputs.clone().without("username"))
            }
            _ => Cow::Borrowed(&self.inputs),
        };
        let begun = self.world.target.begin(ceremony, &mut self.session, &inputs, log).await?;
        // Options that no client can convert end the ceremony later.
        let (rp_id, extensions) = match ceremony {
            Ceremony::Registration => CreationOptions::parse(&begun.options)
                .map(|options| (options.rp.id, options.extensions)),
            Ceremony::Authentication => RequestOptions::parse(&begun.options)
                .map(|options| (options.rp_id, options.extensions)),
        }
        .unwrap_or_default();
        let inputs = ClientInputs::parse(&extensions).unwrap_or_default();
        self.known.app_id = inputs.appid;
        let own = || self.world.origin.domain().map(str::to_owned);
        self.known.rp_id = rp_id.or_else(own);
        Ok(begun)
    }

    /// Makes an honest response to options.
    pub fn respond(&mut self, begun: &Begun) -> Result<Message> {
        let honest = Deviation::default();
        let known = self.known.clone();
        self.respond_with(begun, &mut Bench::new(&honest, &known))
    }

    /// Makes a response to options on a bench of the caller's.
    pub fn respond_with(&mut self, begun: &Begun, bench: &mut Bench<'_>) -> Result<Message> {
        self.respond_and_compare(begun, bench, false)
    }

    /// Makes a response and, if the two are compared, the response of the same plan without the
    /// deviation.
    fn respond_and_compare(
        &mut self,
        begun: &Begun,
        bench: &mut Bench<'_>,
        is_compared: bool,
    ) -> Result<Message> {
        let (response, credential_id, honest) = match begun.ceremony {
            Ceremony::Registration => {
                let options = CreationOptions::parse(&begun.options)?;
                let mut plan = self.plan_create(&options)?;
                // The authenticator keeps none where the credential is not discoverable.
                self.known.user_handle = Some(options.user.id.0.clone());
                if self.format.or(bench.deviation().format()).is_some() {
                    self.client.certify(&mut plan);
                }
                if let Some(format) = self.format {
                    plan.device.attest_as(format);
                }
                if let Some(listing) = self.listing {
                    plan.device.be_of(listing).ok_or_else(|| {
                        AttemptError::Bug("a listed model has no certificates".to_owned())
                    })?;
                }
                let honest = is_compared.then(|| plan.clone());
                let honest = honest.map(|plan| {
                    self.with_authenticators_restored(|client| {
                        client.perform_create(plan, &mut Honest)
                    })
                });
                bench.plan(PlanMut::Create(&mut plan));
                let credential_id = plan.device.credential.id.clone();
                (self.client.perform_create(plan, bench), credential_id, honest)
            }
            Ceremony::Authentication => {
                let mut plan = self.plan_get(begun)?;
                let honest = is_compared.then(|| {
                    self.with_authenticators_restored(|client| {
                        client.perform_get(&plan, &mut Honest)
                    })
                });
                bench.plan(PlanMut::Get(&mut plan));
                let credential_id = plan.device.credential.id.clone();
                (self.client.perform_get(&plan, bench), credential_id, honest)
            }
        };
        Ok(Message { response, credential_id, honest })
    }

    /// Runs the work, and restores the authenticators to their state before it.
    fn with_authenticators_restored<T>(&mut self, work: impl FnOnce(&mut Client) -> T) -> T {
        let before = self.client.authenticators.clone();
        let done = work(&mut self.client);
        self.client.authenticators = before;
        done
    }

    fn plan_create(&mut self, options: &CreationOptions) -> Result<create::CreatePlan> {
        // A user who is asked for a security key or a phone takes one: a check depends on the
        // properties of the authenticator, not on its place.
        let selection = options.authenticator_selection.as_ref();
        let wanted = selection.and_then(|s| s.authenticator_attachment.as_deref());
        if let Some(attachment) = wanted.and_then(Attachment::parse) {
            for authenticator in &mut self.client.authenticators {
                authenticator.attach(attachment);
            }
        }
        Ok(self.client.plan_create(options)?)
    }

    fn plan_get(&mut self, begun: &Begun) -> Result<get::GetPlan> {
        Ok(self.client.plan_get(&RequestOptions::parse(&begun.options)?)?)
    }

    /// Sends a response, and probes the effect.
    pub async fn send(
        &mut self,
        begun: &Begun,
        message: &Message,
        bench: &mut Bench<'_>,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt> {
        self.send_from(None, begun, message, bench, probes, log).await
    }

    /// Sends a response from a page of another site, if one is named: with the cookies and headers
    /// that a browser adds there. The probes run on a page of the RP.
    pub async fn send_from(
        &mut self,
        page: Option<&Url>,
        begun: &Begun,
        message: &Message,
        bench: &mut Bench<'_>,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt> {
        let id = &message.credential_id;
        let start = Instant::now();
        let before = self.probe(begun.ceremony, id, probes, log).await?;
        let target = Arc::clone(&self.world.target);
        self.session.visit(page.cloned());
        let answer =
            target.finish(begun, &mut self.session, &self.inputs, message, bench, log).await;
        self.session.visit(None);
        let answer = answer.map_err(|error| match error.kind {
            ErrorKind::EqualsHonest => NotExpressible::NotSent.into(),
            _ => AttemptError::from(error),
        })?;
        // A state that was there before is not an effect of the attempt.
        let effect = match before {
            Some(false) => match self.probe(begun.ceremony, id, probes, log).await? {
                Some(true) => Effect::Happened,
                Some(false) => Effect::Absent,
                None => Effect::Unobserved,
            },
            _ => Effect::Unobserved,
        };
        let exchange = answer.exchange;
        Ok(Attempt { verdict: answer.verdict, effect, exchange, duration: start.elapsed() })
    }

    /// Sends two responses to the same options at once, on connections that are open already where
    /// a probe can open them. Without probes of effects, the answers decide.
    pub async fn send_together(
        &mut self,
        begun: &Begun,
        messages: [&Message; 2],
        log: &mut Log,
    ) -> Result<[Attempt; 2]> {
        let there = self.session.clone();
        self.send_beside(there, [begun, begun], messages, log).await
    }

    /// Sends the responses of two ceremonies at once; the second one was begun in another session.
    pub async fn send_beside(
        &mut self,
        mut there: Session,
        [first, second]: [&Begun; 2],
        messages: [&Message; 2],
        log: &mut Log,
    ) -> Result<[Attempt; 2]> {
        let (target, inputs) = (&self.world.target, &self.inputs);
        let there = &mut there;
        let here = &mut self.session;
        let start = Instant::now();
        let mut beside = log.clone();
        let warm = tokio::join!(
            target.run(Flow::Whoami, here, inputs, log),
            target.run(Flow::Whoami, there, inputs, &mut beside),
        );
        warm.0?;
        warm.1?;
        let mut bench = (Honest, Honest);
        let [one, two] = messages.map(|message| &message.response);
        let answers = tokio::join!(
            target.finish(first, here, inputs, one, &mut bench.0, log),
            target.finish(second, there, inputs, two, &mut bench.1, &mut beside),
        );
        let (one, mut two) = (answers.0?, answers.1?);
        // Both began with what was logged before.
        two.exchange = log.append(&beside, two.exchange);
        let attempt = |answer: CredentialAnswer| Attempt {
            verdict: answer.verdict,
            effect: Effect::Unobserved,
            exchange: answer.exchange,
            duration: start.elapsed(),
        };
        Ok([one, two].map(attempt))
    }

    /// A whole ceremony, honest.
    pub async fn perform(
        &mut self,
        ceremony: Ceremony,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt> {
        self.deviate(ceremony, &Deviation::default(), &Known::default(), probes, log).await
    }

    /// An honest registration that must be accepted.
    pub async fn enrol(&mut self, log: &mut Log) -> Result<Attempt> {
        self.honest(Ceremony::Registration, log).await
    }

    /// An honest authentication that must be accepted.
    pub async fn sign_in(&mut self, log: &mut Log) -> Result<Attempt> {
        self.honest(Ceremony::Authentication, log).await
    }

    async fn honest(&mut self, ceremony: Ceremony, log: &mut Log) -> Result<Attempt> {
        let attempt = self.perform(ceremony, Probes::default(), log).await?;
        match attempt.verdict.recognised {
            Recognised::Accepted => Ok(attempt),
            _ => {
                let throttled = attempt.throttled();
                let is_refused = attempt.verdict.recognised == Recognised::Refused;
                let message = attempt.verdict.message;
                Err(AttemptError::Honest { ceremony, message, throttled, is_refused })
            }
        }
    }

    /// A whole ceremony that deviates. A ceremony that equals the honest one begins again; `other`
    /// has the facts about another actor that the deviation may use.
    pub async fn deviate(
        &mut self,
        ceremony: Ceremony,
        deviation: &Deviation,
        other: &Known,
        probes: Probes,
        log: &mut Log,
    ) -> Result<Attempt> {
        let honest = deviation.edits().is_empty();
        let of_request = |edit: &deviation::Edit| edit.at.stage() == "request";
        let waits_for_request = deviation.edits().iter().any(of_request);
        // A change of the plan need not reach the response, nor one of the response the request.
        let of_plan = |edit: &deviation::Edit| edit.at.stage() == "plan";
        let is_compared = !honest
            && !waits_for_request
            && (deviation.edits().iter().any(of_plan)
                || !self.world.target.sends_whole_credential(ceremony));
        for _ in 0..TRIES {
            let begun = self.begin(ceremony, log).await?;
            let facts = self.known.beside(other);
            let mut bench = Bench::new(deviation, &facts);
            let message = self.respond_and_compare(&begun, &mut bench, is_compared)?;
            if !honest && !bench.is_deviant() && !waits_for_request {
                if self.world.origin.is_app() {
                    self.effect(&bench)?;
                }
                continue;
            }
            let attempt = self.send(&begun, &message, &mut bench, probes, log).await?;
            match self.effect(&bench)? {
                // Two actors never register one credential.
                deviation::Effect::Honest
                    if !honest && ceremony == Ceremony::Registration && attempt.is_accepted() =>
                {
                    return Err(NotExpressible::AcceptedHonest.into());
                }
                deviation::Effect::Honest if !honest => continue,
                _ => {}
            }
            if ceremony == Ceremony::Registration {
                self.known.credential_id = Some(message.credential_id);
            }
            return Ok(attempt);
        }
        Err(NotExpressible::EqualsHonest(TRIES).into())
    }

    /// The effect of a deviation. An authenticator that the user names may not make the part that
    /// the check edits.
    fn effect(&self, bench: &Bench<'_>) -> Result<deviation::Effect> {
        match bench.effect() {
            Err(error) if self.world.authenticator.is_some() => {
                Err(NotExpressible::NotMade(error).into())
            }
            Err(error) if self.world.origin.is_app() => {
                Err(NotExpressible::OriginOfAnApp(error).into())
            }
            effect => Ok(effect?),
        }
    }
}
