//! Deviations for fuzz targets: plausible more often than not, so that most
//! inputs reach something, and odd enough to reach what nobody thought of.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{Deviation, Edit, Encoding, Operation, Path, Value};
use crate::ceremony::Ceremony;
use crate::wire::{Cbor, Json};

/// Up to this many edits make a deviation.
const MOST_EDITS: usize = 4;
/// The longest run of one octet: longer than any limit on what a ceremony
/// carries, short enough for thousands of executions a second.
const MOST_REPEATED: usize = 2048;
/// How deep values stand in values.
const DEEPEST: usize = 2;

/// Places that ceremonies have. `certificate`, `pub_area`, `cert_info` and the
/// JWS are there only if the plan's format makes them.
const PLACES: [&str; 79] = [
    "plan.certified",
    "plan.chain",
    "plan.credential_id",
    "plan.format",
    "plan.issuer",
    "plan.rp_id",
    "plan.sign_count",
    "plan.signer",
    "plan.user_handle",
    "client_data",
    "client_data.challenge",
    "client_data.challenge.text",
    "client_data.crossOrigin",
    "client_data.origin",
    "client_data.origin.host",
    "client_data.origin.path",
    "client_data.origin.port",
    "client_data.origin.scheme",
    "client_data.type",
    "authenticator_data",
    "authenticator_data.rp_id_hash",
    "authenticator_data.flags",
    "authenticator_data.flags.at",
    "authenticator_data.flags.be",
    "authenticator_data.flags.bs",
    "authenticator_data.flags.ed",
    "authenticator_data.flags.rfu1",
    "authenticator_data.flags.rfu2",
    "authenticator_data.flags.up",
    "authenticator_data.flags.uv",
    "authenticator_data.sign_count",
    "authenticator_data.attested_credential_data",
    "authenticator_data.attested_credential_data.aaguid",
    "authenticator_data.attested_credential_data.credential_id",
    "authenticator_data.attested_credential_data.credential_id_length",
    "authenticator_data.attested_credential_data.credential_public_key",
    "authenticator_data.attested_credential_data.credential_public_key.alg",
    "authenticator_data.attested_credential_data.credential_public_key.crv",
    "authenticator_data.attested_credential_data.credential_public_key.kty",
    "authenticator_data.attested_credential_data.credential_public_key.x",
    "authenticator_data.attested_credential_data.credential_public_key.y",
    "certificate",
    "certificate.extensions",
    "certificate.extensions[2.5.29.19]",
    "certificate.extensions[1.3.6.1.4.1.45724.1.1.4].value",
    "certificate.subject",
    "certificate.subject_public_key_info.algorithm[1]",
    "certificate.validity.not_after",
    "certificate.validity.not_before",
    "certificate.version",
    "pub_area",
    "pub_area.unique.x",
    "cert_info",
    "cert_info.attested.name.digest",
    "cert_info.extra_data",
    "cert_info.magic",
    "cert_info.type",
    "jws_header.alg",
    "jws_payload",
    "jws_payload.nonce",
    "signature",
    "signature.r",
    "signature.s",
    "statement",
    "statement.alg",
    "statement.sig",
    "statement.x5c",
    "attestation_object",
    "attestation_object.attStmt",
    "attestation_object.authData",
    "attestation_object.fmt",
    "response",
    "response.id",
    "response.rawId",
    "response.type",
    "response.response",
    "response.client_data_json",
    "response.attestation_object",
    "response.clientExtensionResults",
];

/// Places of assertions alone, and less common ones.
const MORE_PLACES: [&str; 12] = [
    "response.authenticator_data",
    "response.signature",
    "response.user_handle",
    "response.client_data_json.text",
    "response.attestation_object.text",
    "response.authenticator_data.text",
    "response.signature.text",
    "response.user_handle.text",
    "response.transports",
    "response.public_key",
    "response.public_key_algorithm",
    "response.authenticatorAttachment",
];

/// Texts that mean something somewhere.
const TEXTS: [&str; 28] = [
    "",
    "x",
    "webauthn.create",
    "webauthn.get",
    "public-key",
    "none",
    "packed",
    "packed-self",
    "tpm",
    "android-key",
    "android-safetynet",
    "fido-u2f",
    "apple",
    "compound",
    "another",
    "credential",
    "https://login.example.org",
    "https://evil.example",
    "https://xn--e1awd7f.example",
    "android:apk-key-hash:AAAA",
    "null",
    "example.org",
    "sub.",
    "443",
    "\u{0}",
    "\u{feff}",
    "\u{202e}\u{1f511}",
    "AAAA=",
];

/// Members that artefacts have, may have, or should not have.
const NAMES: [&str; 16] = [
    "type",
    "challenge",
    "origin",
    "crossOrigin",
    "topOrigin",
    "tokenBinding",
    "fmt",
    "attStmt",
    "authData",
    "alg",
    "sig",
    "x5c",
    "ver",
    "userHandle",
    "-4",
    "__proto__",
];

/// JSON values of every kind, and some that parsers treat differently.
const JSON: [&str; 12] = [
    "null",
    "true",
    "false",
    "0",
    "-7",
    "1e400",
    "9007199254740993",
    "\"\"",
    "[]",
    "{}",
    "[{\"type\":\"public-key\"}]",
    "\"\\ud83d\\udd11\"",
];

/// CBOR items of every kind.
const CBOR: [&[u8]; 14] = [
    b"\x00",
    b"\x26",
    b"\x40",
    b"\x60",
    b"\x80",
    b"\xa0",
    b"\xbf\xff",
    b"\xf4",
    b"\xf6",
    b"\xf7",
    b"\xf9\x7e\x00",
    b"\xc0\x00",
    b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xa2\x00\x00\x00\x00",
];

/// What the harness supplies, see [`super::Facts`].
const FACTS: [&str; 4] =
    ["other.credential_id", "other.user_handle", "own.credential_id", "rp.origin"];

impl<'a> Arbitrary<'a> for Ceremony {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(if u.arbitrary()? { Self::Registration } else { Self::Authentication })
    }
}

/// No edit to four of them: an honest ceremony is a deviation too.
impl<'a> Arbitrary<'a> for Deviation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let edits = u.int_in_range(0..=MOST_EDITS)?;
        Ok(Self::new((0..edits).map(|_| u.arbitrary()).collect::<Result<_>>()?))
    }
}

impl<'a> Arbitrary<'a> for Edit {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { at: u.arbitrary()?, operation: u.arbitrary()? })
    }
}

/// Nearly always a place that some ceremony has.
impl<'a> Arbitrary<'a> for Path {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let text = match u.int_in_range(0..=15)? {
            0 => u.arbitrary::<&str>()?.to_owned(),
            1 => format!("{}.{}", u.choose(&PLACES)?, u.choose(&NAMES)?),
            2 => format!("{}[{}]", u.choose(&PLACES)?, u.int_in_range(0..=3u8)?),
            3..=5 => (*u.choose(&MORE_PLACES)?).to_owned(),
            _ => (*u.choose(&PLACES)?).to_owned(),
        };
        text.parse().map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=12)? {
            0..=3 => Self::Set(u.arbitrary()?),
            4 => Self::Remove,
            5 => Self::Rename(text(u, &NAMES)?),
            6 => Self::Append(u.arbitrary()?),
            7 => Self::Prepend(u.arbitrary()?),
            8 => Self::Truncate(u.arbitrary::<i16>()?.into()),
            9 => Self::Duplicate(u.arbitrary()?),
            10 => Self::Reorder,
            11 => Self::Flip,
            _ => Self::Encode(u.arbitrary()?),
        })
    }
}

impl<'a> Arbitrary<'a> for Value {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        value(u, DEEPEST)
    }
}

fn value(u: &mut Unstructured<'_>, deep: usize) -> Result<Value> {
    // The last two kinds hold values.
    let kinds = if deep > 0 { 9 } else { 7 };
    Ok(match u.int_in_range(0..=kinds)? {
        0 => Value::Bool(u.arbitrary()?),
        1 => Value::Int(u.arbitrary::<i16>()?.into()),
        2 => Value::Int(u.arbitrary()?),
        3 => Value::Text(text(u, &TEXTS)?),
        4 => Value::Bytes(u.arbitrary()?),
        5 => Value::Cbor(cbor(u)?),
        6 => Value::Json(json(u)?),
        7 => match u.arbitrary()? {
            true => Value::From((*u.choose(&FACTS)?).to_owned()),
            false => {
                Value::Repeat { octet: u.arbitrary()?, len: u.int_in_range(0..=MOST_REPEATED)? }
            }
        },
        8 => Value::Hash(Box::new(value(u, deep - 1)?)),
        _ => Value::Member { name: text(u, &NAMES)?, value: Box::new(value(u, deep - 1)?) },
    })
}

/// One of the known texts, or any.
fn text(u: &mut Unstructured<'_>, known: &[&str]) -> Result<String> {
    Ok(if u.ratio(1, 4)? { u.arbitrary::<&str>()? } else { u.choose(known)? }.to_owned())
}

fn cbor(u: &mut Unstructured<'_>) -> Result<Cbor> {
    let octets = if u.arbitrary()? { u.arbitrary::<&[u8]>()? } else { u.choose(&CBOR)? };
    Cbor::decode(octets).map_err(|_| arbitrary::Error::IncorrectFormat)
}

fn json(u: &mut Unstructured<'_>) -> Result<Json> {
    let text = if u.ratio(1, 4)? { u.arbitrary::<&str>()? } else { u.choose(&JSON)? };
    // What is no JSON is put in as it is: parsers have to cope.
    Ok(Json::parse(text.as_bytes()).unwrap_or_else(|_| Json::Raw(text.as_bytes().to_vec())))
}

impl<'a> Arbitrary<'a> for Encoding {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let all = [
            Self::Spaced,
            Self::Escaped,
            Self::Base64urlPadded,
            Self::Base64,
            Self::TrailingBits,
            Self::Base64urlTwice,
            Self::UpperCase,
            Self::SwapCase,
            Self::Homograph,
            Self::NonMinimal,
            Self::Indefinite,
            Self::HighS,
            Self::LowS,
            Self::P1363,
        ];
        u.choose(&all).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Octets without a pattern, and always the same.
    fn octets(seed: u32) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 16) as u8
        };
        (0..256).map(|_| next()).collect()
    }

    #[test]
    fn places_are_paths() {
        for place in PLACES.iter().chain(&MORE_PLACES) {
            assert!(place.parse::<Path>().is_ok(), "{place}");
        }
    }

    #[test]
    fn most_octets_are_a_deviation_and_their_variety_is_great() {
        let made = (0..1000).map(|seed| {
            let octets = octets(seed);
            Deviation::arbitrary_take_rest(Unstructured::new(&octets))
        });
        let made: Vec<Deviation> = made.filter_map(Result::ok).collect();
        assert!(made.len() > 700, "{}", made.len());
        let edits = || made.iter().flat_map(Deviation::edits);
        let mut places: Vec<_> = edits().map(|edit| edit.at.to_string()).collect();
        places.sort();
        places.dedup();
        assert!(places.len() > 80, "{}", places.len());
        let mut operations: Vec<_> = edits().map(|edit| edit.operation.name()).collect();
        operations.sort();
        operations.dedup();
        assert_eq!(operations.len(), 10);
    }
}
