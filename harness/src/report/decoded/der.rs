use passrig_authenticator::wire::Der;
use passrig_authenticator::wire::der::{Content, Length, tag};

use super::shown::{Shown, hex, quoted};

/// An element.
pub(super) fn shown(der: &Der) -> Shown {
    let length = match der.length {
        Length::Minimal => "",
        Length::Long(_) => " (length in long form)",
        Length::Indefinite => " (indefinite length)",
    };
    let name = name(&der.tag) + length;
    match &der.content {
        Content::Constructed(items) => {
            let inside = items.iter().map(|item| (String::new(), shown(item))).collect();
            Shown::nested(&format!("{name} {{"), inside, "}")
        }
        Content::Primitive(bytes) => primitive(&der.tag, bytes, &name),
    }
}

fn primitive(tag: &[u8], bytes: &[u8], name: &str) -> Shown {
    let [tag] = tag else { return Shown::Plain(format!("{name} {}", hex(bytes))) };
    let text = || std::str::from_utf8(bytes).map_or_else(|_| hex(bytes), quoted);
    let value = match *tag {
        tag::BOOLEAN if bytes == [0] => "FALSE".to_owned(),
        tag::BOOLEAN if bytes == [0xff] => "TRUE".to_owned(),
        tag::INTEGER | tag::ENUMERATED => integer(bytes),
        tag::OBJECT_IDENTIFIER => return Shown::Plain(named(&oid(bytes))),
        tag::UTF8_STRING | tag::PRINTABLE_STRING | 0x16 | tag::UTC_TIME | tag::GENERALIZED_TIME => {
            text()
        }
        0x05 if bytes.is_empty() => return Shown::Plain(name.to_owned()),
        // A name or an address in a GeneralName.
        0x81 | 0x82 | 0x86 => text(),
        tag::BIT_STRING | tag::OCTET_STRING => return string(*tag, bytes, name),
        _ => hex(bytes),
    };
    Shown::Plain(format!("{name} {value}"))
}

/// A string that may hold another element, as extensions do.
fn string(tag: u8, bytes: &[u8], name: &str) -> Shown {
    let held = if tag == tag::BIT_STRING { bytes.strip_prefix(&[0]) } else { Some(bytes) };
    let element = held.filter(|held| held.len() >= 2 && holds_an_element(held));
    match element.and_then(|held| Der::decode_strict(held).ok()) {
        Some(inner) => Shown::holding(format!("{name} of {} octets", bytes.len()), shown(&inner)),
        None => Shown::Plain(format!("{name} {}", hex(bytes))),
    }
}

/// Whether it begins as what is put into strings.
fn holds_an_element(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(&(tag::SEQUENCE | tag::OCTET_STRING | tag::BIT_STRING)))
}

fn integer(bytes: &[u8]) -> String {
    match bytes {
        [first, ..] if bytes.len() <= 8 => {
            let sign = if *first >= 0x80 { -1 } else { 0 };
            bytes.iter().fold(sign, |value: i64, octet| value << 8 | i64::from(*octet)).to_string()
        }
        _ => hex(bytes),
    }
}

/// An identifier in dots.
fn oid(bytes: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for octet in bytes {
        arc = arc.wrapping_shl(7) | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let Some((first, rest)) = arcs.split_first() else { return "no identifier".to_owned() };
    let top = (first / 40).min(2);
    let head = [top, first - top * 40];
    let dotted = head.iter().chain(rest).map(u64::to_string);
    dotted.collect::<Vec<_>>().join(".")
}

/// The identifiers that turn up in keys, certificates and statements.
fn named(oid: &str) -> String {
    let name = match oid {
        "1.2.840.10045.2.1" => "ecPublicKey",
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.113549.1.1.1" => "rsaEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSA",
        "1.2.840.113549.1.1.11" => "sha256WithRSA",
        "2.5.4.3" => "commonName",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "country",
        "2.5.4.10" => "organization",
        "2.5.4.11" => "organizationalUnit",
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.37" => "extKeyUsage",
        "2.23.133.2.1" => "tpm manufacturer",
        "2.23.133.2.2" => "tpm model",
        "2.23.133.2.3" => "tpm version",
        "2.23.133.8.3" => "tpm AIK certificate",
        "1.3.6.1.4.1.45724.1.1.4" => "FIDO AAGUID",
        "1.3.6.1.4.1.45724.2.1.1" => "FIDO U2F transports",
        "1.3.6.1.4.1.11129.2.1.17" => "Android key description",
        "1.2.840.113635.100.8.2" => "Apple nonce",
        _ => return oid.to_owned(),
    };
    format!("{oid} ({name})")
}

fn name(tag: &[u8]) -> String {
    let [tag] = tag else { return format!("tag {}", base16ct::lower::encode_string(tag)) };
    let known = match *tag {
        tag::BOOLEAN => "BOOLEAN",
        tag::INTEGER => "INTEGER",
        tag::BIT_STRING => "BIT STRING",
        tag::OCTET_STRING => "OCTET STRING",
        0x05 => "NULL",
        tag::OBJECT_IDENTIFIER => "OBJECT IDENTIFIER",
        tag::ENUMERATED => "ENUMERATED",
        tag::UTF8_STRING => "UTF8String",
        tag::PRINTABLE_STRING => "PrintableString",
        0x16 => "IA5String",
        tag::UTC_TIME => "UTCTime",
        tag::GENERALIZED_TIME => "GeneralizedTime",
        tag::SEQUENCE => "SEQUENCE",
        tag::SET => "SET",
        context if context & 0xc0 == 0x80 => return format!("[{}]", context & 0x1f),
        other => return format!("tag {other:02x}"),
    };
    known.to_owned()
}
