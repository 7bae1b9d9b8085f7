//! `--only`, `--skip` and `--shard`.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::catalogue::Check;
use crate::near::did_you_mean;
use crate::runner::{Filter, Shard};

/// Where ids are looked up.
pub(super) const LISTED: &str =
    "`passrig list` shows every id, with --page those of `passrig page`";

/// Which checks.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(super) struct Selection {
    /// Only checks whose id matches; `*` stands for any text, and an id for
    /// everything below it. May be repeated.
    #[arg(long, value_name = "GLOB", help_heading = "Which checks")]
    only: Vec<String>,

    /// No checks whose id matches. May be repeated.
    #[arg(long, value_name = "GLOB", help_heading = "Which checks")]
    skip: Vec<String>,

    /// Only one of N parts, which never share a check and together have all.
    #[arg(long, value_name = "hash:I/N", help_heading = "Which checks")]
    shard: Option<Shard>,
}

impl Selection {
    /// The filter. A pattern that fits no id at all is a mistake, and so is a
    /// filter that lets nothing through.
    pub(super) fn filter(
        &self,
        checks: &[Check],
        among: Option<BTreeSet<String>>,
    ) -> Result<Filter, Failure> {
        let ids = || checks.iter().map(|check| check.id.as_str());
        for pattern in self.only.iter().chain(&self.skip) {
            let alone = Filter { only: vec![pattern.clone()], ..Filter::default() };
            if !ids().any(|id| alone.admits(id)) {
                return Err(Failure::NothingMatched {
                    what: format!("no check is called `{pattern}`"),
                    help: did_you_mean(pattern, ids()).or_else(|| Some(LISTED.to_owned())),
                });
            }
        }
        let filter =
            Filter { only: self.only.clone(), skip: self.skip.clone(), among, shard: self.shard };
        if !ids().any(|id| filter.admits(id)) {
            return Err(Failure::NothingMatched {
                what: "every check is left out".to_owned(),
                help: Some("--only, --skip, --shard and --rerun-failed must leave some".to_owned()),
            });
        }
        Ok(filter)
    }
}
