//! The W3C's test vectors come out of the ordinary client and device byte for
//! byte, in an environment that draws as the specification does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use hkdf::Hkdf;
use passrig_authenticator::attestation::Format;
use passrig_authenticator::client::{Client, Origin};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::{Answer, Env, Question};
use passrig_authenticator::wire::{Flags, base64url, json::Json};
use passrig_vectors::Ceremony;
use serde_json::{Value, json};
use sha2::Sha256;

#[test]
fn none_es256() {
    rebuild("none.ES256");
}

#[test]
fn packed_self_es256() {
    rebuild("packed-self.ES256");
}

fn rebuild(id: &str) {
    let vector = passrig_vectors::w3c().unwrap().into_iter().find(|v| v.id == id).unwrap();
    let mut draws = Draws { id: id.to_owned(), next: 0 };

    // Everything is drawn in the order of §16; nothing is read from the file.
    let challenge = draws.next(32);
    let private_key = draws.next(32);
    let extra = draws.extra_data();
    let aaguid: [u8; 16] = draws.next(16).try_into().unwrap();
    let credential_id = draws.next(32);
    let flags = draws.registration_flags();

    let profile = Profile {
        aaguid,
        user_verification: true,
        backup_eligible: flags.has(Flags::BE),
        backup_state: flags.has(Flags::BS),
        attestation: Format::PackedSelf,
        ..Profile::platform()
    };
    let env = Drawn { private_key, credential_id };
    let mut client =
        Client::with_env(Origin::parse(&vector.origin).unwrap(), env).with_authenticator(profile);
    client.additional_members = extra;
    let verification = |flags: Flags| {
        if flags.has(Flags::UV) { "required" } else { "discouraged" }
    };
    let response = client
        .create(&json!({
            "rp": {"id": vector.rp_id, "name": "vectors"},
            "user": {"id": "AA", "name": "a", "displayName": "A"},
            "challenge": base64url::encode(&challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {
                "residentKey": "required",
                "userVerification": verification(flags),
            },
            "attestation": if id.starts_with("packed") { "direct" } else { "none" },
        }))
        .unwrap();
    for name in ["clientDataJSON", "attestationObject"] {
        assert_bytes(&response["response"][name], &vector.registration, name);
    }

    let challenge = draws.next(32);
    client.additional_members = draws.extra_data();
    let flags = draws.authentication_flags(flags);
    let kept = client.authenticators[0].store_mut();
    let id = base64url::decode(response["id"].as_str().unwrap()).unwrap();
    kept.find_mut(&id).unwrap().backup_state = flags.has(Flags::BS);
    let response = client
        .get(&json!({
            "rpId": vector.rp_id,
            "challenge": base64url::encode(&challenge),
            "userVerification": verification(flags),
        }))
        .unwrap();
    for name in ["clientDataJSON", "authenticatorData", "signature"] {
        assert_bytes(&response["response"][name], &vector.authentication, name);
    }
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

/// Gives what was drawn to the labels under which the device asks for it.
struct Drawn {
    private_key: Vec<u8>,
    credential_id: Vec<u8>,
}

impl Env for Drawn {
    fn draw(&mut self, label: &str, _: usize) -> Vec<u8> {
        match label.rsplit_once('/') {
            Some((_, "private-key")) => self.private_key.clone(),
            Some((_, "id")) => self.credential_id.clone(),
            _ => panic!("the vectors say nothing of {label}"),
        }
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn ask(&mut self, _: &Question) -> Answer {
        Answer::WILLING
    }
}
