//! What holds for every algorithm alike, and the published vectors.

use coset::cbor::Value;
use coset::{CborSerializable, CoseKey, Label, iana};
use iana::{AkpKeyParameter, Ec2KeyParameter, EnumI64, OkpKeyParameter, RsaKeyParameter};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::wire::cose::{Key, crv};
use crate::wire::{AuthenticatorData, Cbor};

/// One of few keys, since RSA's take long.
fn key(algorithm: Algorithm, octet: u8) -> SigningKey {
    let seed = vec![octet; SigningKey::seed_len(algorithm).unwrap()];
    SigningKey::from_bytes(algorithm, &seed).unwrap()
}

fn any_key() -> impl Strategy<Value = SigningKey> {
    (prop::sample::select(ALGORITHMS), 1u8..4).prop_map(|(algorithm, octet)| key(algorithm, octet))
}

proptest! {
    #[test]
    fn signs_what_it_verifies(key in any_key(), message: Vec<u8>) {
        let signature = key.sign(&message);
        prop_assert_eq!(&signature, &key.sign(&message));
        prop_assert_eq!(verify(&key.public_key(), &message, &signature.render()), Ok(()));
    }

    #[test]
    fn keys_travel(key in any_key()) {
        let public = key.public_key();
        prop_assert_eq!(check(&public), Ok(()));
        let cbor = Cbor::decode_canonical(&public.to_cbor().render()).unwrap();
        prop_assert_eq!(Key::from_cbor(&cbor), Ok(public.clone()));
        let spki = subject_public_key_info(&public).unwrap();
        prop_assert_eq!(from_spki(key.algorithm(), &spki), Ok(public));
        let pkcs8 = key.to_pkcs8();
        let read = SigningKey::from_pkcs8(key.algorithm(), &pkcs8).unwrap();
        prop_assert_eq!(read.to_pkcs8(), pkcs8);
        prop_assert_eq!(read, key);
    }

    #[test]
    fn encodings_are_not_read_past_their_end(key in any_key(), more in 1usize..4) {
        let algorithm = key.algorithm();
        let after = |octets: Vec<u8>| [octets, vec![0; more]].concat();
        let spki = after(subject_public_key_info(&key.public_key()).unwrap());
        prop_assert_eq!(from_spki(algorithm, &spki), Err(Error::PublicKey(algorithm)));
        let pkcs8 = after(key.to_pkcs8());
        let read = SigningKey::from_pkcs8(algorithm, &pkcs8);
        prop_assert_eq!(read, Err(Error::PrivateKey(algorithm)));
    }

    #[test]
    fn any_parameters_are_answered(
        alg in prop::sample::select(ALGORITHMS),
        crv in 0i64..9,
        one in prop::collection::vec(any::<u8>(), 0..200),
        two in prop::collection::vec(any::<u8>(), 0..80),
        signature: Vec<u8>,
    ) {
        for key in [
            Key::Ec2 { alg, crv, x: one.clone(), y: two.clone() },
            Key::Okp { alg, crv, x: one.clone() },
            Key::Rsa { alg, n: one.clone(), e: two.clone() },
            Key::Akp { alg, public: one.clone() },
        ] {
            prop_assert!(verify(&key, &two, &signature).is_err());
            prop_assert!(subject_public_key_info(&key).is_some());
        }
    }

    #[test]
    fn points_at_full_width_are_answered(
        (alg, crv, width) in prop::sample::select(vec![
            (Algorithm::EDDSA, crv::ED25519, 32),
            (Algorithm::ED448, crv::ED448, 57),
        ]),
        octets: [[u8; 32]; 4],
        small: bool,
    ) {
        let octets = octets.concat();
        let x = if small { vec![octets[0] & 1; width] } else { octets[..width].to_vec() };
        let signature = &octets[..2 * width];
        if verify(&Key::Okp { alg, crv, x }, b"m", signature).is_ok() {
            // Points of small order verify whatever has their form.
            prop_assert!(small);
        }
    }

    #[test]
    fn garbage_is_no_key(octets: Vec<u8>, algorithm in prop::sample::select(ALGORITHMS)) {
        prop_assert!(from_spki(algorithm, &octets).is_err());
        prop_assert!(SigningKey::from_pkcs8(algorithm, &octets).is_err());
    }
}

/// Another implementation, which has the numbers of the registry and the
/// parameters of each key type from elsewhere.
#[test]
fn coset_reads_every_public_key() {
    // The key agreement of CTAP has a number of its own.
    let Key::Ec2 { crv, x, y, .. } = key(Algorithm::ES256, 1).public_key() else { panic!() };
    let agreed = Key::Ec2 { alg: Algorithm::ECDH_ES_HKDF_256, crv, x, y };
    let made = ALGORITHMS.iter().map(|algorithm| key(*algorithm, 1).public_key());
    for key in made.chain([agreed]) {
        let encoded = key.to_cbor().render();
        let read = CoseKey::from_slice(&encoded).unwrap();
        let number = |label: i64, value: i64| (Label::Int(label), Value::from(value));
        let bytes = |label: i64, value: &[u8]| (Label::Int(label), Value::from(value));
        let (kty, parameters) = match &key {
            Key::Ec2 { crv, x, y, .. } => (
                iana::KeyType::EC2,
                vec![
                    number(Ec2KeyParameter::Crv.to_i64(), *crv),
                    bytes(Ec2KeyParameter::X.to_i64(), x),
                    bytes(Ec2KeyParameter::Y.to_i64(), y),
                ],
            ),
            Key::Okp { crv, x, .. } => (
                iana::KeyType::OKP,
                vec![
                    number(OkpKeyParameter::Crv.to_i64(), *crv),
                    bytes(OkpKeyParameter::X.to_i64(), x),
                ],
            ),
            Key::Rsa { n, e, .. } => (
                iana::KeyType::RSA,
                vec![bytes(RsaKeyParameter::N.to_i64(), n), bytes(RsaKeyParameter::E.to_i64(), e)],
            ),
            Key::Akp { public, .. } => {
                (iana::KeyType::AKP, vec![bytes(AkpKeyParameter::Pub.to_i64(), public)])
            }
        };
        let alg = iana::Algorithm::from_i64(key.algorithm().0).unwrap();
        assert_eq!(read.kty, coset::KeyType::Assigned(kty), "{key:?}");
        assert_eq!(read.alg, Some(coset::Algorithm::Assigned(alg)), "{key:?}");
        assert_eq!(read.params, parameters, "{key:?}");
        assert_eq!(read.to_vec().unwrap(), encoded, "{key:?}");
    }
}

#[test]
fn wrong_signatures_are_refused() {
    for algorithm in ALGORITHMS {
        let [public, other] = [1, 2].map(|octet| key(*algorithm, octet).public_key());
        let signature = key(*algorithm, 1).sign(b"m").render();
        let form = Err(Error::Form(*algorithm));
        assert_eq!(verify(&public, b"n", &signature), Err(Error::Mismatch), "{algorithm}");
        assert_eq!(verify(&other, b"m", &signature), Err(Error::Mismatch), "{algorithm}");
        assert_eq!(verify(&public, b"m", &[&signature[..], &[0]].concat()), form);
        assert_eq!(verify(&public, b"m", &signature[..signature.len() - 1]), form);
        assert_eq!(verify(&public, b"m", &[]), form);
    }
}

#[test]
fn wrong_keys_are_refused() {
    for algorithm in ALGORITHMS {
        let wrong = match key(*algorithm, 1).public_key() {
            Key::Ec2 { alg, crv, x, y } => vec![
                Key::Ec2 { alg, crv: crv + 1, x: x.clone(), y: y.clone() },
                Key::Ec2 { alg, crv, x: x[1..].to_vec(), y: y.clone() },
                Key::Ec2 { alg, crv, x: x.clone(), y: [&[0], &y[..]].concat() },
                Key::Ec2 { alg, crv, x: x.clone(), y: x.clone() },
                Key::Okp { alg, crv, x },
            ],
            Key::Okp { alg, crv, x } => vec![
                Key::Okp { alg, crv: crv::P256, x: x.clone() },
                Key::Okp { alg, crv, x: x[1..].to_vec() },
                Key::Okp { alg, crv, x: [&x[..], &[0]].concat() },
                Key::Okp { alg, crv, x: vec![0xff; x.len()] },
                Key::Akp { alg, public: x },
            ],
            Key::Rsa { alg, n, e } => vec![
                Key::Rsa { alg, n: [&[0], &n[..]].concat(), e: e.clone() },
                Key::Rsa { alg, n: n.clone(), e: vec![2] },
                Key::Rsa { alg, n: n.clone(), e: vec![] },
                Key::Rsa { alg, n: n[..n.len() - 1].iter().copied().chain([0]).collect(), e },
                Key::Rsa { alg, n: vec![0xff; 32], e: vec![3] },
                Key::Akp { alg, public: n },
            ],
            Key::Akp { alg, public } => vec![
                Key::Akp { alg, public: public[1..].to_vec() },
                Key::Akp { alg, public: [&public[..], &[0]].concat() },
                Key::Okp { alg, crv: crv::ED25519, x: public },
            ],
        };
        for wrong in wrong {
            assert_eq!(check(&wrong), Err(Error::PublicKey(*algorithm)), "{wrong:?}");
            let spki = subject_public_key_info(&wrong).unwrap();
            // X.509 knows neither COSE's curves nor its leading zeros.
            if from_spki(*algorithm, &spki).is_ok() {
                assert_eq!(
                    spki,
                    subject_public_key_info(&key(*algorithm, 1).public_key()).unwrap()
                );
            }
        }
    }
}

/// With all features, [`ALGORITHMS`] has every algorithm that has a name.
#[test]
fn an_algorithm_that_is_not_compiled_in_names_its_feature() {
    for (_, algorithm) in Algorithm::NAMES {
        match SigningKey::seed_len(*algorithm) {
            Ok(_) => assert!(ALGORITHMS.contains(algorithm), "{algorithm}"),
            Err(error) => {
                assert!(!ALGORITHMS.contains(algorithm), "{algorithm}");
                assert!(error.to_string().contains("enable the feature `"), "{error}");
            }
        }
    }
}

#[test]
fn algorithms_are_not_mixed_up() {
    let unknown = Algorithm(-65534);
    assert_eq!(SigningKey::seed_len(unknown), Err(Error::Algorithm(unknown)));
    for algorithm in ALGORITHMS {
        assert!(Algorithm::NAMES.iter().any(|(_, named)| named == algorithm));
        let [spki, pkcs8] = [
            subject_public_key_info(&key(*algorithm, 1).public_key()).unwrap(),
            key(*algorithm, 1).to_pkcs8(),
        ];
        for other in ALGORITHMS {
            let one_family = Family::of(*algorithm) == Family::of(*other);
            assert_eq!(from_spki(*other, &spki).is_ok(), one_family, "{algorithm} {other}");
            assert_eq!(SigningKey::from_pkcs8(*other, &pkcs8).is_ok(), one_family);
        }
        let short = vec![1; SigningKey::seed_len(*algorithm).unwrap() - 1];
        let read = SigningKey::from_bytes(*algorithm, &short);
        assert_eq!(read, Err(Error::PrivateKey(*algorithm)));
    }
}

/// WebAuthn Level 3 §16: the private keys sign to the published bytes.
#[test]
fn published_signatures_come_out() {
    for (id, algorithm) in [
        ("packed.ES256", Algorithm::ES256),
        ("packed.ES384", Algorithm::ES384),
        ("packed.ES512", Algorithm::ES512),
        ("packed.RS256", Algorithm::RS256),
        ("packed.EdDSA", Algorithm::EDDSA),
        ("packed.Ed448", Algorithm::ED448),
    ] {
        let vector = passrig_vectors::w3c().unwrap().into_iter().find(|v| v.id == id).unwrap();
        let registered = |name| vector.registration.field(name);
        let key = match registered("credential_private_key").or(registered("private_key")) {
            Some(octets) => SigningKey::from_bytes(algorithm, &octets),
            None => {
                let [p, q] = ["private_key_p", "private_key_q"].map(|n| registered(n).unwrap());
                SigningKey::from_primes(algorithm, &p, &q, 65537)
            }
        }
        .unwrap();

        let object = Cbor::decode(&registered("attestationObject").unwrap()).unwrap();
        let data = object.get("authData").and_then(Cbor::as_bytes).unwrap();
        let attested = AuthenticatorData::decode(data).unwrap().attested.unwrap();
        assert_eq!(Key::from_cbor(&attested.public_key), Ok(key.public_key()), "{id}");
        assert_eq!(key.public_key().to_cbor().render(), attested.public_key.render(), "{id}");

        let field = |name| vector.authentication.field(name).unwrap();
        let hash = Sha256::digest(field("clientDataJSON"));
        let message = [field("authenticatorData"), hash.to_vec()].concat();
        assert_eq!(key.sign(&message).render(), field("signature"), "{id}");
        assert_eq!(verify(&key.public_key(), &message, &field("signature")), Ok(()), "{id}");
        let read = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8());
        assert_eq!(read, Ok(key), "{id}");
    }
}
