//! Edits of CBOR and of ASN.1.

use passrig_authenticator::wire::cbor::{Cbor, Head, Item};
use passrig_authenticator::wire::{Der, Tree};
use passrig_authenticator::workbench::Stage;

use super::{hex, hexadecimal, table};

/// CBOR's diagnostic notation, with the width of heads that are not minimal.
fn diagnose(tree: &Tree) -> String {
    let bytes = tree.render();
    match Cbor::decode(&bytes) {
        Ok(cbor) => notation(&cbor),
        Err(_) => format!("malformed {}", hex(&bytes)),
    }
}

fn notation(cbor: &Cbor) -> String {
    let list = |items: &[Cbor]| items.iter().map(notation).collect::<Vec<_>>().join(", ");
    let written = match &cbor.item {
        Item::Unsigned(value) => value.to_string(),
        Item::Negative(value) => format!("-{}", u128::from(*value) + 1),
        Item::Bytes(bytes) => format!("h'{}'", hex(bytes)),
        Item::Text(text) => format!("{text:?}"),
        Item::Chunks(chunks) => format!("(_ {})", list(chunks)),
        Item::Array(items) => format!("[{}]", list(items)),
        Item::Map(entries) => {
            let entry =
                |(key, value): &(Cbor, Cbor)| format!("{}: {}", notation(key), notation(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Item::Tag(tag, item) => format!("{tag}({})", notation(item)),
        Item::Simple(20) => "false".to_owned(),
        Item::Simple(21) => "true".to_owned(),
        Item::Simple(22) => "null".to_owned(),
        other => format!("{other:?}"),
    };
    match cbor.head {
        Head::Minimal => written,
        Head::Wide(width) => format!("{written}_w{width}"),
        Head::Indefinite => format!("_{written}"),
    }
}

#[test]
fn cbor() {
    let tree = Tree::Cbor(Cbor::map([
        (Cbor::int(1), Cbor::int(2)),
        (Cbor::int(-1), Cbor::int(1)),
        (Cbor::text("fmt"), Cbor::text("none")),
        (Cbor::text("sig"), Cbor::bytes([1, 2])),
        (Cbor::text("list"), Cbor::array([Cbor::int(1), Cbor::bool(true)])),
    ]));
    insta::assert_snapshot!(diagnose(&tree), @r#"{1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}"#);
    insta::assert_snapshot!(table(Stage::Statement, &tree, diagnose, r#"
        . set = { cbor = "a0" }
        . set = { cbor = "80" }
        . remove = true
        . append = { member = "new", value = 1 }
        . prepend = { member = "new", value = { cbor = "f6" } }
        . append = { hex = "00" }
        . prepend = { hex = "d9d9f7" }
        . truncate = -1
        . reorder = true
        . flip = true
        . encode = "non-minimal"
        . encode = "indefinite"
        . encode = "spaced"
        . encode = "tagged"
        . encode = "canonical"
        . append = { member = "a", value = { raw = "5bff" } }
        . append = { member = "a", value = { nested = 3 } }
        fmt set = { raw = "61ff" }
        fmt encode = "tagged"
        fmt encode = "canonical"
        fmt set = "packed"
        fmt set = { hex = "00" }
        fmt set = { json = "1" }
        fmt remove = true
        fmt rename = "format"
        fmt append = "x"
        fmt truncate = 2
        fmt duplicate = "packed"
        fmt encode = "upper-case"
        fmt encode = "indefinite"
        fmt encode = "non-minimal"
        fmt.host set = "x"
        sig set = { repeat = 0, len = 3 }
        sig set = { hash = "sha256", of = "abc" }
        sig append = { hex = "03" }
        sig flip = true
        sig truncate = 0
        sig encode = "indefinite"
        kty set = 3
        kty remove = true
        kty flip = true
        kty encode = "non-minimal"
        kty encode = "indefinite"
        1 set = -7
        [1] set = -7
        crv set = 2
        [-1] set = 2
        n set = 2
        pub set = 2
        list append = "x"
        list prepend = false
        list truncate = 1
        list reorder = true
        list[0] remove = true
        list[0] duplicate = 5
        list[1] flip = true
        list[1] encode = "non-minimal"
        list[7] remove = true
        x5c[0] remove = true
    "#), @r#"
    . set = { cbor = "a0" } → {}
    . set = { cbor = "80" } → []
    . remove = true → (`remove` does not apply to a map)
    . append = { member = "new", value = 1 } → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true], "new": 1}
    . prepend = { member = "new", value = { cbor = "f6" } } → {"new": null, 1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    . append = { hex = "00" } → malformed a50102200163666d74646e6f6e6563736967420102646c6973748201f500
    . prepend = { hex = "d9d9f7" } → 55799({1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]})
    . truncate = -1 → malformed a50102200163666d74646e6f6e6563736967420102646c6973748201
    . reorder = true → {"list": [1, true], "sig": h'0102', "fmt": "none", -1: 1, 1: 2}
    . flip = true → (`flip` does not apply to a map)
    . encode = "non-minimal" → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}_w8
    . encode = "indefinite" → _{1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    . encode = "spaced" → (`encode` does not apply to a map)
    . encode = "tagged" → 55799({1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]})
    . encode = "canonical" → (nothing changed)
    . append = { member = "a", value = { raw = "5bff" } } → malformed a60102200163666d74646e6f6e6563736967420102646c6973748201f561615bff
    . append = { member = "a", value = { nested = 3 } } → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true], "a": [[[]]]}
    fmt set = { raw = "61ff" } → malformed a50102200163666d7461ff63736967420102646c6973748201f5
    fmt encode = "tagged" → {1: 2, -1: 1, "fmt": 55799("none"), "sig": h'0102', "list": [1, true]}
    fmt encode = "canonical" → (`encode` does not apply to a text)
    fmt set = "packed" → {1: 2, -1: 1, "fmt": "packed", "sig": h'0102', "list": [1, true]}
    fmt set = { hex = "00" } → {1: 2, -1: 1, "fmt": h'00', "sig": h'0102', "list": [1, true]}
    fmt set = { json = "1" } → (the value does not fit: a CBOR item is needed here)
    fmt remove = true → {1: 2, -1: 1, "sig": h'0102', "list": [1, true]}
    fmt rename = "format" → {1: 2, -1: 1, "format": "none", "sig": h'0102', "list": [1, true]}
    fmt append = "x" → {1: 2, -1: 1, "fmt": "nonex", "sig": h'0102', "list": [1, true]}
    fmt truncate = 2 → {1: 2, -1: 1, "fmt": "no", "sig": h'0102', "list": [1, true]}
    fmt duplicate = "packed" → {1: 2, -1: 1, "fmt": "none", "fmt": "packed", "sig": h'0102', "list": [1, true]}
    fmt encode = "upper-case" → {1: 2, -1: 1, "fmt": "NONE", "sig": h'0102', "list": [1, true]}
    fmt encode = "indefinite" → {1: 2, -1: 1, "fmt": _(_ "none"), "sig": h'0102', "list": [1, true]}
    fmt encode = "non-minimal" → {1: 2, -1: 1, "fmt": "none"_w8, "sig": h'0102', "list": [1, true]}
    fmt.host set = "x" → (there is no `host` at statement.fmt)
    sig set = { repeat = 0, len = 3 } → {1: 2, -1: 1, "fmt": "none", "sig": h'000000', "list": [1, true]}
    sig set = { hash = "sha256", of = "abc" } → {1: 2, -1: 1, "fmt": "none", "sig": h'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', "list": [1, true]}
    sig append = { hex = "03" } → {1: 2, -1: 1, "fmt": "none", "sig": h'010203', "list": [1, true]}
    sig flip = true → {1: 2, -1: 1, "fmt": "none", "sig": h'0103', "list": [1, true]}
    sig truncate = 0 → {1: 2, -1: 1, "fmt": "none", "sig": h'', "list": [1, true]}
    sig encode = "indefinite" → {1: 2, -1: 1, "fmt": "none", "sig": _(_ h'0102'), "list": [1, true]}
    kty set = 3 → {1: 3, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    kty remove = true → {-1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    kty flip = true → (`flip` does not apply to an integer)
    kty encode = "non-minimal" → {1: 2_w8, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    kty encode = "indefinite" → (`encode` does not apply to an integer)
    1 set = -7 → {1: -7, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    [1] set = -7 → {1: -7, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true]}
    crv set = 2 → {1: 2, -1: 2, "fmt": "none", "sig": h'0102', "list": [1, true]}
    [-1] set = 2 → {1: 2, -1: 2, "fmt": "none", "sig": h'0102', "list": [1, true]}
    n set = 2 → {1: 2, -1: 2, "fmt": "none", "sig": h'0102', "list": [1, true]}
    pub set = 2 → {1: 2, -1: 2, "fmt": "none", "sig": h'0102', "list": [1, true]}
    list append = "x" → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, true, "x"]}
    list prepend = false → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [false, 1, true]}
    list truncate = 1 → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1]}
    list reorder = true → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [true, 1]}
    list[0] remove = true → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [true]}
    list[0] duplicate = 5 → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, 5, true]}
    list[1] flip = true → {1: 2, -1: 1, "fmt": "none", "sig": h'0102', "list": [1, false]}
    list[1] encode = "non-minimal" → (`encode` does not apply to true or false)
    list[7] remove = true → (there is no `[7]` at statement.list)
    x5c[0] remove = true → (there is no `x5c` at statement)
    "#);
}

#[test]
fn der() {
    let tree = Tree::Der(Der::sequence([Der::unsigned(&[1, 2]), Der::unsigned(&[3])]));
    insta::assert_snapshot!(hexadecimal(&tree), @"300702020102020103");
    insta::assert_snapshot!(table(Stage::Signature, &tree, hexadecimal, r#"
        . set = { hex = "" }
        . set = { repeat = 0, len = 4 }
        . append = { hex = "00" }
        . prepend = { hex = "00" }
        . truncate = -1
        . flip = true
        . reorder = true
        . remove = true
        . encode = "non-minimal"
        . encode = "indefinite"
        . encode = "high-s"
        . encode = "p1363"
        . encode = "plus-order"
        tag set = 49
        tag set = 300
        tag remove = true
        r.tag set = 3
        r encode = "plus-order"
        s encode = "without-sign"
        r set = { hex = "00" }
        r set = { hex = "" }
        r remove = true
        r duplicate = { hex = "020107" }
        r duplicate = { hex = "0201" }
        r rename = "x"
        r encode = "non-minimal"
        r encode = "indefinite"
        s prepend = { hex = "00" }
        s append = { hex = "00" }
        s flip = true
        s truncate = 0
        s encode = "high-s"
        s encode = "low-s"
        s encode = "spaced"
        [1] flip = true
        [2] flip = true
        t flip = true
        s.t flip = true
    "#), @r#"
    . set = { hex = "" } → (empty)
    . set = { repeat = 0, len = 4 } → 00000000
    . append = { hex = "00" } → 30070202010202010300
    . prepend = { hex = "00" } → 00300702020102020103
    . truncate = -1 → 3007020201020201
    . flip = true → 300702020102020102
    . reorder = true → 300702010302020102
    . remove = true → (`remove` does not apply to octets)
    . encode = "non-minimal" → 30840000000702020102020103
    . encode = "indefinite" → 3080020201020201030000
    . encode = "high-s" → (the value does not fit: a number of a signature is needed here)
    . encode = "p1363" → 00000000000000000000000000000000000000000000000000000000000001020000000000000000000000000000000000000000000000000000000000000003
    . encode = "plus-order" → (the value does not fit: a number of a signature is needed here)
    tag set = 49 → 310702020102020103
    tag set = 300 → (the value does not fit: a number from 0 to 255 is needed here)
    tag remove = true → (`remove` does not apply to a tag)
    r.tag set = 3 → 300703020102020103
    r encode = "plus-order" → 3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632653020103
    s encode = "without-sign" → (nothing changed)
    r set = { hex = "00" } → 3006020100020103
    r set = { hex = "" } → 30050200020103
    r remove = true → 3003020103
    r duplicate = { hex = "020107" } → 300a02020102020107020103
    r duplicate = { hex = "0201" } → (the value does not fit: an ASN.1 element is needed here)
    r rename = "x" → (`rename` does not apply to an item of a list)
    r encode = "non-minimal" → 300b0284000000020102020103
    r encode = "indefinite" → 3009028001020000020103
    s prepend = { hex = "00" } → 30080202010202020003
    s append = { hex = "00" } → 30080202010202020300
    s flip = true → 300702020102020102
    s truncate = 0 → 3006020201020200
    s encode = "high-s" → 302702020102022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e
    s encode = "low-s" → (nothing changed)
    s encode = "spaced" → (`encode` does not apply to octets)
    [1] flip = true → 300702020102020102
    [2] flip = true → (there is no `[2]` at signature)
    t flip = true → (there is no `t` at signature)
    s.t flip = true → (there is no `t` at signature.s)
    "#);
}
