use passrig_authenticator::wire::cbor::{Head, Item};
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{Cbor, cose};

use super::json::unreadable;
use super::shown::{Shown, hex, quoted};

/// Octets that ought to be CBOR.
pub(super) fn octets(bytes: &[u8]) -> Shown {
    let (item, used) = match Cbor::decode_prefix(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return Shown::nested("", unreadable(&error, hex(bytes)), ""),
    };
    match bytes.get(used..) {
        None | Some([]) => shown(&item),
        Some(rest) => {
            let rest = format!("followed by {}", hex(rest));
            let inside = vec![(String::new(), shown(&item)), (String::new(), Shown::Plain(rest))];
            Shown::nested("", inside, "")
        }
    }
}

/// An item.
pub(super) fn shown(cbor: &Cbor) -> Shown {
    value(cbor, None)
}

/// A COSE key, with its labels and values named.
pub(super) fn key(cbor: &Cbor) -> Shown {
    let Some(entries) = cbor.entries() else { return shown(cbor) };
    let kind = cbor.get_int(cose::label::KTY).and_then(Cbor::as_int);
    let entry = |(label, held): &(Cbor, Cbor)| {
        let name = label.as_int().and_then(|label| member(kind, label));
        let comment = |name| format!(" /{name}/");
        let meaning = name.and_then(|name| meaning(name, held.as_int()?)).map(comment);
        let told = name.map(comment).unwrap_or_default();
        let shown = match (value(held, None), meaning) {
            (Shown::Plain(text), Some(meaning)) => Shown::Plain(text + &meaning),
            (shown, _) => shown,
        };
        (format!("{}{told}: ", value(label, None).lines()), shown)
    };
    Shown::nested(&format!("{{{}", indefinite(cbor)), entries.iter().map(entry).collect(), "}")
}

fn value(cbor: &Cbor, name: Option<&str>) -> Shown {
    let width = width(cbor);
    let plain = |text: String| Shown::Plain(text + width);
    match &cbor.item {
        Item::Unsigned(value) => plain(value.to_string()),
        Item::Negative(value) => plain((-1 - i128::from(*value)).to_string()),
        Item::Bytes(bytes) => bytes_of(bytes, name).unwrap_or_else(|| plain(hex(bytes))),
        Item::Text(text) => plain(quoted(text)),
        Item::Chunks(chunks) => Shown::nested("(_ ", listed(chunks, None), ")"),
        Item::Array(items) => {
            Shown::nested(&format!("[{}{width}", indefinite(cbor)), listed(items, name), "]")
        }
        Item::Map(entries) => {
            let entry = |(key, held): &(Cbor, Cbor)| {
                (format!("{}: ", value(key, None).lines()), value(held, key.as_text()))
            };
            let inside = entries.iter().map(entry).collect();
            Shown::nested(&format!("{{{}{width}", indefinite(cbor)), inside, "}")
        }
        Item::Tag(tag, inner) => {
            Shown::nested(&format!("{tag}{width}("), vec![(String::new(), value(inner, name))], ")")
        }
        Item::Simple(20) => plain("false".to_owned()),
        Item::Simple(21) => plain("true".to_owned()),
        Item::Simple(22) => plain("null".to_owned()),
        Item::Simple(23) => plain("undefined".to_owned()),
        Item::Simple(value) => plain(format!("simple({value})")),
        Item::Float { bits, width: octets } => {
            Shown::Plain(format!("a float of {octets} octets, 0x{bits:x}"))
        }
        Item::Raw(bytes) => plain(hex(bytes)),
    }
}

/// What is in a byte string, where that can be told.
fn bytes_of(bytes: &[u8], name: Option<&str>) -> Option<Shown> {
    let jws = || {
        let text = std::str::from_utf8(bytes).ok()?;
        super::jws(text).map(|shown| shown.after(&format!("{} octets, ", bytes.len())))
    };
    super::octets(bytes, name).or_else(jws)
}

fn listed(items: &[Cbor], name: Option<&str>) -> Vec<(String, Shown)> {
    items.iter().map(|item| (String::new(), value(item, name))).collect()
}

/// The encoding indicator of RFC 8949 §8.1, where the head is wider than need
/// be.
fn width(cbor: &Cbor) -> &'static str {
    match cbor.head {
        Head::Wide(1) => "_0",
        Head::Wide(2) => "_1",
        Head::Wide(4) => "_2",
        Head::Wide(_) => "_3",
        Head::Minimal | Head::Indefinite => "",
    }
}

fn indefinite(cbor: &Cbor) -> &'static str {
    if cbor.head == Head::Indefinite { "_ " } else { "" }
}

/// What a label means in a key of that type (RFC 9052 §7.1, RFC 9053 §7).
fn member(kind: Option<i64>, label: i64) -> Option<&'static str> {
    Some(match (kind, label) {
        (_, cose::label::KTY) => "kty",
        (_, 2) => "kid",
        (_, cose::label::ALG) => "alg",
        (Some(cose::kty::RSA), cose::label::N) => "n",
        (Some(cose::kty::RSA), cose::label::E) => "e",
        (Some(cose::kty::AKP), cose::label::PUB) => "pub",
        (_, cose::label::CRV) => "crv",
        (_, cose::label::X) => "x",
        (_, cose::label::Y) => "y",
        _ => return None,
    })
}

fn meaning(member: &str, value: i64) -> Option<&'static str> {
    Some(match (member, value) {
        ("kty", cose::kty::OKP) => "OKP",
        ("kty", cose::kty::EC2) => "EC2",
        ("kty", cose::kty::RSA) => "RSA",
        ("kty", cose::kty::AKP) => "AKP",
        ("crv", cose::crv::P256) => "P-256",
        ("crv", cose::crv::P384) => "P-384",
        ("crv", cose::crv::P521) => "P-521",
        ("crv", cose::crv::ED25519) => "Ed25519",
        ("crv", cose::crv::ED448) => "Ed448",
        ("crv", cose::crv::SECP256K1) => "secp256k1",
        ("alg", value) => {
            return Algorithm::NAMES
                .iter()
                .find(|(_, known)| known.0 == value)
                .map(|(name, _)| *name);
        }
        _ => return None,
    })
}
