//! Random bytes of a caller's generator, or of the operating system.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::{SysError, SysRng};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{Answer, Env, Question, Seeded};

/// An environment whose bytes come from a generator of [`rand`]: no run repeats
/// another one. Bytes under a label are drawn once and kept, since [`Env::draw`]
/// returns the same bytes for the same label. Time, user and certification
/// authorities are those of a [`Seeded`] environment.
///
/// ```
/// use passrig_authenticator::Client;
/// use passrig_authenticator::client::Origin;
/// use passrig_authenticator::device::Profile;
/// use passrig_authenticator::env::Random;
/// use serde_json::json;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = json!({
///     "rp": {"id": "example.org", "name": "Example"},
///     "user": {"id": "MTIzNA", "name": "ada", "displayName": "Ada"},
///     "challenge": "Y2hhbGxlbmdlIGZvciBhIHJlZ2lzdHJhdGlvbg",
///     "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
/// });
/// let origin = Origin::parse("https://login.example.org")?;
/// let mut ids = Vec::new();
/// for env in [Random::of_system()?, Random::of_system()?] {
///     let browser = Client::with_env(origin.clone(), env);
///     let mut browser = browser.with_authenticator(Profile::platform());
///     ids.push(browser.create(&options)?["id"].clone());
/// }
/// assert_ne!(ids[0], ids[1]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Random<R> {
    rng: R,
    drawn: BTreeMap<String, Vec<u8>>,
    rest: Seeded,
}

/// Why the operating system's randomness cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected random bytes of the operating system, found an error: {0}")]
pub struct NoRandomness(SysError);

impl Random<ChaCha20Rng> {
    /// Draws from a generator that the operating system seeds.
    pub fn of_system() -> Result<Self, NoRandomness> {
        ChaCha20Rng::try_from_rng(&mut SysRng).map(Self::new).map_err(NoRandomness)
    }
}

impl<R> Random<R> {
    /// Draws from this generator.
    pub fn new(rng: R) -> Self {
        Self { rng, drawn: BTreeMap::new(), rest: Seeded::new([]) }
    }

    /// With the time, the user and the certification authorities of another
    /// environment.
    #[must_use]
    pub fn beside(mut self, rest: Seeded) -> Self {
        self.rest = rest;
        self
    }
}

impl<R: Rng + Send> Env for Random<R> {
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8> {
        let bytes = self.drawn.entry(label.to_owned()).or_default();
        if let Some(more) = len.checked_sub(bytes.len()) {
            let mut drawn = vec![0; more];
            self.rng.fill_bytes(&mut drawn);
            bytes.append(&mut drawn);
        }
        bytes.iter().copied().take(len).collect()
    }

    fn draw_common(&mut self, label: &str, len: usize) -> Vec<u8> {
        self.rest.draw_common(label, len)
    }

    fn now(&self) -> Duration {
        self.rest.now()
    }

    fn ask(&mut self, question: &Question) -> Answer {
        self.rest.ask(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_keeps_its_bytes_and_labels_differ() {
        let mut env = Random::new(ChaCha20Rng::from_seed([1; 32]));
        let first = env.draw("a", 8);
        assert_eq!(first, [&ChaCha20Rng::from_seed([1; 32]).next_u64().to_le_bytes()[..]].concat());
        assert_ne!(env.draw("b", 8), first);
        let longer = env.draw("a", 40);
        assert_eq!((longer.len(), &longer[..8]), (40, &first[..]));
        assert_eq!(env.draw("a", 4), first[..4]);
        assert_ne!(Random::of_system().unwrap().draw("a", 8), first);
    }

    #[test]
    fn all_but_the_draws_are_those_beside() {
        let answer = Answer { consents: false, ..Answer::WILLING };
        let rest = Seeded::new("x").trusting("y").at(Duration::from_secs(7)).answering(answer);
        let mut env = Random::of_system().unwrap().beside(rest.clone());
        assert_eq!(env.draw_common("a", 8), rest.clone().draw_common("a", 8));
        assert_eq!(env.now(), Duration::from_secs(7));
        let purpose = super::super::Purpose::Create;
        let question = Question { rp_id: String::new(), purpose, verification: false };
        assert_eq!(env.ask(&question), answer);
    }
}
