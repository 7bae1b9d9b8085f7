//! `--only` and `--skip`.

use super::failure::Failure;
use super::near::did_you_mean;
use crate::catalogue::Catalogue;
use crate::runner::Filter;

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
}

impl Selection {
    /// The filter. A pattern that fits no id at all is a mistake, and so is a
    /// filter that lets nothing through.
    pub(super) fn filter(&self, catalogue: &Catalogue) -> Result<Filter, Failure> {
        let ids = || catalogue.checks.iter().map(|check| check.id.as_str());
        for pattern in self.only.iter().chain(&self.skip) {
            let alone = Filter { only: vec![pattern.clone()], ..Filter::default() };
            if !ids().any(|id| alone.admits(id)) {
                return Err(Failure::NothingMatched {
                    what: format!("no check is called `{pattern}`"),
                    help: did_you_mean(pattern, ids())
                        .or_else(|| Some("`passrig list` shows every id".to_owned())),
                });
            }
        }
        let filter =
            Filter { only: self.only.clone(), skip: self.skip.clone(), ..Filter::default() };
        if !ids().any(|id| filter.admits(id)) {
            return Err(Failure::NothingMatched {
                what: "every check that --only selects is left out by --skip".to_owned(),
                help: None,
            });
        }
        Ok(filter)
    }
}
