use std::fs;
use std::io::ErrorKind;

use super::config::baseline::{Baseline, Findings};
use super::config::today;
use super::console::Console;
use super::failure::{Failure, INTERRUPTED};
use super::run::{self, Ended};
use crate::report::{replace, terminal::words};

/// Expect what goes wrong today.
///
/// Checks the relying party, and writes an expectation into passrig.toml for
/// everything that fails the run, so that only what is new fails the next one.
/// Expectations that are not needed any more are removed; those that hold keep
/// their reasons, and the rest of the file its comments. Give each new one a
/// reason of your own.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) run: run::Args,
}

const EXAMPLES: &str = "\
Examples:
  passrig baseline --rp http://localhost:3000 --adapter better-auth
  passrig baseline --only registration      leaves other expectations alone";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let file = args.run.config.file();
    if let Err(source) = fs::File::options().append(true).open(file)
        && source.kind() != ErrorKind::NotFound
    {
        return Err(Failure::Write { file: file.to_owned(), source });
    }
    let ended = run::run(&args.run, console, None, || Ok(())).await?;
    if let Some(failure) = ended.untestable {
        return Err(failure);
    }
    let Ended { report, catalogue, config, fail_on, interrupted, .. } = &ended;
    if report.stopped.is_some() {
        let verdict = words::verdict(report, *fail_on);
        console.print(&format!("{verdict}\n{} is as it was.\n", file.display()))?;
        return Ok(if *interrupted { INTERRUPTED } else { fail_on.exit_code(report) });
    }
    let findings = Findings {
        report,
        catalogue,
        expectations: &config.expectations,
        fail_on: *fail_on,
        today: today(),
    };
    // It was read by another parser of the same language.
    let baseline = findings.write(&config.text);
    let baseline = baseline.map_err(|_| Failure::Bug("passrig.toml cannot be read twice"))?;
    if baseline.text != config.text {
        replace(file, baseline.text.as_bytes())
            .map_err(|source| Failure::Write { file: file.to_owned(), source })?;
    }
    let Baseline { added, updated, removed, .. } = baseline;
    console.print(&format!(
        "{}: {added} added, {updated} updated, {removed} removed\n",
        file.display()
    ))?;
    let beyond = report.checks.iter().any(|result| catalogue.find(&result.id).is_none());
    Ok(if beyond { fail_on.exit_code(report) } else { 0 })
}
