use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::{AuthenticatorData, Flags};

use super::cbor;
use super::shown::{Shown, hex};

/// Octets that ought to be authenticator data (§6.1).
pub(super) fn shown(bytes: &[u8]) -> Shown {
    let decoded = AuthenticatorData::decode(bytes);
    let mut fields = fixed(bytes).unwrap_or_default();
    match decoded {
        Ok(data) => {
            if let Some(attested) = &data.attested {
                fields.extend(credential(attested));
            }
            if let Some(extensions) = &data.extensions {
                fields.push(field("extensions", cbor::shown(extensions)));
            }
        }
        Err(error) => {
            let rest = if fields.is_empty() { bytes } else { bytes.get(FIXED..).unwrap_or(bytes) };
            fields.push(field("rest", Shown::Plain(hex(rest))));
            fields.push(field("not readable", Shown::Plain(error.to_string())));
        }
    }
    Shown::nested("", fields, "")
}

/// Octets of the part that is always there.
const FIXED: usize = 37;

fn fixed(bytes: &[u8]) -> Option<Vec<(String, Shown)>> {
    let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
    let ([flags], rest) = rest.split_first_chunk::<1>()?;
    let count = rest.first_chunk::<4>()?;
    let set = Flags::NAMES.iter().filter(|(_, bit)| *flags >> bit & 1 == 1);
    let names: Vec<_> = set.map(|(name, _)| name.to_uppercase()).collect();
    let plain = |name: &str, text: String| field(name, Shown::Plain(text));
    Some(vec![
        plain("RP id hash", hex(rp_id_hash)),
        plain("flags", format!("0x{flags:02x} {}", names.join(" "))),
        plain("counter", u32::from_be_bytes(*count).to_string()),
    ])
}

fn credential(attested: &AttestedCredentialData) -> [(String, Shown); 3] {
    [
        field("AAGUID", Shown::Plain(uuid(&attested.aaguid))),
        field("credential id", Shown::Plain(hex(&attested.credential_id))),
        field("public key", cbor::key(&attested.public_key)),
    ]
}

fn uuid(bytes: &[u8; 16]) -> String {
    let hex = base16ct::lower::encode_string(bytes);
    let part = |range| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

fn field(name: &str, value: Shown) -> (String, Shown) {
    (format!("{name:13} "), value)
}
