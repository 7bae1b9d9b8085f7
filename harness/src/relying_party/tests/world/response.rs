//! Responses before they are made: each member can be edited.

use passrig_authenticator::keys::SigningKey;
use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::{Cbor, Der, Flags, Json, Tree};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{ORIGIN, TestCredential};

/// A registration response before it is made.
pub(crate) struct Create {
    /// The body of the options request.
    pub(crate) client: Vec<(String, Json)>,
    pub(crate) bom: bool,
    pub(crate) rp_id: String,
    pub(crate) flags: Flags,
    pub(crate) device: TestCredential,
    pub(crate) public_key: Cbor,
    pub(crate) fmt: &'static str,
    pub(crate) statement: Option<Cbor>,
    pub(crate) signer: SigningKey,
    pub(crate) signature: SignatureChoice,
    pub(crate) trailing: Vec<u8>,
    pub(crate) body: Value,
    pub(crate) origin_header: Option<String>,
}

/// An authentication response before it is made.
pub(crate) struct Get {
    pub(crate) client: Vec<(String, Json)>,
    pub(crate) bom: bool,
    pub(crate) rp_id: String,
    pub(crate) flags: Flags,
    pub(crate) device: TestCredential,
    pub(crate) user_handle: Option<Vec<u8>>,
    pub(crate) attested: Option<AttestedCredentialData>,
    pub(crate) signature: SignatureChoice,
    pub(crate) trailing: Vec<u8>,
    pub(crate) body: Value,
    pub(crate) origin_header: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum SignatureChoice {
    Right,
    HighS,
    Empty,
    Garbage,
    DataOnly,
    Other,
}

impl SignatureChoice {
    pub(super) fn make(self, key: &SigningKey, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let message = [data, &Sha256::digest(client_data)].concat();
        let signature = key.sign(&message);
        match self {
            // Of the two values of s always the same one, so that mutants that
            // mind do so only where a case is about it.
            Self::Right => either_s(&signature, false),
            Self::HighS => either_s(&signature, true),
            Self::Empty => Vec::new(),
            Self::Garbage => b"garbage".to_vec(),
            Self::DataOnly => key.sign(data).render(),
            Self::Other => key.sign(b"something else").render(),
        }
    }
}

/// The signature with the larger or smaller of its two values of s.
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

pub(crate) trait ClientDataEdit {
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

pub(super) fn client_members(kind: &str, options: &Value) -> Vec<(String, Json)> {
    vec![
        ("type".into(), Json::text(kind)),
        ("challenge".into(), Json::text(options["challenge"].as_str().unwrap())),
        ("origin".into(), Json::text(ORIGIN)),
        ("crossOrigin".into(), Json::Bool(false)),
    ]
}

pub(super) fn client_data_json(members: Vec<(String, Json)>, bom: bool) -> Vec<u8> {
    let bom: &[u8] = if bom { b"\xef\xbb\xbf" } else { b"" };
    [bom, &Json::Object(members).render()].concat()
}
