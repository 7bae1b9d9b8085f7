//! RSA: PKCS#1 v1.5 with SHA-1, -256, -384 and -512, and PSS with the last
//! three, MGF1 on the same hash and a salt as long as the hash (RFC 8230 §2).

use std::collections::BTreeMap;
use std::iter;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use crypto_bigint::{ConcatenatingMul, Limb, NonZero, Resize};
use crypto_primes::hazmat::SmallFactorsSieve;
use crypto_primes::{Flavor, is_prime};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, PrivateKey as RsaPrivateKey, PublicKey as RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Error, Private};
use crate::wire::cose::{Algorithm, Key};
use crate::wire::{Der, Tree};

/// The bits of a modulus of which nothing else is said.
pub(super) const BITS: usize = 2048;

/// The last two bytes of 2048 primes of 1024 bits, in hexadecimal. [`start`]
/// draws the bytes before them, and [`next_prime`] finds these two. This command
/// searches the table again, and prints it where it differs:
///
/// ```sh
/// cargo test -p passrig-authenticator --lib -- --ignored the_table
/// ```
const PRIMES: &str = include_str!("rsa/primes.txt");

/// The smallest modulus, in bits.
const MIN_BITS: usize = 1024;

/// The largest modulus, in bits.
const MAX_BITS: usize = 8192;

/// The public exponent of drawn keys.
const EXPONENT: u32 = 65537;

/// A private key.
#[derive(Clone)]
pub(super) struct RsaKey(Arc<RsaPrivateKey>);

impl RsaKey {
    /// Deterministic; costly the first time, unless it has the usual size.
    pub(super) fn from_seed(alg: Algorithm, bits: usize, seed: &[u8; 32]) -> Result<Self, Error> {
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(Error::PrivateKey(alg));
        }
        kept(alg, bits, seed).ok_or(Error::PrivateKey(alg))
    }

    pub(super) fn from_primes(alg: Algorithm, p: &[u8], q: &[u8], e: u32) -> Result<Self, Error> {
        let key = of_primes(p, q, BoxedUint::from(e)).ok_or(Error::PrivateKey(alg))?;
        Self(Arc::new(key)).proven(alg)
    }

    /// Reads an RSAPrivateKey (RFC 8017 §A.1.2). All but the primes and the
    /// exponent is computed again; the modulus must agree.
    pub(super) fn from_der(alg: Algorithm, der: &[u8]) -> Result<Self, Error> {
        let read = || {
            let der = Der::decode_strict(der).ok()?;
            let [version, n, e, _, p, q, _, _, _] = der.items()? else { return None };
            let key = of_primes(p.as_unsigned()?, q.as_unsigned()?, number(e.as_unsigned()?))?;
            let agrees = octets(key.n()) == n.as_unsigned()? && *version == Der::unsigned(&[]);
            agrees.then_some(key)
        };
        Self(Arc::new(read().ok_or(Error::PrivateKey(alg))?)).proven(alg)
    }

    /// A key that signs: primes may be composite, and 1024 bits are too few
    /// for PS512.
    fn proven(self, alg: Algorithm) -> Result<Self, Error> {
        match self.signature(alg, &[]) {
            Some(_) => Ok(self),
            None => Err(Error::PrivateKey(alg)),
        }
    }

    fn signature(&self, alg: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let key = &*self.0;
        // The salt of PSS, and blinding factors that leave no trace; without a salt, nothing is
        // drawn: such keys protect nothing.
        let drawn = &mut stream(&[&octets(key.d()), message].concat());
        match alg {
            Algorithm::RS1 => key.pkcs1v15_sign::<Sha1>(message),
            Algorithm::RS256 => key.pkcs1v15_sign::<Sha256>(message),
            Algorithm::RS384 => key.pkcs1v15_sign::<Sha384>(message),
            Algorithm::RS512 => key.pkcs1v15_sign::<Sha512>(message),
            Algorithm::PS256 => key.pss_sign_with_rng::<Sha256, _>(drawn, message),
            Algorithm::PS384 => key.pss_sign_with_rng::<Sha384, _>(drawn, message),
            Algorithm::PS512 => key.pss_sign_with_rng::<Sha512, _>(drawn, message),
            _ => return None,
        }
        .ok()
    }
}

impl Private for RsaKey {
    fn public_key(&self, alg: Algorithm) -> Key {
        Key::Rsa { alg, n: octets(self.0.n()), e: octets(self.0.e()) }
    }

    fn sign(&self, alg: Algorithm, message: &[u8]) -> Tree {
        // No key is made that does not sign.
        Tree::Bytes(self.signature(alg, message).unwrap_or_default())
    }

    /// An RSAPrivateKey (RFC 8017 §A.1.2).
    fn secret(&self) -> Vec<u8> {
        let key = &*self.0;
        let [p, q] = [0, 1].map(|at| key.primes().get(at).map(|p| octets(p)).unwrap_or_default());
        let [dp, dq] = [key.dp(), key.dq()].map(|d| d.map(octets).unwrap_or_default());
        let coefficient = key.crt_coefficient().map(|c| octets(&c)).unwrap_or_default();
        let [n, e, d] = [octets(key.n()), octets(key.e()), octets(key.d())];
        let version = Vec::new();
        let numbers = [version, n, e, d, p, q, dp, dq, coefficient];
        Der::sequence(numbers.iter().map(|number| Der::unsigned(number))).render()
    }
}

pub(super) fn verify(
    alg: Algorithm,
    n: &[u8],
    e: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    // Leading zeros are against RFC 8230 §4.
    if n.first().is_none_or(|b| *b == 0) || e.first().is_none_or(|b| *b == 0) {
        return Err(Error::PublicKey(alg));
    }
    let key = RsaPublicKey::new(number(n), number(e)).map_err(|_| Error::PublicKey(alg))?;
    if signature.len() != n.len() {
        return Err(Error::Form(alg));
    }
    match alg {
        Algorithm::RS1 => key.pkcs1v15_verify::<Sha1>(message, signature),
        Algorithm::RS256 => key.pkcs1v15_verify::<Sha256>(message, signature),
        Algorithm::RS384 => key.pkcs1v15_verify::<Sha384>(message, signature),
        Algorithm::RS512 => key.pkcs1v15_verify::<Sha512>(message, signature),
        Algorithm::PS256 => key.pss_verify::<Sha256>(message, signature),
        Algorithm::PS384 => key.pss_verify::<Sha384>(message, signature),
        Algorithm::PS512 => key.pss_verify::<Sha512>(message, signature),
        other => return Err(Error::Algorithm(other)),
    }
    .map_err(|_| Error::Mismatch)
}

/// The key that a seed stands for; made once in a process.
fn kept(alg: Algorithm, bits: usize, seed: &[u8; 32]) -> Option<RsaKey> {
    type KeyCache = BTreeMap<(Algorithm, usize, [u8; 32]), RsaKey>;
    static KEPT: Mutex<KeyCache> = Mutex::new(KeyCache::new());
    /// More than the devices of a run have; what follows starts afresh.
    const MOST: usize = 256;

    let lock = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = lock().get(&(alg, bits, *seed)) {
        return Some(key.clone());
    }
    let key = match bits {
        BITS => RsaKey(Arc::new(of_table(seed)?)),
        _ => RsaKey(Arc::new(of_search(seed, bits)?)).proven(alg).ok()?,
    };
    let mut kept = lock();
    if kept.len() >= MOST {
        kept.clear();
    }
    kept.insert((alg, bits, *seed), key.clone());
    Some(key)
}

/// A key of the usual size: the seed chooses two primes of the table. To search
/// them takes as long as a hundred signatures, and was most of the time of a
/// run. Every reader of the table can factor such a key, as every reader of a
/// seed can factor any other.
fn of_table(seed: &[u8; 32]) -> Option<RsaPrivateKey> {
    let mut drawn = stream(seed);
    let mut choice = || drawn.next_u32() % 2048;
    let first = choice();
    let second = iter::repeat_with(choice).find(|second| *second != first)?;
    of_primes(&prime(first)?, &prime(second)?, BoxedUint::from(EXPONENT))
}

/// A prime of the table.
fn prime(number: u32) -> Option<Vec<u8>> {
    let end = PRIMES.split_ascii_whitespace().nth(usize::try_from(number).ok()?)?;
    let end = u16::from_str_radix(end, 16).ok()?;
    let mut prime = start(number);
    prime.truncate(prime.len() - 2);
    prime.extend(end.to_be_bytes());
    Some(prime)
}

/// The number at which the search for a prime of the table begins: its last two
/// bytes are zero.
fn start(number: u32) -> Vec<u8> {
    let mut start = candidate(&mut stream(format!("passrig RSA prime {number}").as_bytes()), 1024);
    start.truncate(126);
    start.extend([0, 0]);
    start
}

/// A key of any size: the first primes that follow two drawn numbers, so that no
/// library decides which key a seed makes.
fn of_search(seed: &[u8; 32], bits: usize) -> Option<RsaPrivateKey> {
    let mut drawn = stream(seed);
    let mut prime = |bits| next_prime(&candidate(&mut drawn, bits), bits);
    let (p, q) = (prime(bits - bits / 2)?, prime(bits / 2)?);
    of_primes(&p, &q, BoxedUint::from(EXPONENT))
}

/// A number of `bits` bits whose highest two are set, so that a product of two
/// such numbers has all its bits.
fn candidate(drawn: &mut ChaCha20Rng, bits: usize) -> Vec<u8> {
    let mut bytes = vec![0; bits.div_ceil(8)];
    drawn.fill_bytes(&mut bytes);
    let highest = u16::MAX >> (8 * bytes.len() - bits);
    if let [first, second, ..] = bytes.as_mut_slice() {
        let drawn = u16::from_be_bytes([*first, *second]);
        [*first, *second] = (drawn & highest | (highest ^ highest >> 2)).to_be_bytes();
    }
    bytes
}

/// The first prime from `start` on that a key with [`EXPONENT`] can have, with at
/// most `bits` bits.
fn next_prime(start: &[u8], bits: usize) -> Option<Vec<u8>> {
    let bits = NonZeroU32::new(u32::try_from(bits).ok()?)?;
    let exponent = NonZero::new(Limb::from(EXPONENT)).into_option()?;
    let wide = BoxedUint::from_be_slice(start, 8 * u32::try_from(start.len()).ok()?).ok()?;
    SmallFactorsSieve::new(wide, bits, false)
        .ok()?
        .find(|found| found.rem_limb(exponent) != Limb::ONE && is_prime(Flavor::Any, found))
        .map(|found| octets(&found))
}

fn of_primes(p: &[u8], q: &[u8], e: BoxedUint) -> Option<RsaPrivateKey> {
    let width = 8 * (p.len() + q.len());
    if width > MAX_BITS {
        return None;
    }
    let width = u32::try_from(width).ok()?;
    let wide = |octets| BoxedUint::from_be_slice(octets, width).ok();
    let (p, q) = (wide(p)?, wide(q)?);
    let n = p.wrapping_mul(&q);
    let one = BoxedUint::one_with_precision(width);
    let totient = NonZero::new(p.wrapping_sub(&one).wrapping_mul(q.wrapping_sub(&one)));
    let d = private_exponent(&e, &totient.into_option()?)?;
    let primes = vec![p, q];
    RsaPrivateKey::from_components(n.clone(), e.clone(), d.clone(), primes.clone())
        // Primes of unequal size.
        .or_else(|_| RsaPrivateKey::from_components_with_wide_primes(n, e, d, primes))
        .ok()
}

/// The inverse of `e` modulo the totient. What has to be inverted for it is
/// only as long as `e`, which is short: d = (1 + k·φ) / e with k = -φ⁻¹ mod e.
fn private_exponent(e: &BoxedUint, totient: &NonZero<BoxedUint>) -> Option<BoxedUint> {
    let modulus = NonZero::new(e.clone()).into_option()?;
    let k = modulus.wrapping_sub(totient.rem_vartime(&modulus).invert_mod(&modulus).into_option()?);
    let (d, _) =
        (totient.as_ref().concatenating_mul(&k) + BoxedUint::one()).div_rem_vartime(&modulus);
    Some(d.resize(totient.bits_precision()))
}

fn number(octets: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(octets)
}

/// Big-endian, without leading zeros.
fn octets(number: &BoxedUint) -> Vec<u8> {
    number.to_be_bytes_trimmed_vartime().into_vec()
}

/// Bytes that follow from a seed of any length: ChaCha20 under its SHA-256.
fn stream(seed: &[u8]) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(Sha256::digest(seed).into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use crate::keys::{Error, SigningKey, from_spki, subject_public_key_info, verify};
    use crate::wire::cose::{Algorithm, Key};

    #[test]
    fn all_sizes_sign() {
        for bits in [1024, 1031, 2047, 2049, 3072, 4096] {
            let key = SigningKey::rsa_of_bits(Algorithm::PS256, bits, &[7; 32]).unwrap();
            let Key::Rsa { n, .. } = key.public_key() else { panic!("RSA keys are RSA keys") };
            assert_eq!(8 * n.len() - n[0].leading_zeros() as usize, bits);
            let signature = key.sign(b"m").render();
            assert_eq!(signature.len(), n.len());
            assert_eq!(verify(&key.public_key(), b"m", &signature), Ok(()));
            let spki = subject_public_key_info(&key.public_key()).unwrap();
            assert_eq!(from_spki(Algorithm::PS256, &spki), Ok(key.public_key()));
            assert_eq!(SigningKey::from_pkcs8(Algorithm::PS256, &key.to_pkcs8()), Ok(key));
        }
    }

    /// Keys that tests have seen must not change. The digests were computed without the
    /// libraries that are used here.
    #[test]
    fn a_seed_makes_the_same_key_for_good() {
        for (bits, expected) in [
            (2048, "2dd2fe7e346bd5c48d4bafa73f7f31dc088a4bb75c6fd86265dea9befe4c6b15"),
            (1024, "0fb6d675304873486a4a86f86344fff4efee382f80eb8c87ef92ba7b882719a4"),
        ] {
            let key = SigningKey::rsa_of_bits(Algorithm::RS256, bits, &[1; 32]).unwrap();
            let digest = Sha256::digest(key.to_pkcs8());
            assert_eq!(base16ct::lower::encode_string(&digest), expected);
        }
    }

    /// The generator of the table: to be run when [`super::start`] changes.
    #[test]
    #[ignore = "takes minutes"]
    fn the_table_is_searched() {
        let ends = |numbers: &[u32]| -> Vec<String> {
            let found = numbers.iter().map(|number| {
                let prime = super::next_prime(&super::start(*number), 1024).unwrap();
                base16ct::lower::encode_string(&prime[126..])
            });
            found.collect()
        };
        let numbers: Vec<u32> = (0..2048).collect();
        let (first, second) = numbers.split_at(1024);
        let all = std::thread::scope(|scope| {
            let first = scope.spawn(|| ends(first));
            [ends(second), first.join().unwrap()]
        });
        let ends: Vec<_> = all.iter().rev().flatten().map(String::as_str).collect();
        let table: String = ends.chunks(16).map(|line| line.join(" ") + "\n").collect();
        assert!(table == super::PRIMES, "primes.txt must be:\n{table}");
    }

    /// A composite one would make keys whose signatures do not verify.
    #[test]
    fn the_table_has_primes_alone() {
        let numbers: Vec<u32> = (0..2048).collect();
        let prime = |number| super::prime(number).unwrap();
        let distinct: BTreeSet<_> = numbers.iter().map(|number| prime(*number)).collect();
        assert_eq!((distinct.len(), super::prime(2048)), (2048, None));
        let proves = |pairs: &[u32]| {
            for pair in pairs.chunks(2) {
                let [p, q] = [0, 1].map(|at| prime(pair[at]));
                let key = SigningKey::from_primes(Algorithm::RS256, &p, &q, 65537);
                assert!(key.is_ok(), "{pair:?}");
            }
        };
        std::thread::scope(|scope| {
            for half in numbers.chunks(1024) {
                scope.spawn(move || proves(half));
            }
        });
    }

    #[test]
    fn sizes_have_bounds() {
        for (algorithm, bits) in [
            (Algorithm::RS256, 512),
            (Algorithm::RS256, 16384),
            // Two hashes and two bytes are more than 1024 bits.
            (Algorithm::PS512, 1024),
        ] {
            let key = SigningKey::rsa_of_bits(algorithm, bits, &[7; 32]);
            assert_eq!(key, Err(Error::PrivateKey(algorithm)));
        }
        let key = SigningKey::rsa_of_bits(Algorithm::ES256, 2048, &[7; 32]);
        assert_eq!(key, Err(Error::PrivateKey(Algorithm::ES256)));
    }

    #[test]
    fn primes_must_be_odd_and_make_a_key() {
        let (p, q) = ([0xff; 64], [0xfe; 64]);
        for (p, q) in [(&p[..], &q[..]), (&[], &[]), (&[0; 64], &[0; 64]), (&p[..], &p[..])] {
            let key = SigningKey::from_primes(Algorithm::RS256, p, q, 65537);
            assert_eq!(key, Err(Error::PrivateKey(Algorithm::RS256)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_primes_are_answered(
            p in prop::collection::vec(any::<u8>(), 0..100),
            q in prop::collection::vec(any::<u8>(), 0..100),
            e: u32,
        ) {
            let odd = |mut octets: Vec<u8>| {
                octets.push(0xfb);
                octets
            };
            for (p, q) in [(p.clone(), q.clone()), (odd(p.clone()), odd(q)), (odd(p), vec![1])] {
                for e in [e, e | 1, 3] {
                    // By chance they are primes, and then it is a key.
                    if let Ok(key) = SigningKey::from_primes(Algorithm::RS256, &p, &q, e) {
                        prop_assert!(!key.sign(b"m").render().is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn a_seed_is_kept_apart_from_others() {
        let key = |bits, seed| SigningKey::rsa_of_bits(Algorithm::RS256, bits, &[seed; 32]);
        assert_eq!(key(1024, 1), key(1024, 1));
        assert_ne!(key(1024, 1), key(1024, 2));
        assert_ne!(key(1024, 1), key(1032, 1));
    }

    #[test]
    fn salts_follow_key_and_message() {
        let key = |seed| SigningKey::rsa_of_bits(Algorithm::PS256, 1024, &[seed; 32]).unwrap();
        assert_eq!(key(1).sign(b"m"), key(1).sign(b"m"));
        let pss = key(1).sign(b"m").render();
        // Computed without the libraries that are used here, too.
        let expected = "10668063369683f5b00a0882308ffd45ebd750957f3fe79ab460684d72a2f2f1";
        assert_eq!(base16ct::lower::encode_string(&Sha256::digest(&pss)), expected);
        let Key::Rsa { n, e, .. } = key(1).public_key() else { panic!("RSA keys are RSA keys") };
        let pkcs1 = Key::Rsa { alg: Algorithm::RS256, n, e };
        assert_eq!(verify(&pkcs1, b"m", &pss), Err(Error::Mismatch));
    }
}
