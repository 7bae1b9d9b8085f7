//! Where the target is, and how it is spoken to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use passrig_authenticator::env::Seeded;
use url::Url;

use super::adapters;
use super::failure::Failure;
use super::identity::Identity;
use super::near::did_you_mean;
use super::rp;
use crate::outcome::TargetInfo;
use crate::relying_party::{Config, RelyingParty};
use crate::target::Target;
use crate::target::guard::Guard;
use crate::target::network::{self, ConnectTo, Network, Trust};
use crate::target::profile::{self, Profile};
use crate::target::transport::{InProcess, Limits, Transport};

/// The built-in RP: a domain of its own, so that no check lacks relatives.
const BUILT_IN: (&str, &str) = ("https://login.passrig.test", "passrig.test");

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The target")]
#[group(skip)]
pub(super) struct Args {
    /// Where the RP's API is [default: the built-in reference RP].
    #[arg(long, value_name = "URL", value_parser = base)]
    rp: Option<Url>,

    /// How it is spoken to: the id of a built-in adapter (`passrig adapters`)
    /// or a file.
    #[arg(long, value_name = "ID|FILE", requires = "rp")]
    adapter: Option<String>,

    /// The origin of the emulated page [default: that of --rp].
    #[arg(long, requires = "rp", value_parser = rp::origin)]
    origin: Option<Url>,

    /// Connect there, whatever host the URL names; TLS and headers keep the
    /// URL's name.
    #[arg(long, value_name = "HOST:PORT", requires = "rp", value_parser = valid::<ConnectTo>)]
    connect_to: Option<String>,

    /// Believe certificates of this authority too (PEM).
    #[arg(long, value_name = "FILE", requires = "rp", conflicts_with = "insecure")]
    ca: Option<PathBuf>,

    /// Believe every certificate.
    #[arg(long, requires = "rp")]
    insecure: bool,

    /// Speak to this host although it is not this machine: passrig sends
    /// hostile requests, so each host must be named. May be repeated.
    #[arg(long, value_name = "HOST", requires = "rp")]
    allow_host: Vec<String>,

    /// How long to wait for each answer.
    #[arg(long, value_name = "SECONDS", requires = "rp", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    deadline: u32,

    /// A variable for the adapter, such as the `username` of the one account
    /// there is. NAME alone takes the value from the environment, where
    /// passwords belong. May be repeated.
    #[arg(long, value_name = "NAME[=VALUE]", requires = "rp", value_parser = Variable::from_str)]
    var: Vec<Variable>,
}

/// A target that can be run against.
pub(super) struct Reach {
    pub(super) target: Arc<Target>,
    pub(super) info: TargetInfo,
    pub(super) variables: Vec<(String, String)>,
    /// The arguments that lead there.
    pub(super) arguments: Vec<Vec<String>>,
}

impl Args {
    /// Whether this is the built-in RP.
    pub(super) fn is_built_in(&self) -> bool {
        self.rp.is_none()
    }

    pub(super) fn resolve(&self, identity: &Identity) -> Result<Reach, Failure> {
        match &self.rp {
            None => built_in(identity),
            Some(rp) => self.network(rp),
        }
    }

    fn network(&self, rp: &Url) -> Result<Reach, Failure> {
        let profile = adapter(self.adapter.as_deref())?;
        let origin = self.origin.as_ref().unwrap_or(rp).origin().ascii_serialization();
        let trust = match &self.ca {
            _ if self.insecure => Trust::Anything,
            Some(file) => Trust::with_ca(file)?,
            None => Trust::default(),
        };
        // It was parsed before, when the argument was read.
        let connect_to = self.connect_to.iter().filter_map(|text| text.parse().ok()).collect();
        let limits =
            Limits { deadline: Duration::from_secs(self.deadline.into()), ..Limits::default() };
        let guard = Guard::new(self.allow_host.iter().cloned());
        let network = Network::new(network::Settings { guard, connect_to, trust, limits });
        let mut reach = reach(profile, rp.clone(), origin, Arc::new(network));
        reach.variables = self.variables()?;
        reach.arguments = self.arguments(rp);
        Ok(reach)
    }

    fn variables(&self) -> Result<Vec<(String, String)>, Failure> {
        let values = self.var.iter().map(|Variable { name, value }| match value {
            Some(value) => Ok((name.clone(), value.clone())),
            None => match std::env::var(name) {
                Ok(value) => Ok((name.clone(), value)),
                Err(_) => Err(Failure::usage(
                    format!("--var {name}: the environment has no variable `{name}`"),
                    format!("set it, or write --var {name}=VALUE"),
                )),
            },
        });
        values.collect()
    }

    fn arguments(&self, rp: &Url) -> Vec<Vec<String>> {
        let deadline = (self.deadline != 10).then(|| self.deadline.to_string());
        let vars = self.var.iter().map(Variable::to_string).collect();
        let file = |path: &PathBuf| path.display().to_string();
        let valued: [(&str, Vec<String>); 8] = [
            ("--rp", vec![rp.to_string().trim_end_matches('/').to_owned()]),
            ("--adapter", self.adapter.iter().cloned().collect()),
            (
                "--origin",
                self.origin.iter().map(|url| url.origin().ascii_serialization()).collect(),
            ),
            ("--connect-to", self.connect_to.iter().cloned().collect()),
            ("--ca", self.ca.iter().map(file).collect()),
            ("--allow-host", self.allow_host.clone()),
            ("--deadline", deadline.into_iter().collect()),
            ("--var", vars),
        ];
        let pairs = valued.into_iter().flat_map(|(flag, values)| {
            values.into_iter().map(move |value| vec![flag.to_owned(), value])
        });
        let insecure = self.insecure.then(|| vec!["--insecure".to_owned()]);
        pairs.chain(insecure).collect()
    }
}

/// The reference RP, without a network.
fn built_in(identity: &Identity) -> Result<Reach, Failure> {
    let profile = adapter(Some("reference"))?;
    let (origin, rp_id) = BUILT_IN;
    let base = base(origin).map_err(|what| Failure::Usage { what, help: None })?;
    let seed = Seeded::new(identity.seed.as_bytes());
    let router = RelyingParty::new(Config::new(origin, rp_id), seed).router();
    let transport = InProcess::new(router, Limits::default());
    let mut reach = reach(profile, base, origin.to_owned(), Arc::new(transport));
    reach.info.url = "built-in".to_owned();
    Ok(reach)
}

fn reach(profile: Arc<Profile>, base: Url, origin: String, transport: Arc<dyn Transport>) -> Reach {
    let info = TargetInfo {
        url: base.to_string(),
        origin: origin.clone(),
        adapter: profile.id.clone(),
        observed: BTreeMap::new(),
    };
    let target = Arc::new(Target::new(profile, base, origin, transport));
    Reach { target, info, variables: Vec::new(), arguments: Vec::new() }
}

fn adapter(wanted: Option<&str>) -> Result<Arc<Profile>, Failure> {
    let known = || format!("built in are:\n{}", adapters::table());
    let Some(wanted) = wanted else {
        let what = "with --rp, say with --adapter how it is spoken to: an id or a file";
        return Err(Failure::usage(what, known()));
    };
    if let Some(profile) = profile::named(wanted) {
        return Ok(profile);
    }
    let path = Path::new(wanted);
    if path.exists() || path.extension().is_some() || path.components().count() > 1 {
        return Ok(Arc::new(Profile::load(path)?));
    }
    let ids = profile::builtin().iter().map(|profile| profile.id.as_str());
    let help = did_you_mean(wanted, ids).unwrap_or_else(known);
    Err(Failure::usage(format!("no adapter is called `{wanted}`, and no such file is there"), help))
}

/// `NAME=VALUE`, or the name of an environment variable.
#[derive(Clone, Debug)]
struct Variable {
    name: String,
    value: Option<String>,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match !name.is_empty() && name.chars().all(plain) {
            true => Ok(Self { name: name.to_owned(), value }),
            false => Err("expected NAME=VALUE or NAME".to_owned()),
        }
    }
}

impl std::fmt::Display for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The url below which the RP's API is.
fn base(text: &str) -> Result<Url, String> {
    let wrong = || "expected a URL such as http://localhost:3000".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match matches!(url.scheme(), "http" | "https") && url.has_host() && bare {
        true => Ok(url),
        false => Err(wrong()),
    }
}

/// The text itself, if it parses: a replay repeats it.
fn valid<T: FromStr<Err: ToString>>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}
