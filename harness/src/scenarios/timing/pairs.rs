//! The comparison of the times of two kinds of answers, by pairs of them.
//!
//! The order in each pair is drawn. If both kinds took equal time, the sign of a pair's difference
//! would be a fair coin, for any noise and any drift of the target. The sum of the signed ranks
//! (Wilcoxon) is then a sum of coins, each worth a rank; it is z of its standard deviations off with
//! a probability of at most 2·exp(−z²/2) (Hoeffding 1963). So the confidence is exact, and supposes
//! nothing about the distribution of the times.

use std::time::Duration;

/// The difference that counts, in microseconds. Over the Internet, a client can measure 15 to 100
/// (Crosby, Wallach and Riedi, "Opportunities and Limits of Remote Timing Attacks", 2009); near the
/// target, or with two requests in one packet (Van Goethem et al., "Timeless Timing Attacks", 2020),
/// less than one.
pub(super) const COUNTS: f64 = 100.0;

/// The probability of a false difference, over all looks.
const FALSE_ALARM: f64 = 1e-6;

/// The number of interim analyses; they share the probability of a false alarm.
const LOOKS: usize = 4;

/// One of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    One,
    Other,
}

/// The times that were taken so far, in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Pairs {
    most: usize,
    one: Vec<f64>,
    other: Vec<f64>,
}

/// The result of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The difference counts.
    Apart,
    /// If there is one, it does not count.
    Alike,
    /// Neither is certain.
    Open,
}

/// The difference between the two kinds, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) pairs: usize,
    pub(super) one: f64,
    pub(super) other: f64,
    pub(super) difference: f64,
    /// The bounds of the difference.
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Pairs {
    /// None yet, and so many at most.
    pub(super) fn at_most(most: usize) -> Self {
        Self { most, one: Vec::new(), other: Vec::new() }
    }

    pub(super) fn add(&mut self, side: Side, time: Duration) {
        let times = match side {
            Side::One => &mut self.one,
            Side::Other => &mut self.other,
        };
        times.push(time.as_secs_f64() * 1e6);
    }

    /// The number of complete pairs.
    pub(super) fn len(&self) -> usize {
        self.one.len().min(self.other.len())
    }

    /// The result, if it ends the series.
    pub(super) fn verdict(&self) -> Option<(Comparison, Estimate)> {
        let (pairs, is_last) = (self.len(), self.len() >= self.most);
        let is_look = (0..LOOKS).any(|halvings| pairs == self.most >> halvings);
        if !is_look && !is_last {
            return None;
        }
        let estimate = self.estimate();
        let finding = estimate.finding();
        (is_last || finding != Comparison::Open).then_some((finding, estimate))
    }

    /// Hodges and Lehmann's: the signed-rank test turned round. Any shift of
    /// the one kind that the test would not distinguish from the truth lies between.
    fn estimate(&self) -> Estimate {
        let differences: Vec<f64> = self.one.iter().zip(&self.other).map(|(a, b)| a - b).collect();
        let averages = differences.iter().enumerate().flat_map(|(place, one)| {
            differences.iter().skip(place).map(move |other| f64::midpoint(*one, *other))
        });
        let averages = sorted(averages);
        let outside = outside(differences.len());
        let end = outside.map(|outside| averages.len().saturating_sub(outside + 1));
        let at = |place: Option<usize>| place.and_then(|place| averages.get(place)).copied();
        Estimate {
            pairs: differences.len(),
            one: median(&sorted(self.one.iter().copied())),
            other: median(&sorted(self.other.iter().copied())),
            difference: median(&averages),
            least: at(outside).unwrap_or(f64::NEG_INFINITY),
            most: at(end).unwrap_or(f64::INFINITY),
        }
    }
}

impl Estimate {
    fn finding(&self) -> Comparison {
        if self.least > COUNTS || self.most < -COUNTS {
            Comparison::Apart
        } else if self.least > -COUNTS && self.most < COUNTS {
            Comparison::Alike
        } else {
            Comparison::Open
        }
    }
}

/// The confidence, in words.
pub(super) fn confidence() -> String {
    format!("{} %", 100.0 * (1.0 - FALSE_ALARM))
}

/// The number of averages on each side that are outside of the interval; `None` if there are too
/// few pairs to be as certain as that.
fn outside(pairs: usize) -> Option<usize> {
    let (half, deviation) = signed_ranks(pairs);
    let outside = half - deviations() * deviation;
    (outside >= 0.0).then_some(outside as usize)
}

/// Mean and standard deviation of the sum of the positive ranks.
fn signed_ranks(pairs: usize) -> (f64, f64) {
    let n = pairs as f64;
    (n * (n + 1.0) / 4.0, (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt())
}

/// The number of standard deviations that excludes chance, at one look.
fn deviations() -> f64 {
    (2.0 * (2.0 * LOOKS as f64 / FALSE_ALARM).ln()).sqrt()
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Of sorted values.
fn median(values: &[f64]) -> f64 {
    let lower = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    f64::midpoint(lower, values.get(values.len() / 2).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use passrig_authenticator::env::Seeded;
    use proptest::prelude::*;

    /// Answers of about a millisecond whose noise has a long tail: some wait
    /// for a disk or a lock. `at` is the additional time of this one.
    fn run(seed: u64, at: impl Fn(Side, f64) -> f64) -> (Comparison, Estimate) {
        let env = Seeded::new(seed.to_be_bytes());
        let drawn = env.derive("noise", 500 * 5);
        let mut pairs = Pairs::at_most(500);
        for (place, bytes) in drawn.chunks(5).enumerate() {
            let mut noise = bytes[1..].chunks(2).map(|two| {
                let uniform = (f64::from(u16::from_be_bytes([two[0], two[1]])) + 1.0) / 65537.0;
                let wait = if uniform < 0.03 { 5000.0 } else { 0.0 };
                wait - 60.0 * uniform.ln()
            });
            let mut order = [Side::One, Side::Other];
            order.rotate_left(usize::from(bytes[0] & 1));
            for (turn, side) in order.into_iter().enumerate() {
                let when = (place * 2 + turn) as f64;
                let time = 1000.0 + noise.next().unwrap() + at(side, when);
                pairs.add(side, Duration::from_secs_f64(time / 1e6));
            }
            if let Some(verdict) = pairs.verdict() {
                return verdict;
            }
        }
        panic!("there is a verdict after the last pair");
    }

    fn longer(side: Side, by: f64) -> f64 {
        if side == Side::One { by } else { 0.0 }
    }

    proptest! {
        #[test]
        fn equal_times_have_no_difference(seed: u64) {
            let (finding, estimate) = run(seed, |_, _| 0.0);
            prop_assert_eq!(finding, Comparison::Alike);
            prop_assert!(estimate.least <= 0.0 && 0.0 <= estimate.most);
        }

        /// A target that warms up answers the second request of each pair faster.
        #[test]
        fn nor_does_drift_tell_them_apart(seed: u64, slope in -40.0..40.0, warm in 0.0..20_000.0) {
            let drift = |_, when: f64| 50_000.0 + slope * when + warm * (-when / 20.0).exp();
            prop_assert_ne!(run(seed, drift).0, Comparison::Apart);
        }

        #[test]
        fn what_does_not_count_does_not_tell_them_apart(seed: u64, by in -COUNTS..=COUNTS) {
            prop_assert_ne!(run(seed, |side, _| 5000.0 + longer(side, by)).0, Comparison::Apart);
        }

        /// Either way, and the difference is known to a few microseconds.
        #[test]
        fn twice_what_counts_is_seen(seed: u64) {
            for by in [2.0 * COUNTS, -2.0 * COUNTS] {
                let (finding, estimate) = run(seed, |side, _| 1000.0 + longer(side, by));
                prop_assert_eq!(finding, Comparison::Apart);
                prop_assert!((estimate.difference - by).abs() < 50.0);
                prop_assert!(estimate.least <= by && by <= estimate.most);
            }
        }

        /// Even while everything becomes slower all the time.
        #[test]
        fn and_drift_does_not_hide_it(seed: u64) {
            let at = |side, when| 5.0 * when + longer(side, 5.0 * COUNTS);
            prop_assert_eq!(run(seed, at).0, Comparison::Apart);
        }
    }

    #[test]
    fn noise_that_hides_everything_leaves_it_open() {
        let at = |side, when: f64| {
            let wild = if when % 3.0 == 0.0 { 40_000.0 } else { 0.0 };
            wild * (1.0 + (when * 7.7).sin()) + longer(side, 2.0 * COUNTS)
        };
        let (finding, estimate) = run(1, at);
        assert_eq!((finding, estimate.pairs), (Comparison::Open, 500));
    }

    /// The probability of this by chance, over all ways in which the coins can fall, is at most the
    /// stated one.
    #[test]
    fn the_false_alarms_are_as_rare_as_stated() {
        for pairs in [42, 50, 62, 125] {
            let most = pairs * (pairs + 1) / 2;
            let mut chance = vec![0.0; most + 1];
            chance[0] = 1.0;
            for rank in 1..=pairs {
                for sum in (0..=most).rev() {
                    let with = if sum >= rank { chance[sum - rank] } else { 0.0 };
                    chance[sum] = f64::midpoint(chance[sum], with);
                }
            }
            let outside = outside(pairs).unwrap();
            let tails: f64 = 2.0 * chance[..=outside].iter().sum::<f64>();
            assert!(tails > 0.0 && tails * LOOKS as f64 <= FALSE_ALARM, "{pairs}: {tails}");
        }
        assert_eq!(outside(41), None);
    }

    #[test]
    fn words_for_it() {
        assert_eq!(confidence(), "99.9999 %");
        let few = Pairs::at_most(1);
        assert_eq!(few.verdict(), None);
        let mut few = few;
        few.add(Side::One, Duration::from_micros(10));
        assert_eq!(few.verdict(), None);
        few.add(Side::Other, Duration::from_micros(8));
        let (finding, estimate) = few.verdict().unwrap();
        assert_eq!((finding, estimate.most), (Comparison::Open, f64::INFINITY));
    }
}
