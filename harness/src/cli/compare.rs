use std::path::{Path, PathBuf};

use super::console::Console;
use super::fail_on;
use super::failure::Failure;
use crate::outcome::{FailOn, Report, SCHEMA_VERSION};
use crate::report::{self, Comparison};
use crate::storage::{self, Limit};

/// Compare two JSON reports: what is worse, and what was mended.
///
/// B is worse if a check makes it fail that did not make A fail, whether A has
/// the check or not, or if B did not come to its end and A did.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The earlier report.
    #[arg(value_name = "A.json")]
    a: PathBuf,

    /// The later report.
    #[arg(value_name = "B.json")]
    b: PathBuf,

    /// From which level on a divergence counts, and with what importance, as in
    /// `passrig check` [default: must:medium].
    #[arg(long, value_name = "LEVEL[:IMPORTANCE]", value_parser = fail_on::parse)]
    fail_on: Option<FailOn>,

    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  passrig check --rp http://localhost:3000 --report json=before.json
  passrig check --rp http://localhost:3000 --report json=after.json
  passrig compare before.json after.json

Exit codes:
  0  B is as good as A, or better
  1  B is worse
  2  one of the files cannot be read";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let name = |file: &Path| file.display().to_string();
    let (first, second) = (name(&args.a), name(&args.b));
    let fail_on = args.fail_on.unwrap_or_default();
    let comparison = Comparison::of((&first, &a), (&second, &b), fail_on);
    let text = match args.json {
        false => comparison.render(console.paint()),
        true => {
            let text = report::json::pretty(&comparison);
            let what = "cannot write the comparison".to_owned();
            text.map_err(|source| Failure::System { what, source })? + "\n"
        }
    };
    console.print_painted(&text)?;
    Ok(u8::from(comparison.is_worse()))
}

/// A JSON report of this program.
pub(super) fn read(file: &Path) -> Result<Report, Failure> {
    let text = storage::read_text(file, Limit::REPORT)?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            format!("{} is no JSON report: {error}", file.display()),
            "`passrig check --report json=FILE` writes one",
        )
    })?;
    match report.schema_version {
        SCHEMA_VERSION => Ok(report),
        version => Err(Failure::usage(
            format!("{} is of schema version {version}", file.display()),
            format!("this passrig reads version {SCHEMA_VERSION}"),
        )),
    }
}
