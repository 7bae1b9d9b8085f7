//! An independent judge of responses: the steps of §7.1 and §7.2 once more,
//! from the text of the specification and with other libraries, so that it
//! can be wrong in other places than the reference RP only.
//!
//! It knows the formats `none` and `packed` without certificates. Whoever
//! asks it trusts no certificate, so that every other format is refused;
//! by which steps is not its business (see [`Finding::exact`]).

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::Value as Cbor;
use coset::iana::{Algorithm, Ec2KeyParameter, EllipticCurve, KeyParameter, KeyType};
use coset::{AsCborValue, CborSerializable, CoseKey, Label};
use num_bigint::BigUint;
use passrig_authenticator::Ceremony;
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::Value;

use crate::cbor::{Item, canonical, canonical_object};

/// What the relying party knows.
#[derive(Clone, Debug)]
pub struct Known {
    pub ceremony: Ceremony,
    pub origin: String,
    pub rp_id: String,
    /// The challenge, as it stands in the options.
    pub challenge: String,
    /// The AppID that an authentication was asked about (§10.1.1).
    pub app_id: Option<String>,
    pub verification_required: bool,
    /// The user handle of the account that an authentication was asked for.
    pub named: Option<Vec<u8>>,
    /// The registered credentials.
    pub credentials: Vec<Credential>,
}

/// A registered credential.
#[derive(Clone, Debug)]
pub struct Credential {
    pub id: Vec<u8>,
    pub user_handle: Vec<u8>,
    pub x: Vec<u8>,
    pub y: Vec<u8>,
    pub sign_count: u32,
    pub backup_eligible: bool,
}

/// What the judge finds.
#[derive(Debug, Default, PartialEq)]
pub struct Finding {
    /// The steps that are violated.
    pub violated: BTreeSet<&'static str>,
    /// Whether there are no others.
    pub exact: bool,
}

/// Judges the body of a response.
pub fn judge(known: &Known, body: &[u8]) -> Finding {
    let mut judge = Judge { known, found: Finding { exact: true, ..Finding::default() } };
    match known.ceremony {
        Ceremony::Registration => judge.registration(body),
        Ceremony::Authentication => judge.authentication(body),
    }
    judge.found
}

/// The credential of a registration's body, as it is stored afterwards.
pub fn credential(body: &[u8], user_handle: Vec<u8>) -> Option<Credential> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let object = octets(body.get("response")?.get("attestationObject")?)?;
    let (object, _) = Item::read(&object)?;
    let data = Data::read(object.get("authData")?.bytes()?)?;
    let (id, key) = data.credential?;
    let (x, y) = (key.at(X)?.bytes()?.to_vec(), key.at(Y)?.bytes()?.to_vec());
    let (sign_count, backup_eligible) = (data.sign_count, data.flags & BE != 0);
    Some(Credential { id, user_handle, x, y, sign_count, backup_eligible })
}

const UP: u8 = 1;
const UV: u8 = 1 << 2;
const BE: u8 = 1 << 3;
const BS: u8 = 1 << 4;
const AT: u8 = 1 << 6;
const ED: u8 = 1 << 7;

struct Judge<'a> {
    known: &'a Known,
    found: Finding,
}

impl Judge<'_> {
    /// Notes a step of the ceremony that does not hold. They have one number
    /// in §7.1 and another in §7.2.
    fn unless(&mut self, holds: bool, registration: &'static str, authentication: &'static str) {
        if !holds {
            self.found.violated.insert(match self.known.ceremony {
                Ceremony::Registration => registration,
                Ceremony::Authentication => authentication,
            });
        }
    }

    fn violates(&mut self, step: &'static str) {
        self.found.violated.insert(step);
    }

    fn registration(&mut self, body: &[u8]) {
        let Some(response) = Response::read(body, Ceremony::Registration) else {
            return self.violates("7.1/3");
        };
        self.unless(response.is_sound, "7.1/3", "");
        self.client_data(&response.client_data);
        let Some((fmt, statement, octets)) = attestation(&response.proof) else {
            return self.violates("7.1/13");
        };
        let data = Data::read(&octets).filter(|data| data.credential.is_some());
        self.unless(data.is_some(), "7.1/13", "");
        let key = data.as_ref().and_then(|data| Some(&data.credential.as_ref()?.1));
        if let Some(data) = &data {
            self.authenticator_data(data, None);
        }
        if let Some((id, key)) = data.as_ref().and_then(|data| data.credential.as_ref()) {
            self.unless(is_es256(key), "7.1/20", "");
            self.unless((1..=1023).contains(&id.len()), "7.1/25", "");
            let taken = self.known.credentials.iter().any(|known| known.id == *id);
            self.unless(!taken, "7.1/26", "");
        }
        let message = [octets.as_slice(), &sha256(&response.client_data)].concat();
        self.statement(&fmt, &statement, key, &message);
    }

    fn statement(&mut self, fmt: &str, statement: &Item, key: Option<&Item>, message: &[u8]) {
        match fmt {
            "none" => self.unless(*statement == Item::Map(Vec::new()), "8.7/syntax", ""),
            "packed" => self.packed(statement, key, message),
            "compound" => self.compound(statement, key, message),
            _ => {
                // Nobody is trusted to make such a statement, or it is none.
                self.violates("7.1/21");
                self.found.exact = false;
            }
        }
    }

    /// §8.2
    fn packed(&mut self, statement: &Item, key: Option<&Item>, message: &[u8]) {
        let alg = statement.get("alg").and_then(Item::int);
        let sig = statement.get("sig").and_then(Item::bytes);
        let (Some(alg), Some(sig)) = (alg, sig) else { return self.violates("8.2/1") };
        // Level 3 knows no ECDAA.
        if statement.get("ecdaaKeyId").is_some() {
            return self.violates("8.2/1");
        }
        if statement.get("x5c").is_some() {
            self.violates("8.2/1");
            self.found.exact = false;
            return;
        }
        let Some(key) = key else { return };
        let Some(key_alg) = algorithm(key) else { return };
        self.unless(alg == key_alg, "8.2/3a", "");
        if key_alg != ES256 {
            // Refused for its algorithm. What it signed is another question.
            self.found.exact = false;
        } else if let Some((x, y)) = point(key) {
            self.unless(signed(x, y, message, sig), "8.2/3b", "");
        }
    }

    /// §8.9, where all statements have to be valid.
    fn compound(&mut self, statement: &Item, key: Option<&Item>, message: &[u8]) {
        let read = |item: &Item| {
            let fmt = item.get("fmt")?.text().filter(|fmt| *fmt != "compound")?;
            item.get("attStmt")?;
            Some(fmt.to_owned())
        };
        let Item::List(items) = statement else { return self.violates("8.9/syntax") };
        let formats: Option<Vec<String>> = items.iter().map(read).collect();
        let Some(formats) = formats.filter(|formats| formats.len() > 1) else {
            return self.violates("8.9/syntax");
        };
        for (fmt, item) in formats.iter().zip(items) {
            let found = Finding { exact: true, ..Finding::default() };
            let mut inner = Judge { known: self.known, found };
            if let Some(statement) = item.get("attStmt") {
                inner.statement(fmt, statement, key, message);
            }
            self.unless(inner.found.violated.is_empty(), "8.9/1", "");
            // Whether an unknown statement is invalid is certain: nobody is trusted.
        }
    }

    fn authentication(&mut self, body: &[u8]) {
        let Some(response) = Response::read(body, Ceremony::Authentication) else {
            return self.violates("7.2/3");
        };
        self.unless(response.is_sound, "", "7.2/3");
        let credential = self.known.credentials.iter().find(|known| known.id == response.id);
        let owner = credential.map(|credential| &credential.user_handle);
        match &self.known.named {
            Some(named) => {
                let own = owner == Some(named);
                self.unless(own, "", "7.2/5");
                let consistent = response.user_handle.as_ref().is_none_or(|sent| sent == named);
                self.unless(own && consistent, "", "7.2/6a");
            }
            None => {
                let handle = response.user_handle.as_ref();
                self.unless(handle.is_some() && handle == owner, "", "7.2/6b");
            }
        }
        self.client_data(&response.client_data);
        let data = Data::read(&response.proof);
        self.unless(data.is_some(), "", "7.2/15");
        let app_id = self.known.app_id.as_deref().filter(|_| response.claims_app_id);
        if let Some(data) = &data {
            self.authenticator_data(data, app_id);
        }
        let Some(credential) = credential else { return };
        if let Some(data) = &data {
            let eligible = data.flags & BE != 0;
            self.unless(eligible == credential.backup_eligible, "", "7.2/19");
            let (sent, stored) = (data.sign_count, credential.sign_count);
            self.unless(sent > stored || (sent == 0 && stored == 0), "", "7.2/22");
        }
        let message = [response.proof.as_slice(), &sha256(&response.client_data)].concat();
        let Credential { x, y, .. } = credential;
        self.unless(signed(x, y, &message, &response.signature), "", "7.2/21");
    }

    /// §7.1 steps 5 to 11, §7.2 steps 8 to 14.
    fn client_data(&mut self, octets: &[u8]) {
        let (text, _) = encoding_rs::UTF_8.decode_with_bom_removal(octets);
        let data: Value = serde_json::from_str(&text).unwrap_or_default();
        let Value::Object(data) = data else {
            return self.unless(false, "7.1/6", "7.2/9");
        };
        let text = |name: &str| data.get(name).and_then(Value::as_str);
        let kind = match self.known.ceremony {
            Ceremony::Registration => "webauthn.create",
            Ceremony::Authentication => "webauthn.get",
        };
        self.unless(text("type") == Some(kind), "7.1/7", "7.2/10");
        self.unless(text("challenge") == Some(&self.known.challenge), "7.1/8", "7.2/11");
        self.unless(text("origin") == Some(&self.known.origin), "7.1/9", "7.2/12");
        let framed = data.get("crossOrigin").is_some_and(|value| *value != Value::Bool(false));
        self.unless(!framed, "7.1/10", "7.2/13");
        self.unless(!data.contains_key("topOrigin"), "7.1/11", "7.2/14");
    }

    /// §7.1 steps 14 to 17, §7.2 steps 15 to 18.
    fn authenticator_data(&mut self, data: &Data, app_id: Option<&str>) {
        let scope = app_id.unwrap_or(&self.known.rp_id);
        let own = data.rp_id_hash == sha256(scope.as_bytes());
        self.unless(own, "7.1/14", "7.2/15");
        self.unless(data.flags & UP != 0, "7.1/15", "7.2/16");
        let verified = data.flags & UV != 0 || !self.known.verification_required;
        self.unless(verified, "7.1/16", "7.2/17");
        let consistent = data.flags & BS == 0 || data.flags & BE != 0;
        self.unless(consistent, "7.1/17", "7.2/18");
    }
}

/// What both kinds of responses have.
struct Response {
    id: Vec<u8>,
    client_data: Vec<u8>,
    /// The attestation object, or the authenticator data.
    proof: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
    /// Whether the client says that it used the AppID.
    claims_app_id: bool,
    /// Whether it is of the right type, and says its id twice.
    is_sound: bool,
}

impl Response {
    fn read(body: &[u8], ceremony: Ceremony) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let body = body.as_object()?;
        let inner = body.get("response")?.as_object()?;
        let (id, raw_id) = (octets(body.get("id")?)?, octets(body.get("rawId")?)?);
        let kind = body.get("type")?.as_str()?;
        is_text_or_nothing(body.get("authenticatorAttachment"))?;
        let results = body.get("clientExtensionResults");
        is_absent_or(results, Value::is_object)?;
        let claims_app_id = results.and_then(|all| all.get("appid")) == Some(&Value::Bool(true));
        let (proof, signature, user_handle) = match ceremony {
            Ceremony::Registration => {
                octets_or_nothing(inner.get("authenticatorData"))?;
                octets_or_nothing(inner.get("publicKey"))?;
                let is_number = |value: &Value| value.is_null() || value.is_i64();
                is_absent_or(inner.get("publicKeyAlgorithm"), is_number)?;
                is_absent_or(inner.get("transports"), |value| {
                    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
                })?;
                (octets(inner.get("attestationObject")?)?, Vec::new(), None)
            }
            Ceremony::Authentication => (
                octets(inner.get("authenticatorData")?)?,
                octets(inner.get("signature")?)?,
                octets_or_nothing(inner.get("userHandle"))?,
            ),
        };
        let client_data = octets(inner.get("clientDataJSON")?)?;
        let is_sound = kind == "public-key" && id == raw_id;
        let id = raw_id;
        Some(Self { id, client_data, proof, signature, user_handle, claims_app_id, is_sound })
    }
}

fn is_absent_or(value: Option<&Value>, holds: impl Fn(&Value) -> bool) -> Option<()> {
    value.is_none_or(holds).then_some(())
}

fn is_text_or_nothing(value: Option<&Value>) -> Option<()> {
    is_absent_or(value, |value| value.is_null() || value.is_string())
}

fn octets(value: &Value) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(value.as_str()?).ok()
}

/// The outer `None` if there is something else than octets.
fn octets_or_nothing(value: Option<&Value>) -> Option<Option<Vec<u8>>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => octets(value).map(Some),
    }
}

/// Format, statement and authenticator data of an attestation object.
fn attestation(octets: &[u8]) -> Option<(String, Item, Vec<u8>)> {
    let (object, rest) = Item::read(octets)?;
    canonical_object(octets)?;
    let fmt = object.get("fmt")?.text()?.to_owned();
    let data = object.get("authData")?.bytes()?.to_vec();
    object.get("attStmt")?;
    let Item::Map(entries) = object else { return None };
    let is_statement = |(key, _): &(Item, Item)| key.text() == Some("attStmt");
    let (_, statement) = entries.into_iter().find(is_statement)?;
    rest.is_empty().then_some((fmt, statement, data))
}

/// Authenticator data (§6.1).
struct Data {
    rp_id_hash: Vec<u8>,
    flags: u8,
    sign_count: u32,
    credential: Option<(Vec<u8>, Item)>,
}

impl Data {
    fn read(octets: &[u8]) -> Option<Self> {
        let rp_id_hash = octets.get(..32)?.to_vec();
        let flags = *octets.get(32)?;
        let sign_count = u32::from_be_bytes(octets.get(33..37)?.try_into().ok()?);
        let mut rest = octets.get(37..)?;
        let mut credential = None;
        if flags & AT != 0 {
            let length = usize::from(u16::from_be_bytes(rest.get(16..18)?.try_into().ok()?));
            let id = rest.get(18..18 + length)?.to_vec();
            let octets = rest.get(18 + length..)?;
            let (key, _) = Item::read(octets)?;
            let after = canonical(octets)?;
            assert_coset_agrees(&key, octets.get(..octets.len() - after.len())?);
            credential = Some((id, key));
            rest = after;
        }
        if flags & ED != 0 {
            let (Item::Map(outputs), _) = Item::read(rest)? else { return None };
            rest = canonical(rest)?;
            // Identifiers are texts (§9.1).
            outputs.iter().all(|(name, _)| name.text().is_some()).then_some(())?;
        }
        rest.is_empty().then_some(Self { rp_id_hash, flags, sign_count, credential })
    }
}

const KTY: i64 = KeyParameter::Kty as i64;
const ALG: i64 = KeyParameter::Alg as i64;
/// The modulus of RSA keys and the public key of AKP keys have this number, too.
const CRV: i64 = Ec2KeyParameter::Crv as i64;
/// The public exponent of RSA keys has this number, too.
const X: i64 = Ec2KeyParameter::X as i64;
const Y: i64 = Ec2KeyParameter::Y as i64;
const D: i64 = Ec2KeyParameter::D as i64;
const OKP: i64 = KeyType::OKP as i64;
const EC2: i64 = KeyType::EC2 as i64;
const RSA: i64 = KeyType::RSA as i64;
const AKP: i64 = KeyType::AKP as i64;
const ES256: i64 = Algorithm::ES256 as i64;

/// Asserts that `coset`, as a second reader, finds the fields of the key that the
/// judge finds. `coset` refuses more than the specification does, such as
/// unregistered algorithms and ill-formed optional members: its refusal says
/// nothing.
fn assert_coset_agrees(key: &Item, octets: &[u8]) {
    let Ok(second) = CoseKey::from_slice(octets) else { return };
    // `ciborium` below it reads a tagged big number as an integer: only a key in the canonical
    // encoding is the same one for both.
    if second.clone().to_vec().ok().as_deref() != Some(octets) {
        return;
    }
    let number = |value: &Cbor| i64::try_from(i128::from(value.as_integer()?)).ok();
    let kty = second.kty.clone().to_cbor_value().ok().as_ref().and_then(number);
    let alg = second.alg.clone().and_then(|alg| alg.to_cbor_value().ok());
    let first = |label| key.at(label).and_then(Item::int);
    assert_eq!((first(KTY), first(ALG)), (kty, alg.as_ref().and_then(number)), "{second:?}");
    for label in [CRV, X, Y, D] {
        let found = second.params.iter().find(|(name, _)| *name == Label::Int(label));
        let found = found.map(|(_, value)| value);
        assert_eq!(first(label), found.and_then(number), "{label} in {second:?}");
        let bytes = found.and_then(Cbor::as_bytes).map(Vec::as_slice);
        assert_eq!(key.at(label).and_then(Item::bytes), bytes, "{label} in {second:?}");
    }
}

/// The algorithm of a COSE key that has what its type needs (RFC 9053 §7,
/// RFC 8230 §4).
fn algorithm(key: &Item) -> Option<i64> {
    let int = |label| key.at(label).and_then(Item::int);
    let bytes = |label| key.at(label).and_then(Item::bytes).is_some();
    let complete = match int(KTY)? {
        OKP => int(CRV).is_some() && bytes(X),
        EC2 => int(CRV).is_some() && bytes(X) && bytes(Y),
        RSA => bytes(CRV) && bytes(X),
        AKP => bytes(CRV),
        _ => false,
    };
    int(ALG).filter(|_| complete)
}

/// Whether a COSE key is one for ES256 and nothing but that (§5.8.5, §6.5.1.1).
fn is_es256(key: &Item) -> bool {
    let is_elliptic = key.at(KTY).and_then(Item::int) == Some(EC2);
    let is_private = key.at(D).is_some();
    is_elliptic && algorithm(key) == Some(ES256) && !is_private && point(key).is_some()
}

/// The coordinates of a point on P-256.
fn point(key: &Item) -> Option<(&[u8], &[u8])> {
    if key.at(KTY)?.int()? != EC2 || key.at(CRV)?.int()? != EllipticCurve::P_256 as i64 {
        return None;
    }
    let (x, y) = (key.at(X)?.bytes()?, key.at(Y)?.bytes()?);
    (x.len() == 32 && y.len() == 32 && is_on_curve(x, y)).then_some((x, y))
}

/// y² = x³ − 3x + b (SEC 2 §2.4.2).
fn is_on_curve(x: &[u8], y: &[u8]) -> bool {
    let number = |hex: &[u8]| BigUint::parse_bytes(hex, 16).unwrap_or_default();
    let p = number(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    let b = number(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
    let (x, y) = (BigUint::from_bytes_be(x), BigUint::from_bytes_be(y));
    let minus_three = &p - 3u32;
    x < p && y < p && &y * &y % &p == (&x * &x * &x + minus_three * &x + b) % &p
}

fn signed(x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let point = [&[4], x, y].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    digest(&SHA256, octets).as_ref().to_vec()
}
