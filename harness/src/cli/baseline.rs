use std::fs;
use std::io::ErrorKind;

use super::config::baseline::{Baseline, BaselineInput};
use super::config::today;
use super::console::Console;
use super::failure::Failure;
use super::reports;
use super::run::{self, FinishedRun};
use crate::report::terminal::words;
use crate::storage::{self, FileMode};

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
    let settings = (format!("--config {}", file.display()), file.to_owned());
    reports::distinct(std::iter::once(settings).chain(args.run.named_log()))?;
    // Opening a FIFO would wait for its reader.
    if !storage::is_stream(file)
        && let Err(source) = fs::File::options().append(true).open(file)
        && source.kind() != ErrorKind::NotFound
    {
        return Err(Failure::write(file, source));
    }
    let console = match args.run.takes_standard_output() {
        true => console.on_standard_error(),
        false => console,
    };
    let mut ended = run::run(&args.run, args.run.log.as_deref(), console, None, || Ok(())).await?;
    let mut unwritten = std::mem::take(&mut ended.unwritten);
    if let Some(failure) = ended.untestable {
        reports::settle(failure.exit_code(), unwritten, console);
        return Err(failure);
    }
    let FinishedRun { report, catalogue, config, fail_on, .. } = &ended;
    if report.stopped.is_some() {
        let verdict = words::verdict(report, *fail_on);
        let line = format!("{verdict}\n{} is as it was.\n", file.display());
        unwritten.extend(console.print(&line).err());
        return Ok(reports::settle(fail_on.exit_code(report), unwritten, console));
    }
    let findings = BaselineInput {
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
        let written = storage::write(file, baseline.text.as_bytes(), FileMode::Shared);
        unwritten.extend(written.err().map(|source| Failure::write(file, source)));
    }
    let Baseline { added, updated, removed, .. } = baseline;
    let line = format!("{}: {added} added, {updated} updated, {removed} removed\n", file.display());
    unwritten.extend(console.print(&line).err());
    let beyond = report.checks.iter().any(|result| catalogue.find(&result.id).is_none());
    let code = if beyond { fail_on.exit_code(report) } else { 0 };
    Ok(reports::settle(code, unwritten, console))
}
