pub(super) mod fail_on;
mod last_words;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use super::console::{Console, complain};
use super::failure::{Failure, INTERRUPTED};
use super::identity::{self, Identity};
use super::reach::{self, Reach};
use super::selection::Selection;
use crate::catalogue::Catalogue;
use crate::outcome::{Report, SCHEMA_VERSION, Summary, TargetInfo, Tool};
use crate::report::terminal::Terminal;
use crate::report::{Destination, Fan, Log, Progress, Replay, Tally, log, progress};
use crate::runner::{self, FailOn, NotTestable, Observer, Options};

/// Check a relying party.
///
/// Without --rp, the built-in reference RP is checked, in this process: a way
/// to see what a report looks like, and that all is well with passrig. With
/// --rp, every check is performed over HTTP, on accounts that passrig makes for
/// itself. Only use it on relying parties that are yours.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// How many checks are under way at once, where the accounts permit it.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = jobs)]
    jobs: usize,

    #[command(flatten)]
    reach: reach::Args,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    identity: identity::Args,

    /// Write a report for programs; the format is `json`. May be repeated.
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "Reports")]
    report: Vec<Destination>,

    /// Where every exchange is logged, as JSON lines [default:
    /// .passrig/RUN-ID.jsonl].
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    log: Option<PathBuf>,

    /// From which level on a divergence makes the run fail: must, should,
    /// policy or hardening, and with what importance at least: low, medium,
    /// high or critical.
    #[arg(long, value_name = "LEVEL[:IMPORTANCE]", default_value = "must:medium",
          value_parser = fail_on::parse, help_heading = "Reports")]
    fail_on: FailOn,

    /// Show no progress, and of the report only the summary.
    #[arg(long, short, help_heading = "Reports")]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  passrig check
  passrig check --rp http://localhost:3000 --adapter better-auth
  passrig check --rp https://login.passrig.test --adapter my-rp.toml \\
      --connect-to 127.0.0.1:8443 --ca test-ca.pem --report json=report.json
  passrig check --only registration.origin --skip '*.port'

Errors and what is inconclusive make a run fail, whatever --fail-on says. After
Ctrl-C what was decided so far is reported, and the exit code is 130; the log
holds every result from the moment it is known.";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let catalogue = Arc::new(Catalogue::builtin().map_err(Box::new)?);
    let filter = args.selection.filter(&catalogue)?;
    let identity = args.identity.resolve(args.reach.is_built_in())?;
    let Reach { target, info, variables, arguments } = args.reach.resolve()?;
    for destination in &args.report {
        let file = || destination.file.clone();
        destination.probe().map_err(|source| Failure::Write { file: file(), source })?;
    }

    let (log_file, log) = open_log(args, &identity, info.clone())?;
    let tally = Arc::new(Tally::default());
    let progress = Arc::new(progress(args.quiet));
    let observers: Vec<Arc<dyn Observer>> = vec![log.clone(), tally.clone(), progress.clone()];
    let options = Options {
        catalogue: catalogue.clone(),
        filter,
        seed: identity.seed.clone(),
        run_id: identity.run_id.clone(),
        jobs: args.jobs,
        variables,
    };
    let ended = tokio::select! {
        // Listening for Ctrl-C begins before the run.
        biased;
        _ = tokio::signal::ctrl_c() => Ok(None),
        result = runner::run(&options, target, Arc::new(Fan(observers))) => result.map(Some),
    };
    progress.clear();

    let logged = |source| Failure::Write { file: log_file.clone(), source };
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => {
            log.end_untested(&error).map_err(logged)?;
            complain(&last_words::render(&error.transcript, console.errors()));
            return Err(not_testable(error, &args.identity));
        }
    };
    let interrupted = ended.is_none();
    let report = match ended {
        // The runner knows a transport; that there is no network, we know.
        Some(report) => Report { target: TargetInfo { url: info.url, ..report.target }, ..report },
        None => partial(&identity, info, &tally, &catalogue),
    };

    let replay = Replay { arguments: [arguments, identity.arguments].concat() };
    let terminal = Terminal {
        report: &report,
        catalogue: &catalogue,
        fail_on: args.fail_on,
        replay: &replay,
        paint: console.paint(),
    };
    console.print(&if args.quiet { terminal.render_summary() } else { terminal.render() })?;
    for destination in &args.report {
        let file = || destination.file.clone();
        destination.write(&report).map_err(|source| Failure::Write { file: file(), source })?;
    }
    log.end(&report.summary, report.stopped.as_deref()).map_err(logged)?;
    if !args.quiet {
        console.print(&format!("Every exchange is in {}.\n", log_file.display()))?;
    }
    Ok(if interrupted { INTERRUPTED } else { args.fail_on.exit_code(&report) })
}

fn open_log(
    args: &Args,
    identity: &Identity,
    target: TargetInfo,
) -> Result<(PathBuf, Arc<Log<std::fs::File>>), Failure> {
    let Identity { seed, run_id, .. } = identity;
    let header = log::Header::new(seed.clone(), run_id.clone(), target);
    let file = match &args.log {
        Some(file) => Ok(file.clone()),
        None => log::default_file(log::FOLDER.as_ref(), run_id, args.reach.is_built_in()),
    };
    let file = file.map_err(|source| Failure::Write { file: log::FOLDER.into(), source })?;
    match Log::create(&file, &header) {
        Ok(log) => Ok((file, Arc::new(log))),
        Err(source) => Err(Failure::Write { file, source }),
    }
}

fn progress(quiet: bool) -> Progress {
    if quiet {
        Progress::lines(std::io::sink(), progress::EVERY)
    } else if std::io::stderr().is_terminal() {
        Progress::bar()
    } else {
        Progress::lines(std::io::stderr(), progress::EVERY)
    }
}

/// What there is to say about a run that the user ended.
fn partial(
    identity: &Identity,
    target: TargetInfo,
    tally: &Tally,
    catalogue: &Catalogue,
) -> Report {
    let checks = tally.results(catalogue);
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::this(),
        seed: identity.seed.clone(),
        run_id: identity.run_id.clone(),
        target,
        stopped: Some("interrupted".to_owned()),
        summary: Summary::of(&checks),
        checks,
        amiss: Vec::new(),
    }
}

fn not_testable(error: NotTestable, identity: &identity::Args) -> Failure {
    let NotTestable { what, help, .. } = error;
    let used = identity.names_the_run().then(|| {
        "--run-id is given: if the RP still has the accounts of that run, leave it out".to_owned()
    });
    let help: Vec<String> = help.into_iter().chain(used).collect();
    Failure::NotTestable { what, help: (!help.is_empty()).then(|| help.join("\n")) }
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if (1..=64).contains(&jobs) => Ok(jobs),
        _ => Err("expected a number from 1 to 64".to_owned()),
    }
}
