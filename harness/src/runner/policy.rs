//! The demands of a site beyond the specification.

use crate::catalogue::{Catalogue, Check};
use crate::outcome::{Expectation, Level, Verdict};

use crate::catalogue::glob::matches;

/// A rule that raises the level of some checks, or says which way a choice goes
/// that the specification leaves to the RP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The checks: a requirement (`AUT-20`), a family (`counter`), an id or a
    /// glob.
    pub about: String,
    /// The level that the site gives to the rule.
    pub level: Level,
    /// The verdict that the site asks for, if it is not the one that the catalogue expects.
    pub expects: Option<Verdict>,
}

/// The error of a rule that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is about nothing.
    #[error("`{0}` is neither a requirement nor a family, and matches no check")]
    Unknown(String),
    /// It asks for less than the specification does.
    #[error("{check} is a `{level}`: a policy can raise it, not lower it")]
    Lowers {
        /// The first check.
        check: String,
        /// Its level.
        level: Level,
    },
    /// It turns around what the specification does not leave open.
    #[error("{check} is a `{level}`: what it expects is not for a policy to say")]
    TurnsAround {
        /// The first check.
        check: String,
        /// Its level.
        level: Level,
    },
}

impl Rule {
    /// Follows the rule, or changes nothing.
    pub fn apply(&self, catalogue: &mut Catalogue) -> Result<(), Error> {
        let checks = match catalogue.is_about_page(|check| self.concerns(check)) {
            true => &mut catalogue.page,
            false => &mut catalogue.checks,
        };
        let concerned: Vec<&Check> = checks.iter().filter(|check| self.concerns(check)).collect();
        if concerned.is_empty() {
            return Err(Error::Unknown(self.about.clone()));
        }
        for check in concerned {
            // Either is sound, so a site may say which one it is for it.
            let is_open = check.expects == Expectation::Survives;
            let (check, level) = (check.id.clone(), check.level);
            if level.rank() < self.level.rank() {
                return Err(Error::Lowers { check, level });
            }
            if self.expects.is_some() && !is_open && matches!(level, Level::Must | Level::Should) {
                return Err(Error::TurnsAround { check, level });
            }
        }
        for check in checks.iter_mut().filter(|check| self.concerns(check)) {
            check.level = self.level;
            check.expects = self.expects.map_or(check.expects, Expectation::from);
        }
        Ok(())
    }

    fn concerns(&self, check: &Check) -> bool {
        check.requirement.as_deref() == Some(&self.about)
            || check.family == self.about
            || matches(&self.about, &check.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn rule(about: &str, level: Level, expects: Option<Verdict>) -> Rule {
        Rule { about: about.to_owned(), level, expects }
    }

    #[test]
    fn raises_by_requirement_family_id_and_glob() {
        for about in ["AUT-20", "counter", "authentication.counter.same", "*.counter.*"] {
            let mut catalogue = samples::catalogue();
            rule(about, Level::Must, None).apply(&mut catalogue).unwrap();
            let raised: Vec<_> = catalogue.checks.iter().map(|check| check.level).collect();
            assert_eq!(raised, [Level::Must, Level::Must, Level::Should, Level::Must, Level::Must]);
        }
    }

    #[test]
    fn says_which_way_a_choice_goes() {
        let mut catalogue = samples::catalogue();
        let accepted = Some(Verdict::Accepted);
        rule("counter", Level::Should, accepted).apply(&mut catalogue).unwrap();
        let check = catalogue.find("authentication.counter.same").unwrap();
        assert_eq!((check.level, check.expects), (Level::Should, Expectation::Accepted));
    }

    #[test]
    fn says_which_answer_it_wants_where_either_is_sound() {
        let mut catalogue = samples::catalogue();
        let about = "authentication.counter.same";
        for check in catalogue.checks.iter_mut().filter(|check| check.id == about) {
            (check.level, check.expects) = (Level::Must, Expectation::Survives);
        }
        rule(about, Level::Must, Some(Verdict::Refused)).apply(&mut catalogue).unwrap();
        assert_eq!(catalogue.find(about).unwrap().expects, Expectation::Refused);
    }

    #[test]
    fn is_about_pages_if_it_fits_nothing_else() {
        let mut catalogue = Catalogue::builtin().unwrap();
        let gesture = "authentication.page-gesture.missing";
        rule("*.missing", Level::Must, None).apply(&mut catalogue).unwrap();
        assert_eq!(catalogue.find(gesture).unwrap().level, Level::Should);
        rule("page-gesture", Level::Must, None).apply(&mut catalogue).unwrap();
        assert_eq!(catalogue.find(gesture).unwrap().level, Level::Must);
    }

    #[test]
    fn asks_for_no_less() {
        let mut catalogue = samples::catalogue();
        let mut error = |about, level, expects| {
            rule(about, level, expects).apply(&mut catalogue).unwrap_err().to_string()
        };
        insta::assert_snapshot!(error("*.origin.*", Level::Should, None), @"registration.origin.subdomain is a `must`: a policy can raise it, not lower it");
        insta::assert_snapshot!(error("uv", Level::Must, Some(Verdict::Accepted)), @"authentication.uv.absent is a `must`: what it expects is not for a policy to say");
        insta::assert_snapshot!(error("cuonter", Level::Must, None), @"`cuonter` is neither a requirement nor a family, and matches no check");
        assert_eq!(catalogue.checks, samples::catalogue().checks);
    }
}
