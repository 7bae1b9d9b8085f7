//! The reference RP in process, with two accounts, and a browser that
//! answers it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;

use arbitrary::{Arbitrary, Unstructured};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passrig::relying_party::{Config, RelyingParty, audit};
use passrig_authenticator::Ceremony;
use passrig_authenticator::client::{Client, Origin};
use passrig_authenticator::deviation::{self, Bench, Deviation, Edit, Facts, Operation, PlanMut};
use passrig_authenticator::device::{self, Profile};
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::judge::{self, Credential, Finding, Known};

const ORIGIN: &str = "https://login.example.org";
const RP_ID: &str = "example.org";
/// The accounts that there are from the beginning.
const ACCOUNTS: [&str; 2] = ["own", "other"];

/// How the ceremony under test is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// A security key, which counts, or a platform authenticator.
    pub roaming: bool,
    /// Whether user verification is required.
    pub verification: bool,
    /// Whether attestation is asked for: then it is self attestation.
    pub attestation: bool,
    /// Whether an authentication is for a name.
    pub named: bool,
}

/// What became of a ceremony.
#[derive(Debug)]
pub struct Outcome {
    /// What was sent to the RP.
    pub body: Vec<u8>,
    /// Whether anything in it is not as an honest client would have it.
    pub deviant: bool,
    /// Whether the RP said that it accepted it.
    pub accepted: bool,
    /// The steps that it found violated.
    pub audit: Vec<String>,
    /// Whether its session is signed in now.
    pub signed_in: bool,
    /// What the independent judge says.
    pub finding: Finding,
}

/// Performs one ceremony. `None` if no client would have answered.
pub fn perform(ceremony: Ceremony, settings: Settings, deviation: &Deviation) -> Option<Outcome> {
    let past = past(settings.roaming);
    let mut rp = Rp::new();
    for registered in &past {
        rp.repeat(registered)?;
    }
    rp.cookie = None;
    let mut client = client(settings.roaming)?;
    let store = client.authenticators.first_mut()?.store_mut();
    for registered in &past {
        store.insert(registered.key.clone());
    }
    store.resume(device::Tally { made: ACCOUNTS.len() as u64, signed: 0 });
    let verification = if settings.verification { "required" } else { "preferred" };
    let options = match ceremony {
        Ceremony::Registration => rp.post(
            "/attestation/options",
            &json!({
                "username": "new",
                "displayName": "New",
                "authenticatorSelection": {
                    "residentKey": "required",
                    "userVerification": verification,
                },
                "attestation": if settings.attestation { "direct" } else { "none" },
            }),
        )?,
        Ceremony::Authentication => {
            let name = settings.named.then_some("own");
            let body = json!({ "username": name, "userVerification": verification });
            rp.post("/assertion/options", &body)?
        }
    };
    let named = ceremony == Ceremony::Authentication && settings.named;
    let credentials: Vec<Credential> = past.iter().map(|one| one.credential.clone()).collect();
    let known = Known {
        ceremony,
        origin: ORIGIN.to_owned(),
        rp_id: RP_ID.to_owned(),
        challenge: options.json.get("challenge")?.as_str()?.to_owned(),
        app_id: options.json.pointer("/extensions/appid").and_then(Value::as_str).map(Into::into),
        verification_required: settings.verification,
        named: credentials.first().filter(|_| named).map(|one| one.user_handle.clone()),
        credentials,
    };
    let facts = Past(&known.credentials);
    let mut bench = Bench::new(deviation, &facts);
    let (path, response) = match ceremony {
        Ceremony::Registration => {
            let options = CreationOptions::parse(&options.json).ok()?;
            let mut plan = client.plan_create(&options).ok()?;
            bench.plan(PlanMut::Create(&mut plan));
            ("/attestation/result", client.perform_create(plan, &mut bench))
        }
        Ceremony::Authentication => {
            let options = RequestOptions::parse(&options.json).ok()?;
            let mut plan = client.plan_get(&options).ok()?;
            bench.plan(PlanMut::Get(&mut plan));
            ("/assertion/result", client.perform_get(&plan, &mut bench))
        }
    };
    let (body, deviant) = (response.render(), bench.is_deviant());
    let answer = rp.send("POST", path, body.clone())?;
    let session = rp.send("GET", "/session", Vec::new())?;
    Some(Outcome {
        finding: judge::judge(&known, &body),
        body,
        deviant,
        accepted: answer.status == 200 && answer.json.get("status")? == "ok",
        audit: answer.audit,
        signed_in: session.json.get("signedIn")? == true,
    })
}

impl Outcome {
    /// Everything that must hold, whatever was sent.
    pub fn check(&self) {
        let audit: Vec<&str> = self.audit.iter().map(String::as_str).collect();
        assert_eq!(self.accepted, audit.is_empty(), "the answer and the audit {audit:?}");
        assert_eq!(self.accepted, self.signed_in, "the answer and what can be seen");
        assert!(self.deviant || self.accepted, "an honest ceremony is refused: {audit:?}");
        let Finding { violated, exact } = &self.finding;
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(
            self.accepted,
            violated.is_empty(),
            "the RP finds {audit:?}, the judge {violated:?} in {body}"
        );
        if *exact {
            let audit = audit.into_iter().collect();
            assert_eq!(*violated, audit, "the judge and the RP about {body}");
        }
    }
}

/// A registration that has been: whose, what was sent, what came of it.
#[derive(Clone)]
struct Registered {
    name: &'static str,
    body: Vec<u8>,
    key: device::Credential,
    credential: Credential,
}

thread_local! {
    /// What has been, by whether the authenticator is a roaming one. Making it
    /// anew for each ceremony would cost more than the ceremony.
    static PAST: RefCell<HashMap<bool, Vec<Registered>>> = RefCell::default();
}

fn past(roaming: bool) -> Vec<Registered> {
    PAST.with_borrow_mut(|past| past.entry(roaming).or_insert_with(|| live(roaming)).clone())
}

/// Registers the accounts. That an honest ceremony fails is a finding too.
fn live(roaming: bool) -> Vec<Registered> {
    let mut rp = Rp::new();
    let mut client = client(roaming).expect("a client");
    let mut past = Vec::new();
    for name in ACCOUNTS {
        rp.cookie = None;
        let options = rp.begin(name).expect("options").json;
        let response = client.create(&options).expect("an honest client answers");
        let user = &options["user"]["id"];
        let handle = URL_SAFE_NO_PAD.decode(user.as_str().unwrap_or_default());
        let body = response.to_string().into_bytes();
        let credential = judge::credential(&body, handle.expect("a user handle"));
        let credential = credential.expect("a credential");
        let store = client.authenticators[0].store();
        let key = store.find(&credential.id).expect("it is kept").clone();
        let registered = Registered { name, body, key, credential };
        rp.finish(&registered).expect("an honest ceremony is accepted");
        past.push(registered);
    }
    past
}

fn client(roaming: bool) -> Option<Client> {
    let profile = if roaming { Profile::roaming() } else { Profile::platform() };
    let env = Seeded::new("the client");
    Some(Client::with_env(Origin::parse(ORIGIN).ok()?, env).with_authenticator(profile))
}

/// The relying party, and one browser's session with it.
struct Rp {
    router: Router,
    cookie: Option<String>,
}

struct Answer {
    status: u16,
    json: Value,
    audit: Vec<String>,
}

impl Rp {
    /// It trusts nobody's certificates.
    fn new() -> Self {
        static CONFIG: OnceLock<Config> = OnceLock::new();
        let config = CONFIG.get_or_init(|| Config {
            audit: true,
            roots: Vec::new(),
            revocation_lists: Vec::new(),
            ..Config::new(ORIGIN, RP_ID)
        });
        let rp = RelyingParty::new(config.clone(), Seeded::new("the relying party"));
        Self { router: rp.router(), cookie: None }
    }

    fn begin(&mut self, name: &str) -> Option<Answer> {
        let selection = json!({ "residentKey": "required" });
        let body = json!({ "username": name, "authenticatorSelection": selection });
        self.post("/attestation/options", &body)
    }

    fn finish(&mut self, registered: &Registered) -> Option<()> {
        let answer = self.send("POST", "/attestation/result", registered.body.clone())?;
        (answer.status == 200).then_some(())
    }

    /// The same registration as before, at a relying party that is as new.
    fn repeat(&mut self, registered: &Registered) -> Option<()> {
        self.cookie = None;
        self.begin(registered.name)?;
        self.finish(registered)
    }

    fn post(&mut self, path: &str, body: &Value) -> Option<Answer> {
        self.send("POST", path, body.to_string().into_bytes())
    }

    fn send(&mut self, method: &str, path: &str, body: Vec<u8>) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let request = request.body(Body::from(body)).ok()?;
        pollster::block_on(async {
            let response = self.router.clone().oneshot(request).await.ok()?;
            let (head, body) = response.into_parts();
            let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
            if let Some(cookie) = text(SET_COOKIE.as_str()) {
                self.cookie = cookie.split(';').next().map(str::to_owned);
            }
            let audit = text(audit::HEADER).unwrap_or_default();
            let audit = audit.split_whitespace().map(str::to_owned).collect();
            let body = to_bytes(body, 1 << 20).await.ok()?;
            let json = serde_json::from_slice(&body).unwrap_or_default();
            Some(Answer { status: head.status.as_u16(), json, audit })
        })
    }
}

/// What edits may know of.
struct Past<'a>(&'a [Credential]);

impl Facts for Past<'_> {
    fn fact(&self, name: &str) -> Option<Vec<u8>> {
        let [own, other] = self.0 else { return None };
        Some(match name {
            "own.credential_id" => own.id.clone(),
            "other.credential_id" => other.id.clone(),
            "other.user_handle" => other.user_handle.clone(),
            "rp.origin" => ORIGIN.as_bytes().to_vec(),
            _ => return None,
        })
    }
}

/// What the ceremony target performs: the first octet says how it is asked
/// for, and whether the edits follow as JSON, as they stand in the catalogue,
/// or as whatever [`Deviation`]'s `Arbitrary` makes of the octets.
pub fn script(octets: &[u8]) -> Option<(Ceremony, Settings, Deviation)> {
    let (first, rest) = octets.split_first()?;
    let bit = |number: u8| first >> number & 1 == 1;
    let ceremony = if bit(0) { Ceremony::Registration } else { Ceremony::Authentication };
    let settings =
        Settings { roaming: bit(1), verification: bit(2), attestation: bit(3), named: bit(4) };
    let deviation = match bit(5) {
        true => {
            let edits: Vec<Edit> = serde_json::from_slice(rest).ok()?;
            let is_modest = |edit: &Edit| match &edit.operation {
                Operation::Set(value)
                | Operation::Append(value)
                | Operation::Prepend(value)
                | Operation::Duplicate(value) => is_modest(value),
                _ => true,
            };
            edits.iter().all(is_modest).then(|| Deviation::new(edits))?
        }
        false => Deviation::arbitrary_take_rest(Unstructured::new(rest)).ok()?,
    };
    Some((ceremony, settings, deviation))
}

/// Whether a value keeps the body below the RP's limit, beyond which no step
/// is taken.
fn is_modest(value: &deviation::Value) -> bool {
    match value {
        deviation::Value::Repeat { len, .. } => *len <= 4096,
        deviation::Value::Hash(value) | deviation::Value::Member { value, .. } => is_modest(value),
        _ => true,
    }
}
