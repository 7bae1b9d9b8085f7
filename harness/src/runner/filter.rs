use std::collections::BTreeSet;

use super::Shard;
use crate::catalogue::glob::matches;

/// The checks to run: ids or globs in which `*` stands for any text.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Run only what one of these matches; empty means everything.
    pub only: Vec<String>,
    /// Of those, leave out what one of these matches.
    pub skip: Vec<String>,
    /// Of those, only these, if there is such a list: what failed before.
    pub among: Option<BTreeSet<String>>,
    /// Of those, only this part.
    pub shard: Option<Shard>,
}

impl Filter {
    /// Whether a check with this id shall run.
    pub fn admits(&self, id: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|glob| matches(glob, id)))
            && !self.skip.iter().any(|glob| matches(glob, id))
            && self.among.as_ref().is_none_or(|ids| ids.contains(id))
            && self.shard.is_none_or(|shard| shard.holds(id))
    }
}
