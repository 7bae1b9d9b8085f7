//! The preflight, before anything is judged: an honest ceremony of each kind, then one that is
//! wrong everywhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Deviation;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde_json::{Map, Value, json};

use super::bug::Bug;
use super::retries::{Retries, throttled};
use crate::actor::{Actor, Attempt, AttemptError, Crash, Known, Probes, THROTTLED, World};
use crate::catalogue::Product;
use crate::observer::Observer;
use crate::outcome::{
    CheckResult, Effect, Expectation, Importance, Level, NotTestable, Outcome, Setting,
    SettingValue, Transcript, Variant, Verdict,
};
use crate::target_rp::{Begun, Log, Recognised};

/// The options of a target in honest ceremonies.
#[derive(Clone, Debug, Default)]
pub(super) struct ObservedOptions {
    settings: BTreeMap<(Ceremony, Setting), SettingValue>,
    algorithms: BTreeSet<i64>,
    extensions: BTreeSet<(Ceremony, String)>,
}

impl ObservedOptions {
    /// The value that it asked for in that ceremony.
    pub(super) fn setting(&self, ceremony: Ceremony, setting: Setting) -> Option<SettingValue> {
        self.settings.get(&(ceremony, setting)).copied()
    }

    /// True if registration options list that COSE algorithm.
    pub(super) fn offers(&self, algorithm: i64) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// True if its options had an input for that extension.
    pub(super) fn asks_for(&self, ceremony: Ceremony, extension: &str) -> bool {
        self.extensions.contains(&(ceremony, extension.to_owned()))
    }

    /// The values that it asked for, for reports.
    pub(super) fn by_name(&self) -> BTreeMap<String, String> {
        let named = |((ceremony, setting), value): (&(Ceremony, Setting), &SettingValue)| {
            (format!("{ceremony}.{setting}"), value.to_string())
        };
        self.settings.iter().map(named).collect()
    }

    fn note(&mut self, begun: &Begun) {
        let mut note = |extensions: &Map<String, Value>| {
            let names = extensions.keys().map(|name| (begun.ceremony, name.clone()));
            self.extensions.extend(names);
        };
        let mut set = |setting, value: &str| {
            let value = SettingValue::named(value);
            self.settings.extend(value.map(|value| ((begun.ceremony, setting), value)));
        };
        match begun.ceremony {
            Ceremony::Registration => {
                if let Ok(options) = CreationOptions::parse(&begun.options) {
                    note(&options.extensions);
                    set(Setting::UserVerification, options.user_verification().as_str());
                    let attestation = match options.attestation.as_deref() {
                        Some("direct" | "enterprise" | "indirect") => "direct",
                        _ => "none",
                    };
                    set(Setting::Attestation, attestation);
                    self.algorithms =
                        options.pub_key_cred_params.iter().map(|offered| offered.alg.0).collect();
                }
            }
            Ceremony::Authentication => {
                if let Ok(options) = RequestOptions::parse(&begun.options) {
                    note(&options.extensions);
                    set(Setting::UserVerification, options.user_verification().as_str());
                    let listed = !options.allow_credentials.is_empty();
                    set(Setting::Login, if listed { "username" } else { "discoverable" });
                }
            }
        }
    }
}

/// The findings of the honest ceremonies.
pub(super) struct PreflightResult {
    pub(super) observed: ObservedOptions,
    pub(super) probes: Probes,
}

/// The findings for each variant, whose honest ceremonies are carried out once.
#[derive(Default)]
pub(super) struct PreflightCache(HashMap<Variant, Arc<PreflightResult>>);

impl PreflightCache {
    pub(super) fn of(&self, variant: &Variant) -> Option<Arc<PreflightResult>> {
        self.0.get(variant).cloned()
    }

    pub(super) fn keep(
        &mut self,
        variant: &Variant,
        honest: PreflightResult,
    ) -> Arc<PreflightResult> {
        let honest = Arc::new(honest);
        self.0.insert(variant.clone(), Arc::clone(&honest));
        honest
    }
}

/// An honest registration and an honest authentication. Probes that show the
/// change are trusted from then on. After each loss of the target, other actors perform them.
pub(super) async fn honest(
    world: &World,
    variant: &Variant,
    observer: &dyn Observer,
    losses: usize,
) -> Result<PreflightResult, NotTestable> {
    let mut log = Log::new();
    let mut observed = ObservedOptions::default();
    let mut probes = Probes::default();
    // Each variant has actors of its own.
    let name = match losses {
        0 => variant.to_string(),
        losses => format!("{variant}/{losses}"),
    };
    let authenticator = world.authenticator(Product::default(), None, None);
    let mut actor =
        Actor::new(world, variant, "canary.honest", &name, authenticator).with_account(0);
    let mut retries = Retries::new(observer, &world.state);
    while let Err(trouble) = actor.set_up(&mut log).await {
        if !retries.wait(trouble.throttled()).await {
            return Err(not_testable(
                "an account cannot be made",
                &trouble,
                &log,
                &observed,
                world,
            ));
        }
    }
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        if ceremony == Ceremony::Authentication {
            actor.change_browser();
        }
        let mut retries = Retries::new(observer, &world.state);
        let performed = loop {
            let performed = perform(&mut actor, ceremony, &mut observed, &mut log).await;
            if !retries.wait(throttled(&performed)).await {
                break performed;
            }
        };
        let attempt = performed.map_err(|trouble| {
            let what = format!("an honest {ceremony} cannot be carried out");
            not_testable(&what, &trouble, &log, &observed, world)
        })?;
        match attempt.verdict.recognised {
            Recognised::Accepted => {}
            recognised => {
                let what = match recognised {
                    Recognised::Unrecognised => {
                        "is answered in a way that the adapter does not know"
                    }
                    Recognised::Throttled { .. } => "is throttled",
                    Recognised::Crash | Recognised::RefusedLikeCrash => "breaks the target",
                    _ => "is refused",
                };
                let used_up = match recognised {
                    Recognised::Throttled { .. } => world.state.throttling.used_up(),
                    _ => None,
                };
                let (said, also) = (said(&attempt, &log), also(used_up));
                let what = format!("an honest {ceremony} {what}{said}{also}");
                let help = match (recognised, &attempt.verdict.unknown) {
                    (Recognised::Unrecognised, Some(answer)) => format!(
                        "if this means that it was accepted, add to that step: accepted = [{}]",
                        log.mask(answer)
                    ),
                    (Recognised::Throttled { .. }, _) => THROTTLED.to_owned(),
                    _ => "is the target configured for the origin that --origin names (by default \
                          that of --rp)? What does its log say?"
                        .to_owned(),
                };
                let error = unfit(what, Some(help), Transcript::of(log, None), &observed);
                let is_refusal = recognised == Recognised::Refused;
                let is_answer = !matches!(recognised, Recognised::Throttled { .. });
                return Err(NotTestable { is_refusal, is_answer, ..error });
            }
        }
        let seen = attempt.effect == Effect::Happened;
        match ceremony {
            Ceremony::Registration => probes.list = seen,
            Ceremony::Authentication => probes.whoami = seen,
        }
    }
    Ok(PreflightResult { observed, probes })
}

async fn perform(
    actor: &mut Actor,
    ceremony: Ceremony,
    observed: &mut ObservedOptions,
    log: &mut Log,
) -> Result<Attempt, AttemptError> {
    let begun = actor.begin(ceremony, log).await?;
    observed.note(&begun);
    let message = actor.respond(&begun)?;
    let honest = Deviation::default();
    let known = actor.known.clone();
    let mut bench = passrig_authenticator::deviation::Bench::new(&honest, &known);
    actor.send(&begun, &message, &mut bench, Probes::ALL, log).await
}

/// The part of a run in which forged ceremonies are sent.
pub(super) const FORGED: &str = "at the forged ceremonies of the preflight";

/// One forgery of each ceremony: a result only if one was accepted and had an
/// effect. An unrecognised answer does not end the run: the checks report it.
pub(super) async fn forged(
    world: &World,
    variant: &Variant,
    honest: &PreflightResult,
    observer: &dyn Observer,
) -> Result<Option<CheckResult>, NotTestable> {
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        let mut log = Log::new();
        let observed = &honest.observed;
        let mut retries = Retries::new(observer, &world.state);
        let forged = loop {
            let (probes, tries) = (honest.probes, retries.tries());
            let forged = forge(world, variant, (ceremony, tries), probes, &mut log).await;
            if !retries.wait(throttled(&forged)).await {
                break forged;
            }
        };
        let attempt = match forged {
            Ok(attempt) => attempt,
            Err(trouble) => {
                let what = format!("a forged {ceremony} cannot be sent");
                let mut error = not_testable(&what, &trouble, &log, observed, world);
                error.is_gone |= trouble.is_breakage() && !world.target.is_reachable().await;
                let is_used_up = world.state.throttling.used_up().is_some();
                if error.is_gone {
                    let help = "it answered honest ceremonies just before: its log has more";
                    error.help = Some(help.to_owned());
                } else if trouble.is_inconvenience() && !is_used_up {
                    let what = log.mask(&trouble.to_string());
                    observer.notice(&format!("a forged {ceremony} remains open: {what}"));
                    if trouble.is_hang_up() {
                        let crash = Crash::without_checks(FORGED, what);
                        world.state.crashes.note(crash);
                    }
                    continue;
                }
                return Err(error);
            }
        };
        let transcript = || Transcript::of(log.clone(), Some(attempt.exchange));
        match attempt.verdict.recognised {
            Recognised::Refused | Recognised::RefusedLikeCrash => {}
            Recognised::Accepted if attempt.effect == Effect::Happened => {
                return Ok(Some(accepts_anything(ceremony, variant, &attempt)));
            }
            Recognised::Accepted => {
                let what = format!(
                    "a forged {ceremony}, wrong in every respect, is answered like an accepted one"
                );
                let help = Some(
                        "either the target accepts anything, or the adapter takes its refusals for \
                         acceptance: look at the answer shown here, and tell the two apart in `accepted` \
                         and `refused`; a `whoami` or `list` probe would show which it is"
                            .to_owned(),
                    );
                return Err(unfit(what, help, transcript(), observed));
            }
            Recognised::Unrecognised => {
                let what = format!(
                    "the adapter does not know how the target refuses a forged {ceremony}{}",
                    said(&attempt, &log)
                );
                let help =
                    attempt.verdict.unknown.as_ref().map(|answer| log.mask(answer)).map(|answer| {
                        format!("if this is a refusal, add to that step: refused = [{answer}]")
                    });
                return Err(unfit(what, help, transcript(), observed));
            }
            Recognised::Throttled { .. } if world.state.throttling.used_up().is_some() => {
                let what = format!(
                    "a forged {ceremony} is throttled{}{}",
                    said(&attempt, &log),
                    also(world.state.throttling.used_up())
                );
                let help = Some(THROTTLED.to_owned());
                return Err(unfit(what, help, transcript(), observed));
            }
            Recognised::Crash | Recognised::Throttled { .. } => {
                observer.notice(&format!(
                    "a forged {ceremony} remains open: the answer is a {}{}",
                    attempt.verdict.manner.name(),
                    said(&attempt, &log)
                ));
            }
        }
    }
    Ok(None)
}

async fn forge(
    world: &World,
    variant: &Variant,
    (ceremony, tries): (Ceremony, usize),
    probes: Probes,
    log: &mut Log,
) -> Result<Attempt, AttemptError> {
    // A throttled try has used up its account.
    let name = match tries {
        0 => ceremony.name().to_owned(),
        again => format!("{ceremony}/{again}"),
    };
    let authenticator = world.authenticator(Product::default(), None, None);
    let mut actor =
        Actor::new(world, variant, "canary.forged", &name, authenticator).with_account(0);
    actor.set_up(log).await?;
    if ceremony == Ceremony::Authentication {
        actor.enrol(log).await?;
        actor.change_browser();
    }
    let deviation = wrong_everywhere(ceremony)?;
    actor.deviate(ceremony, &deviation, &Known::default(), probes, log).await
}

fn wrong_everywhere(ceremony: Ceremony) -> Result<Deviation, AttemptError> {
    let kept = match ceremony {
        Ceremony::Registration => 0x40,
        Ceremony::Authentication => 0,
    };
    let mut edits = vec![
        json!({ "at": "client_data.type", "set": "forged" }),
        json!({ "at": "client_data.challenge", "set": { "hex": "00" } }),
        json!({ "at": "client_data.origin", "set": "https://forged.example" }),
        json!({ "at": "authenticator_data.rp_id_hash", "set": { "repeat": 0, "len": 32 } }),
        json!({ "at": "authenticator_data.flags", "set": kept }),
    ];
    if ceremony == Ceremony::Authentication {
        edits.push(json!({ "at": "signature", "set": { "hex": "00" } }));
    }
    crate::scenarios::deviation(json!(edits))
}

fn accepts_anything(ceremony: Ceremony, variant: &Variant, attempt: &Attempt) -> CheckResult {
    CheckResult {
        id: "canary.accepts-anything".to_owned(),
        ceremony: Some(ceremony),
        title: format!(
            "{ceremony}: wrong type, challenge, origin, RP id hash, flags and signature"
        ),
        variant: variant.clone(),
        level: Level::Must,
        importance: Importance::Critical,
        clause: "§7".to_owned(),
        requirement: None,
        outcome: Outcome::Fail,
        verdict: Some(Verdict::Accepted),
        manner: Some(attempt.verdict.manner),
        effect: attempt.effect,
        reason: Some(
            "the target accepts anything; no other check would say more".to_owned().into(),
        ),
        expected: Expectation::Refused,
        known: None,
        duration_ms: attempt.duration.as_secs_f64() * 1000.0,
    }
}

fn also(reason: Option<String>) -> String {
    reason.map(|reason| format!("; {reason}")).unwrap_or_default()
}

fn said(attempt: &Attempt, log: &Log) -> String {
    let message = attempt.verdict.message.as_ref();
    message.map(|text| format!(": {}", log.mask(text))).unwrap_or_default()
}

fn not_testable(
    what: &str,
    trouble: &AttemptError,
    log: &Log,
    observed: &ObservedOptions,
    world: &World,
) -> NotTestable {
    if let AttemptError::Bug(message) = trouble {
        Bug::new("preflight", message).resume();
    }
    let used_up = world.state.throttling.used_up().filter(|_| trouble.throttled().is_some());
    let help = if used_up.is_some() { Some(THROTTLED.to_owned()) } else { trouble.help() };
    let what = format!("{what}: {}{}", log.mask(&trouble.to_string()), also(used_up));
    let help = help.map(|help| log.mask(&help));
    let (is_gone, is_refusal) = (trouble.is_unreachable(), trouble.is_refusal());
    let error = unfit(what, help, Transcript::of(log.clone(), None), observed);
    NotTestable { is_gone, is_refusal, is_answer: trouble.is_answer(), ..error }
}

/// A target that answers, but cannot be tested.
fn unfit(
    what: String,
    help: Option<String>,
    transcript: Transcript,
    observed: &ObservedOptions,
) -> NotTestable {
    let observed = observed.by_name();
    let (is_gone, is_refusal, is_answer) = (false, false, false);
    NotTestable { what, help, transcript, observed, is_gone, is_refusal, is_answer }
}
