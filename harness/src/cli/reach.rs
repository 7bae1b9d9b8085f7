//! Where the target is, and how it is spoken to.

mod adapter;
mod origin;
mod rp;
mod variable;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::client::domain::registrable_domain;
use passrig_authenticator::device;
use url::Url;

use super::console::complain;
use super::failure::Failure;
use crate::mail::Mailbox;
use crate::outcome::{TargetInfo, visible};
use crate::relying_party;
use crate::runner::{Restart, THROTTLE_WAIT};
use crate::target_rp::guard::{Guard, HostPort};
use crate::target_rp::network::{self, ConnectTo, Network, Trust};
use crate::target_rp::shim::Shim;
use crate::target_rp::transport::Limits;
use crate::target_rp::{Target, Transport};
pub(super) use origin::CallerOrigin;
pub(super) use rp::Rp;
pub(super) use variable::VariableArgument;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The target")]
#[group(skip)]
pub(super) struct Args {
    /// Where the RP's API is [default: the built-in reference RP]; or
    /// exec:COMMAND, a program that answers JSON lines.
    #[arg(long, value_name = "URL", value_parser = Rp::from_str)]
    pub(super) rp: Option<Rp>,

    /// How it is spoken to: the id of a built-in adapter (`passrig adapters`)
    /// or a file [default: found out by asking it].
    #[arg(long, value_name = "ID|FILE")]
    pub(super) adapter: Option<String>,

    /// The origin of the emulated page [default: that of --rp], or that of a native app, such as
    /// ios:bundle-id:org.example.app; the options then have to name the RP ID.
    #[arg(long, value_name = "ORIGIN", value_parser = CallerOrigin::from_str)]
    pub(super) origin: Option<CallerOrigin>,

    /// Connect there, whatever host the URL names; TLS and headers keep the
    /// URL's name.
    #[arg(long, value_name = "HOST:PORT", value_parser = valid::<ConnectTo>)]
    pub(super) connect_to: Option<String>,

    /// Catch mail that the RP sends, at this address of this machine, for adapters
    /// that wait for a code or a link.
    #[arg(long, value_name = "ADDR", value_parser = loopback)]
    pub(super) smtp: Option<SocketAddr>,

    /// Let the adapter run programs of this machine, if it has such steps.
    #[arg(long)]
    pub(super) allow_run: bool,

    /// Believe certificates of this authority too (PEM).
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(super) ca: Option<PathBuf>,

    /// Believe every certificate.
    #[arg(long)]
    pub(super) insecure: bool,

    /// Connect to this host too, although it is not this machine or not the RP's:
    /// passrig sends hostile requests, so each host and port must be named.
    /// HOST alone allows every port. May be repeated.
    #[arg(long, value_name = "HOST[:PORT]", value_parser = valid::<HostPort>)]
    pub(super) allow_host: Vec<String>,

    /// How long to wait for each answer [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(super) deadline: Option<u32>,

    /// Also check that challenges expire: wait so many seconds before a
    /// response, which must then be refused. Takes that long for each ceremony.
    /// The specification lets challenges live for about 600 seconds.
    #[arg(long, value_name = "SECONDS", value_parser = expiry)]
    pub(super) expiry: Option<u32>,

    /// Also check that the time that answers take tells nobody who has an
    /// account. Each such check times up to so many pairs of answers [default:
    /// 500], and ends as soon as they tell enough. The RP must not limit how
    /// often a sign-in may fail.
    #[arg(long, value_name = "PAIRS", num_args = 0..=1, default_missing_value = TIMING,
          value_parser = clap::value_parser!(u32).range(50..=2000))]
    pub(super) timing: Option<u32>,

    /// How long a target that dies under a check may take to come back; then
    /// the run goes on [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub(super) restart_wait: Option<u32>,

    /// Run this shell command to restart a target that crashed, unless it comes
    /// back by itself. The command may end or be the server itself; what it
    /// leaves running stays after the run.
    #[arg(long, value_name = "COMMAND")]
    pub(super) restart: Option<String>,

    /// Wait at most so long in total when the target asks for fewer requests
    /// (429, Retry-After); then the run stops [default: 300].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=86400))]
    pub(super) throttle_wait: Option<u32>,

    /// The RP judges models of authenticators by the metadata that `passrig
    /// trust export` writes: also check what it believes of them.
    #[arg(long)]
    pub(super) metadata: bool,

    /// Name the check of each request in the header X-Passrig-Check, for the RP's
    /// log. An RP can recognise a test by it, and behave well only then.
    #[arg(long)]
    pub(super) name_checks: bool,

    /// A variable for the adapter, such as the `username` of the one account
    /// there is. NAME alone takes the value from the environment, where
    /// passwords belong. May be repeated.
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = VariableArgument::from_str)]
    pub(super) var: Vec<VariableArgument>,
}

/// A target that can be run against.
pub(super) struct ResolvedTarget {
    pub(super) target: Arc<Target>,
    pub(super) info: TargetInfo,
    pub(super) variables: Vec<(String, String)>,
    pub(super) expiry: Option<Duration>,
    pub(super) timing: Option<usize>,
    pub(super) restart: Restart,
    pub(super) throttle_wait: Duration,
}

impl Args {
    /// Whether this is the built-in RP.
    pub(super) fn is_built_in(&self) -> bool {
        self.rp.is_none()
    }

    /// These arguments, and for what they do not say, those of a file.
    #[must_use]
    pub(super) fn over(&self, file: &Self) -> Self {
        // Two ways to say which certificates are believed.
        let (ca, insecure) = match self.ca.is_some() || self.insecure {
            true => (&self.ca, self.insecure),
            false => (&file.ca, file.insecure),
        };
        let others =
            file.var.iter().filter(|other| self.var.iter().all(|own| own.name != other.name));
        Self {
            rp: self.rp.as_ref().or(file.rp.as_ref()).cloned(),
            adapter: self.adapter.as_ref().or(file.adapter.as_ref()).cloned(),
            origin: self.origin.as_ref().or(file.origin.as_ref()).cloned(),
            connect_to: self.connect_to.as_ref().or(file.connect_to.as_ref()).cloned(),
            smtp: self.smtp.or(file.smtp),
            allow_run: self.allow_run || file.allow_run,
            ca: ca.clone(),
            insecure,
            allow_host: self.allow_host.iter().chain(&file.allow_host).cloned().collect(),
            deadline: self.deadline.or(file.deadline),
            expiry: self.expiry.or(file.expiry),
            timing: self.timing.or(file.timing),
            restart_wait: self.restart_wait.or(file.restart_wait),
            restart: self.restart.as_ref().or(file.restart.as_ref()).cloned(),
            throttle_wait: self.throttle_wait.or(file.throttle_wait),
            metadata: self.metadata || file.metadata,
            name_checks: self.name_checks || file.name_checks,
            var: self.var.iter().chain(others).cloned().collect(),
        }
    }

    pub(super) async fn resolve(
        &self,
        authenticator: Option<&device::Profile>,
    ) -> Result<ResolvedTarget, Failure> {
        match (&self.rp, self.arguments().first()) {
            (Some(rp), _) => self.reach(rp).await,
            (None, None) => built_in(authenticator),
            (None, Some(argument)) => {
                let flag = argument.first().map_or("", String::as_str);
                let what = format!("{flag} is about an RP, and there is none");
                Err(Failure::usage(what, "say with --rp, or in passrig.toml, where it is"))
            }
        }
    }

    /// The target, where the built-in RP must ask for a password first.
    pub(super) async fn resolve_with_second_factor(&self) -> Result<ResolvedTarget, Failure> {
        let reach = self.resolve(None).await?;
        if !self.is_built_in() {
            return Ok(reach);
        }
        let target = relying_party::in_process_with_second_factor(None);
        Ok(ResolvedTarget { target: Arc::new(target.ok_or(MISSING)?), ..reach })
    }

    async fn reach(&self, rp: &Rp) -> Result<ResolvedTarget, Failure> {
        let deadline = Duration::from_secs(self.deadline.unwrap_or(10).into());
        let variables = self.variables()?;
        let origin_of = |base: &Url| match &self.origin {
            Some(origin) => origin.to_string(),
            None => base.origin().ascii_serialization(),
        };
        let named = self.adapter.as_deref().map(adapter::named).transpose()?;
        let (base, adapter, transport) = match rp {
            Rp::Program(command) => {
                let (base, transport) = self.program(command, deadline)?;
                (base, named.map_or_else(|| adapter::named(SHIM), Ok)?, transport)
            }
            Rp::Url(base) => {
                let adapter = match named {
                    Some(adapter) => adapter,
                    None => {
                        let transport = self.network(deadline, std::slice::from_ref(base))?;
                        adapter::detect(base, &origin_of(base), &transport).await?
                    }
                };
                // The adapter names places too.
                let places = [vec![base.clone()], adapter.urls(&variables)].concat();
                (base.clone(), adapter, self.network(deadline, &places)?)
            }
        };
        let origin = origin_of(&base);
        let mut target = Target::new(adapter, base, origin, transport).with_variables(&variables);
        if self.metadata {
            target = target.with_metadata_trust();
        }
        if let Some(address) = self.smtp {
            let mailbox = Mailbox::open(address).await;
            target = target.with_mailbox(mailbox.map_err(|source| Failure::System {
                what: format!("cannot catch mail at {address}"),
                source,
            })?);
        }
        if self.allow_run {
            target = target.that_runs_programs();
        }
        if self.name_checks {
            target = target.that_names_checks();
        }
        let mut reach = ResolvedTarget::new(target);
        reach.info.url = reach.target.masked(&rp.to_string());
        reach.variables = variables;
        reach.expiry = self.expiry.map(|seconds| Duration::from_secs(seconds.into()));
        reach.timing = self.timing.and_then(|pairs| pairs.try_into().ok());
        let wait = Duration::from_secs(self.restart_wait.unwrap_or(10).into());
        reach.restart = Restart { wait, command: self.restart.clone() };
        let seconds = self.throttle_wait.map(|seconds| Duration::from_secs(seconds.into()));
        reach.throttle_wait = seconds.unwrap_or(THROTTLE_WAIT);
        Ok(reach)
    }

    /// The network, as far as these URLs and --allow-host name its places.
    fn network(&self, deadline: Duration, urls: &[Url]) -> Result<Arc<dyn Transport>, Failure> {
        let trust = self.trust()?;
        let connect_to = self.connect_to().into_iter().collect();
        let limits = Limits { deadline, ..Limits::default() };
        // They were parsed before, when the arguments were read.
        let allowed = self.allow_host.iter().filter_map(|place| place.parse::<HostPort>().ok());
        let guard = Guard::of(urls).allowing(allowed);
        Ok(Arc::new(Network::new(network::NetworkSettings { guard, connect_to, trust, limits })))
    }

    /// Which certificates are believed.
    pub(super) fn trust(&self) -> Result<Trust, Failure> {
        match &self.ca {
            _ if self.insecure => Ok(Trust::Anything),
            Some(file) => Ok(Trust::with_ca(file)?),
            None => Ok(Trust::default()),
        }
    }

    pub(super) fn connect_to(&self) -> Option<ConnectTo> {
        // It was parsed before, when the argument was read.
        self.connect_to.as_ref()?.parse().ok()
    }

    /// A program instead of a server. Its environment names the origin and the RP ID.
    fn program(
        &self,
        command: &str,
        deadline: Duration,
    ) -> Result<(Url, Arc<dyn Transport>), Failure> {
        const BASE: &str = "https://login.passrig.test";
        let base = match self.origin.as_ref().and_then(CallerOrigin::page) {
            Some(page) => page.clone(),
            None => Url::parse(BASE).map_err(|_| Failure::Bug("the base of programs is no URL"))?,
        };
        let host = base.host_str().unwrap_or_default();
        let rp_id = registrable_domain(host).unwrap_or(host).to_owned();
        let origin = match &self.origin {
            Some(origin) => origin.to_string(),
            None => base.origin().ascii_serialization(),
        };
        let environment =
            [("PASSRIG_ORIGIN".to_owned(), origin), ("PASSRIG_RP_ID".to_owned(), rp_id)];
        let shim = Shim::new(command, environment, deadline)
            .with_errors(|line| complain(&format!("{}\n", visible::line(line))));
        Ok((base, Arc::new(shim)))
    }

    pub(super) fn variables(&self) -> Result<Vec<(String, String)>, Failure> {
        let values = self.var.iter().map(|VariableArgument { name, value, env }| match value {
            Some(value) => Ok((name.clone(), value.clone())),
            None => match std::env::var(env) {
                Ok(value) => Ok((name.clone(), value)),
                Err(_) => Err(Failure::usage(
                    format!("the adapter's variable `{name}`: the environment has no `{env}`"),
                    format!("set it, or write --var {name}=VALUE"),
                )),
            },
        });
        values.collect()
    }

    /// The same arguments once more.
    pub(super) fn arguments(&self) -> Vec<Vec<String>> {
        let number = |number: Option<u32>| number.map(|n| n.to_string()).into_iter().collect();
        let rp = self.rp.iter().map(|rp| match rp {
            Rp::Url(url) => url.as_str().trim_end_matches('/').to_owned(),
            Rp::Program(_) => rp.to_string(),
        });
        let vars = self.var.iter().map(VariableArgument::shown).collect();
        let file = |path: &PathBuf| path.display().to_string();
        let valued: [(&str, Vec<String>); 14] = [
            ("--rp", rp.collect()),
            ("--adapter", self.adapter.iter().cloned().collect()),
            ("--origin", self.origin.iter().map(CallerOrigin::to_string).collect()),
            ("--connect-to", self.connect_to.iter().cloned().collect()),
            ("--smtp", self.smtp.iter().map(SocketAddr::to_string).collect()),
            ("--ca", self.ca.iter().map(file).collect()),
            ("--allow-host", self.allow_host.clone()),
            ("--deadline", number(self.deadline)),
            ("--expiry", number(self.expiry)),
            ("--timing", number(self.timing)),
            ("--restart-wait", number(self.restart_wait)),
            ("--restart", self.restart.iter().cloned().collect()),
            ("--throttle-wait", number(self.throttle_wait)),
            ("--var", vars),
        ];
        let pairs = valued.into_iter().flat_map(|(flag, values)| {
            values.into_iter().map(move |value| vec![flag.to_owned(), value])
        });
        let flags = [
            ("--allow-run", self.allow_run),
            ("--insecure", self.insecure),
            ("--metadata", self.metadata),
            ("--name-checks", self.name_checks),
        ];
        let flags = flags.into_iter().filter(|(_, is_set)| *is_set);
        pairs.chain(flags.map(|(flag, _)| vec![flag.to_owned()])).collect()
    }
}

/// The adapter of programs.
const SHIM: &str = "exec";
const MISSING: Failure = Failure::Bug("the adapter of the reference RP is missing");

/// The reference RP, without a network.
fn built_in(authenticator: Option<&device::Profile>) -> Result<ResolvedTarget, Failure> {
    let target = match authenticator {
        Some(authenticator) => relying_party::in_process_for(authenticator),
        None => relying_party::in_process(None),
    };
    let target = target.ok_or(MISSING)?;
    let mut reach = ResolvedTarget::new(target);
    reach.info.url = "built-in".to_owned();
    // Its clock is put forward: that costs nothing.
    reach.expiry = Some(relying_party::EXPIRY);
    // Nothing travels to it: it answers thousands of times in a second.
    reach.timing = TIMING.parse().ok();
    Ok(reach)
}

impl ResolvedTarget {
    fn new(target: Target) -> Self {
        let info = TargetInfo {
            url: target.masked(target.base().as_str()),
            origin: target.origin().to_owned(),
            adapter: target.adapter().id.clone(),
            observed: BTreeMap::new(),
        };
        Self {
            target: Arc::new(target),
            info,
            variables: Vec::new(),
            expiry: None,
            timing: None,
            restart: Restart::default(),
            throttle_wait: THROTTLE_WAIT,
        }
    }
}

/// How many pairs of answers are timed, unless somebody says otherwise.
const TIMING: &str = "500";

/// An address that nobody else can reach.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        _ => Err("expected an address of this machine, such as 127.0.0.1:2525".to_owned()),
    }
}

/// How long to wait for a challenge to expire.
fn expiry(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(seconds) if (1..=3600).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds from 1 to 3600: a little longer than the RP lets a challenge \
                  live, such as 601"
            .to_owned()),
    }
}

/// The text itself, if it parses: a replay repeats it.
pub(super) fn valid<T: FromStr<Err: ToString>>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}
