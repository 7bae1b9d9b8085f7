//! Ceremonies that every library shall accept: one registration and one authentication for each algorithm and format.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use passrig_authenticator::Client;
use passrig_authenticator::attestation::{Chain, Format};
use passrig_authenticator::client::Origin;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys;
use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::cose::{Algorithm, Key};
use passrig_authenticator::wire::{AuthenticatorData, Cbor};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const ORIGIN: &str = "https://login.passrig.test";
pub(crate) const RP_ID: &str = "passrig.test";

/// What credentials may be for. RS1 is for attestation only (§8.3).
pub(crate) fn algorithms() -> impl Iterator<Item = Algorithm> {
    keys::ALGORITHMS.iter().copied().filter(|algorithm| *algorithm != Algorithm::RS1)
}

/// What a column of the table attests with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) format: Format,
    key: Algorithm,
}

/// As vendors do it: a TPM and Google's service have RSA keys, others ES256. Old TPMs know no more than SHA-1.
pub(crate) const COLUMNS: [Column; 10] = [
    Column { name: "none", format: Format::None, key: Algorithm::ES256 },
    Column { name: "packed-self", format: Format::PackedSelf, key: Algorithm::ES256 },
    Column { name: "packed", format: Format::Packed, key: Algorithm::ES256 },
    Column { name: "tpm", format: Format::Tpm, key: Algorithm::RS256 },
    Column { name: "tpm-sha1", format: Format::Tpm, key: Algorithm::RS1 },
    Column { name: "android-key", format: Format::AndroidKey, key: Algorithm::ES256 },
    Column { name: "android-safetynet", format: Format::AndroidSafetynet, key: Algorithm::RS256 },
    Column { name: "fido-u2f", format: Format::FidoU2f, key: Algorithm::ES256 },
    Column { name: "apple", format: Format::Apple, key: Algorithm::ES256 },
    Column { name: "compound", format: Format::Compound, key: Algorithm::ES256 },
];

/// A registration and an authentication with their options, verified by our own keys.
pub(crate) fn case(algorithm: Algorithm, column: Column) -> Value {
    let name = format!("{algorithm} {}", column.name);
    let mut client =
        Client::with_env(Origin::parse(ORIGIN).unwrap(), Seeded::new(name.as_str()).at(now()))
            .with_authenticator(profile(algorithm, column));
    let creation = json!({
        "rp": { "id": RP_ID, "name": "tests" },
        "user": { "id": "dXNlcg", "name": "ada", "displayName": "Ada" },
        "challenge": base64url::encode(&Sha256::digest(format!("{name}/create"))),
        "pubKeyCredParams": [{ "type": "public-key", "alg": algorithm }],
        "authenticatorSelection": { "residentKey": "required", "userVerification": "required" },
        "attestation": "direct",
    });
    let made = client.create(&creation).unwrap_or_else(|error| panic!("{name}: {error}"));
    let request = json!({
        "rpId": RP_ID,
        "challenge": base64url::encode(&Sha256::digest(format!("{name}/get"))),
        "userVerification": "required",
        "allowCredentials": [{ "type": "public-key", "id": made["id"] }],
    });
    let used = client.get(&request).unwrap_or_else(|error| panic!("{name}: {error}"));
    verify(&name, &made, &used);
    json!({
        "name": name,
        "creation": { "options": creation, "response": made },
        "request": { "options": request, "response": used },
    })
}

/// A security key that attests as vendors do: Android with its root in the chain, U2F without an AAGUID, since it has
/// none.
fn profile(algorithm: Algorithm, column: Column) -> Profile {
    let mut profile = Profile {
        attestation: column.format,
        attestation_key: column.key,
        algorithms: vec![algorithm],
        ..Profile::roaming()
    };
    match column.format {
        Format::Tpm => {
            profile.tpm_maker = Profile::named("windows-hello").unwrap().tpm_maker;
        }
        Format::AndroidKey => profile.chain = Chain::Root,
        Format::FidoU2f => profile.aaguid = [0; 16],
        _ => {}
    }
    profile
}

/// SafetyNet's statements are good for a minute only.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn verify(name: &str, made: &Value, used: &Value) {
    let octets = |value: &Value| base64url::decode(value.as_str().unwrap()).unwrap();
    let data = AuthenticatorData::decode(&octets(&made["response"]["authenticatorData"])).unwrap();
    let key: Cbor = data.attested.unwrap().public_key;
    let key = Key::from_cbor(&key).unwrap();
    let used = &used["response"];
    let hash = Sha256::digest(octets(&used["clientDataJSON"]));
    let message = [octets(&used["authenticatorData"]), hash.to_vec()].concat();
    assert_eq!(keys::verify(&key, &message, &octets(&used["signature"])), Ok(()), "{name}");
}
