//! `hmac-secret` (CTAP 2.1 §12.5), as clients that are no browsers have it, and
//! as the device does.

use passrig_authenticator::client::Name;
use passrig_authenticator::device::extensions::{
    AssertionExtensions, CreationExtensions, HmacSecret,
};
use passrig_authenticator::device::{Authenticator, Error, User, get_assertion, make_credential};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::pin_uv_auth::{KeyAgreement, Protocol};
use passrig_authenticator::wire::base64url::encode;
use passrig_authenticator::wire::cose::Algorithm;

use super::*;

fn salts(octets: &[u8]) -> Value {
    let mut asked = json!({});
    for (name, octet) in ["salt1", "salt2"].into_iter().zip(octets) {
        asked[name] = json!(encode(&[*octet; 32]));
    }
    json!({ "hmacGetSecret": asked })
}

#[test]
fn a_credential_has_two_functions() {
    let (mut client, made) = registered(Profile::roaming(), json!({"hmacCreateSecret": true}));
    assert_eq!(results(&made), &json!({"hmacCreateSecret": true}));
    assert_eq!(output(&made, "hmac-secret"), Some(Cbor::bool(true)));
    let mut evaluate = |verification: &str, octets: &[u8]| {
        let verify = ("userVerification", json!(verification));
        let used = client.get(&with(requesting(salts(octets)), &[verify])).unwrap();
        results(&used)["hmacGetSecret"].clone()
    };
    let both = evaluate("required", &[1, 2]);
    assert_eq!(evaluate("required", &[1]), json!({"output1": both["output1"]}));
    assert_eq!(evaluate("required", &[2])["output1"], both["output2"]);
    assert_ne!(both["output1"], both["output2"]);
    let unverified = evaluate("discouraged", &[1, 2]);
    assert_ne!(unverified["output1"], both["output1"]);
    assert_ne!(unverified["output2"], both["output2"]);
}

#[test]
fn outputs_have_the_lengths_of_their_protocol() {
    for (pin_uv_auth_protocol, one, two) in [(Protocol::One, 32, 64), (Protocol::Two, 48, 80)] {
        let profile = Profile { pin_uv_auth_protocol, ..Profile::roaming() };
        let (mut client, _) = registered(profile, json!({"hmacCreateSecret": true}));
        for (octets, len) in [(&[1][..], one), (&[1, 2], two)] {
            let used = client.get(&requesting(salts(octets))).unwrap();
            assert_eq!(output(&used, "hmac-secret").unwrap().as_bytes().unwrap().len(), len);
        }
    }
}

#[test]
fn none_without_asking_at_creation() {
    let (mut client, made) = registered(Profile::roaming(), json!({}));
    assert_eq!(signed(&made), None);
    let used = client.get(&requesting(salts(&[1]))).unwrap();
    assert_eq!(signed(&used), None);
    assert_eq!(results(&used), &json!({}));
}

#[test]
fn salts_have_32_octets() {
    let (mut client, _) = registered(Profile::roaming(), json!({"hmacCreateSecret": true}));
    for asked in [
        json!({"salt1": encode(&[1; 31])}),
        json!({"salt1": encode(&[1; 32]), "salt2": encode(&[1; 33])}),
    ] {
        let result = client.get(&requesting(json!({ "hmacGetSecret": asked })));
        assert_eq!(name(result), Name::Type, "{asked}");
    }
}

#[test]
fn server_side_credentials_have_functions_of_their_own() {
    let mut client = client([Profile::roaming()]);
    let options = with(creation(), &[("extensions/hmacCreateSecret", json!(true))]);
    let [one, other] = [(); 2].map(|()| client.create(&options).unwrap());
    let mut evaluate = |made| {
        let used = client.get(&allowing(made, salts(&[1]))).unwrap();
        results(&used)["hmacGetSecret"]["output1"].clone()
    };
    let value = evaluate(&one);
    assert_eq!(octets(&value).len(), 32);
    assert_eq!(evaluate(&one), value);
    assert_ne!(evaluate(&other), value);
}

/// A device with a credential that can evaluate, and what a client would send
/// it for these salts.
fn device(salts: &[u8]) -> (Authenticator, HmacSecret, Seeded) {
    let (mut client, _) = registered(Profile::roaming(), json!({"hmacCreateSecret": true}));
    let device = client.authenticators.remove(0);
    let mut env = Seeded::new("test");
    let own = KeyAgreement::draw("own", &mut env).unwrap();
    let peer = device.key_agreement(&mut env).unwrap().public_key();
    let secret = own.agree(Protocol::Two, &peer).unwrap();
    let salt_enc = secret.encrypt(salts, "iv", &mut env).unwrap();
    let input = HmacSecret {
        key_agreement: own.public_key(),
        salt_auth: secret.authenticate(&salt_enc),
        salt_enc,
        protocol: Protocol::Two,
    };
    (device, input, env)
}

#[test]
fn the_device_judges_what_it_is_sent() {
    let evaluate = |salts: &[u8], edit: &dyn Fn(&mut HmacSecret)| {
        let (device, mut input, mut env) = device(salts);
        edit(&mut input);
        let asked =
            AssertionExtensions { hmac_secret: Some(input), ..AssertionExtensions::default() };
        let request = get_assertion::GetAssertionRequest {
            rp_id: "example.org",
            allow: &[],
            verification: true,
            extensions: Some(&asked),
        };
        device.plan_get_assertion(&request, &mut env).map(|_| ())
    };
    for (len, expected) in [
        (16, Err(Error::Unknown)),
        (32, Ok(())),
        (48, Err(Error::Unknown)),
        (64, Ok(())),
        (96, Err(Error::Unknown)),
    ] {
        assert_eq!(evaluate(&vec![1; len], &|_| ()), expected, "{len}");
    }
    let forged = evaluate(&[1; 32], &|input| input.salt_enc[20] ^= 1);
    assert_eq!(forged, Err(Error::NotAllowed));
    let cut = evaluate(&[1; 32], &|input| input.salt_auth.truncate(16));
    assert_eq!(cut, Err(Error::NotAllowed));
    let other = evaluate(&[1; 32], &|input| input.protocol = Protocol::One);
    assert_eq!(other, Err(Error::NotAllowed));
}

#[test]
fn evaluation_at_creation_needs_the_function() {
    let (device, input, mut env) = device(&[1; 32]);
    let mut make = |hmac_secret| {
        let asked = CreationExtensions {
            hmac_secret,
            hmac_secret_mc: Some(input.clone()),
            ..CreationExtensions::default()
        };
        let request = make_credential::MakeCredentialRequest {
            rp_id: "example.org",
            user: User { handle: vec![1], name: String::new(), display_name: String::new() },
            algorithms: &[Algorithm::ES256],
            exclude: &[],
            discoverable: true,
            verification: true,
            formats: &["none"],
            enterprise: false,
            app_id_exclude: None,
            extensions: Some(&asked),
        };
        device.plan_make_credential(&request, &mut env).map(|plan| plan.extensions.unwrap())
    };
    assert_eq!(make(false), Err(Error::Unknown));
    assert!(make(true).unwrap().get("hmac-secret-mc").is_some());
}
