use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// One of several parts into which the checks fall by the hash of their id, so
/// that a check stays in its part whatever else is added or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

/// The error of a text that does not name a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected hash:I/N with I from 1 to N, such as hash:1/3")]
pub struct ShardError;

impl Shard {
    /// True if the check is in this part.
    pub fn holds(self, id: &str) -> bool {
        let hash = Sha256::digest(id.as_bytes());
        let folded = hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        folded % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let pair = text.strip_prefix("hash:").and_then(|rest| rest.split_once('/'));
        let (index, count) = pair.ok_or(ShardError)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| ShardError);
        let shard = Self { index: number(index)?, count: number(count)? };
        match (1..=shard.count).contains(&shard.index) {
            true => Ok(shard),
            false => Err(ShardError),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hash:{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_check_is_in_one_part() {
        let catalogue = Catalogue::builtin().unwrap();
        for count in [1, 2, 3, 7] {
            let shards: Vec<Shard> =
                (1..=count).map(|i| format!("hash:{i}/{count}").parse().unwrap()).collect();
            for check in &catalogue.checks {
                let holders = shards.iter().filter(|shard| shard.holds(&check.id)).count();
                assert_eq!(holders, 1, "{}", check.id);
            }
            for shard in shards {
                assert!(catalogue.checks.iter().any(|check| shard.holds(&check.id)), "{shard}");
            }
        }
    }

    #[test]
    fn a_check_stays_where_it_is() {
        let shard: Shard = "hash:2/3".parse().unwrap();
        let ids = ["registration.origin.suffix", "authentication.type.empty", "a", "b"];
        assert_eq!(ids.map(|id| shard.holds(id)), [true, false, true, true]);
    }

    #[test]
    fn says_what_is_none() {
        for text in ["", "1/2", "hash:0/2", "hash:3/2", "hash:1/0", "hash:1", "count:1/2"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError), "{text}");
        }
        assert_eq!("hash:2/3".parse::<Shard>().unwrap().to_string(), "hash:2/3");
    }
}
