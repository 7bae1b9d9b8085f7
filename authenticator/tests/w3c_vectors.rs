//! The W3C's test vectors come out of the ordinary client and device byte for
//! byte, in an environment that draws as the specification does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::time::Duration;

use hkdf::Hkdf;
use passrig_authenticator::attestation::pki::Authority;
use passrig_authenticator::attestation::{Format, tpm};
use passrig_authenticator::client::{Client, Generation, Origin};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::{Answer, Env, Question};
use passrig_authenticator::keys::SigningKey;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{CreationOptions, Flags, RequestOptions, base64url, json::Json};
use passrig_authenticator::workbench::Honest;
use passrig_vectors::Ceremony;
use serde_json::{Value, json};
use sha2::Sha256;

#[test]
fn root_certificate() {
    let published = passrig_vectors::w3c_root().unwrap();
    let mut env = Drawn::new(&mut Draws::new("Attestation CA"));
    let root = Authority::root(&mut env).unwrap();
    assert_eq!(Some(root.certificate()), published.field("attestation_ca_cert"));
}

#[test]
fn none_es256() {
    rebuild("none.ES256", Format::None);
}

#[test]
fn none_es256_cross_origin() {
    rebuild("none.ES256.crossOrigin", Format::None);
}

#[test]
fn none_es256_top_origin() {
    rebuild("none.ES256.topOrigin", Format::None);
}

#[test]
fn none_es256_long_credential_id() {
    rebuild("none.ES256.long-credential-id", Format::None);
}

#[test]
fn packed_self_es256() {
    rebuild("packed-self.ES256", Format::PackedSelf);
}

#[test]
fn packed_es256() {
    rebuild("packed.ES256", Format::Packed);
}

#[test]
fn packed_es384() {
    rebuild_with("packed.ES384", Format::Packed, Algorithm::ES384);
}

#[test]
fn packed_es512() {
    rebuild_with("packed.ES512", Format::Packed, Algorithm::ES512);
}

#[test]
fn packed_rs256() {
    rebuild_with("packed.RS256", Format::Packed, Algorithm::RS256);
}

#[test]
fn packed_eddsa() {
    rebuild_with("packed.EdDSA", Format::Packed, Algorithm::EDDSA);
}

#[test]
fn packed_ed448() {
    rebuild_with("packed.Ed448", Format::Packed, Algorithm::ED448);
}

#[test]
fn tpm_es256() {
    rebuild("tpm.ES256", Format::Tpm);
}

#[test]
fn android_key_es256() {
    rebuild("android-key.ES256", Format::AndroidKey);
}

#[test]
fn apple_es256() {
    rebuild("apple.ES256", Format::Apple);
}

#[test]
fn fido_u2f_es256() {
    rebuild("fido-u2f.ES256", Format::FidoU2f);
}

fn rebuild(id: &str, format: Format) {
    rebuild_with(id, format, Algorithm::ES256);
}

fn rebuild_with(id: &str, format: Format, algorithm: Algorithm) {
    let vector = passrig_vectors::w3c().unwrap().into_iter().find(|v| v.id == id).unwrap();
    let mut draws = Draws::new(id);

    // Everything is drawn in the order of §16; nothing is read from the file.
    let challenge_len = if algorithm == Algorithm::ES512 { 128 } else { 32 };
    let challenge = draws.next(challenge_len);
    let private_key = match algorithm {
        // The primes are constants; the plan gets the key of these.
        Algorithm::RS256 => vec![1; 32],
        _ => draws.next(SigningKey::seed_len(algorithm).unwrap()),
    };
    let extra = draws.extra_data();
    let aaguid: [u8; 16] = draws.next(16).try_into().unwrap();
    let credential_id = draws.next(if id.ends_with("long-credential-id") { 1023 } else { 32 });
    let flags = match format {
        // U2F knows of no flag but the user's presence.
        Format::FidoU2f => Flags::default(),
        _ => draws.registration_flags(),
    };
    let mut env = Drawn::new(&mut Draws::new("Attestation CA"));
    env.values.push(("private-key", private_key));
    env.values.push(("id", credential_id));
    if format.is_certified() {
        let key = match format {
            // Their certificate is for the credential key; any other serves.
            Format::AndroidKey | Format::Apple => vec![1; 32],
            _ => draws.next(32),
        };
        env.values.push(("attestation/private-key", key));
        env.values.push(("attestation/serial", draws.next(16)));
    }

    let profile = Profile {
        aaguid,
        user_verification: true,
        backup_eligible: flags.has(Flags::BE),
        backup_state: flags.has(Flags::BS),
        attestation: format,
        certifies_model: false,
        algorithms: vec![algorithm],
        tpm_maker: tpm::Maker::default(),
        ..Profile::platform()
    };
    let mut client =
        Client::with_env(Origin::parse(&vector.origin).unwrap(), env).with_authenticator(profile);
    client.additional_members = extra;
    if id.ends_with("Origin") {
        client.top_origin = Some(Origin::parse("https://example.com").unwrap());
    }
    // Level 2 had a crossOrigin without a topOrigin, which clients of Level 3
    // never write. Where no attestation was wanted it hid the AAGUID, so this
    // relying party wants what the authenticator makes of its own accord.
    let is_level_2 = id.ends_with("crossOrigin");
    if is_level_2 {
        client.generation = Generation::Level2;
    }
    let verification = |flags: Flags| {
        if flags.has(Flags::UV) { "required" } else { "discouraged" }
    };
    let options = json!({
        "rp": {"id": vector.rp_id, "name": "vectors"},
        "user": {"id": "AA", "name": "a", "displayName": "A"},
        "challenge": base64url::encode(&challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}],
        "authenticatorSelection": {
            "residentKey": "required",
            "userVerification": verification(flags),
        },
        "attestation": if format == Format::None && !is_level_2 { "none" } else { "direct" },
    });
    let mut plan = client.plan_create(&CreationOptions::parse(&options).unwrap()).unwrap();
    if algorithm == Algorithm::RS256 {
        let [p, q] = [1279, 2203].map(mersenne);
        let key = SigningKey::from_primes(algorithm, &p, &q, 65537).unwrap();
        plan.device.credential.key = key;
    }
    let response = client.perform_create(plan, &mut Honest).into_value().unwrap();
    for name in ["clientDataJSON", "attestationObject"] {
        assert_bytes(&response["response"][name], &vector.registration, name);
    }

    let challenge = draws.next(challenge_len);
    client.additional_members = draws.extra_data();
    let flags = draws.authentication_flags(flags);
    let kept = client.authenticators[0].store_mut();
    let id = base64url::decode(response["id"].as_str().unwrap()).unwrap();
    kept.find_mut(&id).unwrap().backup_state = flags.has(Flags::BS);
    let options = json!({
        "rpId": vector.rp_id,
        "challenge": base64url::encode(&challenge),
        "userVerification": verification(flags),
    });
    let plan = client.plan_get(&RequestOptions::parse(&options).unwrap()).unwrap();
    let response = client.perform_get(&plan, &mut Honest).into_value().unwrap();
    for name in ["clientDataJSON", "authenticatorData", "signature"] {
        assert_bytes(&response["response"][name], &vector.authentication, name);
    }
}

/// 2^exponent - 1, big-endian.
fn mersenne(exponent: usize) -> Vec<u8> {
    let mut octets = vec![0xff; exponent.div_ceil(8)];
    octets[0] >>= (8 - exponent % 8) % 8;
    octets
}

fn assert_bytes(ours: &Value, published: &Ceremony, name: &str) {
    let ours = base64url::decode(ours.as_str().unwrap()).unwrap();
    assert_eq!(Some(ours), published.field(name), "{name}");
}

/// One HKDF call per value, with a running number as the salt.
struct Draws {
    id: String,
    next: u8,
}

impl Draws {
    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), next: 0 }
    }

    fn next(&mut self, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        Hkdf::<Sha256>::new(Some(&[self.next]), b"WebAuthn test vectors")
            .expand(self.id.as_bytes(), &mut out)
            .unwrap();
        self.next += 1;
        out
    }

    fn extra_data(&mut self) -> Vec<(String, Json)> {
        if self.next(1)[0] & 1 == 0 {
            return Vec::new();
        }
        let text = format!(
            "clientDataJSON may be extended with additional fields in the future, such as this: {}",
            base64url::encode(&self.next(16))
        );
        vec![("extraData".to_owned(), Json::text(text))]
    }

    fn registration_flags(&mut self) -> Flags {
        let drawn = Flags(self.next(1)[0] & (Flags::UV | Flags::BE | Flags::BS));
        drawn.with(Flags::BS, drawn.has(Flags::BE | Flags::BS))
    }

    fn authentication_flags(&mut self, registered: Flags) -> Flags {
        let drawn = Flags(self.next(1)[0] & (Flags::UV | Flags::BS));
        drawn.with(Flags::BS, drawn.has(Flags::BS) && registered.has(Flags::BE))
    }
}

/// Gives what was drawn to the labels under which the device asks for it: the
/// longest end of a label that is known.
struct Drawn {
    values: Vec<(&'static str, Vec<u8>)>,
}

impl Drawn {
    /// An environment with nothing but a trust root.
    fn new(draws: &mut Draws) -> Self {
        let values = vec![
            ("attestation-ca/private-key", draws.next(32)),
            ("attestation-ca/serial", draws.next(16)),
        ];
        Self { values }
    }
}

impl Env for Drawn {
    fn draw(&mut self, label: &str, _: usize) -> Vec<u8> {
        let known = self.values.iter().filter(|(end, _)| Path::new(label).ends_with(end));
        let longest = known.max_by_key(|(end, _)| end.len());
        longest.unwrap_or_else(|| panic!("the vectors say nothing of {label}")).1.clone()
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn ask(&mut self, _: &Question) -> Answer {
        Answer::WILLING
    }
}
