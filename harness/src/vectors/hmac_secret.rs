//! The evaluations of `hmac-secret`, by a client for a page and by hand.

use passrig_authenticator::client::{Client, Origin};
use passrig_authenticator::device::extensions::{
    AssertionExtensions, CredRandom, HmacSecret, PrfValues,
};
use passrig_authenticator::device::{Authenticator, Profile, get_assertion};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::pin_uv_auth::{KeyAgreement, Protocol};
use passrig_authenticator::wire::cose::Key;
use passrig_authenticator::wire::{AuthenticatorData, base64url};
use passrig_vectors::{Case, Shared};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::draws::Drawn;
use super::{Cause, Fields};

const ORIGIN: &str = "https://example.org";

/// Every value of a case, as ours are: by the names of the vectors, the two
/// makers of one value one after the other.
pub(super) fn rebuild(case: &Case) -> Result<Fields, Cause> {
    let protocol = Protocol::try_from(case.pin_uv_auth_protocol)
        .map_err(|_| Cause::Field("pin_uv_auth_protocol"))?;
    let profile = Profile { pin_uv_auth_protocol: protocol, ..Profile::roaming() };
    let inputs = match case.values.field("prf_eval_second") {
        Some(_) => vec![seed(2), seed(3)],
        None => vec![seed(2)],
    };
    let env = drawn(inputs.len());
    let mut fields = by_the_client(&inputs, profile.clone(), env.clone())?;
    fields.extend(by_hand(&inputs, protocol, profile, env)?);
    Ok(fields)
}

/// The published value of a case under a name of [`rebuild`].
pub(super) fn published(case: &Case, shared: &Shared, name: &str) -> Vec<u8> {
    let theirs = &shared.authenticator_key_agreement_public_key;
    let private = &shared.platform_key_agreement_private_key;
    match name {
        "authenticator_key_agreement_public_key.x" => theirs.x.clone(),
        "authenticator_key_agreement_public_key.y" => theirs.y.clone(),
        "platform_key_agreement_private_key" => private.clone(),
        "authenticator_cred_random" => shared.authenticator_cred_random.clone(),
        _ => case.values.field(name).unwrap_or_default(),
    }
}

/// The `prf` inputs of a page, and the results.
fn by_the_client(inputs: &[Vec<u8>], profile: Profile, env: Drawn) -> Result<Fields, Cause> {
    let mut client = Client::with_env(Origin::parse(ORIGIN)?, env);
    client.authenticators.push(holder(profile)?);
    let input = |index: usize| inputs.get(index).cloned();
    let text = |bytes: Vec<u8>| Value::from(base64url::encode(&bytes));
    let eval = [("first", input(0)), ("second", input(1))];
    let eval = eval.into_iter().filter_map(|(name, bytes)| Some((name.to_owned(), text(bytes?))));
    let options = json!({
        "challenge": "AAAA",
        "userVerification": "discouraged",
        "extensions": {"prf": {"eval": eval.collect::<Map<_, _>>()}},
    });
    let response = client.get(&options)?;
    let bytes = |pointer: &str| {
        let text = response.pointer(pointer)?.as_str()?;
        base64url::decode(text).ok()
    };
    let result = |name| bytes(&format!("/clientExtensionResults/prf/results/{name}"));
    let signed = bytes("/response/authenticatorData");
    Ok(vec![
        ("prf_eval_first", input(0).unwrap_or_default()),
        ("prf_eval_second", input(1).unwrap_or_default()),
        ("output_enc", signed.and_then(|data| output(&data)).unwrap_or_default()),
        ("prf_results_first", result("first").unwrap_or_default()),
        ("prf_results_second", result("second").unwrap_or_default()),
    ])
}

/// Every value on the way.
fn by_hand(
    inputs: &[Vec<u8>],
    protocol: Protocol,
    profile: Profile,
    mut env: Drawn,
) -> Result<Fields, Cause> {
    let env = &mut env;
    let authenticator = holder(profile)?;
    let agreement = authenticator.key_agreement(env).ok_or(Cause::Device("key agreement"))?;
    let peer = agreement.public_key();
    let Key::Ec2 { x, y, .. } = peer.clone() else {
        return Err(Cause::Device("key on a curve"));
    };
    let platform =
        KeyAgreement::draw("platform-key", env).ok_or(Cause::Device("platform's key"))?;
    let secret = platform.agree(protocol, &peer).ok_or(Cause::Device("shared secret"))?;
    let salts: Vec<_> = inputs.iter().map(|input| salt(input)).collect();
    let salt_enc = secret.encrypt(&salts.concat(), "salt-iv", env);
    let salt_enc = salt_enc.ok_or(Cause::Device("encrypted salts"))?;
    let values = PrfValues::from_bytes(&salts.concat()).ok_or(Cause::Device("salts"))?;
    let values = cred_random().evaluate(true, &values);

    let input = HmacSecret {
        key_agreement: platform.public_key(),
        salt_auth: secret.authenticate(&salt_enc),
        salt_enc: salt_enc.clone(),
        protocol,
    };
    let request = get_assertion::GetAssertionRequest {
        rp_id: "example.org",
        allow: &[],
        verification: true,
        extensions: Some(&AssertionExtensions {
            hmac_secret: Some(input),
            ..AssertionExtensions::default()
        }),
    };
    let plan = authenticator.plan_get_assertion(&request, env);
    let plan = plan.map_err(|_| Cause::Device("assertion"))?;
    let output = plan.extensions.as_ref().and_then(|all| all.get("hmac-secret")?.as_bytes());

    let salt = |index: usize| salts.get(index).cloned().unwrap_or_default();
    Ok(vec![
        ("authenticator_key_agreement_public_key.x", x),
        ("authenticator_key_agreement_public_key.y", y),
        ("platform_key_agreement_private_key", hash(PLATFORM_KEY)),
        ("authenticator_cred_random", cred_random().with_uv.to_vec()),
        ("shared_secret", secret.to_bytes()),
        ("salt1", salt(0)),
        ("salt2", salt(1)),
        ("salt_enc", salt_enc),
        ("output1", values.first.to_vec()),
        ("output2", values.second.map(Vec::from).unwrap_or_default()),
        ("output_enc", output.map(<[u8]>::to_vec).unwrap_or_default()),
    ])
}

/// An authenticator with the credential of the vectors.
fn holder(profile: Profile) -> Result<Authenticator, Cause> {
    let origin = Origin::parse(ORIGIN)?;
    let mut maker = Client::with_env(origin, Seeded::new("maker")).with_authenticator(profile);
    let made = maker.create(&json!({
        "rp": {"name": "vectors"},
        "user": {"id": "AA", "name": "a", "displayName": "A"},
        "challenge": "AAAA",
        "pubKeyCredParams": [],
        "authenticatorSelection": {"residentKey": "required"},
    }))?;
    let id = made.pointer("/id").and_then(Value::as_str).map(base64url::decode);
    let no_credential = Cause::Device("credential");
    let (Some(mut authenticator), Some(Ok(id))) = (maker.authenticators.pop(), id) else {
        return Err(no_credential);
    };
    let kept = authenticator.store_mut().find_mut(&id).ok_or(no_credential)?;
    kept.extensions.cred_random = Some(cred_random());
    Ok(authenticator)
}

/// The output of `hmac-secret` in the signed data.
fn output(data: &[u8]) -> Option<Vec<u8>> {
    let data = AuthenticatorData::decode(data).ok()?;
    Some(data.extensions?.get("hmac-secret")?.as_bytes()?.to_vec())
}

fn cred_random() -> CredRandom {
    let with_uv = Sha256::digest(seed(6)).into();
    CredRandom { with_uv, without_uv: [0; 32] }
}

/// The salt that a client makes from an input of `prf` (§10.1.4).
fn salt(input: &[u8]) -> Vec<u8> {
    Sha256::digest([b"WebAuthn PRF\0", input].concat()).to_vec()
}

const PLATFORM_KEY: u8 = 4;

/// An environment that draws as the vectors do: other initialisation vectors
/// for one input than for two.
fn drawn(inputs: usize) -> Drawn {
    let [salt_iv, output_iv] = if inputs == 1 { [0x07, 0x09] } else { [0x08, 0x0a] };
    let vector = |index| hash(index).into_iter().take(16).collect();
    Drawn {
        values: vec![
            ("platform-key", hash(PLATFORM_KEY)),
            ("key-agreement", hash(5)),
            ("salt-iv", vector(salt_iv)),
            ("output-iv", vector(output_iv)),
        ],
    }
}

fn hash(index: u8) -> Vec<u8> {
    Sha256::digest(seed(index)).to_vec()
}

/// The specification draws everything from this.
fn seed(index: u8) -> Vec<u8> {
    [&b"WebAuthn PRF test vectors"[..], &[index]].concat()
}
