//! The costly operations on P-256: k·G, and verification.
//!
//! Both exist twice. [`portable`] is RustCrypto's and runs everywhere; [`fast`]
//! is graviola's, three to four times as fast, for processors that have what it
//! needs. They come to the same octets and the same answers.

use super::Octets;

/// A point as SEC 1 writes it uncompressed: 0x04, x, y.
pub(super) type Point = [u8; 65];

/// The multiple of the generator; `None` for a scalar out of range.
pub(super) fn multiply_generator(scalar: &Octets) -> Option<Point> {
    match fast::runs_here() {
        true => fast::multiply_generator(scalar),
        false => portable::multiply_generator(scalar),
    }
}

/// Whether `r` and `s` sign the message; `None` if the point is no public key.
pub(super) fn verify(point: &Point, message: &[u8], r_s: &[u8; 64]) -> Option<bool> {
    match fast::runs_here() {
        true => fast::verify(point, message, r_s),
        false => portable::verify(point, message, r_s),
    }
}

pub(super) mod portable {
    use p256::ecdsa::signature::Verifier;
    use p256::ecdsa::{Signature, VerifyingKey};
    use p256::elliptic_curve::sec1::ToSec1Point;

    use super::{Octets, Point};

    pub(in super::super) fn multiply_generator(scalar: &Octets) -> Option<Point> {
        let secret = p256::SecretKey::from_slice(scalar).ok()?;
        secret.public_key().to_sec1_point(false).as_bytes().try_into().ok()
    }

    pub(super) fn verify(point: &Point, message: &[u8], r_s: &[u8; 64]) -> Option<bool> {
        let key = VerifyingKey::from_sec1_bytes(point).ok()?;
        let verified = |signature: Signature| key.verify(message, &signature).is_ok();
        Some(Signature::from_slice(r_s).is_ok_and(verified))
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod fast {
    use graviola::hashing::Sha256;
    use graviola::key_agreement::p256::StaticPrivateKey;
    use graviola::signing::ecdsa::{P256, VerifyingKey};

    use super::{Octets, Point};

    /// What graviola demands of a processor; it panics on others.
    pub(super) fn runs_here() -> bool {
        #[cfg(target_arch = "x86_64")]
        return std::arch::is_x86_feature_detected!("aes")
            && std::arch::is_x86_feature_detected!("pclmulqdq")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("adx")
            && std::arch::is_x86_feature_detected!("avx")
            && std::arch::is_x86_feature_detected!("avx2");
        #[cfg(target_arch = "aarch64")]
        return std::arch::is_aarch64_feature_detected!("neon")
            && std::arch::is_aarch64_feature_detected!("aes")
            && std::arch::is_aarch64_feature_detected!("pmull")
            && std::arch::is_aarch64_feature_detected!("sha2");
    }

    pub(super) fn multiply_generator(scalar: &Octets) -> Option<Point> {
        StaticPrivateKey::from_bytes(scalar).ok().map(|key| key.public_key_uncompressed())
    }

    pub(super) fn verify(point: &Point, message: &[u8], r_s: &[u8; 64]) -> Option<bool> {
        let key = VerifyingKey::<P256>::from_x962_uncompressed(point).ok()?;
        Some(key.verify::<Sha256>(&[message], r_s).is_ok())
    }
}

/// Nothing is faster here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod fast {
    pub(super) use super::portable::{multiply_generator, verify};

    pub(super) fn runs_here() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::Signer;
    use p256::ecdsa::{Signature, SigningKey};
    use p256::elliptic_curve::PrimeField;
    use proptest::prelude::*;

    use super::*;

    /// The order of P-256, and numbers around it.
    const ORDER: Octets = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51,
    ];

    fn near_order() -> impl Strategy<Value = Octets> {
        (0x4f_u8..=0x53).prop_map(|last| {
            let mut scalar = ORDER;
            scalar[31] = last;
            scalar
        })
    }

    fn scalars() -> impl Strategy<Value = Octets> {
        prop_oneof![4 => any::<Octets>(), 1 => near_order(), 1 => Just([0; 32]), 1 => Just([0xff; 32])]
    }

    /// n - s, which signs what s does.
    fn opposite(s: &Octets) -> Octets {
        let s = p256::Scalar::from_repr((*s).into()).unwrap();
        (-s).to_repr().into()
    }

    proptest! {
        #[test]
        fn both_take_the_same_neighbours_of_a_signature(
            secret in 1u8..=0xfe, message: Vec<u8>, bit in 0usize..512,
        ) {
            prop_assume!(fast::runs_here());
            let key = SigningKey::from_slice(&[secret; 32]).unwrap();
            let point = portable::multiply_generator(&[secret; 32]).unwrap();
            let signature: Signature = key.sign(&message);
            let [r, s]: [Octets; 2] = [signature.r(), signature.s()].map(|n| n.to_bytes().into());
            let mut flipped: [u8; 64] = signature.to_bytes().into();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let [r2, s2] = [&flipped[..32], &flipped[32..]].map(|n| n.try_into().unwrap());
            for (r, s, signs) in [
                (r, s, true),
                (r, opposite(&s), true),
                (r2, s2, false),
                (s, r, false),
                ([0; 32], s, false),
                (r, [0; 32], false),
                (ORDER, s, false),
                (r, ORDER, false),
                (r, [0xff; 32], false),
            ] {
                let r_s: [u8; 64] = [r, s].concat().try_into().unwrap();
                prop_assert_eq!(portable::verify(&point, &message, &r_s), Some(signs));
                prop_assert_eq!(fast::verify(&point, &message, &r_s), Some(signs));
            }
        }

        #[test]
        fn both_multiply_alike(scalar in scalars()) {
            prop_assume!(fast::runs_here());
            let point = portable::multiply_generator(&scalar);
            prop_assert_eq!(fast::multiply_generator(&scalar), point);
        }

        #[test]
        fn both_verify_alike(
            secret in scalars(), message: Vec<u8>, r in scalars(), s in scalars(), bent in any::<Option<u8>>(),
        ) {
            prop_assume!(fast::runs_here());
            let mut point = portable::multiply_generator(&secret).unwrap_or([4; 65]);
            if let Some(octet) = bent {
                point[usize::from(octet) % 65] ^= 1;
            }
            let r_s: [u8; 64] = [r, s].concat().try_into().unwrap();
            let verified = portable::verify(&point, &message, &r_s);
            prop_assert_eq!(fast::verify(&point, &message, &r_s), verified);
        }
    }
}
