use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use passrig_authenticator::device::Profile;

use super::console::Console;
use super::failure::Failure;
use super::reports;
use super::run::{self, Authenticator, FinishedRun};
use crate::process;
use crate::report::terminal::Terminal;
use crate::report::{Destination, Findings, one_of_several};

/// Check a relying party.
///
/// Without --rp, the built-in reference RP is checked, in this process: a way
/// to see what a report looks like, and that all is well with passrig. With
/// --rp, every check is performed over HTTP, on accounts that passrig makes for
/// itself. Only use it on relying parties that are yours.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Perform the checks with authenticators of this product, wherever a check
    /// needs no other; with `all`, once for every product, each with reports and
    /// a log of its own (report.NAME.json) [default: one that can do everything].
    #[arg(long, value_name = "NAME|all", value_parser = products(), hide_possible_values = true)]
    authenticator: Option<String>,

    #[command(flatten)]
    pub(super) run: run::Args,

    /// Write a report: html for people, json, junit, sarif or markdown for
    /// programs. FILE `-` is standard output. May be repeated.
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "Reports")]
    report: Vec<Destination>,
}

const EXAMPLES: &str = "\
Examples:
  passrig check
  passrig check --rp http://localhost:3000 --adapter better-auth
  passrig check --rp https://login.passrig.test --adapter my-rp.toml \\
      --connect-to 127.0.0.1:8443 --ca test-ca.pem --report json=report.json
  passrig check --authenticator yubikey-5
  passrig check --only registration.origin --skip '*.port'

Errors and what is inconclusive make a run fail, whatever --fail-on says. After
Ctrl-C, SIGTERM or SIGHUP what was decided so far is reported, and the exit code
is 130, 143 or 129; the log holds every result from the moment it is known.";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let files = args.report.iter().map(|report| report.file.as_path());
    let mut console = reports::beside(console, files);
    if args.run.takes_standard_output() {
        console = console.on_standard_error();
    }
    match args.authenticator.as_deref() {
        Some(ALL) => with_all(args, console).await,
        name => {
            let results = ResultFiles::of(args)?;
            once(args, console, name.and_then(Authenticator::named).as_ref(), &results).await
        }
    }
}

/// The files for the results of one run.
struct ResultFiles {
    reports: Vec<Destination>,
    log: Option<PathBuf>,
}

impl ResultFiles {
    /// The results of the only run.
    fn of(args: &Args) -> Result<Self, Failure> {
        Self { reports: args.report.clone(), log: args.run.log.clone() }.distinct()
    }

    fn of_product(args: &Args, name: &str) -> Result<Self, Failure> {
        let reports = args.report.iter().map(|report| report.of(name)).collect();
        let log = args.run.log.as_ref().map(|file| one_of_several(file, name));
        Self { reports, log }.distinct()
    }

    fn distinct(self) -> Result<Self, Failure> {
        let log = self.log.as_deref().map(run::named_log);
        reports::distinct(reports::named(&self.reports).chain(log))?;
        Ok(self)
    }
}

/// Once for every product. What one of them comes to stops none of the others,
/// but for a signal and a target that is gone; the worst exit code counts.
async fn with_all(args: &Args, console: Console) -> Result<u8, Failure> {
    let products = Profile::names().map(|name| Ok((name, ResultFiles::of_product(args, name)?)));
    let products: Vec<_> = products.collect::<Result<_, Failure>>()?;
    let mut worst = 0;
    for (name, results) in products {
        console.print_painted(&format!("\n{}\n", console.paint().strong(name)))?;
        let code = match once(args, console, Authenticator::named(name).as_ref(), &results).await {
            Err(failure @ Failure::NotTestable { is_gone: false, .. }) => {
                let code = failure.exit_code();
                console.complain_painted(&failure.render(console.errors()));
                code
            }
            code => code?,
        };
        if process::signal().is_some() {
            return Ok(code);
        }
        worst = worst.max(code);
    }
    Ok(worst)
}

const ALL: &str = "all";

fn products() -> PossibleValuesParser {
    PossibleValuesParser::new(Profile::names().chain([ALL]))
}

async fn once(
    args: &Args,
    console: Console,
    authenticator: Option<&Authenticator>,
    ResultFiles { reports, log }: &ResultFiles,
) -> Result<u8, Failure> {
    let writable = || reports::probe(reports);
    let log = log.as_deref();
    let mut ended = run::run(&args.run, log, console, authenticator, writable).await?;
    let mut unwritten = std::mem::take(&mut ended.unwritten);
    let FinishedRun { report, catalogue, fail_on, replay, log, .. } = &ended;
    let is_logged = unwritten.is_empty();
    let (fail_on, quiet) = (*fail_on, args.run.quiet || args.authenticator.as_deref() == Some(ALL));

    // An older report must not stand for this run, whatever it came to.
    let findings = Findings { report, catalogue, fail_on, replay, log: Some(log) };
    unwritten.extend(reports::write(reports, &findings).await);
    if let Some(failure) = ended.untestable {
        reports::settle(failure.exit_code(), unwritten, console);
        return Err(failure);
    }
    let terminal = Terminal { report, catalogue, fail_on, replay, paint: console.paint() };
    let text = if quiet { terminal.render_short() } else { terminal.render() };
    unwritten.extend(console.print_painted(&text).err());
    if !quiet && is_logged {
        let line = format!("Every exchange is in {}.\n", log.display());
        unwritten.extend(console.print(&line).err());
    }
    Ok(reports::settle(fail_on.exit_code(report), unwritten, console))
}
