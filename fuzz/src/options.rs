//! Options for clients: plausible, and wild in places.

use arbitrary::{Arbitrary, Result, Unstructured};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passrig_authenticator::Client;
use passrig_authenticator::client::{Generation, Origin};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::{Answer, Seeded};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::cbor::Item;

/// One browser, and what is asked of it, one after another.
#[derive(Debug)]
pub struct Story {
    origin: &'static str,
    top_origin: Option<&'static str>,
    level_2: bool,
    activation: bool,
    willing: Answer,
    products: Vec<&'static str>,
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    creates: bool,
    options: Value,
    /// Whether credentials that were made before are listed.
    lists_known: bool,
}

const ORIGINS: [&str; 5] = [
    "https://login.example.org",
    "https://example.org:8443",
    "http://localhost:3000",
    "https://example.co.uk",
    "https://xn--bcher-kva.example",
];
const RP_IDS: [&str; 10] = [
    "example.org",
    "login.example.org",
    "org",
    "localhost",
    "co.uk",
    "example.co.uk",
    "EXAMPLE.org",
    "",
    "https://example.org",
    "bücher.example",
];
const WORDS: [&str; 24] = [
    "public-key",
    "required",
    "preferred",
    "discouraged",
    "platform",
    "cross-platform",
    "none",
    "indirect",
    "direct",
    "enterprise",
    "packed",
    "tpm",
    "android-key",
    "fido-u2f",
    "apple",
    "compound",
    "security-key",
    "usb",
    "",
    "AAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAA",
    "A=",
    "\u{1f511}",
];
const EXTENSIONS: [&str; 14] = [
    "appid",
    "appidExclude",
    "credProps",
    "credProtect",
    "credentialProtectionPolicy",
    "enforceCredentialProtectionPolicy",
    "hmacCreateSecret",
    "hmacGetSecret",
    "largeBlob",
    "minPinLength",
    "prf",
    "credBlob",
    "getCredBlob",
    "uvm",
];
const ALGORITHMS: [i64; 12] = [-7, -257, -8, -35, -36, -47, -19, -53, -9, -48, 0, i64::MIN];

impl<'a> Arbitrary<'a> for Story {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let names: Vec<&'static str> = Profile::names().collect();
        let products = u.int_in_range(1..=2)?;
        let calls = u.int_in_range(1..=3)?;
        Ok(Self {
            origin: u.choose(&ORIGINS)?,
            top_origin: if u.ratio(1, 8)? { Some(u.choose(&ORIGINS)?) } else { None },
            level_2: u.ratio(1, 8)?,
            activation: u.ratio(7, 8)?,
            willing: Answer {
                consents: u.ratio(15, 16)?,
                verified: u.ratio(15, 16)?,
                ..Answer::WILLING
            },
            products: (0..products).map(|_| u.choose(&names).copied()).collect::<Result<_>>()?,
            calls: (0..calls).map(|_| u.arbitrary()).collect::<Result<_>>()?,
        })
    }
}

impl<'a> Arbitrary<'a> for Call {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let creates = u.arbitrary()?;
        let mut options = if creates { creation(u)? } else { request(u)? };
        if u.ratio(1, 4)? {
            let wild = any(u, 3)?;
            let members: Vec<String> = options.keys().cloned().collect();
            options.insert(u.choose(&members)?.clone(), wild);
        }
        Ok(Self { creates, options: options.into(), lists_known: u.arbitrary()? })
    }
}

fn word(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(if u.ratio(1, 16)? { u.arbitrary::<&str>()? } else { *u.choose(&WORDS)? }.into())
}

fn octets(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(URL_SAFE_NO_PAD.encode(u.arbitrary::<&[u8]>()?).into())
}

fn any(u: &mut Unstructured<'_>, deep: usize) -> Result<Value> {
    Ok(match u.int_in_range(0..=if deep > 0 { 7 } else { 5 })? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => u.arbitrary::<i64>()?.into(),
        3 => u.arbitrary::<f64>()?.into(),
        4 => word(u)?,
        5 => octets(u)?,
        6 => (0..u.int_in_range(0..=3)?).map(|_| any(u, deep - 1)).collect::<Result<_>>()?,
        _ => {
            let members = u.int_in_range(0..=3)?;
            let mut object = Map::new();
            for _ in 0..members {
                let name = if u.arbitrary()? { *u.choose(&EXTENSIONS)? } else { u.arbitrary()? };
                object.insert(name.to_owned(), any(u, deep - 1)?);
            }
            object.into()
        }
    })
}

fn descriptors(u: &mut Unstructured<'_>) -> Result<Value> {
    let one = |u: &mut Unstructured<'_>| {
        let kind = if u.ratio(7, 8)? { "public-key".into() } else { word(u)? };
        Ok(json!({ "type": kind, "id": octets(u)?, "transports": [word(u)?] }))
    };
    (0..u.int_in_range(0..=2)?).map(|_| one(u)).collect()
}

fn extensions(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut extensions = Map::new();
    for _ in 0..u.int_in_range(0..=2)? {
        let (name, input) = match u.int_in_range(0..=6)? {
            0 => ("prf", json!({ "eval": { "first": octets(u)? } })),
            1 => ("prf", json!({ "eval": { "first": octets(u)?, "second": octets(u)? } })),
            2 => ("largeBlob", json!({ "support": word(u)? })),
            3 => ("largeBlob", json!({ "write": octets(u)? })),
            4 => ("hmacGetSecret", json!({ "salt1": octets(u)? })),
            5 => (*u.choose(&EXTENSIONS)?, true.into()),
            _ => (*u.choose(&EXTENSIONS)?, any(u, 2)?),
        };
        extensions.insert(name.to_owned(), input);
    }
    Ok(extensions.into())
}

fn creation(u: &mut Unstructured<'_>) -> Result<Map<String, Value>> {
    let algorithms = u.int_in_range(0..=3)?;
    let parameters = (0..algorithms).map(|_| {
        let kind = if u.ratio(15, 16)? { "public-key".into() } else { word(u)? };
        Ok(json!({ "type": kind, "alg": u.choose(&ALGORITHMS)? }))
    });
    let parameters: Vec<Value> = parameters.collect::<Result<_>>()?;
    let mut options = json!({
        "rp": { "name": "", "id": u.choose(&RP_IDS)? },
        "user": { "id": octets(u)?, "name": word(u)?, "displayName": word(u)? },
        "challenge": octets(u)?,
        "pubKeyCredParams": parameters,
        "timeout": u.arbitrary::<Option<u64>>()?,
        "excludeCredentials": descriptors(u)?,
        "authenticatorSelection": {
            "residentKey": word(u)?,
            "userVerification": word(u)?,
            "requireResidentKey": u.arbitrary::<bool>()?,
        },
        "hints": [word(u)?],
        "attestation": word(u)?,
        "attestationFormats": [word(u)?, word(u)?],
        "extensions": extensions(u)?,
    });
    if u.ratio(1, 4)? {
        options["authenticatorSelection"]["authenticatorAttachment"] = word(u)?;
    }
    if u.ratio(1, 2)? {
        options["rp"] = json!({ "name": "" });
    }
    Ok(members(options))
}

fn request(u: &mut Unstructured<'_>) -> Result<Map<String, Value>> {
    let mut options = members(json!({
        "challenge": octets(u)?,
        "timeout": u.arbitrary::<Option<u64>>()?,
        "allowCredentials": descriptors(u)?,
        "userVerification": word(u)?,
        "hints": [word(u)?],
        "extensions": extensions(u)?,
    }));
    if u.ratio(1, 2)? {
        options.insert("rpId".to_owned(), (*u.choose(&RP_IDS)?).into());
    }
    Ok(options)
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

impl Story {
    /// Asks everything, and looks at each answer.
    pub fn tell(self) {
        let env = Seeded::new("the client").answering(self.willing);
        let origin = Origin::parse(self.origin).expect("an origin");
        let mut client = Client::with_env(origin, env);
        for name in &self.products {
            client = client.with_authenticator(Profile::named(name).expect("a product"));
        }
        client.top_origin = self.top_origin.and_then(|origin| Origin::parse(origin).ok());
        client.activation = self.activation;
        if self.level_2 {
            client.generation = Generation::Level2;
        }
        let mut known: Vec<Value> = Vec::new();
        for mut call in self.calls {
            let list = if call.creates { "excludeCredentials" } else { "allowCredentials" };
            if let Some(Value::Array(list)) =
                call.options.get_mut(list).filter(|_| call.lists_known)
            {
                list.extend(known.iter().map(|id| json!({ "type": "public-key", "id": id })));
            }
            let answer = match call.creates {
                true => client.create(&call.options),
                false => client.get(&call.options),
            };
            match answer {
                Ok(answer) => {
                    let shown = |told: &str| format!("{told}: {} → {answer}", call.options);
                    assert!(self.willing.consents, "{}", shown("nobody agreed"));
                    if let Err(told) = check(&answer, &call, self.origin) {
                        panic!("{}", shown(told));
                    }
                    if call.creates {
                        known.push(answer["id"].clone());
                    }
                }
                Err(exception) => {
                    let told = exception.to_string();
                    assert!(told.len() > 20 && told.contains("Error: "), "{told}");
                }
            }
        }
    }
}

/// What every answer says, by the specification alone.
fn check(answer: &Value, call: &Call, origin: &str) -> std::result::Result<(), &'static str> {
    let response = &answer["response"];
    let data = decoded(&response["clientDataJSON"]).ok_or("no client data")?;
    let data: Value = serde_json::from_slice(&data).map_err(|_| "the client data are no JSON")?;
    let kind = if call.creates { "webauthn.create" } else { "webauthn.get" };
    let says = |holds, told| if holds { Ok(()) } else { Err(told) };
    says(data["type"] == kind, "another type")?;
    // The client converts a challenge of another kind to text before it decodes it.
    let challenge = call.options["challenge"].as_str();
    says(challenge.is_none_or(|challenge| data["challenge"] == challenge), "another challenge")?;
    says(data["origin"] == origin, "another origin")?;
    says(answer["type"] == "public-key", "no public key")?;
    says(answer["id"] == answer["rawId"], "two ids")?;
    let octets = decoded(&response["authenticatorData"]).ok_or("no authenticator data")?;
    let host = origin.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(':').next().unwrap_or_default();
    let asked = match call.creates {
        true => call.options["rp"]["id"].as_str(),
        false => call.options["rpId"].as_str(),
    };
    let hash = |rp_id: &str| digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
    let is = |rp_id: &str| octets.get(..32) == Some(hash(rp_id).as_slice());
    let is_asked = asked.is_none_or(|asked| is(&asked.to_lowercase()) || !asked.is_ascii());
    let is_app = call.options["extensions"].get("appid").is_some();
    says(is_asked || is_app, "another RP id than the one asked for")?;
    let is_own = host.match_indices('.').any(|(dot, _)| is(&host[dot + 1..])) || is(host);
    says(is_own || is_app, "an RP id that is not the page's")?;
    let flags = octets.get(32).copied().ok_or("no flags")?;
    says(flags & 1 == 1, "nobody was there")?;
    says(flags & 0x18 != 0x10, "backed up, and not eligible")?;
    says((flags & 0x40 != 0) == call.creates, "a credential where there is none, or none")?;
    let verification = match call.creates {
        true => &call.options["authenticatorSelection"]["userVerification"],
        false => &call.options["userVerification"],
    };
    says(verification != "required" || flags & 4 != 0, "nobody was verified")?;
    if call.creates {
        let object = decoded(&response["attestationObject"]).ok_or("no attestation object")?;
        let (object, rest) = Item::read(&object).ok_or("no CBOR")?;
        says(rest.is_empty(), "octets after the attestation object")?;
        says(object.get("authData").and_then(Item::bytes) == Some(&octets), "two data")?;
        let id = octets.get(55..).and_then(|rest| rest.get(..length(&octets)?));
        says(id == decoded(&answer["rawId"]).as_deref(), "another id in the data")?;
    } else if let Some(Value::Array(list)) = call.options.get("allowCredentials") {
        let listed = list.iter().any(|one| one["id"] == answer["id"]);
        says(list.is_empty() || listed, "a credential that was not listed")?;
    }
    Ok(())
}

/// The length of the credential id.
fn length(octets: &[u8]) -> Option<usize> {
    let two = octets.get(53..55)?.try_into().ok()?;
    Some(u16::from_be_bytes(two).into())
}

fn decoded(value: &Value) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(value.as_str()?).ok()
}
