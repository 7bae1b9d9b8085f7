//! The schedule of a run: the variant and the block of each check.

use std::collections::BTreeMap;
use std::sync::Arc;

use passrig_authenticator::Ceremony;
use passrig_authenticator::attestation::Format;
use passrig_authenticator::device::Profile;
use passrig_authenticator::wire::cose::Algorithm;

use super::preflight::ObservedOptions;
use crate::actor::World;
use crate::catalogue::{Check, Need, Product};
use crate::outcome::{Setting, SettingValue, Skip, Variant};
use crate::target_rp::adapter::{AccountMode, Settings};

/// The most attempts between two honest ceremonies.
pub(super) const BLOCK: usize = 10;

/// Attempts that share the honest ceremonies around them.
#[derive(Clone)]
pub(super) struct Block {
    pub(super) variant: Variant,
    pub(super) product: Product,
    /// The format of the statements in it, honest ones among them, if it is one
    /// of their own.
    pub(super) format: Option<Format>,
    /// True if all authenticators in it are of models that metadata list.
    pub(super) is_listed: bool,
    /// The algorithm of the credentials in it, if it is one of their own.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) checks: Vec<Arc<Check>>,
}

/// The checks that can be run, and those that cannot, with the reason.
#[derive(Default)]
pub(super) struct Schedule {
    pub(super) by_variant: Vec<(Variant, Vec<Arc<Check>>)>,
    /// Races: by themselves, after everything else, in the default variant.
    pub(super) exclusive: Vec<Arc<Check>>,
    /// Checks that let time pass, in which the challenges of others would expire: by themselves,
    /// after the races.
    pub(super) waiting: Vec<(Variant, Arc<Check>)>,
    /// Checks that time answers, which others would delay: by themselves too.
    pub(super) timing: Vec<(Variant, Arc<Check>)>,
    /// Checks that can stop or block the target: after all others, which need the target.
    pub(super) taxing: Vec<(Variant, Vec<Arc<Check>>)>,
    /// Checks that may spoil an account that is needed again: at the very end.
    pub(super) spoiling: Vec<(Variant, Arc<Check>)>,
    pub(super) skipped: Vec<(Arc<Check>, Skip)>,
}

/// The first value of everything that can be chosen, and that the authenticator
/// can meet.
pub(super) fn default_variant(settings: &Settings, authenticator: &Profile) -> Variant {
    let first = |setting| {
        let (values, choosable) = values(settings, setting);
        let able = |value: &SettingValue| choosable && is_able(authenticator, setting, *value);
        values.into_iter().find(able).map(|value| (setting, value))
    };
    Variant::new(
        [Setting::UserVerification, Setting::Attestation, Setting::Login]
            .into_iter()
            .filter_map(first),
    )
}

fn values(settings: &Settings, setting: Setting) -> (Vec<SettingValue>, bool) {
    use crate::target_rp::adapter::SettingValues as Offer;
    let offer = match setting {
        Setting::UserVerification => &settings.user_verification,
        Setting::Attestation => &settings.attestation,
        Setting::Login => &settings.login,
        Setting::Algorithms => &settings.algorithms,
        Setting::Mediation => &settings.mediation,
        Setting::Framing => &settings.framing,
    };
    let values = offer.values().iter().filter_map(|value| SettingValue::named(value));
    (values.collect(), matches!(offer, Offer::Choose(_)))
}

/// Gives every check the variant that it needs.
pub(super) fn schedule(
    checks: impl IntoIterator<Item = Arc<Check>>,
    world: &World,
    default: &Variant,
) -> Schedule {
    let profile = world.target.adapter();
    let mut schedule = Schedule::default();
    let mut by_variant: BTreeMap<Variant, Vec<Arc<Check>>> = BTreeMap::new();
    let mut taxing: BTreeMap<Variant, Vec<Arc<Check>>> = BTreeMap::new();
    for check in checks {
        match variant_for(&check, world, default, &profile.settings) {
            Ok(_) if check.waits && world.expiry.is_none() => {
                schedule.skipped.push((check, Skip::OptIn));
            }
            Ok(_) if check.times && world.timing.is_none() => {
                schedule.skipped.push((check, Skip::OptIn));
            }
            Ok(_) if check.exclusive => schedule.exclusive.push(check),
            Ok(variant) if check.spoils && profile.account.mode != AccountMode::Fresh => {
                schedule.spoiling.push((variant, check));
            }
            Ok(variant) if check.times => schedule.timing.push((variant, check)),
            Ok(variant) if check.waits => schedule.waiting.push((variant, check)),
            Ok(variant) if check.is_taxing() => taxing.entry(variant).or_default().push(check),
            Ok(variant) => by_variant.entry(variant).or_default().push(check),
            Err(skip) => schedule.skipped.push((check, skip)),
        }
    }
    // The default first: its honest ceremonies are done.
    let in_order = |checks: BTreeMap<_, _>| {
        let mut checks: Vec<_> = checks.into_iter().collect();
        checks.sort_by_key(|(variant, _)| variant != default);
        checks
    };
    schedule.by_variant = in_order(by_variant);
    schedule.taxing = in_order(taxing);
    schedule
}

pub(super) fn variant_for(
    check: &Check,
    world: &World,
    default: &Variant,
    settings: &Settings,
) -> Result<Variant, Skip> {
    let mut variant = default.clone();
    for need in &check.needs {
        match need {
            Need::RegistrableDomain if !has_registrable_domain(world) => {
                return Err(Skip::RegistrableDomain);
            }
            Need::Domain if world.origin.domain().is_none() => {
                return Err(Skip::RegistrableDomain);
            }
            Need::TwoAccounts if !world.target.adapter().account.has_two() => {
                return Err(Skip::TwoAccounts);
            }
            Need::Setting(setting, value) => {
                let (values, choosable) = values(settings, *setting);
                let default = setting.default_value();
                if values.is_empty() && default.is_some_and(|default| default != *value) {
                    return Err(Skip::Setting);
                }
                if choosable && default == Some(*value) {
                    // The request does not have to name it.
                } else if choosable && values.contains(value) {
                    variant = variant.with(*setting, *value);
                } else if !values.is_empty() && !values.contains(value) {
                    return Err(Skip::Setting);
                }
            }
            Need::Flow(flow) if !world.target.adapter().has(*flow) => return Err(Skip::Flow),
            Need::Metadata if !world.target.trusts_metadata() => return Err(Skip::OptIn),
            Need::RegistrableDomain
            | Need::Domain
            | Need::TwoAccounts
            | Need::NotOffered(_)
            | Need::Extension(_)
            | Need::NoExtension(_)
            | Need::Flow(_)
            | Need::Metadata => {}
        }
    }
    if check.algorithm.is_some() {
        let (values, choosable) = values(settings, Setting::Algorithms);
        if choosable && values.contains(&SettingValue::Every) {
            variant = variant.with(Setting::Algorithms, SettingValue::Every);
        }
    }
    let authenticator = world.authenticator(check.authenticator, check.format(), check.algorithm);
    let chosen = [Setting::UserVerification, Setting::Login]
        .into_iter()
        .filter_map(|setting| Some((setting, variant.setting(setting)?)));
    if chosen.into_iter().all(|(setting, value)| is_able(&authenticator, setting, value)) {
        Ok(variant)
    } else {
        Err(Skip::Authenticator)
    }
}

/// True if ceremonies with this setting can be had from an authenticator.
fn is_able(authenticator: &Profile, setting: Setting, value: SettingValue) -> bool {
    match (setting, value) {
        (Setting::UserVerification, SettingValue::Required) => authenticator.user_verification,
        (Setting::Login, SettingValue::Discoverable) => authenticator.discoverable,
        _ => true,
    }
}

fn has_registrable_domain(world: &World) -> bool {
    world
        .origin
        .domain()
        .is_some_and(|domain| domain.contains('.') && !domain.ends_with("localhost"))
}

/// True if the target's options are what the check needs.
pub(super) fn meets(check: &Check, observed: &ObservedOptions) -> bool {
    check.algorithm.is_none_or(|algorithm| observed.offers(algorithm.0))
        && check.needs.iter().all(|need| match need {
            // Options do not state these; the adapter chose them.
            Need::Setting(Setting::Mediation | Setting::Framing, _) => true,
            Need::Setting(setting, value) => {
                // Registrations do not depend on the kind of sign-in.
                let ceremony = match setting {
                    Setting::Login => Ceremony::Authentication,
                    _ => check.ceremony,
                };
                observed.setting(ceremony, *setting) == Some(*value)
            }
            Need::Extension(name) => observed.asks_for(check.ceremony, name),
            Need::NoExtension(name) => !observed.asks_for(check.ceremony, name),
            Need::NotOffered(algorithm) => !observed.offers(*algorithm),
            Need::RegistrableDomain
            | Need::Domain
            | Need::TwoAccounts
            | Need::Flow(_)
            | Need::Metadata => true,
        })
}

/// Divides a variant's checks into blocks: only checks of one kind share honest controls.
pub(super) fn blocks(variant: &Variant, checks: &[Arc<Check>]) -> Vec<Block> {
    let mut kinds: Vec<(BlockKind, Vec<Arc<Check>>)> = Vec::new();
    for check in checks {
        let kind = BlockKind::of(check);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, alike)) => alike.push(Arc::clone(check)),
            None => kinds.push((kind, vec![Arc::clone(check)])),
        }
    }
    let mut blocks = Vec::new();
    for (BlockKind { product, format, is_listed, algorithm }, alike) in kinds {
        for checks in alike.chunks(BLOCK).map(<[_]>::to_vec) {
            let variant = variant.clone();
            blocks.push(Block { variant, product, format, is_listed, algorithm, checks });
        }
    }
    blocks
}

/// The properties that the checks of a block have in common.
#[derive(PartialEq, Eq)]
struct BlockKind {
    product: Product,
    format: Option<Format>,
    is_listed: bool,
    algorithm: Option<Algorithm>,
}

impl BlockKind {
    fn of(check: &Check) -> Self {
        let format = check.format();
        Self {
            product: check.authenticator,
            format,
            is_listed: check.needs.contains(&Need::Metadata) && format.is_some(),
            algorithm: check.shared_algorithm(),
        }
    }
}
