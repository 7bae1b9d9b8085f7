use crate::catalogue::glob::matches;

/// Which checks to run: ids or globs in which `*` stands for any text.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Run only what one of these matches; empty means everything.
    pub only: Vec<String>,
    /// Of those, leave out what one of these matches.
    pub skip: Vec<String>,
}

impl Filter {
    /// Whether a check with this id shall run.
    pub fn admits(&self, id: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|glob| matches(glob, id)))
            && !self.skip.iter().any(|glob| matches(glob, id))
    }
}
