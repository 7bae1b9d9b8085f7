//! A browser, a person and a device in as few lines as will do. Everything
//! about a response can be set before it is made.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys::SigningKey;
use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::base64url::{decode, encode};
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{
    AttestationObject, AuthenticatorData, Cbor, Der, Flags, Json, Tree,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use crate::relying_party::in_process::RELATED;
use crate::relying_party::{Config, Mutant, RelyingParty};
use crate::target_rp::Clock;

pub(super) const ORIGIN: &str = "https://login.passrig.test";
pub(super) const RP_ID: &str = "passrig.test";

/// A relying party and the accounts `alice` and `mallory`, each with one
/// credential.
pub(super) struct TestWorld {
    pub(super) rp: Router,
    pub(super) clock: Clock,
    pub(super) alice: TestCredential,
    pub(super) mallory: TestCredential,
}

impl TestWorld {
    pub(super) fn new(mutant: Option<Mutant>) -> Self {
        let clock = Clock::default();
        let rp = server_by(clock.clone(), mutant);
        let enrol = |name, octet| {
            let mut device = TestCredential::new(octet);
            let mut browser = TestClient::new(&rp);
            let options = browser.registration_options(name);
            browser.finish_registration(&options, &mut device, |_| ());
            device
        };
        let (alice, mallory) = (enrol("alice", 1), enrol("mallory", 2));
        Self { rp, clock, alice, mallory }
    }

    pub(super) fn browser(&self) -> TestClient {
        TestClient::new(&self.rp)
    }

    /// Somebody new registers, with this about it.
    pub(super) fn register(&self, edit: impl FnOnce(&mut Create)) -> AttemptOutcome {
        self.browser().register("newcomer", &mut TestCredential::new(3), edit)
    }

    /// Alice signs in by name, with this about it.
    pub(super) fn sign_in(&self, edit: impl FnOnce(&mut Get)) -> AttemptOutcome {
        self.browser().sign_in(Some("alice"), &self.alice, edit)
    }

    /// Somebody signs in without a name.
    pub(super) fn discover(
        &self,
        device: &TestCredential,
        edit: impl FnOnce(&mut Get),
    ) -> AttemptOutcome {
        self.browser().sign_in(None, device, edit)
    }
}

pub(super) fn server(mutant: Option<Mutant>) -> Router {
    server_by(Clock::default(), mutant)
}

fn server_by(clock: Clock, mutant: Option<Mutant>) -> Router {
    let related_origins = vec![RELATED.to_owned()];
    let config = Config::new(ORIGIN, RP_ID);
    let config = Config { audit: true, demands_attestation: true, related_origins, ..config };
    let rp = RelyingParty::new(config, Seeded::new("seed")).with_clock(clock);
    match mutant {
        Some(mutant) => rp.with_mutant(mutant).router(),
        None => rp.router(),
    }
}

/// One credential.
#[derive(Clone)]
pub(super) struct TestCredential {
    pub(super) key: SigningKey,
    pub(super) id: Vec<u8>,
    pub(super) handle: Vec<u8>,
    pub(super) count: u32,
}

impl TestCredential {
    pub(super) fn new(octet: u8) -> Self {
        let key = SigningKey::from_bytes(Algorithm::ES256, &[octet; 32]).unwrap();
        Self { key, id: vec![octet; 16], handle: Vec::new(), count: 5 }
    }
}

/// A registration response before it is made.
pub(super) struct Create {
    /// The body of the options request.
    pub(super) client: Vec<(String, Json)>,
    pub(super) bom: bool,
    pub(super) rp_id: String,
    pub(super) flags: Flags,
    pub(super) device: TestCredential,
    pub(super) public_key: Cbor,
    pub(super) fmt: &'static str,
    pub(super) statement: Option<Cbor>,
    pub(super) signer: SigningKey,
    pub(super) signature: SignatureChoice,
    pub(super) trailing: Vec<u8>,
    pub(super) body: Value,
    pub(super) origin_header: Option<String>,
}

/// An authentication response before it is made.
pub(super) struct Get {
    pub(super) client: Vec<(String, Json)>,
    pub(super) bom: bool,
    pub(super) rp_id: String,
    pub(super) flags: Flags,
    pub(super) device: TestCredential,
    pub(super) user_handle: Option<Vec<u8>>,
    pub(super) attested: Option<AttestedCredentialData>,
    pub(super) signature: SignatureChoice,
    pub(super) trailing: Vec<u8>,
    pub(super) body: Value,
    pub(super) origin_header: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum SignatureChoice {
    Right,
    HighS,
    Empty,
    Garbage,
    DataOnly,
    Other,
}

impl SignatureChoice {
    fn make(self, key: &SigningKey, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let message = [data, &Sha256::digest(client_data)].concat();
        let signature = key.sign(&message);
        match self {
            // Of the two values of s always the same one, so that mutants that
            // mind do so only where a story is about it.
            Self::Right => either_s(&signature, false),
            Self::HighS => either_s(&signature, true),
            Self::Empty => Vec::new(),
            Self::Garbage => b"garbage".to_vec(),
            Self::DataOnly => key.sign(data).render(),
            Self::Other => key.sign(b"something else").render(),
        }
    }
}

/// The same signature with the larger or smaller of its two values of s.
fn either_s(signature: &Tree, high: bool) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let Tree::Der(der) = signature else { panic!("ECDSA signatures are DER") };
    let (r, s) = (&der.items().unwrap()[0], &der.items().unwrap()[1]);
    let mut wide = [0; 32];
    let digits = s.as_unsigned().unwrap();
    wide[32 - digits.len()..].copy_from_slice(digits);
    let mut other = [0; 32];
    let mut borrow = 0;
    for place in (0..32).rev() {
        let difference = i16::from(ORDER[place]) - i16::from(wide[place]) - borrow;
        borrow = i16::from(difference < 0);
        other[place] = difference.rem_euclid(256) as u8;
    }
    let s = if high { wide.max(other) } else { wide.min(other) };
    Tree::Der(Der::sequence([r.clone(), Der::unsigned(&s)])).render()
}

pub(super) trait ClientDataEdit {
    fn client(&mut self) -> &mut Vec<(String, Json)>;

    /// Sets a member of the client data.
    fn set(&mut self, name: &str, value: Json) {
        let members = self.client();
        match members.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => members.push((name.to_owned(), value)),
        }
    }

    fn set_text(&mut self, name: &str, value: &str) {
        self.set(name, Json::text(value));
    }

    fn unset(&mut self, name: &str) {
        self.client().retain(|(other, _)| other != name);
    }

    fn challenge(&mut self) -> String {
        let members = self.client();
        members.iter().find(|(name, _)| name == "challenge").unwrap().1.as_text().unwrap()
    }
}

impl ClientDataEdit for Create {
    fn client(&mut self) -> &mut Vec<(String, Json)> {
        &mut self.client
    }
}

impl ClientDataEdit for Get {
    fn client(&mut self) -> &mut Vec<(String, Json)> {
        &mut self.client
    }
}

fn client_members(kind: &str, options: &Value) -> Vec<(String, Json)> {
    vec![
        ("type".into(), Json::text(kind)),
        ("challenge".into(), Json::text(options["challenge"].as_str().unwrap())),
        ("origin".into(), Json::text(ORIGIN)),
        ("crossOrigin".into(), Json::Bool(false)),
    ]
}

fn client_data_json(members: Vec<(String, Json)>, bom: bool) -> Vec<u8> {
    let bom: &[u8] = if bom { b"\xef\xbb\xbf" } else { b"" };
    [bom, &Json::Object(members).render()].concat()
}

/// Lays `over` onto `value`, member by member.
fn merge(value: &mut Value, over: Value) {
    match (value, over) {
        (Value::Object(members), Value::Object(over)) => {
            for (name, member) in over {
                merge(members.entry(name).or_insert(Value::Null), member);
            }
        }
        (value, over) => *value = over,
    }
}

/// What a server said, and what can be seen to be so afterwards.
#[derive(Debug)]
pub(super) struct AttemptOutcome {
    pub(super) reply: Reply,
    pub(super) signed_in: Option<String>,
    pub(super) credentials: usize,
}

impl AttemptOutcome {
    pub(super) fn accepted(&self) -> bool {
        self.reply.body["status"] == "ok"
    }

    /// What an observer compares.
    pub(super) fn decision(&self) -> (bool, Option<&str>, usize) {
        (self.accepted(), self.signed_in.as_deref(), self.credentials)
    }

    pub(super) fn audit(&self) -> &str {
        self.reply.audit.as_deref().unwrap()
    }
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) audit: Option<String>,
    pub(super) cookie: Option<String>,
}

/// A client with a cookie.
#[derive(Clone)]
pub(super) struct TestClient {
    pub(super) rp: Router,
    pub(super) token: Option<String>,
    pub(super) check: &'static str,
    /// Members of the options request.
    pub(super) wishes: Value,
    /// Where requests come from, as `Sec-Fetch-Site` has it.
    pub(super) site: Option<&'static str>,
}

impl TestClient {
    pub(super) fn new(rp: &Router) -> Self {
        Self { rp: rp.clone(), token: None, check: "-", wishes: json!({}), site: None }
    }

    pub(super) fn wishing(mut self, wishes: Value) -> Self {
        self.wishes = wishes;
        self
    }

    pub(super) fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body.to_string(), None)
    }

    pub(super) fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, String::new(), None)
    }

    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Body>,
        origin: Option<&str>,
    ) -> Reply {
        let mut request =
            Request::builder().method(method).uri(path).header("x-passrig-check", self.check);
        if let Some(token) = &self.token {
            request = request.header("cookie", format!("theme=dark; session={token}"));
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(site) = self.site {
            request = request.header("sec-fetch-site", site);
        }
        let request = request.body(body.into()).unwrap();
        let reply =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(
                async {
                    let response = self.rp.clone().oneshot(request).await.unwrap();
                    let header = |name| {
                        let value = response.headers().get(name);
                        value.map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned())
                    };
                    let (status, audit) = (response.status(), header("x-passrig-audit"));
                    let cookie = header("set-cookie");
                    let bytes = response.into_body().collect().await.unwrap().to_bytes();
                    Reply {
                        status,
                        audit,
                        cookie,
                        body: serde_json::from_slice(&bytes).unwrap_or_default(),
                    }
                },
            );
        if let Some(cookie) = &reply.cookie {
            let token = cookie.split(';').next().unwrap().strip_prefix("session=").unwrap();
            self.token = Some(token.to_owned()).filter(|token| !token.is_empty());
        }
        reply
    }

    pub(super) fn register(
        &mut self,
        name: &str,
        device: &mut TestCredential,
        edit: impl FnOnce(&mut Create),
    ) -> AttemptOutcome {
        let options = self.registration_options(name);
        self.finish_registration(&options, device, edit)
    }

    pub(super) fn registration_options(&mut self, name: &str) -> Value {
        let mut request = json!({"username": name, "displayName": name});
        merge(&mut request, self.wishes.clone());
        self.post("/attestation/options", &request).body
    }

    pub(super) fn finish_registration(
        &mut self,
        options: &Value,
        device: &mut TestCredential,
        edit: impl FnOnce(&mut Create),
    ) -> AttemptOutcome {
        device.handle = decode(options["user"]["id"].as_str().unwrap_or_default()).unwrap();
        let mut plan = Create {
            client: client_members("webauthn.create", options),
            bom: false,
            rp_id: RP_ID.into(),
            flags: Flags(Flags::UP | Flags::UV),
            public_key: device.key.public_key().to_cbor(),
            signer: device.key.clone(),
            device: device.clone(),
            fmt: "none",
            statement: None,
            signature: SignatureChoice::Right,
            trailing: Vec::new(),
            body: json!({}),
            origin_header: None,
        };
        edit(&mut plan);
        let client_data = client_data_json(plan.client, plan.bom);
        let data = AuthenticatorData {
            rp_id_hash: Sha256::digest(plan.rp_id).into(),
            flags: plan.flags,
            sign_count: plan.device.count,
            attested: Some(AttestedCredentialData {
                aaguid: [0; 16],
                credential_id: plan.device.id.clone(),
                public_key: plan.public_key,
            }),
            extensions: None,
        };
        let data = data.tree().render();
        let packed = || {
            Cbor::map([
                (Cbor::text("alg"), Cbor::int(-7)),
                (
                    Cbor::text("sig"),
                    Cbor::bytes(plan.signature.make(&plan.signer, &data, &client_data)),
                ),
            ])
        };
        let honest = || if plan.fmt == "packed" { packed() } else { Cbor::map([]) };
        let statement = plan.statement.unwrap_or_else(honest);
        let object =
            AttestationObject { fmt: plan.fmt.into(), statement, authenticator_data: data.clone() };
        let mut body = json!({
            "id": encode(&plan.device.id),
            "rawId": encode(&plan.device.id),
            "type": "public-key",
            "getClientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client_data),
                "attestationObject": encode(&[object.tree().render(), plan.trailing].concat()),
                "transports": ["usb"],
            },
        });
        merge(&mut body, plan.body);
        self.finish("/attestation/result", &body, plan.origin_header.as_deref())
    }

    pub(super) fn sign_in(
        &mut self,
        name: Option<&str>,
        device: &TestCredential,
        edit: impl FnOnce(&mut Get),
    ) -> AttemptOutcome {
        let options = self.authentication_options(name);
        self.finish_sign_in(&options, device, edit)
    }

    pub(super) fn authentication_options(&mut self, name: Option<&str>) -> Value {
        let mut request = json!({"username": name});
        merge(&mut request, self.wishes.clone());
        self.post("/assertion/options", &request).body
    }

    pub(super) fn finish_sign_in(
        &mut self,
        options: &Value,
        device: &TestCredential,
        edit: impl FnOnce(&mut Get),
    ) -> AttemptOutcome {
        let mut plan = Get {
            client: client_members("webauthn.get", options),
            bom: false,
            rp_id: RP_ID.into(),
            flags: Flags(Flags::UP | Flags::UV),
            device: TestCredential { count: device.count + 1, ..device.clone() },
            user_handle: Some(device.handle.clone()),
            attested: None,
            signature: SignatureChoice::Right,
            trailing: Vec::new(),
            body: json!({}),
            origin_header: None,
        };
        edit(&mut plan);
        let client_data = client_data_json(plan.client, plan.bom);
        let data = AuthenticatorData {
            rp_id_hash: Sha256::digest(plan.rp_id).into(),
            flags: plan.flags,
            sign_count: plan.device.count,
            attested: plan.attested,
            extensions: None,
        };
        let data = [data.tree().render(), plan.trailing].concat();
        let mut body = json!({
            "id": encode(&plan.device.id),
            "rawId": encode(&plan.device.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(&plan.signature.make(&plan.device.key, &data, &client_data)),
                "userHandle": plan.user_handle.map(|handle| encode(&handle)),
            },
        });
        merge(&mut body, plan.body);
        self.finish("/assertion/result", &body, plan.origin_header.as_deref())
    }

    fn finish(&mut self, path: &str, body: &Value, origin: Option<&str>) -> AttemptOutcome {
        let reply = self.send("POST", path, body.to_string(), origin);
        let session = self.get("/session").body;
        let listed = self.get("/credentials").body;
        AttemptOutcome {
            reply,
            signed_in: session["username"].as_str().map(str::to_owned),
            credentials: listed["credentials"].as_array().map_or(0, Vec::len),
        }
    }
}
