//! `--rerun-failed`: what went wrong before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::outcome::{CheckResult, Outcome};
use crate::report::log;
use crate::runner::expect::{Date, KnownFailure};

#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Only what went wrong in the run of this log or JSON report [default: the
    /// last run's log].
    #[arg(long, value_name = "FILE", num_args = 0..=1, help_heading = "Which checks")]
    #[allow(clippy::option_option, reason = "the flag, and its value")]
    rerun_failed: Option<Option<PathBuf>>,
}

impl Args {
    /// The checks that went wrong or could not be decided, and were not
    /// expected to.
    pub(super) fn ids(
        &self,
        expectations: &[KnownFailure],
        today: Date,
    ) -> Result<Option<BTreeSet<String>>, Failure> {
        let Some(named) = &self.rerun_failed else { return Ok(None) };
        let file = match named {
            Some(file) => file.clone(),
            None => last()?,
        };
        let results = log::results(&file)?;
        if results.is_empty() {
            let what = format!("there are no results in {}", file.display());
            return Err(Failure::usage(what, "--rerun-failed takes a log or a JSON report"));
        }
        let known = |result: &CheckResult| {
            let mut valid = expectations.iter().filter(|entry| !entry.is_expired(today));
            valid.any(|entry| entry.covers(result))
        };
        let wrong = results.iter().filter(|result| is_wrong(result) && !known(result));
        let ids: BTreeSet<String> = wrong.map(|result| result.id.clone()).collect();
        match ids.is_empty() {
            true => Err(Failure::NothingMatched {
                what: format!("nothing went wrong in the run of {}", file.display()),
                help: None,
            }),
            false => Ok(Some(ids)),
        }
    }
}

fn last() -> Result<PathBuf, Failure> {
    let folder = Path::new(log::FOLDER);
    let help = "run `passrig check` first, or name a log or a JSON report";
    match log::latest(folder) {
        Ok(Some(file)) => Ok(file),
        _ => Err(Failure::usage(format!("there is no log in {}", folder.display()), help)),
    }
}

fn is_wrong(result: &CheckResult) -> bool {
    use Outcome::{Error, Fail, Inconclusive, Warn};
    matches!(result.outcome, Fail | Warn | Error | Inconclusive)
}
