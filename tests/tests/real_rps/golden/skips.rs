//! The reasons for skipping checks that the header of a golden file declares.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use passrig::catalogue::{Catalogue, Check, Need, glob};
use passrig::outcome::Skip;
use serde::{Deserialize, Serialize};

/// For each reason, the checks that are skipped for it: a need that the RP does not meet, such as `attestation=direct` or
/// `registration user-verification=required`, or check IDs, in which `*` stands for any text.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Skips(BTreeMap<String, BTreeSet<String>>);

impl Skips {
    /// True if the header declares that the check is skipped for this reason.
    pub(crate) fn cover(&self, reason: &str, check: &Check) -> bool {
        self.0.get(reason).is_some_and(|entries| entries.iter().any(|e| covers(e, reason, check)))
    }

    /// The entries that cover none of these checks, which are given with their reasons.
    pub(crate) fn stale(&self, skipped: &[(&str, &Check)]) -> Vec<(&str, &str)> {
        self.entries_without(|reason, entry| {
            skipped.iter().any(|(why, check)| *why == reason && covers(entry, reason, check))
        })
    }

    /// The entries that cover no check of the catalogue, or for a reason that does not exist.
    pub(crate) fn unknown(&self, catalogue: &Catalogue) -> Vec<(&str, &str)> {
        self.entries_without(|reason, entry| {
            is_reason(reason) && catalogue.checks.iter().any(|check| covers(entry, reason, check))
        })
    }

    fn entries_without(&self, is_needed: impl Fn(&str, &str) -> bool) -> Vec<(&str, &str)> {
        let entries = self.0.iter().flat_map(|(reason, entries)| {
            entries.iter().map(|entry| (reason.as_str(), entry.as_str()))
        });
        entries.filter(|(reason, entry)| !is_needed(reason, entry)).collect()
    }

    /// The same without stale entries, and with the needs that explain further skips: those of skipped checks that no
    /// check has which ran. A skip that no need explains stays undeclared.
    #[must_use]
    pub(crate) fn renewed(&self, skipped: &[(&str, &Check)], ran: &[&Check]) -> Self {
        let mut renewed = self.clone();
        for (reason, entry) in self.stale(skipped) {
            renewed.0.entry(reason.to_owned()).or_default().remove(entry);
        }
        let met: BTreeSet<_> = ran.iter().flat_map(|check| needs(check)).collect();
        loop {
            let left = skipped.iter().filter(|(reason, check)| !renewed.cover(reason, check));
            let mut explained: BTreeMap<(&str, String), usize> = BTreeMap::new();
            for (reason, check) in left {
                for need in needs(check).into_iter().filter(|need| need.0 == *reason) {
                    if !met.contains(&need) {
                        *explained.entry(need).or_default() += 1;
                    }
                }
            }
            // The need of most checks comes first, without a ceremony if that makes no difference.
            let best = explained
                .into_iter()
                .max_by_key(|((_, need), count)| (*count, Reverse((need.len(), need.clone()))));
            let Some(((reason, need), _)) = best else { break };
            renewed.0.entry(reason.to_owned()).or_default().insert(need);
        }
        renewed.0.retain(|_, entries| !entries.is_empty());
        renewed
    }
}

fn is_reason(name: &str) -> bool {
    Skip::named(name).is_some()
}

fn covers(entry: &str, reason: &str, check: &Check) -> bool {
    glob::matches(entry, &check.id)
        || needs(check).iter().any(|(why, need)| *why == reason && need == entry)
}

/// The needs of a check, each with the reason for which it is skipped where an RP does not meet the need: once for both
/// ceremonies, and once for the check's own.
fn needs(check: &Check) -> Vec<(&'static str, String)> {
    let mut needs: Vec<_> = check.needs.iter().map(spelled).collect();
    if let Some(algorithm) = check.algorithm {
        // The RP does not offer the algorithm, or offers it and accepts no honest credential.
        needs.extend(["setting", "algorithm"].map(|why| (why, format!("algorithm={algorithm}"))));
    }
    needs.extend(check.format().map(|format| ("format", format!("format={}", format.name()))));
    let takes_time = [(check.waits, "waits"), (check.times, "times")];
    let takes_time = takes_time.into_iter().filter(|(takes, _)| *takes);
    needs.extend(takes_time.map(|(_, need)| ("opt-in", need.to_owned())));
    let own = |(why, need): &(_, String)| (*why, format!("{} {need}", check.ceremony));
    let own: Vec<_> = needs.iter().map(own).collect();
    needs.extend(own);
    needs
}

/// A need as the catalogue spells it.
fn spelled(need: &Need) -> (&'static str, String) {
    match need {
        Need::RegistrableDomain => ("registrable-domain", "registrable-domain".to_owned()),
        Need::Domain => ("registrable-domain", "domain".to_owned()),
        Need::TwoAccounts => ("two-accounts", "two-accounts".to_owned()),
        Need::Setting(setting, value) => ("setting", format!("{}={value}", setting.name())),
        Need::Flow(flow) => {
            let kind = if matches!(flow.name(), "list" | "whoami") { "probe" } else { "flow" };
            ("flow", format!("{kind}={flow}"))
        }
        Need::NotOffered(algorithm) => ("setting", format!("not-offered={algorithm}")),
        Need::Extension(name) => ("setting", format!("extension={name}")),
        Need::NoExtension(name) => ("setting", format!("no-extension={name}")),
        Need::Metadata => ("opt-in", "metadata".to_owned()),
    }
}
