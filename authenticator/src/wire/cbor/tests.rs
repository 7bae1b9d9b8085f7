//! The encoding is kept, the canonical form demanded.

use proptest::prelude::*;

use super::*;

#[test]
fn canonical_form_is_demanded_by_name() {
    let map = Cbor::map([(Cbor::text("b"), Cbor::int(1)), (Cbor::int(-1), Cbor::int(24))]);
    assert_eq!(map.render(), b"\xa2\x20\x18\x18\x61b\x01");
    for lax in [
        &b"\x18\x01"[..],          // one octet too wide
        b"\x9f\x01\xff",           // indefinite length
        b"\xa2\x61b\x01\x61a\x02", // unsorted
        b"\xa2\x61a\x01\x61a\x02", // duplicate
        b"\xc0\x60",               // tag
        b"\x5f\x41\x01\xff",       // chunks
        b"\xa1\x61a\x19\x00\x01",  // nested and wide
    ] {
        assert_eq!(Cbor::decode(lax).unwrap().render(), lax);
        assert_eq!(Cbor::decode_canonical(lax), Err(Error::NotCanonical), "{lax:x?}");
    }
}

#[test]
fn malformed_items_are_named() {
    assert_eq!(Cbor::decode(b""), Err(Error::Truncated(0)));
    assert_eq!(Cbor::decode(b"\x42\x01"), Err(Error::Truncated(2)));
    assert_eq!(Cbor::decode(b"\x01\x02"), Err(Error::Trailing(1)));
    assert_eq!(Cbor::decode(b"\x1c"), Err(Error::Reserved(0)));
    assert_eq!(Cbor::decode(b"\xff"), Err(Error::Reserved(0)));
    assert_eq!(Cbor::decode(b"\x61\xff"), Err(Error::Utf8(0)));
    assert_eq!(Cbor::decode(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), Err(Error::Truncated(9)));
    assert_eq!(Cbor::decode(&b"\x81".repeat(100_000)), Err(Error::Depth));
}

pub(super) fn any_cbor() -> impl Strategy<Value = Cbor> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Cbor::int),
        any::<Vec<u8>>().prop_map(Cbor::bytes),
        any::<String>().prop_map(Cbor::text),
        any::<bool>().prop_map(Cbor::bool),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Cbor::array),
            prop::collection::btree_map(any::<i64>(), inner, 0..6)
                .prop_map(|map| Cbor::map(map.into_iter().map(|(k, v)| (Cbor::int(k), v)))),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_round_trip(cbor in any_cbor()) {
        prop_assert_eq!(Cbor::decode_canonical(&cbor.render()), Ok(cbor));
    }

    #[test]
    fn decoding_keeps_the_encoding(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok((cbor, used)) = Cbor::decode_prefix(&bytes) {
            prop_assert_eq!(cbor.render(), &bytes[..used]);
        }
    }
}
