//! `ciborium` as the oracle of our decoder, in both directions. The two differ
//! where [`DIFFERENCES`] says so, and nowhere else.

use ciborium::Value;
use ciborium::value::Integer;
use proptest::prelude::*;

use super::tests::any_cbor;
use super::*;

/// One reader's answer where the other reader refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// Our decoder reads it, `ciborium` does not.
    Ours,
    /// `ciborium` reads it, our decoder does not.
    Theirs,
}

/// Every kind of bytes that one of the two readers refuses and the other reads.
const DIFFERENCES: &[(&str, &[u8], Reads)] = &[
    ("a simple value without a meaning is well-formed", b"\xe0", Reads::Ours),
    ("a negative big number may be below -2^127", b"\xc3\x50\xff000000000000000", Reads::Ours),
    ("a small simple value has one byte (RFC 8949 §3.3)", b"\xf8\x14", Reads::Theirs),
    ("chunks are definite (RFC 8949 §3.2.3)", b"\x5f\x5f\x41\x01\xff\xff", Reads::Theirs),
];

/// The item that fills these bytes, as `ciborium` reads it, with our limit of
/// nesting.
fn read(mut bytes: &[u8]) -> Option<Value> {
    let value = ciborium::de::from_reader_with_recursion_limit(&mut bytes, MAX_DEPTH).ok()?;
    bytes.is_empty().then_some(value)
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// An item in the data model of `ciborium`; `None` if that lacks it. Both keep
/// the order of entries and duplicate keys. Of the ways to write an item,
/// `ciborium` keeps none: width of a head, chunks, undefined beside null, big
/// numbers beside numbers, the bits of a NaN.
fn value(cbor: &Cbor) -> Option<Value> {
    Some(match &cbor.item {
        Item::Unsigned(number) => Value::from(*number),
        Item::Negative(number) => integer(-1 - i128::from(*number)),
        Item::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Item::Text(text) => Value::Text(text.clone()),
        Item::Chunks(chunks) => match chunks.first().map(|chunk| &chunk.item) {
            Some(Item::Text(_)) => Value::Text(chunks.iter().filter_map(Cbor::as_text).collect()),
            _ => {
                let chunks: Vec<_> = chunks.iter().filter_map(Cbor::as_bytes).collect();
                Value::Bytes(chunks.concat())
            }
        },
        Item::Raw(empty) if *empty == [0x7f, BREAK] => Value::Text(String::new()),
        Item::Raw(_) => return None,
        Item::Array(items) => Value::Array(items.iter().map(value).collect::<Option<_>>()?),
        Item::Map(entries) => {
            let entry = |(key, of): &(Cbor, Cbor)| Some((value(key)?, value(of)?));
            Value::Map(entries.iter().map(entry).collect::<Option<_>>()?)
        }
        Item::Tag(2 | 3, _) => return None,
        Item::Tag(tag, item) => Value::Tag(*tag, Box::new(value(item)?)),
        Item::Simple(20) => Value::Bool(false),
        Item::Simple(21) => Value::Bool(true),
        Item::Simple(22 | 23) => Value::Null,
        Item::Simple(_) => return None,
        Item::Float { bits, width } => {
            let float = float(*bits, *width);
            (!float.is_nan()).then_some(Value::Float(float))?
        }
    })
}

fn integer(number: i128) -> Value {
    Value::Integer(Integer::try_from(number).unwrap())
}

fn float(bits: u64, width: u8) -> f64 {
    match width {
        8 => f64::from_bits(bits),
        4 => f64::from(f32::from_bits(bits as u32)),
        _ => {
            let (exponent, fraction) = ((bits >> 10 & 0x1f) as i32, (bits & 0x3ff) as f64);
            let size = match exponent {
                0 => fraction * 2f64.powi(-24),
                0x1f if fraction == 0.0 => f64::INFINITY,
                0x1f => f64::NAN,
                _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
            };
            if bits >> 15 == 1 { -size } else { size }
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<u64>().prop_map(|number| integer(-1 - i128::from(number))),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        any::<f64>().prop_map(Value::Float),
        any::<f32>().prop_map(|float| Value::Float(f64::from(float))),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Value::Map),
            // Every key twice.
            (inner.clone(), inner.clone())
                .prop_map(|(key, of)| { Value::Map(vec![(key.clone(), of.clone()), (key, of)]) }),
            (4u64.., inner).prop_map(|(tag, item)| Value::Tag(tag, Box::new(item))),
        ]
    })
}

/// Encodings of `ciborium`, some bytes of which are replaced.
fn nearly_cbor() -> impl Strategy<Value = Vec<u8>> {
    let replaced = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (any_value(), replaced).prop_map(|(value, replaced)| {
        let mut bytes = written(&value);
        for (at, byte) in replaced {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

/// Asserts that the readers agree on these bytes, up to [`DIFFERENCES`].
fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    match (Cbor::decode(bytes), read(bytes)) {
        (Ok(ours), Some(theirs)) => {
            if let Some(ours) = value(&ours) {
                prop_assert_eq!(ours, theirs, "{:x?}", bytes);
            }
        }
        (Ok(ours), None) => prop_assert!(value(&ours).is_none(), "{bytes:x?}"),
        (Err(Error::Reserved(_)), Some(_)) => {
            let is_of_theirs = |pair: &[u8]| matches!(pair, [0xf8, ..32] | [0x5f | 0x7f, _]);
            prop_assert!(bytes.windows(2).any(is_of_theirs), "{bytes:x?}");
        }
        (Err(error), Some(_)) => prop_assert!(false, "{error}: {bytes:x?}"),
        (Err(_), None) => {}
    }
    Ok(())
}

proptest! {
    #[test]
    fn we_read_what_ciborium_writes(theirs in any_value()) {
        let ours = Cbor::decode(&written(&theirs)).unwrap();
        prop_assert_eq!(value(&ours), Some(theirs));
    }

    #[test]
    fn ciborium_reads_and_writes_what_we_write(ours in any_cbor()) {
        let bytes = ours.render();
        let theirs = read(&bytes).unwrap();
        prop_assert_eq!(&value(&ours), &Some(theirs.clone()));
        prop_assert_eq!(written(&theirs), bytes);
    }

    #[test]
    fn both_judge_damaged_items_alike(bytes in nearly_cbor()) {
        agree(&bytes)?;
    }

    #[test]
    fn both_judge_any_bytes_alike(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        agree(&bytes)?;
    }
}

#[test]
fn the_differences_are_these() {
    for (why, bytes, reads) in DIFFERENCES {
        let ours = Cbor::decode(bytes).is_ok();
        let expected = (*reads == Reads::Ours, *reads == Reads::Theirs);
        assert_eq!((ours, read(bytes).is_some()), expected, "{why}");
    }
}

#[test]
fn both_keep_duplicate_keys_and_our_canonical_reader_refuses_them() {
    let twice = b"\xa2\x01\x02\x01\x03";
    let ours = Cbor::decode(twice).unwrap();
    assert_eq!(value(&ours), read(twice));
    assert_eq!(ours.entries().unwrap().len(), 2);
    assert_eq!(Cbor::decode_canonical(twice), Err(Error::NotCanonical));
}

#[test]
fn both_bound_the_nesting() {
    let nested = |depth: usize| [&vec![0x81; depth][..], &[0]].concat();
    for (depth, is_read) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false), (200_000, false)] {
        let bytes = nested(depth);
        assert_eq!(Cbor::decode(&bytes).is_ok(), is_read, "{depth}");
        assert_eq!(read(&bytes).is_some(), is_read, "{depth}");
    }
}
