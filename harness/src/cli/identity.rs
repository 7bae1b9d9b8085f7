//! `--seed` and `--run-id`.

use passrig_authenticator::env::{Env, Random};

use super::failure::Failure;

/// The seed and run id against the built-in RP, which has no memory: the same
/// bytes on every run.
const BUILT_IN: (&str, &str) = ("passrig", "built-in");

/// What makes a run the same again.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Decides keys, edits and order [default: random; fixed for the built-in
    /// RP].
    #[arg(long, value_parser = word, help_heading = "The same run again")]
    seed: Option<String>,

    /// Is mixed into names, credential ids and keys, so that the next run does
    /// not collide with this one [default: random; fixed for the built-in RP].
    #[arg(long, value_name = "ID", value_parser = word, help_heading = "The same run again")]
    run_id: Option<String>,
}

/// The seed and the run id of a run.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) seed: String,
    pub(super) run_id: String,
    /// The arguments that make them the same again.
    pub(super) arguments: Vec<Vec<String>>,
}

impl Args {
    /// Whether the user gave the run id.
    pub(super) fn names_the_run(&self) -> bool {
        self.run_id.is_some()
    }

    pub(super) fn resolve(&self, built_in: bool) -> Result<Identity, Failure> {
        let choose = |given: &Option<String>, fixed: &str, random: usize| match given {
            Some(given) => Ok(given.clone()),
            None if built_in => Ok(fixed.to_owned()),
            None => self::random(random),
        };
        let (fixed_seed, fixed_run_id) = BUILT_IN;
        let seed = choose(&self.seed, fixed_seed, 16)?;
        let run_id = choose(&self.run_id, fixed_run_id, 4)?;
        let flags = [("--seed", &seed, fixed_seed), ("--run-id", &run_id, fixed_run_id)];
        let needed = flags.into_iter().filter(|(_, value, fixed)| !built_in || value != fixed);
        let arguments = needed.map(|(flag, value, _)| vec![flag.to_owned(), value.clone()]);
        Ok(Identity { arguments: arguments.collect(), seed, run_id })
    }
}

/// Random bytes in hex.
pub(super) fn random(len: usize) -> Result<String, Failure> {
    let mut system = Random::of_system().map_err(|error| Failure::System {
        what: "the operating system gives no randomness".to_owned(),
        source: std::io::Error::other(error),
    })?;
    Ok(base16ct::lower::encode_string(&system.draw("seed", len)))
}

/// Seeds and run ids become file names, headers and parts of account names.
pub(super) fn word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match (1..=64).contains(&text.len()) && !text.starts_with('.') && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("expected 1 to 64 letters, digits, `-`, `_` and `.`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_for_others_and_fixed_at_home() {
        let args = Args::default();
        let home = args.resolve(true).unwrap();
        assert_eq!((home.seed.as_str(), home.run_id.as_str()), BUILT_IN);
        assert!(home.arguments.is_empty());
        let [a, b] = [(); 2].map(|()| args.resolve(false).unwrap());
        assert!(a.seed != b.seed && a.run_id != b.run_id);
        assert_eq!(a.arguments[0], ["--seed", &a.seed]);

        let given = Args { seed: Some("s".to_owned()), run_id: None };
        assert_eq!(given.resolve(true).unwrap().arguments, [["--seed", "s"]]);
    }

    #[test]
    fn words_are_harmless() {
        for good in ["a", "2026-01-01_b.c", &"x".repeat(64)] {
            assert!(word(good).is_ok(), "{good}");
        }
        for bad in ["", "../a", "a/b", ".a", "a b", "é", &"x".repeat(65)] {
            assert!(word(bad).is_err(), "{bad}");
        }
    }
}
