//! A run, from the arguments to what it came to.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Threads;
use super::catalogue;
use super::config::{self, FileConfig, today};
use super::console::Console;
use super::fail_on;
use super::failure::Failure;
use super::identity::{self, Identity};
use super::last_exchanges;
use super::reach::{self, ResolvedTarget};
use super::reports::Named;
use super::rerun;
use super::selection::Selection;
use passrig_authenticator::device::Profile;

use crate::catalogue::Catalogue;
use crate::observer::Observer;
use crate::outcome::{FailOn, NotTestable, Report, SCHEMA_VERSION, Summary, TargetInfo, Tool};
use crate::process::stopped;
use crate::report::{FinishedResults, Observers, Progress, Replay, RunLog, log, progress};
use crate::runner::{self, Options, RunError, diagnosis, expect};
use crate::storage::{self, Sink};

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// How many checks are under way at once, where the accounts permit it.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = jobs)]
    jobs: usize,

    #[command(flatten)]
    pub(super) config: config::Args,

    #[command(flatten)]
    reach: reach::Args,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    catalogue: catalogue::Args,

    #[command(flatten)]
    rerun: rerun::Args,

    #[command(flatten)]
    identity: identity::Args,

    /// Where every exchange is logged, as JSON lines [default:
    /// .passrig/RUN-ID.jsonl].
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) log: Option<PathBuf>,

    /// From which level on a divergence makes the run fail: must, should,
    /// policy or hardening, and with what importance at least: low, medium,
    /// high or critical [default: must:medium].
    #[arg(long, value_name = "LEVEL[:IMPORTANCE]", value_parser = fail_on::parse,
          help_heading = "Reports")]
    fail_on: Option<FailOn>,

    /// Show no progress, and of the report only what fails the run, in short, and
    /// the summary.
    #[arg(long, short, help_heading = "Reports")]
    pub(super) quiet: bool,

    /// Show each check as it comes: its outcome, how long it took, and how the
    /// target answered.
    #[arg(long, short, help_heading = "Reports", conflicts_with = "quiet")]
    verbose: bool,
}

impl Args {
    /// The log, if the user names it.
    pub(super) fn named_log(&self) -> Option<Named> {
        self.log.as_deref().map(named_log)
    }

    /// Whether the log is standard output, where nothing else belongs then.
    pub(super) fn takes_standard_output(&self) -> bool {
        self.log.as_deref().is_some_and(storage::is_standard_output)
    }

    /// How many threads it takes. A configuration file names a target as a rule.
    pub(super) fn threads(&self) -> Threads {
        match self.reach.rp.is_some() || self.config.file().exists() {
            true => Threads::One,
            false => Threads::Many,
        }
    }
}

pub(super) fn named_log(file: &Path) -> Named {
    (format!("--log {}", file.display()), file.to_owned())
}

/// A product, and what its authenticators are like.
pub(super) struct Authenticator {
    pub(super) name: &'static str,
    pub(super) profile: Profile,
}

impl Authenticator {
    /// Of the product of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = Profile::names().find(|known| *known == name)?;
        Some(Self { name, profile: Profile::named(name)? })
    }
}

/// A run that came to something.
pub(super) struct FinishedRun {
    pub(super) report: Report,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) config: FileConfig,
    pub(super) fail_on: FailOn,
    pub(super) replay: Replay,
    pub(super) log: PathBuf,
    /// Why nothing was judged, if so.
    pub(super) untestable: Option<Failure>,
    /// Results that could not be written.
    pub(super) unwritten: Vec<Failure>,
}

/// Runs the checks and logs them in a file that is named, or in the default place. `ready` is asked
/// once everything that can be known before is known.
pub(super) async fn run(
    args: &Args,
    log_file: Option<&Path>,
    console: Console,
    authenticator: Option<&Authenticator>,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<FinishedRun, Failure> {
    let mut catalogue = args.catalogue.read()?;
    let mut config = args.config.read(&mut catalogue)?;
    let reach = config.target(&args.reach)?;
    let catalogue = Arc::new(catalogue);
    let today = today();
    let failed = args.rerun.ids(&config.expectations, today)?;
    let filter = args.selection.filter(&catalogue.checks, failed)?;
    let identity = args.identity.resolve(reach.is_built_in())?;
    let repeatable = reach.is_built_in();
    let ResolvedTarget { target, info, variables, expiry, timing, restart, throttle_wait } =
        reach.resolve(authenticator.map(|one| &one.profile)).await?;
    ready()?;

    let (log_file, log) = open_log(log_file, &identity, repeatable, info.clone())?;
    let finished = Arc::new(FinishedResults::default());
    let progress = Arc::new(progress(args, console));
    let observers: Vec<Arc<dyn Observer>> = vec![log.clone(), finished.clone(), progress.clone()];
    let options = Options {
        catalogue: catalogue.clone(),
        filter,
        seed: identity.seed.clone(),
        run_id: identity.run_id.clone(),
        jobs: args.jobs,
        variables,
        expiry,
        timing,
        authenticator: authenticator.map(|one| one.profile.clone()),
        restart,
        throttle_wait,
    };
    let ended = tokio::select! {
        // Listening for signals begins before the run.
        biased;
        signal = stopped() => Ok(Err(signal)),
        result = runner::run(&options, target, Arc::new(Observers(observers))) => result.map(Ok),
    };
    progress.clear();

    let mut unwritten = Vec::new();
    let mut logged = |written: io::Result<()>| {
        unwritten.extend(written.err().map(|source| Failure::write(&log_file, source)));
    };
    let cut_off = |why: &str| partial(&identity, info.clone(), &finished, &catalogue, why);
    let (mut report, untestable) = match ended {
        // The runner knows a transport; that there is no network, we know.
        Ok(Ok(report)) => {
            let target = TargetInfo { url: info.url.clone(), ..report.target };
            (Report { target, ..report }, None)
        }
        Ok(Err(signal)) => (cut_off(signal.reason()), None),
        Err(RunError::Bug(bug)) => {
            let report = cut_off(&bug.to_string());
            logged(log.end(&report.summary, report.stopped.as_deref()));
            (report, Some(bug.into()))
        }
        Err(RunError::NotTestable(error)) => {
            logged(log.end_untested(&error));
            console.complain_painted(&last_exchanges::render(&error.transcript, console.errors()));
            (cut_off(&error.what), Some(not_testable(error, &args.identity)))
        }
    };
    report.authenticator = authenticator.map(|one| one.name.to_owned());
    expect::settle(&mut report, &config.expectations, &catalogue.checks, today);
    if untestable.is_none() {
        logged(log.end(&report.summary, report.stopped.as_deref()));
    }

    let named = authenticator.map(|one| vec!["--authenticator".to_owned(), one.name.to_owned()]);
    let place = [
        args.config.arguments().into_iter().collect(),
        args.catalogue.arguments(),
        args.reach.arguments(),
        named.into_iter().collect(),
    ]
    .concat();
    let replay = Replay { arguments: [place, identity.arguments].concat(), page: None };
    let fail_on = args.fail_on.or(config.fail_on).unwrap_or_default();
    Ok(FinishedRun {
        report,
        catalogue,
        config,
        fail_on,
        replay,
        log: log_file,
        untestable,
        unwritten,
    })
}

fn open_log(
    named: Option<&Path>,
    identity: &Identity,
    repeatable: bool,
    target: TargetInfo,
) -> Result<(PathBuf, Arc<RunLog<Sink>>), Failure> {
    let Identity { seed, run_id, .. } = identity;
    let header = log::Header::new(seed.clone(), run_id.clone(), target);
    let (file, log) = match named {
        Some(file) => {
            let log = RunLog::create(file, &header);
            (file.to_owned(), log.map_err(|source| Failure::write(file, source))?)
        }
        None => {
            let opened = log::default_file(log::FOLDER.as_ref(), run_id, repeatable);
            let (file, sink) = opened.map_err(|source| Failure::write(log::FOLDER, source))?;
            (file, RunLog::begin(sink, &header))
        }
    };
    Ok((file, Arc::new(log)))
}

fn progress(args: &Args, console: Console) -> Progress {
    let progress = if args.quiet {
        Progress::lines(io::sink(), progress::EVERY)
    } else if io::stderr().is_terminal() {
        Progress::bar()
    } else {
        Progress::lines(io::stderr(), progress::EVERY)
    };
    if args.verbose { progress.verbose(console.errors()) } else { progress }
}

/// What there is to say about a run that did not come to its end.
fn partial(
    identity: &Identity,
    target: TargetInfo,
    finished: &FinishedResults,
    catalogue: &Catalogue,
    why: &str,
) -> Report {
    let checks = finished.results(catalogue);
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::this(),
        seed: identity.seed.clone(),
        run_id: identity.run_id.clone(),
        target,
        authenticator: None,
        stopped: Some(why.to_owned()),
        summary: Summary::of(&checks),
        diagnoses: diagnosis::diagnoses(&checks),
        checks,
        stale: Vec::new(),
    }
}

pub(super) fn failure(error: RunError, identity: &identity::Args) -> Failure {
    match error {
        RunError::Bug(bug) => bug.into(),
        RunError::NotTestable(error) => not_testable(error, identity),
    }
}

fn not_testable(error: NotTestable, identity: &identity::Args) -> Failure {
    let NotTestable { what, help, is_refusal, is_gone, .. } = error;
    let used = (is_refusal && identity.names_the_run()).then(|| {
        "--run-id is given: if the RP still has the accounts of that run, leave it out".to_owned()
    });
    let help: Vec<String> = help.into_iter().chain(used).collect();
    Failure::NotTestable { what, help: (!help.is_empty()).then(|| help.join("\n")), is_gone }
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if (1..=64).contains(&jobs) => Ok(jobs),
        _ => Err("expected a number from 1 to 64".to_owned()),
    }
}
