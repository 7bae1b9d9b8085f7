use std::path::{Path, PathBuf};

use super::catalogue;
use super::compare::read;
use super::console::Console;
use super::fail_on;
use super::failure::Failure;
use super::reports;
use crate::outcome::{FailOn, Report};
use crate::report::{Destination, Findings, Replay, log};
use crate::storage::{self, FileMode};

/// Write a JSON report once more, in other formats.
///
/// The exchanges of an HTML report come from the log of the run.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The report that `passrig check --report json=FILE` wrote.
    #[arg(value_name = "REPORT.json")]
    from: PathBuf,

    /// Write it as html, junit, sarif, markdown or json. May be repeated.
    #[arg(long, value_name = "FORMAT=FILE", required = true)]
    report: Vec<Destination>,

    /// The log of the run [default: .passrig/RUN-ID.jsonl].
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,

    #[command(flatten)]
    catalogue: catalogue::Args,

    /// From which level on a divergence counts, and with what importance, as in
    /// `passrig check` [default: must:medium].
    #[arg(long, value_name = "LEVEL[:IMPORTANCE]", value_parser = fail_on::parse)]
    fail_on: Option<FailOn>,
}

const EXAMPLES: &str = "\
Examples:
  passrig render report.json --report html=report.html
  passrig render report.json --log artefacts/run.jsonl --report html=report.html";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let report = read(&args.from)?;
    let catalogue = args.catalogue.read()?;
    let usual = Path::new(log::FOLDER).join(format!("{}.jsonl", report.run_id));
    let log = args.log.clone().unwrap_or(usual);
    let from = (args.from.display().to_string(), args.from.clone());
    let read = [from, (format!("--log {}", log.display()), log.clone())];
    reports::distinct(read.into_iter().chain(reports::named(&args.report)))?;
    if !log.exists() && args.report.iter().any(Destination::shows_exchanges) {
        let what = format!("there is no log at {}", log.display());
        return Err(Failure::usage(what, "name the log of the run with --log"));
    }
    let replay = replay(&report, args.catalogue.arguments());
    let fail_on = args.fail_on.unwrap_or_default();
    let findings = Findings {
        report: &report,
        catalogue: &catalogue,
        fail_on,
        replay: &replay,
        log: Some(&log),
    };
    let mut unwritten = Vec::new();
    for destination in &args.report {
        let file = &destination.file;
        let written = destination
            .render(&findings)
            .and_then(|bytes| storage::write(file, &bytes, FileMode::Shared));
        unwritten.extend(written.err().map(|source| Failure::write(file, source)));
    }
    Ok(reports::settle(0, unwritten, console))
}

/// As much of the command as the report knows.
fn replay(report: &Report, catalogue: Vec<Vec<String>>) -> Replay {
    let target = &report.target;
    let is_built_in = target.url == "built-in";
    let place =
        [("--rp", &target.url), ("--adapter", &target.adapter), ("--origin", &target.origin)];
    let identity = [("--seed", &report.seed), ("--run-id", &report.run_id)];
    let device = report.authenticator.iter().map(|name| ("--authenticator", name));
    let place = place.into_iter().filter(|_| !is_built_in);
    let pairs = place.chain(device).chain(identity);
    let pairs = pairs.map(|(flag, value)| vec![flag.to_owned(), value.clone()]);
    Replay { arguments: pairs.chain(catalogue).collect(), page: None }
}
