//! Every decoder, with what it promises.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use passrig::relying_party::{Config, Judge};
use passrig::target_rp::adapter::{self, Flow};
use passrig::target_rp::transport::{HttpResponse, Sending};
use passrig::target_rp::{Clock, Inputs, Log, Session, Target, Transport};
use passrig_authenticator::client::Origin;
use passrig_authenticator::deviation::{Edit, Path};
use passrig_authenticator::keys::{self, SigningKey};
use passrig_authenticator::wire::cose::{self, Algorithm};
use passrig_authenticator::wire::extensions::ClientInputs;
use passrig_authenticator::wire::json::without_lone_surrogates;
use passrig_authenticator::wire::{
    AttestationObject, AuthenticationResponse, AuthenticatorData, Cbor, ClientData,
    CreationOptions, Der, Json, RegistrationResponse, RequestOptions, base64url,
};
use passrig_authenticator::workbench::Honest;
use passrig_authenticator::{Ceremony, Client};
use serde_json::{Map, Value, json};

use crate::cbor::Item;

/// A decoder, given any bytes.
pub type Decoder = fn(&[u8]);

/// The decoders and their names. New ones come last, so that corpora keep
/// their meaning.
pub const ALL: [(&str, Decoder); 17] = [
    ("cbor", cbor),
    ("der", der),
    ("json", json),
    ("base64url", base64url),
    ("client-data", client_data),
    ("authenticator-data", authenticator_data),
    ("attestation-object", attestation_object),
    ("cose-key", cose_key),
    ("private-key", private_key),
    ("registration-response", registration_response),
    ("authentication-response", authentication_response),
    ("options", options),
    ("edit", edit),
    ("origin", origin),
    ("statement", statement),
    ("passkeys", passkeys),
    ("answer", answer),
];

fn cbor(input: &[u8]) {
    let decoded = Cbor::decode_prefix(input);
    let other = Item::read(input);
    assert_eq!(decoded.is_ok(), other.is_some(), "{decoded:?} and {other:?}");
    if let (Ok((item, used)), Some((_, rest))) = (decoded, other) {
        assert_eq!(item.render(), input[..used]);
        assert_eq!(used, input.len() - rest.len());
    }
    if let Ok(item) = Cbor::decode_canonical(input) {
        assert_eq!(Cbor::decode(input).as_ref(), Ok(&item));
    }
}

fn der(input: &[u8]) {
    let decoded = Der::decode(input);
    if let Ok(element) = &decoded {
        assert_eq!(element.render(), input);
    }
    if let Ok(element) = Der::decode_strict(input) {
        assert_eq!(decoded, Ok(element));
    }
}

fn json(input: &[u8]) {
    let tree = Json::parse(input);
    let value: Result<Value, _> = serde_json::from_slice(input);
    assert_eq!(tree.is_ok(), value.is_ok());
    if let (Ok(tree), Ok(value)) = (tree, value) {
        assert_eq!(Json::parse(&tree.render()).as_ref(), Ok(&tree));
        assert_eq!(tree.into_value(), Ok(value));
    }
}

fn base64url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let lenient = base64url::decode_lenient(text);
    if let Ok(octets) = base64url::decode(text) {
        assert_eq!(base64url::encode(&octets), text);
        assert_eq!(lenient, Ok(octets));
    }
}

fn client_data(input: &[u8]) {
    if let Ok(tree) = ClientData::decode(input) {
        assert_eq!(ClientData::decode(&tree.render()).as_ref(), Ok(&tree));
        let _ = ClientData::challenge_of(&tree);
    }
}

fn authenticator_data(input: &[u8]) {
    if let Ok(data) = AuthenticatorData::decode(input) {
        assert_eq!(data.tree().render(), input);
    }
}

fn attestation_object(input: &[u8]) {
    if let Ok(object) = AttestationObject::decode(input) {
        assert_eq!(AttestationObject::decode(&object.tree().render()), Ok(object));
    }
}

fn cose_key(input: &[u8]) {
    let Ok((cbor, used)) = Cbor::decode_prefix(input) else { return };
    let Ok(key) = cose::Key::from_cbor(&cbor) else { return };
    assert_eq!(cose::Key::from_cbor(&key.to_cbor()).as_ref(), Ok(&key));
    let is_key = keys::check(&key).is_ok();
    if let Some(info) = keys::subject_public_key_info(&key).filter(|_| is_key) {
        let read = keys::from_spki(key.algorithm(), &info);
        assert_eq!(read.as_ref(), Ok(&key));
    }
    // No key signed this.
    assert!(keys::verify(&key, b"message", &input[used..]).is_err() || is_key);
}

fn private_key(input: &[u8]) {
    let Some((choice, input)) = input.split_first() else { return };
    let (name, algorithm) = Algorithm::NAMES[usize::from(*choice) % Algorithm::NAMES.len()];
    // From octets an RSA key is searched for, not read: that takes a second.
    if !name.starts_with("RS") && !name.starts_with("PS") {
        let _ = SigningKey::from_bytes(algorithm, input);
    }
    if let Ok(key) = SigningKey::from_pkcs8(algorithm, input) {
        let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8());
        assert_eq!(again.map(|key| key.public_key()), Ok(key.public_key()));
    }
}

fn registration_response(input: &[u8]) {
    let Ok(response) = serde_json::from_slice::<RegistrationResponse>(input) else { return };
    let again = serde_json::from_slice(&response.tree().render());
    assert_eq!(again.ok(), Some(response));
}

fn authentication_response(input: &[u8]) {
    let Ok(response) = serde_json::from_slice::<AuthenticationResponse>(input) else { return };
    let again = serde_json::from_slice(&response.tree().render());
    assert_eq!(again.ok(), Some(response));
}

fn options(input: &[u8]) {
    let text = without_lone_surrogates(input);
    let Ok(value) = serde_json::from_slice::<Value>(&text) else { return };
    if let Ok(options) = CreationOptions::parse(&value) {
        let again = CreationOptions::parse(&serde_json::to_value(&options).expect("JSON"));
        assert_eq!(again, Ok(options));
    }
    if let Ok(options) = RequestOptions::parse(&value) {
        let again = RequestOptions::parse(&serde_json::to_value(&options).expect("JSON"));
        assert_eq!(again, Ok(options));
    }
    let extensions = value.get("extensions").and_then(Value::as_object);
    let _ = ClientInputs::parse(extensions.unwrap_or(&Map::new()));
}

fn edit(input: &[u8]) {
    let _ = serde_json::from_slice::<Edit>(input);
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(path) = text.parse::<Path>() {
        assert_eq!(path.to_string(), text);
    }
}

fn origin(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(origin) = Origin::parse(text) {
        assert_eq!(Origin::parse(&origin.to_string()), Ok(origin));
    }
}

const ORIGIN: &str = "https://login.example.org";

/// Attestation statements of all formats, under a sound ceremony's response:
/// certificates, TPM structures and JSON web signatures are behind them.
fn statement(input: &[u8]) {
    static SOUND: OnceLock<(Judge, RegistrationResponse, AttestationObject)> = OnceLock::new();
    let (judge, response, object) = SOUND.get_or_init(|| {
        let options = json!({
            "rp": { "id": "example.org", "name": "" },
            "user": { "id": "AAAA", "name": "", "displayName": "" },
            "challenge": "AAAA",
            "pubKeyCredParams": [],
        });
        let mut client = Client::new(ORIGIN).expect("an origin");
        let response = client.create(&options).expect("an honest client answers");
        let response: RegistrationResponse = serde_json::from_value(response).expect("a response");
        let object = AttestationObject::decode(response.response.attestation_object.as_ref());
        let config = Config::new(ORIGIN, "example.org");
        (Judge::of_registration(config, vec![0; 3]), response, object.expect("an object"))
    });
    const FORMATS: [&str; 8] = [
        "none",
        "packed",
        "tpm",
        "android-key",
        "android-safetynet",
        "fido-u2f",
        "apple",
        "compound",
    ];
    let Some((choice, input)) = input.split_first() else { return };
    let fmt = FORMATS[usize::from(*choice) % FORMATS.len()].to_owned();
    let Ok(statement) = Cbor::decode(input) else { return };
    let object = AttestationObject { fmt, statement, ..object.clone() };
    let mut response = response.clone();
    response.response.attestation_object = object.tree().render().into();
    let body = serde_json::from_slice(&response.tree().render()).expect("JSON");
    let violated = judge.violations(&body);
    // Nothing in here is signed by anybody.
    let is_empty = object.statement.entries().is_some_and(<[_]>::is_empty);
    let is_none = |fmt: &str| fmt == "none";
    let compound = object.fmt == "compound";
    assert!(is_none(&object.fmt) && is_empty || compound || !violated.is_empty());
    for (_, violation) in violated {
        let _ = violation.to_string();
    }
}

fn passkeys(input: &[u8]) {
    if let Ok(written) = passrig::fuzzing::passkeys(input) {
        assert_eq!(passrig::fuzzing::passkeys(&written).as_ref(), Ok(&written));
    }
}

/// Answers of a target, to every adapter that comes with the program: a status,
/// header lines up to an empty one, and a body.
fn answer(input: &[u8]) {
    let [choice, status, input @ ..] = input else { return };
    let end = input.windows(2).position(|two| two == b"\n\n");
    let (head, body) = input.split_at(end.unwrap_or(0));
    let body = body.strip_prefix(b"\n\n").unwrap_or(body);
    let mut headers = HeaderMap::new();
    for line in head.split(|octet| *octet == b'\n').take(16) {
        let colon = line.iter().position(|octet| *octet == b':').unwrap_or(line.len());
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line.get(colon + 1..).unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    const STATUSES: [u16; 16] =
        [200, 201, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 422, 429, 500, 503];
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let status = StatusCode::from_u16(status).expect("a status");
    let response = HttpResponse::new(status, headers, Bytes::copy_from_slice(body));
    let adapters = adapter::builtin();
    let adapter = &adapters[usize::from(*choice) % adapters.len()];
    let base = ORIGIN.parse().expect("a URL");
    let says = Says(response, Clock::default());
    let target = Target::new(Arc::clone(adapter), base, ORIGIN, Arc::new(says));
    pollster::block_on(async {
        let (mut session, mut log) = (Session::new(), Log::new());
        let inputs = Inputs::new("fuzz").with("username", "ada").with("display_name", "Ada");
        for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
            let begun = target.begin(ceremony, &mut session, &inputs, &mut log).await;
            let Ok(begun) = begun else { continue };
            let credential = Json::object([("id", Json::text("AAAA"))]);
            let bench = &mut Honest;
            let done =
                target.finish(&begun, &mut session, &inputs, &credential, bench, &mut log).await;
            let _ = done.map(|answer| answer.verdict).map_err(|error| error.to_string());
        }
        for flow in [Flow::Whoami, Flow::List, Flow::Logout] {
            let _ = target.run(flow, &mut session, &inputs, &mut log).await;
        }
    });
}

/// A target that always says the same.
struct Says(HttpResponse, Clock);

impl Transport for Says {
    fn send(&self, _: Request<Bytes>) -> Sending<'_> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn clock(&self) -> Option<&Clock> {
        Some(&self.1)
    }
}
