//! Edits of fixed fields: authenticator data and HTTP requests.

use passrig_authenticator::wire::{Cbor, Flags, Json, Layout, Tree};
use passrig_authenticator::workbench::Stage;

use super::{hexadecimal, table, text};

#[test]
fn layouts() {
    let credential = Layout::new()
        .with("credential_id_length", Tree::LengthOf { field: "credential_id", width: 2 })
        .with("credential_id", Tree::Bytes(vec![0xaa, 0xbb]))
        .with("credential_public_key", Tree::Cbor(Cbor::map([(Cbor::int(3), Cbor::int(-7))])));
    let tree = Tree::Layout(
        Layout::new()
            .with("flags", Tree::Flags { byte: 0x41, names: Flags::NAMES })
            .with("sign_count", Tree::Uint { value: 7, width: 4 })
            .with("attested_credential_data", Tree::Layout(credential)),
    );
    insta::assert_snapshot!(hexadecimal(&tree), @"41000000070002aabba10326");
    insta::assert_snapshot!(table(Stage::AuthenticatorData, &tree, hexadecimal, r#"
        . set = { hex = "00" }
        . append = { hex = "ff" }
        . append = { member = "more", value = { hex = "ff" } }
        . prepend = { hex = "ff" }
        . truncate = 3
        . reorder = true
        . remove = true
        . flip = true
        . encode = "spaced"
        flags set = 0
        flags set = 256
        flags flip = true
        flags remove = true
        flags.up set = false
        flags.up set = true
        flags.up set = 1
        flags.uv flip = true
        flags.rfu1 set = true
        flags.up remove = true
        flags.up.x flip = true
        flags.xx flip = true
        sign_count set = 4294967295
        sign_count set = 4294967296
        sign_count set = -1
        sign_count set = { hex = "01" }
        sign_count set = "1"
        sign_count flip = true
        sign_count.x set = 1
        sign_count duplicate = { hex = "01" }
        attested_credential_data remove = true
        attested_credential_data.credential_id_length set = 1024
        attested_credential_data.credential_id_length append = 1
        attested_credential_data.credential_id_length.x set = 1
        attested_credential_data.credential_id set = { repeat = 1, len = 5 }
        attested_credential_data.credential_id truncate = 0
        attested_credential_data.credential_id rename = "id"
        attested_credential_data.credential_id.x set = "y"
        attested_credential_data.credential_public_key.alg set = -257
        attested_credential_data.credential_public_key duplicate = { cbor = "a0" }
        attested_credential_data.credential_public_key encode = "indefinite"
    "#), @r#"
    . set = { hex = "00" } → 00
    . append = { hex = "ff" } → 41000000070002aabba10326ff
    . append = { member = "more", value = { hex = "ff" } } → 41000000070002aabba10326ff
    . prepend = { hex = "ff" } → ff41000000070002aabba10326
    . truncate = 3 → 410000
    . reorder = true → 0002aabba103260000000741
    . remove = true → (`remove` does not apply to a group of fields)
    . flip = true → (`flip` does not apply to a group of fields)
    . encode = "spaced" → (`encode` does not apply to a group of fields)
    flags set = 0 → 00000000070002aabba10326
    flags set = 256 → (the value does not fit: a number from 0 to 255 is needed here)
    flags flip = true → (`flip` does not apply to flags)
    flags remove = true → 000000070002aabba10326
    flags.up set = false → 40000000070002aabba10326
    flags.up set = true → (nothing changed)
    flags.up set = 1 → (the value does not fit: true or false is needed here)
    flags.uv flip = true → 45000000070002aabba10326
    flags.rfu1 set = true → 43000000070002aabba10326
    flags.up remove = true → (`remove` does not apply to a flag)
    flags.up.x flip = true → (there is no `x` at authenticator_data.flags.up)
    flags.xx flip = true → (there is no `xx` at authenticator_data.flags)
    sign_count set = 4294967295 → 41ffffffff0002aabba10326
    sign_count set = 4294967296 → (the value does not fit: a number that fits the field is needed here)
    sign_count set = -1 → (the value does not fit: a number that fits the field is needed here)
    sign_count set = { hex = "01" } → 41010002aabba10326
    sign_count set = "1" → (the value does not fit: a number is needed here)
    sign_count flip = true → (`flip` does not apply to a number)
    sign_count.x set = 1 → (there is no `x` at authenticator_data.sign_count)
    sign_count duplicate = { hex = "01" } → 4100000007010002aabba10326
    attested_credential_data remove = true → 4100000007
    attested_credential_data.credential_id_length set = 1024 → 41000000070400aabba10326
    attested_credential_data.credential_id_length append = 1 → (`append` does not apply to a length)
    attested_credential_data.credential_id_length.x set = 1 → (there is no `x` at authenticator_data.attested_credential_data.credential_id_length)
    attested_credential_data.credential_id set = { repeat = 1, len = 5 } → 410000000700050101010101a10326
    attested_credential_data.credential_id truncate = 0 → 41000000070000a10326
    attested_credential_data.credential_id rename = "id" → 41000000070000aabba10326
    attested_credential_data.credential_id.x set = "y" → (there is no `x` at authenticator_data.attested_credential_data.credential_id)
    attested_credential_data.credential_public_key.alg set = -257 → 41000000070002aabba103390100
    attested_credential_data.credential_public_key duplicate = { cbor = "a0" } → 41000000070002aabba10326a0
    attested_credential_data.credential_public_key encode = "indefinite" → 41000000070002aabbbf0326ff
    "#);
}

#[test]
fn requests() {
    let bytes = |text: &str| Tree::Bytes(text.into());
    let header = Layout::new()
        .with("origin", bytes("https://a.test"))
        .with("content-type", bytes("application/json"));
    let body = Json::object([("id", Json::text("x"))]);
    let tree = Tree::Layout(
        Layout::new()
            .with("method", bytes("POST"))
            .with("header", Tree::Layout(header))
            .with("body", Tree::Json(body)),
    );
    fn show(tree: &Tree) -> String {
        let Tree::Layout(layout) = tree else { return text(tree) };
        let field = |(name, value): &(_, Tree)| match value {
            Tree::Layout(_) => format!("{name}({})", show(value)),
            other => format!("{name}: {}", text(other)),
        };
        layout.fields.iter().map(field).collect::<Vec<_>>().join(" ")
    }
    insta::assert_snapshot!(show(&tree), @r#"method: POST header(origin: https://a.test content-type: application/json) body: {"id":"x"}"#);
    insta::assert_snapshot!(table(Stage::Request, &tree, show, r#"
        method set = "GET"
        header append = { member = "x-forwarded-host", value = "b.test" }
        header prepend = { member = "x", value = "y" }
        header reorder = true
        header.origin set = "null"
        header.origin remove = true
        header.origin rename = "referer"
        header.origin duplicate = "https://b.test"
        header.origin.host set = "b.test"
        header.origin.port set = 81
        header.content-type set = "text/plain"
        header.content_type.host set = "x"
        header.cookie remove = true
        body.id duplicate = "y"
        body append = { repeat = 46, len = 3 }
        body remove = true
    "#), @r#"
    method set = "GET" → method: GET header(origin: https://a.test content-type: application/json) body: {"id":"x"}
    header append = { member = "x-forwarded-host", value = "b.test" } → method: POST header(origin: https://a.test content-type: application/json x-forwarded-host: b.test) body: {"id":"x"}
    header prepend = { member = "x", value = "y" } → method: POST header(x: y origin: https://a.test content-type: application/json) body: {"id":"x"}
    header reorder = true → method: POST header(content-type: application/json origin: https://a.test) body: {"id":"x"}
    header.origin set = "null" → method: POST header(origin: null content-type: application/json) body: {"id":"x"}
    header.origin remove = true → method: POST header(content-type: application/json) body: {"id":"x"}
    header.origin rename = "referer" → method: POST header(referer: https://a.test content-type: application/json) body: {"id":"x"}
    header.origin duplicate = "https://b.test" → method: POST header(origin: https://a.test origin: https://b.test content-type: application/json) body: {"id":"x"}
    header.origin.host set = "b.test" → method: POST header(origin: https://b.test content-type: application/json) body: {"id":"x"}
    header.origin.port set = 81 → method: POST header(origin: https://a.test:81 content-type: application/json) body: {"id":"x"}
    header.content-type set = "text/plain" → method: POST header(origin: https://a.test content-type: text/plain) body: {"id":"x"}
    header.content_type.host set = "x" → (there is no `content_type` at request.header)
    header.cookie remove = true → (there is no `cookie` at request.header)
    body.id duplicate = "y" → method: POST header(origin: https://a.test content-type: application/json) body: {"id":"x","id":"y"}
    body append = { repeat = 46, len = 3 } → method: POST header(origin: https://a.test content-type: application/json) body: {"id":"x"}...
    body remove = true → method: POST header(origin: https://a.test content-type: application/json)
    "#);
}
