//! The W3C's test vectors of `prf` and `hmac-secret` come out of the ordinary
//! client and device byte for byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::time::Duration;

use passrig_authenticator::client::{Client, Origin};
use passrig_authenticator::device::extensions::{CredRandom, HmacSecret, PrfValues, Use};
use passrig_authenticator::device::{Authenticator, Profile, get_assertion};
use passrig_authenticator::env::{Answer, Env, Question, Seeded};
use passrig_authenticator::pin_uv_auth::{KeyAgreement, Protocol};
use passrig_authenticator::wire::cose::Key;
use passrig_authenticator::wire::{AuthenticatorData, base64url};
use passrig_vectors::{Case, Shared};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[test]
fn single_input_protocol_2() {
    rebuild(0, Protocol::Two, [0x07, 0x09]);
}

#[test]
fn two_inputs_protocol_2() {
    rebuild(1, Protocol::Two, [0x08, 0x0a]);
}

#[test]
fn single_input_protocol_1() {
    rebuild(2, Protocol::One, [0, 0]);
}

/// The case of that number, with vectors drawn under these.
fn rebuild(index: usize, protocol: Protocol, [salt_iv, output_iv]: [u8; 2]) {
    let published = passrig_vectors::w3c_hmac_secret().unwrap();
    let case = &published.cases[index];
    assert_eq!(Protocol::try_from(case.pin_uv_auth_protocol), Ok(protocol));
    let env = Drawn { salt_iv, output_iv };
    let profile = Profile { pin_uv_auth_protocol: protocol, ..Profile::roaming() };
    by_the_client(case, profile.clone(), env.clone());
    by_hand(case, &published.shared, protocol, profile, env);
}

/// A page's `prf` inputs, and what it gets.
fn by_the_client(case: &Case, profile: Profile, env: Drawn) {
    let origin = Origin::parse("https://example.org").unwrap();
    let mut client = Client::with_env(origin.clone(), env);
    client.authenticators.push(holder(profile));
    let mut eval = json!({});
    let names = ["first", "second"];
    for (name, index) in names.into_iter().zip([2, 3]) {
        let input = case.values.field(&format!("prf_eval_{name}"));
        assert!(input.is_none() || input == Some(seed(index)));
        if let Some(input) = input {
            eval[name] = json!(base64url::encode(&input));
        }
    }
    let options = json!({
        "challenge": "AAAA",
        "userVerification": "discouraged",
        "extensions": {"prf": {"eval": eval}},
    });
    let response = client.get(&options).unwrap();
    assert_eq!(output(&response), case.values.field("output_enc"));
    let results = &response["clientExtensionResults"]["prf"]["results"];
    for name in names {
        let value = results.get(name).map(|v| base64url::decode(v.as_str().unwrap()).unwrap());
        assert_eq!(value, case.values.field(&format!("prf_results_{name}")), "{name}");
    }
}

/// Every value on the way.
fn by_hand(case: &Case, shared: &Shared, protocol: Protocol, profile: Profile, env: Drawn) {
    let field = |name| case.values.field(name);
    let env = &mut env.clone();
    let authenticator = holder(profile);
    let Key::Ec2 { x, y, .. } = authenticator.key_agreement(env).unwrap().public_key() else {
        panic!("an EC2 key");
    };
    let published = &shared.authenticator_key_agreement_public_key;
    assert_eq!((&x, &y), (&published.x, &published.y));
    assert_eq!(cred_random().with_uv[..], shared.authenticator_cred_random);
    let platform = KeyAgreement::draw("platform-key", env).unwrap();
    let private = &shared.platform_key_agreement_private_key;
    assert_eq!(platform.public_key(), KeyAgreement::from_bytes(private).unwrap().public_key());

    let peer = authenticator.key_agreement(env).unwrap().public_key();
    let secret = platform.agree(protocol, &peer).unwrap();
    assert_eq!(Some(secret.to_bytes()), field("shared_secret"));
    let salts = [field("salt1").unwrap(), field("salt2").unwrap_or_default()].concat();
    let salt_enc = secret.encrypt(&salts, "salt-iv", env).unwrap();
    assert_eq!(Some(&salt_enc), field("salt_enc").as_ref());
    let values = cred_random().evaluate(true, &PrfValues::from_bytes(&salts).unwrap());
    assert_eq!(Some(values.first.to_vec()), field("output1"));
    assert_eq!(values.second.map(Vec::from), field("output2"));

    let salt_auth = secret.authenticate(&salt_enc);
    let key_agreement = platform.public_key();
    let input = HmacSecret { key_agreement, salt_enc, salt_auth, protocol };
    let asked = Use { hmac_secret: Some(input), ..Use::default() };
    let request = get_assertion::Request {
        rp_id: "example.org",
        allow: &[],
        verification: true,
        extensions: Some(&asked),
    };
    let plan = authenticator.plan_get_assertion(&request, env).unwrap();
    let output = plan.extensions.unwrap().get("hmac-secret").unwrap().as_bytes().unwrap().to_vec();
    assert_eq!(Some(output), field("output_enc"));
}

/// An authenticator with the credential of the vectors.
fn holder(profile: Profile) -> Authenticator {
    let origin = Origin::parse("https://example.org").unwrap();
    let mut maker = Client::with_env(origin, Seeded::new("maker")).with_authenticator(profile);
    let options = json!({
        "rp": {"name": "vectors"},
        "user": {"id": "AA", "name": "a", "displayName": "A"},
        "challenge": "AAAA",
        "pubKeyCredParams": [],
        "authenticatorSelection": {"residentKey": "required"},
    });
    let made = maker.create(&options).unwrap();
    let mut authenticator = maker.authenticators.remove(0);
    let id = base64url::decode(made["id"].as_str().unwrap()).unwrap();
    let kept = authenticator.store_mut().find_mut(&id).unwrap();
    kept.extensions.cred_random = Some(cred_random());
    authenticator
}

fn cred_random() -> CredRandom {
    CredRandom { with_uv: hash(6).try_into().unwrap(), without_uv: [0; 32] }
}

/// The output of `hmac-secret` in what was signed.
fn output(response: &Value) -> Option<Vec<u8>> {
    let data = response["response"]["authenticatorData"].as_str().unwrap();
    let data = AuthenticatorData::decode(&base64url::decode(data).unwrap()).unwrap();
    Some(data.extensions?.get("hmac-secret")?.as_bytes()?.to_vec())
}

/// The specification draws everything from this.
fn seed(index: u8) -> Vec<u8> {
    [&b"WebAuthn PRF test vectors"[..], &[index]].concat()
}

fn hash(index: u8) -> Vec<u8> {
    Sha256::digest(seed(index)).to_vec()
}

/// Draws as the specification does.
#[derive(Clone)]
struct Drawn {
    salt_iv: u8,
    output_iv: u8,
}

impl Env for Drawn {
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8> {
        let index = [
            ("platform-key", 4),
            ("key-agreement", 5),
            ("salt-iv", self.salt_iv),
            ("output-iv", self.output_iv),
        ];
        let known = index.into_iter().find(|(end, _)| Path::new(label).ends_with(end));
        let (_, index) = known.unwrap_or_else(|| panic!("the vectors say nothing of {label}"));
        hash(index)[..len].to_vec()
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn ask(&mut self, _: &Question) -> Answer {
        Answer::WILLING
    }
}
