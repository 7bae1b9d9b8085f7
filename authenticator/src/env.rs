//! The one door for effects: randomness, clock, and the person.
//!
//! Nothing in this crate reaches for the operating system, except a constructor
//! of `Random`, behind the feature `rand`. What a ceremony
//! draws, when it happens and what the user says all come through [`Env`], so
//! that the same environment gives the same bytes.

#[cfg(feature = "rand")]
mod random;

use std::time::Duration;

use hkdf::Hkdf;
use sha2::Sha256;

#[cfg(feature = "rand")]
pub use random::{NoRandomness, Random};

/// What a ceremony takes from the world.
pub trait Env: Send {
    /// `len` octets that depend on the label alone, not on what was drawn
    /// before. Labels name what the octets become, such as
    /// `credential/0/private-key`.
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8>;

    /// As [`draw`](Self::draw), for what all authenticators of the world have in
    /// common: the authority that certifies them. It is the same in every
    /// context, so that a relying party can be told beforehand whom to trust.
    fn draw_common(&mut self, label: &str, len: usize) -> Vec<u8> {
        self.draw(label, len)
    }

    /// The time since the Unix epoch.
    fn now(&self) -> Duration;

    /// Asks the person in front of the authenticator.
    fn ask(&mut self, question: &Question) -> Answer;
}

/// What an authenticator asks its user (§6.3.2 step 6, §6.3.3 step 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The relying party that wants something.
    pub rp_id: String,
    /// What it wants.
    pub purpose: Purpose,
    /// Whether the user shall prove who they are.
    pub verification: bool,
}

/// What a user is asked to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The making of a credential.
    Create,
    /// The use of a credential.
    Use,
    /// Learning that a credential exists here already.
    RevealExcluded,
}

/// What the user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The user agreed, with a test of presence.
    pub consents: bool,
    /// The user proved who they are, where that was asked for.
    pub verified: bool,
    /// How long the user took.
    pub after: Duration,
}

impl Answer {
    /// Agrees to everything at once and passes every verification.
    pub const WILLING: Self = Self { consents: true, verified: true, after: Duration::ZERO };
}

/// An environment that a seed decides: every octet is HKDF-SHA-256 over the
/// seed, for a context and a label. What is common to all authenticators has a
/// seed of its own, see [`trusting`](Self::trusting).
#[derive(Clone, Debug)]
pub struct Seeded {
    seed: Hkdf<Sha256>,
    common: Hkdf<Sha256>,
    context: String,
    now: Duration,
    answer: Answer,
}

impl Seeded {
    /// An environment for this seed; its user agrees to everything.
    pub fn new(seed: impl Into<Vec<u8>>) -> Self {
        Self {
            seed: extract(&seed.into()),
            common: extract(COMMON),
            context: String::new(),
            now: Duration::from_secs(1_700_000_000),
            answer: Answer::WILLING,
        }
    }

    /// The same seed in another context: a run, a check, an actor. Contexts
    /// nest.
    #[must_use]
    pub fn within(&self, context: &str) -> Self {
        let mut inner = self.clone();
        // The separator cannot be forged: lengths come first.
        inner.context = format!("{}{}:{context}/", self.context, context.len());
        inner
    }

    /// With other certification authorities: those of this seed. Without it
    /// they are the same everywhere, so that relying parties under test need
    /// to be told only once.
    #[must_use]
    pub fn trusting(mut self, seed: impl Into<Vec<u8>>) -> Self {
        self.common = extract(&seed.into());
        self
    }

    /// With another time.
    #[must_use]
    pub fn at(mut self, now: Duration) -> Self {
        self.now = now;
        self
    }

    /// With a user who answers like this.
    #[must_use]
    pub fn answering(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// As [`Env::draw`], without the need for a mutable environment.
    pub fn derive(&self, label: &str, len: usize) -> Vec<u8> {
        expand(&self.seed, &self.context, label, len)
    }
}

/// Done once for all that is drawn from a seed.
fn extract(seed: &[u8]) -> Hkdf<Sha256> {
    Hkdf::new(Some(b"passrig"), seed)
}

/// HKDF gives at most 255 blocks; longer values are drawn in pieces.
fn expand(seed: &Hkdf<Sha256>, context: &str, label: &str, len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    for (piece, chunk) in out.chunks_mut(255 * 32).enumerate() {
        let info = format!("{context}{}:{label}#{piece}", label.len());
        let expanded = seed.expand(info.as_bytes(), chunk);
        debug_assert!(expanded.is_ok(), "a chunk is at most 255 blocks");
    }
    out
}

/// The seed of the certification authorities, unless another is named.
const COMMON: &[u8] = b"passrig";

impl Env for Seeded {
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8> {
        self.derive(label, len)
    }

    fn draw_common(&mut self, label: &str, len: usize) -> Vec<u8> {
        expand(&self.common, "", label, len)
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn ask(&mut self, _: &Question) -> Answer {
        self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_contexts_decide_and_order_does_not() {
        let seeded = Seeded::new("seed");
        let first = seeded.derive("a", 40);
        assert_eq!(seeded.clone().draw("a", 40), first);
        assert_ne!(seeded.derive("b", 40), first);
        assert_ne!(seeded.within("x").derive("a", 40), first);
        assert_ne!(
            seeded.within("x").within("y").derive("a", 8),
            seeded.within("x/1:y").derive("a", 8)
        );
        let long = seeded.derive("long", 20_000);
        assert_eq!(long.len(), 20_000);
        assert_ne!(long[..32], long[255 * 32..255 * 32 + 32]);
    }
}
