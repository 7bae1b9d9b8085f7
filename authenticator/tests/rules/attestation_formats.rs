//! Statement formats beyond those of the published vectors: other keys, other
//! hashes, other certificates.

use std::time::Duration;

use passrig_authenticator::attestation::pki::{Authority, Root};
use passrig_authenticator::attestation::{Attester, Chain, Format, SignatureForm, tpm};
use passrig_authenticator::client::create;
use passrig_authenticator::deviation::{Effect, NoFacts};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys::{self, SigningKey};
use passrig_authenticator::wire::cose::{Algorithm, Key};
use passrig_authenticator::wire::{AttestationObject, Cbor, CreationOptions, Der, Json, base64url};
use passrig_authenticator::workbench::Honest;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::support::*;

const SERIAL_NUMBER: &str = "1.3.6.1.4.1.45724.1.1.2";
const FIRMWARE: &str = "1.3.6.1.4.1.45724.1.1.5";

fn attesting(format: Format, algorithm: Algorithm) -> Profile {
    Profile { attestation: format, algorithms: vec![algorithm], ..Profile::roaming() }
}

/// A registration on such an authenticator after a change of its plan.
fn made(profile: Profile, wish: &str, change: impl FnOnce(&mut create::CreatePlan)) -> Made {
    let algorithms: Vec<Value> =
        profile.algorithms.iter().map(|alg| json!({ "type": "public-key", "alg": alg })).collect();
    let options = with(
        discoverable(),
        &[("attestation", json!(wish)), ("pubKeyCredParams", json!(algorithms))],
    );
    let mut client = client([profile]);
    let mut plan = client.plan_create(&CreationOptions::parse(&options).unwrap()).unwrap();
    change(&mut plan);
    let key = plan.device.credential.key.public_key();
    let response = client.perform_create(plan, &mut Honest).into_value().unwrap();
    Made { object: attestation(&response), message: signed(&response), key }
}

fn attester(plan: &mut create::CreatePlan) -> &mut Attester {
    plan.device.attestation.attester.as_mut().unwrap()
}

struct Made {
    object: AttestationObject,
    /// What most formats sign.
    message: Vec<u8>,
    key: Key,
}

impl Made {
    fn member(&self, name: &str) -> Vec<u8> {
        self.object.statement.get(name).unwrap().as_bytes().unwrap().to_vec()
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        chain(&self.object.statement)
    }

    fn alg(&self) -> Algorithm {
        Algorithm(self.object.statement.get("alg").unwrap().as_int().unwrap())
    }
}

fn chain(statement: &Cbor) -> Vec<Vec<u8>> {
    items(statement.get("x5c").unwrap()).iter().map(|c| c.as_bytes().unwrap().to_vec()).collect()
}

fn items(cbor: &Cbor) -> Vec<Cbor> {
    match Cbor::decode(&cbor.render()).unwrap().item {
        passrig_authenticator::wire::cbor::Item::Array(items) => items,
        other => panic!("{other:?} is no array"),
    }
}

fn said(certificate: &[u8]) -> Vec<Der> {
    let certificate = Der::decode_strict(certificate).unwrap();
    certificate.items().unwrap()[0].items().unwrap().to_vec()
}

fn key_of(certificate: &[u8], algorithm: Algorithm) -> Key {
    keys::from_spki(algorithm, &said(certificate)[6].render()).unwrap()
}

/// The extension of that identifier, whole.
fn extension(certificate: &[u8], id: &str) -> Option<Der> {
    let list = said(certificate)[7].items().unwrap()[0].items().unwrap().to_vec();
    list.into_iter().find(|one| one.items().unwrap()[0].as_oid().unwrap() == id)
}

fn is_signed_by(certificate: &[u8], issuer: &Key) -> bool {
    let certificate = Der::decode_strict(certificate).unwrap();
    let [tbs, algorithm, signature] = certificate.items().unwrap() else { panic!("not three") };
    assert_eq!(*algorithm, tbs.items().unwrap()[2], "both name one algorithm");
    keys::verify(issuer, &tbs.render(), &signature.as_primitive().unwrap()[1..]).is_ok()
}

#[test]
fn a_tpm_holds_keys_of_several_kinds() {
    for (algorithm, kind, parameters) in [
        (Algorithm::RS256, [0, 1], &[0, 0x10, 0, 0x10, 8, 0, 0, 0, 0, 0][..]),
        (Algorithm::PS384, [0, 1], &[0, 0x10, 0, 0x10, 8, 0, 0, 0, 0, 0]),
        (Algorithm::ES256, [0, 0x23], &[0, 0x10, 0, 0x10, 0, 3, 0, 0x10]),
        (Algorithm::ES384, [0, 0x23], &[0, 0x10, 0, 0x10, 0, 4, 0, 0x10]),
        (Algorithm::ES512, [0, 0x23], &[0, 0x10, 0, 0x10, 0, 5, 0, 0x10]),
    ] {
        let made = made(attesting(Format::Tpm, algorithm), "direct", |_| {});
        let area = made.member("pubArea");
        assert_eq!(area[..2], kind, "{algorithm}");
        assert_eq!(area[10..10 + parameters.len()], *parameters, "{algorithm}");
        let unique = match &made.key {
            Key::Rsa { n, .. } => [&[1, 0], &n[..]].concat(),
            Key::Ec2 { x, y, .. } => {
                let size = [0, u8::try_from(x.len()).unwrap()];
                [&size, &x[..], &size, &y[..]].concat()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(area[10 + parameters.len()..], unique, "{algorithm}");
    }
    let unable = made(attesting(Format::Tpm, Algorithm::EDDSA), "direct", |_| {});
    assert_eq!(unable.object.fmt, "none", "a TPM has no such curve");
}

#[test]
fn the_hash_in_what_a_tpm_says_is_that_of_its_key() {
    for (algorithm, digest) in [
        (Algorithm::RS256, (|m| Sha256::digest(m).to_vec()) as fn(&[u8]) -> Vec<u8>),
        (Algorithm::RS1, |m| Sha1::digest(m).to_vec()),
        (Algorithm::ES512, |m| Sha512::digest(m).to_vec()),
    ] {
        let profile =
            Profile { attestation_key: algorithm, ..attesting(Format::Tpm, Algorithm::ES256) };
        let made = made(profile, "direct", |plan| {
            plan.device.attestation.tpm_name_hash = tpm::Hash::Sha1;
        });
        assert_eq!(made.alg(), algorithm);
        let info = made.member("certInfo");
        let expected = digest(&made.message);
        assert_eq!(info[10..10 + expected.len()], expected);
        let name = [&[0, 22, 0, 4], &Sha1::digest(made.member("pubArea"))[..]].concat();
        assert!(info.windows(name.len()).any(|window| window == name), "the name has SHA-1");
        let key = key_of(&made.chain()[0], algorithm);
        assert_eq!(keys::verify(&key, &info, &made.member("sig")), Ok(()));
    }
}

#[test]
fn an_rsa_signature_of_a_tpm_has_a_head_too() {
    let profile =
        Profile { attestation_key: Algorithm::RS256, ..attesting(Format::Tpm, Algorithm::RS256) };
    let made = made(profile, "direct", |plan| {
        plan.device.attestation.tpm_signature = SignatureForm::Tpmt;
    });
    let signature = made.member("sig");
    assert_eq!(signature[..6], [0, 0x14, 0, 0x0b, 1, 0]);
    let key = key_of(&made.chain()[0], Algorithm::RS256);
    assert_eq!(keys::verify(&key, &made.member("certInfo"), &signature[6..]), Ok(()));
}

#[test]
fn windows_hello_attests_with_rsa_as_the_product_does() {
    let made = made(Profile::named("windows-hello").unwrap(), "direct", |_| {});
    assert_eq!((made.object.fmt.as_str(), made.alg()), ("tpm", Algorithm::RS256));
    let root = Authority::root_of(Format::Tpm, &mut Seeded::new("any")).unwrap();
    let chain = made.chain();
    let [leaf, above] = chain.as_slice() else { panic!("not two certificates") };
    assert!(is_signed_by(leaf, &key_of(above, Algorithm::ES256)));
    assert!(is_signed_by(above, &root.key.public_key()));
}

#[test]
fn a_service_signs_for_android() {
    let now = Duration::from_millis(1_700_000_000_123);
    for algorithm in [Algorithm::ES256, Algorithm::RS256] {
        let profile = Profile {
            attestation_key: algorithm,
            ..attesting(Format::AndroidSafetynet, Algorithm::ES256)
        };
        let made = made(profile, "direct", |plan| plan.device.attestation.made_at = now);
        assert_eq!(made.object.fmt, "android-safetynet");
        let jws = String::from_utf8(made.member("response")).unwrap();
        let parts: Vec<&str> = jws.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { panic!("no JWS: {jws}") };
        let read = |part| Json::parse(&base64url::decode(part).unwrap()).unwrap().into_value();
        let (header, payload) = (read(header).unwrap(), read(payload).unwrap());
        let signature = base64url::decode(signature).unwrap();
        assert_eq!(header["alg"], algorithm.to_string());
        let nonce = base64url::Variant::Base64.encode(&Sha256::digest(&made.message));
        assert_eq!(payload["nonce"], nonce);
        assert_eq!(payload["timestampMs"], 1_700_000_000_123_u64);
        assert_eq!(payload["ctsProfileMatch"], true);

        let leaf = base64url::decode_lenient(header["x5c"][0].as_str().unwrap()).unwrap();
        assert!(said(&leaf)[5].render().windows(18).any(|name| name == b"attest.android.com"));
        let signature = match algorithm {
            Algorithm::ES256 => {
                let (r, s) = signature.split_at(32);
                Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render()
            }
            _ => signature,
        };
        let signed = jws.rsplit_once('.').unwrap().0;
        let key = key_of(&leaf, algorithm);
        assert_eq!(keys::verify(&key, signed.as_bytes(), &signature), Ok(()));
    }
}

#[test]
fn what_the_service_says_can_be_edited_before_it_signs() {
    let profile = || attesting(Format::AndroidSafetynet, Algorithm::ES256);
    for edit in [
        "jws_payload.ctsProfileMatch set = false",
        "jws_payload.nonce set = 'AA=='",
        "jws_header.alg set = 'none'",
        "jws_header.x5c remove = true",
        "signature.s flip = true",
    ] {
        let run = register_on(profile(), &deviation(edit), &NoFacts);
        assert_eq!(run.effect, Ok(Effect::Deviant), "{edit}");
    }
}

#[test]
fn compound_statements_hold_statements_of_other_formats() {
    for (algorithm, formats) in
        [(Algorithm::ES256, ["packed", "fido-u2f"]), (Algorithm::EDDSA, ["packed", "packed"])]
    {
        let made = made(attesting(Format::Compound, algorithm), "direct", |_| {});
        assert_eq!(made.object.fmt, "compound");
        let members = items(&made.object.statement);
        let named: Vec<_> = members.iter().map(|m| m.get("fmt").unwrap().as_text()).collect();
        assert_eq!(named, formats.map(Some));
        let packed = members[0].get("attStmt").unwrap();
        let key = key_of(&chain(packed)[0], Algorithm::ES256);
        let signature = packed.get("sig").unwrap().as_bytes().unwrap();
        assert_eq!(keys::verify(&key, &made.message, signature), Ok(()));
    }
    let other = made(attesting(Format::Compound, Algorithm::ES256), "direct", |plan| {
        plan.device.attestation.compound = vec![Format::Compound];
    });
    let inner = items(&other.object.statement)[0].get("attStmt").unwrap().clone();
    assert_eq!(inner, Cbor::map([]), "nothing nests");
}

#[test]
fn the_very_device_is_named_only_to_the_enterprise_that_asks() {
    let profile = || Profile {
        enterprise: vec!["example.org".into()],
        firmware_version: Some(0x0005_0702),
        ..attesting(Format::Packed, Algorithm::ES256)
    };
    let named = made(profile(), "enterprise", |_| {});
    let extension_of = |made: &Made, id| extension(&made.chain()[0], id);
    let serial = extension_of(&named, SERIAL_NUMBER).unwrap();
    assert_eq!(serial.items().unwrap().len(), 2, "it is not critical");
    let elsewhere = Profile { enterprise: vec!["example.com".into()], ..profile() };
    for (profile, wish) in [(profile(), "direct"), (elsewhere, "enterprise")] {
        let made = made(profile, wish, |_| {});
        assert_eq!(extension_of(&made, SERIAL_NUMBER), None, "{wish}");
        assert!(extension_of(&made, FIRMWARE).is_some());
    }
}

#[test]
fn signatures_of_certificates_follow_the_key_of_the_authority() {
    for algorithm in [Algorithm::ES384, Algorithm::RS256, Algorithm::EDDSA, Algorithm::ML_DSA_44] {
        let seed = vec![7; SigningKey::seed_len(algorithm).unwrap()];
        let key = SigningKey::from_bytes(algorithm, &seed).unwrap();
        let profile =
            Profile { attestation_key: algorithm, ..attesting(Format::Packed, Algorithm::ES256) };
        let made = made(profile, "direct", |plan| attester(plan).root.key = key.clone());
        assert!(is_signed_by(&made.chain()[0], &key.public_key()), "{algorithm}");
        let leaf = key_of(&made.chain()[0], algorithm);
        assert_eq!(made.alg(), algorithm);
        assert_eq!(keys::verify(&leaf, &made.message, &made.member("sig")), Ok(()));
    }
}

#[test]
fn every_format_has_a_root_and_a_chain_may_end_in_it() {
    let env = &mut Seeded::new("any");
    let roots = Authority::roots(env);
    let formats: Vec<Format> = Format::ALL.into_iter().filter(|f| f.has_own_root()).collect();
    assert_eq!(roots.len(), 1 + formats.len());
    for format in formats {
        let root = Authority::root_of(format, env).unwrap();
        assert!(roots.contains(&root), "{format:?}");
        assert_ne!(root, roots[0], "{format:?}");
    }
    let profile = Profile {
        root: Root::Format,
        chain: Chain::Root,
        ..attesting(Format::AndroidKey, Algorithm::ES256)
    };
    let made = made(profile, "direct", |_| {});
    let root = Authority::root_of(Format::AndroidKey, env).unwrap();
    let chain = made.chain();
    assert_eq!(chain.len(), 3);
    assert_eq!(chain[2], root.certificate());
    assert!(is_signed_by(&chain[1], &root.key.public_key()));
    assert_eq!(key_of(&chain[0], Algorithm::ES256), made.key);
}
