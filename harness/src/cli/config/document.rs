//! The file as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::value::Datetime;

use super::found::{ForeignFile, Withheld, WithheldSetting};
use super::{ConfigFile, FileConfig};
use crate::catalogue::Catalogue;
use crate::cli::fail_on;
use crate::cli::reach::{self, CallerOrigin, Rp, VariableArgument};
use crate::cli::selection::LISTED;
use crate::near::did_you_mean;
use crate::outcome::{Level, Outcome, Verdict};
use crate::runner::expect::{Date, KnownFailure};
use crate::runner::policy::{self, Rule};
use crate::target_rp::adapter;
use crate::target_rp::guard::HostPort;
use crate::target_rp::network::ConnectTo;
use crate::toml_file::{Spanned, TomlMistake};

type Parsed<T> = Result<T, Box<TomlMistake>>;

/// passrig.toml: the target, what the site demands, and what is known.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct ConfigDocument {
    /// The place of the relying party, and the way to reach it.
    #[serde(default)]
    target: TargetTable,
    /// From which divergence on a run fails: `LEVEL[:IMPORTANCE]`.
    fail_on: Option<Spanned<String>>,
    /// What the site demands beyond the specification, by requirement, family,
    /// check or glob.
    #[serde(default)]
    policy: BTreeMap<Spanned<String>, Demand>,
    /// What is known to go wrong.
    #[serde(default)]
    expect: Vec<Expect>,
}

/// The place of the relying party, and the way to reach it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TargetTable {
    /// Where its API is.
    rp: Option<Spanned<String>>,
    /// The id of an adapter, or a file beside this one; a file of another folder counts with
    /// --config.
    adapter: Option<Spanned<String>>,
    /// The origin of the emulated page, or that of a native app.
    origin: Option<Spanned<String>>,
    /// `HOST:PORT` to connect to, whatever host the URL names.
    connect_to: Option<Spanned<String>>,
    /// Where mail that it sends is caught: an address of this machine.
    smtp: Option<Spanned<String>>,
    /// Lets the adapter run programs; counts with --config.
    allow_run: Option<Spanned<bool>>,
    /// A file with certificates to believe (PEM), beside this one; a file of another folder counts
    /// with --config.
    ca: Option<Spanned<String>>,
    /// Believe every certificate.
    #[serde(default)]
    insecure: bool,
    /// Hosts that are not this machine or not the RP's, and may be connected to: HOST or
    /// HOST:PORT; counts with --config.
    #[serde(default)]
    allow_hosts: Vec<Spanned<String>>,
    /// How many seconds to wait for each answer.
    deadline: Option<Spanned<u32>>,
    /// How many seconds to wait until a challenge must have expired; absent,
    /// nothing waits for that.
    expiry: Option<Spanned<u32>>,
    /// How many pairs of answers a check times at most, such as 500; absent,
    /// nothing is timed.
    timing: Option<Spanned<u32>>,
    /// How many seconds a target that dies may take to come back.
    restart_wait: Option<Spanned<u32>>,
    /// A shell command that brings it back; counts with --config.
    restart: Option<Spanned<String>>,
    /// Seconds to wait in total when the target asks for fewer requests.
    throttle_wait: Option<Spanned<u32>>,
    /// Whether the RP judges models of authenticators by the metadata that
    /// `passrig trust export` writes.
    #[serde(default)]
    metadata: bool,
    /// Requests name their check in the header X-Passrig-Check.
    #[serde(default)]
    name_checks: bool,
    /// Variables for the adapter.
    #[serde(default)]
    vars: BTreeMap<Spanned<String>, ConfigValue>,
}

/// A value, or where it comes from.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text, or where it comes from: { env = \"NAME\" }")]
enum ConfigValue {
    /// The value itself.
    Text(String),
    /// A variable of the environment, where secrets belong; counts with --config.
    From(EnvironmentVariable),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EnvironmentVariable {
    /// The variable's name.
    env: String,
}

/// What the site asks for.
#[derive(Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected must, should, policy or hardening, or \
                 { level = \"must\", expects = \"accepted\" }"
)]
enum Demand {
    /// How strongly.
    Level(Level),
    /// How strongly, and what.
    Both(LevelAndVerdict),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LevelAndVerdict {
    /// How strongly.
    level: Level,
    /// What must happen, where the specification leaves that open.
    expects: Verdict,
}

/// Something that is known to go wrong.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// A check's id, or a glob.
    check: Spanned<String>,
    /// What it comes to; absent, whatever is no pass.
    outcome: Option<Spanned<Outcome>>,
    /// Why that is borne with.
    reason: Spanned<String>,
    /// The last day on which it is: a date without quotes.
    #[schemars(with = "Option<String>")]
    expires: Option<Spanned<Datetime>>,
}

/// Reads the text, and raises the catalogue's levels.
pub(super) fn parse(source: ConfigFile<'_>, catalogue: &mut Catalogue) -> Parsed<FileConfig> {
    let document: ConfigDocument = source.toml.parse()?;
    let fail_on = document.fail_on.as_ref().map(|text| {
        let parsed = fail_on::parse(text.get_ref());
        parsed.map_err(|message| source.toml.mistake(message, Some(text.span()), None))
    });
    let expectations = document.expect.iter().map(|entry| expectation(source, catalogue, entry));
    let expectations = expectations.collect::<Parsed<_>>()?;
    for (about, demand) in &document.policy {
        follow(source, catalogue, about, demand)?;
    }
    let args = target(source, &document.target)?;
    let withheld = match source.is_named {
        true => Vec::new(),
        false => withheld(source, &document.target, &args),
    };
    Ok(FileConfig {
        text: source.toml.text.to_owned(),
        target: args,
        withheld,
        fail_on: fail_on.transpose()?,
        expectations,
    })
}

fn target(source: ConfigFile<'_>, target: &TargetTable) -> Parsed<reach::Args> {
    let beside = |file: &str| source.file.parent().unwrap_or(Path::new("")).join(file);
    let wrong = |text: &Spanned<String>, message: String| {
        source.toml.mistake(message, Some(text.span()), None)
    };
    let rp =
        target.rp.as_ref().map(|text| text.get_ref().parse::<Rp>().map_err(|m| wrong(text, m)));
    let origin = target.origin.as_ref();
    let origin =
        origin.map(|text| text.get_ref().parse::<CallerOrigin>().map_err(|m| wrong(text, m)));
    for text in &target.allow_hosts {
        reach::valid::<HostPort>(text.get_ref()).map_err(|message| wrong(text, message))?;
    }
    if let Some(text) = &target.connect_to {
        reach::valid::<ConnectTo>(text.get_ref()).map_err(|message| wrong(text, message))?;
    }
    let smtp = target
        .smtp
        .as_ref()
        .map(|text| reach::loopback(text.get_ref()).map_err(|message| wrong(text, message)));
    for (number, range, unit) in [
        (&target.deadline, 1..=3600, "seconds"),
        (&target.expiry, 1..=3600, "seconds"),
        (&target.restart_wait, 0..=3600, "seconds"),
        (&target.throttle_wait, 0..=86400, "seconds"),
        (&target.timing, 50..=2000, "pairs"),
    ] {
        if let Some(number) = number.as_ref().filter(|number| !range.contains(number.get_ref())) {
            let (least, most) = range.into_inner();
            let message = format!("expected a number of {unit} from {least} to {most}");
            return Err(source.toml.mistake(message, Some(number.span()), None));
        }
    }
    let mut var = Vec::new();
    for (name, value) in &target.vars {
        let known =
            VariableArgument::plain(name.get_ref()).map_err(|message| wrong(name, message))?;
        var.push(match value {
            ConfigValue::Text(text) => VariableArgument { value: Some(text.clone()), ..known },
            ConfigValue::From(EnvironmentVariable { env }) => {
                VariableArgument { env: env.clone(), ..known }
            }
        });
    }
    // An adapter is a file if it looks like one.
    let adapter = target.adapter.as_ref().map(Spanned::get_ref).map(|adapter| {
        let is_file = adapter.ends_with(".toml") || adapter.contains(['/', '\\']);
        if is_file { beside(adapter).display().to_string() } else { adapter.clone() }
    });
    Ok(reach::Args {
        rp: rp.transpose()?,
        adapter,
        origin: origin.transpose()?,
        connect_to: target.connect_to.as_ref().map(|text| text.get_ref().clone()),
        smtp: smtp.transpose()?,
        allow_run: target.allow_run.as_ref().is_some_and(|is_set| *is_set.get_ref()),
        ca: target.ca.as_ref().map(|file| beside(file.get_ref())),
        insecure: target.insecure,
        allow_host: target.allow_hosts.iter().map(|host| host.get_ref().clone()).collect(),
        deadline: target.deadline.as_ref().map(|seconds| *seconds.get_ref()),
        expiry: target.expiry.as_ref().map(|seconds| *seconds.get_ref()),
        timing: target.timing.as_ref().map(|pairs| *pairs.get_ref()),
        restart_wait: target.restart_wait.as_ref().map(|seconds| *seconds.get_ref()),
        restart: target.restart.as_ref().map(|command| command.get_ref().clone()),
        throttle_wait: target.throttle_wait.as_ref().map(|seconds| *seconds.get_ref()),
        metadata: target.metadata,
        name_checks: target.name_checks,
        var,
    })
}

/// The settings that a file of the current folder cannot make.
fn withheld(source: ConfigFile<'_>, target: &TargetTable, args: &reach::Args) -> Vec<Withheld> {
    let connect_to = args.connect_to();
    let rp = target.rp.as_ref().zip(args.rp.as_ref()).and_then(|(text, rp)| match rp {
        Rp::Program(_) => Some((WithheldSetting::Program, text.span())),
        Rp::Url(_) if rp.is_loopback(connect_to.as_ref()) => None,
        Rp::Url(_) => Some((WithheldSetting::RemoteRp, text.span())),
    });
    let place = target.connect_to.as_ref().zip(connect_to.as_ref());
    let place = place.filter(|(_, place)| !place.is_loopback());
    let place = place.map(|(text, _)| (WithheldSetting::RemotePlace, text.span()));
    let allow_run = target.allow_run.as_ref().filter(|is_set| *is_set.get_ref());
    let allow_run = allow_run.map(|is_set| (WithheldSetting::AllowRun, is_set.span()));
    let restart = target.restart.as_ref().map(|command| (WithheldSetting::Restart, command.span()));
    let hosts = target.allow_hosts.iter();
    let hosts = hosts.map(|host| (WithheldSetting::AllowHost(host.get_ref().clone()), host.span()));
    let vars = target.vars.iter().filter(|(_, value)| matches!(value, ConfigValue::From(_)));
    let vars =
        vars.map(|(name, _)| (WithheldSetting::Environment(name.get_ref().clone()), name.span()));
    // The id of a built-in adapter comes before a file of that name.
    let adapter = target.adapter.as_ref().filter(|name| adapter::named(name.get_ref()).is_none());
    let adapter = adapter.and_then(|name| {
        Some((WithheldSetting::Adapter(ForeignFile::of(source.file, name.get_ref())?), name.span()))
    });
    let ca = target.ca.as_ref().and_then(|file| {
        Some((WithheldSetting::Ca(ForeignFile::of(source.file, file.get_ref())?), file.span()))
    });
    let all = rp.into_iter().chain(place).chain(allow_run).chain(restart).chain(hosts).chain(vars);
    let all = all.chain(adapter).chain(ca);
    all.map(|(setting, span)| Withheld::new(source, setting, span)).collect()
}

/// Raises the levels that the rule is about.
fn follow(
    source: ConfigFile<'_>,
    catalogue: &mut Catalogue,
    about: &Spanned<String>,
    demand: &Demand,
) -> Parsed<()> {
    let (level, expects) = match demand {
        Demand::Level(level) => (*level, None),
        Demand::Both(LevelAndVerdict { level, expects }) => (*level, Some(*expects)),
    };
    let rule = Rule { about: about.get_ref().clone(), level, expects };
    rule.apply(catalogue).map_err(|error| {
        let help = match &error {
            policy::Error::Unknown(name) => {
                let checks = catalogue.checks.iter().chain(&catalogue.page);
                let requirements = checks.clone().filter_map(|c| c.requirement.as_deref());
                let families = checks.clone().map(|check| check.family.as_str());
                let ids = checks.map(|check| check.id.as_str());
                let mut names: Vec<_> = requirements.chain(families).chain(ids).collect();
                names.sort_unstable();
                names.dedup();
                did_you_mean(name, names)
            }
            policy::Error::Lowers { .. } => {
                Some("what is known to go wrong belongs into [[expect]]".to_owned())
            }
            policy::Error::TurnsAround { .. } => None,
        };
        source.toml.mistake(error.to_string(), Some(about.span()), help)
    })
}

fn expectation(
    source: ConfigFile<'_>,
    catalogue: &Catalogue,
    entry: &Expect,
) -> Parsed<KnownFailure> {
    let here = |message: &str, span, help: &str| {
        Err(source.toml.mistake(message, Some(span), Some(help.to_owned())))
    };
    if entry.reason.get_ref().trim().is_empty() {
        return here(
            "an expectation has a reason",
            entry.reason.span(),
            "say why it is borne with",
        );
    }
    if let Some(outcome) = &entry.outcome
        && matches!(outcome.get_ref(), Outcome::Pass | Outcome::Skipped)
    {
        let message = format!("`{}` needs no expectation", outcome.get_ref());
        let help = "it is one of: fail, warn, note, inconclusive, error";
        return here(&message, outcome.span(), help);
    }
    let expires = match entry.expires.as_ref().map(|date| (date.get_ref().date, date.span())) {
        None => None,
        Some((Some(date), _)) => Some(Date { year: date.year, month: date.month, day: date.day }),
        Some((None, span)) => return here("a time is no date", span, "expires = 2030-12-31"),
    };
    let expectation = KnownFailure {
        check: entry.check.get_ref().clone(),
        outcome: entry.outcome.as_ref().map(|outcome| *outcome.get_ref()),
        reason: entry.reason.get_ref().clone(),
        expires,
    };
    let ids = catalogue.checks.iter().chain(&catalogue.page).map(|check| check.id.as_str());
    if !ids.clone().any(|id| expectation.concerns(id)) {
        let message = format!("no check is called `{}`", expectation.check);
        let help = did_you_mean(&expectation.check, ids).unwrap_or_else(|| LISTED.to_owned());
        return here(&message, entry.check.span(), &help);
    }
    Ok(expectation)
}
