//! Registrations and authentications as the ordinary client and device make
//! them, in an environment that draws as §16 does. Nothing is read from the
//! file but the parties.

use passrig_authenticator::attestation::pki::{Authority, UNASSIGNED};
use passrig_authenticator::attestation::{Format, tpm};
use passrig_authenticator::client::{Client, DomException, Generation, Origin};
use passrig_authenticator::device::Profile;
use passrig_authenticator::keys::SigningKey;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{CreationOptions, Flags, RequestOptions, base64url};
use passrig_authenticator::workbench::Honest;
use passrig_vectors::Vector;
use serde_json::{Value, json};

use super::draws::{Drawn, Draws};
use super::judged::TOP_ORIGIN;
use super::{Cause, Fields};

/// The responses to one vector's two ceremonies.
pub(super) struct Rebuilt {
    pub(super) registration: Fields,
    pub(super) authentication: Fields,
}

/// The trust root's certificate.
pub(super) fn root() -> Fields {
    let root = Authority::root(&mut Drawn::root());
    vec![("attestation_ca_cert", root.map(|root| root.certificate()).unwrap_or_default())]
}

/// Both ceremonies of a vector. Values are drawn in the order of §16.
pub(super) fn rebuild(vector: &Vector) -> Result<Rebuilt, Cause> {
    let VectorKind { format, algorithm } = VectorKind::of(&vector.id)?;
    let mut draws = Draws::new(&vector.id);
    let challenge_len = if algorithm == Algorithm::ES512 { 128 } else { 32 };
    let challenge = draws.bytes(challenge_len);
    let private_key = match algorithm {
        // The primes are constants; the plan gets the key of these.
        Algorithm::RS256 => vec![1; 32],
        _ => draws.bytes(SigningKey::seed_len(algorithm)?),
    };
    let extra = draws.extra_data();
    let aaguid = draws.array();
    let is_long = vector.id.ends_with("long-credential-id");
    let credential_id = draws.bytes(if is_long { 1023 } else { 32 });
    let flags = match format {
        // U2F knows of no flag but the user's presence.
        Format::FidoU2f => Flags::default(),
        _ => draws.registration_flags(),
    };
    let mut env = Drawn::root();
    env.values.push(("private-key", private_key));
    env.values.push(("id", credential_id.clone()));
    if format.is_certified() {
        let key = match format {
            // Their certificate is for the credential key; any other serves.
            Format::AndroidKey | Format::Apple => vec![1; 32],
            _ => draws.bytes(32),
        };
        env.values.push(("attestation/private-key", key));
        env.values.push(("attestation/serial", draws.bytes(16)));
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
        Client::with_env(Origin::parse(&vector.origin)?, env).with_authenticator(profile);
    client.additional_members = extra;
    if vector.id.ends_with("Origin") {
        client.top_origin = Some(Origin::parse(TOP_ORIGIN)?);
    }
    // Level 2 had a crossOrigin without a topOrigin, which clients of Level 3
    // never write. Where no attestation was wanted it hid the AAGUID, so this
    // relying party wants the statement that the authenticator makes by itself.
    let is_level_2 = vector.id.ends_with("crossOrigin");
    if is_level_2 {
        client.generation = Generation::Level2;
    }
    let verification = |flags: Flags| match flags.has(Flags::UV) {
        true => "required",
        false => "discouraged",
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
    let options = CreationOptions::parse(&options).map_err(DomException::from)?;
    let mut plan = client.plan_create(&options)?;
    if let Some(attester) = &mut plan.device.attestation.attester {
        attester.country = UNASSIGNED;
    }
    if algorithm == Algorithm::RS256 {
        let [p, q] = [1279, 2203].map(mersenne);
        plan.device.credential.key = SigningKey::from_primes(algorithm, &p, &q, 65537)?;
    }
    let response = client.perform_create(plan, &mut Honest).into_value().unwrap_or_default();
    let registration = fields(&response, ["clientDataJSON", "attestationObject"]);

    let challenge = draws.bytes(challenge_len);
    client.additional_members = draws.extra_data();
    let flags = draws.authentication_flags(flags);
    let mut authenticators = client.authenticators.iter_mut();
    let kept = authenticators.find_map(|device| device.store_mut().find_mut(&credential_id));
    kept.ok_or(Cause::Device("credential"))?.backup_state = flags.has(Flags::BS);
    let options = json!({
        "rpId": vector.rp_id,
        "challenge": base64url::encode(&challenge),
        "userVerification": verification(flags),
    });
    let options = RequestOptions::parse(&options).map_err(DomException::from)?;
    let plan = client.plan_get(&options)?;
    let response = client.perform_get(&plan, &mut Honest).into_value().unwrap_or_default();
    let names = ["clientDataJSON", "authenticatorData", "signature"];
    Ok(Rebuilt { registration, authentication: fields(&response, names) })
}

/// The parts of a vector's ID: the format and the algorithm, before any peculiarity.
struct VectorKind {
    format: Format,
    algorithm: Algorithm,
}

impl VectorKind {
    fn of(id: &str) -> Result<Self, Cause> {
        let mut words = id.split('.');
        let format = words.next().and_then(Format::named);
        let format = format.ok_or(Cause::Device("statement of that format"))?;
        let algorithm = words.next().and_then(Algorithm::named);
        let algorithm = algorithm.ok_or(Cause::Device("key of that algorithm"))?;
        Ok(Self { format, algorithm })
    }
}

/// Members of a response; an absent member is empty, which differs from the published one.
fn fields<const N: usize>(response: &Value, names: [&'static str; N]) -> Fields {
    let bytes = |name: &str| {
        let text = response.pointer(&format!("/response/{name}"))?.as_str()?;
        base64url::decode(text).ok()
    };
    names.into_iter().map(|name| (name, bytes(name).unwrap_or_default())).collect()
}

/// 2^exponent - 1, big-endian.
fn mersenne(exponent: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; exponent.div_ceil(8)];
    if let Some(first) = bytes.first_mut() {
        *first >>= (8 - exponent % 8) % 8;
    }
    bytes
}
